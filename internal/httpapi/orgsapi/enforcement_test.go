package orgsapi_test

import (
	"strings"
	"testing"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

// TestPoliciesOnSTS: service control policies bind who assumes a role, resource control policies the roles of
// member accounts, whoever assumes them; neither binds the management account's side.
//
// Sources: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html and
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
func TestPoliciesOnSTS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.OrgsCall(w.admin, "EnablePolicyType", `{"RootId":"`+w.rootID+`","PolicyType":"RESOURCE_CONTROL_POLICY"}`).OK()
	outside := w.Account("333333333333")
	trust := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["111111111111","222222222222","333333333333"]},"Action":"sts:AssumeRole"}}`
	for _, root := range []querytest.Key{w.root, w.memberRoot, outside} {
		w.IAMCall(root, "CreateRole", "RoleName", "R", "AssumeRolePolicyDocument", trust).OK()
	}
	callers := map[string]querytest.Key{"management": w.admin, "member": w.User(member, "ann", admin), "outside": w.User("333333333333", "eve", admin)}
	// may holds who may assume which role: a line for each caller.
	may := func(want string) {
		t.Helper()
		var got []string
		for _, caller := range []string{"management", "member", "outside"} {
			line := caller + ":"
			for _, account := range []string{management, member, "333333333333"} {
				answer := w.STSCall(callers[caller], "AssumeRole", "RoleArn", "arn:aws:iam::"+account+":role/R", "RoleSessionName", "session")
				line += " " + map[int]string{200: "yes", 403: "no"}[answer.Status]
			}
			got = append(got, line)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
		}
	}
	may("management: yes yes yes, member: yes yes yes, outside: yes yes yes")
	scp := w.policy("SERVICE_CONTROL_POLICY", "no roles", strings.ReplaceAll(denyUsers, "iam:CreateUser", "sts:AssumeRole"))
	w.attach("AttachPolicy", scp, w.rootID)
	may("management: yes yes yes, member: no no no, outside: yes yes yes")
	w.attach("DetachPolicy", scp, w.rootID)
	rcp := w.policy("RESOURCE_CONTROL_POLICY", "inside", denyOutside)
	w.attach("AttachPolicy", rcp, w.rootID)
	may("management: yes yes yes, member: yes yes yes, outside: yes no yes")
	w.attach("DetachPolicy", rcp, w.rootID)
	// The keys of a trust policy.
	w.IAMCall(w.memberRoot, "UpdateAssumeRolePolicy", "RoleName", "R", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"`+w.orgID+`"},
			"ForAnyValue:StringEquals":{"aws:PrincipalOrgPaths":"`+w.orgID+`/`+w.rootID+`/"},"StringLike":{"aws:ResourceOrgID":"o-*"}}}}`).OK()
	may("management: yes yes yes, member: yes yes yes, outside: yes no yes")
}

// TestPoliciesOnIAM: resource control policies do not cover IAM, whose resources nobody else's principals reach.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
func TestPoliciesOnIAM(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.OrgsCall(w.admin, "EnablePolicyType", `{"RootId":"`+w.rootID+`","PolicyType":"RESOURCE_CONTROL_POLICY"}`).OK()
	refusal := w.OrgsCall(w.admin, "CreatePolicy", `{"Type":"RESOURCE_CONTROL_POLICY","Name":"iam","Description":"","Content":`+
		quote(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"iam:*","Resource":"*"}}`)+`}`)
	refusal.Refused(400, "MalformedPolicyDocumentException", "")
	w.attach("AttachPolicy", w.policy("RESOURCE_CONTROL_POLICY", "all", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":["s3:*","sts:*"],"Resource":"*"}}`), w.rootID)
	w.IAMCall(w.memberRoot, "CreateUser", "UserName", "ann").OK()
	w.STSCall(w.memberRoot, "GetCallerIdentity").OK()
	scp := w.policy("SERVICE_CONTROL_POLICY", "elsewhere", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:CreateUser","Resource":"*","Condition":{"StringEquals":{"aws:ResourceOrgID":"`+w.orgID+`"}}}}`)
	w.attach("AttachPolicy", scp, member)
	w.IAMCall(w.memberRoot, "CreateUser", "UserName", "bob").Refused(403, "AccessDenied", "")
	w.IAMCall(w.root, "CreateUser", "UserName", "bob").OK()
}
