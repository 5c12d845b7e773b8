package external

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/policy/space"
)

// policy finds what the resource's policy grants.
func (f *finder) policy() error {
	if f.resource.Policy == nil {
		return nil
	}
	if f.resource.Policy.Document == nil {
		return fmt.Errorf("%w: that of %s: %w", ErrUnreadable, f.resource.ARN, f.resource.Policy.Fault)
	}
	w, err := f.witnesses(f.resource.Policy.Document)
	if err != nil || w == nil {
		return err
	}
	w.source = &authz.Source{Name: f.resource.Policy.Name, Document: w.space.Document(0)}
	return w.space.Each(w.visit)
}

// witnesses returns what goes through the requests that documents and the resource control policies can tell apart;
// nil if one of the latter cannot be read, which denies everything.
func (f *finder) witnesses(documents ...*policy.Document) (*witnesses, error) {
	first := len(documents)
	for _, layer := range f.resource.RCPs {
		for i := range layer {
			if layer[i].Document == nil {
				return nil, nil
			}
			documents = append(documents, layer[i].Document)
		}
	}
	s, err := space.New(documents, space.Options{
		Principals: true, Actions: f.actions(), Resources: f.resources(), Fits: fits, Caller: f.outside, Has: f.has, Told: f.told(),
	})
	if err != nil {
		return nil, err
	}
	w := &witnesses{finder: f, space: s, named: map[string]*policy.Document{}}
	for _, layer := range f.resource.RCPs {
		seen := authz.Layer{}
		for j := range layer {
			seen = append(seen, authz.Source{Name: layer[j].Name, Document: s.Document(first)})
			first++
		}
		w.rcps = append(w.rcps, seen)
	}
	return w, nil
}

// told are the values of condition keys that has tells apart.
func (f *finder) told() map[string][]string {
	if f.zone.Organization == "" {
		return nil
	}
	org := string(f.zone.Organization)
	told := map[string][]string{}
	for _, prefix := range []string{"aws:principal", "aws:source"} {
		told[prefix+"orgid"], told[prefix+"orgpaths"] = []string{org}, []string{org + "/*"}
	}
	return told
}

// has reports whether somebody outside of the zone can have a value for a condition key: of those that tell who
// calls, or for whom a service does, none that is of the zone.
func (f *finder) has(_ *space.Caller, key, value string) bool {
	org := string(f.zone.Organization)
	switch key {
	case "aws:principalaccount", "aws:sourceaccount", "aws:sourceowner":
		return !f.zone.Trusts(ids.AccountID(value))
	case "aws:principalarn", "aws:sourcearn":
		a, err := arn.Parse(value)
		return err != nil || a.Account == "" || !f.zone.Trusts(ids.AccountID(a.Account))
	case "aws:principalorgid", "aws:sourceorgid":
		return org == "" || value != org
	case "aws:principalorgpaths", "aws:sourceorgpaths":
		return org == "" || !strings.HasPrefix(value, org+"/")
	}
	return true
}

// witnesses goes through the requests that the policies of a resource can tell apart.
type witnesses struct {
	*finder
	space  *space.Space
	source *authz.Source
	rcps   []authz.Layer
	named  map[string]*policy.Document // by principal: what allows it everything
}

// visit notes the statements that grant a request, if it is allowed.
func (w *witnesses) visit(r *space.Request) bool {
	d := w.decide(r.Request, w.source, w.rcps)
	if !d.Allowed() {
		return true
	}
	q := policy.NewQuery(&r.Request)
	for _, m := range w.space.Document(0).Matches(&q) {
		i := w.space.Statement(0, m.Index)
		s := &w.resource.Policy.Document.Statements[i]
		if m.Effect == policy.Deny || s.Principals == nil {
			continue
		}
		condition := conditionOf(s)
		if s.Principals.Any {
			w.add(policy.PrincipalAWS, "*", r.Action, FromPolicy, condition, w.public(i))
			continue
		}
		for _, n := range s.Principals.Names {
			if w.names(n, r) {
				w.report(n, r.Action, condition, i)
			}
		}
	}
	return true
}

// public reports whether statement i allows everyone.
func (f *finder) public(i int) bool { return f.resource.Policy.Document.PublicStatement(i) }

// report notes that a principal that a statement names may use an action.
func (w *witnesses) report(n policy.NamedPrincipal, action string, condition map[string]string, statement int) {
	switch {
	case n.Kind == policy.PrincipalService:
	case n.Kind == policy.PrincipalAWS && n.Value == "*":
		w.add(n.Kind, n.Value, action, FromPolicy, condition, w.public(statement))
	case n.Kind == policy.PrincipalAWS && !strings.Contains(n.Value, ":") && len(n.Value) != len(w.resource.Owner):
		// The unique ID of what is gone names nobody any more.
	case n.Kind == policy.PrincipalAWS && strings.HasSuffix(n.Value, ":root"):
		a, err := arn.Parse(n.Value)
		if err != nil {
			return
		}
		w.add(n.Kind, a.Account, action, FromPolicy, condition, false)
	default:
		w.add(n.Kind, n.Value, action, FromPolicy, condition, false)
	}
}

// names reports whether a principal names the caller of a request.
func (w *witnesses) names(n policy.NamedPrincipal, r *space.Request) bool {
	d := w.named[string(n.Kind)+n.Value]
	if d == nil {
		d = allowing(n)
		w.named[string(n.Kind)+n.Value] = d
	}
	q := policy.NewQuery(&policy.Request{Action: "s3:GetObject", Resource: "*", Principal: r.Principal})
	return d.Evaluate(&q).Grant != policy.None
}

// allowing returns a document that allows a principal everything.
func allowing(n policy.NamedPrincipal) *policy.Document {
	text, err := json.Marshal(map[string]any{"Statement": map[string]any{
		"Effect": "Allow", "Principal": map[string]any{string(n.Kind): n.Value}, "Action": "*", "Resource": "*",
	}})
	var d *policy.Document
	if err == nil {
		d, err = policy.Parse(policy.Resource, text, policy.Stored())
	}
	if err != nil {
		panic(err) // it is a principal of a document that was parsed
	}
	return d
}

// shownKeys are the condition keys that findings tell: those that external callers cannot choose.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-filter-keys.html
var shownKeys = []string{
	"aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce",
	"aws:SourceArn", "aws:SourceAccount", "aws:UserId", "aws:PrincipalAccount", "cognito-identity.amazonaws.com:aud", "graph.facebook.com:app_id",
	"accounts.google.com:aud", "www.amazon.com:app_id", "kms:CallerAccount", "sts:ExternalId", "saml:aud", "s3:DataAccessPointAccount", "s3:DataAccessPointArn",
}

// conditionOf returns the conditions of a statement that findings tell: by key what it is compared with. Values of one
// key are sorted and parted by commas; the conditions of negated operators, which leave everyone else, are not told.
func conditionOf(s *policy.Statement) map[string]string {
	values := map[string][]string{}
	for _, c := range s.Conditions {
		i := slices.IndexFunc(shownKeys, func(key string) bool { return strings.EqualFold(key, c.Key) })
		if i < 0 || strings.Contains(c.Operator, "Not") || strings.Contains(c.Operator, "Null") || strings.HasSuffix(c.Operator, "IfExists") {
			continue
		}
		values[shownKeys[i]] = append(values[shownKeys[i]], c.Values...)
	}
	condition := map[string]string{}
	for key, list := range values {
		slices.Sort(list)
		condition[key] = strings.Join(slices.Compact(list), ",")
	}
	return condition
}
