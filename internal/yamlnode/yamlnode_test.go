package yamlnode

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestParse compares what is read of a text with what YAML says it is.
func TestParse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"{aws:SecureTransport: true}", `{"aws:SecureTransport":true}`},
		{`{aws:SecureTransport: "true", s3:x-amz-acl: [a:b, "c:d"], "q":1, 'r':[x:y], s: {t:u: v}}`, `{"aws:SecureTransport":"true","q":1,"r":["x:y"],"s":{"t:u":"v"},"s3:x-amz-acl":["a:b","c:d"]}`},
		{"[arn:aws:s3:::b, arn:aws:s3:::b/k]", `["arn:aws:s3:::b","arn:aws:s3:::b/k"]`},
		{"{on: [arn:aws:s3:::b/k], at: http://x}", `{"at":"http://x","on":["arn:aws:s3:::b/k"]}`},
		{"a:b: c:d\ne: 'f:g'\nh: |\n  i:j\nk: >-\n  l:m\n  n: o\n", `{"a:b":"c:d","e":"f:g","h":"i:j\n","k":"l:m n: o"}`},
		{"# x:y\n- s3:GetObject # z:z\n", `["s3:GetObject"]`},
		{"{\"a\":\"b:c\",\"d\":{\"e\":[1,2]}}", `{"a":"b:c","d":{"e":[1,2]}}`},
		{"---\na: 1\n...\n", `{"a":1}`},
	} {
		n, err := Parse(test.text)
		if err != nil {
			t.Errorf("Parse(%q): %v", test.text, err)
			continue
		}
		var value any
		if err := yaml.NodeToValue(n, &value); err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		if got, err := json.Marshal(value); err != nil || string(got) != test.want {
			t.Errorf("Parse(%q) = %s, %v, want %s", test.text, got, err, test.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want Error
	}{
		{"a: 1\na: 2\n", Error{2, 1, `mapping key "a" already defined at [1:1]`}},
		{"{x:y: 1, x:y: 2}", Error{1, 10, `mapping key "x:y" already defined at [1:2]`}},
		{"a: 1\n---\nb: 2\n", Error{3, 2, "there is more than one YAML document"}},
		{"a: [", Error{1, 4, "sequence end token ']' not found"}},
		{"a: \uE03A", Error{1, 1, "the character U+E03A has no meaning"}},
	} {
		_, err := Parse(test.text)
		var got *Error
		if !errors.As(err, &got) || *got != test.want {
			t.Errorf("Parse(%q) = %+v, want %+v", test.text, got, test.want)
		}
	}
	if n, err := Parse("# nothing\n"); n != nil || err != nil {
		t.Errorf("Parse of nothing = %v, %v", n, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("{aws:SecureTransport: true, b: [c:d]}")
	f.Add("a: |\n  b:c\n")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text)
		if err == nil && n != nil && strings.Contains(n.String(), inner) {
			t.Errorf("what is read has what stands for a colon: %q", n.String())
		}
	})
}
