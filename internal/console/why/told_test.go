package why

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/explain"
)

// readReport reads the report of a request, or of a question.
func readReport(t *testing.T, name string) *explain.Report {
	t.Helper()
	var f found
	if err := json.Unmarshal([]byte(file(t, name)), &f); err != nil {
		t.Fatal(err)
	}
	if f.Report != nil {
		return f.Report
	}
	var r explain.Report
	if err := json.Unmarshal([]byte(file(t, name)), &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

// drawn tells what a drawing shows, line by line: sides, layers and what comes of them.
func drawn(t *Told) string {
	var b strings.Builder
	for _, s := range t.Sides {
		fmt.Fprintf(&b, "%s %s: %s\n", s.Title, s.Under, s.Words)
		for i := range s.Steps {
			mark := ""
			if s.Steps[i].Decided {
				mark = "*"
			}
			fmt.Fprintf(&b, "  %s%s: %s\n", mark, s.Steps[i].Title, s.Steps[i].Under())
		}
	}
	return b.String()
}

// TestSides holds which layers are drawn, on which side, and how they come out, to each of the accounts.
func TestSides(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, account string
		want          string
	}{
		{"across_owner.json", mine, `Account 111122223333 owns what was asked for: This side does not allow it
  Resource control policies: does not apply
  *Bucket policy: says nothing; nearly: AllPutForOtherAccountUser
  Bucket ACL: says nothing
Account 380701114427 is the caller's: What this side says is not told
  Policies of account 380701114427: not shown
`},
		{"across_caller.json", theirs, `Another account owns what was asked for: This side does not allow it
  Policies of the other account: not shown
Account 380701114427 is the caller's: This side does not allow it
  Service control policies: does not apply
  Identity-based policies: says nothing
  Permissions boundary: does not apply
`},
		{"within.json", mine, `Account 111122223333 is the caller's, and owns what was asked for: Denied: nothing allows it
  Resource control policies: does not apply
  Service control policies: does not apply
  Bucket policy: says nothing
  Bucket ACL: says nothing; nearly: FULL_CONTROL
  *Identity-based policies: says nothing; nearly: Office
  Permissions boundary: says nothing; nearly: statement 1
`},
		{"anonymous.json", mine, `Account 111122223333 owns what was asked for: Denied: nothing allows it
  Resource control policies: does not apply
  *Bucket policy: says nothing
  Object ACL: says nothing
`},
		{"half.json", theirs, `Another account owns what was asked for: What this side says is not told
  Policies of the other account: not shown
Account 380701114427 is the caller's: This side allows it
  Service control policies: does not apply
  Identity-based policies: allows: MyS3
  Permissions boundary: does not apply
`},
	} {
		first, _ := decisive(tell(readReport(t, c.file), c.account))
		if got := drawn(first); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.file, got, c.want)
		}
	}
}

// TestDrawn holds that nothing is drawn outside of a picture, or over something else.
func TestDrawn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"across_owner.json", "across_caller.json", "within.json", "anonymous.json", "half.json"} {
		for _, told := range tell(readReport(t, name), mine) {
			for _, d := range []*Drawing{told.Wide, told.Narrow} {
				for i, b := range d.Boxes {
					if b.X < 0 || b.Y < 0 || b.X+b.W > d.W || b.Y+b.H > d.H {
						t.Errorf("%s: box %q is outside", name, b.Title)
					}
					for _, o := range d.Boxes[:i] {
						if b.X < o.X+o.W && o.X < b.X+b.W && b.Y < o.Y+o.H && o.Y < b.Y+b.H {
							t.Errorf("%s: box %q is over %q", name, b.Title, o.Title)
						}
					}
				}
				for _, l := range d.Lines {
					if min(l.X1, l.X2, l.Y1, l.Y2) < 0 || max(l.X1, l.X2) > d.W || max(l.Y1, l.Y2) > d.H {
						t.Errorf("%s: line %v is outside", name, l)
					}
				}
			}
		}
	}
}

// TestHeadline holds that the verdict is one sentence, without the statements that stand below it.
func TestHeadline(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"across_owner.json", "across_caller.json", "within.json", "anonymous.json"} {
		got := headline(readReport(t, name))
		if !strings.HasPrefix(got, "Denied: ") || !strings.HasSuffix(got, ".") || strings.Contains(got, "{") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestLinks holds which names lead to which pages, and that those of other accounts lead to none.
func TestLinks(t *testing.T) {
	t.Parallel()
	l := links{mine}
	for name, want := range map[string]string{
		"arn:aws:iam::111122223333:user/eng/ann": "/users/ann", "arn:aws:iam::380701114427:user/ann": "", "arn:aws:sts::111122223333:assumed-role/auditor/x": "/roles/auditor",
		"arn:aws:iam::111122223333:root": "", "x": "", "": "", "arn:aws:iam::111122223333:role/..": "/roles/%2E%2E",
	} {
		if got := l.principal(name); got != want {
			t.Errorf("principal %s: %s, want %s", name, got, want)
		}
	}
	for _, c := range [][4]string{
		{"user/ann/s3", identityPolicy, "arn:aws:s3:::b/k", "/users/ann"}, {"group/eng/s3", identityPolicy, "", "/groups/eng"}, {"role/r/s3", identityPolicy, "", "/roles/r"},
		{"bucket policy of b", resourcePolicy, "arn:aws:s3:::b/k", "/buckets/b/permissions"}, {"", bucketACL, "arn:aws:s3:::b", "/buckets/b/permissions"},
		{"arn:aws:iam::111122223333:policy/P", boundary, "", "/policies/view?arn=arn%3Aaws%3Aiam%3A%3A111122223333%3Apolicy%2FP"}, {"arn:aws:iam::aws:policy/ReadOnlyAccess", identityPolicy, "", "/policies/view?arn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FReadOnlyAccess"},
		{"arn:aws:iam::380701114427:policy/P", identityPolicy, "", ""}, {"", trustPolicy, "arn:aws:iam::111122223333:role/r", "/roles/r"}, {"", serviceControl, "", ""},
		{"arn:aws:organizations::111122223333:policy/o-a/service_control_policy/p-b", serviceControl, "", "/organization/policies/p-b"}, {"arn:aws:organizations::380701114427:policy/o-a/service_control_policy/p-b", serviceControl, "", ""},
	} {
		if got := l.policy(c[0], c[1], c[2]); got != c[3] {
			t.Errorf("policy %q: %s, want %s", c[0], got, c[3])
		}
	}
}

// TestSelectors holds that event selectors are read as they are written.
func TestSelectors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b/"]}],"ExcludeManagementEventSources":["kms.amazonaws.com"]}]}`,
		`{"AdvancedEventSelectors":[{"Name":"n","FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.ARN","StartsWith":["a"],"NotEndsWith":["b"]}]}]}`,
	} {
		basic, advanced, err := readSelectors(text)
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if json.Unmarshal([]byte(writeSelectors(basic, advanced)), &got) != nil || json.Unmarshal([]byte(text), &want) != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	for _, text := range []string{"", "[]", "{} {}", `{"x":1}`} {
		if _, _, err := readSelectors(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// TestFacts holds that a document of an event may be anything.
func TestFacts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "null", "[]", "{", `{"userIdentity":"x","errorCode":5,"requestID":null}`} {
		if got := factsOf(text); got != (eventFacts{}) {
			t.Errorf("%s: %+v", text, got)
		}
	}
}
