package page

import (
	"context"
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

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/internal/console/session"
)

// world is a site with a page that shows what it is given, and an API that notes what it is asked.
type world struct {
	site  *Site
	now   time.Time
	asked []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)}
	api := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		w.asked = append(w.asked, r.PostForm.Get("Action"))
		if r.PostForm.Get("UserName") == "denied" {
			rw.Header().Set("x-amzn-RequestId", "REQUEST1")
			rw.WriteHeader(http.StatusForbidden)
			io.WriteString(rw, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not &lt;you&gt;</Message></Error><RequestId>REQUEST1</RequestId></ErrorResponse>`)
			return
		}
		io.WriteString(rw, `<CreateUserResponse><CreateUserResult/></CreateUserResponse>`)
	})
	create := func(ctx context.Context, v *Visit) (*Done, error) {
		_, err := v.AWS.IAM().CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String(v.Text("name"))})
		return &Done{To: v.Form("to"), Note: "It is there."}, err
	}
	w.site = New(Config{
		API: api, Region: "us-east-1", Port: "9000", Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.now },
		Sections: []Section{{Name: "test", Templates: []fs.FS{fstest.MapFS{"t.html": {Data: []byte(`{{define "t"}}<form method="post">{{template "csrf" .}}<input name="name" value="{{.V.Value "create" "name" ""}}"></form><p id="shown">{{.D}}</p>{{end}}`)}}}, Rows: []Row{
			{Path: "/things/{name}", Get: func(_ context.Context, v *Visit) (*View, error) {
				return &View{Title: v.Path("name"), Template: "t", Data: v.Query("q")}, nil
			}, Actions: map[string]Action{"create": create}},
			{Path: "/signin", Public: true, Get: func(context.Context, *Visit) (*View, error) { return &View{Template: "t", Data: ""}, nil }, Actions: map[string]Action{
				"in": func(_ context.Context, v *Visit) (*Done, error) {
					return &Done{To: Local(v.Form("next"))}, v.SignIn(&session.Session{Base: session.Identity{Name: "ann", AccessKeyID: "A", SecretAccessKey: "S", Expires: w.now.Add(time.Hour)}})
				},
			}},
		}}},
	})
	return w
}

// visitor is a browser with a cookie.
type visitor struct {
	t      *testing.T
	world  *world
	cookie string
}

func (v *visitor) do(method, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	v.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, "http://127.0.0.1:9001"+path, body)
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
	v.world.site.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Name == "crossgrant" {
			if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" {
				v.t.Errorf("cookie %v is not as safe as it should be", c)
			}
			v.cookie = c.Value
		}
	}
	return w
}

func (v *visitor) signIn() {
	v.t.Helper()
	if w := v.do("POST", "/signin", url.Values{"do": {"in"}, "next": {"/things/a"}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/things/a" || v.cookie == "" {
		v.t.Fatalf("sign in: %d to %q", w.Code, w.Header().Get("Location"))
	}
}

var csrfPattern = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

func (v *visitor) csrf() string {
	v.t.Helper()
	found := csrfPattern.FindStringSubmatch(v.do("GET", "/things/a", nil).Body.String())
	if found == nil {
		v.t.Fatal("the page has no token")
	}
	return found[1]
}

func TestForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := &visitor{t: t, world: w}
	if got := v.do("GET", "/things/a?q=1", nil); got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/signin?next=%2Fthings%2Fa%3Fq%3D1" {
		t.Errorf("without a session: %d to %q", got.Code, got.Header().Get("Location"))
	}
	v.signIn()
	token := v.csrf()
	form := url.Values{"do": {"create"}, "name": {"bob"}, "to": {"/things/b"}, "csrf": {token}}
	if got := v.do("POST", "/things/a", form, "X-Dry-Run", "1"); got.Code != 200 || !strings.Contains(got.Body.String(), "aws iam create-user --user-name bob") || len(w.asked) != 0 {
		t.Errorf("dry: %d %s, asked %v", got.Code, got.Body, w.asked)
	}
	if got := v.do("POST", "/things/a", form); got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/things/b" || len(w.asked) != 1 {
		t.Errorf("%d to %q, asked %v", got.Code, got.Header().Get("Location"), w.asked)
	}
	body := v.do("GET", "/things/b", nil).Body.String()
	if !strings.Contains(body, "It is there.") || !strings.Contains(body, "aws iam create-user --user-name bob") {
		t.Error("the next page does not tell what was done")
	}
	if strings.Contains(v.do("GET", "/things/b", nil).Body.String(), "It is there.") {
		t.Error("it is told twice")
	}
	form.Set("name", "denied")
	got := v.do("POST", "/things/a", form)
	body = got.Body.String()
	if got.Code != http.StatusForbidden || !strings.Contains(body, "not &lt;you&gt;") || !strings.Contains(body, `href="/why/requests/REQUEST1"`) || !strings.Contains(body, `value="denied"`) {
		t.Errorf("denied: %d %s", got.Code, body)
	}
}

// TestForged holds that no form is carried out but one that a page of the console sent in this session.
func TestForged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := &visitor{t: t, world: w}
	v.signIn()
	token := v.csrf()
	other := &visitor{t: t, world: w}
	other.signIn()
	for name, c := range map[string]struct {
		token  string
		header []string
	}{
		"no token":            {"", nil},
		"a wrong token":       {"AAAAAAAAAAAAAAAAAAAAAA", nil},
		"of another session":  {other.csrf(), nil},
		"of another site":     {token, []string{"Sec-Fetch-Site", "cross-site", "Origin", "http://evil.example"}},
		"of another port":     {token, []string{"Sec-Fetch-Site", "same-site", "Origin", "http://127.0.0.1:9000"}},
		"an old browser":      {token, []string{"Origin", "http://evil.example"}},
		"dry, of another one": {token, []string{"Sec-Fetch-Site", "cross-site", "X-Dry-Run", "1"}},
	} {
		got := v.do("POST", "/things/a", url.Values{"do": {"create"}, "name": {"bob"}, "csrf": {c.token}}, c.header...)
		if got.Code != http.StatusForbidden || len(w.asked) != 0 {
			t.Errorf("%s: %d, asked %v", name, got.Code, w.asked)
		}
	}
	for _, method := range []string{"PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"} {
		if got := v.do(method, "/things/a", nil); got.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, got.Code)
		}
	}
	if got := v.do("GET", "/things/a?do=create&name=bob&csrf="+token, nil); got.Code != 200 || len(w.asked) != 0 {
		t.Errorf("GET: %d, asked %v", got.Code, w.asked)
	}
}

// TestFixation holds that signing in makes a new session, and that no page works with one that was made up.
func TestFixation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := strings.Repeat("A", 43)
	v := &visitor{t: t, world: w, cookie: made}
	if got := v.do("GET", "/things/a", nil); got.Code != http.StatusSeeOther {
		t.Errorf("a cookie that was made up: %d", got.Code)
	}
	v.signIn()
	first := v.cookie
	if first == made {
		t.Fatal("a session has the token that the visitor brought along")
	}
	v.do("POST", "/signin", url.Values{"do": {"in"}, "next": {"/"}, "csrf": {v.csrf()}})
	old := &visitor{t: t, world: w, cookie: first}
	if v.cookie == first || old.do("GET", "/things/a", nil).Code != http.StatusSeeOther {
		t.Error("the session before goes on after signing in anew")
	}
	w.now = w.now.Add(time.Hour)
	if got := v.do("GET", "/things/a", nil); got.Code != http.StatusSeeOther {
		t.Errorf("after the credentials have ended: %d", got.Code)
	}
}

func TestLocal(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"/": "/", "/buckets/a?b=c": "/buckets/a?b=c", "/why/requests/A": "/why/requests/A",
		"": "/", "x": "/", "http://evil.example": "/", "//evil.example": "/", "/\\evil.example": "/", "\\\\evil.example": "/", "https:evil.example": "/",
		"/\t/evil.example": "/", "javascript:alert(1)": "/", "/x\r\nLocation: http://evil.example": "/", " //evil.example": "/", "///evil.example": "/", "/%2f/..//": "/",
		"http:/evil.example": "/", "/a\n": "/", "%2f%2fevil.example": "/", "//\x00": "/", "//evil.example/..": "/",
	} {
		if got := Local(to); got != want {
			t.Errorf("Local(%q) = %q, want %q", to, got, want)
		}
	}
}

// TestHeaders holds what every answer has.
func TestHeaders(t *testing.T) {
	t.Parallel()
	v := &visitor{t: t, world: newWorld(t)}
	v.signIn()
	for _, path := range []string{"/signin", "/things/a", "/nothing", "/assets/app.css", "/assets/none"} {
		h := v.do("GET", path, nil).Header()
		csp := h.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if h.Get("X-Frame-Options") != "DENY" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

// TestHosts holds that a Host header cannot put anything into the policy.
func TestHosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for host, want := range map[string]string{
		"127.0.0.1:9001": "http://127.0.0.1:9000", "console.example:443": "http://console.example:9000", "[::1]:9001": "http://[::1]:9000",
		"a; script-src *": "http://127.0.0.1:9000", "a'b": "http://127.0.0.1:9000", "": "http://127.0.0.1:9000", "*": "http://127.0.0.1:9000",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		if got := w.site.apiURL(r); got != want {
			t.Errorf("host %q: %s, want %s", host, got, want)
		}
	}
}

func TestSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := &Visit{site: w.site}
	text, err := v.Seal("a", "secret", time.Minute)
	if err != nil || strings.Contains(text, "secret") {
		t.Fatal(text, err)
	}
	var got string
	if err := v.Unseal("a", text, &got); err != nil || got != "secret" {
		t.Errorf("%q, %v", got, err)
	}
	if v.Unseal("b", text, &got) == nil || v.Unseal("a", "A"+text, &got) == nil || v.Unseal("a", text[:len(text)-4], &got) == nil || v.Unseal("a", "", &got) == nil {
		t.Error("what was not sealed for this was taken")
	}
	w.now = w.now.Add(time.Minute)
	if v.Unseal("a", text, &got) == nil {
		t.Error("what is too old was taken")
	}
}

// TestFirstPaint holds what a page needs before it is painted: itself, its style and scripts, as they are sent.
func TestFirstPaint(t *testing.T) {
	t.Parallel()
	v := &visitor{t: t, world: newWorld(t)}
	v.signIn()
	page := v.do("GET", "/things/a", nil).Body.String()
	total := len(page)
	for _, found := range regexp.MustCompile(`(?:href|src)="(/assets/[^"#]+)`).FindAllStringSubmatch(page, -1) {
		total += v.do("GET", found[1], nil, "Accept-Encoding", "gzip").Body.Len()
	}
	if total >= 100<<10 {
		t.Errorf("the first page is %d bytes", total)
	}
}

// TestIncomplete holds that what is missing from a form is told as that, and not as a failure of the console.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := &visitor{t: t, world: w}
	v.signIn()
	c := w.site.client(httptest.NewRequest("GET", "/", nil), nil, false)
	_, missing := c.IAM().CreateUser(t.Context(), &iam.CreateUserInput{})
	_, empty := c.S3().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("b"), Key: aws.String("")})
	for name, c := range map[string]struct {
		err  error
		text string
	}{"missing": {missing, "Something is missing: UserName."}, "empty": {empty, "Something is missing, or is not of its form"}} {
		p, internal := problemOf(c.err)
		if internal || p.status() != http.StatusUnprocessableEntity || !strings.Contains(p.Message, c.text) {
			t.Errorf("%s: %+v of %v", name, p, c.err)
		}
	}
}
