package declarative

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestS3 runs testdata/s3.txt.
//
//	parse        a policy
//	effective    one line for each node, the root first: its policies, separated by " | "; "-" for none
//
// A policy is written as all, none, or nothing, and a "!" behind it closes it to those further down.
func TestS3(t *testing.T) {
	t.Parallel()
	datadriven.RunTest(t, "testdata/s3.txt", func(t *testing.T, d *datadriven.TestData) string {
		switch d.Cmd {
		case "parse":
			p, err := ParseS3(d.Input)
			if err != nil {
				return "refused: " + err.Error() + "\n"
			}
			return fmt.Sprintf("assign %q, closed %v\n", p.Assign, p.Closed)
		case "effective":
			s := Effective(levels(t, d.Input))
			if s == Unset {
				return "unset\n"
			}
			return s.Content() + "\n"
		default:
			d.Fatalf(t, "unknown command %s", d.Cmd)
			return ""
		}
	})
}

// levels reads the input of effective, by way of the texts of the policies.
func levels(t *testing.T, input string) (out [][]S3) {
	for line := range strings.Lines(input) {
		var level []S3
		for _, written := range strings.Split(strings.TrimSpace(line), " | ") {
			if written == "-" {
				continue
			}
			name, closed := strings.CutSuffix(written, "!")
			var inner []string
			if name != "nothing" {
				inner = append(inner, `"@@assign":"`+name+`"`)
			}
			if closed {
				inner = append(inner, `"@@operators_allowed_for_child_policies":["@@none"]`)
			}
			p, err := ParseS3(`{"s3_attributes":{"public_access_block_configuration":{` + strings.Join(inner, ",") + `}}}`)
			if err != nil {
				t.Fatal(err)
			}
			level = append(level, p)
		}
		out = append(out, level)
	}
	return out
}

// TestEffectiveContent: what an account is told to be in effect says what is in effect.
func TestEffectiveContent(t *testing.T) {
	t.Parallel()
	for setting, want := range map[Setting]string{
		All:  `{"s3_attributes":{"public_access_block_configuration":"all"}}`,
		None: `{"s3_attributes":{"public_access_block_configuration":"none"}}`,
	} {
		if got := setting.Content(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func FuzzParseS3(f *testing.F) {
	f.Add(`{"s3_attributes":{"public_access_block_configuration":{"@@assign":"all"}}}`)
	f.Add(`{"s3_attributes":{"public_access_block_configuration":{"@@operators_allowed_for_child_policies":["@@none"]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParseS3(text)
		if err != nil && p != (S3{}) || err == nil && p.Assign == Unset && !strings.Contains(text, children[2:]) && !strings.Contains(text, `\u`) {
			t.Errorf("%q: %+v, %v", text, p, err)
		}
	})
}
