package page

import (
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"crossgrant/internal/console/client"
	"crossgrant/internal/console/session"
)

// Visit is one request of a visitor.
type Visit struct {
	Request *http.Request
	// AWS calls the APIs as the visitor.
	AWS *client.Client
	// Session is that of the visitor; nil on public pages if nobody is signed in. It is a copy: see Change.
	Session *session.Session
	// Failed is what went wrong with the form that was sent; nil: nothing, or no form was.
	Failed *Problem

	site   *Site
	writer http.ResponseWriter
	token  string
	row    *Row
	notes  []session.Note
	dry    bool
}

// Path returns a part of the page's path.
func (v *Visit) Path(name string) string { return v.Request.PathValue(name) }

// Query returns a parameter of the page; empty if it is not there.
func (v *Visit) Query(name string) string { return v.Request.URL.Query().Get(name) }

// Dry reports whether the form is only tried: nothing is changed.
func (v *Visit) Dry() bool { return v.dry }

// Part reports whether a part of the page is asked for by a script, rather than the page.
func (v *Visit) Part() bool { return v.Request.Header.Get("HX-Request") == "true" }

// Account returns the ID of the account that the visitor acts in.
func (v *Visit) Account() string { return v.Session.Current().AccountID }

// CSRF returns what forms have to bring.
func (v *Visit) CSRF() string {
	if v.Session == nil {
		return ""
	}
	return v.Session.CSRF
}

// Now returns the time.
func (v *Visit) Now() time.Time { return v.site.now() }

// Region returns the region of the server.
func (v *Visit) Region() string { return v.site.config.Region }

// APIURL returns the URL, without a path, by which the visitor's browser reaches the API.
func (v *Visit) APIURL() string { return v.site.apiURL(v.Request) }

// Together runs functions at the same time and returns when all have ended.
func (v *Visit) Together(functions ...func()) {
	var group sync.WaitGroup
	for _, f := range functions {
		group.Go(f)
	}
	group.Wait()
}

// Problem returns an error as it is shown; nil for nil. Errors that are not of the API, nor of what the visitor typed,
// are logged, and not shown.
func (v *Visit) Problem(err error) *Problem {
	p, internal := problemOf(err)
	if internal && v.Request.Context().Err() == nil {
		v.site.log.Error("console", "path", v.Request.URL.Path, "error", err)
	}
	if p != nil && v.Session == nil {
		p.Why = ""
	}
	return p
}

// Change changes the visitor's session.
func (v *Visit) Change(change func(*session.Session)) error {
	if v.dry || v.token == "" {
		return nil
	}
	change(v.Session)
	return v.site.sessions.Update(v.Request.Context(), v.token, change)
}

// SignIn begins a session. The one there was ends: its token is worth nothing from now on.
func (v *Visit) SignIn(in *session.Session) error {
	if err := v.site.sessions.End(v.Request.Context(), v.token); err != nil {
		return err
	}
	token, err := v.site.sessions.Begin(v.Request.Context(), in)
	if err != nil {
		return err
	}
	v.token, v.Session = token, in
	http.SetCookie(v.writer, v.site.cookie(v.Request, token, int(session.Longest/time.Second)))
	return nil
}

// SignOut ends the session, on whatever server the next request is. If it cannot, the visitor is signed in still.
func (v *Visit) SignOut() error {
	if err := v.site.sessions.End(v.Request.Context(), v.token); err != nil {
		return err
	}
	v.token, v.Session = "", nil
	http.SetCookie(v.writer, v.site.cookie(v.Request, "", -1))
	return nil
}

// SetCookie sets a cookie that keeps what is no secret, such as a choice of the visitor, for a year. A form that is only
// tried sets none.
func (v *Visit) SetCookie(name, value string) {
	if v.dry {
		return
	}
	c := v.site.cookie(v.Request, value, 365*24*3600)
	c.Name = name
	http.SetCookie(v.writer, c)
}

// Cookie returns what SetCookie has set; empty if nothing. Visitors can change it.
func (v *Visit) Cookie(name string) string {
	c, err := v.Request.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// As returns a client with other credentials; nil: requests are not signed. What it calls is not among the commands of
// the page.
func (v *Visit) As(credentials aws.CredentialsProvider) *client.Client {
	return v.site.client(v.Request, credentials, v.dry)
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

// themeCookie keeps the colours that a visitor has chosen.
const themeCookie = "crossgrant-theme"

// Theme returns the colours that the visitor has chosen: light, dark, or empty for those of the browser.
func (v *Visit) Theme() string {
	if theme := v.Cookie(themeCookie); theme == "light" || theme == "dark" {
		return theme
	}
	return ""
}

// SetTheme keeps the colours that the visitor has chosen.
func (v *Visit) SetTheme(theme string) { v.SetCookie(themeCookie, theme) }
