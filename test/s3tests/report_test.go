package main

import (
	"bytes"
	"testing"
)

// results has a test of every outcome; the fourth failed and could not remove its bucket.
const results = `<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" errors="3" failures="2" skipped="1" tests="6" time="1.0">
<testcase classname="s3tests.functional.test_s3" name="test_passed" time="0.1" />
<testcase classname="s3tests.functional.test_s3" name="test_failed" time="0.1"><failure message="AssertionError">trace</failure></testcase>
<testcase classname="s3tests.functional.test_s3" name="test_skipped" time="0.1"><skipped type="pytest.skip" message="no api_name configured">place</skipped></testcase>
<testcase classname="s3tests.functional.test_s3" name="test_both" time="0.1"><failure message="AssertionError">trace</failure></testcase>
<testcase classname="s3tests.functional.test_s3" name="test_both" time="0.1"><error message="failed on teardown with &quot;ClientError&quot;">trace</error></testcase>
<testcase classname="s3tests.functional.test_s3" name="test_left" time="0.1"><error message="failed on teardown with &quot;ClientError&quot;">trace</error></testcase>
<testcase classname="s3tests.functional.test_headers" name="test_began" time="0.1"><error message="failed on setup with &quot;ClientError&quot;">trace</error></testcase>
</testsuite></testsuites>`

func TestReport(t *testing.T) {
	t.Parallel()
	r := &report{outcomes: map[string]outcome{}, old: 1}
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
1 passed, 4 failed
`
	if got := out.String(); got != want {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
}

func TestNoReport(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "<testsuites>"} {
		r := &report{outcomes: map[string]outcome{}}
		if err := r.add([]byte(text)); err == nil {
			t.Errorf("%q is read as a report", text)
		}
	}
}
