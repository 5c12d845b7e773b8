package page

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"

	"crossgrant/internal/console/session"
)

// handler serves a row.
type handler struct {
	site      *Site
	templates *template.Template
	row       *Row
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := &Visit{Request: r, site: h.site, writer: w, row: h.row, dry: r.Method == http.MethodPost && r.Header.Get("X-Dry-Run") == "1"}
	if c, err := r.Cookie(h.site.cookieName()); err == nil {
		if v.Session, err = h.site.sessions.Find(r.Context(), c.Value); err != nil {
			h.fail(v, http.StatusServiceUnavailable, err)
			return
		}
		if v.Session != nil {
			v.token = c.Value
		}
	}
	if v.Session != nil && v.Session.Base.Expired(h.site.now()) {
		if err := v.SignOut(); err != nil {
			h.fail(v, http.StatusServiceUnavailable, err)
			return
		}
	}
	if !safe(r.Method) && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if !safe(r.Method) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := h.forged(v); err != nil {
			h.fail(v, http.StatusForbidden, err)
			return
		}
	}
	if v.Session == nil && !h.row.Public {
		h.askToSignIn(v)
		return
	}
	v.AWS = h.site.client(r, nil, v.dry)
	if v.Session != nil {
		v.AWS = h.site.client(r, h.site.renewed(r.Context(), v), v.dry)
	}
	if safe(r.Method) {
		h.get(v)
		return
	}
	h.act(v)
}

// forged returns an error if a form was not sent by a page of the console that this session got.
func (h *handler) forged(v *Visit) error {
	if err := h.site.guard.Check(v.Request); err != nil {
		return Invalid("The form was sent by a page of another site.")
	}
	if err := v.Request.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return Invalid("The form has more than %d bytes.", maxForm)
		}
		return Invalid("The form cannot be read.")
	}
	if v.Session == nil {
		return nil // nobody's session can be used; the origin was looked at
	}
	sent := v.Request.PostForm.Get("csrf")
	if sent == "" {
		sent = v.Request.Header.Get("X-CSRF-Token")
	}
	if subtle.ConstantTimeCompare([]byte(sent), []byte(v.Session.CSRF)) != 1 {
		return Invalid("The form is not of this session, which may have begun after the page was opened. Load the page again.")
	}
	return nil
}

// askToSignIn leads to the page for it, and from there back.
func (h *handler) askToSignIn(v *Visit) {
	to := "/signin"
	if safe(v.Request.Method) && v.Request.URL.Path != "/" && !v.Part() {
		to = Query(to, "next", v.Request.URL.RequestURI())
	}
	if v.Part() || v.dry {
		v.writer.Header().Set("HX-Redirect", to)
		v.writer.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.Redirect(v.writer, v.Request, to, http.StatusSeeOther)
}

// get shows the page.
func (h *handler) get(v *Visit) {
	view, err := h.row.Get(v.Request.Context(), v)
	if err != nil {
		p := v.Problem(err)
		h.fail(v, p.status(), err)
		return
	}
	h.show(v, view)
}

// act does what a form says.
func (h *handler) act(v *Visit) {
	action := h.row.Actions[v.Request.PostForm.Get("do")]
	if action == nil {
		h.fail(v, http.StatusBadRequest, Invalid("The form does not say what to do."))
		return
	}
	done, err := action(v.Request.Context(), v)
	if v.dry {
		h.showDry(v, err)
		return
	}
	if err != nil {
		v.Failed = v.Problem(err)
		h.again(v)
		return
	}
	if done.View != nil {
		h.show(v, done.View)
		return
	}
	if done.Note != "" {
		note := session.Note{Text: done.Note, Commands: v.AWS.Changes()}
		v.Change(func(in *session.Session) { in.Notes = append(in.Notes, note) })
	}
	http.Redirect(v.writer, v.Request, Local(done.To), http.StatusSeeOther)
}

// again shows the page of a form that could not be carried out, with what was typed.
func (h *handler) again(v *Visit) {
	failed := v.Failed
	view, err := h.row.Get(v.Request.Context(), v)
	if err != nil {
		h.fail(v, failed.status(), err)
		return
	}
	view.Status = failed.status()
	h.show(v, view)
}

// showDry answers what a form would do.
func (h *handler) showDry(v *Visit, err error) {
	data := struct {
		Commands []string
		Problem  *Problem
	}{v.AWS.Changes(), v.Problem(err)}
	h.write(v, http.StatusOK, "text/html; charset=utf-8", h.execute(v, "dry-commands", data))
}

// fail shows an error in place of a page.
func (h *handler) fail(v *Visit, status int, err error) {
	p := v.Problem(err)
	if v.AWS == nil {
		v.AWS = h.site.client(v.Request, nil, true)
	}
	title := "Error"
	switch {
	case p.Denied():
		title = "Access denied"
	case status == http.StatusNotFound:
		title = "Not found"
	}
	if v.Part() {
		h.write(v, http.StatusOK, "text/html; charset=utf-8", h.execute(v, "problem", p))
		return
	}
	h.show(v, &View{Title: title, Template: "failed", Data: p, Status: status})
}

// show sends a page.
func (h *handler) show(v *Visit, view *View) {
	if view.Raw != nil {
		h.raw(v, view.Raw)
		return
	}
	content := h.execute(v, view.Template, view.Data)
	if view.Bare {
		h.write(v, view.Status, "text/html; charset=utf-8", content)
		return
	}
	v.takeNotes()
	page := struct {
		Frame
		View    *View
		Content template.HTML
		Nav     []Group
		Area    string
	}{Frame{v, nil}, view, template.HTML(content), h.site.config.Nav, h.row.Area}
	var out bytes.Buffer
	if err := h.site.frame.ExecuteTemplate(&out, "frame", page); err != nil {
		h.broken(v, err)
		return
	}
	h.write(v, view.Status, "text/html; charset=utf-8", out.Bytes())
}

// execute runs a template of the section.
func (h *handler) execute(v *Visit, name string, data any) []byte {
	var out bytes.Buffer
	if err := h.templates.ExecuteTemplate(&out, name, &Frame{v, data}); err != nil {
		h.site.log.Error("console", "path", v.Request.URL.Path, "template", name, "error", err)
		return []byte(`<p class="problem">This part of the page could not be made. The log of the server says why.</p>`)
	}
	return out.Bytes()
}

func (h *handler) broken(v *Visit, err error) {
	h.site.log.Error("console", "path", v.Request.URL.Path, "error", err)
	http.Error(v.writer, "The page could not be made. The log of the server says why.", http.StatusInternalServerError)
}

// raw sends what is no page. It may neither run nor load anything.
func (h *handler) raw(v *Visit, raw *Raw) {
	header := v.writer.Header()
	policy := "default-src 'none'; frame-ancestors 'none'"
	if raw.Picture {
		policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
		header.Del("X-Frame-Options")
	}
	header.Set("Content-Security-Policy", policy)
	if raw.Name != "" {
		header.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(raw.Name))
	}
	h.write(v, http.StatusOK, raw.Type, raw.Body)
}

func (h *handler) write(v *Visit, status int, kind string, body []byte) {
	header := v.writer.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if status == 0 {
		status = http.StatusOK
	}
	v.writer.WriteHeader(status)
	if v.Request.Method != http.MethodHead {
		v.writer.Write(body) // whoever went away does not see it
	}
}
