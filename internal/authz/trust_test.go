package authz

import (
	"testing"

	"crossgrant/internal/policy"
)

// TestTrust judges sts:AssumeRole on a role of account A: its trust policy has to allow, whatever the
// identity policies say. Checks 11 and 12 of section 3.8 of the IAM reference, and their neighbours.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_compare-resource-policies.html
func TestTrust(t *testing.T) {
	t.Parallel()
	const account, user = `{"AWS":"arn:aws:iam::222222222222:root"}`, `{"AWS":"AIDAUSAEXAMPLE00000"}`
	const home = `{"AWS":"arn:aws:iam::111111111111:root"}`
	for name, c := range map[string]struct {
		caller, principal string
		identity          bool
		want              Effect
		by                LayerKind
	}{
		"identity policy alone, same account":             {"usA", account, true, ImplicitDeny, TrustPolicy},
		"trust names the user, same account":              {"usA", user, false, Allow, TrustPolicy},
		"trust names the account, user without policy":    {"usA", home, false, ImplicitDeny, IdentityPolicy},
		"trust names the account, user with policy":       {"usA", home, true, Allow, IdentityPolicy},
		"trust names the other account, user with policy": {"usB", account, true, Allow, TrustPolicy},
		"trust names the other account, user without":     {"usB", account, false, ImplicitDeny, IdentityPolicy},
		"trust names somebody else":                       {"usB", home, true, ImplicitDeny, TrustPolicy},
		"a role chains into another account's role":       {"roB", account, true, Allow, TrustPolicy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":` + c.principal + `,"Action":"sts:AssumeRole"}}`
			document, err := policy.Parse(policy.Trust, []byte(text), policy.Stored())
			if err != nil {
				t.Fatal(err)
			}
			p := principal(c.caller)
			in := &Input{
				Request: policy.Request{Action: "sts:AssumeRole", Resource: "arn:aws:iam::111111111111:role/r", Principal: &p, Context: &policy.Context{}},
				Owner:   "111111111111", Resource: &Source{Name: "trust", Document: document}, MustTrust: true,
			}
			if c.identity {
				allow, err := policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:*","Resource":"*"}}`))
				if err != nil {
					t.Fatal(err)
				}
				in.Identity = Layer{{Name: "test", Document: allow}}
			}
			if d := Decide(in); d.Effect != c.want || d.By.Layer != c.by {
				t.Errorf("%s by %s, want %s by %s", d.Effect, d.By.Layer, c.want, c.by)
			}
		})
	}
}

// TestTrustThatCannotBeReadDenies: a fault is a deny, and a role without a trust policy trusts nobody.
func TestTrustThatCannotBeReadDenies(t *testing.T) {
	t.Parallel()
	for _, resource := range []*Source{{Name: "unreadable"}, nil} {
		p := principal("rtA")
		in := &Input{
			Request: policy.Request{Action: "sts:AssumeRole", Resource: "arn:aws:iam::111111111111:role/r", Principal: &p, Context: &policy.Context{}},
			Owner:   "111111111111", Resource: resource, MustTrust: true,
		}
		if d := Decide(in); d.Allowed() {
			t.Errorf("allowed by %s", d.By.Layer)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	d := Refused(BlockPublicAccess, BlockPublicAcls)
	if d.Allowed() || d.Effect != ExplicitDeny || d.By.Source() != "BlockPublicAcls" || d.By.Statement != -1 || len(d.Findings()) != 1 {
		t.Errorf("the decision is %+v", d)
	}
}
