// Package buckettest has what tests of the pages of buckets share: an S3 that keeps the settings of one bucket, and a
// visitor of the console who is signed in.
package buckettest

import (
	"context"
	"fmt"
	"html"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"crossgrant/internal/console/page"
	"crossgrant/internal/console/session"
)

// The bucket, its owner, and another account.
const (
	Name      = "logs"
	Account   = "111122223333"
	Canonical = "5df5b6014ae606808dcb64208aa09e4f19931b3123456e152c4dfa52d38bf8fd"
	Other     = "e280db54f21834544a8162b8fc5d23851972d31e1ae3560240156fa14d66b952"
)

// API answers for one bucket as S3 does: what was put as a setting is what is got.
type API struct {
	t *testing.T
	// Denied has everything denied.
	Denied bool
	// Crossgrant answers operations of the API crossgrant, by name, with JSON.
	Crossgrant map[string]string

	mu       sync.Mutex
	settings map[string]string // by subresource
	minimum  string            // x-amz-transition-default-minimum-object-size
}

// absent are the codes for settings that are not there.
var absent = map[string]string{
	"policy": "NoSuchBucketPolicy", "policyStatus": "NoSuchBucketPolicy", "publicAccessBlock": "NoSuchPublicAccessBlockConfiguration", "ownershipControls": "OwnershipControlsNotFoundError",
	"cors": "NoSuchCORSConfiguration", "tagging": "NoSuchTagSet", "website": "NoSuchWebsiteConfiguration", "lifecycle": "NoSuchLifecycleConfiguration",
	"object-lock": "ObjectLockConfigurationNotFoundError", "encryption": "ServerSideEncryptionConfigurationNotFoundError",
}

// Set sets a setting.
func (a *API) Set(subresource, body string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settings[subresource] = body
}

// Get returns a setting as it was put.
func (a *API) Get(subresource string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.settings[subresource]
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header()["x-amz-request-id"] = []string{"REQUEST"}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		_, operation, _ := strings.Cut(target, ".")
		if answer := a.Crossgrant[operation]; answer != "" && !a.Denied {
			io.WriteString(w, answer)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type":"AccessDeniedException","message":"denied"}`)
		return
	}
	fail := func(status int, code string) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>The message of %s</Message></Error>", code, code)
	}
	switch {
	case a.Denied:
		fail(http.StatusForbidden, "AccessDenied")
		return
	case strings.HasPrefix(r.URL.Path, "/v20180820/"):
		fail(http.StatusNotFound, "NoSuchPublicAccessBlockConfiguration")
		return
	case r.URL.Path == "/":
		fmt.Fprintf(w, `<ListAllMyBucketsResult><Owner><ID>%s</ID></Owner><Buckets><Bucket><Name>%s</Name><CreationDate>2026-11-27T00:00:00Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>`, Canonical, Name)
		return
	case strings.Trim(r.URL.Path, "/") != Name:
		fail(http.StatusNotFound, "NoSuchBucket")
		return
	}
	subresource := ""
	for name := range r.URL.Query() {
		if name != "x-id" && name != "delete" {
			subresource = name
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch body, there := a.settings[subresource]; {
	case r.Method == http.MethodPut:
		text, err := io.ReadAll(r.Body)
		if err != nil {
			a.t.Error(err)
		}
		if len(text) == 0 {
			text = []byte(r.Header.Get("X-Amz-Acl"))
		}
		a.settings[subresource], a.minimum = string(text), r.Header.Get("X-Amz-Transition-Default-Minimum-Object-Size")
	case r.Method == http.MethodDelete:
		delete(a.settings, subresource)
		w.WriteHeader(http.StatusNoContent)
	case there:
		if subresource == "lifecycle" {
			w.Header().Set("x-amz-transition-default-minimum-object-size", "varies_by_storage_class")
		}
		io.WriteString(w, body)
	case absent[subresource] != "":
		fail(http.StatusNotFound, absent[subresource])
	default:
		io.WriteString(w, "<Nothing/>")
	}
}

// Minimum is the smallest size of transitions that was put last.
func (a *API) Minimum() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.minimum
}

// Visitor is a browser in which somebody is signed in.
type Visitor struct {
	t            *testing.T
	API          *API
	site         http.Handler
	cookie, csrf string
}

// New returns a visitor of a console with one section, over an API of a bucket without settings.
func New(t *testing.T, section page.Section) *Visitor {
	t.Helper()
	v := &Visitor{t: t, API: &API{t: t, settings: map[string]string{
		"acl": fmt.Sprintf(`<AccessControlPolicy><Owner><ID>%s</ID><DisplayName>store</DisplayName></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>%s</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>`, Canonical, Canonical),
	}, Crossgrant: map[string]string{}}}
	in := page.Section{Name: "in", Templates: []fs.FS{fstest.MapFS{"t.html": {Data: []byte(`{{define "t"}}<form>{{template "csrf" .}}</form>{{end}}`)}}}, Rows: []page.Row{{Path: "/in", Public: true,
		Get: func(context.Context, *page.Visit) (*page.View, error) { return &page.View{Template: "t"}, nil },
		Actions: map[string]page.Action{"in": func(_ context.Context, v *page.Visit) (*page.Done, error) {
			return &page.Done{To: "/in"}, v.SignIn(&session.Session{Base: session.Identity{AccountID: Account, Name: "ann", AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}})
		}},
	}}}
	v.site = page.New(page.Config{API: v.API, Region: "us-east-1", Port: "9000", Log: slog.New(slog.NewTextHandler(failing{t}, nil)), Sections: []page.Section{in, section}})
	v.Send("POST", "/in", url.Values{"do": {"in"}})
	_, body := v.Send("GET", "/in", nil)
	found := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(body)
	if found == nil {
		t.Fatal("not signed in")
	}
	v.csrf = found[1]
	return v
}

// failing fails the test if the console logs an error.
type failing struct{ t *testing.T }

func (f failing) Write(p []byte) (int, error) {
	f.t.Errorf("log: %s", p)
	return len(p), nil
}

// Send sends a request, with a form if there is one, and returns the status and the page. Of a redirect the page is its
// address.
func (v *Visitor) Send(method, path string, form url.Values, header ...string) (status int, body string) {
	v.t.Helper()
	var content io.Reader
	if form != nil {
		form.Set("csrf", v.csrf)
		content = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, "http://127.0.0.1:9001"+path, content)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
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
	if to := w.Header().Get("Location"); to != "" {
		return w.Code, to
	}
	return w.Code, w.Body.String()
}

// Page returns a page, which has to be there, with these texts on it, which are not escaped here.
func (v *Visitor) Page(path string, texts ...string) string {
	v.t.Helper()
	status, body := v.Send("GET", path, nil)
	if status != http.StatusOK || strings.Contains(body, "could not be made") {
		v.t.Errorf("GET %s: %d\n%s", path, status, Main(body))
	}
	for _, text := range texts {
		if !strings.Contains(html.UnescapeString(body), text) {
			v.t.Errorf("%s has no %q:\n%s", path, text, Main(body))
		}
	}
	return body
}

// Main is the content of a page.
func Main(body string) string {
	if _, after, found := strings.Cut(body, "<main"); found {
		return after
	}
	return body
}

var command = regexp.MustCompile(`<pre tabindex="0"><code>([^<]*)</code>`)

// Dry returns the commands that a form would carry out, or what is wrong with it.
func (v *Visitor) Dry(path string, form url.Values) string {
	v.t.Helper()
	_, body := v.Send("POST", path, form, "X-Dry-Run", "1")
	var commands []string
	for _, found := range command.FindAllStringSubmatch(body, -1) {
		commands = append(commands, html.UnescapeString(found[1]))
	}
	if len(commands) == 0 {
		return html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, ""))
	}
	return strings.Join(commands, "\n")
}

// Do carries a form out, which has to lead to a page.
func (v *Visitor) Do(path string, form url.Values, to string) {
	v.t.Helper()
	if status, body := v.Send("POST", path, form); status != http.StatusSeeOther || body != to {
		v.t.Errorf("POST %s %v: %d, to %s, want %s", path, form, status, Main(body), to)
	}
}

// Refused carries a form out, which has to be refused with a text.
func (v *Visitor) Refused(path string, form url.Values, text string) {
	v.t.Helper()
	if status, body := v.Send("POST", path, form); status < 400 || !strings.Contains(html.UnescapeString(body), text) {
		v.t.Errorf("POST %s %v: %d %s, want %q", path, form, status, Main(body), text)
	}
}

// Form makes a form of names and values in turn.
func Form(do string, pairs ...string) url.Values {
	f := url.Values{"do": {do}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Add(pairs[i], pairs[i+1])
	}
	return f
}
