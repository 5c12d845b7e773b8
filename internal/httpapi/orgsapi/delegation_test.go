package orgsapi_test

import (
	"strings"
	"testing"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

// TestDelegation: a member account manages policies as the resource policy lets it, where its own policies
// let its users as well.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html
func TestDelegation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const place = "You don't have permissions to access this resource."
	ann, bob := w.User(member, "ann", admin), w.User(member, "bob", readOnly)
	create := func(key querytest.Key, policyType, name string) querytest.JSONAnswer {
		content := denyUsers
		if policyType == "RESOURCE_CONTROL_POLICY" {
			content = denyOutside
		}
		return w.OrgsCall(key, "CreatePolicy", `{"Type":"`+policyType+`","Name":"`+name+`","Description":"","Content":`+quote(content)+`}`)
	}
	create(ann, "SERVICE_CONTROL_POLICY", "a").Refused(400, "AccessDeniedException", place)
	put := func(statements string) {
		w.OrgsCall(w.admin, "PutResourcePolicy", `{"Content":`+quote(`{"Version":"2012-10-17","Statement":[`+statements+`]}`)+`}`).OK()
	}
	put(`{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":["organizations:CreatePolicy","organizations:UpdatePolicy","organizations:List*"],"Resource":"*",
		"Condition":{"StringLikeIfExists":{"organizations:PolicyType":"SERVICE_CONTROL_POLICY"}}}`)
	id := create(ann, "SERVICE_CONTROL_POLICY", "a").OK().Get("Policy.PolicySummary.Id")
	create(ann, "RESOURCE_CONTROL_POLICY", "b").Refused(400, "AccessDeniedException",
		"User: arn:aws:iam::222222222222:user/ann is not authorized to perform: organizations:CreatePolicy on resource: arn:aws:organizations::111111111111:policy/"+w.orgID+"/resource_control_policy/p-*")
	create(bob, "SERVICE_CONTROL_POLICY", "c").Refused(400, "AccessDeniedException", "")
	w.OrgsCall(ann, "AttachPolicy", `{"PolicyId":"`+id+`","TargetId":"222222222222"}`).Refused(400, "AccessDeniedException", "")
	w.OrgsCall(bob, "ListAccounts", `{}`).OK()
	w.OrgsCall(bob, "DescribePolicy", `{"PolicyId":"`+id+`"}`).Refused(400, "AccessDeniedException", "")
	w.OrgsCall(ann, "DescribeOrganization", `{}`).OK()

	// One user, and one target.
	in := "arn:aws:organizations::111111111111:"
	put(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:user/ann"},"Action":"organizations:AttachPolicy",
		"Resource":["` + in + `policy/` + w.orgID + `/service_control_policy/*","` + in + `account/*/222222222222"]}`)
	w.OrgsCall(w.memberRoot, "AttachPolicy", `{"PolicyId":"`+id+`","TargetId":"222222222222"}`).Refused(400, "AccessDeniedException", "")
	w.OrgsCall(ann, "AttachPolicy", `{"PolicyId":"`+id+`","TargetId":"`+w.rootID+`"}`).Refused(400, "AccessDeniedException", "")
	w.OrgsCall(ann, "AttachPolicy", `{"PolicyId":"`+id+`","TargetId":"222222222222"}`).OK()
	shown := w.OrgsCall(w.admin, "DescribeResourcePolicy", `{}`).OK().Get("ResourcePolicy.Content")
	if !strings.Contains(shown, `"arn:aws:iam::222222222222:user/ann"`) {
		t.Errorf("shown as %s", shown)
	}
	// A service control policy binds delegates as everybody else in the member account.
	w.OrgsCall(w.admin, "UpdatePolicy", `{"PolicyId":"`+id+`","Content":`+quote(strings.ReplaceAll(denyUsers, "iam:CreateUser", "organizations:AttachPolicy"))+`}`).OK()
	w.OrgsCall(ann, "AttachPolicy", `{"PolicyId":"`+id+`","TargetId":"222222222222"}`).Refused(400, "AccessDeniedException", "")
	w.OrgsCall(w.admin, "DeleteResourcePolicy", ``).OK()
	create(ann, "SERVICE_CONTROL_POLICY", "d").Refused(400, "AccessDeniedException", place)
	w.OrgsCall(w.admin, "DescribeResourcePolicy", ``).Refused(400, "ResourcePolicyNotFoundException", "")
}

// TestEffectivePolicy holds the answers about what S3 policies come to.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeEffectivePolicy.html
func TestEffectivePolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.OrgsCall(w.admin, "EnablePolicyType", `{"RootId":"`+w.rootID+`","PolicyType":"S3_POLICY"}`).OK()
	w.OrgsCall(w.memberRoot, "DescribeEffectivePolicy", `{"PolicyType":"S3_POLICY"}`).Refused(400, "EffectivePolicyNotFoundException", "")
	w.attach("AttachPolicy", w.policy("S3_POLICY", "block", `{"s3_attributes":{"public_access_block_configuration":{"@@assign":"all"}}}`), member)
	for _, answer := range []struct{ got, want string }{
		{w.OrgsCall(w.memberRoot, "DescribeEffectivePolicy", `{"PolicyType":"S3_POLICY"}`).OK().Body,
			`{"EffectivePolicy":{"PolicyContent":"{\"s3_attributes\":{\"public_access_block_configuration\":\"all\"}}","LastUpdatedTimestamp":1767323045,"TargetId":"222222222222","PolicyType":"S3_POLICY"}}`},
		{w.OrgsCall(w.admin, "ListAccountsWithInvalidEffectivePolicy", `{"PolicyType":"S3_POLICY"}`).OK().Body, `{"Accounts":[],"PolicyType":"S3_POLICY"}`},
		{w.OrgsCall(w.admin, "ListEffectivePolicyValidationErrors", `{"PolicyType":"S3_POLICY","AccountId":"222222222222"}`).OK().Body,
			`{"AccountId":"222222222222","PolicyType":"S3_POLICY","Path":"` + w.orgID + `/` + w.rootID + `/222222222222/","EvaluationTimestamp":1767323045,"EffectivePolicyValidationErrors":[]}`},
	} {
		if answer.got != answer.want {
			t.Errorf("got  %s\nwant %s", answer.got, answer.want)
		}
	}
	w.OrgsCall(w.memberRoot, "DescribeEffectivePolicy", `{"PolicyType":"S3_POLICY","TargetId":"111111111111"}`).Refused(400, "AccessDeniedException", "")
	w.OrgsCall(w.admin, "DescribeEffectivePolicy", `{"PolicyType":"SERVICE_CONTROL_POLICY"}`).Refused(400, "InvalidInputException", "")
	w.OrgsCall(w.admin, "EnablePolicyType", `{"RootId":"`+w.rootID+`","PolicyType":"TAG_POLICY"}`).Refused(400, "PolicyTypeNotAvailableForOrganizationException", "")
}

// TestDelegatedAdministratorReads: the administrator of a service reads what the management account does,
// unless the resource policy denies it.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_delegated_admin.html
func TestDelegatedAdministratorReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, nobody := w.User(member, "ann", readOnly), w.User(member, "nobody")
	w.OrgsCall(w.admin, "EnableAWSServiceAccess", `{"ServicePrincipal":"iam.amazonaws.com"}`).OK()
	w.OrgsCall(ann, "ListRoots", `{}`).Refused(400, "AccessDeniedException", "")
	w.OrgsCall(w.admin, "RegisterDelegatedAdministrator", `{"AccountId":"222222222222","ServicePrincipal":"iam.amazonaws.com"}`).OK()
	handshake := w.OrgsCall(w.admin, "ListHandshakesForOrganization", `{}`).OK().Get("Handshakes.0.Id")
	for operation, body := range map[string]string{
		"ListRoots": `{}`, "DescribeAccount": `{"AccountId":"111111111111"}`, "ListAccounts": `{}`, "ListHandshakesForOrganization": `{}`,
		"DescribeHandshake": `{"HandshakeId":"` + handshake + `"}`, "ListDelegatedAdministrators": `{}`, "ListTagsForResource": `{"ResourceId":"111111111111"}`,
		"DescribePolicy": `{"PolicyId":"p-FullAWSAccess"}`, "ListHandshakesForAccount": `{}`, "DescribeOrganization": `{}`,
	} {
		w.OrgsCall(ann, operation, body).OK()
		w.OrgsCall(nobody, operation, body).Refused(400, "AccessDeniedException", "")
	}
	w.OrgsCall(ann, "DescribeResourcePolicy", `{}`).Refused(400, "ResourcePolicyNotFoundException", "")
	w.OrgsCall(w.memberRoot, "CreateOrganizationalUnit", `{"ParentId":"`+w.rootID+`","Name":"x"}`).Refused(400, "AccessDeniedException", "You don't have permissions to access this resource.")
	w.OrgsCall(w.memberRoot, "DetachPolicy", `{"PolicyId":"p-FullAWSAccess","TargetId":"`+w.rootID+`"}`).Refused(400, "AccessDeniedException", "")
	denied := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":{"AWS":"222222222222"},"Action":"organizations:ListAccounts","Resource":"*"}}`
	w.OrgsCall(w.admin, "PutResourcePolicy", `{"Content":`+quote(denied)+`,"Tags":[`+classTag+`]}`).OK()
	w.OrgsCall(ann, "ListAccounts", `{}`).Refused(400, "AccessDeniedException", "")
	w.OrgsCall(ann, "ListRoots", `{}`).OK()
}
