package stsapi_test

import (
	"encoding/base32"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/totp"
)

const (
	rootTask  = "arn:aws:iam::aws:policy/root-task/"
	mayAssume = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRoot","Resource":"*"}}`
)

// organize makes an organization of the account of management with a member, trusts IAM, and enables features of
// root access by the operations of IAM that do so.
func (r *roles) organize(management, member querytest.Key, account string, features ...string) {
	r.Helper()
	r.OrgsCall(management, "CreateOrganization", "{}").OK()
	r.join(management, member, account)
	r.OrgsCall(management, "EnableAWSServiceAccess", `{"ServicePrincipal":"iam.amazonaws.com"}`).OK()
	for _, enable := range features {
		r.IAMCall(management, enable).OK()
	}
}

// join makes an account a member of the organization of management.
func (r *roles) join(management, member querytest.Key, account string) {
	r.Helper()
	invited := r.OrgsCall(management, "InviteAccountToOrganization", `{"Target":{"Id":"`+account+`","Type":"ACCOUNT"}}`).OK()
	r.OrgsCall(member, "AcceptHandshake", `{"HandshakeId":"`+invited.Get("Handshake.Id")+`"}`).OK()
}

// rootWorld is a world in which account B manages an organization of which A is a member, and ann of B may call
// AssumeRoot.
func rootWorld(t *testing.T, features ...string) *roles {
	t.Helper()
	r := newRoles(t, accountB, "")
	r.organize(r.rootB, r.rootA, accountA, features...)
	r.IAMCall(r.rootB, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", mayAssume).OK()
	return r
}

func (r *roles) assumeRoot(key querytest.Key, task string, params ...string) querytest.Answer {
	r.Helper()
	return r.STSCall(key, "AssumeRoot", append([]string{"TargetPrincipal", accountA, "TaskPolicyArn.arn", rootTask + task}, params...)...)
}

// root begins a session of A's root user.
func (r *roles) root(task string) querytest.Key {
	r.Helper()
	return keyOf(r.assumeRoot(r.ann, task).OK())
}

const refusedRoot = "User: arn:aws:iam::222222222222:user/ann is not authorized to perform: sts:AssumeRoot on resource: arn:aws:iam::111111111111:root"

func TestAssumeRoot(t *testing.T) {
	t.Parallel()
	r := rootWorld(t, "EnableOrganizationsRootSessions")
	made := r.assumeRoot(r.ann, "S3UnlockBucketPolicy").OK()
	if made.Get("Expiration") != r.Now.Add(15*time.Minute).UTC().Format(time.RFC3339) || made.Has("SourceIdentity") || made.Has("AssumedRoleUser") {
		t.Errorf("made %s", made.Body)
	}
	session := keyOf(made)
	who := r.STSCall(session, "GetCallerIdentity").OK()
	if who.Get("Arn") != "arn:aws:iam::111111111111:root" || who.Get("UserId") != accountA || who.Get("Account") != accountA {
		t.Errorf("the session is %s", who.Body)
	}
	r.IAMCall(session, "ListUsers").Refused(403, "AccessDenied", "")
	r.assumeRoot(session, "S3UnlockBucketPolicy").Refused(403, "AccessDenied", "")
	r.Now = r.Now.Add(15 * time.Minute)
	r.STSCall(session, "GetCallerIdentity").Refused(403, "ExpiredToken", "")

	short := r.STSCall(r.ann, "AssumeRoot", "TargetPrincipal", "arn:aws:iam::111111111111:root", "TaskPolicyArn.arn", rootTask+"SQSUnlockQueuePolicy", "DurationSeconds", "60").OK()
	if short.Get("Expiration") != r.Now.Add(time.Minute).UTC().Format(time.RFC3339) {
		t.Errorf("made %s", short.Body)
	}
}

func TestAssumeRootParameters(t *testing.T) {
	t.Parallel()
	r := rootWorld(t, "EnableOrganizationsRootSessions")
	for _, c := range [][3]string{
		{"11111111111", rootTask + "S3UnlockBucketPolicy", ""}, {"arn:aws:iam::111111111111:user/x", rootTask + "S3UnlockBucketPolicy", ""},
		{"arn:aws:sts::111111111111:root", rootTask + "S3UnlockBucketPolicy", ""}, {accountA, "arn:aws:iam::aws:policy/AdministratorAccess", ""},
		{accountA, rootTask + "NoSuchTask", ""}, {accountA, "arn:aws:iam::aws:policy/S3UnlockBucketPolicy", ""}, {accountA, rootTask + "S3UnlockBucketPolicy", "901"},
	} {
		params := []string{"TargetPrincipal", c[0], "TaskPolicyArn.arn", c[1]}
		if c[2] != "" {
			params = append(params, "DurationSeconds", c[2])
		}
		r.STSCall(r.ann, "AssumeRoot", params...).Refused(400, "ValidationError", "")
	}
	r.STSCall(r.ann, "AssumeRoot", "TargetPrincipal", accountA).Refused(400, "ValidationError", "")
}

// TestWhoMayAssumeRoot goes through everything that has to be there.
func TestWhoMayAssumeRoot(t *testing.T) {
	t.Parallel()
	r := rootWorld(t)
	refused := func(key querytest.Key, task, message string) {
		t.Helper()
		r.assumeRoot(key, task).Refused(403, "AccessDenied", message)
	}
	refused(r.ann, "S3UnlockBucketPolicy", "")
	// The management of credentials is for tasks on them.
	r.IAMCall(r.rootB, "EnableOrganizationsRootCredentialsManagement").OK()
	refused(r.ann, "S3UnlockBucketPolicy", "")
	r.assumeRoot(r.ann, "IAMAuditRootUserCredentials").OK()
	r.IAMCall(r.rootB, "EnableOrganizationsRootSessions").OK()
	r.assumeRoot(r.ann, "S3UnlockBucketPolicy").OK()

	refused(r.bob, "S3UnlockBucketPolicy", "")
	refused(r.rootB, "S3UnlockBucketPolicy", strings.Replace(refusedRoot, "user/ann", "root", 1))
	carl := r.User(accountA, "carl", "AdministratorAccess")
	refused(carl, "S3UnlockBucketPolicy", "") // a member does not manage itself
	r.STSCall(r.ann, "AssumeRoot", "TargetPrincipal", accountB, "TaskPolicyArn.arn", rootTask+"S3UnlockBucketPolicy").Refused(403, "AccessDenied", "")
	r.STSCall(r.ann, "AssumeRoot", "TargetPrincipal", "999999999999", "TaskPolicyArn.arn", rootTask+"S3UnlockBucketPolicy").Refused(403, "AccessDenied", "")

	// A condition on the task.
	r.IAMCall(r.rootB, "PutUserPolicy", "UserName", "bob", "PolicyName", "p", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRoot","Resource":"arn:aws:iam::111111111111:root","Condition":{"StringEquals":{"sts:TaskPolicyArn":"`+rootTask+`IAMAuditRootUserCredentials"}}}}`).OK()
	r.assumeRoot(r.bob, "IAMAuditRootUserCredentials").OK()
	refused(r.bob, "S3UnlockBucketPolicy", "")

	// The delegated administrator, which an SCP binds.
	r.join(r.rootB, r.Account("333333333333"), "333333333333")
	cy := r.User("333333333333", "cy", "AdministratorAccess")
	refused(cy, "S3UnlockBucketPolicy", "")
	r.OrgsCall(r.rootB, "RegisterDelegatedAdministrator", `{"AccountId":"333333333333","ServicePrincipal":"iam.amazonaws.com"}`).OK()
	r.assumeRoot(cy, "S3UnlockBucketPolicy").OK()
	scp := r.OrgsCall(r.rootB, "CreatePolicy", `{"Name":"p","Description":"","Type":"SERVICE_CONTROL_POLICY","Content":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"sts:AssumeRoot\",\"Resource\":\"*\"}}"}`).OK().Get("Policy.PolicySummary.Id")
	r.OrgsCall(r.rootB, "AttachPolicy", `{"PolicyId":"`+scp+`","TargetId":"333333333333"}`).OK()
	refused(cy, "S3UnlockBucketPolicy", "")

	r.IAMCall(r.rootB, "DisableOrganizationsRootSessions").OK()
	refused(r.ann, "S3UnlockBucketPolicy", "")
	r.IAMCall(r.rootB, "EnableOrganizationsRootSessions").OK()
	r.OrgsCall(r.rootB, "RemoveAccountFromOrganization", `{"AccountId":"111111111111"}`).OK()
	refused(r.ann, "S3UnlockBucketPolicy", "")
}

// TestRootSessionsEndWithTheFeature: the session that exists ends, and not only the right to begin another one.
func TestRootSessionsEndWithTheFeature(t *testing.T) {
	t.Parallel()
	r := rootWorld(t, "EnableOrganizationsRootCredentialsManagement", "EnableOrganizationsRootSessions")
	audit, unlock := r.root("IAMAuditRootUserCredentials"), r.root("S3UnlockBucketPolicy")
	who := func(key querytest.Key) querytest.Answer { return r.STSCall(key, "GetCallerIdentity") }
	who(audit).OK()
	who(unlock).OK()
	r.IAMCall(r.rootB, "DisableOrganizationsRootSessions").OK()
	who(audit).OK()
	who(unlock).Refused(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
	r.OrgsCall(r.rootB, "DisableAWSServiceAccess", `{"ServicePrincipal":"iam.amazonaws.com"}`).OK()
	who(audit).Refused(403, "InvalidClientTokenId", "")
}

// TestRootTasks does with root's credentials what each task is for, and what none is for.
func TestRootTasks(t *testing.T) {
	t.Parallel()
	r := rootWorld(t, "EnableOrganizationsRootCredentialsManagement", "EnableOrganizationsRootSessions")
	r.User(accountA, "carl")
	r.IAMCall(r.rootA, "CreateVirtualMFADevice", "VirtualMFADeviceName", "spare").OK()
	spare := "arn:aws:iam::111111111111:mfa/spare"

	audit := r.root("IAMAuditRootUserCredentials")
	listed := r.IAMCall(audit, "ListAccessKeys").OK()
	if listed.Get("AccessKeyId") != r.rootA.ID || listed.Has("AccessKeyMetadata>member>UserName") {
		t.Errorf("keys %s", listed.Body)
	}
	if got := r.IAMCall(audit, "GetUser").OK(); got.Get("User>Arn") != "arn:aws:iam::111111111111:root" {
		t.Errorf("user %s", got.Body)
	}
	r.IAMCall(audit, "ListMFADevices").OK()
	r.IAMCall(audit, "ListSigningCertificates").OK()
	r.IAMCall(audit, "GetLoginProfile").Refused(404, "NoSuchEntity", "")
	r.IAMCall(audit, "ListAccessKeys", "UserName", "carl").Refused(403, "AccessDenied", "")
	r.IAMCall(audit, "DeleteAccessKey", "AccessKeyId", r.rootA.ID).Refused(403, "AccessDenied", "")
	r.IAMCall(audit, "CreateAccessKey").Refused(403, "AccessDenied", "")

	create := r.root("IAMCreateRootUserPassword")
	made := r.IAMCall(create, "CreateLoginProfile").OK()
	if made.Get("LoginProfile>UserName") == "" || made.Get("LoginProfile>PasswordResetRequired") != "true" {
		t.Errorf("login profile %s", made.Body)
	}
	r.IAMCall(create, "CreateLoginProfile").Refused(409, "EntityAlreadyExists", "")
	r.IAMCall(create, "GetLoginProfile").OK()
	r.IAMCall(create, "CreateLoginProfile", "UserName", "carl", "Password", "Walnut-1!").Refused(403, "AccessDenied", "")
	r.IAMCall(create, "DeleteLoginProfile").Refused(403, "AccessDenied", "")
	r.IAMCall(audit, "GetLoginProfile").OK()

	remove := r.root("IAMDeleteRootUserCredentials")
	r.IAMCall(remove, "DeleteLoginProfile").OK()
	r.IAMCall(remove, "GetLoginProfile").Refused(404, "NoSuchEntity", "")
	r.IAMCall(remove, "CreateLoginProfile").Refused(403, "AccessDenied", "")
	r.IAMCall(remove, "DeleteAccessKey", "AccessKeyId", r.rootA.ID).OK()
	r.STSCall(r.rootA, "GetCallerIdentity").Refused(403, "InvalidClientTokenId", "")
	r.IAMCall(remove, "DeactivateMFADevice", "SerialNumber", spare).Refused(404, "NoSuchEntity", "")
	r.IAMCall(remove, "DeleteVirtualMFADevice", "SerialNumber", spare).OK()
	r.IAMCall(remove, "DeleteUser", "UserName", "carl").Refused(403, "AccessDenied", "")
	r.IAMCall(remove, "DeactivateMFADevice", "UserName", "carl", "SerialNumber", spare).Refused(403, "AccessDenied", "")
}

// TestSourceIdentityOfRootSessions hands a source identity on.
func TestSourceIdentityOfRootSessions(t *testing.T) {
	t.Parallel()
	r := rootWorld(t, "EnableOrganizationsRootSessions")
	r.IAMCall(r.rootB, "CreateRole", "RoleName", "S", "AssumeRolePolicyDocument", strings.Replace(trust(accountB, ""), "sts:AssumeRole", "sts:*", 1)).OK()
	r.IAMCall(r.rootB, "PutRolePolicy", "RoleName", "S", "PolicyName", "p", "PolicyDocument", mayAssume).OK()
	r.IAMCall(r.rootB, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", allowAll).OK()
	role := keyOf(r.STSCall(r.ann, "AssumeRole", "RoleArn", "arn:aws:iam::222222222222:role/S", "RoleSessionName", "sess", "SourceIdentity", "ann").OK())
	if got := r.assumeRoot(role, "S3UnlockBucketPolicy").OK().Get("SourceIdentity"); got != "ann" {
		t.Errorf("source identity %q", got)
	}
}

// TestRootTaskOnMFADevices deactivates and deletes the device of the root user, and leaves a user's alone.
func TestRootTaskOnMFADevices(t *testing.T) {
	t.Parallel()
	r := rootWorld(t, "EnableOrganizationsRootCredentialsManagement")
	r.User(accountA, "carl")
	enable := func(name string, user ...string) string {
		t.Helper()
		made := r.IAMCall(r.rootA, "CreateVirtualMFADevice", "VirtualMFADeviceName", name).OK()
		text, err := base64.StdEncoding.DecodeString(made.Get("Base32StringSeed"))
		if err != nil {
			t.Fatal(err)
		}
		seed, err := base32.StdEncoding.DecodeString(string(text))
		if err != nil {
			t.Fatal(err)
		}
		params := append(user, "SerialNumber", made.Get("SerialNumber"))
		for _, parameter := range []string{"AuthenticationCode1", "AuthenticationCode2"} {
			params = append(params, parameter, totp.Code(seed, totp.StepAt(r.Now)))
			r.Now = r.Now.Add(totp.Step)
		}
		r.IAMCall(r.rootA, "EnableMFADevice", params...).OK()
		return made.Get("SerialNumber")
	}
	ofRoot, ofCarl := enable("root-account-mfa-device"), enable("carls", "UserName", "carl")
	if got := r.IAMCall(r.root("IAMAuditRootUserCredentials"), "ListMFADevices").OK().All("MFADevices>member>SerialNumber"); len(got) != 1 || got[0] != ofRoot {
		t.Errorf("devices %s", got)
	}
	remove := r.root("IAMDeleteRootUserCredentials")
	r.IAMCall(remove, "DeleteVirtualMFADevice", "SerialNumber", ofRoot).Refused(409, "DeleteConflict", "")
	r.IAMCall(remove, "DeactivateMFADevice", "SerialNumber", ofRoot).OK()
	r.IAMCall(remove, "DeleteVirtualMFADevice", "SerialNumber", ofRoot).OK()
	r.IAMCall(remove, "DeleteVirtualMFADevice", "SerialNumber", ofCarl).Refused(403, "AccessDenied", "")
	r.IAMCall(remove, "DeactivateMFADevice", "SerialNumber", ofCarl).Refused(404, "NoSuchEntity", "")
	r.IAMCall(remove, "DeactivateMFADevice", "SerialNumber", ofCarl, "UserName", "carl").Refused(403, "AccessDenied", "")
}
