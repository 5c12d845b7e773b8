package simulator

import (
	"slices"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// decide simulates one action on one resource.
func (s *simulation) decide(action, resource string) ResourceResult {
	in := s.input(action, resource)
	d := authz.Decide(&in)
	out := ResourceResult{Resource: resource, Decision: d.Effect, Matched: matched(&in, d.Effect), Missing: s.missing(action, resource)}
	var details Details
	for _, f := range d.Findings() {
		switch f.Layer {
		case authz.SCP:
			out.Organizations = both(out.Organizations, f.Effect == authz.Allow)
		case authz.PermissionsBoundary:
			out.Boundary = both(out.Boundary, f.Effect == authz.Allow)
			details.Boundary = &f.Effect
		case authz.IdentityPolicy:
			details.Identity = f.Effect
		case authz.ResourcePolicy, authz.TrustPolicy:
			details.Resource = f.Effect
		}
	}
	// Where a service control policy denies, the simulation ends before the other policies.
	if in.Owner != s.caller.Account && (out.Organizations == nil || *out.Organizations) {
		out.Details = &details
	}
	return out
}

// both returns whether this holds and what came before it.
func both(before *bool, holds bool) *bool {
	holds = holds && (before == nil || *before)
	return &holds
}

// fill puts together what of the condition keys is the same in all decisions.
func (s *simulation) fill() {
	s.request = policy.Over(&s.keys)
	var ofResource policy.Context
	access.ResourceKeys(&ofResource, s.caller.Account, "s3:GetObject")
	for _, v := range s.given {
		v.set(&s.request)
		if _, _, ok := ofResource.Lookup(v.Key); ok {
			s.overriding = append(s.overriding, v)
		}
	}
	s.unfilled = absent(keysOf(s.sources()), &s.request)
}

// absent returns the names that k has not.
func absent(names []string, k *policy.Context) []string {
	var out []string
	for _, name := range names {
		if _, _, ok := k.Lookup(name); !ok {
			out = append(out, name)
		}
	}
	return out
}

// input is what a request for the action would be judged by.
func (s *simulation) input(action, resource string) authz.Input {
	owner := s.ownerOf(resource)
	k := policy.Over(&s.request)
	access.ResourceKeys(&k, owner, action)
	for i := range s.overriding {
		s.overriding[i].set(&k)
	}
	return authz.Input{
		Request: policy.Request{
			Action: action, Resource: resource, Principal: &s.caller, Context: &k, HasBoundary: s.boundary != nil,
		},
		Identity: s.identity,
		Boundary: s.boundary,
		SCPs:     s.scps,
		Owner:    owner,
		Resource: s.resource,
		// Without a policy of the role nothing can be said about its trust.
		MustTrust: s.resource != nil && strings.EqualFold(action, "sts:AssumeRole"),
	}
}

// ownerOf returns the account that owns a resource: the one in its ARN, if it has one.
func (s *simulation) ownerOf(resource string) ids.AccountID {
	if a, err := arn.Parse(resource); err == nil {
		if id, err := ids.ParseAccountID(a.Account); err == nil {
			return id
		}
	}
	return s.owner
}

// missing returns the condition keys that the policies use and a request lacks. Service control policies are
// left out: they belong to the organization, which need not show them.
func (s *simulation) missing(action, resource string) []string {
	var k policy.Context
	access.ResourceKeys(&k, s.ownerOf(resource), action)
	return absent(s.unfilled, &k)
}

// sources are the policies that take part and may be shown to whoever asks.
func (s *simulation) sources() authz.Layer {
	layer := slices.Clone(s.identity)
	if s.boundary != nil {
		layer = slices.Concat(layer, *s.boundary)
	}
	if s.resource != nil {
		layer = append(layer, *s.resource)
	}
	return layer
}
