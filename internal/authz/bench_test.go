package authz

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"crossgrant/internal/policy"
)

// BenchmarkDecide measures a decision across accounts: the caller's policies must allow and so must the
// bucket policy. Beside it stands Cedar's Go engine on the same statements, written as permits of one
// policy set: it asks each of them, and once allows if any does. The sets:
//
//	mixed      10 policies of 10 statements and a bucket policy of 20, of which the last of each is about
//	           the action; the others are about other actions, buckets and principals
//	alike      the same numbers, all about the action, on other keys of the same bucket
//	condition  as alike, each with a condition on a tag of the caller, and on the source address
//	1000       as alike, 98 policies of 10 statements
func BenchmarkDecide(b *testing.B) {
	for _, s := range []struct {
		name     string
		policies int
		about    func(i, j int) statement
	}{
		{"mixed", 10, func(i, j int) statement {
			return statement{actions: []string{"s3:Get*", "s3:List*"}, key: fmt.Sprintf("other-%d-%d/*", i, j)}
		}},
		{"alike", 10, alike},
		{"condition", 10, func(i, j int) statement {
			s := alike(i, j)
			s.condition = true
			return s
		}},
		{"1000", 98, alike},
	} {
		set := newBenchSet(s.policies, s.about)
		b.Run(s.name+"/crossgrant", set.crossgrant)
		b.Run(s.name+"/cedar", set.cedar)
	}
}

// statement is one Allow in terms that both languages have.
type statement struct {
	actions   []string
	key       string // pattern of the keys of the bucket
	principal string // of the bucket policy: unique ID of a user, or account ID
	condition bool
}

func alike(i, j int) statement {
	return statement{actions: []string{"s3:PutObject"}, key: fmt.Sprintf("folder-%d/%d/*", i, j)}
}

// benchSet is the statements of a set: those of the caller's policies and those of the bucket policy.
type benchSet struct {
	identity [][]statement
	bucket   []statement
}

const benchKey = "incoming/key"

func newBenchSet(policies int, about func(i, j int) statement) *benchSet {
	set := &benchSet{}
	for i := range policies {
		var document []statement
		for j := range 10 {
			document = append(document, about(i, j))
		}
		set.identity = append(set.identity, document)
	}
	match := statement{actions: []string{"s3:PutObject"}, key: "incoming/*", condition: about(0, 0).condition}
	set.identity[policies-1][9] = match
	for j := range 19 {
		s := about(policies, j)
		s.principal = fmt.Sprintf("AIDAOTHEREXAMPLE%05d", j)
		set.bucket = append(set.bucket, s)
	}
	match.principal = string(account("B"))
	set.bucket = append(set.bucket, match)
	return set
}

func (s *benchSet) crossgrant(b *testing.B) {
	var layer Layer
	for i, statements := range s.identity {
		layer = append(layer, Source{Name: fmt.Sprint(i), Document: benchDocument(b, policy.Identity, statements)})
	}
	p := principal("usB")
	var context policy.Context
	context.Set("aws:PrincipalTag/team", "blue")
	context.Set("aws:SourceIp", "203.0.113.9")
	in := &Input{
		Request:  policy.Request{Action: "s3:PutObject", Resource: "arn:aws:s3:::bucket/" + benchKey, Principal: &p, Context: &context},
		Identity: layer, Owner: account("A"), Resource: &Source{Name: "bucket", Document: benchDocument(b, policy.Bucket, s.bucket)},
		S3: &S3{OwnerCanonicalID: canonical("A")},
	}
	b.ReportAllocs()
	for b.Loop() {
		if d := Decide(in); !d.Allowed() {
			b.Fatal(d.By)
		}
	}
}

func benchDocument(b *testing.B, t policy.Type, statements []statement) *policy.Document {
	b.Helper()
	var text []string
	for _, s := range statements {
		line := fmt.Sprintf(`{"Effect":"Allow","Action":["%s"],"Resource":"arn:aws:s3:::bucket/%s"`, strings.Join(s.actions, `","`), s.key)
		if s.principal != "" {
			line += `,"Principal":{"AWS":"` + s.principal + `"}`
		}
		if s.condition {
			line += `,"Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue"},"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`
		}
		text = append(text, line+"}")
	}
	d, err := policy.Parse(t, []byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(text, ",")+`]}`), policy.Stored())
	if err != nil {
		b.Fatal(err)
	}
	return d
}

func (s *benchSet) cedar(b *testing.B) {
	set := cedar.NewPolicySet()
	n := 0
	add := func(t statement, who string) {
		var p cedar.Policy
		if err := p.UnmarshalCedar([]byte(t.cedar(who))); err != nil {
			b.Fatal(err)
		}
		set.Add(cedar.PolicyID(fmt.Sprint(n)), &p)
		n++
	}
	for _, document := range s.identity {
		for _, t := range document {
			add(t, "usB")
		}
	}
	for _, t := range s.bucket {
		who := t.principal
		if who == string(account("B")) {
			who = "usB"
		}
		add(t, who)
	}
	entities := cedar.EntityMap{}
	request := cedar.Request{
		Principal: cedar.NewEntityUID("User", "usB"), Action: cedar.NewEntityUID("Action", "s3:PutObject"),
		Resource: cedar.NewEntityUID("Object", benchKey),
		Context: cedar.NewRecord(cedar.RecordMap{
			"key": cedar.String(benchKey), "team": cedar.String("blue"), "source": mustAddress(b, "203.0.113.9"),
		}),
	}
	b.ReportAllocs()
	for b.Loop() {
		if ok, _ := cedar.Authorize(set, entities, request); !ok {
			b.Fatal("denied")
		}
	}
}

// cedar returns the statement as a permit for one user. The actions that a wildcard of a mixed set stands
// for are two here.
func (s *statement) cedar(who string) string {
	var actions []string
	for _, a := range s.actions {
		actions = append(actions, fmt.Sprintf("Action::%q", strings.TrimSuffix(a, "*")))
	}
	text := fmt.Sprintf(`permit(principal == User::%q, action in [%s], resource) when { context.key like %q`, who, strings.Join(actions, ", "), s.key)
	if s.condition {
		text += ` && context.team == "blue" && context.source.isInRange(ip("203.0.113.0/24"))`
	}
	return text + " };"
}

func mustAddress(b *testing.B, text string) cedar.Value {
	a, err := types.ParseIPAddr(text)
	if err != nil {
		b.Fatal(err)
	}
	return a
}
