// Package check compares what policy documents allow: whether one allows something that another does not, something
// that is listed, or something to everyone.
//
// The answers are sound: that a document does not allow something is said only if it is so of every request. Where
// that cannot be found out, because a policy variable could stand for anything or a combination of conditions might
// never be met, the answer is that access may be granted; and where there is too much to go through, it is
// ErrTooLarge. Package space finds the requests to ask about, package policy answers.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-custom-policy-checks.html
package check

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"crossgrant/internal/policy"
	"crossgrant/internal/policy/space"
)

// ErrTooLarge says that the documents tell too many requests apart.
var ErrTooLarge = space.ErrTooLarge

// Statement is a statement that grants what should not be granted, by its place from 0.
type Statement struct {
	Index int
	Sid   string
}

// NoNewAccess returns the Allow statements of a document that allow a request which another document does not; none
// if it allows nothing more. Both are of type Identity, or both of type Resource.
func NoNewAccess(updated, existing *policy.Document) ([]Statement, error) {
	return granting(updated, existing, func(m policy.Match) bool { return m.Effect == policy.Deny || m.Grant == policy.None })
}

// Access is what a document should not allow: one of the actions on one of the resources, as patterns of a policy's
// Action and Resource elements. No actions are all of them, and no resources too.
type Access struct{ Actions, Resources []string }

// AccessNotGranted returns the Allow statements of a document that allow what access lists; none if none does. The
// error is a *policy.Error if access is not written as a policy would write it.
func AccessNotGranted(d *policy.Document, access Access) ([]Statement, error) {
	listed, err := access.document(d.Type)
	if err != nil {
		return nil, err
	}
	return granting(d, listed, func(m policy.Match) bool { return m.Grant != policy.None })
}

// document returns a document that allows what is listed, and nothing else.
func (a Access) document(t policy.Type) (*policy.Document, error) {
	statement := map[string]any{"Effect": "Allow", "Action": orAll(a.Actions), "Resource": orAll(a.Resources)}
	if t != policy.Identity {
		statement["Principal"] = "*"
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statement})
	if err != nil {
		return nil, err
	}
	return policy.Parse(t, text, policy.Stored())
}

func orAll(patterns []string) []string {
	if len(patterns) == 0 {
		return []string{"*"}
	}
	return patterns
}

// granting returns the Allow statements of d that allow a request of which wrong says that another document should
// not see it so.
func granting(d, other *policy.Document, wrong func(policy.Match) bool) ([]Statement, error) {
	s, err := space.New([]*policy.Document{d, other}, space.Options{Principals: d.Type != policy.Identity})
	if err != nil {
		return nil, err
	}
	found := map[int]bool{}
	err = s.Each(func(r *space.Request) bool {
		q := policy.NewQuery(&r.Request)
		if m := s.Document(0).Evaluate(&q); m.Grant == policy.None || m.Effect == policy.Deny {
			return true
		}
		if !wrong(s.Document(1).Evaluate(&q)) {
			return true
		}
		for _, m := range s.Document(0).Matches(&q) {
			found[s.Statement(0, m.Index)] = true
		}
		return true
	})
	// What was found is true also if there was more to go through.
	if err != nil && !(errors.Is(err, ErrTooLarge) && len(found) > 0) {
		return nil, err
	}
	return statements(d, found), nil
}

// statements returns statements in the order of the document.
func statements(d *policy.Document, found map[int]bool) (all []Statement) {
	for i := range d.Statements {
		if found[i] {
			all = append(all, Statement{i, d.Statements[i].Sid})
		}
	}
	return all
}

// NoPublicAccess returns the statements by which the policy of a resource allows everyone, in the sense of S3's Block
// Public Access: no condition limits them to fixed callers. Deny statements are left out of account, as there. Of a
// role's trust policy those that trust a public identity provider, whose accounts everyone can have, are public as
// well unless a condition on a key of the provider limits them.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
func NoPublicAccess(d *policy.Document) []Statement {
	found := map[int]bool{}
	for i := range d.Statements {
		found[i] = d.PublicStatement(i) || publicProvider(&d.Statements[i])
	}
	return statements(d, found)
}

// publicProviders are identity providers at which everyone can have an account.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html
var publicProviders = []string{
	"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com", "token.actions.githubusercontent.com",
}

// publicProvider reports whether a statement trusts a public identity provider without a condition on whom.
func publicProvider(s *policy.Statement) bool {
	if s.Effect == policy.Deny || s.Principals == nil {
		return false
	}
	for _, n := range s.Principals.Names {
		host := n.Value
		if _, name, ok := strings.Cut(host, ":oidc-provider/"); ok {
			host = name
		}
		if n.Kind == policy.PrincipalFederated && slices.Contains(publicProviders, host) && !limits(s, host) {
			return true
		}
	}
	return false
}

// limits reports whether a condition compares a key of a provider that tells whose token it is with values of which
// some letters are fixed. The operators are those that an absent key does not pass.
func limits(s *policy.Statement, host string) bool {
	for _, c := range s.Conditions {
		key, ok := strings.CutPrefix(strings.ToLower(c.Key), host+":")
		if !ok || key != "aud" && key != "sub" && key != "app_id" && key != "user_id" && key != "oaud" {
			continue
		}
		operator := strings.TrimPrefix(c.Operator, "ForAnyValue:")
		if operator != "StringEquals" && operator != "StringLike" && operator != "StringEqualsIgnoreCase" {
			continue
		}
		if !slices.ContainsFunc(c.Values, func(v string) bool { return !fixes(host, key, v) }) {
			return true
		}
	}
	return false
}

// fixes reports whether a value of a provider's key leaves only some of its accounts. Of GitHub, the owner of the
// repository has to be fixed; all of its tokens may be for the same audience.
func fixes(host, key, value string) bool {
	if host == "token.actions.githubusercontent.com" {
		owner, ok := strings.CutPrefix(value, "repo:")
		owner, _, more := strings.Cut(owner, "/")
		return key == "sub" && ok && more && owner != "" && !strings.ContainsAny(owner, "*?$")
	}
	return strings.Trim(value, "*?") != "" && !strings.Contains(value, "${")
}
