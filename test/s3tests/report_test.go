package main

import (
	"bytes"
	"strings"
	"testing"
)

// results has a test of every outcome; the fourth failed and could not remove its bucket.
const results = `<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" errors="3" failures="2" skipped="1" tests="7" time="1.0">
<testcase classname="s3tests.functional.test_s3" name="test_passed" time="0.1" />
<testcase classname="s3tests.functional.test_s3" name="test_failed" time="0.1"><failure message="AssertionError">trace</failure></testcase>
<testcase classname="s3tests.functional.test_s3" name="test_skipped" time="0.1"><skipped type="pytest.skip" message="no api_name configured">place</skipped></testcase>
<testcase classname="s3tests.functional.test_s3" name="test_both" time="0.1"><failure message="AssertionError">trace</failure></testcase>
<testcase classname="s3tests.functional.test_s3" name="test_both" time="0.1"><error message="failed on teardown with &quot;ClientError&quot;">trace</error></testcase>
<testcase classname="s3tests.functional.test_s3" name="test_left" time="0.1"><error message="failed on teardown with &quot;ClientError&quot;">trace</error></testcase>
<testcase classname="s3tests.functional.test_headers" name="test_began" time="0.1"><error message="failed on setup with &quot;ClientError&quot;">trace</error></testcase>
<testcase classname="s3tests.functional.test_sts" name="test_passed@in-order" time="0.1" />
</testsuite></testsuites>`

func TestReport(t *testing.T) {
	t.Parallel()
	r := &report{outcomes: map[test]outcome{}, old: 1}
	if err := r.add([]byte(results)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r.print(&out)
	want := `
1 tests use Signature Version 2 and were left out
skipped: test_skipped
failed: test_began (in its setup)
failed: test_both
failed: test_failed
failed: test_left (in its teardown)
test_headers.py: 0 passed, 1 failed
test_s3.py: 1 passed, 3 failed
test_sts.py: 1 passed, 0 failed
2 passed, 4 failed
`
	if got := out.String(); got != want {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
}

func TestNoReport(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "<testsuites>"} {
		r := &report{outcomes: map[test]outcome{}}
		if err := r.add([]byte(text)); err == nil {
			t.Errorf("%q is read as a report", text)
		}
	}
}

func TestMinima(t *testing.T) {
	t.Parallel()
	r := &report{outcomes: map[test]outcome{
		{"a.py", "x"}: {state: passed}, {"a.py", "y"}: {state: failed}, {"b.py", "x"}: {state: passed},
	}}
	for _, c := range []struct{ flags, err string }{
		{"0", ""}, {"2", ""}, {"3", "3 tests of all files have to pass"},
		{"a.py=1", ""}, {"a.py=2 b.py=1 c.py=1", "2 tests of a.py have to pass\n1 tests of c.py have to pass"},
	} {
		var m minima
		for _, text := range strings.Fields(c.flags) {
			if err := m.Set(text); err != nil {
				t.Fatal(err)
			}
		}
		if m.String() != c.flags {
			t.Errorf("%q is written as %q", c.flags, m.String())
		}
		got := ""
		if err := m.check(r); err != nil {
			got = err.Error()
		}
		if got != c.err {
			t.Errorf("-min %s gives %q, want %q", c.flags, got, c.err)
		}
	}
	for _, text := range []string{"", "x", "-1", "=1", "a.py=", "a.py=x", "a=b=1"} {
		if err := new(minima).Set(text); err == nil {
			t.Errorf("%q is taken as a minimum", text)
		}
	}
}
