package simulator

import (
	"context"
	"strings"
	"testing"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
)

const account ids.AccountID = "111111111111"

var annARN = arn.User(account, "/", "ann")

// entities has one user, ann, whose account is in an organization with these levels of policies.
type entities struct {
	identity authz.Layer
	scps     []authz.Layer
}

func (e entities) Entity(_ context.Context, name arn.ARN) (*access.Entity, error) {
	if name != annARN {
		return nil, meta.ErrNotFound
	}
	out := &access.Entity{
		Principal: policy.Principal{Kind: policy.User, Account: account, ARN: annARN.String(), EntityARN: annARN.String(), Name: "ann"},
		Policies:  e.identity,
		SCPs:      e.scps,
	}
	out.Keys = access.EntityKeys(&out.Principal, nil)
	return out, nil
}

func source(t *testing.T, name, statements string) authz.Source {
	t.Helper()
	d, err := policy.Parse(policy.SCP, []byte(`{"Version":"2012-10-17","Statement":[`+statements+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	return authz.Source{Name: name, Document: d}
}

const everything = `{"Effect":"Allow","Action":"*","Resource":"*"}`

// TestOrganization: service control policies of the user's account count, are not shown, and do not hold for a
// caller of another account.
func TestOrganization(t *testing.T) {
	t.Parallel()
	full := authz.Layer{source(t, "FullAWSAccess", everything)}
	denying := authz.Layer{source(t, "p-1", everything+`,{"Effect":"Deny","Action":"s3:Delete*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"x"}}}`)}
	denyingAll := authz.Layer{source(t, "p-2", everything+`,{"Effect":"Deny","Action":"s3:Delete*","Resource":"*"}`)}
	onlyEC2 := authz.Layer{source(t, "p-3", `{"Effect":"Allow","Action":"ec2:*","Resource":"*"}`)}
	for _, c := range []struct {
		name     string
		scps     []authz.Layer
		caller   string
		want     authz.Effect
		organize string
	}{
		{"no organization", nil, "", authz.Allow, "none"},
		{"everything", []authz.Layer{full, full}, "", authz.Allow, "true"},
		{"a condition that does not hold", []authz.Layer{full, denying}, "", authz.Allow, "true"},
		{"denied", []authz.Layer{full, denyingAll}, "", authz.ExplicitDeny, "false"},
		{"silent", []authz.Layer{full, onlyEC2, full}, "", authz.ImplicitDeny, "false"},
		{"another user of the account", []authz.Layer{denyingAll}, "arn:aws:iam::111111111111:user/bob", authz.ExplicitDeny, "false"},
		{"a user of another account", []authz.Layer{denyingAll}, "arn:aws:iam::222222222222:user/bob", authz.Allow, "none"},
	} {
		s := New(entities{authz.Layer{source(t, "arn:aws:iam::aws:policy/AdministratorAccess", everything)}, c.scps})
		p, err := s.Simulate(t.Context(), &Request{
			Account: account, Source: &annARN, Caller: c.caller, Actions: []string{"s3:DeleteObject"}, Resources: []string{"arn:aws:s3:::b/k"},
		})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		r := p.Results[0]
		organization := "none"
		if r.Organizations != nil {
			organization = map[bool]string{true: "true", false: "false"}[*r.Organizations]
		}
		if r.Decision != c.want || organization != c.organize {
			t.Errorf("%s: %s, organization %s", c.name, r.Decision, organization)
		}
		for _, m := range r.Matched {
			if m.Policy != "AdministratorAccess" {
				t.Errorf("%s: shows %s", c.name, m.Policy)
			}
		}
		if missing := r.Resources[0].Missing; missing != nil {
			t.Errorf("%s: misses %s", c.name, missing)
		}
	}
}

// TestOrganizationEnds: where a service control policy denies, nothing is said about the other policies.
func TestOrganizationEnds(t *testing.T) {
	t.Parallel()
	s := New(entities{nil, []authz.Layer{{source(t, "p", `{"Effect":"Allow","Action":"ec2:*","Resource":"*"}`)}}})
	p, err := s.Simulate(t.Context(), &Request{
		Account: account, Source: &annARN, Actions: []string{"s3:GetObject", "ec2:Start"}, Resources: []string{"arn:aws:sqs::222222222222:q"},
	})
	if err != nil || p.Results[0].Details != nil || p.Results[1].Details == nil {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestUnreadable: a policy that cannot be read denies, as in requests, and is named.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	s := New(entities{authz.Layer{{Name: "user/ann/broken", Fault: meta.ErrCorrupt}}, nil})
	p, err := s.Simulate(t.Context(), &Request{Account: account, Source: &annARN, Actions: []string{"s3:GetObject"}})
	if err != nil {
		t.Fatal(err)
	}
	r := p.Results[0]
	if r.Decision != authz.ExplicitDeny || len(r.Matched) != 1 || r.Matched[0] != (Statement{Policy: "user_ann_broken", Type: IdentityType}) {
		t.Errorf("%+v", r)
	}
	if names, err := s.ContextKeys(t.Context(), &annARN, nil); names != nil || err != nil {
		t.Errorf("keys %s, %v", names, err)
	}
}

// FuzzMarker holds that a marker is taken only if it is the one that the simulator gives for its place.
func FuzzMarker(f *testing.F) {
	f.Add("", 3)
	f.Add(marker(2), 3)
	f.Add(strings.Repeat("YWN0aW9u", 3), 1)
	f.Fuzz(func(t *testing.T, text string, n int) {
		place, ok := position(text, n)
		if ok && text != "" && (place <= 0 || place >= n || marker(place) != text) {
			t.Errorf("%q of %d is %d", text, n, place)
		}
	})
}
