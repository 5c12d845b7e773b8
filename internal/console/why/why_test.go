package why

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/console/page"
	"crossgrant/internal/console/session"
)

const (
	mine   = "111122223333"
	theirs = "380701114427"
)

// now is when tests run: some seconds after the requests in testdata.
var now = time.Date(2026, 11, 27, 2, 30, 0, 0, time.UTC)

// world is the console with an API that answers from a table.
type world struct {
	t      *testing.T
	site   *page.Site
	cookie string
	csrf   string
	// answers are by operation: the JSON of the answer, or "CODE MESSAGE" of an error. Those that are missing answer {}.
	answers map[string]string
	asked   map[string]string // bodies, by operation
}

// operations are those of Access Analyzer, by method and path, which its protocol has in the place of names.
var operations = []struct{ pattern, name string }{
	{`^GET /analyzer/[^/]+$`, "GetAnalyzer"}, {`^GET /analyzer$`, "ListAnalyzers"}, {`^POST /finding$`, "ListFindings"}, {`^GET /finding/`, "GetFinding"}, {`^GET /analyzer/[^/]+/archive-rule$`, "ListArchiveRules"},
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, answers: map[string]string{}, asked: map[string]string{}}
	w.site = page.New(page.Config{
		API: http.HandlerFunc(w.api), Region: "us-east-1", Port: "9000", Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
		Sections: []page.Section{Section(), {Name: "test", Rows: []page.Row{{
			Path: "/signin", Public: true, Get: func(context.Context, *page.Visit) (*page.View, error) { return nil, page.Missing("none") }, Actions: map[string]page.Action{
				"in": func(_ context.Context, v *page.Visit) (*page.Done, error) {
					return &page.Done{To: "/why/ask"}, v.SignIn(&session.Session{Base: session.Identity{
						Name: "ann", AccountID: mine, ARN: "arn:aws:iam::" + mine + ":user/ann", AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "S", Expires: now.Add(time.Hour),
					}})
				},
			},
		}}}},
	})
	w.do("POST", "/signin", url.Values{"do": {"in"}})
	if found := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(w.get("/why/ask")); found != nil {
		w.csrf = html.UnescapeString(found[1])
	}
	return w
}

// api is the API.
func (w *world) api(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	target := r.Header.Get("X-Amz-Target")
	name := target[strings.LastIndexByte(target, '.')+1:]
	for _, o := range operations {
		if target == "" && regexp.MustCompile(o.pattern).MatchString(r.Method+" "+r.URL.Path) {
			name = o.name
		}
	}
	w.asked[name] = string(body)
	rw.Header().Set("Content-Type", "application/x-amz-json-1.1")
	answer, there := w.answers[name]
	if code, message, failed := strings.Cut(answer, " "); failed && !strings.HasPrefix(answer, "{") {
		rw.Header().Set("X-Amzn-Requestid", "0RL8Q0KQZ24AIMMU")
		rw.Header().Set("X-Amzn-ErrorType", code)
		rw.WriteHeader(http.StatusBadRequest)
		text, err := json.Marshal(map[string]string{"__type": code, "message": message})
		if err != nil {
			w.t.Error(err)
		}
		rw.Write(text)
		return
	}
	if !there {
		answer = "{}"
	}
	io.WriteString(rw, answer)
}

func (w *world) do(method, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	var body io.Reader
	if form != nil {
		form.Set("csrf", w.csrf)
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, "http://127.0.0.1:9001"+path, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if w.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "crossgrant", Value: w.cookie})
	}
	out := httptest.NewRecorder()
	w.site.ServeHTTP(out, r)
	for _, c := range out.Result().Cookies() {
		if c.Name == "crossgrant" {
			w.cookie = c.Value
		}
	}
	return out
}

// get returns a page, which has to be there and whole.
func (w *world) get(path string, header ...string) string {
	w.t.Helper()
	out := w.do("GET", path, nil, header...)
	text := out.Body.String()
	if out.Code != http.StatusOK || strings.Contains(text, "could not be made") {
		w.t.Errorf("%s: %d %s", path, out.Code, text)
	}
	return text
}

// dry returns the commands that a form would run, or what is wrong with it.
func (w *world) dry(path, do string, form url.Values) string {
	w.t.Helper()
	form.Set("do", do)
	text := w.do("POST", path, form, "X-Dry-Run", "1").Body.String()
	if found := regexp.MustCompile(`<p class="quiet">.*AWS CLI: ([^<]*)</p>`).FindStringSubmatch(text); found != nil {
		return html.UnescapeString(found[1])
	}
	var commands []string
	for _, found := range regexp.MustCompile(`<code>([^<]*)</code>`).FindAllStringSubmatch(text, -1) {
		commands = append(commands, html.UnescapeString(found[1]))
	}
	return strings.Join(commands, "\n")
}

// file reads a file of testdata.
func file(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// want holds that a page has texts, and not those that begin with '!'.
func want(t *testing.T, page, text string, wanted ...string) {
	t.Helper()
	for _, each := range wanted {
		if rest, not := strings.CutPrefix(each, "!"); strings.Contains(text, strings.TrimPrefix(each, "!")) == not {
			t.Errorf("%s: want %q (not: %t) in\n%s", page, rest, not, text)
		}
	}
}
