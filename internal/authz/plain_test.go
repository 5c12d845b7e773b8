package authz

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/acl"
	"crossgrant/internal/policy"
)

// plainCase is one request with everything that bears on it, as data without behaviour. The naive
// evaluator reads it as it is; input turns it into what Decide takes, by way of the JSON of its
// policies; story writes it down in the explicit form of the files of testdata.
//
// The bucket, or the role, belongs to A. Callers are named as for principal.
type plainCase struct {
	Action, Resource, Caller string
	// Keys are the condition keys, named in lower case.
	Keys map[string]plainValue

	Identity []*plainPolicy
	// Boundary and Session are nil if there is none.
	Boundary, Session []*plainPolicy
	// SCPs and RCPs have one element for each level; nil if none apply.
	SCPs, RCPs [][]*plainPolicy
	// Policy is the bucket policy, or the trust policy if Trust; nil if there is none.
	Policy *plainPolicy
	Trust  bool
	// Bucket is nil if Trust.
	Bucket *plainBucket
}

type plainValue struct {
	Values []string
	Multi  bool
}

type plainBucket struct {
	Enforced, IgnorePublicAcls, RestrictPublicBuckets, RequesterPays, Pays bool
	// Grants are the bucket's ACL in full, such as {B, WRITE}.
	Grants []plainGrant
	// Object is the existing object, nil if there is none, and NewOwner as in S3, by the account's name.
	Object   *plainObject
	NewOwner string
}

type plainObject struct {
	Owner  string
	Grants []plainGrant
}

// plainGrant is a grant to an account, or to anon, or to a group by its last name.
type plainGrant struct{ To, Permission string }

// plainPolicy is a policy of the type that its place asks for.
type plainPolicy struct {
	Type       policy.Type
	Version    string
	Statements []plainStatement
	// Unreadable stands for a document that cannot be read.
	Unreadable bool

	parsed *policy.Document
}

type plainStatement struct {
	Deny bool
	// Everyone is the bare "*". Without it and Names there is no principal.
	Everyone     bool
	Names        []plainName
	NotPrincipal bool
	Actions      []string
	NotAction    bool
	Resources    []string
	NotResource  bool
	Conditions   []plainCondition
}

// plainName is one name of a Principal element, such as AWS and an ARN.
type plainName struct{ Kind, Value string }

type plainCondition struct {
	Operator, Key string
	Values        []string
}

// text renders the policy as JSON.
func (p *plainPolicy) text() string {
	var statements []string
	for i := range p.Statements {
		statements = append(statements, p.Statements[i].text())
	}
	return fmt.Sprintf(`{"Version":%q,"Statement":[%s]}`, p.Version, strings.Join(statements, ",\n"))
}

func (s *plainStatement) text() string {
	not := func(is bool, element string) string {
		if is {
			return `"Not` + element + `":`
		}
		return `"` + element + `":`
	}
	effect := "Allow"
	if s.Deny {
		effect = "Deny"
	}
	members := []string{`"Effect":"` + effect + `"`}
	if s.Everyone || len(s.Names) > 0 {
		members = append(members, not(s.NotPrincipal, "Principal")+s.principals())
	}
	members = append(members, not(s.NotAction, "Action")+list(s.Actions))
	if len(s.Resources) > 0 {
		members = append(members, not(s.NotResource, "Resource")+list(s.Resources))
	}
	if len(s.Conditions) > 0 {
		members = append(members, `"Condition":`+s.conditions())
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (s *plainStatement) principals() string {
	if s.Everyone {
		return `"*"`
	}
	byKind := map[string][]string{}
	for _, n := range s.Names {
		byKind[n.Kind] = append(byKind[n.Kind], n.Value)
	}
	var members []string
	for _, kind := range sorted(byKind) {
		members = append(members, `"`+kind+`":`+list(byKind[kind]))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// conditions renders the conditions, of which no two share operator and key.
func (s *plainStatement) conditions() string {
	byOperator := map[string][]string{}
	for _, c := range s.Conditions {
		byOperator[c.Operator] = append(byOperator[c.Operator], fmt.Sprintf("%q:%s", c.Key, list(c.Values)))
	}
	var members []string
	for _, operator := range sorted(byOperator) {
		members = append(members, fmt.Sprintf("%q:{%s}", operator, strings.Join(byOperator[operator], ",")))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// list renders one value as itself and several as an array.
func list(values []string) string {
	var v any = values
	if len(values) == 1 {
		v = values[0]
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func sorted[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// source parses the policy, once.
func (p *plainPolicy) source() (Source, error) {
	if p.Unreadable {
		return Source{}, nil
	}
	if p.parsed == nil {
		layer, err := parseSource(p.Type, "", p.text())
		if err != nil {
			return Source{}, fmt.Errorf("%w: %s", err, p.text())
		}
		p.parsed = layer[0].Document
	}
	return Source{Document: p.parsed}, nil
}

func layerOf(policies []*plainPolicy) (Layer, error) {
	layer := make(Layer, 0, len(policies))
	for _, p := range policies {
		s, err := p.source()
		if err != nil {
			return nil, err
		}
		layer = append(layer, s)
	}
	return layer, nil
}

// input returns what Decide takes; an error means that a policy is not valid.
func (c *plainCase) input() (*Input, error) {
	p := principal(c.Caller)
	in := &Input{
		Request:   policy.Request{Action: c.Action, Resource: c.Resource, Principal: &p, Context: c.context(), HasBoundary: c.Boundary != nil},
		Owner:     account("A"),
		MustTrust: c.Trust,
	}
	var err error
	layer := func(policies []*plainPolicy) Layer {
		l, e := layerOf(policies)
		if e != nil {
			err = e
		}
		return l
	}
	in.Identity = layer(c.Identity)
	if c.Boundary != nil {
		boundary := layer(c.Boundary)
		in.Boundary = &boundary
	}
	if c.Session != nil {
		session := layer(c.Session)
		in.Session = &session
	}
	for _, level := range c.SCPs {
		in.SCPs = append(in.SCPs, layer(level))
	}
	for _, level := range c.RCPs {
		in.RCPs = append(in.RCPs, layer(level))
	}
	if c.Policy != nil {
		in.Resource = first(layer([]*plainPolicy{c.Policy}))
	}
	if c.Bucket != nil {
		in.S3 = c.Bucket.facts()
	}
	return in, err
}

func (c *plainCase) context() *policy.Context {
	var k policy.Context
	for key, v := range c.Keys {
		if v.Multi {
			k.SetMulti(key, v.Values)
		} else {
			k.Set(key, v.Values[0])
		}
	}
	return &k
}

func (b *plainBucket) facts() *S3 {
	s := &S3{
		OwnerCanonicalID: canonical("A"),
		Enforced:         b.Enforced,
		Block:            PublicAccessBlock{IgnorePublicAcls: b.IgnorePublicAcls, RestrictPublicBuckets: b.RestrictPublicBuckets},
		RequesterPays:    b.RequesterPays,
		AcceptsCharge:    b.Pays,
		BucketACL:        aclOf("A", b.Grants),
	}
	if b.Object != nil {
		s.Object = &Object{Owner: canonical(b.Object.Owner), ACL: aclOf(b.Object.Owner, b.Object.Grants)}
	}
	if b.NewOwner != "" {
		s.NewOwner = canonical(b.NewOwner)
	}
	return s
}

func aclOf(owner string, grants []plainGrant) acl.ACL {
	var names []string
	for _, g := range grants {
		names = append(names, g.To+":"+g.Permission)
	}
	a := grantList(owner, names)
	a.Grants = a.Grants[1:]
	return a
}
