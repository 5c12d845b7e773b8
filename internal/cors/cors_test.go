package cors

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestRules runs the files of testdata. `go test ./internal/cors -rewrite` writes the answers anew.
//
//	rules          the input's lines are the rules from then on: words, of which GET, PUT, … are methods,
//	               "header=…", "expose=…", "age=N" and "id=…" say so, and all others are origins; the answer is
//	               what Check has against them
//	ask            each line of the input is a request: its method, its origin, and, after a bar, what
//	               Access-Control-Request-Headers says
func TestRules(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var rules []Rule
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "rules":
				rules = nil
				for line := range strings.Lines(d.Input) {
					rules = append(rules, readRule(t, line))
				}
				return fmt.Sprintln(verdict(Check(rules)))
			case "ask":
				var b strings.Builder
				for line := range strings.Lines(d.Input) {
					b.WriteString(answer(rules, line))
				}
				return b.String()
			}
			d.Fatalf(t, "unknown command %s", d.Cmd)
			return ""
		})
	})
}

func readRule(t *testing.T, line string) Rule {
	r := Rule{MaxAge: -1}
	for word := range strings.FieldsSeq(line) {
		name, value, _ := strings.Cut(word, "=")
		switch {
		case name == "header":
			r.Headers = append(r.Headers, value)
		case name == "expose":
			r.Expose = append(r.Expose, value)
		case name == "id":
			r.ID = value
		case name == "age":
			n, err := strconv.Atoi(value)
			if err != nil {
				t.Fatal(err)
			}
			r.MaxAge = int32(n)
		case word == strings.ToUpper(word) && strings.Trim(word, "*") != "":
			r.Methods = append(r.Methods, word)
		default:
			r.Origins = append(r.Origins, word)
		}
	}
	return r
}

func verdict(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrSchema):
		return "schema"
	default:
		return err.Error()
	}
}

func answer(rules []Rule, line string) string {
	words, headers, _ := strings.Cut(line, "|")
	fields := strings.Fields(words)
	all := Match(rules, &Request{Method: fields[0], Origin: fields[1], Headers: ParseHeaders(headers)})
	text := strings.TrimSpace(line) + ":"
	if all == nil {
		return text + " no rule\n"
	}
	for _, h := range all {
		if h.Name != "Vary" {
			text += " " + strings.TrimPrefix(h.Name, "Access-Control-") + "=" + h.Value + ";"
		}
	}
	return strings.TrimSuffix(text, ";") + "\n"
}

// TestVary holds that every answer that a rule matches, and no other, tells caches what it depends on.
func TestVary(t *testing.T) {
	t.Parallel()
	all := Match([]Rule{{Origins: []string{"*"}, Methods: []string{"GET"}, MaxAge: -1}}, &Request{Origin: "a", Method: "GET"})
	last := all[len(all)-1]
	if want := (Header{"Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"}); last != want {
		t.Errorf("got %v, want %v", last, want)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	rule := Rule{Origins: []string{"*"}, Methods: []string{"GET"}, MaxAge: -1}
	many := make([]Rule, 101)
	for i := range many {
		many[i] = rule
	}
	if err := Check(many[:100]); err != nil {
		t.Errorf("100 rules: %v", err)
	}
	if got, want := verdict(Check(many)), "InvalidRequest (400): The number of CORS rules should not exceed allowed limit of 100 rules."; got != want {
		t.Errorf("101 rules: got %s, want %s", got, want)
	}
	rule.ID = strings.Repeat("é", 255)
	if err := Check([]Rule{rule}); err != nil {
		t.Errorf("ID of 255 characters: %v", err)
	}
	rule.ID += "x"
	if err := Check([]Rule{rule}); !errors.Is(err, ErrSchema) {
		t.Errorf("ID of 256 characters: %v", err)
	}
}

// FuzzLike compares matching with a matcher that tries every split.
func FuzzLike(f *testing.F) {
	f.Add("start*end", "start12end")
	f.Add("*", "")
	f.Add("a*a", "a")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		before, after, wild := strings.Cut(pattern, "*")
		want := !wild && pattern == text
		for i := 0; wild && i <= len(text); i++ {
			want = want || text[:i] == before && strings.HasSuffix(text[i:], after)
		}
		if got := like(pattern, text); got != want {
			t.Errorf("like(%q, %q) = %v, want %v", pattern, text, got, want)
		}
	})
}

// FuzzMatch holds that an answer never names an origin that did not ask, nor every origin together with
// credentials, and that its values cannot end a header.
func FuzzMatch(f *testing.F) {
	f.Add("http://*.example.com", "http://a.example.com", "x-amz-*", "x-amz-date, x-amz-acl")
	f.Add("*", "null", "*", "a")
	f.Fuzz(func(t *testing.T, pattern, origin, header, asked string) {
		rules := []Rule{{Origins: []string{pattern}, Methods: []string{"GET"}, Headers: []string{header}, MaxAge: 5}}
		if Check(rules) != nil {
			return
		}
		allowed, credentials := "", false
		for _, h := range Match(rules, &Request{Origin: origin, Method: "GET", Headers: ParseHeaders(asked)}) {
			switch h.Name {
			case "Access-Control-Allow-Origin":
				allowed = h.Value
			case "Access-Control-Allow-Credentials":
				credentials = true
			}
		}
		if allowed != "" && allowed != "*" && allowed != origin || credentials && pattern == "*" {
			t.Errorf("%q is told %q, credentials %v", origin, allowed, credentials)
		}
	})
}
