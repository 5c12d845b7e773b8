package why

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"crossgrant/internal/console/consoletest"
	"crossgrant/internal/httpapi/queryapi/querytest"
)

const (
	mine   = "111122223333"
	theirs = "380701114427"
)

// now is when tests run: some seconds after the requests in testdata.
var now = time.Date(2026, 11, 27, 2, 30, 0, 0, time.UTC)

// world is a visitor of the console, with an API that answers from a table.
type world struct {
	*consoletest.Visitor
	t *testing.T
	// answers are by operation: the JSON of the answer, or "CODE MESSAGE" of an error. Those that are missing answer {}.
	answers map[string]string
	// mu protects asked: a page asks several things at a time.
	mu    sync.Mutex
	asked map[string]string // bodies, by operation
}

// operations are those of Access Analyzer, by method and path, which its protocol has in the place of names.
var operations = []struct{ pattern, name string }{
	{`^GET /analyzer/[^/]+$`, "GetAnalyzer"}, {`^GET /analyzer$`, "ListAnalyzers"}, {`^POST /finding$`, "ListFindings"}, {`^GET /finding/`, "GetFinding"}, {`^GET /analyzer/[^/]+/archive-rule$`, "ListArchiveRules"},
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, answers: map[string]string{}, asked: map[string]string{}}
	console := consoletest.Console{API: http.HandlerFunc(w.api), Section: Section(), Now: func() time.Time { return now }}
	w.Visitor = console.Visit(t, consoletest.As(querytest.Key{ID: "AKIDEXAMPLE", Secret: "S"}, "arn:aws:iam::"+mine+":user/ann"))
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
	w.mu.Lock()
	w.asked[name] = string(body)
	w.mu.Unlock()
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

// dry returns the commands that a form would run, or what is wrong with it.
func (w *world) dry(path, do string, form url.Values) string {
	w.t.Helper()
	form.Set("do", do)
	return w.Commands(path, form)
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
