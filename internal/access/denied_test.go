package access

import (
	"testing"

	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// TestDenied holds the texts of denials: callers read them and match on them.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func TestDenied(t *testing.T) {
	t.Parallel()
	ann := &Caller{Principal: policy.Principal{Kind: policy.User, Account: "111111111111", ARN: "arn:aws:iam::111111111111:user/ann"}}
	put := Check{Action: "s3:PutObject", Resource: "arn:aws:s3:::b/k", Bucket: &Bucket{Owner: "111111111111"}}
	foreign := put
	foreign.Bucket = &Bucket{Owner: "222222222222"}
	assume := Check{Action: "sts:AssumeRole", Resource: "arn:aws:iam::222222222222:role/r", Owner: "222222222222"}
	siblings := foreign
	siblings.inOrganization = true
	sibling := assume
	sibling.inOrganization = true
	own := Check{Action: "sts:AssumeRole", Resource: "arn:aws:iam::111111111111:role/r", Owner: "111111111111"}
	const user = "User: arn:aws:iam::111111111111:user/ann is not authorized to perform: "
	for name, c := range map[string]struct {
		caller *Caller
		check  Check
		by     authz.Finding
		want   string
	}{
		"silent identity": {ann, put, authz.Finding{Layer: authz.IdentityPolicy},
			user + `s3:PutObject on resource: "arn:aws:s3:::b/k" because no identity-based policy allows the s3:PutObject action`},
		"bucket policy denies": {ann, put, authz.Finding{Layer: authz.ResourcePolicy, Effect: authz.ExplicitDeny},
			user + `s3:PutObject on resource: "arn:aws:s3:::b/k" with an explicit deny in a resource-based policy`},
		"identity denies": {ann, put, authz.Finding{Layer: authz.IdentityPolicy, Effect: authz.ExplicitDeny},
			user + `s3:PutObject on resource: "arn:aws:s3:::b/k" with an explicit deny in an identity-based policy`},
		"boundary is silent": {ann, put, authz.Finding{Layer: authz.PermissionsBoundary},
			user + `s3:PutObject on resource: "arn:aws:s3:::b/k" because no permissions boundary allows the s3:PutObject action`},
		"a managed policy denies": {ann, put, authz.Finding{Layer: authz.IdentityPolicy, Effect: authz.ExplicitDeny, Policy: &authz.Source{Name: "arn:aws:iam::111111111111:policy/P"}},
			user + `s3:PutObject on resource: "arn:aws:s3:::b/k" with an explicit deny in an identity-based policy: arn:aws:iam::111111111111:policy/P`},
		"an inline policy denies": {ann, put, authz.Finding{Layer: authz.IdentityPolicy, Effect: authz.ExplicitDeny, Policy: &authz.Source{Name: "user/ann/p"}},
			user + `s3:PutObject on resource: "arn:aws:s3:::b/k" with an explicit deny in an identity-based policy`},
		"a managed policy denies another account's role": {ann, assume, authz.Finding{Layer: authz.IdentityPolicy, Effect: authz.ExplicitDeny, Policy: &authz.Source{Name: "arn:aws:iam::111111111111:policy/P"}},
			user + "sts:AssumeRole on resource: arn:aws:iam::222222222222:role/r"},
		"no service control policy allows another account's role": {ann, assume, authz.Finding{Layer: authz.SCP},
			user + "sts:AssumeRole on resource: arn:aws:iam::222222222222:role/r"},
		"a caller of the organization does not pay": {ann, siblings, authz.Finding{Layer: authz.RequesterPays, Setting: authz.RequestPayer}, "Access Denied"},
		"a managed policy denies another account's role of the organization": {ann, sibling, authz.Finding{Layer: authz.SCP, Effect: authz.ExplicitDeny, Policy: &authz.Source{Name: "arn:aws:organizations::999999999999:policy/o-x/service_control_policy/p-y"}},
			user + "sts:AssumeRole on resource: arn:aws:iam::222222222222:role/r with an explicit deny in a service control policy: arn:aws:organizations::999999999999:policy/o-x/service_control_policy/p-y"},
		"another account's bucket": {ann, foreign, authz.Finding{Layer: authz.ResourcePolicy, Effect: authz.ExplicitDeny}, "Access Denied"},
		"anonymous":                {Anonymous(), put, authz.Finding{Layer: authz.ResourcePolicy}, "Access Denied"},
		"another account's role": {ann, assume, authz.Finding{Layer: authz.TrustPolicy, Effect: authz.ExplicitDeny},
			user + "sts:AssumeRole on resource: arn:aws:iam::222222222222:role/r"},
		"another account's role, own side": {ann, assume, authz.Finding{Layer: authz.IdentityPolicy},
			user + "sts:AssumeRole on resource: arn:aws:iam::222222222222:role/r because no identity-based policy allows the sts:AssumeRole action"},
		"own role": {ann, own, authz.Finding{Layer: authz.TrustPolicy, Effect: authz.ExplicitDeny},
			user + "sts:AssumeRole on resource: arn:aws:iam::111111111111:role/r with an explicit deny in the role trust policy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Denied(c.caller, &c.check, &authz.Decision{By: c.by}).Message; got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
