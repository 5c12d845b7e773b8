// Package halves_test looks for what one account is told of another one.
//
// Everything in a world of four accounts has a mark that says whose it is: every name, text of a policy, tag and
// condition value; and the IDs that the server gives are known. Some hundred requests are made across the accounts, and
// then each principal asks, by every API that tells of access, about everything; and what CloudTrail logs for each account
// is read. Each answer, and each event, is searched for marks of other accounts. Those that are found have to be among
// what AWS shows as well, which shown_test.go lists with the pages that say so. And each account has to have been told its
// own half.
package halves_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"crossgrant/test/servertest"
)

func TestHalves(t *testing.T) {
	w := newWorld(t, startServer(t))
	seen := &findings{used: map[string]int{}, told: map[string]int{}, leaks: map[string]int{}}
	w.asking = true
	w.makeRequests()
	w.lookAtAnswers(seen)
	w.askCloudTrail(seen)
	w.askCrossgrant(seen)
	w.askSTS(seen)
	w.askAnalyzer(seen)
	w.askSimulator(seen)
	w.askAdvisor(seen)
	w.inferNothing(seen)
	w.takeOver(seen)
	seen.report(t)
}

func startServer(t *testing.T) *servertest.Server {
	t.Helper()
	dir := t.TempDir()
	program, err := servertest.Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &servertest.Server{
		Program: program, Data: filepath.Join(dir, "data"), Address: "127.0.0.1:0", Log: filepath.Join(dir, "server.log"),
		Flags: []string{"--record-allows", "100000", "--trail-interval", "1s"},
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// findings is what was found in the answers.
type findings struct {
	mu    sync.Mutex // protects what follows
	looks int
	used  map[string]int // rows that something was shown by
	told  map[string]int // own marks, by API, account and class
	leaks map[string]int // with an example
}

// look searches an answer, or a part of one.
func (f *findings) look(w *world, l *look) {
	l.said = map[mark]bool{}
	for _, m := range w.marks.in(l.sent) {
		l.said[m] = true
	}
	found := w.marks.in(l.text)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.looks++; len(found) == 0 {
		return
	}
	for _, m := range found {
		if m.owner == l.asker.account {
			f.told[l.api+" "+m.owner+" "+m.class]++
			continue
		}
		by := slices.IndexFunc(rows, func(r row) bool {
			return (r.in == nil || slices.Contains(r.in, l.api)) && r.shown(w, l, m)
		})
		if by >= 0 {
			f.used[rows[by].shows]++
			continue
		}
		f.leak(l, &m)
	}
}

// leak notes what is told and is not among the rows, with one example. f.mu is held.
func (f *findings) leak(l *look, m *mark) {
	what := fmt.Sprintf("%s tells %s the %s of %s", l.api, l.asker.account, m.class, m.owner)
	for known := range f.leaks {
		if strings.HasPrefix(known, what+":") {
			f.leaks[known]++
			return
		}
	}
	at := max(0, strings.Index(strings.ToLower(l.text), strings.ToLower(m.text)))
	f.leaks[what+fmt.Sprintf(": such as %s to %s, who sent %.300s: …%s…", m.text, l.asker, l.sent, l.text[max(0, at-200):min(len(l.text), at+200)])]++
}

// fail notes an answer that is wrong, with one example of each kind.
func (f *findings) fail(what, example string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for known := range f.leaks {
		if strings.HasPrefix(known, what+":") {
			f.leaks[known]++
			return
		}
	}
	f.leaks[what+": such as "+example]++
}

// own are what each account has to have been told of its own half, by API.
var own = []string{
	"ExplainRequest A sid", "ExplainRequest A value", "ExplainRequest A bucket", "ExplainRequest B sid", "ExplainRequest B policyname", "ExplainRequest B value",
	"ExplainRequest C sid", "ExplainRequest C policyname", "ListRequests A sid", "ListRequests B sid", "ListRequests C sid",
	"ListAccess A sid", "ListAccess A bucket", "ListAccess A role", "ListAccess A value", "ListAccess B policyname", "ListAccess B sid", "ListAccess C policyname", "ListAccess M user",
	"PreviewAccess A sid", "PreviewAccess A policyname", "PreviewAccess B sid", "PreviewAccess C bucket",
	"ExplainAccess A sid", "ExplainAccess B sid", "ExplainAccess B policyname", "ExplainAccess C policyname",
	"DecodeAuthorizationMessage B sid", "access-analyzer A bucket", "access-analyzer A value", "access-analyzer A role", "access-analyzer B role", "access-analyzer C role",
	"LookupEvents A bucket", "LookupEvents A role", "LookupEvents B user", "LookupEvents C user", "LookupEvents M policyname",
	"log file A key", "log file A bucket", "log file B user", "log file C key", "log file C role", "log file M user",
	"simulator A policyname", "simulator B policyname", "simulator C policyname", "advisor A policyname", "advisor B policyname", "advisor C policyname",
}

func (f *findings) report(t *testing.T) {
	t.Helper()
	t.Logf("%d answers, and parts of them, were looked at", f.looks)
	for _, leak := range slices.Sorted(maps.Keys(f.leaks)) {
		t.Errorf("%s (%d)", leak, f.leaks[leak])
	}
	for _, r := range rows {
		t.Logf("%6d times shown %s", f.used[r.shows], r.shows)
		if f.used[r.shows] == 0 {
			t.Errorf("nothing was shown because AWS shows %s: the row is not needed", r.shows)
		}
	}
	for _, o := range own {
		if f.told[o] == 0 {
			t.Errorf("nobody was told %s", o)
		}
	}
}

// lookAtAnswers looks at the answers of the requests themselves.
func (w *world) lookAtAnswers(seen *findings) {
	for _, r := range w.requests {
		if r.scan {
			api := ofS3
			if r.answer.sent.service != "s3" {
				api = ofSTS
			}
			seen.look(w, &look{asker: r.caller, api: api, sent: r.text, status: r.answer.status, text: r.answer.text()})
		}
	}
}

// ask sends a question and looks at the answer.
func (w *world) ask(seen *findings, api string, as *principal, s *sent, about *made) *answer {
	a, err := w.do(as, s)
	if err != nil {
		w.t.Error(err)
		return &answer{}
	}
	seen.look(w, &look{asker: as, api: api, request: about, sent: s.text(), status: a.status, text: a.text()})
	return a
}

func regexpFind(pattern, text string) string { return regexp.MustCompile(pattern).FindString(text) }
