package iamapi_test

import (
	"net/url"
	"testing"

	"crossgrant/internal/httpapi/iamapi"
	"crossgrant/internal/httpapi/keytest"
	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/ids"
)

// keysTable holds the operations of IAM against its reference.
var keysTable = keytest.Table{
	Service: "iam", Operations: iamapi.New(nil, iamapi.Deps{}).Operations(),
	Forms: map[string][]string{
		// These have no type of resource; the messages of AWS name the path that is listed.
		"ListUsers": {"arn:aws:iam::${Account}:user/"}, "ListGroups": {"arn:aws:iam::${Account}:group/"}, "ListRoles": {"arn:aws:iam::${Account}:role/"},
		"ListInstanceProfiles":   {"arn:aws:iam::${Account}:instance-profile/"},
		"ListServerCertificates": {"arn:aws:iam::${Account}:server-certificate/a/"},
		// Those of all users.
		"ListServiceSpecificCredentials": {"*"},
		"ListPolicies":                   {"policy path /"}, "ListVirtualMFADevices": {"arn:aws:iam::${Account}:mfa/"},
		"ListOpenIDConnectProviders": {"arn:aws:iam::${Account}:oidc-provider/*"}, "ListSAMLProviders": {"arn:aws:iam::${Account}:saml-provider/*"},
		// Who names no user asks for all of them, and so does the root user about its own devices.
		"ListMFADevices": {"*"}, "EnableMFADevice": {"*"}, "ResyncMFADevice": {"*"}, "DeactivateMFADevice": {"*"}, "GetMFADevice": {"*"},
		// The root user is no user of IAM's and has no ARN of one, but may have access keys.
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
		"GetUser": {rootForm}, "CreateAccessKey": {rootForm}, "ListAccessKeys": {rootForm}, "UpdateAccessKey": {rootForm}, "DeleteAccessKey": {rootForm},
		// Of a key that the account does not have nobody is told anything.
		"GetAccessKeyLastUsed": {rootForm, "*"},
	},
	Unasked: map[string]string{"UpdateDelegationRequest": "the reference, which is older, has no such action"},
	Missing: map[string]string{
		"iam:RoleTemplateARN": "there are no role templates", "iam:RegisterSecurityKey": "there are no security keys",
		"iam:FIDO-certification": "the same", "iam:FIDO-FIPS-140-2-certification": "the same", "iam:FIDO-FIPS-140-3-certification": "the same",
	},
	Start: func(t *testing.T) keytest.Ask { return newKeysWorld(t).ask },
	Cases: operationKeys,
}

const (
	rootForm   = "arn:aws:iam::${Account}:root"
	keysOfAnn  = "111111111111"
	trustAnn   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}]}`
	boundaryOf = "arn:aws:iam::111111111111:policy/boundary"
)

// keyIDs are the access keys of users.
var keyIDs = map[string]ids.AccessKeyID{"full": "AKIAFULLFULLFULLFULL", "bare": "AKIABAREBAREBAREBARE"}

// keysWorld is an account in which what is called "full" has a tag and, if it can, a boundary, and what is
// called "bare" has neither.
type keysWorld struct {
	*querytest.World
	root querytest.Key
}

func newKeysWorld(t *testing.T) *keysWorld {
	t.Helper()
	w := &keysWorld{World: querytest.New(t)}
	w.root = w.Account(keysOfAnn)
	tag := []string{"Tags.member.1.Key", keytest.TagKey, "Tags.member.1.Value", "open"}
	bounded := append([]string{"PermissionsBoundary", boundaryOf}, tag...)
	tags := map[string][]string{"full": tag}
	w.IAMCall(w.root, "CreatePolicy", "PolicyName", "boundary", "PolicyDocument", allowAll).OK()
	for name, more := range map[string][]string{"bare": nil, "full": bounded} {
		w.IAMCall(w.root, "CreateUser", append([]string{"UserName", name}, more...)...).OK()
		w.IAMCall(w.root, "CreateRole", append([]string{"RoleName", name, "AssumeRolePolicyDocument", trustAnn}, more...)...).OK()
		w.IAMCall(w.root, "CreateGroup", "GroupName", name).OK()
		w.IAMCall(w.root, "CreateInstanceProfile", append([]string{"InstanceProfileName", name}, tags[name]...)...).OK()
		if _, err := w.IAM.AddAccessKey(t.Context(), keysOfAnn, name, keyIDs[name], "secret"); err != nil {
			t.Fatal(err)
		}
	}
	w.IAMCall(w.root, "CreateVirtualMFADevice", "VirtualMFADeviceName", "bare").OK()
	w.IAMCall(w.root, "CreateVirtualMFADevice", append([]string{"VirtualMFADeviceName", "full"}, tag...)...).OK()
	for name, more := range map[string][]string{"bare": nil, "full": tag} {
		w.IAMCall(w.root, "CreateOpenIDConnectProvider", append([]string{"Url", "https://" + name}, more...)...).OK()
		w.IAMCall(w.root, "CreateSAMLProvider", append([]string{"Name", name, "SAMLMetadataDocument", metadata(t)}, more...)...).OK()
	}
	w.IAMCall(w.root, "CreatePolicy", "PolicyName", "bare", "PolicyDocument", allowAll).OK()
	w.IAMCall(w.root, "CreatePolicy", append([]string{"PolicyName", "full", "PolicyDocument", allowAll}, tag...)...).OK()
	return w
}

// ask sends a form. What is asked for does not have to be done, but a form that is refused asks nothing.
func (w *keysWorld) ask(t *testing.T, operation, request string) []keytest.Question {
	t.Helper()
	form, err := url.ParseQuery(request)
	if err != nil {
		t.Fatal(err)
	}
	form.Set("Action", operation)
	form.Set("Version", querytest.IAMVersion)
	key := w.root
	if operation == "ChangePassword" { // which is of users alone
		made := w.IAMCall(w.root, "CreateAccessKey", "UserName", "full").OK()
		key = querytest.Key{ID: made.Get("AccessKeyId"), Secret: made.Get("SecretAccessKey")}
	}
	w.Asking.Taken()
	answer := w.Do(key, "iam", form)
	asked := w.Asking.Taken()
	if len(asked) == 0 {
		t.Errorf("%s: asked nothing: %s", request, answer.Body)
	}
	return asked
}

// TestKeysOfOperations holds action, resource and condition keys of every operation against AWS's service
// reference.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
func TestKeysOfOperations(t *testing.T) {
	t.Parallel()
	keysTable.Full(t)
}

// TestKeysOfBareRequests holds that a key which a request does not fill is absent.
func TestKeysOfBareRequests(t *testing.T) {
	t.Parallel()
	keysTable.Bare(t)
}
