package iamapi_test

import (
	"slices"
	"testing"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

// TestRootFeatures goes through the errors of the API's model, and what is enabled.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOrganizationsRootSessions.html
func TestRootFeatures(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root, member := w.Account(accountA), w.Account(accountB)
	const (
		list     = "ListOrganizationsFeatures"
		sessions = "EnableOrganizationsRootSessions"
	)
	refused := func(key querytest.Key, operation, code, message string) {
		t.Helper()
		w.IAMCall(key, operation).Refused(400, code+"Exception", message)
	}
	refused(root, list, "OrganizationNotFound", "The request was rejected because no organization is associated with your account.")
	refused(root, sessions, "OrganizationNotFound", "")
	org := w.OrgsCall(root, "CreateOrganization", "{}").OK().Get("Organization.Id")
	invited := w.OrgsCall(root, "InviteAccountToOrganization", `{"Target":{"Id":"`+accountB+`","Type":"ACCOUNT"}}`).OK()
	w.OrgsCall(member, "AcceptHandshake", `{"HandshakeId":"`+invited.Get("Handshake.Id")+`"}`).OK()

	const noTrust = "The request was rejected because trusted access is not enabled for IAM in Organizations. For details, see IAM and Organizations in the Organizations User Guide."
	for _, operation := range []string{list, sessions, "DisableOrganizationsRootSessions", "EnableOrganizationsRootCredentialsManagement", "DisableOrganizationsRootCredentialsManagement"} {
		refused(root, operation, "ServiceAccessNotEnabled", noTrust)
		refused(member, operation, "AccountNotManagementOrDelegatedAdministrator", "")
	}
	w.OrgsCall(root, "EnableAWSServiceAccess", `{"ServicePrincipal":"iam.amazonaws.com"}`).OK()
	enabled := func(key querytest.Key, operation string, want ...string) {
		t.Helper()
		got := w.IAMCall(key, operation).OK()
		if got.Get("OrganizationId") != org || !slices.Equal(got.All("EnabledFeatures>member"), want) {
			t.Errorf("%s: %s, want %s", operation, got.Body, want)
		}
	}
	enabled(root, list)
	enabled(root, sessions, "RootSessions")
	enabled(root, sessions, "RootSessions")
	enabled(root, "EnableOrganizationsRootCredentialsManagement", "RootCredentialsManagement", "RootSessions")
	enabled(root, "DisableOrganizationsRootSessions", "RootCredentialsManagement")
	enabled(root, "DisableOrganizationsRootSessions", "RootCredentialsManagement")

	w.OrgsCall(root, "RegisterDelegatedAdministrator", `{"AccountId":"`+accountB+`","ServicePrincipal":"iam.amazonaws.com"}`).OK()
	enabled(member, list, "RootCredentialsManagement")
	refused(member, sessions, "CallerIsNotManagementAccount", "The request was rejected because the account making the request is not the management account for the organization.")
	enabled(member, "DisableOrganizationsRootCredentialsManagement")
	enabled(root, sessions, "RootSessions")

	// What was enabled does not come back with trust.
	w.OrgsCall(root, "DeregisterDelegatedAdministrator", `{"AccountId":"`+accountB+`","ServicePrincipal":"iam.amazonaws.com"}`).OK()
	w.OrgsCall(root, "DisableAWSServiceAccess", `{"ServicePrincipal":"iam.amazonaws.com"}`).OK()
	refused(root, list, "ServiceAccessNotEnabled", noTrust)
	w.Now = w.Now.Add(1)
	w.OrgsCall(root, "EnableAWSServiceAccess", `{"ServicePrincipal":"iam.amazonaws.com"}`).OK()
	enabled(root, list)
}
