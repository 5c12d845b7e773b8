package policy

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// allTexts are all texts of up to n characters of an alphabet.
func allTexts(alphabet string, n int) []string {
	out := []string{""}
	for from := 0; n > 0; n-- {
		to := len(out)
		for _, s := range out[from:to] {
			for _, c := range alphabet {
				out = append(out, s+string(c))
			}
		}
		from = to
	}
	return out
}

func randomGlob(r *rand.Rand) Glob {
	pattern := ""
	for range r.IntN(5) {
		pattern += string("ab*?"[r.IntN(4)])
	}
	return ParseGlob(pattern)
}

// What FindText finds, it should have found, and what it does not find is not there; and what Covers says is so.
func TestGlobsAgainstAllTexts(t *testing.T) {
	t.Parallel()
	all := allTexts("abc", 5)
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		must, others := []Glob{randomGlob(r), randomGlob(r)}, []Glob{randomGlob(r)}
		good := func(s string) bool {
			return must[0].Match(s) && must[1].Match(s) && !others[0].Match(s)
		}
		text, found, sure := FindText(must, others, nil)
		if !sure {
			t.Fatalf("%v without %v: gave up", must, others)
		}
		if found && !good(text) {
			t.Fatalf("%v without %v: found %q", must, others, text)
		}
		if i := slices.IndexFunc(all, good); !found && i >= 0 {
			t.Fatalf("%v without %v: did not find %q", must, others, all[i])
		} else if found && i >= 0 && len(all[i]) < len(text) {
			t.Fatalf("%v without %v: found %q, but %q is shorter", must, others, text, all[i])
		}
		covers := must[0].Covers(must[1])
		if i := slices.IndexFunc(all, func(s string) bool { return must[1].Match(s) && !must[0].Match(s) }); covers && i >= 0 {
			t.Fatalf("%v does not cover %v: %q", must[0], must[1], all[i])
		}
		if again := ParseTextGlob(must[0].String()); again.String() != must[0].String() || !again.Covers(must[0]) {
			t.Fatalf("%v is read as %v", must[0], again)
		}
	}
}

func TestGlobText(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"a*b?", "${*}", "a${$}{x}", "$x", "\xff*"} {
		if got := ParseTextGlob(s).String(); got != s {
			t.Errorf("%q: got %q", s, got)
		}
	}
	if !LiteralGlob("a*").Match("a*") || LiteralGlob("a*").Match("ab") || LiteralGlob("${x}").String() != "${$}{x}" {
		t.Error("a literal is not taken as one")
	}
	if _, found, sure := FindText([]Glob{ParseGlob("a*"), ParseGlob("b*")}, nil, nil); found || !sure {
		t.Error("disjoint patterns are not seen as such")
	}
}

// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
func TestResourcesUnder(t *testing.T) {
	t.Parallel()
	d, err := Parse(Identity, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":[
		"arn:aws:s3:::b/home/${aws:username}/*","arn:*:s3:::c","arn:aws:iam::*:role/x","arn:aws:s3:::${aws:SourceIp}","arn:aws:s3","arn:aws:s3:::d/${aws:userid}","*"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	var keys Context
	keys.Set("aws:username", "a*n")
	got := d.ResourcesUnder(0, "arn:aws:s3:::", &keys, func(key string) bool { return key == "aws:sourceip" })
	var text []string
	for _, g := range got.Globs {
		text = append(text, g.String())
	}
	if want := []string{"b/home/a${*}n/*", "c", "*", "*", "*"}; !slices.Equal(text, want) || got.Not || !slices.Equal(got.Variables, []string{"aws:sourceip"}) {
		t.Errorf("got %q %v, want %q", text, got.Variables, want)
	}
}
