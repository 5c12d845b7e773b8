package iamapi_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

// TestKeyLastUsed holds what is told of access keys.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyLastUsed.html
func TestKeyLastUsed(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root, foreign := w.Account("111111111111"), w.Account("222222222222")
	ann := w.User("111111111111", "ann")
	never := w.IAMCall(root, "GetAccessKeyLastUsed", "AccessKeyId", ann.ID).OK()
	if never.Get("UserName") != "ann" || never.Has("LastUsedDate") || never.Get("ServiceName") != "N/A" || never.Get("Region") != "N/A" {
		t.Errorf("never used: %s", never.Body)
	}
	w.Now = w.Now.Add(time.Hour)
	w.IAMCall(ann, "ListUsers").Refused(403, "AccessDenied", "") // an attempt is a use
	w.STSCall(ann, "GetCallerIdentity").OK()
	used := w.IAMCall(root, "GetAccessKeyLastUsed", "AccessKeyId", ann.ID).OK()
	if used.Get("LastUsedDate") != "2026-01-02T04:04:05Z" || used.Get("ServiceName") != "sts" || used.Get("Region") != "us-east-1" {
		t.Errorf("used: %s", used.Body)
	}
	own := w.IAMCall(root, "GetAccessKeyLastUsed", "AccessKeyId", root.ID).OK()
	if own.Has("UserName") || own.Get("ServiceName") != "iam" {
		t.Errorf("the root user's: %s", own.Body)
	}
	for _, id := range []string{foreign.ID, "AKIANOBODYNOBODY0000"} {
		w.IAMCall(root, "GetAccessKeyLastUsed", "AccessKeyId", id).Refused(404, "NoSuchEntity", "The Access Key with id "+id+" cannot be found.")
		w.IAMCall(ann, "GetAccessKeyLastUsed", "AccessKeyId", id).Refused(403, "AccessDenied",
			"User: arn:aws:iam::111111111111:user/ann is not authorized to perform: iam:GetAccessKeyLastUsed on resource: * because no identity-based policy allows the iam:GetAccessKeyLastUsed action")
	}
	w.IAMCall(ann, "GetAccessKeyLastUsed", "AccessKeyId", ann.ID).Refused(403, "AccessDenied",
		"User: arn:aws:iam::111111111111:user/ann is not authorized to perform: iam:GetAccessKeyLastUsed on resource: arn:aws:iam::111111111111:user/ann because no identity-based policy allows the iam:GetAccessKeyLastUsed action")
}

// TestRoleLastUsed holds that a role was used when a session of it makes a request, and not when it is assumed.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleLastUsed.html
func TestRoleLastUsed(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account("111111111111")
	admin := w.User("111111111111", "admin", "AdministratorAccess")
	w.IAMCall(root, "CreateRole", "RoleName", "deploy", "AssumeRolePolicyDocument", trustAnn).OK()
	lastUsed := func(want string) {
		t.Helper()
		role := w.IAMCall(root, "GetRole", "RoleName", "deploy").OK()
		if got := role.Get("RoleLastUsed>LastUsedDate") + " " + role.Get("RoleLastUsed>Region"); got != want || !role.Has("RoleLastUsed") {
			t.Errorf("last used %q, want %q", got, want)
		}
		details := w.IAMCall(root, "GetAccountAuthorizationDetails").OK()
		if got := details.Get("RoleLastUsed>LastUsedDate") + " " + details.Get("RoleLastUsed>Region"); got != want {
			t.Errorf("details tell %q, want %q", got, want)
		}
	}
	session := w.STSCall(admin, "AssumeRole", "RoleArn", "arn:aws:iam::111111111111:role/deploy", "RoleSessionName", "session").OK()
	key := querytest.Key{ID: session.Get("AccessKeyId"), Secret: session.Get("SecretAccessKey"), Token: session.Get("SessionToken")}
	lastUsed(" ")
	w.Now = w.Now.Add(time.Minute)
	w.STSCall(key, "GetCallerIdentity").OK()
	lastUsed("2026-01-02T03:05:05Z us-east-1")
	w.IAMCall(root, "GetAccessKeyLastUsed", "AccessKeyId", key.ID).Refused(404, "NoSuchEntity", "")
	w.IAMCall(root, "DeleteRole", "RoleName", "deploy").OK()
	w.IAMCall(root, "CreateRole", "RoleName", "deploy", "AssumeRolePolicyDocument", trustAnn).OK()
	lastUsed(" ") // a recreated role inherits nothing
}

// TestAccountSummary holds the keys of the summary, and that its numbers follow what is done.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
func TestAccountSummary(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account("111111111111")
	summary := func() map[string]string {
		t.Helper()
		answer := w.IAMCall(root, "GetAccountSummary").OK()
		out := map[string]string{}
		values := answer.All("SummaryMap>entry>value")
		for i, name := range answer.All("SummaryMap>entry>key") {
			out[name] = values[i]
		}
		return out
	}
	w.User("111111111111", "ann")
	w.IAMCall(root, "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trustAnn).OK()
	w.IAMCall(root, "CreateGroup", "GroupName", "g").OK()
	w.IAMCall(root, "CreateVirtualMFADevice", "VirtualMFADeviceName", "d").OK()
	policy := w.IAMCall(root, "CreatePolicy", "PolicyName", "p", "PolicyDocument", allowAll).OK().Get("Policy>Arn")
	w.IAMCall(root, "CreatePolicyVersion", "PolicyArn", policy, "PolicyDocument", allowAll).OK()
	first := summary()
	for name, want := range map[string]string{
		"Users": "1", "UsersQuota": "5000", "Groups": "1", "GroupsQuota": "300", "Roles": "1", "RolesQuota": "1000", "Policies": "1", "PoliciesQuota": "1500",
		"PolicyVersionsInUse": "2", "PolicyVersionsInUseQuota": "10000", "VersionsPerPolicyQuota": "5", "PolicySizeQuota": "6144",
		"MFADevices": "1", "MFADevicesInUse": "0", "AccountMFAEnabled": "0", "AccountAccessKeysPresent": "1", "AccountPasswordPresent": "0",
		"AccountSigningCertificatesPresent": "0", "UserPolicySizeQuota": "2048", "GroupPolicySizeQuota": "5120", "RolePolicySizeQuota": "10240",
		"GroupsPerUserQuota": "10", "SigningCertificatesPerUserQuota": "0", "AccessKeysPerUserQuota": "2", "AttachedPoliciesPerGroupQuota": "10",
		"AttachedPoliciesPerRoleQuota": "10", "AttachedPoliciesPerUserQuota": "10", "GlobalEndpointTokenVersion": "1", "AssumeRolePolicySizeQuota": "2048",
		"InstanceProfiles": "0", "InstanceProfilesQuota": "1000", "Providers": "0", "ServerCertificates": "0", "ServerCertificatesQuota": "0",
	} {
		if first[name] != want {
			t.Errorf("%s is %q, want %q", name, first[name], want)
		}
		delete(first, name)
	}
	if len(first) > 0 {
		t.Errorf("there are also %v", first)
	}
	w.IAMCall(root, "DeletePolicyVersion", "PolicyArn", policy, "VersionId", "v2").OK()
	w.IAMCall(root, "DeletePolicy", "PolicyArn", policy).OK()
	if second := summary(); second["PolicyVersionsInUse"] != "0" || second["Policies"] != "0" {
		t.Errorf("after deletion: %v", second)
	}
}

// TestAuthorizationDetails holds what is told of an account, with one marker over all lists.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
func TestAuthorizationDetails(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account("111111111111")
	const bounds = "arn:aws:iam::111111111111:policy/own"
	w.IAMCall(root, "CreatePolicy", "PolicyName", "own", "Description", "mine", "PolicyDocument", allowAll).OK()
	w.IAMCall(root, "CreateUser", "UserName", "ann", "PermissionsBoundary", bounds, "Tags.member.1.Key", "k", "Tags.member.1.Value", "v").OK()
	w.IAMCall(root, "CreateUser", "UserName", "Bob").OK()
	w.IAMCall(root, "CreateGroup", "GroupName", "devs").OK()
	w.IAMCall(root, "CreateRole", "RoleName", "deploy", "AssumeRolePolicyDocument", trustAnn).OK()
	w.IAMCall(root, "AddUserToGroup", "GroupName", "devs", "UserName", "ann").OK()
	w.IAMCall(root, "PutUserPolicy", "UserName", "ann", "PolicyName", "inline", "PolicyDocument", allowAll).OK()
	w.IAMCall(root, "PutGroupPolicy", "GroupName", "devs", "PolicyName", "inline", "PolicyDocument", allowAll).OK()
	w.IAMCall(root, "AttachUserPolicy", "UserName", "ann", "PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess").OK()
	w.IAMCall(root, "AttachRolePolicy", "RoleName", "deploy", "PolicyArn", bounds).OK()
	w.IAMCall(root, "CreateInstanceProfile", "InstanceProfileName", "machine").OK()
	w.IAMCall(root, "AddRoleToInstanceProfile", "InstanceProfileName", "machine", "RoleName", "deploy").OK()

	all := w.IAMCall(root, "GetAccountAuthorizationDetails").OK()
	for path, want := range map[string]string{
		"UserDetailList>member>UserName":                                   "ann Bob",
		"UserDetailList>member>GroupList>member":                           "devs",
		"UserDetailList>member>UserPolicyList>member>PolicyName":           "inline",
		"UserDetailList>member>AttachedManagedPolicies>member>PolicyName":  "AdministratorAccess",
		"UserDetailList>member>PermissionsBoundary>PermissionsBoundaryArn": bounds,
		"UserDetailList>member>Tags>member>Key":                            "k",
		"GroupDetailList>member>GroupName":                                 "devs",
		"GroupDetailList>member>GroupPolicyList>member>PolicyDocument":     url.QueryEscape(allowAll),
		"InstanceProfileList>member>InstanceProfileName":                   "machine",
		"InstanceProfileList>member>Roles>member>RoleName":                 "deploy",
		"RoleDetailList>member>RoleName":                                   "deploy",
		"RoleDetailList>member>AttachedManagedPolicies>member>PolicyArn":   bounds,
		"GetAccountAuthorizationDetailsResult>Policies>member>PolicyName":  "own AdministratorAccess",
		"Policies>member>AttachmentCount":                                  "1 1",
		"Policies>member>PermissionsBoundaryUsageCount":                    "1 0",
		"Policies>member>PolicyVersionList>member>VersionId":               "v1 v1",
		"Policies>member>PolicyVersionList>member>IsDefaultVersion":        "true true",
		"GetAccountAuthorizationDetailsResult>Policies>member>Description": "mine Provides full access to AWS services and resources.",
		"GetAccountAuthorizationDetailsResult>IsTruncated":                 "false",
	} {
		if got := strings.Join(all.All(path), " "); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	trust, err := url.QueryUnescape(all.Get("RoleDetailList>member>AssumeRolePolicyDocument"))
	if err != nil || !strings.Contains(trust, "sts:AssumeRole") {
		t.Errorf("the trust policy is %q, %v", trust, err)
	}
	want := []string{"ann", "Bob", "devs", "deploy", "own", "AdministratorAccess"}
	for size := 1; size <= 7; size++ {
		if got := detailNames(w, root, size); !slices.Equal(got, want) {
			t.Errorf("in pages of %d: %v", size, got)
		}
	}
	if got := detailNames(w, root, 1, "Role", "AWSManagedPolicy"); !slices.Equal(got, []string{"deploy", "AdministratorAccess"}) {
		t.Errorf("filtered: %v", got)
	}
	w.IAMCall(root, "GetAccountAuthorizationDetails", "Filter.member.1", "Users").Refused(400, "ValidationError", "")
	w.IAMCall(root, "GetAccountAuthorizationDetails", "Marker", "!").Refused(400, "ValidationError", "Invalid Marker.")
}

// detailNames returns the names of all details, page by page.
func detailNames(w *querytest.World, key querytest.Key, size int, filter ...string) (names []string) {
	w.Helper()
	params := []string{"MaxItems", fmt.Sprint(size)}
	for i, kind := range filter {
		params = append(params, fmt.Sprintf("Filter.member.%d", i+1), kind)
	}
	for marker := ""; ; {
		page := params
		if marker != "" {
			page = append(slices.Clone(params), "Marker", marker)
		}
		answer := w.IAMCall(key, "GetAccountAuthorizationDetails", page...).OK()
		n := 0
		for _, path := range []string{
			"UserDetailList>member>UserName", "GroupDetailList>member>GroupName", "RoleDetailList>member>RoleName",
			"GetAccountAuthorizationDetailsResult>Policies>member>PolicyName",
		} {
			names = append(names, answer.All(path)...)
			n += len(answer.All(path))
		}
		if n > size {
			w.Errorf("a page of %d has %d entities", size, n)
		}
		if marker = answer.Get("Marker"); marker == "" {
			return names
		}
	}
}

// TestCredentialReport holds the report and when there is one.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
func TestCredentialReport(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account("111111111111")
	w.IAMCall(root, "GetCredentialReport").Refused(410, "ReportNotPresent", "")
	ann := w.User("111111111111", "ann", "AdministratorAccess")
	w.IAMCall(ann, "UpdateAccessKey", "AccessKeyId", ann.ID, "Status", "Inactive").OK()
	w.IAMCall(root, "CreateUser", "UserName", "bob").OK()
	w.IAMCall(root, "CreateLoginProfile", "UserName", "bob", "Password", "Walnut-1-Walnut").OK()
	w.SignInCall("SignIn", `{"AccountId":"111111111111","UserName":"bob","Password":"Walnut-1-Walnut"}`).OK()
	w.IAMCall(root, "UpdateAccountPasswordPolicy", "MaxPasswordAge", "90").OK()
	w.Now = w.Now.Add(time.Minute)
	begun := w.IAMCall(root, "GenerateCredentialReport").OK()
	if begun.Get("State") != "STARTED" || begun.Get("Description") != "No report exists. Starting a new report generation task" {
		t.Errorf("begun: %s", begun.Body)
	}
	w.Now = w.Now.Add(4*time.Hour - time.Second)
	w.IAMCall(root, "CreateUser", "UserName", "late").OK()
	if again := w.IAMCall(root, "GenerateCredentialReport").OK(); again.Get("State") != "COMPLETE" || again.Has("Description") {
		t.Errorf("again: %s", again.Body)
	}
	answer := w.IAMCall(root, "GetCredentialReport").OK()
	content, err := base64.StdEncoding.DecodeString(answer.Get("Content"))
	const unused = "false,N/A,N/A,N/A,N/A"
	want := strings.Join([]string{
		"user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active," +
			"access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service," +
			"access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service," +
			"cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated",
		"<root_account>,arn:aws:iam::111111111111:root,2026-01-02T03:04:05+00:00,not_supported,no_information,not_supported,not_supported,false," +
			"true,2026-01-02T03:04:05+00:00,2026-01-02T03:04:05+00:00,us-east-1,iam," + unused + ",false,N/A,false,N/A",
		"ann,arn:aws:iam::111111111111:user/ann,2026-01-02T03:04:05+00:00,false,N/A,N/A,N/A,false," +
			"false,2026-01-02T03:04:05+00:00,2026-01-02T03:04:05+00:00,us-east-1,iam," + unused + ",false,N/A,false,N/A",
		"bob,arn:aws:iam::111111111111:user/bob,2026-01-02T03:04:05+00:00,true,2026-01-02T03:04:05+00:00,2026-01-02T03:04:05+00:00,2026-04-02T03:04:05+00:00,false," + unused + "," + unused + ",false,N/A,false,N/A",
	}, "\n")
	if err != nil || string(content) != want {
		t.Errorf("got  %s, %v\nwant %s", content, err, want)
	}
	if answer.Get("ReportFormat") != "text/csv" || answer.Get("GeneratedTime") != "2026-01-02T03:05:05Z" {
		t.Errorf("answer %s", answer.Body)
	}
	w.Now = w.Now.Add(time.Second)
	w.IAMCall(root, "GetCredentialReport").Refused(410, "ReportExpired", "")
	if anew := w.IAMCall(root, "GenerateCredentialReport").OK(); anew.Get("State") != "STARTED" {
		t.Errorf("anew: %s", anew.Body)
	}
	if late := w.IAMCall(root, "GetCredentialReport").OK(); len(late.Get("Content")) <= len(answer.Get("Content")) {
		t.Error("the new report is not longer")
	}
}
