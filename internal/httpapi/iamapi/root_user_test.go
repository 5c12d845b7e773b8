package iamapi_test

import (
	"slices"
	"testing"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

// TestRootUserManagesItsOwnKeys: operations that are about the user that asks unless they name another one work for
// the root user.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-access-key.html
func TestRootUserManagesItsOwnKeys(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	second := w.IAMCall(root, "CreateAccessKey").OK()
	if second.Has("AccessKey>UserName") {
		t.Errorf("made %s", second.Body)
	}
	id := second.Get("AccessKey>AccessKeyId")
	if got := w.IAMCall(root, "ListAccessKeys").OK().All("AccessKeyMetadata>member>AccessKeyId"); !slices.Contains(got, root.ID) || !slices.Contains(got, id) {
		t.Errorf("keys %s", got)
	}
	w.IAMCall(root, "CreateAccessKey").Refused(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	w.IAMCall(root, "UpdateAccessKey", "AccessKeyId", id, "Status", "Inactive").OK()
	made := querytest.Key{ID: id, Secret: second.Get("AccessKey>SecretAccessKey")}
	w.STSCall(made, "GetCallerIdentity").Refused(403, "InvalidClientTokenId", "")
	w.IAMCall(root, "UpdateAccessKey", "AccessKeyId", id, "Status", "Active").OK()
	if got := w.STSCall(made, "GetCallerIdentity").OK().Get("Arn"); got != "arn:aws:iam::111111111111:root" {
		t.Errorf("the key is of %s", got)
	}
	w.IAMCall(root, "DeleteAccessKey", "AccessKeyId", id).OK()
}

// TestNobodyElseManagesTheRootUser: administrators of the account have no way to the root user's keys, devices and
// password, and neither has another account.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html
func TestNobodyElseManagesTheRootUser(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root, other := w.Account(accountA), w.Account(accountB)
	ann := w.User(accountA, "ann", admin)
	const serial = serialOfPhone
	w.IAMCall(root, "EnableMFADevice", newPhone(w, root, "phone").pair("SerialNumber", serial)...).OK()
	for _, key := range []querytest.Key{ann, other} {
		w.IAMCall(key, "UpdateAccessKey", "AccessKeyId", root.ID, "Status", "Inactive").Refused(404, "NoSuchEntity", "")
		w.IAMCall(key, "DeleteAccessKey", "AccessKeyId", root.ID).Refused(404, "NoSuchEntity", "")
		if got := w.IAMCall(key, "ListAccessKeys").OK().All("AccessKeyMetadata>member>AccessKeyId"); slices.Contains(got, root.ID) {
			t.Errorf("%s sees the root user's key", key.ID)
		}
	}
	for _, name := range []string{"root", accountA, "<root_account>"} {
		for _, operation := range []string{"CreateAccessKey", "ListAccessKeys", "GetLoginProfile", "ListMFADevices", "GetUser"} {
			if got := w.IAMCall(ann, operation, "UserName", name); got.Status != 404 && got.Status != 400 {
				t.Errorf("%s of %s: %d %s", operation, name, got.Status, got.Body)
			}
		}
	}
	w.IAMCall(ann, "DeactivateMFADevice", "SerialNumber", serial).Refused(404, "NoSuchEntity", "")
	w.IAMCall(ann, "DeactivateMFADevice", "SerialNumber", serial, "UserName", "ann").Refused(404, "NoSuchEntity", "")
	w.IAMCall(ann, "DeleteVirtualMFADevice", "SerialNumber", serial).Refused(409, "DeleteConflict", "")
	w.IAMCall(ann, "EnableMFADevice", "SerialNumber", serial, "AuthenticationCode1", "123456", "AuthenticationCode2", "654321").Refused(400, "ValidationError", "")
	w.IAMCall(ann, "PutUserPermissionsBoundary", "UserName", "root", "PermissionsBoundary", "arn:aws:iam::aws:policy/AWSDenyAll").Refused(404, "NoSuchEntity", "")
	w.IAMCall(root, "DeactivateMFADevice", "SerialNumber", serial).OK()
	// The root user's own login profile is made in sessions of AssumeRoot.
	w.IAMCall(root, "GetLoginProfile").Refused(400, "ValidationError", "")
	w.IAMCall(root, "CreateLoginProfile", "Password", "Walnut-1!").Refused(400, "ValidationError", "")
}

// TestRootUserRestoresAdministrators: what an administrator took from itself the root user gives back.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-tasks.html
func TestRootUserRestoresAdministrators(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	ann := w.User(accountA, "ann", admin)
	w.IAMCall(ann, "AttachUserPolicy", "UserName", "ann", "PolicyArn", "arn:aws:iam::aws:policy/AWSDenyAll").OK()
	w.IAMCall(ann, "DetachUserPolicy", "UserName", "ann", "PolicyArn", "arn:aws:iam::aws:policy/AWSDenyAll").Refused(403, "AccessDenied", "")
	w.IAMCall(root, "DetachUserPolicy", "UserName", "ann", "PolicyArn", "arn:aws:iam::aws:policy/AWSDenyAll").OK()
	w.IAMCall(ann, "ListUsers").OK()
}

// TestPoliciesOfOrganizationsBindRootUsers: those of member accounts, and not that of the management account.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
func TestPoliciesOfOrganizationsBindRootUsers(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root, member := w.Account(accountA), w.Account(accountB)
	top := w.OrgsCall(root, "CreateOrganization", "{}").OK()
	invited := w.OrgsCall(root, "InviteAccountToOrganization", `{"Target":{"Id":"`+accountB+`","Type":"ACCOUNT"}}`).OK()
	w.OrgsCall(member, "AcceptHandshake", `{"HandshakeId":"`+invited.Get("Handshake.Id")+`"}`).OK()
	w.IAMCall(member, "CreateGroup", "GroupName", "before").OK()
	scp := w.OrgsCall(root, "CreatePolicy", `{"Name":"p","Description":"","Type":"SERVICE_CONTROL_POLICY","Content":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"iam:CreateGroup\",\"Resource\":\"*\"}}"}`).OK()
	id := scp.Get("Policy.PolicySummary.Id")
	if top.Get("Organization.Id") == "" {
		t.Fatal(top.Body)
	}
	for _, target := range []string{accountA, accountB} {
		w.OrgsCall(root, "AttachPolicy", `{"PolicyId":"`+id+`","TargetId":"`+target+`"}`).OK()
	}
	w.IAMCall(member, "CreateGroup", "GroupName", "after").Refused(403, "AccessDenied", "")
	w.IAMCall(root, "CreateGroup", "GroupName", "after").OK()
	w.IAMCall(member, "CreateAccessKey").OK()
}
