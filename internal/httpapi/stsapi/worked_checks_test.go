package stsapi_test

import "testing"

// TestWorkedChecks is those of the worked checks of section 3.8 of the IAM reference that are about STS, by their
// numbers, through the whole of the server.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func TestWorkedChecks(t *testing.T) {
	t.Parallel()
	// 11. A trust policy that names the root of B leaves it to B's policies.
	r := newRoles(t, "arn:aws:iam::222222222222:root", "")
	r.assume(r.bob).Refused(403, "AccessDenied", "")
	r.assume(r.ann).OK()

	// 12. A trust policy that names a user of its own account is enough for that user.
	cid := r.User(accountA, "cid")
	own := r.role("Own", trust("arn:aws:iam::111111111111:user/cid", ""))
	r.assumeARN(cid, own).OK()

	// 13. No deny takes GetCallerIdentity away.
	r.IAMCall(r.rootA, "PutUserPolicy", "UserName", "cid", "PolicyName", "p", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"sts:*","Resource":"*"}}`).OK()
	r.STSCall(cid, "GetCallerIdentity").OK()
	r.assumeARN(cid, own).Refused(403, "AccessDenied", "User: arn:aws:iam::111111111111:user/cid is not authorized to perform: sts:AssumeRole on resource: "+own+" with an explicit deny in an identity-based policy")

	// 15. ForAllValues holds for a key that is absent, and not for tags that are not listed.
	r.IAMCall(r.rootA, "PutUserPolicy", "UserName", "cid", "PolicyName", "p", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a"]}}}}`).OK()
	home := r.role("Home", trusting(accountA, allSTS, ""))
	r.assumeARN(cid, home).OK()
	r.assumeARN(cid, home, tagParams("a", "1")...).OK()
	r.assumeARN(cid, home, tagParams("a", "1", "b", "2")...).Refused(403, "AccessDenied", "")
	r.STSCall(cid, "GetFederationToken", "Name", "fay").OK()

	// 8 and 9, for STS. An SCP binds whoever assumes a role from a member account, and not from the management
	// account.
	r.OrgsCall(r.rootA, "CreateOrganization", `{}`).OK()
	handshake := r.OrgsCall(r.rootA, "InviteAccountToOrganization", `{"Target":{"Id":"222222222222","Type":"ACCOUNT"}}`).OK().Get("Handshake.Id")
	r.OrgsCall(r.rootB, "AcceptHandshake", `{"HandshakeId":"`+handshake+`"}`).OK()
	root := r.OrgsCall(r.rootA, "ListRoots", `{}`).OK().Get("Roots.0.Id")
	scp := r.OrgsCall(r.rootA, "CreatePolicy", `{"Name":"no-roles","Description":"","Type":"SERVICE_CONTROL_POLICY","Content":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"sts:AssumeRole\",\"Resource\":\"*\"}}"}`).OK().Get("Policy.PolicySummary.Id")
	r.OrgsCall(r.rootA, "AttachPolicy", `{"PolicyId":"`+scp+`","TargetId":"`+root+`"}`).OK()
	r.assume(r.ann).Refused(403, "AccessDenied", "")
	r.assumeARN(cid, home).OK()
}
