package policy

import (
	"slices"
	"strings"
	"testing"
)

// Whatever is in a key, its literal pattern matches it and no other resource.
func TestLiteral(t *testing.T) {
	resources := []string{
		"arn:aws:s3:::bucket", "arn:aws:s3:::bucket/key", "arn:aws:s3:::bucket/a*b", "arn:aws:s3:::bucket/a?b",
		"arn:aws:s3:::bucket/axb", "arn:aws:s3:::bucket/${aws:username}", "arn:aws:s3:::bucket/${*}", "arn:aws:s3:::bucket/$", "arn:aws:s3:::bucket/${", "arn:aws:s3:::bucket/$${x}",
	}
	var c Context
	c.Set("aws:username", "key")
	for _, r := range resources {
		pattern, exact := Literal(r, true)
		if !exact {
			t.Errorf("%s has no literal", r)
		}
		for _, other := range resources {
			if got := MatchesResource(pattern, other, true, &c); got != (other == r) {
				t.Errorf("%s, the literal of %s, matches %s: %v", pattern, r, other, got)
			}
		}
		if !OneResource(pattern, true) {
			t.Errorf("%s is said to match several resources", pattern)
		}
		if _, exact := Literal(r, false); exact != !strings.ContainsAny(r, "*?") {
			t.Errorf("without variables, the literal of %s: exact is %v", r, exact)
		}
	}
}

// What is left of a pattern without one action is all the others.
func TestOtherActions(t *testing.T) {
	for _, c := range []struct{ pattern, action string }{
		{"s3:*", "s3:PutObject"}, {"s3:Put*", "s3:PutObject"}, {"s3:*Object", "s3:GetObject"}, {"S3:Get*", "s3:GetObject"}, {"*", "s3:GetObject"},
		{"sts:*", "sts:AssumeRole"}, {"iam:*", "iam:GetUser"}, {"s3:GetObject", "s3:GetObject"}, {"s3:GetObject*", "s3:GetObjectVersionAcl"},
	} {
		patterns := OtherActions(c.pattern, c.action)
		var got []string
		for _, p := range patterns {
			got = append(got, MatchingActions(p)...)
		}
		slices.Sort(got)
		got = slices.Compact(got)
		want := slices.DeleteFunc(MatchingActions(c.pattern), func(a string) bool { return a == c.action })
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s without %s: got %v from %v, want %v", c.pattern, c.action, got, patterns, want)
		}
		if c.pattern == "s3:*" && len(patterns) > 60 {
			t.Errorf("%s without %s takes %d patterns", c.pattern, c.action, len(patterns))
		}
	}
}
