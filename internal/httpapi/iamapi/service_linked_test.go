package iamapi_test

import (
	"strings"
	"testing"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

const cannot = "Cannot perform the operation on the protected role 'AWSServiceRoleForOrganizations' - this role is only modifiable by AWS"

// TestServiceLinkedRoles makes one as Terraform's aws_iam_service_linked_role does, and deletes it.
func TestServiceLinkedRoles(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	made := w.IAMCall(root, "CreateServiceLinkedRole", "AWSServiceName", "organizations.amazonaws.com", "Description", "d").OK()
	if made.Get("Role>Path") != "/aws-service-role/organizations.amazonaws.com/" || made.Get("Role>RoleName") != "AWSServiceRoleForOrganizations" || made.Get("Role>Description") != "d" {
		t.Errorf("made %s", made.Body)
	}
	got := w.IAMCall(root, "GetRole", "RoleName", "AWSServiceRoleForOrganizations").OK()
	if got.Get("Role>MaxSessionDuration") != "3600" || !got.Has("Role>RoleLastUsed") {
		t.Errorf("got %s", got.Body)
	}
	w.IAMCall(root, "DeleteRole", "RoleName", "AWSServiceRoleForOrganizations").Refused(400, "UnmodifiableEntity", cannot)
	w.IAMCall(root, "UpdateRoleDescription", "RoleName", "AWSServiceRoleForOrganizations", "Description", "e").OK()
	w.IAMCall(root, "TagRole", "RoleName", "AWSServiceRoleForOrganizations", "Tags.member.1.Key", "k", "Tags.member.1.Value", "v").OK()
	w.IAMCall(root, "CreateServiceLinkedRole", "AWSServiceName", "x.amazonaws.com").Refused(400, "InvalidInput", "")
	w.IAMCall(root, "CreateServiceLinkedRole", "AWSServiceName", "config.amazonaws.com", "CustomSuffix", "s").
		Refused(400, "InvalidInput", "Custom suffix is not allowed for config.amazonaws.com")

	task := w.IAMCall(root, "DeleteServiceLinkedRole", "RoleName", "AWSServiceRoleForOrganizations").OK().Get("DeletionTaskId")
	if !strings.HasPrefix(task, "task/aws-service-role/organizations.amazonaws.com/AWSServiceRoleForOrganizations/") {
		t.Errorf("task %s", task)
	}
	status := w.IAMCall(root, "GetServiceLinkedRoleDeletionStatus", "DeletionTaskId", task).OK()
	if status.Get("Status") != "SUCCEEDED" || status.Has("Reason") {
		t.Errorf("status %s", status.Body)
	}
	w.IAMCall(root, "GetServiceLinkedRoleDeletionStatus", "DeletionTaskId", "x").Refused(400, "InvalidInput", "")
	w.IAMCall(root, "GetServiceLinkedRoleDeletionStatus", "DeletionTaskId", task[:len(task)-1]+"x").Refused(404, "NoSuchEntity", "")
}

// TestServiceLinkedRoleOfAnOrganization holds that it cannot be deleted while the account is in one.
func TestServiceLinkedRoleOfAnOrganization(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	w.OrgsCall(root, "CreateOrganization", "{}").OK()
	w.IAMCall(root, "CreateServiceLinkedRole", "AWSServiceName", "organizations.amazonaws.com").OK()
	task := w.IAMCall(root, "DeleteServiceLinkedRole", "RoleName", "AWSServiceRoleForOrganizations").OK().Get("DeletionTaskId")
	status := w.IAMCall(root, "GetServiceLinkedRoleDeletionStatus", "DeletionTaskId", task).OK()
	if status.Get("Status") != "FAILED" || status.Get("Reason>Reason") == "" || !strings.HasPrefix(status.Get("RoleUsageList>member>Resources>member"), "arn:aws:organizations::111111111111:organization/o-") {
		t.Errorf("status %s", status.Body)
	}
	w.IAMCall(root, "GetRole", "RoleName", "AWSServiceRoleForOrganizations").OK()
}

// TestServiceNameOfServiceLinkedRoles uses iam:AWSServiceName as AWS's AWSOrganizationsFullAccess does.
func TestServiceNameOfServiceLinkedRoles(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	w.Account(accountA)
	ann := w.User(accountA, "ann", "AWSOrganizationsFullAccess")
	w.IAMCall(ann, "CreateServiceLinkedRole", "AWSServiceName", "organizations.amazonaws.com").OK()
	w.IAMCall(ann, "CreateServiceLinkedRole", "AWSServiceName", "config.amazonaws.com").Refused(403, "AccessDenied", "")
	w.IAMCall(ann, "DeleteServiceLinkedRole", "RoleName", "AWSServiceRoleForOrganizations").Refused(403, "AccessDenied", "")
	power := w.User(accountA, "power", "PowerUserAccess")
	w.IAMCall(power, "DeleteServiceLinkedRole", "RoleName", "AWSServiceRoleForOrganizations").OK()
}
