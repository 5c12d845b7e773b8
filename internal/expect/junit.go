package expect

import (
	"encoding/xml"
	"fmt"
	"io"
)

// The report that most test runners write and most services for continuous integration read. It has what all of the
// schemas for it know, and nothing else: no times, which nobody measured.
//
// Source: https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
type (
	junitReport struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Failure *junitMessage `xml:"failure"`
		Error   *junitMessage `xml:"error"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes a JUnit XML report: a test suite for each file, a test case for each check.
func (r *Report) JUnit(w io.Writer) error {
	out := junitReport{Name: "crossgrant check", Tests: len(r.Results)}
	_, out.Failures, out.Errors = r.Counts()
	for i := range r.Results {
		one := &r.Results[i]
		if n := len(out.Suites); n == 0 || out.Suites[n-1].Name != one.File {
			out.Suites = append(out.Suites, junitSuite{Name: one.File})
		}
		out.Suites[len(out.Suites)-1].add(one)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "\t")
	if err := e.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// add adds the test case of a result.
func (s *junitSuite) add(r *Result) {
	s.Tests++
	c := junitCase{Name: r.title(), Class: s.Name}
	told := &junitMessage{Message: r.Message, Text: r.text(false)}
	switch r.Outcome {
	case Fails:
		s.Failures++
		told.Type = "failure"
		c.Failure = told
	case Errors:
		s.Errors++
		told.Type = r.Answer.Code
		c.Error = told
	}
	s.Cases = append(s.Cases, c)
}

// title names a check in its file.
func (r *Result) title() string {
	verb := "may not"
	if r.Allow {
		verb = "may"
	}
	title := fmt.Sprintf("line %d: %s", r.Line, r.does(verb))
	if r.Name != "" {
		title += " [" + r.Name + "]"
	}
	return oneLine(title)
}
