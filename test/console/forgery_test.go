package console_test

import (
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"

	"crossgrant/internal/console"
)

// deed is an action of a page: of a row, at a path.
type deed struct{ row, path, do string }

func (d deed) String() string { return d.do + " of " + d.path }

// deeds returns all actions there are, of pages about something in the world or not.
func deeds() []deed {
	names := strings.NewReplacer("{bucket}", bucket, "{name}", "awssecadmin", "{account}", accountB, "{$}", "")
	var out []deed
	for _, section := range console.Sections() {
		for _, row := range section.Rows {
			path := names.Replace(row.Path)
			if i := strings.Index(path, "{"); i >= 0 {
				path = path[:i] + "x" + path[i+strings.Index(path[i:], "}")+1:]
			}
			for _, do := range slices.Sorted(maps.Keys(row.Actions)) {
				out = append(out, deed{row.Path, path, do})
			}
		}
	}
	return out
}

// TestForgedForms sends a form for each action there is as pages of others would, with the visitor's cookie and even with
// what the forms of the session bring, and as the console's own would without that: all are refused.
func TestForgedForms(t *testing.T) {
	w := newWorld(t)
	v, other := newVisitor(t, w), newVisitor(t, w)
	v.signIn(w, adminA, "/")
	other.signIn(w, adminB, "/")
	csrf, foreign := v.csrf(), other.csrf()
	const evil, neighbour = "https://evil.example", "http://127.0.0.1:1"
	attempts := []struct {
		name    string
		csrf    string
		headers []string
	}{
		{"another site", csrf, []string{"Sec-Fetch-Site", "cross-site", "Origin", evil}},
		{"another site, that hides itself", csrf, []string{"Sec-Fetch-Site", "cross-site", "Origin", "null"}},
		{"another port", csrf, []string{"Sec-Fetch-Site", "same-site", "Origin", neighbour}},
		{"another port, in a browser that does not say so", csrf, []string{"Origin", neighbour}},
		{"another site, to try only", csrf, []string{"Sec-Fetch-Site", "cross-site", "Origin", evil, "X-Dry-Run", "1"}},
		{"without the session's secret", "", []string{"Sec-Fetch-Site", "same-origin", "Origin", w.console}},
		{"without it, to try only", "", []string{"Sec-Fetch-Site", "same-origin", "Origin", w.console, "X-Dry-Run", "1"}},
		{"with that of another session", foreign, []string{"Sec-Fetch-Site", "same-origin", "Origin", w.console}},
	}
	for _, d := range deeds() {
		for _, attempt := range attempts {
			form := url.Values{"do": {d.do}, "theme": {"dark"}, "confirm": {bucket}, "name": {"eve"}}
			if attempt.csrf != "" {
				form.Set("csrf", attempt.csrf)
			}
			answer := v.send(http.MethodPost, d.path, form, attempt.headers...)
			if answer.status != http.StatusForbidden || !strings.Contains(answer.body, "The form ") {
				t.Errorf("%s, %s: %d, want %d", d, attempt.name, answer.status, http.StatusForbidden)
			}
			if c := answer.header.Values("Set-Cookie"); len(c) > 0 {
				t.Errorf("%s, %s: it sets the cookie %s", d, attempt.name, c)
			}
		}
		// No other method does what a form does.
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodPatch} {
			answer := v.send(method, d.path+"?do="+url.QueryEscape(d.do)+"&csrf="+url.QueryEscape(csrf), nil)
			if method != http.MethodGet && answer.status != http.StatusMethodNotAllowed {
				t.Errorf("%s by %s: %d, want %d", d, method, answer.status, http.StatusMethodNotAllowed)
			}
		}
	}
	if answer := v.get("/switchrole"); answer.status != http.StatusOK {
		t.Errorf("the session did not outlive it: %d", answer.status)
	}
	// Nobody is signed in as somebody else by another page.
	stranger := newVisitor(t, w)
	form := url.Values{"do": {"key"}, "id": {w.keys[adminA].AccessKeyID}, "secret": {w.keys[adminA].SecretAccessKey}}
	if answer := stranger.send(http.MethodPost, "/signin?as=key", form, "Sec-Fetch-Site", "cross-site", "Origin", evil); answer.status != http.StatusForbidden || stranger.token() != "" {
		t.Errorf("signed in by another page: %d", answer.status)
	}
}

// attacker is a server of somebody else with one page.
func attacker(t *testing.T, page string) (neighbour, stranger string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><title>evil</title><link rel=icon href=data:,>"+page)
	}))
	t.Cleanup(server.Close)
	// The first shares the site of the console, which has no ports; the second is another site.
	return server.URL, strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// TestForgedFormsInBrowser has pages of others, on another port and of another site, send a form for each action in the
// browser of somebody who is signed in.
func TestForgedFormsInBrowser(t *testing.T) {
	w := newWorld(t)
	p := newBrowser(t).tab(w)
	p.signIn(w, adminA)
	all := deeds()
	var script strings.Builder
	script.WriteString("<script>addEventListener('load', async () => {\n")
	for _, d := range all {
		fmt.Fprintf(&script, "await fetch(%q, {method: 'POST', mode: 'no-cors', credentials: 'include', body: new URLSearchParams({do: %q, theme: 'dark', name: 'eve', confirm: %q})}).catch(() => {});\n",
			w.console+d.path, d.do, bucket)
	}
	script.WriteString("document.body.append('sent'); })</script><body>")
	neighbour, stranger := attacker(t, script.String())
	for _, from := range []string{neighbour, stranger} {
		p.allow(403)
		p.posted()
		p.visit(from)
		p.expect("sent")
		if got, want := p.posted(), map[int]int{http.StatusForbidden: len(all)}; !maps.Equal(got, want) {
			t.Errorf("forms from %s were answered %v, want %v", from, got, want)
		}
		p.complaints() // of what the other page was refused
	}

	// A form that leads the whole window there.
	form := fmt.Sprintf(`<form method="post" action="%s/create/user"><input name="do" value="create"><input name="name" value="eve"><button>Win a prize</button></form>`, html.EscapeString(w.console))
	neighbour, stranger = attacker(t, form)
	p.visit(neighbour)
	p.click("Win a prize")
	p.expect("The form was sent by a page of another site.")
	p.visit(stranger)
	p.click("Win a prize")
	p.expect("The form was sent by a page of another site.")
	p.complaints()
	p.allow()
	p.open("/")
	p.expect("awssecadmin")
}

// TestFraming holds that no page of others can have the console in a frame, where visitors would click on what they do
// not see.
func TestFraming(t *testing.T) {
	w := newWorld(t)
	p := newBrowser(t).tab(w)
	p.signIn(w, adminA)
	neighbour, stranger := attacker(t, fmt.Sprintf(`<iframe src="%[1]s/switchrole"></iframe><iframe src="%[1]s/signin"></iframe><object data="%[1]s/switchrole"></object><embed src="%[1]s/switchrole">`, w.console))
	for _, from := range []string{neighbour, stranger} {
		p.visit(from)
		shown, err := ask[int](p, `await new Promise((go) => setTimeout(go, 0)); let n = 0; for (let i = 0; i < frames.length; i++) { try { if (frames[i].location.href.startsWith("http")) n++; } catch { } } return n`)
		must(t, err)
		if shown != 0 {
			t.Errorf("%s shows %d frames", from, shown)
		}
		blocked := 0
		for _, complaint := range p.complaints() {
			if strings.Contains(complaint, "frame-ancestors") || strings.Contains(complaint, "X-Frame-Options") || strings.Contains(complaint, "ERR_BLOCKED_BY_RESPONSE") {
				blocked++
			}
		}
		if blocked < 4 {
			t.Errorf("%s: the browser has refused %d frames, want 4", from, blocked)
		}
	}
}

// TestFixedSession holds that a session which somebody else has put into a browser is not the visitor's after signing in,
// and that one that has ended is nobody's.
func TestFixedSession(t *testing.T) {
	w := newWorld(t)
	evil := newVisitor(t, w)
	evil.signIn(w, userB, "/")
	for name, planted := range map[string]string{"made up": strings.Repeat("A", 43), "somebody's own": evil.token(), "none": ""} {
		victim := newVisitor(t, w)
		if planted != "" {
			victim.setToken(planted)
		}
		if answer := victim.signIn(w, adminA, "/switchrole"); answer.status != http.StatusSeeOther {
			t.Fatalf("%s: signing in: %d", name, answer.status)
		}
		token := victim.token()
		if token == planted || token == "" {
			t.Errorf("%s: the session has the token that it had before", name)
		}
		spy := newVisitor(t, w)
		spy.setToken(planted)
		if answer := spy.get("/switchrole"); strings.Contains(answer.body, "awssecadmin") {
			t.Errorf("%s: who planted the session is the visitor", name)
		}
		csrf := victim.csrf()
		if answer := victim.send(http.MethodPost, "/signout", url.Values{"do": {"signout"}, "csrf": {csrf}}); answer.status != http.StatusSeeOther {
			t.Fatalf("%s: signing out: %d", name, answer.status)
		}
		spy.setToken(token)
		if answer := spy.get("/switchrole"); answer.status != http.StatusSeeOther {
			t.Errorf("%s: the session can be used after signing out: %d", name, answer.status)
		}
	}

	// The same in a browser, in which a neighbour has set the cookie: cookies know no ports.
	evil = newVisitor(t, w)
	evil.signIn(w, userB, "/")
	p := newBrowser(t).tab(w)
	must(t, call(p, network.SetCookie, network.SetCookieParams{Name: "crossgrant", Value: evil.token(), URL: w.console, Path: "/"}))
	p.open("/")
	p.expect("testuser")
	p.signIn(w, adminA)
	p.expect("awssecadmin")
	if answer := evil.get("/switchrole"); answer.status != http.StatusSeeOther {
		t.Errorf("the planted session goes on: %d", answer.status)
	}
	seen, err := ask[string](p, `return document.cookie`)
	must(t, err)
	if strings.Contains(seen, "crossgrant") {
		t.Errorf("scripts see the cookie %s", seen)
	}
}

// elsewhere are addresses of others, as redirects take them by mistake.
var elsewhere = []string{
	"https://evil.example", "//evil.example", "///evil.example", "////evil.example/x", `/\evil.example`, `\\evil.example`, `\/evil.example`, `/\/evil.example`,
	"/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "\x01//evil.example", "http:evil.example", "https:/evil.example", "https:evil.example",
	"//127.0.0.1@evil.example", "http://127.0.0.1@evil.example/", "//evil.example/%2f..", "/.//evil.example", "/..//evil.example", "/%2e%2e//evil.example", "/%5cevil.example", "/%2f/evil.example",
	"javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "JaVaScRiPt:alert(1)", "evil.example", "?//evil.example", "#//evil.example", "//evil。example", "/;@evil.example", "//%65vil.example", "http://[::1]:1/", "//[::1]:1/",
}

// TestRedirects holds that signing in and choosing colours lead nowhere but to the console.
func TestRedirects(t *testing.T) {
	w := newWorld(t)
	v := newVisitor(t, w)
	v.signIn(w, adminA, "/")
	csrf := v.csrf()
	for _, to := range elsewhere {
		fresh := newVisitor(t, w)
		for what, answer := range map[string]response{
			"signing in": fresh.signIn(w, adminA, to),
			"colours":    v.send(http.MethodPost, "/theme", url.Values{"do": {"theme"}, "theme": {"auto"}, "back": {to}, "csrf": {csrf}}),
		} {
			if at := answer.header.Get("Location"); answer.status != http.StatusSeeOther || !ours(t, w, at) {
				t.Errorf("%s, to %q: %d, to %q", what, to, answer.status, at)
			}
		}
		if body := newVisitor(t, w).get("/signin?next=" + url.QueryEscape(to)).body; strings.Contains(body, `href="`+html.EscapeString(to)) {
			t.Errorf("the form for signing in has a link to %q", to)
		}
	}
	p := newBrowser(t).tab(w)
	for _, to := range elsewhere[:12] {
		p.open("/signin?as=key&next=" + url.QueryEscape(to))
		p.fill("Access key ID", w.keys[adminA].AccessKeyID)
		p.fill("Secret access key", w.keys[adminA].SecretAccessKey)
		p.allow(404)
		p.click("do:key")
		if href, err := ask[string](p, `return location.href`); err != nil || !strings.HasPrefix(href, w.console+"/") {
			t.Errorf("to %q: the browser is at %s (%v)", to, href, err)
		}
	}
}

// ours reports whether browsers take a redirect of the console for a page of it.
func ours(t *testing.T, w *world, to string) bool {
	t.Helper()
	base, err := url.Parse(w.console)
	must(t, err)
	u, err := base.Parse(to)
	return err == nil && u.Scheme == base.Scheme && u.Host == base.Host && strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.ContainsAny(to, "\\\t\r\n")
}
