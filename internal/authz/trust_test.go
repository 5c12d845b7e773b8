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

// TestBothSides: where the caller's own policies have to allow as well, a trust policy that names it is not
// enough, and neither are its own policies alone.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
func TestBothSides(t *testing.T) {
	t.Parallel()
	allow := func(principal string) *policy.Document {
		text, kind := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:SetSourceIdentity"`, policy.Trust
		if principal == "" {
			text, kind = text+`,"Resource":"*"`, policy.Identity
		} else {
			text += `,"Principal":{"AWS":"` + principal + `"}`
		}
		document, err := policy.Parse(kind, []byte(text+"}}"), policy.Stored())
		if err != nil {
			t.Fatal(err)
		}
		return document
	}
	for _, caller := range []string{"roA", "roB"} {
		p := principal(caller)
		for trusted, trust := range map[bool]string{true: string(p.EntityID), false: "333333333333"} {
			for _, identity := range []bool{true, false} {
				in := &Input{
					Request: policy.Request{Action: "sts:SetSourceIdentity", Resource: "arn:aws:iam::111111111111:role/r", Principal: &p, Context: &policy.Context{}},
					Owner:   "111111111111", Resource: &Source{Name: "trust", Document: allow(trust)}, MustTrust: true, BothSides: true,
				}
				if identity {
					in.Identity = Layer{{Name: "test", Document: allow("")}}
				}
				if d := Decide(in); d.Allowed() != (trusted && identity) {
					t.Errorf("%s: trusted %t, allowed by its own policies %t: %s by %s", caller, trusted, identity, d.Effect, d.By.Layer)
				}
			}
		}
	}
}

// TestTaskPolicy: the root user of a session that has a session policy may do what that allows, and no more.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html
func TestTaskPolicy(t *testing.T) {
	t.Parallel()
	document, err := policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["s3:DeleteBucketPolicy","s3:ListBucket"],"Resource":"*"},{"Effect":"Deny","Action":"s3:ListBucket","Resource":"*"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	locked, err := policy.Parse(policy.Bucket, []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::bucket"},
		{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::bucket"}]}`), policy.Stored())
	if err != nil {
		t.Fatal(err)
	}
	open, err := policy.Parse(policy.Bucket, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::bucket"}}`), policy.Stored())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		action  string
		policy  *policy.Document
		session *Layer
		want    Effect
		by      LayerKind
	}{
		{"s3:DeleteBucketPolicy", locked, &Layer{{Document: document}}, Allow, RootUser},
		{"s3:DeleteBucketPolicy", nil, &Layer{{Document: document}}, Allow, RootUser},
		{"s3:GetBucketAcl", nil, &Layer{{Document: document}}, ImplicitDeny, SessionPolicy},
		{"s3:GetBucketAcl", open, &Layer{{Document: document}}, ImplicitDeny, SessionPolicy},
		{"s3:ListBucket", nil, &Layer{{Document: document}}, ExplicitDeny, SessionPolicy},
		{"s3:DeleteBucketPolicy", locked, &Layer{}, ImplicitDeny, SessionPolicy},
		{"s3:DeleteBucketPolicy", locked, &Layer{{Name: "unreadable"}}, ExplicitDeny, SessionPolicy},
		{"s3:GetBucketAcl", nil, nil, Allow, RootUser},
	} {
		p := principal("rtA")
		in := &Input{
			Request: policy.Request{Action: c.action, Resource: "arn:aws:s3:::bucket", Principal: &p, Context: &policy.Context{}},
			Owner:   "111111111111", S3: &S3{OwnerCanonicalID: canonical("A")}, Session: c.session,
		}
		if c.policy != nil {
			in.Resource = &Source{Name: "bucket policy", Document: c.policy}
		}
		if d := Decide(in); d.Effect != c.want || d.By.Layer != c.by {
			t.Errorf("%s, %v: %s by %s, want %s by %s", c.action, c.session, d.Effect, d.By.Layer, c.want, c.by)
		}
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
