// Package consoletest visits the pages of a section of the console without a browser.
package consoletest

import (
	"context"
	"html"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"crossgrant/internal/console/page"
	"crossgrant/internal/console/session"
	"crossgrant/internal/httpapi/queryapi/querytest"
)

// Console is a console of one section, over an API such as querytest.World's.
type Console struct {
	API     http.Handler
	Section page.Section
	// Now is the time; nil: that of the clock.
	Now func() time.Time
}

// Visitor is a browser in which somebody is signed in.
type Visitor struct {
	t      *testing.T
	site   http.Handler
	cookie string
	csrf   string
}

// As is the user or root user with this ARN, as the owner of a key.
func As(key querytest.Key, arn string) session.Identity {
	account, name, _ := strings.Cut(strings.TrimPrefix(arn, "arn:aws:iam::"), ":")
	return session.Identity{
		AccountID: account, Name: name[strings.LastIndexByte(name, '/')+1:], ARN: arn,
		AccessKeyID: key.ID, SecretAccessKey: key.Secret, SessionToken: key.Token,
	}
}

// Visit signs somebody in.
func (c Console) Visit(t *testing.T, who session.Identity) *Visitor {
	t.Helper()
	in := page.Section{Name: "in", Templates: []fs.FS{fstest.MapFS{"t.html": {Data: []byte(`{{define "t"}}{{template "csrf" .}}{{end}}`)}}}, Rows: []page.Row{{
		Path: "/in", Public: true,
		Get: func(context.Context, *page.Visit) (*page.View, error) { return &page.View{Template: "t"}, nil },
		Actions: map[string]page.Action{"in": func(_ context.Context, v *page.Visit) (*page.Done, error) {
			return &page.Done{To: "/in"}, v.SignIn(&session.Session{Base: who})
		}},
	}}}
	v := &Visitor{t: t}
	v.site = page.New(page.Config{
		API: c.API, Region: "us-east-1", Port: "9000", Log: slog.New(slog.NewTextHandler(failing{t}, nil)), Now: c.Now,
		Sections: []page.Section{in, c.Section},
	})
	v.Send("POST", "/in", Form("in"))
	found := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(v.Send("GET", "/in", nil).Body.String())
	if found == nil {
		t.Fatal("nobody is signed in")
	}
	v.csrf = found[1]
	return v
}

// failing fails the test if the console logs anything, which is what no page should do.
type failing struct{ t *testing.T }

func (f failing) Write(p []byte) (int, error) {
	f.t.Errorf("log: %s", p)
	return len(p), nil
}

// Send sends a request, with a form if there is one, and headers of names and values in turn.
func (v *Visitor) Send(method, path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	v.t.Helper()
	var body io.Reader
	if form != nil {
		form.Set("csrf", v.csrf)
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, "http://127.0.0.1:9001"+path, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if v.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "crossgrant", Value: v.cookie})
	}
	w := httptest.NewRecorder()
	v.site.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Name == "crossgrant" {
			v.cookie = c.Value
		}
	}
	return w
}

// Has fails unless a page is there and has some texts, which are given as they are read. It returns the page's content.
func (v *Visitor) Has(path string, texts ...string) string {
	v.t.Helper()
	w := v.Send("GET", path, nil)
	if w.Code != http.StatusOK {
		v.t.Errorf("GET %s: %d\n%s", path, w.Code, Content(w.Body.String()))
	}
	return v.contains(path, Content(w.Body.String()), texts)
}

// Part is Has for a part of a page, as a script asks for it. It has no frame.
func (v *Visitor) Part(path string, texts ...string) string {
	v.t.Helper()
	w := v.Send("GET", path, nil, "HX-Request", "true")
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "<main") {
		v.t.Errorf("GET %s: %d\n%s", path, w.Code, w.Body)
	}
	return v.contains(path, w.Body.String(), texts)
}

// Answers fails unless a page answers with this status.
func (v *Visitor) Answers(status int, path string) {
	v.t.Helper()
	if w := v.Send("GET", path, nil); w.Code != status {
		v.t.Errorf("GET %s: %d, want %d\n%s", path, w.Code, status, Content(w.Body.String()))
	}
}

func (v *Visitor) contains(path, body string, texts []string) string {
	v.t.Helper()
	for _, text := range texts {
		if !strings.Contains(html.UnescapeString(body), text) {
			v.t.Errorf("%s has no %q:\n%s", path, text, body)
		}
	}
	return body
}

// Content is that of a page, without the frame.
func Content(body string) string {
	if _, after, ok := strings.Cut(body, "<main"); ok {
		return after
	}
	return body
}

// Form makes the form of an action, of names and values in turn.
func Form(do string, pairs ...string) url.Values {
	f := url.Values{"do": {do}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Add(pairs[i], pairs[i+1])
	}
	return f
}

// Does sends a form of names and values in turn, which has to lead on. It returns where.
func (v *Visitor) Does(path, do string, pairs ...string) string {
	v.t.Helper()
	w := v.Send("POST", path, Form(do, pairs...))
	if w.Code != http.StatusSeeOther {
		v.t.Fatalf("%s %s: %d\n%s", path, do, w.Code, Content(w.Body.String()))
	}
	return w.Header().Get("Location")
}

// Shows sends a form, which has to show a page at once. It returns its content.
func (v *Visitor) Shows(path, do string, pairs ...string) string {
	v.t.Helper()
	w := v.Send("POST", path, Form(do, pairs...))
	if w.Code != http.StatusOK {
		v.t.Fatalf("%s %s: %d\n%s", path, do, w.Code, Content(w.Body.String()))
	}
	return Content(w.Body.String())
}

// Refused sends a form, which has to be shown again with a text that says what is wrong with it. It returns
// the content of the page.
func (v *Visitor) Refused(text, path, do string, pairs ...string) string {
	v.t.Helper()
	w := v.Send("POST", path, Form(do, pairs...))
	if w.Code < 400 || w.Code >= 500 {
		v.t.Errorf("%s %s: %d", path, do, w.Code)
	}
	return v.contains(path, Content(w.Body.String()), []string{text})
}

// Leads sends a form, which has to lead to a page.
func (v *Visitor) Leads(to, path, do string, pairs ...string) {
	v.t.Helper()
	if got := v.Does(path, do, pairs...); got != to {
		v.t.Errorf("%s %s leads to %s, want %s", path, do, got, to)
	}
}

// Dry fails unless a form would be carried out by these commands, one a line.
func (v *Visitor) Dry(want, path, do string, pairs ...string) {
	v.t.Helper()
	if got := v.Commands(path, Form(do, pairs...)); got != want {
		v.t.Errorf("%s %s would be\n%s\nwant\n%s", path, do, got, want)
	}
}

var (
	command = regexp.MustCompile(`<code>(aws [^<]*)</code>`)
	instead = regexp.MustCompile(`<p class="quiet">.*AWS CLI: ([^<]*)</p>`)
)

// Commands returns the commands by which a form would be carried out, one a line, or what is said in their place.
func (v *Visitor) Commands(path string, form url.Values) string {
	v.t.Helper()
	w := v.Send("POST", path, form, "X-Dry-Run", "1")
	if found := instead.FindStringSubmatch(w.Body.String()); found != nil {
		return html.UnescapeString(found[1])
	}
	var lines []string
	for _, found := range command.FindAllStringSubmatch(w.Body.String(), -1) {
		lines = append(lines, html.UnescapeString(found[1]))
	}
	if w.Code != http.StatusOK || lines == nil {
		v.t.Errorf("%s, tried: %d\n%s", path, w.Code, w.Body)
	}
	return strings.Join(lines, "\n")
}
