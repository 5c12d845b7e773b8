package policy

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// scan is what Evaluate says, found without the index.
func scan(d *Document, q *Query) Match {
	allow, deny := Match{}, Match{}
	for _, m := range d.Matches(q) {
		switch {
		case m.Effect == Deny && deny.Grant == None:
			deny = m
		case m.Effect == Allow && m.Grant > allow.Grant:
			allow = m
		}
	}
	if deny.Grant != None {
		return deny
	}
	return allow
}

// TestIndexFindsWhatAScanFinds compares the two on documents whose resources begin alike.
func TestIndexFindsWhatAScanFinds(t *testing.T) {
	t.Parallel()
	const seed = 20
	r := rand.New(rand.NewPCG(seed, seed))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	actions := []string{"s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:ListAllMyBuckets", "iam:GetUser", "other:Thing"}
	// Of what patterns and resources are put together.
	pieces := []string{"", "a", "b", "/", "é", "*", "?", "${*}", "${aws:username}", "${aws:absent, 'a'}", "${", "a*b", "\uFFFD"}
	values := []string{"", "a", "b", "/", "é", "*", "a", "?", "a/b", "${", "axb", "\xc3", "\uFFFD"}
	name := func(from []string) string { return pick(from...) + pick(from...) + pick(from...) }
	var keys Context
	keys.Set("aws:username", "a")
	compared := 0
	for range 6000 {
		var statements []string
		for range 1 + r.IntN(6) {
			resource := fmt.Sprintf("[%q,%q]", "arn:aws:s3:::"+name(pieces), pick("*", "arn:aws:s3:*:*:a", "arn:aws:s3", "arn:*:s3:::b*", "arn:aws:s3:::"))
			statements = append(statements, fmt.Sprintf(`{"Effect":%q,%q:[%q,%q],%q:%s}`, pick("Allow", "Allow", "Deny"),
				pick("Action", "Action", "NotAction"), pick(append(actions, "*", "s3:*Object")...), pick(actions...),
				pick("Resource", "Resource", "Resource", "NotResource"), resource))
		}
		text := `{"Version":"` + pick(version2012, "2008-10-17") + `","Statement":[` + strings.Join(statements, ",") + `]}`
		d, err := Parse(Session, []byte(text))
		if err != nil {
			continue // a variable that is refused
		}
		for range 20 {
			compared++
			q := NewQuery(&Request{Action: pick(actions...), Resource: pick("*", "arn:aws:s3:::"+name(values)), Context: &keys})
			if got, want := d.Evaluate(&q), scan(d, &q); got != want {
				t.Fatalf("%s\n%s on %q: got %+v, want %+v", text, q.action, q.resource, got, want)
			}
		}
	}
	if compared < 10000 {
		t.Errorf("only %d requests were compared", compared)
	}
}

// TestIndexOfManyClasses has a document that tells nearly all actions apart and has many statements about
// all of them. Its index stays small and finds the last statement.
func TestIndexOfManyClasses(t *testing.T) {
	t.Parallel()
	statements := make([]string, 0, 300)
	for c := 'a'; c <= 'z'; c++ {
		statements = append(statements, `{"Effect":"Allow","Action":"*:*`+string(c)+`*","Resource":"arn:aws:s3:::x"}`)
	}
	for len(statements) < 299 {
		statements = append(statements, `{"Effect":"Allow","Action":"*","Resource":"*"}`)
	}
	statements = append(statements, `{"Effect":"Deny","Action":"s3:DeleteObject","Resource":"*"}`)
	d, err := Parse(Identity, []byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(d.index.lists); n > len(knownActions) {
		t.Errorf("%d lists for %d actions", n, len(knownActions))
	}
	prefixes := 0
	for i := range d.index.lists {
		prefixes += len(d.index.lists[i].prefixes)
	}
	if prefixes > maxPrefixes {
		t.Errorf("%d prefixes", prefixes)
	}
	for _, action := range knownActions {
		q := NewQuery(&Request{Action: action, Resource: "*"})
		if got, want := d.Evaluate(&q), scan(d, &q); got != want {
			t.Errorf("%s: got %+v, want %+v", action, got, want)
		}
	}
}
