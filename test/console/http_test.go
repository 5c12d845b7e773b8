package console_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// visitor is somebody who uses the console without a browser: what a browser would refuse can be tried.
type visitor struct {
	t      *testing.T
	base   *url.URL
	client *http.Client
}

// newVisitor returns a visitor of a world who follows no redirect.
func newVisitor(t *testing.T, w *world) *visitor {
	t.Helper()
	base, err := url.Parse(w.console)
	must(t, err)
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &visitor{t, base, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// response is an answer.
type response struct {
	status int
	header http.Header
	body   string
}

// send sends a request; headers are names and values in turn.
func (v *visitor) send(method, path string, form url.Values, headers ...string) response {
	v.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, v.base.String()+path, body)
	must(v.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := v.client.Do(r)
	must(v.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(v.t, err)
	return response{answer.StatusCode, answer.Header, string(text)}
}

func (v *visitor) get(path string) response { v.t.Helper(); return v.send(http.MethodGet, path, nil) }

// token returns the cookie of the session; empty if there is none.
func (v *visitor) token() string {
	for _, c := range v.client.Jar.Cookies(v.base) {
		if c.Name == "crossgrant" {
			return c.Value
		}
	}
	return ""
}

// setToken has the visitor send a cookie of a session.
func (v *visitor) setToken(value string) {
	v.client.Jar.SetCookies(v.base, []*http.Cookie{{Name: "crossgrant", Value: value, Path: "/"}})
}

// csrf returns what the forms of the session have to bring.
func (v *visitor) csrf() string {
	v.t.Helper()
	found := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(v.get("/switchrole").body)
	if found == nil {
		v.t.Fatal("the page has no form of a session")
	}
	return found[1]
}

// signIn signs in with an access key, wanting to go on to a page.
func (v *visitor) signIn(w *world, profile, next string) response {
	v.t.Helper()
	form := url.Values{"do": {"key"}, "id": {w.keys[profile].AccessKeyID}, "secret": {w.keys[profile].SecretAccessKey}, "next": {next}}
	if v.token() != "" {
		// A form of a session there is already brings what its forms bring; others are refused.
		if found := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(v.get("/signin?as=key").body); found != nil {
			form.Set("csrf", found[1])
		}
	}
	return v.send(http.MethodPost, "/signin?as=key", form)
}
