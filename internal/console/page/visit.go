package page

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
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

// Form returns a field of the form that was sent, as it was typed but for the ends of its lines, which browsers change.
func (v *Visit) Form(name string) string {
	return strings.ReplaceAll(v.Request.PostForm.Get(name), "\r\n", "\n")
}

// Text is Form without white space around it.
func (v *Visit) Text(name string) string { return strings.TrimSpace(v.Form(name)) }

// Forms returns all values of a field, the empty ones left out.
func (v *Visit) Forms(name string) []string {
	return slices.DeleteFunc(slices.Clone(v.Request.PostForm[name]), func(s string) bool { return s == "" })
}

// Checked reports whether a box was checked.
func (v *Visit) Checked(name string) bool { return v.Request.PostForm.Has(name) }

// Sent reports whether the form of an action was sent and could not be carried out, so that it is shown again.
func (v *Visit) Sent(do string) bool { return v.Failed != nil && v.Form("do") == do }

// Value returns what a field of the form of an action shows: what was typed if the form is shown again, or else the
// value that it has.
func (v *Visit) Value(do, name, value string) string {
	if v.Sent(do) {
		return v.Form(name)
	}
	return value
}

// Is reports whether a choice or box of the form of an action is chosen, as Value.
func (v *Visit) Is(do, name, choice string, chosen bool) bool {
	if v.Sent(do) {
		return slices.Contains(v.Request.PostForm[name], choice)
	}
	return chosen
}

// Confirmed returns an error if the field "confirm" is not the name of what is to be destroyed.
func (v *Visit) Confirmed(name string) error {
	if v.dry || v.Form("confirm") == name {
		return nil
	}
	return Invalid("Nothing was deleted: type %s to confirm.", name)
}

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
	return v.site.sessions.Update(v.token, change)
}

// SignIn begins a session. The one there was ends: its token is worth nothing from now on.
func (v *Visit) SignIn(in *session.Session) error {
	v.site.sessions.End(v.token)
	token, err := v.site.sessions.Begin(in)
	if err != nil {
		return err
	}
	v.token, v.Session = token, in
	http.SetCookie(v.writer, v.site.cookie(v.Request, token, int(session.Longest/time.Second)))
	return nil
}

// SignOut ends the session.
func (v *Visit) SignOut() {
	v.site.sessions.End(v.token)
	v.token, v.Session = "", nil
	http.SetCookie(v.writer, v.site.cookie(v.Request, "", -1))
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

// Local returns to if it is a path of the console, or else "/": nobody is led elsewhere.
func Local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(to, "//") || strings.HasPrefix(u.Path, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}

// Path returns a path of the console, with the parts escaped, such as Path("buckets", name).
func Path(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		// A part of dots would be taken for the way up.
		escaped := url.PathEscape(part)
		if part == "." || part == ".." {
			escaped = strings.ReplaceAll(part, ".", "%2E")
		}
		b.WriteString("/" + escaped)
	}
	return b.String()
}

// Query returns a path with a query of names and values in turn; those without a value are left out.
func Query(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// renewed returns the identity whose credentials sign the requests of a session. A role whose credentials are about to
// end is assumed again, as long as who signed in may.
func (s *Site) renewed(ctx context.Context, v *Visit) *session.Identity {
	role := v.Session.Role
	if role == nil || !role.Expired(s.now().Add(renewAhead)) {
		return v.Session.Current()
	}
	link := role.Link
	if err := v.SwitchRole(ctx, link); err != nil {
		v.Change(func(in *session.Session) { in.Role = nil })
		v.notes = append(v.notes, session.Note{Text: "The session of the role " + link.Role + " has ended, and it could not be assumed again: you are yourself again."})
	}
	return v.Session.Current()
}

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
