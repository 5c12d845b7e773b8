package page

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"crossgrant/internal/console/client"
	"crossgrant/internal/console/session"
)

// maxForm is the largest form, in bytes: policies of 20 KB, several times over.
const maxForm = 1 << 20

// Config is what a Site is made of.
type Config struct {
	// API serves the public APIs.
	API    http.Handler
	Region string
	// Port is that of the API, and Secure whether it speaks TLS.
	Port   string
	Secure bool
	// PublicURL is the URL by which browsers reach the API; empty: the host of the console, with Port.
	PublicURL string
	Sections  []Section
	Nav       []Group
	Log       *slog.Logger
	Now       func() time.Time // nil: time.Now
}

// Site is the console: all of its pages. It is an http.Handler.
type Site struct {
	config   Config
	log      *slog.Logger
	now      func() time.Time
	sessions *session.Store
	mux      *http.ServeMux
	guard    *http.CrossOriginProtection
	frame    *template.Template
	assets   *assets
	sealer   *sealer
}

// New returns a Site. It panics if a row or template is wrong.
func New(config Config) *Site {
	s := &Site{config: config, log: config.Log, now: config.Now, mux: http.NewServeMux(), guard: http.NewCrossOriginProtection(), assets: newAssets(), sealer: newSealer()}
	if s.now == nil {
		s.now = time.Now
	}
	s.sessions = session.NewStore(s.now)
	s.frame = s.base()
	s.mux.Handle("/assets/", s.assets)
	for _, section := range config.Sections {
		templates := s.section(section)
		for _, row := range section.Rows {
			row.check()
			pattern := row.Path
			if strings.HasSuffix(pattern, "/") {
				pattern += "{$}"
			}
			s.mux.Handle(pattern, &handler{s, templates, &row})
		}
	}
	s.mux.Handle("/", &handler{s, s.frame, &Row{Path: "/", Get: func(context.Context, *Visit) (*View, error) {
		return nil, Missing("There is no such page.")
	}}})
	return s
}

// ServeHTTP answers one request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", s.policy(r))
	h.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
	if s.config.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	s.mux.ServeHTTP(w, r)
}

// policy is the content security policy of pages: what they are made of comes from the console, and scripts stand in
// files of it. Objects are fetched from the API, which is another origin.
func (s *Site) policy(r *http.Request) string {
	api := s.apiURL(r)
	return "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; img-src 'self' data: " + api +
		"; media-src " + api + "; connect-src 'self' " + api + "; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// apiURL returns the URL by which the browser that sent r reaches the API.
func (s *Site) apiURL(r *http.Request) string {
	if s.config.PublicURL != "" {
		return s.config.PublicURL
	}
	u, err := url.Parse("//" + r.Host)
	host := ""
	if err == nil {
		host = u.Hostname()
	}
	if host == "" || strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:") != "" {
		host = "127.0.0.1"
	}
	return s.scheme() + "://" + net.JoinHostPort(host, s.config.Port)
}

func (s *Site) scheme() string {
	if s.config.Secure {
		return "https"
	}
	return "http"
}

// cookie returns the cookie of a session. Its name has a prefix, over TLS, that keeps other hosts of the domain from
// setting it.
//
// Source: https://www.rfc-editor.org/rfc/rfc6265bis#section-4.1.3
func (s *Site) cookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: s.cookieName(), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.config.Secure, SameSite: http.SameSiteStrictMode,
	}
}

func (s *Site) cookieName() string {
	if s.config.Secure {
		return "__Host-crossgrant"
	}
	return "crossgrant"
}

// client returns a client of the APIs for a request. It reaches them as clients on this machine do, so that no name of
// a host is taken for that of a bucket.
func (s *Site) client(r *http.Request, credentials aws.CredentialsProvider, dry bool) *client.Client {
	return client.New(client.Options{
		API: s.config.API, Endpoint: s.scheme() + "://" + net.JoinHostPort("127.0.0.1", s.config.Port), Region: s.config.Region,
		Visitor: client.Visitor{RemoteAddr: r.RemoteAddr, TLS: r.TLS}, Credentials: credentials, Dry: dry,
	})
}

// handler serves a row.
type handler struct {
	site      *Site
	templates *template.Template
	row       *Row
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := &Visit{Request: r, site: h.site, writer: w, row: h.row, dry: r.Method == http.MethodPost && r.Header.Get("X-Dry-Run") == "1"}
	if c, err := r.Cookie(h.site.cookieName()); err == nil {
		if v.Session = h.site.sessions.Find(c.Value); v.Session != nil {
			v.token = c.Value
		}
	}
	if v.Session != nil && v.Session.Base.Expired(h.site.now()) {
		v.SignOut()
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
		note := session.Note{Text: done.Note}
		for _, command := range v.AWS.Commands() {
			if command.Writes {
				note.Commands = append(note.Commands, command.Text)
			}
		}
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
	var commands []string
	for _, command := range v.AWS.Commands() {
		if command.Writes {
			commands = append(commands, command.Text)
		}
	}
	data := struct {
		Commands []string
		Problem  *Problem
	}{commands, v.Problem(err)}
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
	policy := raw.Policy
	if policy == "" {
		policy = "default-src 'none'; frame-ancestors 'none'"
	}
	header.Set("Content-Security-Policy", policy)
	if strings.Contains(policy, "frame-ancestors 'self'") {
		header.Del("X-Frame-Options")
	}
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

// status is that of the answer that shows a problem.
func (p *Problem) status() int {
	switch {
	case p == nil:
		return http.StatusOK
	case p.Status >= 400 && p.Status < 600 && p.Status != http.StatusUnauthorized:
		return p.Status
	case p.Code == "" && p.Operation == "":
		return http.StatusUnprocessableEntity
	default:
		return http.StatusBadGateway
	}
}

// takeNotes takes the notes of the session for this page.
func (v *Visit) takeNotes() {
	if v.Session == nil || len(v.Session.Notes) == 0 {
		return
	}
	v.notes = append(v.notes, v.Session.Notes...)
	v.Change(func(in *session.Session) { in.Notes = nil })
}

// Notes are what the frame tells.
func (v *Visit) Notes() []session.Note { return v.notes }
