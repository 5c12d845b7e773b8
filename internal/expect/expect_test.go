package expect

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestSuites parses the files in testdata:
//
//	parse [name=NAME]                 the checks that the text stands for, or its error
//	judge effect=… layer=… …          what the last text's checks report for this answer to each of them
//
// The answer of judge is effect, action, layer, source, sid, statement, code and message.
func TestSuites(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata/suites", func(t *testing.T, path string) {
		var last *Suite
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "parse":
				name := "t.yaml"
				d.MaybeScanArgs(t, "name", &name)
				// The lines of datadriven end at an empty one and begin nowhere with what ends a case.
				s, err := Parse(name, strings.ReplaceAll(d.Input, "⇥", "\t"))
				if err != nil {
					return err.Error() + "\n"
				}
				last = s
				return describe(s)
			case "judge":
				var a Answer
				for arg, into := range map[string]*string{
					"effect": &a.Effect, "action": &a.Action, "layer": &a.Layer, "source": &a.Source, "sid": &a.Sid, "code": &a.Code, "message": &a.Message,
				} {
					d.MaybeScanArgs(t, arg, into)
					*into = strings.ReplaceAll(*into, "_", " ")
				}
				d.MaybeScanArgs(t, "statement", &a.Statement)
				var r Report
				for _, c := range last.Checks {
					r.Results = append(r.Results, Judge(c, a))
				}
				var out strings.Builder
				if err := r.Text(&out, true); err != nil {
					t.Fatal(err)
				}
				return out.String()
			}
			t.Fatalf("unknown command %s", d.Cmd)
			return ""
		})
	})
}

// describe tells all of a suite.
func describe(s *Suite) string {
	var out strings.Builder
	if s.World != "" {
		fmt.Fprintf(&out, "world %s\n", s.World)
	}
	for _, c := range s.Checks {
		verb := "deny"
		if c.Allow {
			verb = "allow"
		}
		fmt.Fprintf(&out, "%s:%d: %s %s %s %s", c.File, c.Line, verb, c.Principal, c.Action, c.Resource)
		for _, v := range c.With {
			fmt.Fprintf(&out, " %s=%q", v.Key, v.Values)
		}
		if c.Because != (Cause{}) {
			fmt.Fprintf(&out, " because %+v", c.Because)
		}
		if c.Name != "" {
			fmt.Fprintf(&out, " [%s]", c.Name)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func TestArchive(t *testing.T) {
	t.Parallel()
	text := "A comment.\n-- accounts.yaml --\naccounts: []\n-- policies/p.json --\n{}\n-- tests.yaml --\ntests:\n  - as: \"111122223333\"\n    allow: s3:ListAllMyBuckets\n-- empty --"
	s, err := Parse("x.txtar", text)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Archive) != 3 || s.Archive["accounts.yaml"] != "accounts: []\n" || s.Archive["policies/p.json"] != "{}\n" {
		t.Errorf("archive = %q", s.Archive)
	}
	if line := s.Checks[0].Line; line != 8 {
		t.Errorf("the test is in line %d, want that of the archive, 8", line)
	}
	for _, test := range []struct{ text, want string }{
		{"-- a --\n", "x.txtar:1:1: there is no file tests.yaml in the archive"},
		{"-- /a --\n", "x.txtar:1:1: \"/a\" is not the relative path of a file"},
		{"\n-- ../a --\n", "x.txtar:2:1: \"../a\" is not the relative path of a file"},
		{"-- a/../b --\n", "x.txtar:1:1: \"a/../b\" is not the relative path of a file"},
		{"-- a --\n-- a --\n", "x.txtar:2:1: the file a is there twice"},
		{"-- tests.yaml --\ntests:\n- aS: x\n", `x.txtar:3:3: a test has no key "aS": there are name, as, allow, deny, on, with and because`},
	} {
		if _, err := Parse("x.txtar", test.text); err == nil || err.Error() != test.want {
			t.Errorf("Parse(%q) = %v, want %s", test.text, err, test.want)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	if _, err := Parse("t.yaml", strings.Repeat("#", MaxFile+1)); err == nil || !strings.Contains(err.Error(), "t.yaml:1:1: the file is larger than") {
		t.Errorf("a file that is too large: %v", err)
	}
	hundred := "[" + strings.Repeat("anonymous, ", 100) + "]"
	actions := "[" + strings.Repeat("s3:GetObject, ", 100) + "]"
	text := "tests:\n- as: " + hundred + "\n  allow: " + actions + "\n"
	if s, err := Parse("t.yaml", text); err != nil || len(s.Checks) != MaxChecks {
		t.Errorf("as many checks as there may be: %v", err)
	}
	if _, err := Parse("t.yaml", text+"- as: anonymous\n  deny: s3:GetObject\n"); err == nil || !strings.HasPrefix(err.Error(), "t.yaml:4:3: with this test") {
		t.Errorf("one check more: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/suites/*")
	if err != nil || len(files) == 0 {
		f.Fatalf("there are %d files to begin with, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for one := range strings.SplitSeq(string(text), "\n\n") {
			_, input, _ := strings.Cut(one, "\n")
			input, _, _ = strings.Cut(input, "\n----\n")
			f.Add(input, false)
			f.Add("-- a.json --\n{}\n-- tests.yaml --\n"+input, true)
		}
	}
	f.Fuzz(func(t *testing.T, text string, archive bool) {
		name := "t.yaml"
		if archive {
			name = "t.txtar"
		}
		s, err := Parse(name, text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), name+":") {
				t.Errorf("the error does not say where: %v", err)
			}
			return
		}
		if len(s.Checks) == 0 || len(s.Checks) > MaxChecks {
			t.Errorf("there are %d checks", len(s.Checks))
		}
		lines := strings.Count(text, "\n") + 1
		for _, c := range s.Checks {
			if c.Line < 1 || c.Line > lines {
				t.Errorf("a check is in line %d of %d", c.Line, lines)
			}
			if !isPrincipal(c.Principal) || c.Resource != "" && !isResource(c.Resource) || c.Action == "" {
				t.Errorf("a check that nobody can ask: %+v", c)
			}
			r := Judge(c, Answer{Effect: allowed, Layer: "x"})
			if message := r.text(true); strings.ContainsAny(message, "\n\r") {
				t.Errorf("a message of more than one line: %q", message)
			}
		}
	})
}
