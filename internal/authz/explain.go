package authz

import (
	"cmp"
	"slices"
	"strings"

	"crossgrant/internal/acl"
	"crossgrant/internal/policy"
)

// Explanation is a Decision told in full.
type Explanation struct {
	Decision
	// Input is what was decided; nil for what a setting refuses by itself.
	Input *Input
	// Reasons are what the layers said, in evaluation order, as in Decision.Findings.
	Reasons []Reason
	// Misses are, for a denial, what would have allowed in the layers that are silent, and what in it
	// did not match: the nearest first, and at most maxMisses of each layer. They are empty for an Allow
	// and for an explicit deny, which nothing could outweigh. A statement that a setting took away is among
	// them, though all of it matches.
	Misses []Miss
}

// Reason is a finding with the statement that made it.
type Reason struct {
	Finding
	// Conditions are those of the deciding statement, with the values that were compared; empty if no
	// statement decided or it has none.
	Conditions []policy.Comparison
}

// Miss is a statement or grant that would have allowed a request if it had matched.
type Miss struct {
	Layer LayerKind
	Level uint8 // as in Finding
	// Policy and Statement name the statement; Policy is nil for the grant of an ACL, which is in ACL.
	Policy    *Source
	Statement int32
	Sid       string
	ACL       *acl.Grant
	// Trial tells what of the statement matches. For a grant of an ACL, Principal is true and Action
	// false: it is made to the caller and does not permit the action.
	policy.Trial
}

// Source returns the name of the policy, or describes the grant of an ACL.
func (m *Miss) Source() string {
	f := Finding{Policy: m.Policy, ACL: m.ACL}
	return f.Source()
}

// Why tells in words what of the statement or grant did not match, a phrase for each element and condition.
// It quotes the policy and is for those who may read it.
func (m *Miss) Why() []string {
	if m.Policy == nil {
		return []string{string(m.ACL.Permission) + " does not permit the action"}
	}
	s := &m.Policy.Document.Statements[m.Statement]
	if m.Misses() == 0 {
		return []string{"it matches, but a setting takes it away"}
	}
	var out []string
	if !m.Action {
		out = append(out, element("Action", s.NotAction)+" "+bracketed(s.Actions)+" does not match")
	}
	if !m.Resource {
		out = append(out, element("Resource", s.NotResource)+" "+bracketed(s.Resources)+" does not match")
	}
	if !m.Principal {
		out = append(out, element("Principal", s.NotPrincipal)+" does not name the caller")
	}
	for i := range m.Conditions {
		if c := &m.Conditions[i]; !c.Holds {
			out = append(out, Compared(c))
		}
	}
	return out
}

func element(name string, not bool) string {
	if not {
		return "Not" + name
	}
	return name
}

func bracketed(values []string) string { return "[" + strings.Join(values, ", ") + "]" }

// Compared tells in words how a condition compares with the request.
func Compared(c *policy.Comparison) string {
	holds := "holds"
	if !c.Holds {
		holds = "does not hold"
	}
	actual := "no such key"
	if c.Present {
		actual = bracketed(c.Actual)
	}
	return c.Operator + " " + c.Key + " " + bracketed(c.Values) + " " + holds + ": the request has " + actual
}

// maxMisses is how many misses of one layer are told.
const maxMisses = 5

// Explain decides and tells why. Its Decision is that of Decide. It is meant for denials and for those who
// ask; it costs many times as much.
func Explain(in *Input) Explanation {
	x := explainer{in: in, q: policy.NewQuery(&in.Request), out: Explanation{Decision: Decide(in), Input: in}}
	for _, f := range x.out.Decision.Findings() {
		x.reason(f)
	}
	if x.out.Effect == ImplicitDeny || x.out.By.Setting == RestrictPublicBuckets {
		x.misses()
	}
	return x.out
}

type explainer struct {
	in  *Input
	q   policy.Query
	out Explanation
}

func (x *explainer) reason(f Finding) {
	r := Reason{Finding: f}
	if f.Policy != nil && f.Policy.Document != nil && f.Statement >= 0 {
		r.Conditions = f.Policy.Document.Try(int(f.Statement), &x.q).Conditions
	}
	x.out.Reasons = append(x.out.Reasons, r)
}

// misses looks for what nearly allowed in each layer that is silent.
func (x *explainer) misses() {
	for _, f := range x.out.Decision.Findings() {
		if f.Effect == ImplicitDeny {
			x.out.Misses = append(x.out.Misses, x.near(f)...)
		}
	}
	slices.SortStableFunc(x.out.Misses, func(a, b Miss) int { return cmp.Compare(a.Misses(), b.Misses()) })
}

// near returns the nearest misses of one silent layer.
func (x *explainer) near(f Finding) []Miss {
	var out []Miss
	if f.Layer == BucketACL || f.Layer == ObjectACL {
		out = x.grants(f.Layer)
	}
	layer := x.layer(f)
	for i := range layer {
		out = append(out, x.statements(f, &layer[i])...)
	}
	slices.SortStableFunc(out, func(a, b Miss) int { return cmp.Compare(a.Misses(), b.Misses()) })
	return out[:min(len(out), maxMisses)]
}

// layer returns the policies that a finding is about.
func (x *explainer) layer(f Finding) Layer {
	in := x.in
	switch f.Layer {
	case RCP:
		return in.RCPs[f.Level]
	case SCP:
		return in.SCPs[f.Level]
	case ResourcePolicy, TrustPolicy:
		return Layer{*in.Resource}
	case IdentityPolicy:
		return in.Identity
	case PermissionsBoundary:
		return *in.Boundary
	case SessionPolicy:
		if in.Session != nil {
			return *in.Session
		}
	}
	return nil
}

// statements returns the Allows of one policy that are about the action, or about the resource and the
// caller: what shares less with the request is no near miss.
func (x *explainer) statements(f Finding, s *Source) []Miss {
	if s.Document == nil {
		return nil
	}
	var out []Miss
	for i := range s.Document.Statements {
		if s.Document.Statements[i].Effect == policy.Deny {
			continue
		}
		t := s.Document.Try(i, &x.q)
		if t.Action || t.Resource && t.Principal {
			out = append(out, Miss{
				Layer: f.Layer, Level: f.Level, Policy: s, Statement: int32(i), Sid: s.Document.Statements[i].Sid, Trial: t,
			})
		}
	}
	return out
}

// grants returns the grants of the judging ACL to the caller that do not permit the action.
func (x *explainer) grants(kind LayerKind) []Miss {
	e := evaluation{in: x.in, caller: x.in.Request.Principal}
	if e.caller == nil {
		e.caller = &nobody
	}
	list, _ := e.judgingACL()
	r := e.aclRequest(kind)
	var out []Miss
	for _, g := range list.Named(&r) {
		out = append(out, Miss{Layer: kind, ACL: &g, Statement: -1, Trial: policy.Trial{Principal: true, Resource: true}})
	}
	return out
}

// Unknown is a condition key that a request has not, and that a statement of a layer asks about.
type Unknown struct {
	Layer LayerKind
	Key   string // as the statement writes it
}

// UnknownKeys returns the condition keys that the request has not and that decide whether statements match
// which do otherwise, layer by layer in the order of consultation.
func UnknownKeys(in *Input) []Unknown {
	x := explainer{in: in, q: policy.NewQuery(&in.Request)}
	d := Decide(in)
	var out []Unknown
	for _, f := range d.Findings() {
		layer := x.layer(f)
		for i := range layer {
			out = append(out, x.unknown(f.Layer, layer[i].Document)...)
		}
	}
	return out
}

func (x *explainer) unknown(k LayerKind, d *policy.Document) []Unknown {
	if d == nil {
		return nil
	}
	var out []Unknown
	for i := range d.Statements {
		t := d.Try(i, &x.q)
		if !t.Action || !t.Resource || !t.Principal {
			continue
		}
		for _, c := range t.Conditions {
			if !c.Present {
				out = append(out, Unknown{k, c.Key})
			}
		}
	}
	return out
}
