package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// report is what came of the tests.
type report struct {
	outcomes map[string]outcome // by name
	old      int                // number of the tests that use Signature Version 2
}

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
	Name    string    `xml:"name,attr"`
	Failure *struct{} `xml:"failure"`
	Skipped *struct{} `xml:"skipped"`
	Error   *struct {
		Message string `xml:"message,attr"` // begins with "failed on setup" or "failed on teardown"
	} `xml:"error"`
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
		got := c.outcome()
		if last, twice := r.outcomes[c.Name]; !twice || got.state > last.state {
			r.outcomes[c.Name] = got
		}
	}
	return nil
}

// names returns the names of the tests that ended so, in order.
func (r *report) names(s state) []string {
	var names []string
	for name, o := range r.outcomes {
		if o.state == s {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// print prints the report.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "\n%d tests use Signature Version 2 and were left out\n", r.old)
	for _, name := range r.names(skipped) {
		fmt.Fprintln(w, "skipped:", name)
	}
	for _, name := range r.names(failed) {
		if where := r.outcomes[name].where; where != "" {
			name += " (in its " + where + ")"
		}
		fmt.Fprintln(w, "failed:", name)
	}
	fmt.Fprintf(w, "%d passed, %d failed\n", len(r.names(passed)), len(r.names(failed)))
}
