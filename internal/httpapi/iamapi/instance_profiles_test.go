package iamapi_test

import (
	"strings"
	"testing"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

// TestInstanceProfiles goes through the life of an instance profile as Terraform does.
func TestInstanceProfiles(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	w.IAMCall(root, "CreateRole", "RoleName", "r", "Description", "d", "AssumeRolePolicyDocument", trustAnn).OK()
	made := w.IAMCall(root, "CreateInstanceProfile", "InstanceProfileName", "p", "Path", "/x/", "Tags.member.1.Key", "k", "Tags.member.1.Value", "v").OK()
	want := `<InstanceProfile><Path>/x/</Path><InstanceProfileName>p</InstanceProfileName><InstanceProfileId>` + made.Get("InstanceProfileId") +
		`</InstanceProfileId><Arn>arn:aws:iam::111111111111:instance-profile/x/p</Arn><CreateDate>2026-01-02T03:04:05Z</CreateDate><Roles></Roles>` +
		`<Tags><member><Key>k</Key><Value>v</Value></member></Tags></InstanceProfile>`
	if !strings.Contains(made.Body, want) {
		t.Errorf("got  %s\nwant %s", made.Body, want)
	}
	added := w.IAMCall(root, "AddRoleToInstanceProfile", "InstanceProfileName", "p", "RoleName", "r").OK()
	if strings.Contains(added.Body, "Result>") {
		t.Errorf("a void operation answers %s", added.Body)
	}
	got := w.IAMCall(root, "GetInstanceProfile", "InstanceProfileName", "P").OK()
	if got.Get("Roles>member>RoleName") != "r" || !got.Has("Roles>member>AssumeRolePolicyDocument") || got.Has("Roles>member>Description") || got.Get("Tags>member>Key") != "k" {
		t.Errorf("profile %s", got.Body)
	}
	for _, list := range [][]string{{"ListInstanceProfiles", "PathPrefix", "/x"}, {"ListInstanceProfilesForRole", "RoleName", "r"}} {
		got := w.IAMCall(root, list[0], list[1:]...).OK()
		if got.Get("InstanceProfiles>member>InstanceProfileName") != "p" || got.Has("Tags") || got.Get("IsTruncated") != "false" {
			t.Errorf("%s: %s", list[0], got.Body)
		}
	}
	w.IAMCall(root, "DeleteInstanceProfile", "InstanceProfileName", "p").Refused(409, "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
	w.IAMCall(root, "DeleteRole", "RoleName", "r").Refused(409, "DeleteConflict", "")
	w.IAMCall(root, "RemoveRoleFromInstanceProfile", "InstanceProfileName", "p", "RoleName", "r").OK()
	w.IAMCall(root, "DeleteInstanceProfile", "InstanceProfileName", "p").OK()
	w.IAMCall(root, "GetInstanceProfile", "InstanceProfileName", "p").Refused(404, "NoSuchEntity", "Instance Profile p cannot be found.")
	w.IAMCall(root, "DeleteRole", "RoleName", "r").OK()
}

// TestPassRole: to put a role into an instance profile is to pass it to EC2.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
func TestPassRole(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	ann := w.User(accountA, "ann")
	w.IAMCall(root, "CreateRole", "RoleName", "r", "Path", "/x/", "AssumeRolePolicyDocument", trustAnn).OK()
	w.IAMCall(root, "CreateInstanceProfile", "InstanceProfileName", "p").OK()
	add := []string{"InstanceProfileName", "p", "RoleName", "r"}
	refused := func(action, resource string) {
		t.Helper()
		w.IAMCall(ann, "AddRoleToInstanceProfile", add...).Refused(403, "AccessDenied", "User: arn:aws:iam::111111111111:user/ann is not authorized to perform: iam:"+
			action+" on resource: arn:aws:iam::111111111111:"+resource+" because no identity-based policy allows the iam:"+action+" action")
	}
	put := func(name, document string) {
		t.Helper()
		w.IAMCall(root, "PutUserPolicy", "UserName", "ann", "PolicyName", name, "PolicyDocument", document).OK()
	}
	refused("AddRoleToInstanceProfile", "instance-profile/p")
	put("add", allow(`"iam:AddRoleToInstanceProfile"`, "*", ""))
	refused("PassRole", "role/x/r")
	for _, condition := range []string{`{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}`, `{"ArnLike":{"iam:AssociatedResourceArn":"arn:aws:ec2:us-east-1:111111111111:instance/i-1"}}`} {
		put("pass", allow(`"iam:PassRole"`, "*", condition))
		refused("PassRole", "role/x/r")
	}
	put("pass", allow(`"iam:PassRole"`, "arn:aws:iam::111111111111:role/x/*",
		`{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"},"ArnLike":{"iam:AssociatedResourceArn":"arn:aws:ec2:*:111111111111:instance/*"}}`))
	w.IAMCall(ann, "AddRoleToInstanceProfile", add...).OK()
}
