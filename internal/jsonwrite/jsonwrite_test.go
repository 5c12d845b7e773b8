package jsonwrite

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
)

// TestObject holds what each method writes against package encoding/json.
func TestObject(t *testing.T) {
	t.Parallel()
	o := Object{Text: []byte("before:")}
	o.Open("", '{')
	o.String("s", "a\"b")
	o.String0("absent", "")
	o.String0("t", "c")
	o.Key("k\"\n")
	o.Text = append(o.Text, '1')
	o.Bool("yes", true)
	o.Raw("raw", []byte(`{"x":[]}`))
	o.Null("null")
	o.Joined("joined", "a\"", "", "\n", "é")
	o.Int("n", -5)
	o.Time("at", time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC))
	o.Strings("list", []string{"a", "b"})
	o.Strings("none", nil)
	o.Open("array", '[')
	o.Open("", '{')
	o.Close('}')
	o.Open("", '{')
	o.Int("m", 1)
	o.Close('}')
	o.Close(']')
	o.Close('}')
	const want = `before:{"s":"a\"b","t":"c","k\"\n":1,"yes":true,"raw":{"x":[]},"null":null,"joined":"a\"\né","n":-5,"at":"2026-01-02T03:04:05.000000006Z",` +
		`"list":["a","b"],"none":null,"array":[{},{"m":1}]}`
	if string(o.Text) != want {
		t.Errorf("written is\n%s\nwant\n%s", o.Text, want)
	}
	if !json.Valid(o.Text[len("before:"):]) {
		t.Error("not JSON")
	}
	o.Reset()
	o.Open("", '{')
	if string(o.Text) != "{" {
		t.Errorf("after a reset: %s", o.Text)
	}
}

// TestEveryByte holds that every byte is written well at each place of eight.
func TestEveryByte(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for place := range 8 {
			text := []byte("aaaaaaaaaaaaaaaa")
			text[place] = byte(c)
			want, err := json.Marshal(string(text))
			var a, b string
			if err := errors.Join(err, json.Unmarshal(want, &a), json.Unmarshal(AppendString(nil, string(text)), &b)); err != nil || a != b {
				t.Errorf("%q is written as %s: %v", text, AppendString(nil, string(text)), err)
			}
		}
	}
}

// FuzzAppendString holds that strings are written as package encoding/json reads them.
func FuzzAppendString(f *testing.F) {
	f.Add("plain")
	f.Add("longer than eight \" bytes \\ and more \x1f\x7f\x80 ~~~~~~~~!!!!!!!!")
	f.Add("\x00\"\\\u2028\xff\xf0\x9f")
	f.Fuzz(func(t *testing.T, s string) {
		var got, want string
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(json.Unmarshal(text, &want), json.Unmarshal(AppendString(nil, s), &got)); err != nil || got != want {
			t.Errorf("%q is written as %s: %v", s, AppendString(nil, s), err)
		}
	})
}
