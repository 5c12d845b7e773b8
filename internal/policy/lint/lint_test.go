package lint

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/policy"
)

// TestCheck runs testdata/check.txt: identity, resource, bucket, trust, scp or rcp, and the text of a policy. What is
// printed are type, code, line and column of the beginning and the end, and the way to the place.
func TestCheck(t *testing.T) {
	t.Parallel()
	types := map[string][2]string{
		"identity": {IdentityPolicy}, "resource": {ResourcePolicy}, "bucket": {ResourcePolicy, bucketType}, "trust": {ResourcePolicy, trustType},
		"scp": {ServiceControlPolicy}, "rcp": {ResourceControlPolicy},
	}
	datadriven.RunTest(t, "testdata/check.txt", func(t *testing.T, d *datadriven.TestData) string {
		kind, ok := types[d.Cmd]
		if !ok {
			d.Fatalf(t, "unknown type %s", d.Cmd)
		}
		var b strings.Builder
		for _, f := range Check(d.Input, kind[0], kind[1]) {
			fmt.Fprintf(&b, "%s %s %d:%d-%d:%d %s", f.Kind, f.Code, f.Start.Line, f.Start.Column, f.End.Line, f.End.Column, way(f.Path))
			if d.HasArg("texts") {
				fmt.Fprintf(&b, " %s", f.Details)
			}
			b.WriteByte('\n')
		}
		return b.String()
	})
}

func way(path []Step) string {
	text := "$"
	for _, s := range path {
		switch {
		case s.Index != nil:
			text += "[" + strconv.Itoa(*s.Index) + "]"
		case s.Key != "":
			text += "." + s.Key + "!"
		default:
			text += "." + s.Value
		}
	}
	return text
}

// TestCheckPlaces is AWS's own example of an answer.
//
// Source: https://docs.aws.amazon.com/cli/latest/reference/accessanalyzer/validate-policy.html#examples
func TestCheckPlaces(t *testing.T) {
	t.Parallel()
	text := "{\n    \"Version\": \"2012-10-17\",\n    \"Statement\": [\n        {\n            \"Sid\": \"\",\n            \"Effect\": \"Allow\",\n" +
		"            \"Principal\": {\"AWS\": \"111122223333\"},\n            \"Action\": [\"sts:AssumeRole\"]\n        }\n    ]\n}\n"
	found := Check(text, ResourcePolicy, "")
	if len(found) != 1 || found[0].Code != "EMPTY_SID_VALUE" || found[0].Start != (policy.Place{Line: 5, Column: 19, Offset: 79}) || found[0].End != (policy.Place{Line: 5, Column: 21, Offset: 81}) {
		t.Errorf("got %+v", found)
	}
	if !strings.HasSuffix(found[0].Link, "#access-analyzer-reference-policy-checks-suggestion-empty-sid-value") {
		t.Errorf("the link is %s", found[0].Link)
	}
}

// FuzzCheck holds that no text makes a check panic, and that what could not be put has an error.
func FuzzCheck(f *testing.F) {
	for _, text := range []string{
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"aws:username":"${a"}}}]}`,
		`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"*"},"NotAction":[],"NotResource":[1]}}`, `[`, `{"Statement":[{"Principal":{"X":{}}}]}`,
	} {
		f.Add(text, byte(0))
	}
	f.Fuzz(func(t *testing.T, text string, kind byte) {
		all := []struct {
			policyType, resourceType string
			parsed                   policy.Type
		}{
			{IdentityPolicy, "", policy.Identity}, {ResourcePolicy, "", policy.Resource}, {ResourcePolicy, bucketType, policy.Bucket},
			{ResourcePolicy, trustType, policy.Trust}, {ServiceControlPolicy, "", policy.SCP},
		}
		c := all[int(kind)%len(all)]
		found := Check(text, c.policyType, c.resourceType)
		errors := 0
		for _, one := range found {
			if one.Kind == Error {
				errors++
			}
			if one.Start.Offset > one.End.Offset {
				t.Errorf("%s ends before it begins", one.Code)
			}
		}
		if _, err := policy.Parse(c.parsed, []byte(text), policy.Stored()); err != nil && errors == 0 {
			t.Errorf("nothing is wrong with %q, but it is refused: %v", text, err)
		}
	})
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"a*b", "ab", true}, {"a*b", "axxb", true}, {"a*b", "axxbc", false}, {"?b", "ab", true}, {"?", "", false},
		{"*a*a*a*a*b", strings.Repeat("a", 200), false}, {"a**", "a", true}, {"*x?", "axxb", true},
	} {
		if got := matches(c.pattern, c.text); got != c.want {
			t.Errorf("%q and %q: got %t", c.pattern, c.text, got)
		}
	}
}
