package policy

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// characters splits s as patterns count it: by characters, of which a byte that is not part of valid
// UTF-8 is one.
func characters(s string) []string {
	var out []string
	for s != "" {
		_, n := utf8.DecodeRuneInString(s)
		out = append(out, s[:n])
		s = s[n:]
	}
	return out
}

// like is the definition of a pattern, by a table of which pattern prefixes match which text prefixes:
// it knows nothing of how patterns are compiled.
func like(pattern, text string) bool {
	t := characters(text)
	match := make([]bool, len(t)+1) // match[j]: the pattern so far matches t[:j]
	match[0] = true
	for _, c := range characters(pattern) {
		next := make([]bool, len(t)+1)
		for j := range next {
			switch {
			case c == "*":
				next[j] = match[j] || j > 0 && next[j-1]
			case j > 0:
				next[j] = match[j-1] && (c == "?" || c == t[j-1])
			}
		}
		match = next
	}
	return match[len(t)]
}

// checkLike compares with the definition wherever a policy has patterns. Version 2008-10-17 has no
// variables, so that "${" means nothing.
func checkLike(t *testing.T, pattern, text string) {
	t.Helper()
	written, err := json.Marshal(pattern)
	if err != nil || !utf8.ValidString(pattern) {
		t.Skip("not what a document can hold")
	}
	in := func(before string) string { return before + string(written[1:len(written)-1]) }
	d, err := Parse(Bucket, []byte(`{"Statement":[
		{"Sid":"resource","Effect":"Deny","Principal":"*","Action":"*","Resource":"arn:aws:s3:::b/`+in("")+`"},
		{"Sid":"like","Effect":"Deny","Principal":"*","Action":"*","Resource":"arn:aws:s3:::b/*","Condition":{"StringLike":{"aws:x":"`+in("")+`"}}},
		{"Sid":"notLike","Effect":"Deny","Principal":"*","Action":"*","Resource":"arn:aws:s3:::b/*","Condition":{"StringNotLike":{"aws:x":"`+in("")+`"}}},
		{"Sid":"arn","Effect":"Deny","Principal":"*","Action":"*","Resource":"arn:aws:s3:::b/*","Condition":{"ArnLike":{"aws:y":"`+in("arn:aws:s3:::")+`"}}}]}`), Stored())
	if err != nil {
		t.Fatalf("%q: %v", pattern, err)
	}
	c := &Context{}
	c.Set("aws:x", text)
	c.Set("aws:y", "arn:aws:s3:::"+text)
	got := map[string]bool{}
	q := NewQuery(&Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/" + text, Context: c})
	for _, m := range d.Matches(&q) {
		got[d.Statements[m.Index].Sid] = true
	}
	want := like(pattern, text)
	for sid, want := range map[string]bool{"resource": want, "like": want, "notLike": !want, "arn": want} {
		if got[sid] != want {
			t.Errorf("%s: %q against %q: got %v, want %v", sid, pattern, text, got[sid], want)
		}
	}
}

var likeCases = [][2]string{
	{"", ""}, {"", "a"}, {"*", ""}, {"?", ""}, {"*", "anything"}, {"**", ""}, {"a*b*c", "aXbXc"}, {"a*b*c", "aXbXcb"},
	{"?", "é"}, {"??", "é"}, {"?", "😀"}, {"é*", "é"}, {"*é", "eé"}, {"?é?", "aéb"}, {"*?é", "éé"},
	{"?", "\xff"}, {"??", "\xff\xfe"}, {"?", "\xff\xfe"}, {"*\uFFFD", "\xff"}, {"\uFFFD", "\uFFFD"}, {"é", "\xc3"}, {"?*", "\xc3\xa9\xc3"},
	{"a?", "a"}, {"**a", "ba"}, {"*a*a*a*a*b", strings.Repeat("a", 30)}, {"*a*a*a*a", strings.Repeat("a", 30)},
	{strings.Repeat("*a", 20) + "b", strings.Repeat("a", 60)}, {strings.Repeat("?*", 20), strings.Repeat("a", 19)},
	{strings.Repeat("?*", 20), strings.Repeat("a", 20)}, {strings.Repeat("*?", 20) + "z", strings.Repeat("é", 20) + "z"},
	{"${aws:username}", "${aws:username}"}, {"${*}", "${x}"}, {"a\"b\\c", "a\"b\\c"}, {"a/*/b", "a//b"}, {"*:*", "a:b:c"},
	{"aab*aab", "aab"}, {"*aab*aab*", "aaabaab"}, {"a*a", "a"}, {"[a-z]", "b"}, {"{a,b}", "a"}, {"\\*", "\\x"}, {"%", "x"},
}

// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_String
func TestPatternsAgreeWithDefinition(t *testing.T) {
	for _, c := range likeCases {
		checkLike(t, c[0], c[1])
	}
}

func FuzzLike(f *testing.F) {
	for _, c := range likeCases {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern)*len(text) > 1<<16 {
			t.Skip("the table is too large")
		}
		checkLike(t, pattern, text)
	})
}
