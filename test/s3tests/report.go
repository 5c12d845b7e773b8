package main

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// report is what came of the tests.
type report struct {
	outcomes map[test]outcome
	old      int // number of the tests that use Signature Version 2
}

// test is one test of the suite.
type test struct{ file, name string }

// outcome is what came of one test.
type outcome struct {
	state state
	where string // setup or teardown, if that is what failed
}

type state int

// The states, the one that counts for more behind the other: a test may be reported twice.
const (
	passed state = iota
	skipped
	failed
)

// testcase is what pytest's report in the form of JUnit says of a test.
//
// Source: https://docs.pytest.org/en/stable/how-to/output.html#creating-junitxml-format-files
type testcase struct {
	Class   string    `xml:"classname,attr"` // module, with dots
	Name    string    `xml:"name,attr"`
	Failure *struct{} `xml:"failure"`
	Skipped *struct{} `xml:"skipped"`
	Error   *struct {
		Message string `xml:"message,attr"` // begins with "failed on setup" or "failed on teardown"
	} `xml:"error"`
}

// test returns which test it is. Its name may end with the group that it ran in.
//
// Source: https://pytest-xdist.readthedocs.io/en/stable/distribution.html
func (c *testcase) test() test {
	return test{file: c.Class[strings.LastIndexByte(c.Class, '.')+1:] + ".py", name: strings.TrimSuffix(c.Name, "@"+inOrder)}
}

// outcome returns what came of the test. One whose buckets could not be removed before or after it has
// failed.
func (c *testcase) outcome() outcome {
	switch {
	case c.Failure != nil:
		return outcome{state: failed}
	case c.Error != nil:
		what, _ := strings.CutPrefix(c.Error.Message, "failed on ")
		where, _, _ := strings.Cut(what, " ")
		return outcome{state: failed, where: where}
	case c.Skipped != nil:
		return outcome{state: skipped}
	}
	return outcome{state: passed}
}

// add adds what pytest reports.
func (r *report) add(text []byte) error {
	var all struct {
		Cases []testcase `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal(text, &all); err != nil {
		return fmt.Errorf("read report of pytest: %w", err)
	}
	for _, c := range all.Cases {
		which, got := c.test(), c.outcome()
		if last, twice := r.outcomes[which]; !twice || got.state > last.state {
			r.outcomes[which] = got
		}
	}
	return nil
}

// tests returns the tests that ended so, in the order of their files and names.
func (r *report) tests(s state) []test {
	var tests []test
	for t, o := range r.outcomes {
		if o.state == s {
			tests = append(tests, t)
		}
	}
	slices.SortFunc(tests, func(a, b test) int { return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.name, b.name)) })
	return tests
}

// files returns the files of the tests, in order.
func (r *report) files() []string {
	found := map[string]bool{}
	for t := range r.outcomes {
		found[t.file] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// count returns how many tests of a file ended so; of all files if it is empty.
func (r *report) count(file string, s state) (n int) {
	for t, o := range r.outcomes {
		if o.state == s && (file == "" || file == t.file) {
			n++
		}
	}
	return n
}

// print prints the report.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "\n%d tests use Signature Version 2 and were left out\n", r.old)
	for _, t := range r.tests(skipped) {
		fmt.Fprintln(w, "skipped:", t.name)
	}
	for _, t := range r.tests(failed) {
		name := t.name
		if where := r.outcomes[t].where; where != "" {
			name += " (in its " + where + ")"
		}
		fmt.Fprintln(w, "failed:", name)
	}
	for _, file := range r.files() {
		fmt.Fprintf(w, "%s: %d passed, %d failed\n", file, r.count(file, passed), r.count(file, failed))
	}
	fmt.Fprintf(w, "%d passed, %d failed\n", r.count("", passed), r.count("", failed))
}
