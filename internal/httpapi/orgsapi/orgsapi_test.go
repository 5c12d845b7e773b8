package orgsapi_test

import (
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

const (
	management = "111111111111"
	member     = "222222222222"
	admin      = "AdministratorAccess"
	readOnly   = "ReadOnlyAccess"

	denyUsers = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:CreateUser","Resource":"*"}}`
	// denyOutside is a resource control policy.
	denyOutside = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}}}}`
)

// quote writes a text as a JSON string.
func quote(s string) string { return fmt.Sprintf("%q", s) }

// world is an organization with a member.
type world struct {
	*querytest.World
	root       querytest.Key // of the management account
	admin      querytest.Key // of an administrator there
	memberRoot querytest.Key
	rootID     string
	orgID      string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: querytest.New(t)}
	w.root, w.memberRoot = w.Account(management), w.Account(member)
	w.admin = w.User(management, "admin", admin)
	w.orgID = w.OrgsCall(w.admin, "CreateOrganization", `{"FeatureSet":"ALL"}`).OK().Get("Organization.Id")
	w.rootID = w.OrgsCall(w.admin, "ListRoots", ``).OK().Get("Roots.0.Id")
	invited := w.OrgsCall(w.admin, "InviteAccountToOrganization", `{"Target":{"Id":"222222222222","Type":"ACCOUNT"},"Notes":"come in"}`).OK()
	accepted := w.OrgsCall(w.memberRoot, "AcceptHandshake", `{"HandshakeId":"`+invited.Get("Handshake.Id")+`"}`).OK()
	if accepted.Get("Handshake.State") != "ACCEPTED" || accepted.Get("Handshake.Resources.2.Value") != "come in" {
		t.Errorf("accepted %s", accepted.Body)
	}
	return w
}

func (w *world) policy(policyType, name, content string) string {
	w.Helper()
	return w.OrgsCall(w.admin, "CreatePolicy", `{"Type":"`+policyType+`","Name":"`+name+`","Description":"","Content":`+quote(content)+`}`).OK().
		Get("Policy.PolicySummary.Id")
}

func (w *world) attach(operation, policy, target string) {
	w.Helper()
	w.OrgsCall(w.admin, operation, `{"PolicyId":"`+policy+`","TargetId":"`+target+`"}`).OK()
}

// TestAnswers holds the shapes of answers.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_Operations.html
func TestAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.OrgsCall(w.memberRoot, "DescribeOrganization", `{}`).OK()
	want := `{"Organization":{"Id":"` + w.orgID + `","Arn":"arn:aws:organizations::111111111111:organization/` + w.orgID + `","FeatureSet":"ALL","MasterAccountArn":"arn:aws:organizations::111111111111:account/` +
		w.orgID + `/111111111111","MasterAccountId":"111111111111","MasterAccountEmail":"111111111111@example.com","AvailablePolicyTypes":[{"Type":"SERVICE_CONTROL_POLICY","Status":"ENABLED"}]}}`
	if o.Body != want || o.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		t.Errorf("got  %s\nwant %s", o.Body, want)
	}
	a := w.OrgsCall(w.admin, "DescribeAccount", `{"AccountId":"222222222222"}`).OK()
	want = `{"Account":{"Id":"222222222222","Arn":"arn:aws:organizations::111111111111:account/` + w.orgID + `/222222222222","Email":"222222222222@example.com","Name":"account 222222222222","Status":"ACTIVE","State":"ACTIVE","Paths":["` +
		w.orgID + `/` + w.rootID + `/222222222222/"],"JoinedMethod":"INVITED","JoinedTimestamp":1767323045}}`
	if a.Body != want {
		t.Errorf("got  %s\nwant %s", a.Body, want)
	}
	unit := w.OrgsCall(w.admin, "CreateOrganizationalUnit", `{"ParentId":"`+w.rootID+`","Name":"Dev","Tags":[{"Key":"k","Value":"v"}]}`).OK().Get("OrganizationalUnit.Id")
	if moved := w.OrgsCall(w.admin, "MoveAccount", `{"AccountId":"222222222222","SourceParentId":"`+w.rootID+`","DestinationParentId":"`+unit+`"}`).OK(); moved.Body != "" {
		t.Errorf("an operation without output answers %s", moved.Body)
	}
	w.OrgsCall(w.admin, "EnableAWSServiceAccess", `{"ServicePrincipal":"iam.amazonaws.com"}`).OK()
	w.OrgsCall(w.admin, "RegisterDelegatedAdministrator", `{"AccountId":"222222222222","ServicePrincipal":"iam.amazonaws.com"}`).OK()
	for operation, c := range map[string]struct{ body, path, want string }{
		"ListAccounts":                        {`{"MaxResults":1}`, "Accounts.0.Id", management},
		"ListAccountsForParent":               {`{"ParentId":"` + unit + `"}`, "Accounts.0.Id", member},
		"ListOrganizationalUnitsForParent":    {`{"ParentId":"` + w.rootID + `"}`, "OrganizationalUnits.0.Path", w.orgID + "/" + w.rootID + "/" + unit + "/"},
		"DescribeOrganizationalUnit":          {`{"OrganizationalUnitId":"` + unit + `"}`, "OrganizationalUnit.Name", "Dev"},
		"UpdateOrganizationalUnit":            {`{"OrganizationalUnitId":"` + unit + `","Name":"Dev"}`, "OrganizationalUnit.Name", "Dev"},
		"ListChildren":                        {`{"ParentId":"` + w.rootID + `","ChildType":"ORGANIZATIONAL_UNIT"}`, "Children.0.Id", unit},
		"ListParents":                         {`{"ChildId":"222222222222"}`, "Parents.0.Type", "ORGANIZATIONAL_UNIT"},
		"ListTagsForResource":                 {`{"ResourceId":"` + unit + `"}`, "Tags.0.Value", "v"},
		"ListPolicies":                        {`{"Filter":"SERVICE_CONTROL_POLICY"}`, "Policies.0.Arn", "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"},
		"ListPoliciesForTarget":               {`{"TargetId":"` + unit + `","Filter":"SERVICE_CONTROL_POLICY"}`, "Policies.0.AwsManaged", "true"},
		"ListTargetsForPolicy":                {`{"PolicyId":"p-FullAWSAccess"}`, "Targets.0.Type", "ACCOUNT"},
		"DescribePolicy":                      {`{"PolicyId":"p-FullAWSAccess"}`, "Policy.PolicySummary.Name", "FullAWSAccess"},
		"ListHandshakesForOrganization":       {`{"Filter":{"ActionType":"INVITE"}}`, "Handshakes.0.State", "ACCEPTED"},
		"ListHandshakesForAccount":            {`{}`, "Handshakes.0.State", ""},
		"ListCreateAccountStatus":             {`{"States":["FAILED"]}`, "CreateAccountStatuses", "[]"},
		"ListAWSServiceAccessForOrganization": {`{}`, "EnabledServicePrincipals.0.ServicePrincipal", "iam.amazonaws.com"},
		"ListDelegatedAdministrators":         {`{}`, "DelegatedAdministrators.0.Status", "ACTIVE"},
		"ListDelegatedServicesForAccount":     {`{"AccountId":"222222222222"}`, "DelegatedServices.0.DelegationEnabledDate", "1767323045"},
		"EnablePolicyType":                    {`{"RootId":"` + w.rootID + `","PolicyType":"RESOURCE_CONTROL_POLICY"}`, "Root.PolicyTypes.1.Type", "RESOURCE_CONTROL_POLICY"},
	} {
		if got := w.OrgsCall(w.admin, operation, c.body).OK(); got.Get(c.path) != c.want {
			t.Errorf("%s: %s is %q, want %q in %s", operation, c.path, got.Get(c.path), c.want, got.Body)
		}
	}
	first := w.OrgsCall(w.admin, "ListAccounts", `{"MaxResults":1}`).OK()
	if second := w.OrgsCall(w.admin, "ListAccounts", `{"NextToken":"`+first.Get("NextToken")+`"}`).OK(); second.Get("Accounts.0.Id") != member || second.Get("NextToken") != "" {
		t.Errorf("second page %s", second.Body)
	}
}

// TestProtocol holds what is refused before anything is asked for.
func TestProtocol(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := func(contentType, target, body string) querytest.JSONAnswer {
		return w.JSON(w.admin, map[string]string{"Content-Type": contentType, "X-Amz-Target": target}, body)
	}
	const media, prefix = "application/x-amz-json-1.1", "AWSOrganizationsV20161128."
	call(media, prefix+"ListRoot", `{}`).Refused(400, "UnknownOperationException", "")
	call(media, "ListRoots", `{}`).Refused(400, "UnknownOperationException", "")
	call("application/json", prefix+"ListRoots", `{}`).Refused(400, "UnknownOperationException", "")
	w.OrgsCall(querytest.Key{}, "ListRoots", `{}`).Refused(400, "MissingAuthenticationTokenException", "")
	w.OrgsCall(querytest.Key{ID: "AKIANOBODYNOBODY0000", Secret: "x"}, "ListRoots", `{}`).Refused(400, "UnrecognizedClientException", "The security token included in the request is invalid.")
	w.OrgsCall(querytest.Key{ID: w.admin.ID, Secret: "wrong"}, "ListRoots", `{}`).Refused(400, "InvalidSignatureException", "")

	w.OrgsCall(w.admin, "ListRoots", `{"Max":1}`).Refused(400, "SerializationException", "")
	w.OrgsCall(w.admin, "ListRoots", `{`).Refused(400, "SerializationException", "")
	for body, reason := range map[string]string{
		`{}`:                              "INPUT_REQUIRED",
		`{"ParentId":"x","Name":"n"}`:     "INVALID_PATTERN",
		`{"ParentId":"r-abcd","Name":""}`: "MIN_LENGTH_EXCEEDED",
		`{"ParentId":"r-abcd","Name":"` + strings.Repeat("n", 129) + `"}`: "MAX_LENGTH_EXCEEDED",
	} {
		refused := w.OrgsCall(w.admin, "CreateOrganizationalUnit", body)
		refused.Refused(400, "InvalidInputException", "")
		if got := refused.Get("Reason"); got != reason {
			t.Errorf("%s: reason %s, want %s", body, got, reason)
		}
	}
	for operation, body := range map[string]string{
		"ListChildren": `{"ParentId":"r-abcd","ChildType":"X"}`,
		"ListPolicies": `{"Filter":"X"}`,
	} {
		if got := w.OrgsCall(w.admin, operation, body).Get("Reason"); got != "INVALID_ENUM" {
			t.Errorf("%s: reason %s", operation, got)
		}
	}
	for operation, body := range map[string]string{
		"CreateAccount": `{"Email":"a@example.com","AccountName":"n","IamUserAccessToBilling":"DENY"}`,
	} {
		w.OrgsCall(w.admin, operation, body).Refused(501, "NotImplemented", "")
	}
	for _, record := range w.Records {
		if record.Status == 500 {
			t.Errorf("%s: %s", record.Operation, record.Fault)
		}
	}
}

// TestAuthorization: the identity policies of a caller decide first, then its account's place.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reader, nobody := w.User(management, "reader", readOnly), w.User(management, "nobody")
	w.OrgsCall(nobody, "ListAccounts", `{}`).Refused(400, "AccessDeniedException",
		"User: arn:aws:iam::111111111111:user/nobody is not authorized to perform: organizations:ListAccounts on resource: * because no identity-based policy allows the organizations:ListAccounts action")
	w.OrgsCall(nobody, "DescribePolicy", `{"PolicyId":"p-FullAWSAccess"}`).Refused(400, "AccessDeniedException",
		"User: arn:aws:iam::111111111111:user/nobody is not authorized to perform: organizations:DescribePolicy on resource: arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess because no identity-based policy allows the organizations:DescribePolicy action")
	w.OrgsCall(reader, "ListAccounts", `{}`).OK()
	w.OrgsCall(reader, "CreateOrganizationalUnit", `{"ParentId":"`+w.rootID+`","Name":"x"}`).Refused(400, "AccessDeniedException", "")
	const place = "You don't have permissions to access this resource."
	for operation, body := range map[string]string{
		"ListAccounts":       `{}`,
		"DeleteOrganization": `{}`,
		"DetachPolicy":       `{"PolicyId":"p-FullAWSAccess","TargetId":"222222222222"}`,
		"DisablePolicyType":  `{"RootId":"` + w.rootID + `","PolicyType":"SERVICE_CONTROL_POLICY"}`,
		"MoveAccount":        `{"AccountId":"222222222222","SourceParentId":"` + w.rootID + `","DestinationParentId":"` + w.rootID + `"}`,
	} {
		w.OrgsCall(w.memberRoot, operation, body).Refused(400, "AccessDeniedException", place)
	}
	outsider := w.Account("333333333333")
	w.OrgsCall(outsider, "ListAccounts", `{}`).Refused(400, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
	w.OrgsCall(outsider, "DescribeHandshake", `{"HandshakeId":"h-abcdefgh12"}`).Refused(400, "HandshakeNotFoundException", "")
}

// TestConditionKeys holds resources and condition keys of actions.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.OrgsCall(w.admin, "TagResource", `{"ResourceId":"`+w.rootID+`","Tags":[{"Key":"open","Value":"yes"}]}`).OK()
	scp := w.policy("SERVICE_CONTROL_POLICY", "scp", denyUsers)
	rcp := w.policy("RESOURCE_CONTROL_POLICY", "rcp", denyOutside)
	ann := w.User(management, "ann")
	begin, in := "arn:aws:organizations::111111111111:", "/"+w.orgID+"/"
	describe := func(id string) string { return `{"PolicyId":"` + id + `"}` }
	attach := func(id string) string { return `{"PolicyId":"` + id + `","TargetId":"` + w.rootID + `"}` }
	unit := func(tags string) string { return `{"ParentId":"` + w.rootID + `","Name":"x","Tags":[` + tags + `]}` }
	for _, c := range []struct {
		name, operation, allow string
		permitted, refused     string
	}{
		{"policy type", "DescribePolicy", statement(`"organizations:DescribePolicy"`, "*", `{"StringEquals":{"organizations:PolicyType":"SERVICE_CONTROL_POLICY"}}`), describe(scp), describe(rcp)},
		{"policy type of a list", "ListPolicies", statement(`"organizations:*"`, "*", `{"StringEquals":{"organizations:PolicyType":"SERVICE_CONTROL_POLICY"}}`),
			`{"Filter":"SERVICE_CONTROL_POLICY"}`, `{"Filter":"RESOURCE_CONTROL_POLICY"}`},
		{"policy ARN", "DescribePolicy", statement(`"organizations:DescribePolicy"`, begin+"policy"+in+"service_control_policy/*", ""), describe(scp), describe(rcp)},
		{"both resources", "AttachPolicy", statement(`"organizations:AttachPolicy"`, begin+"*", ""), attach(scp), attach("p-FullAWSAccess")},
		{"tag of the resource", "ListTagsForResource", statement(`"organizations:*"`, "*", `{"StringEquals":{"aws:ResourceTag/open":"yes"}}`),
			`{"ResourceId":"` + w.rootID + `"}`, `{"ResourceId":"222222222222"}`},
		{"request tag", "CreateOrganizationalUnit", statement(`"organizations:*"`, "*", `{"StringEquals":{"aws:RequestTag/team":"a"}}`),
			unit(`{"Key":"team","Value":"a"}`), unit(`{"Key":"team","Value":"b"}`)},
		{"tag keys", "UntagResource", statement(`"organizations:*"`, "*", `{"ForAllValues:StringEquals":{"aws:TagKeys":["a"]}}`),
			`{"ResourceId":"` + w.rootID + `","TagKeys":["a"]}`, `{"ResourceId":"` + w.rootID + `","TagKeys":["a","b"]}`},
		{"tags of what is made", "CreatePolicy", statement(`"organizations:CreatePolicy"`, "*", ""),
			`{"Type":"SERVICE_CONTROL_POLICY","Name":"untagged","Description":"","Content":` + quote(denyUsers) + `}`,
			`{"Type":"SERVICE_CONTROL_POLICY","Name":"tagged","Description":"","Content":` + quote(denyUsers) + `,"Tags":[{"Key":"a","Value":""}]}`},
	} {
		w.IAMCall(w.root, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", c.allow).OK()
		if got := w.OrgsCall(ann, c.operation, c.permitted); got.Status != 200 {
			t.Errorf("%s: permitted request got %s", c.name, got.Body)
		}
		if got := w.OrgsCall(ann, c.operation, c.refused); got.Get("__type") != "AccessDeniedException" {
			t.Errorf("%s: refused request got %d %s", c.name, got.Status, got.Body)
		}
	}
}

func statement(actions, resource, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":` + actions + `,"Resource":"` + resource + `"` + condition + `}}`
}

// TestServiceControlPolicy: what the management account attaches binds the member's root user and
// administrators with the next request, and not its own.
func TestServiceControlPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	memberAdmin := w.User(member, "admin", admin)
	unit := w.OrgsCall(w.admin, "CreateOrganizationalUnit", `{"ParentId":"`+w.rootID+`","Name":"Dev"}`).OK().Get("OrganizationalUnit.Id")
	w.OrgsCall(w.admin, "MoveAccount", `{"AccountId":"222222222222","SourceParentId":"`+w.rootID+`","DestinationParentId":"`+unit+`"}`).OK()
	id := w.policy("SERVICE_CONTROL_POLICY", "no users", denyUsers)
	names := 0
	create := func(key querytest.Key) querytest.Answer {
		names++
		return w.IAMCall(key, "CreateUser", "UserName", fmt.Sprint("u", names))
	}
	for _, target := range []string{w.rootID, unit, member} {
		w.attach("AttachPolicy", id, target)
		for _, key := range []querytest.Key{w.memberRoot, memberAdmin} {
			answer := create(key)
			answer.Refused(403, "AccessDenied", "")
			said := answer.Get("Error>Message")
			if !strings.Contains(said, " with an explicit deny in a service control policy: arn:aws:organizations::111111111111:policy/o-") ||
				!strings.HasSuffix(said, "/service_control_policy/"+id) {
				t.Errorf("got %s", answer.Body)
			}
		}
		create(w.admin).OK()
		w.attach("DetachPolicy", id, target)
		create(w.memberRoot).OK()
		create(memberAdmin).OK()
	}
	// Without any allow on one level nothing is allowed below it, leaving the organization included.
	w.attach("AttachPolicy", id, unit)
	w.attach("DetachPolicy", "p-FullAWSAccess", unit)
	w.OrgsCall(w.memberRoot, "LeaveOrganization", `{}`).Refused(400, "AccessDeniedException",
		"User: arn:aws:iam::222222222222:root is not authorized to perform: organizations:LeaveOrganization on resource: * because no service control policy allows the organizations:LeaveOrganization action")
	w.OrgsCall(w.admin, "RemoveAccountFromOrganization", `{"AccountId":"222222222222"}`).OK()
	create(w.memberRoot).OK()
}

// TestCreateAccount makes an account, enters it by its role, and keeps outsiders off the role with a
// resource control policy.
func TestCreateAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.OrgsCall(w.admin, "CreateAccount", `{"Email":"dev@example.com","AccountName":"Dev","Tags":[{"Key":"k","Value":"v"}]}`).OK()
	if created.Get("CreateAccountStatus.State") != "IN_PROGRESS" || created.Get("CreateAccountStatus.AccountId") != "" {
		t.Errorf("created %s", created.Body)
	}
	status := w.OrgsCall(w.admin, "DescribeCreateAccountStatus", `{"CreateAccountRequestId":"`+created.Get("CreateAccountStatus.Id")+`"}`).OK()
	account := status.Get("CreateAccountStatus.AccountId")
	if status.Get("CreateAccountStatus.State") != "SUCCEEDED" || len(account) != 12 {
		t.Fatalf("status %s", status.Body)
	}
	role := "arn:aws:iam::" + account + ":role/OrganizationAccountAccessRole"
	assume := func(key querytest.Key, role string) querytest.Answer {
		return w.STSCall(key, "AssumeRole", "RoleArn", role, "RoleSessionName", "session")
	}
	session := assume(w.admin, role).OK()
	key := querytest.Key{ID: session.Get("AccessKeyId"), Secret: session.Get("SecretAccessKey"), Token: session.Get("SessionToken")}
	w.IAMCall(key, "CreateUser", "UserName", "ann").OK()

	// The role lets another account in; a resource control policy does not.
	outside := w.Account("333333333333")
	outsider := w.User("333333333333", "eve", admin)
	trust := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["111111111111","333333333333"]},"Action":"sts:AssumeRole"}}`
	w.IAMCall(key, "CreateRole", "RoleName", "open", "AssumeRolePolicyDocument", trust).OK()
	open := "arn:aws:iam::" + account + ":role/open"
	assume(outsider, open).OK()
	w.OrgsCall(w.admin, "EnablePolicyType", `{"RootId":"`+w.rootID+`","PolicyType":"RESOURCE_CONTROL_POLICY"}`).OK()
	w.attach("AttachPolicy", w.policy("RESOURCE_CONTROL_POLICY", "inside", denyOutside), account)
	assume(outsider, open).Refused(403, "AccessDenied", "User: arn:aws:iam::333333333333:user/eve is not authorized to perform: sts:AssumeRole on resource: "+open)
	assume(w.admin, open).OK()
	if got := w.IAMCall(outside, "ListUsers").OK(); !got.Has("Users") {
		t.Errorf("got %s", got.Body)
	}
}
