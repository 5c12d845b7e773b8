package authz

import (
	"strings"

	"crossgrant/internal/acl"
	"crossgrant/internal/policy"
)

// allow returns the edits that answer a layer that allows nothing: other condition keys for the nearest
// statement, then a statement.
func (s *step) allow() []Edit {
	resource := s.by.Layer == ResourcePolicy || s.by.Layer == TrustPolicy
	if resource && (!s.hasPolicy() || s.foreign()) {
		return s.grant()
	}
	edits := s.nearKeys(s.by.Layer, s.by.Level)
	// Within one account the resource's policy would be enough as well.
	either := s.by.Layer == IdentityPolicy && s.callerIsAuthority() && !s.in.BothSides && s.hasPolicy()
	if either {
		edits = append(edits, s.nearKeys(s.resourceKind(), 0)...)
	}
	edits = append(edits, s.statement(s.by.Layer)...)
	if either {
		edits = append(edits, s.statement(s.resourceKind())...)
	}
	if resource {
		edits = append(edits, s.grant()...)
	}
	return edits
}

// hasPolicy reports whether the resource can have a policy of its own.
func (s *step) hasPolicy() bool { return s.in.S3 != nil || s.in.MustTrust || s.in.Resource != nil }

// foreign reports whether the authority over an object lies with another account than the bucket's owner, so
// that the bucket policy cannot grant.
func (s *step) foreign() bool {
	return s.in.S3 != nil && s.authority() != s.in.S3.OwnerCanonicalID
}

// statement returns the edit that adds to a layer a statement that allows the request; none where nobody can
// add one.
func (s *step) statement(k LayerKind) []Edit {
	if k == SessionPolicy && s.caller.Kind == policy.Root {
		return nil // the task policies of AssumeRoot are AWS's
	}
	e := Edit{Kind: AddStatement, Side: side(k), Layer: k, Level: s.by.Level, Place: -1, Statement: -1}
	if k != SCP && k != RCP {
		e.Level = 0
	}
	layer, _ := layerAt(s.in, k, e.Level)
	version, typ := newVersion, typeOf(s.in, k)
	if e.Place = addsTo(k, layer); e.Place >= 0 {
		e.Policy = layer[e.Place].Name
		if d := layer[e.Place].Document; len(d.Statements) > 0 {
			version, typ = d.Version, d.Type
		}
	}
	if k == IdentityPolicy {
		e.On = s.caller.EntityARN
	}
	allow, also := s.allowing(k, version == newVersion)
	e.Statements, e.Also = []string{allow.Text(typ)}, also
	return []Edit{e}
}

// addsTo returns the place of the policy of a layer that a statement is added to: there is but one policy of
// the resource, one boundary and one session policy that was not chosen among managed ones. Else a new policy is
// nobody else's; -1 stands for it.
func addsTo(k LayerKind, layer Layer) int {
	for i := range layer {
		switch {
		case layer[i].Document == nil:
		case k == ResourcePolicy, k == TrustPolicy, k == PermissionsBoundary:
			return i
		case k == SessionPolicy && !strings.HasPrefix(layer[i].Name, "arn:"):
			return i
		}
	}
	return -1
}

// allowing returns the statement that allows the request in a layer, and what else it allows.
func (s *step) allowing(k LayerKind, variables bool) (allow policy.Statement, also Opening) {
	if k == RCP {
		// Of resource control policies only AWS's own can allow.
		everyone := &policy.Principals{Any: true}
		return policy.Statement{Effect: policy.Allow, Principals: everyone, Actions: []string{"*"}, Resources: []string{"*"}}, anything
	}
	allow = policy.Statement{Effect: policy.Allow, Actions: []string{s.in.Request.Action}}
	if k != TrustPolicy {
		pattern, exact := policy.Literal(s.in.Request.Resource, variables)
		if allow.Resources = []string{pattern}; !exact {
			also |= OtherResources
		}
	}
	switch k {
	case ResourcePolicy, TrustPolicy:
		also |= s.principals(&allow)
	case SCP, PermissionsBoundary:
		also |= s.only(&allow)
	case IdentityPolicy:
		if s.caller.Kind == policy.FederatedUser {
			also |= OtherPrincipals // the user behind it
		}
	}
	return allow, also
}

// principals names the caller in a statement of a resource's policy.
func (s *step) principals(allow *policy.Statement) (also Opening) {
	name := policy.NamedPrincipal{Kind: policy.PrincipalAWS, Value: s.caller.EntityARN}
	switch {
	case s.caller.Provider != "":
		name = policy.NamedPrincipal{Kind: policy.PrincipalFederated, Value: s.caller.Provider}
		also = s.subject(allow)
	case s.caller.Kind == policy.Anonymous:
		name.Value, also = "*", OtherPrincipals
	case s.caller.Kind == policy.Service:
		name = policy.NamedPrincipal{Kind: policy.PrincipalService, Value: s.caller.ARN}
	case s.caller.Kind == policy.FederatedUser:
		name.Value = s.caller.ARN
	case s.caller.Kind == policy.Root:
		also = s.only(allow) // its ARN stands for the account as a whole
	}
	allow.Principals = &policy.Principals{Names: []policy.NamedPrincipal{name}}
	return also
}

// only limits a statement to the caller, by a condition.
func (s *step) only(allow *policy.Statement) (also Opening) {
	is, _, ok := s.identified()
	if !ok {
		return OtherPrincipals
	}
	allow.Conditions = append(allow.Conditions, is)
	return 0
}

// subject limits a statement to the subject and the audience of the token that the caller presents.
func (s *step) subject(allow *policy.Statement) (also Opening) {
	also = OtherPrincipals
	for _, part := range []string{":sub", ":aud"} {
		for _, key := range s.in.Request.Context.Keys() {
			values, multi, _ := s.in.Request.Context.Lookup(key)
			if !strings.HasSuffix(key, part) || multi {
				continue
			}
			allow.Conditions = append(allow.Conditions, policy.Condition{Operator: "StringEquals", Key: key, Values: values})
			if part == ":sub" {
				also = 0
			}
		}
	}
	return also
}

// identified returns the conditions that hold for the caller alone, and for all others: that its user or role
// is this one. ok is false if the request has no key that says so.
func (s *step) identified() (is, isNot policy.Condition, ok bool) {
	one := func(key, operator, not string, accepted ...string) bool {
		values, multi, _ := s.in.Request.Context.Lookup(key)
		if multi || len(values) != 1 || strings.ContainsAny(values[0], "*?$") {
			return false
		}
		for _, value := range accepted {
			if value != "" && value == values[0] {
				is = policy.Condition{Operator: operator, Key: key, Values: values}
				isNot = policy.Condition{Operator: not, Key: key, Values: values}
				return true
			}
		}
		return false
	}
	switch s.caller.Kind {
	case policy.Anonymous:
		ok = s.caller.Provider == "" && one("aws:PrincipalAccount", "StringEquals", "StringNotEquals", "anonymous")
	case policy.Service:
		ok = one("aws:PrincipalServiceName", "StringEquals", "StringNotEquals", s.caller.ARN)
	default:
		ok = one("aws:PrincipalArn", "ArnEquals", "ArnNotEquals", s.caller.EntityARN, s.caller.ARN)
	}
	return is, isNot, ok
}

// grant returns the edit that adds to the ACL that the request is judged by a grant to the caller's account, or
// to the group that it is in; none where no grant permits the action, or ACLs do not count.
func (s *step) grant() []Edit {
	if s.in.S3 == nil || s.in.S3.Enforced || s.in.S3.NewOwner != "" {
		return nil
	}
	list, kind := s.judgingACL()
	if list == nil {
		return nil
	}
	to := acl.Grantee{ID: s.caller.CanonicalID}
	switch {
	case s.caller.Kind == policy.Service:
		to = acl.Grantee{Group: acl.LogDelivery}
	case s.caller.Account == "":
		to = acl.Grantee{Group: acl.AllUsers}
	}
	r := s.aclRequest(kind)
	for _, p := range []acl.Permission{acl.Read, acl.Write, acl.ReadACP, acl.WriteACP} {
		g := acl.Grant{Grantee: to, Permission: p}
		if granting(*list, g).Evaluate(&r).Strength != 0 && list.Evaluate(&r).Strength == 0 {
			return []Edit{{
				Kind: AddGrant, Side: OwnerSide, Layer: kind, Place: -1, Statement: -1, Grant: &g, Also: anything,
			}}
		}
	}
	return nil
}
