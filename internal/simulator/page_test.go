package simulator

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/meta"
)

// nobody has no entities.
type nobody struct{}

func (nobody) Entity(context.Context, arn.ARN) (*access.Entity, error) { return nil, meta.ErrNotFound }

// TestPageCountsWork: the fewer results a page has, the more each of them costs.
func TestPageCountsWork(t *testing.T) {
	t.Parallel()
	repeat := func(n int, format string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(all, ",")
	}
	const short = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	manyKeys := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{` + repeat(9000, `"a:%d":""`) + `}}}}`
	manyValues := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringLike":{"a:b":[` + repeat(9000, `"%d"`) + `]}}}}`
	manyVariables := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":[` + repeat(4000, `"arn:aws:s3:::b/${a:%d}"`) + `]}}`
	entries := func(n, values int) []ContextEntry {
		var out []ContextEntry
		for i := range n {
			e := ContextEntry{Key: fmt.Sprintf("b:%d", i), Type: "stringList"}
			for j := range values {
				e.Values = append(e.Values, fmt.Sprint(j))
			}
			out = append(out, e)
		}
		return out
	}
	for _, c := range []struct {
		what, document string
		given          []ContextEntry
		least, most    int
	}{
		{"short", short, nil, 1000, 1000},
		{"many keys", manyKeys, nil, 100, 300},
		{"many keys, and many given", manyKeys, entries(1000, 1), 5, 10},
		{"many values", manyValues, nil, 1000, 1000},
		{"many values, compared with many", manyValues, entries(1, 1000), 1, 2},
		{"many values, compared with a long one", manyValues, []ContextEntry{{Key: "b:0", Values: []string{strings.Repeat("x", 16000)}}}, 1, 2},
		{"many variables", manyVariables, nil, 500, 1000},
		{"many variables, and many given", manyVariables, entries(1000, 1), 10, 20},
	} {
		r := &Request{Account: "111111111111", Policies: []string{c.document}, Context: c.given, Max: 1000}
		for i := range 1000 {
			r.Actions = append(r.Actions, fmt.Sprintf("iam:Get%d", i))
		}
		p, err := New(nobody{}).Simulate(t.Context(), r)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if n := len(p.Results); n < c.least || n > c.most {
			t.Errorf("%s: a page has %d results, want %d to %d", c.what, n, c.least, c.most)
		}
	}
}

// TestGivenKeysOverride: what a request is said to have counts, also where a resource has it.
func TestGivenKeysOverride(t *testing.T) {
	t.Parallel()
	const document = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{` +
		`"StringEquals":{"aws:ResourceAccount":"222222222222","S3:resourceaccount":"111111111111","aws:username":"ann"}}}}`
	r := &Request{
		Account: "111111111111", Policies: []string{document}, Actions: []string{"s3:GetObject", "iam:GetUser"},
		Context: []ContextEntry{{Key: "AWS:RESOURCEACCOUNT", Values: []string{"222222222222"}}, {Key: "aws:username", Values: []string{"ann"}}},
	}
	p, err := New(nobody{}).Simulate(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		decision string
		missing  string
	}{{"allowed", "[]"}, {"implicitDeny", "[S3:resourceaccount]"}} {
		got := p.Results[i]
		if got.Decision.String() != want.decision || fmt.Sprint(got.Missing) != want.missing {
			t.Errorf("%s: %s, missing %v, want %s, missing %s", r.Actions[i], got.Decision, got.Missing, want.decision, want.missing)
		}
	}
}
