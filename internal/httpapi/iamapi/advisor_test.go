package iamapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

const (
	s3Only    = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","ec2:RunInstances"],"Resource":"*"}}`
	advisor   = "arn:aws:iam::111111111111:"
	nobodyJob = "01234567-89ab-4def-8123-456789abcdef"
)

// advised is an account in which the users ann and bob are in the group devs and have the policy p.
type advised struct {
	*querytest.World
	root, ann, bob querytest.Key
}

func newAdvised(t *testing.T) *advised {
	t.Helper()
	w := &advised{World: querytest.New(t)}
	w.root = w.Account("111111111111")
	w.ann, w.bob = w.User("111111111111", "ann"), w.User("111111111111", "bob")
	w.IAMCall(w.root, "CreateGroup", "GroupName", "devs").OK()
	w.IAMCall(w.root, "CreateRole", "RoleName", "deploy", "AssumeRolePolicyDocument", trustAnn).OK()
	w.IAMCall(w.root, "CreatePolicy", "PolicyName", "p", "PolicyDocument", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:List*","iam:Get*","sts:AssumeRole"],"Resource":"*"}}`).OK()
	w.IAMCall(w.root, "AttachGroupPolicy", "GroupName", "devs", "PolicyArn", advisor+"policy/p").OK()
	w.IAMCall(w.root, "AttachRolePolicy", "RoleName", "deploy", "PolicyArn", advisor+"policy/p").OK()
	w.IAMCall(w.root, "PutUserPolicy", "UserName", "ann", "PolicyName", "inline", "PolicyDocument", s3Only).OK()
	for _, name := range []string{"ann", "bob"} {
		w.IAMCall(w.root, "AddUserToGroup", "GroupName", "devs", "UserName", name).OK()
	}
	return w
}

// report makes a report and returns the ID of its job.
func (w *advised) report(name, granularity string) string {
	w.Helper()
	return w.IAMCall(w.root, "GenerateServiceLastAccessedDetails", "Arn", advisor+name, "Granularity", granularity).OK().Get("JobId")
}

// services tells a report in short: of each service its namespace, and if it was used when, by whom and by how
// many.
func (w *advised) services(job string) string {
	w.Helper()
	answer := w.IAMCall(w.root, "GetServiceLastAccessedDetails", "JobId", job).OK()
	if answer.Get("JobStatus") != "COMPLETED" || !answer.Has("JobCreationDate") || !answer.Has("JobCompletionDate") || answer.Get("IsTruncated") != "false" {
		w.Errorf("answer %s", answer.Body)
	}
	var out []string
	for _, member := range strings.SplitAfter(answer.Body, "</ServiceNamespace>") {
		_, rest, ok := strings.Cut(member, "<ServiceNamespace>")
		if !ok {
			continue
		}
		out = append(out, strings.TrimSuffix(rest, "</ServiceNamespace>"))
	}
	used, by, total := answer.All("LastAuthenticated"), answer.All("LastAuthenticatedEntity"), answer.All("TotalAuthenticatedEntities")
	for i := range out {
		if total[i] != "0" {
			out[i] += fmt.Sprintf(" %s %s %s", used[0], strings.TrimPrefix(by[0], advisor), total[i])
			used, by = used[1:], by[1:]
		}
	}
	return strings.Join(out, ", ")
}

// TestServiceReports holds what is told of users, groups, roles and policies.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetails.html
func TestServiceReports(t *testing.T) {
	t.Parallel()
	w := newAdvised(t)
	if got := w.services(w.report("user/ann", "SERVICE_LEVEL")); got != "ec2, iam, s3, sts" {
		t.Errorf("never used: %s", got)
	}
	w.IAMCall(w.ann, "ListUsers").OK()
	w.Now = w.Now.Add(time.Minute)
	w.IAMCall(w.bob, "ListRoles").OK()
	w.IAMCall(w.bob, "DeleteRole", "RoleName", "deploy").Refused(403, "AccessDenied", "") // an attempt counts
	w.STSCall(w.bob, "GetCallerIdentity").OK()
	const first, second = "2026-01-02T03:04:05Z", "2026-01-02T03:05:05Z"
	for name, want := range map[string]string{
		"user/ann":    "ec2, iam " + first + " user/ann 1, s3, sts",
		"user/bob":    "iam " + second + " user/bob 1, sts " + second + " user/bob 1",
		"group/devs":  "iam " + second + " user/bob 2, sts " + second + " user/bob 1",
		"role/deploy": "iam, sts",
		"policy/p":    "iam " + second + " user/bob 2, sts " + second + " user/bob 1",
	} {
		if got := w.services(w.report(name, "ACTION_LEVEL")); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	job := w.report("policy/p", "ACTION_LEVEL")
	actions := w.IAMCall(w.root, "GetServiceLastAccessedDetails", "JobId", job).OK()
	for _, want := range []string{
		"<ActionName>ListUsers</ActionName><LastAccessedEntity>" + advisor + "user/ann</LastAccessedEntity><LastAccessedTime>" + first + "</LastAccessedTime><LastAccessedRegion>us-east-1</LastAccessedRegion>",
		"<ActionName>ListPolicies</ActionName></member>", "<JobType>ACTION_LEVEL</JobType>", "<ServiceName>AWS Identity and Access Management</ServiceName>",
	} {
		if !strings.Contains(actions.Body, want) {
			t.Errorf("%s lacks %s", actions.Body, want)
		}
	}
	if strings.Contains(actions.Body, "DeleteRole") || strings.Contains(actions.Body, "GetCallerIdentity") {
		t.Errorf("%s has actions that the policy does not allow", actions.Body)
	}
	services := w.IAMCall(w.root, "GetServiceLastAccessedDetails", "JobId", w.report("policy/p", "SERVICE_LEVEL")).OK()
	if services.Has("TrackedActionsLastAccessed") || services.Get("JobType") != "SERVICE_LEVEL" {
		t.Errorf("without actions: %s", services.Body)
	}
	w.entities(job)
}

// entities holds who could have used a service.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetailsWithEntities.html
func (w *advised) entities(job string) {
	w.Helper()
	all := w.IAMCall(w.root, "GetServiceLastAccessedDetailsWithEntities", "JobId", job, "ServiceNamespace", "iam").OK()
	if got := strings.Join(all.All("EntityInfo>Name"), " "); got != "bob ann deploy" {
		w.Errorf("entities %s", got)
	}
	if got := strings.Join(all.All("EntityInfo>Type"), " "); got != "USER USER ROLE" {
		w.Errorf("types %s", got)
	}
	if len(all.All("LastAuthenticated")) != 2 || all.Get("EntityInfo>Path") != "/" || !strings.HasPrefix(all.Get("EntityInfo>Id"), "AIDA") {
		w.Errorf("answer %s", all.Body)
	}
	first := w.IAMCall(w.root, "GetServiceLastAccessedDetailsWithEntities", "JobId", job, "ServiceNamespace", "iam", "MaxItems", "2").OK()
	second := w.IAMCall(w.root, "GetServiceLastAccessedDetailsWithEntities", "JobId", job, "ServiceNamespace", "iam", "MaxItems", "2", "Marker", first.Get("Marker")).OK()
	if strings.Join(first.All("EntityInfo>Name"), " ") != "bob ann" || strings.Join(second.All("EntityInfo>Name"), " ") != "deploy" || second.Has("Marker") {
		w.Errorf("pages %s and %s", first.Body, second.Body)
	}
	w.IAMCall(w.root, "GetServiceLastAccessedDetailsWithEntities", "JobId", job, "ServiceNamespace", "s3").Refused(404, "NoSuchEntity", "")
}

// TestReportsAreTheirMakers holds that nobody else is told of a report, and that reports end.
func TestReportsAreTheirMakers(t *testing.T) {
	t.Parallel()
	w := newAdvised(t)
	w.IAMCall(w.root, "AttachUserPolicy", "UserName", "ann", "PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess").OK()
	job := w.report("user/ann", "SERVICE_LEVEL")
	foreign := w.Account("222222222222")
	for _, key := range []querytest.Key{w.ann, foreign} {
		w.IAMCall(key, "GetServiceLastAccessedDetails", "JobId", job).Refused(404, "NoSuchEntity", "The job with ID "+job+" cannot be found.")
	}
	w.IAMCall(w.root, "GetServiceLastAccessedDetails", "JobId", nobodyJob).Refused(404, "NoSuchEntity", "")
	w.IAMCall(w.root, "GetOrganizationsAccessReport", "JobId", job).Refused(404, "NoSuchEntity", "")
	first := w.IAMCall(w.root, "GetServiceLastAccessedDetails", "JobId", job, "MaxItems", "2").OK()
	second := w.IAMCall(w.root, "GetServiceLastAccessedDetails", "JobId", job, "Marker", first.Get("Marker")).OK()
	if got := strings.Join(append(first.All("ServiceNamespace"), second.All("ServiceNamespace")...), " "); got != "ec2 iam kms organizations s3 sts" {
		t.Errorf("pages have %s", got)
	}
	w.IAMCall(w.root, "GetServiceLastAccessedDetails", "JobId", job, "Marker", "!").Refused(400, "ValidationError", "Invalid Marker.")
	w.Now = w.Now.Add(24 * time.Hour)
	w.IAMCall(w.root, "GetServiceLastAccessedDetails", "JobId", job).Refused(404, "NoSuchEntity", "")
	// An account has a hundred reports: one more drops the oldest.
	first100 := w.report("user/ann", "SERVICE_LEVEL")
	for range 99 {
		w.Now = w.Now.Add(time.Second)
		w.report("role/deploy", "SERVICE_LEVEL")
	}
	w.IAMCall(w.root, "GetServiceLastAccessedDetails", "JobId", first100).OK()
	w.Now = w.Now.Add(time.Second)
	w.report("role/deploy", "SERVICE_LEVEL")
	w.IAMCall(w.root, "GetServiceLastAccessedDetails", "JobId", first100).Refused(404, "NoSuchEntity", "")
}

// TestWhatReportsAreAbout holds what can be named, and who may ask.
func TestWhatReportsAreAbout(t *testing.T) {
	t.Parallel()
	w := newAdvised(t)
	for name, code := range map[string]string{
		advisor + "user/nobody": "NoSuchEntity", advisor + "user/a/ann": "NoSuchEntity", advisor + "policy/none": "NoSuchEntity", advisor + "role/none": "NoSuchEntity",
		"arn:aws:iam::aws:policy/NoSuchPolicy": "NoSuchEntity", advisor + "mfa/ann-s-device": "InvalidInput", "not an arn, but long": "InvalidInput",
		"arn:aws:iam::222222222222:user/ann": "AccessDenied",
	} {
		status := map[string]int{"NoSuchEntity": 404, "InvalidInput": 400, "AccessDenied": 403}[code]
		w.IAMCall(w.root, "GenerateServiceLastAccessedDetails", "Arn", name).Refused(status, code, "")
		if !strings.Contains(name, ":policy/") {
			w.IAMCall(w.root, "ListPoliciesGrantingServiceAccess", "Arn", name, "ServiceNamespaces.member.1", "s3").Refused(status, code, "")
		}
	}
	w.IAMCall(w.root, "GenerateServiceLastAccessedDetails", "Arn", "arn:aws:iam::aws:policy/AdministratorAccess").OK()
	w.IAMCall(w.root, "ListPoliciesGrantingServiceAccess", "Arn", advisor+"policy/p", "ServiceNamespaces.member.1", "s3").Refused(400, "InvalidInput", "")
	w.IAMCall(w.bob, "GenerateServiceLastAccessedDetails", "Arn", advisor+"user/bob").Refused(403, "AccessDenied",
		"User: "+advisor+"user/bob is not authorized to perform: iam:GenerateServiceLastAccessedDetails on resource: "+advisor+"user/bob because no identity-based policy allows the iam:GenerateServiceLastAccessedDetails action")
}

// TestPoliciesGranting holds which policies let somebody use a service.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPoliciesGrantingServiceAccess.html
func TestPoliciesGranting(t *testing.T) {
	t.Parallel()
	w := newAdvised(t)
	w.IAMCall(w.root, "PutGroupPolicy", "GroupName", "devs", "PolicyName", "team", "PolicyDocument", s3Only).OK()
	answer := w.IAMCall(w.root, "ListPoliciesGrantingServiceAccess", "Arn", advisor+"user/ann",
		"ServiceNamespaces.member.1", "s3", "ServiceNamespaces.member.2", "iam", "ServiceNamespaces.member.3", "sqs").OK()
	for path, want := range map[string]string{
		"ServiceNamespace": "s3 iam sqs", "PolicyName": "inline team p", "PolicyType": "INLINE INLINE MANAGED", "PolicyArn": advisor + "policy/p",
		"EntityType": "USER GROUP", "EntityName": "ann devs", "IsTruncated": "false",
	} {
		if got := strings.Join(answer.All(path), " "); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	var many []string
	for i := range 150 {
		many = append(many, fmt.Sprintf("ServiceNamespaces.member.%d", i+1), fmt.Sprintf("s%d", i))
	}
	first := w.IAMCall(w.root, "ListPoliciesGrantingServiceAccess", append(many, "Arn", advisor+"role/deploy")...).OK()
	second := w.IAMCall(w.root, "ListPoliciesGrantingServiceAccess", append(many, "Arn", advisor+"role/deploy", "Marker", first.Get("Marker"))...).OK()
	if len(first.All("ServiceNamespace")) != 100 || len(second.All("ServiceNamespace")) != 50 || second.Get("IsTruncated") != "false" {
		t.Errorf("pages %s and %s", first.Body, second.Body)
	}
	w.IAMCall(w.root, "ListPoliciesGrantingServiceAccess", "Arn", advisor+"user/ann").Refused(400, "ValidationError", "")
}

// TestWhoMayReportOnOrganizations takes each of the permissions away that a report needs.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html#access_policies_last-accessed-permissions
func TestWhoMayReportOnOrganizations(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root, ann := w.Account("111111111111"), w.User("111111111111", "ann")
	org := w.OrgsCall(root, "CreateOrganization", `{}`).OK().Get("Organization.Id")
	path := org + "/" + w.OrgsCall(root, "ListRoots", ``).OK().Get("Roots.0.Id")
	actions := []string{
		"iam:GenerateOrganizationsAccessReport", "organizations:DescribePolicy", "organizations:ListChildren", "organizations:ListParents",
		"organizations:ListPoliciesForTarget", "organizations:ListRoots", "organizations:ListTargetsForPolicy",
	}
	may := func(without string) querytest.Answer {
		t.Helper()
		var allowed []string
		for _, action := range actions {
			if action != without {
				allowed = append(allowed, fmt.Sprintf("%q", action))
			}
		}
		w.IAMCall(root, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument",
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":[`+strings.Join(allowed, ",")+`],"Resource":"*"}}`).OK()
		return w.IAMCall(ann, "GenerateOrganizationsAccessReport", "EntityPath", path)
	}
	may("").OK()
	for _, action := range actions {
		may(action).Refused(403, "AccessDenied", "")
	}
}

// TestOrganizationReports holds what is told of the accounts of an organization.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateOrganizationsAccessReport.html
func TestOrganizationReports(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account("111111111111")
	members := map[string]querytest.Key{"222222222222": w.Account("222222222222"), "333333333333": w.Account("333333333333")}
	org := w.OrgsCall(root, "CreateOrganization", `{"FeatureSet":"ALL"}`).OK().Get("Organization.Id")
	top := w.OrgsCall(root, "ListRoots", ``).OK().Get("Roots.0.Id")
	for id, key := range members {
		invited := w.OrgsCall(root, "InviteAccountToOrganization", `{"Target":{"Id":"`+id+`","Type":"ACCOUNT"}}`).OK()
		w.OrgsCall(key, "AcceptHandshake", `{"HandshakeId":"`+invited.Get("Handshake.Id")+`"}`).OK()
	}
	unit := w.OrgsCall(root, "CreateOrganizationalUnit", `{"ParentId":"`+top+`","Name":"Dev"}`).OK().Get("OrganizationalUnit.Id")
	w.OrgsCall(root, "MoveAccount", `{"AccountId":"222222222222","SourceParentId":"`+top+`","DestinationParentId":"`+unit+`"}`).OK()
	policy := w.OrgsCall(root, "CreatePolicy", `{"Type":"SERVICE_CONTROL_POLICY","Name":"n","Description":"","Content":`+
		fmt.Sprintf("%q", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:*","s3:*"],"Resource":"*"}]}`)+`}`).OK().Get("Policy.PolicySummary.Id")
	w.OrgsCall(root, "AttachPolicy", `{"PolicyId":"`+policy+`","TargetId":"`+unit+`"}`).OK()
	w.OrgsCall(root, "DetachPolicy", `{"PolicyId":"p-FullAWSAccess","TargetId":"`+unit+`"}`).OK()

	w.Now = w.Now.Add(time.Minute)
	w.IAMCall(members["222222222222"], "ListUsers").OK()
	w.Now = w.Now.Add(time.Minute)
	w.IAMCall(members["333333333333"], "ListUsers").OK()
	w.STSCall(members["333333333333"], "GetCallerIdentity").OK()
	w.Now = w.Now.Add(time.Minute)

	tell := func(path string, more ...string) string {
		t.Helper()
		job := w.IAMCall(root, "GenerateOrganizationsAccessReport", append(more, "EntityPath", path)...).OK().Get("JobId")
		answer := w.IAMCall(root, "GetOrganizationsAccessReport", "JobId", job).OK()
		if failed := answer.Get("ErrorDetails>Code"); failed != "" {
			return answer.Get("JobStatus") + " " + failed
		}
		return strings.Join(answer.All("ServiceNamespace"), " ") + "; " + strings.Join(answer.All("TotalAuthenticatedEntities"), " ") + "; " +
			strings.Join(answer.All("AccessDetails>member>EntityPath"), " ") + "; " + answer.Get("NumberOfServicesAccessible") + " " + answer.Get("NumberOfServicesNotAccessed")
	}
	rootPath, unitPath := org+"/"+top, org+"/"+top+"/"+unit
	second, third := unitPath+"/222222222222", rootPath+"/333333333333"
	for _, c := range []struct{ path, policy, want string }{
		{rootPath, "", "iam kms organizations s3 sts; 2 0 2 0 1; " + third + " " + second + " " + third + "; 5 2"},
		{unitPath + "/", "", "iam s3; 1 0; " + second + "; 2 1"},
		{second, "", "iam s3; 1 0; " + second + "; 2 1"},
		{third, "", "iam kms organizations s3 sts; 1 0 1 0 1; " + third + " " + third + " " + third + "; 5 2"},
		{rootPath + "/111111111111", policy, "iam kms organizations s3 sts; 1 0 1 0 0; " + rootPath + "/111111111111 " + rootPath + "/111111111111; 5 3"},
		{rootPath, policy, "iam s3; 1 0; " + second + "; 2 1"},
		{third, policy, "iam s3; 0 0; ; 2 2"},
		{org + "/" + top + "/ou-0000-00000000", "", "FAILED NoSuchEntity"},
		{rootPath + "/222222222222", "", "FAILED NoSuchEntity"},
		{"o-0123456789/" + top, "", "FAILED NoSuchEntity"},
		{rootPath, "p-00000000", "FAILED NoSuchEntity"},
		{rootPath, "p-RCPFullAWSAccess", "FAILED NoSuchEntity"},
	} {
		var more []string
		if c.policy != "" {
			more = []string{"OrganizationsPolicyId", c.policy}
		}
		if got := tell(c.path, more...); got != c.want {
			t.Errorf("%s %s:\ngot  %s\nwant %s", c.path, c.policy, got, c.want)
		}
	}
	job := w.IAMCall(root, "GenerateOrganizationsAccessReport", "EntityPath", rootPath).OK().Get("JobId")
	for order, want := range map[string]string{
		"SERVICE_NAMESPACE_DESCENDING": "sts s3 organizations kms iam", "LAST_AUTHENTICATED_TIME_ASCENDING": "kms s3 organizations iam sts",
	} {
		if got := strings.Join(w.IAMCall(root, "GetOrganizationsAccessReport", "JobId", job, "SortKey", order).OK().All("ServiceNamespace"), " "); got != want {
			t.Errorf("%s: got %s, want %s", order, got, want)
		}
	}
	page := w.IAMCall(root, "GetOrganizationsAccessReport", "JobId", job, "MaxItems", "3").OK()
	if page.Get("IsTruncated") != "true" || len(page.All("ServiceNamespace")) != 3 || page.Get("NumberOfServicesAccessible") != "5" {
		t.Errorf("page %s", page.Body)
	}
	w.IAMCall(members["222222222222"], "GenerateOrganizationsAccessReport", "EntityPath", second).Refused(403, "AccessDenied", "")
	w.OrgsCall(root, "DisablePolicyType", `{"RootId":"`+top+`","PolicyType":"SERVICE_CONTROL_POLICY"}`).OK()
	if got := tell(rootPath); got != "FAILED PolicyTypeNotEnabledException" {
		t.Errorf("without policies: %s", got)
	}
}
