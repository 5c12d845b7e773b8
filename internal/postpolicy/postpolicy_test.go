package postpolicy

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/apierr"
)

// TestPolicies judges forms by the policies of testdata:
//
//	form           the input has its fields, "name=value"; it becomes the form of what follows
//	policy [at=…] [size=N] [raw]
//	               judges the form, and the size of its file where it is given, by the policy of the input;
//	               raw takes the input for base64 that is there already
func TestPolicies(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var fields []Field
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "form" {
				fields = nil
				for line := range strings.SplitSeq(d.Input, "\n") {
					name, value, _ := strings.Cut(line, "=")
					fields = append(fields, Field{name, value})
				}
				return ""
			}
			return judge(t, d, fields)
		})
	})
}

func judge(t *testing.T, d *datadriven.TestData, fields []Field) string {
	t.Helper()
	encoded := base64.StdEncoding.EncodeToString([]byte(d.Input))
	if d.HasArg("raw") {
		encoded = d.Input
	}
	p, err := Parse(encoded)
	if err != nil {
		return describe(err)
	}
	at := "2026-01-02T03:00:00Z"
	d.MaybeScanArgs(t, "at", &at)
	now, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	if err := p.Judge(fields, now); err != nil {
		return describe(err)
	}
	size := int64(-1)
	d.MaybeScanArgs(t, "size", &size)
	if size < 0 {
		return "ok"
	}
	return describe(p.CheckSize(size, true))
}

// describe renders an error as one line.
func describe(err error) string {
	var e *apierr.Error
	if !errors.As(err, &e) {
		return "ok"
	}
	s := fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message)
	for _, d := range e.Detail {
		s += fmt.Sprintf(" [%s=%s]", d.Name, d.Value)
	}
	return s
}

// A file that is too large is refused before all of it has come, one that is too small only then.
func TestCheckSize(t *testing.T) {
	t.Parallel()
	p := &Policy{sizes: []sizeRange{{5, 10}}}
	for size, want := range map[int64]string{0: "", 4: "", 10: "", 11: "EntityTooLarge"} {
		if err := p.CheckSize(size, false); want == "" && err != nil || want != "" && !apierr.Is(err, want) {
			t.Errorf("%d bytes so far: %v, want %q", size, err, want)
		}
	}
}

// FuzzParse reads any text as a policy. What is read allows a form only if that has a bucket, and allows
// nothing after it has expired.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"expiration": "2030-01-01T00:00:00Z", "conditions": [{"bucket": "b"}, ["starts-with", "$key", ""]]}`,
		`{"expiration": "2030-01-01T00:00:00.000Z", "conditions": [["content-length-range", "1", 2], ["eq", "$bucket", "b"]]}`,
		`{"expiration": "x", "conditions": {}}`, `[[[[[[[[[[]]]]]]]]]]`, `{"conditions": [{"a": "\$\v\u0000"}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(base64.StdEncoding.EncodeToString([]byte(text)))
		if err != nil {
			if !apierr.Is(err, "InvalidPolicyDocument") {
				t.Fatalf("%v", err)
			}
			return
		}
		if err := p.Judge([]Field{{"bucket", "b"}}, p.expiration); err == nil {
			t.Error("allowed when it had expired")
		}
		if len(p.conditions) == 0 && p.Judge([]Field{{"bucket", "b"}}, p.expiration.Add(-time.Second)) == nil {
			t.Error("allowed for any bucket")
		}
		_ = p.CheckSize(1, true)
	})
}
