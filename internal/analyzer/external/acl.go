package external

import (
	"encoding/json"
	"fmt"
	"slices"

	"crossgrant/internal/acl"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/policy/space"
)

// acl finds what a bucket's ACL grants.
func (f *finder) acl() error {
	s3 := f.resource.S3
	if s3 == nil || s3.Enforced {
		return nil
	}
	seen := map[acl.Grantee]bool{}
	for _, g := range s3.BucketACL.Grants {
		if seen[g.Grantee] {
			continue
		}
		seen[g.Grantee] = true
		var err error
		switch {
		case g.Grantee.Group == acl.AllUsers, g.Grantee.Group == acl.AuthenticatedUsers:
			err = f.grantee(policy.NamedPrincipal{Kind: policy.PrincipalAWS, Value: "*"}, true)
		case g.Grantee.Group != "", g.Grantee.ID == s3.OwnerCanonicalID, f.zone.Canonical(g.Grantee.ID):
		default:
			err = f.grantee(policy.NamedPrincipal{Kind: policy.PrincipalCanonicalUser, Value: string(g.Grantee.ID)}, false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// grantee finds what the ACL grants a grantee, given as a principal. What is gone through are the requests that the
// bucket's policy, which may deny, can tell apart.
func (f *finder) grantee(n policy.NamedPrincipal, public bool) error {
	grant, err := f.toAll(n)
	if err != nil {
		return err
	}
	documents := []*policy.Document{grant}
	if f.resource.Policy != nil {
		documents = append(documents, f.resource.Policy.Document)
	}
	w, err := f.witnesses(documents...)
	if err != nil || w == nil {
		return err
	}
	if f.resource.Policy != nil {
		w.source = &authz.Source{Name: f.resource.Policy.Name, Document: w.space.Document(1)}
	}
	done := map[string]bool{}
	return w.space.Each(func(r *space.Request) bool {
		if done[r.Action] || !w.names(n, r) || !public && r.Caller.CanonicalID != ids.CanonicalUserID(n.Value) {
			return true
		}
		d := w.decide(r.Request, w.source, w.rcps)
		if d.Allowed() && slices.ContainsFunc(d.Findings(), func(f authz.Finding) bool { return f.Layer == authz.BucketACL && f.Effect == authz.Allow }) {
			done[r.Action] = true
			w.add(n.Kind, n.Value, r.Action, FromACL, map[string]string{}, public)
		}
		return true
	})
}

// toAll returns a document that allows a principal every action on the bucket.
func (f *finder) toAll(n policy.NamedPrincipal) (*policy.Document, error) {
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
		"Effect": "Allow", "Principal": map[string]any{string(n.Kind): n.Value}, "Action": "s3:*",
		"Resource": []string{f.resource.ARN, f.resource.ARN + "/*"},
	}})
	if err != nil {
		return nil, err
	}
	d, err := policy.Parse(policy.Resource, text)
	if err != nil {
		return nil, fmt.Errorf("grantee of an ACL: %w", err)
	}
	return d, nil
}
