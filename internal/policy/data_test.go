package policy

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
)

// The files of testdata/rules hold the rules of the policy language as cases, each with its source.
// Commands:
//
//	policy type=(identity|bucket|trust|session|scp|rcp|resource) [bucket=NAME] [managed]
//	    parse the input; prints "ok", or the refusal with its place and detail
//	statements type=… [version=…]
//	    the same for the statements alone
//	eval as=CALLER action=ACTION on=RESOURCE [boundary]
//	    evaluate the last document; the input is the context, one "key=value" or "key=[v|v…]" a line
//	condition
//	    the first line of the input is a Condition, the others are the context; prints true or false
//	public            whether the last document is public
//	text              the canonical text of the last document
//	keys              the context keys of the last document
//	map               MapPrincipals by the "from -> to" lines of the input, then the text
//	keys-of-actions   each line is "condition key, actions of S3 …"; prints for each action how a bucket
//	                  policy that allows it under that key is answered
//	glob              each line is "pattern text"; prints whether it matches
func TestRules(t *testing.T) {
	datadriven.Walk(t, "testdata/rules", func(t *testing.T, path string) {
		r := &rules{}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string { return r.run(t, d) })
	})
}

type rules struct{ doc *Document }

func (r *rules) run(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "policy":
		return r.parse(t, d, d.Input)
	case "statements":
		version := "2012-10-17"
		d.MaybeScanArgs(t, "version", &version)
		return r.parse(t, d, `{"Version":"`+version+`","Statement":[`+d.Input+`]}`)
	case "eval":
		return r.eval(t, d)
	case "condition":
		return condition(t, d)
	case "public":
		return fmt.Sprint(r.doc.IsPublic())
	case "text":
		return r.doc.Text()
	case "keys":
		return strings.Join(r.doc.Keys(), "\n")
	case "map":
		return r.mapPrincipals(d)
	case "keys-of-actions":
		return keysOfActions(t, d)
	case "glob":
		return globs(t, d)
	default:
		t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
		return ""
	}
}

var typeNames = map[string]Type{
	"identity": Identity, "bucket": Bucket, "trust": Trust, "session": Session, "scp": SCP, "rcp": RCP,
	"resource": Resource,
}

func (r *rules) parse(t *testing.T, d *datadriven.TestData, text string) string {
	var name, bucket string
	d.ScanArgs(t, "type", &name)
	d.MaybeScanArgs(t, "bucket", &bucket)
	typ, ok := typeNames[name]
	if !ok {
		t.Fatalf("%s: unknown type %q", d.Pos, name)
	}
	opts := []Option{func(o *options) { o.bucket = bucket }}
	if d.HasArg("managed") {
		opts = append(opts, Managed())
	}
	doc, err := Parse(typ, []byte(text), opts...)
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: error is a %T", d.Pos, err)
		}
		s := e.Message
		if e.Detail != "" {
			s += "\n  detail: " + e.Detail
		}
		if e.Line != 0 {
			s += fmt.Sprintf("\n  at: %d:%d", e.Line, e.Column)
		}
		return s
	}
	checkText2(t, doc)
	r.doc = doc
	return "ok"
}

// checkText2 checks that the canonical text parses and is its own canonical text.
func checkText2(t *testing.T, doc *Document) {
	t.Helper()
	text := doc.Text()
	again, err := Parse(doc.Type, []byte(text), Stored(), Managed())
	if err != nil {
		t.Fatalf("canonical text is refused: %v\n%s", err, text)
	}
	if got := again.Text(); got != text {
		t.Errorf("canonical text changes:\n%s\n%s", text, got)
	}
}

const (
	accountA = ids.AccountID("111111111111")
	accountB = ids.AccountID("222222222222")
	canonA   = ids.CanonicalUserID("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	canonB   = ids.CanonicalUserID("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
)

// callers are the principals that tests act as.
var callers = map[string]*Principal{
	"anonymous": {Kind: Anonymous},
	"rootA":     {Kind: Root, Account: accountA, CanonicalID: canonA, ARN: arn.Root(accountA).String(), EntityARN: arn.Root(accountA).String()},
	"rootB":     {Kind: Root, Account: accountB, CanonicalID: canonB, ARN: arn.Root(accountB).String(), EntityARN: arn.Root(accountB).String()},
	"ann": {
		Kind: User, Account: accountA, CanonicalID: canonA, ARN: "arn:aws:iam::111111111111:user/team/ann",
		EntityARN: "arn:aws:iam::111111111111:user/team/ann", EntityID: "AIDAANNAAAAAAAAAAAAAA", Name: "ann",
	},
	"bob": {
		Kind: User, Account: accountB, CanonicalID: canonB, ARN: "arn:aws:iam::222222222222:user/bob",
		EntityARN: "arn:aws:iam::222222222222:user/bob", EntityID: "AIDABOBAAAAAAAAAAAAAA", Name: "bob",
	},
	"session": {
		Kind: RoleSession, Account: accountA, CanonicalID: canonA, ARN: "arn:aws:sts::111111111111:assumed-role/writer/s1",
		EntityARN: "arn:aws:iam::111111111111:role/team/writer", EntityID: "AROAWRITERAAAAAAAAAAA", Name: "s1",
	},
	"federated": {
		Kind: FederatedUser, Account: accountA, CanonicalID: canonA, ARN: "arn:aws:sts::111111111111:federated-user/fay",
		EntityARN: "arn:aws:iam::111111111111:user/team/ann", EntityID: "AIDAANNAAAAAAAAAAAAAA", Name: "fay",
	},
	"logging": {Kind: Service, ARN: "logging.s3.amazonaws.com"},
	"token":   {Kind: Anonymous, Provider: "arn:aws:iam::111111111111:oidc-provider/example.com"},
}

func (r *rules) eval(t *testing.T, d *datadriven.TestData) string {
	req := &Request{Context: context(t, d, d.Input), HasBoundary: d.HasArg("boundary")}
	var as string
	d.ScanArgs(t, "as", &as)
	d.ScanArgs(t, "action", &req.Action)
	d.ScanArgs(t, "on", &req.Resource)
	var ok bool
	if req.Principal, ok = callers[as]; !ok {
		t.Fatalf("%s: unknown caller %q", d.Pos, as)
	}
	allow, deny := strongest(r.doc, req)
	checkAlgebra(t, r.doc, req)
	var out []string
	if deny != nil {
		out = append(out, fmt.Sprintf("deny %d %s", deny.Index, r.doc.Statements[deny.Index].Sid))
	}
	if allow != nil {
		out = append(out, fmt.Sprintf("allow %d %s %s", allow.Index, grantNames[allow.Grant], r.doc.Statements[allow.Index].Sid))
	}
	if out == nil {
		return "none"
	}
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return strings.Join(out, "\n")
}

var grantNames = map[Grant]string{None: "none", Account: "account", Role: "role", Direct: "direct"}

// strongest returns the first of the strongest Allows that match and the first Deny that matches; nil for
// none.
func strongest(d *Document, req *Request) (allow, deny *Match) {
	q := NewQuery(req)
	for _, m := range d.Matches(&q) {
		if m.Effect == Deny && deny == nil {
			deny = &m
		}
		if m.Effect == Allow && (allow == nil || m.Grant > allow.Grant) {
			allow = &m
		}
	}
	return allow, deny
}

func evaluate(d *Document, req *Request) Match {
	q := NewQuery(req)
	return d.Evaluate(&q)
}

// changed returns a copy of d with other statements.
func changed(d *Document, statements ...Statement) *Document {
	c := &Document{Type: d.Type, Version: d.Version, Statements: statements}
	c.compile()
	return c
}

// checkAlgebra recomputes a decision in other ways: Matches agrees with Evaluate, and so does the
// canonical text; the index of actions hides nothing; the order of statements does not matter; another
// Deny never allows.
func checkAlgebra(t *testing.T, d *Document, req *Request) {
	t.Helper()
	allow, deny := strongest(d, req)
	want := Match{}
	if deny != nil {
		want = *deny
	} else if allow != nil {
		want = *allow
	}
	if got := evaluate(d, req); got != want {
		t.Errorf("Evaluate gives %v, Matches %v", got, want)
	}
	again, err := Parse(d.Type, []byte(d.Text()), Stored(), Managed())
	if err != nil {
		t.Fatalf("canonical text is refused: %v", err)
	}
	if got := evaluate(again, req); got != want {
		t.Errorf("canonical text gives %v, not %v", got, want)
	}
	plain := changed(d, d.Statements...)
	plain.index.class = nil
	q := NewQuery(req)
	q.known = unknownAction
	if got := plain.Evaluate(&q); got != want {
		t.Errorf("without the index: %v, not %v", got, want)
	}

	shuffled := append([]Statement(nil), d.Statements...)
	rng := rand.New(rand.NewPCG(1, uint64(len(shuffled))))
	rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	if got := evaluate(changed(d, shuffled...), req); got.Effect != want.Effect || got.Grant != want.Grant {
		t.Errorf("order of statements matters: %v, %v", got, want)
	}

	allows := func(m Match) Grant {
		if m.Effect == Deny {
			return None
		}
		return m.Grant
	}
	for i := range d.Statements {
		denying := d.Statements[i]
		denying.Effect = Deny
		if got := evaluate(changed(d, append(append([]Statement(nil), d.Statements...), denying)...), req); allows(got) > allows(want) {
			t.Errorf("another Deny allows more: %v", got)
		}
		more := append([]Statement(nil), d.Statements...)
		more[i].Effect = Deny
		if got := evaluate(changed(d, more...), req); allows(got) > allows(want) {
			t.Errorf("a Deny in place of statement %d allows more: %v", i, got)
		}
	}
}

// context parses lines of "key=value", for a single-valued key, or "key=[v|v…]", for a multivalued
// one; "key=[]" is a multivalued key that is present and empty.
func context(t *testing.T, d *datadriven.TestData, text string) *Context {
	t.Helper()
	c := &Context{}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok {
			t.Fatalf("%s: %q is not key=value", d.Pos, line)
		}
		if list, ok := strings.CutPrefix(value, "["); ok {
			list = strings.TrimSuffix(list, "]")
			values := strings.Split(list, "|")
			if list == "" {
				values = nil
			}
			c.SetMulti(key, values)
		} else {
			c.Set(key, value)
		}
	}
	return c
}

func condition(t *testing.T, d *datadriven.TestData) string {
	line, rest, _ := strings.Cut(d.Input, "\n")
	doc, err := Parse(Identity, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+line+`}}`))
	if err != nil {
		return err.Error()
	}
	req := &Request{Action: "s3:GetObject", Resource: "*", Context: context(t, d, rest)}
	checkAlgebra(t, doc, req)
	return fmt.Sprint(evaluate(doc, req).Grant != None)
}

func (r *rules) mapPrincipals(d *datadriven.TestData) string {
	mapping := map[string]string{}
	for line := range strings.Lines(d.Input) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " -> ")
		mapping[from] = to
	}
	doc, err := r.doc.MapPrincipals(func(_ PrincipalKind, value string) (string, error) {
		to, ok := mapping[value]
		if !ok {
			return "", errors.New("no such principal")
		}
		return to, nil
	})
	if err != nil {
		var e *Error
		errors.As(err, &e)
		return e.Message + "\n  detail: " + e.Detail + "\n  cause: " + errors.Unwrap(e).Error()
	}
	r.doc = doc
	return doc.Text()
}

// keysOfActions tries a condition key with one action of S3 after the other.
func keysOfActions(t *testing.T, d *datadriven.TestData) string {
	var out []string
	for line := range strings.Lines(d.Input) {
		words := strings.Fields(line)
		for _, action := range words[1:] {
			_, err := ParseBucket([]byte(`{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:`+action+
				`","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"Null":{"`+words[0]+`":"false"}}}}`), "b")
			answer := "ok"
			if err != nil {
				answer = err.Error()
			}
			if out == nil || !strings.HasSuffix(out[len(out)-1], ": "+answer) || !strings.HasPrefix(out[len(out)-1], words[0]+" ") {
				out = append(out, words[0]+" : "+answer)
			}
			last := &out[len(out)-1]
			*last = strings.Replace(*last, " : ", " "+action+" : ", 1)
		}
	}
	return strings.ReplaceAll(strings.Join(out, "\n"), " : ", ": ")
}

func globs(t *testing.T, d *datadriven.TestData) string {
	var out []string
	for line := range strings.Lines(d.Input) {
		pattern, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		g := parseGlob(pattern)
		got := g.match(text)
		if naive := naiveMatch(appendPattern(nil, pattern), appendLiteral(nil, text)); naive != got || matchTokens(appendPattern(nil, pattern), text) != got {
			t.Errorf("%s: %q against %q: %v, naively %v", d.Pos, pattern, text, got, naive)
		}
		out = append(out, fmt.Sprint(got))
	}
	return strings.Join(out, "\n")
}
