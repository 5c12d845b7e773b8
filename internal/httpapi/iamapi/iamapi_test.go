package iamapi_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/iam/managed"
)

const (
	accountA = "111111111111"
	accountB = "222222222222"
	admin    = "AdministratorAccess"
	allowAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
	trustB   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"sts:AssumeRole"}]}`
)

func allow(actions, resource, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":` + actions + `,"Resource":"` + resource + `"` + condition + `}}`
}

// TestWalkthrough is the IAM part of the founding walkthrough, as its account B's administrator does it.
func TestWalkthrough(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountB)
	// Bootstrap by the root user.
	w.IAMCall(root, "CreateUser", "UserName", "awschild1admin").OK()
	w.IAMCall(root, "AttachUserPolicy", "UserName", "awschild1admin", "PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess").OK()
	made := w.IAMCall(root, "CreateAccessKey", "UserName", "awschild1admin").OK()
	child := querytest.Key{ID: made.Get("AccessKey>AccessKeyId"), Secret: made.Get("AccessKey>SecretAccessKey")}
	if made.Get("AccessKey>Status") != "Active" || made.Get("AccessKey>UserName") != "awschild1admin" {
		t.Errorf("key %s", made.Body)
	}

	w.IAMCall(child, "CreateGroup", "GroupName", "testusergroup").OK()
	user := w.IAMCall(child, "CreateUser", "UserName", "testuser").OK()
	want := `<CreateUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateUserResult><User><Path>/</Path><UserName>testuser</UserName><UserId>` +
		user.Get("UserId") + `</UserId><Arn>arn:aws:iam::222222222222:user/testuser</Arn><CreateDate>2026-01-02T03:04:05Z</CreateDate></User></CreateUserResult>` +
		`<ResponseMetadata><RequestId>` + user.Get("RequestId") + `</RequestId></ResponseMetadata></CreateUserResponse>` + "\n"
	if user.Body != want {
		t.Errorf("got  %s\nwant %s", user.Body, want)
	}
	added := w.IAMCall(child, "AddUserToGroup", "GroupName", "testusergroup", "UserName", "testuser").OK()
	if strings.Contains(added.Body, "Result>") {
		t.Errorf("a void operation answers %s", added.Body)
	}
	policy := w.IAMCall(child, "CreatePolicy", "PolicyName", "MyS3PutObjAndAclPolicy", "PolicyDocument", allowAll).OK()
	arn := "arn:aws:iam::222222222222:policy/MyS3PutObjAndAclPolicy"
	for path, want := range map[string]string{
		"Policy>PolicyName": "MyS3PutObjAndAclPolicy", "Policy>Arn": arn, "Policy>Path": "/", "Policy>DefaultVersionId": "v1",
		"Policy>AttachmentCount": "0", "Policy>PermissionsBoundaryUsageCount": "0", "Policy>IsAttachable": "true",
		"Policy>CreateDate": "2026-01-02T03:04:05Z", "Policy>UpdateDate": "2026-01-02T03:04:05Z",
	} {
		if got := policy.Get(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	w.IAMCall(child, "AttachGroupPolicy", "GroupName", "testusergroup", "PolicyArn", arn).OK()
	listed := w.IAMCall(child, "ListAttachedGroupPolicies", "GroupName", "testusergroup").OK()
	if listed.Get("AttachedPolicies>member>PolicyArn") != arn || listed.Get("IsTruncated") != "false" || listed.Has("Marker") {
		t.Errorf("attached: %s", listed.Body)
	}
	w.IAMCall(child, "DeletePolicy", "PolicyArn", arn).Refused(409, "DeleteConflict", "")
	w.IAMCall(child, "DetachGroupPolicy", "GroupName", "testusergroup", "PolicyArn", arn).OK()
	w.IAMCall(child, "DeletePolicy", "PolicyArn", arn).OK()
	w.IAMCall(child, "RemoveUserFromGroup", "GroupName", "testusergroup", "UserName", "testuser").OK()
	w.IAMCall(child, "DeleteUser", "UserName", "testuser").OK()
	w.IAMCall(child, "DeleteGroup", "GroupName", "testusergroup").OK()
}

// TestAuthorization: what a user without policies may not do becomes possible with the next request
// after it was granted, and on nothing else.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	ann := w.User(accountA, "ann")
	w.IAMCall(ann, "CreateUser", "UserName", "bob", "Path", "/x/").Refused(403, "AccessDenied",
		"User: arn:aws:iam::111111111111:user/ann is not authorized to perform: iam:CreateUser on resource: arn:aws:iam::111111111111:user/x/bob because no identity-based policy allows the iam:CreateUser action")
	w.IAMCall(ann, "ListUsers").Refused(403, "AccessDenied",
		"User: arn:aws:iam::111111111111:user/ann is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::111111111111:user/ because no identity-based policy allows the iam:ListUsers action")
	w.IAMCall(ann, "ListPolicies").Refused(403, "AccessDenied",
		"User: arn:aws:iam::111111111111:user/ann is not authorized to perform: iam:ListPolicies on resource: policy path / because no identity-based policy allows the iam:ListPolicies action")

	put := func(document string) {
		t.Helper()
		w.IAMCall(root, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", document).OK()
	}
	put(allow(`"iam:*"`, "arn:aws:iam::111111111111:user/x/*", ""))
	w.IAMCall(ann, "CreateUser", "UserName", "bob", "Path", "/x/").OK()
	w.IAMCall(ann, "CreateUser", "UserName", "cid").Refused(403, "AccessDenied", "")
	// The path of an entity is part of the resource, though requests name it without; a user that is
	// not there is judged by the path "/".
	if got := w.IAMCall(ann, "GetUser", "UserName", "bob").OK().Get("User>Arn"); got != "arn:aws:iam::111111111111:user/x/bob" {
		t.Errorf("bob is %s", got)
	}
	w.IAMCall(ann, "GetUser", "UserName", "nobody").Refused(403, "AccessDenied", "")
	w.IAMCall(root, "GetUser", "UserName", "nobody").Refused(404, "NoSuchEntity", "The user with name nobody cannot be found.")

	put(allow(`["iam:ListPolicies","iam:ListUsers","iam:ListGroups","iam:ListRoles"]`, "*", ""))
	for _, list := range []string{"ListPolicies", "ListUsers", "ListGroups", "ListRoles"} {
		w.IAMCall(ann, list).OK()
	}
	w.IAMCall(root, "DeleteUserPolicy", "UserName", "ann", "PolicyName", "p").OK()
	w.IAMCall(ann, "ListUsers").Refused(403, "AccessDenied", "")
}

// TestAnotherAccount: names mean the caller's account, and a policy of another account is out of reach.
func TestAnotherAccount(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	rootA, rootB := w.Account(accountA), w.Account(accountB)
	adminB := w.User(accountB, "admin", admin)
	w.IAMCall(rootA, "CreateUser", "UserName", "ann").OK()
	arn := w.IAMCall(rootA, "CreatePolicy", "PolicyName", "p", "PolicyDocument", allowAll).OK().Get("Policy>Arn")
	w.IAMCall(rootB, "GetUser", "UserName", "ann").Refused(404, "NoSuchEntity", "")
	for _, key := range []querytest.Key{rootB, adminB} {
		for _, action := range []string{"GetPolicy", "DeletePolicy", "ListPolicyVersions", "ListEntitiesForPolicy"} {
			w.IAMCall(key, action, "PolicyArn", arn).Refused(403, "AccessDenied", "")
		}
		w.IAMCall(key, "AttachUserPolicy", "UserName", "admin", "PolicyArn", arn).Refused(404, "NoSuchEntity", "Policy "+arn+" does not exist or is not attachable.")
	}
	if got := w.IAMCall(rootA, "GetPolicy", "PolicyArn", arn).OK().Get("Policy>AttachmentCount"); got != "0" {
		t.Errorf("attachments %s", got)
	}
}

// TestConditionKeys: keys that only IAM's actions have.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	const readOnly, s3Full = "arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/AmazonS3FullAccess"
	for _, c := range []struct {
		name, action, condition string
		permitted, refused      []string
	}{
		{
			"iam:PolicyARN", "AttachUserPolicy", `{"ArnEquals":{"iam:PolicyARN":"` + readOnly + `"}}`,
			[]string{"UserName", "plain", "PolicyArn", readOnly},
			[]string{"UserName", "plain", "PolicyArn", s3Full},
		},
		{
			"iam:PermissionsBoundary on creation", "CreateUser", `{"StringEquals":{"iam:PermissionsBoundary":"` + readOnly + `"}}`,
			[]string{"UserName", "new", "PermissionsBoundary", readOnly},
			[]string{"UserName", "new2"},
		},
		{
			"iam:PermissionsBoundary of the user", "AttachUserPolicy", `{"StringEquals":{"iam:PermissionsBoundary":"` + readOnly + `"}}`,
			[]string{"UserName", "bounded", "PolicyArn", s3Full},
			[]string{"UserName", "plain", "PolicyArn", s3Full},
		},
		{
			"iam:PermissionsBoundary that is put", "PutUserPermissionsBoundary", `{"StringEquals":{"iam:PermissionsBoundary":"` + readOnly + `"}}`,
			[]string{"UserName", "plain", "PermissionsBoundary", readOnly},
			[]string{"UserName", "bounded", "PermissionsBoundary", s3Full},
		},
		{
			"iam:ResourceTag", "DeleteUser", `{"StringEquals":{"iam:ResourceTag/team":"blue"}}`,
			[]string{"UserName", "tagged"},
			[]string{"UserName", "plain"},
		},
		{
			"aws:ResourceTag", "UpdateUser", `{"StringEquals":{"aws:ResourceTag/team":"blue"}}`,
			[]string{"UserName", "tagged"},
			[]string{"UserName", "plain"},
		},
		{
			"aws:RequestTag", "CreateUser", `{"StringEquals":{"aws:RequestTag/team":"blue"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}`,
			[]string{"UserName", "new", "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue"},
			[]string{"UserName", "new2", "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue", "Tags.member.2.Key", "x", "Tags.member.2.Value", ""},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := querytest.New(t)
			root := w.Account(accountA)
			ann := w.User(accountA, "ann")
			for _, name := range []string{"plain", "bounded", "tagged"} {
				w.IAMCall(root, "CreateUser", "UserName", name, "Tags.member.1.Key", "name", "Tags.member.1.Value", name).OK()
			}
			w.IAMCall(root, "DeleteUser", "UserName", "tagged").OK()
			w.IAMCall(root, "CreateUser", "UserName", "tagged", "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue").OK()
			w.IAMCall(root, "PutUserPermissionsBoundary", "UserName", "bounded", "PermissionsBoundary", readOnly).OK()
			document := allow(`["iam:`+c.action+`","iam:TagUser"]`, "*", c.condition)
			w.IAMCall(root, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", document).OK()
			w.IAMCall(ann, c.action, c.refused...).Refused(403, "AccessDenied", "")
			w.IAMCall(ann, c.action, c.permitted...).OK()
		})
	}
}

// TestTagOnCreate: making something with tags needs the permission to tag as well.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
func TestTagOnCreate(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	ann := w.User(accountA, "ann")
	w.IAMCall(root, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", allow(`"iam:Create*"`, "*", "")).OK()
	tag := []string{"Tags.member.1.Key", "k", "Tags.member.1.Value", "v"}
	for action, params := range map[string][]string{
		"CreateUser":   {"UserName", "u"},
		"CreateRole":   {"RoleName", "r", "AssumeRolePolicyDocument", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}}`},
		"CreatePolicy": {"PolicyName", "p", "PolicyDocument", allowAll},
	} {
		w.IAMCall(ann, action, append(params, tag...)...).Refused(403, "AccessDenied", "")
		if w.Records[len(w.Records)-1].Decisions[1].Action != strings.Replace("iam:"+action, "Create", "Tag", 1) {
			t.Errorf("%s was refused by %+v", action, w.Records[len(w.Records)-1].Decisions)
		}
		w.IAMCall(ann, action, params...).OK()
	}
}

// TestRenaming: who changes an entity's name or path must be allowed to do so under both its ARNs.
// Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html and API_UpdateGroup.html
func TestRenaming(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	ann := w.User(accountA, "ann")
	for _, kind := range []string{"User", "Group"} {
		base := "arn:aws:iam::111111111111:" + strings.ToLower(kind)
		w.IAMCall(root, "Create"+kind, kind+"Name", "bob", "Path", "/dev/").OK()
		w.IAMCall(root, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", allow(`"iam:Update*"`, base+"/dev/*", "")).OK()
		for _, to := range [][]string{{"NewPath", "/admin/"}, {"NewPath", "/"}, {"New" + kind + "Name", "x", "NewPath", "/admin/"}} {
			w.IAMCall(ann, "Update"+kind, append(to, kind+"Name", "BOB")...).Refused(403, "AccessDenied", "")
		}
		w.IAMCall(ann, "Update"+kind, kind+"Name", "bob", "NewPath", "/admin/").Refused(403, "AccessDenied",
			"User: arn:aws:iam::111111111111:user/ann is not authorized to perform: iam:Update"+kind+" on resource: "+base+
				"/admin/bob because no identity-based policy allows the iam:Update"+kind+" action")
		w.IAMCall(ann, "Update"+kind, kind+"Name", "bob", "New"+kind+"Name", "cid", "NewPath", "/dev/ops/").OK()
		w.IAMCall(ann, "Update"+kind, kind+"Name", "cid").OK()
		w.IAMCall(root, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", allow(`"iam:Update*"`, base+"/dev/ops/cid", "")).OK()
		w.IAMCall(ann, "Update"+kind, kind+"Name", "cid", "New"+kind+"Name", "dan").Refused(403, "AccessDenied", "")
	}
}

func TestSelf(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	ann := w.User(accountA, "ann", "IAMFullAccess")
	got := w.IAMCall(root, "GetUser").OK()
	if got.Get("User>Arn") != "arn:aws:iam::111111111111:root" || got.Get("User>UserId") != accountA || got.Has("User>UserName") || got.Get("User>CreateDate") == "" {
		t.Errorf("root is %s", got.Body)
	}
	if got := w.IAMCall(ann, "GetUser").OK().Get("User>UserName"); got != "ann" {
		t.Errorf("ann is %s", got)
	}
	// Keys of the caller, and of the root user when it is the caller.
	w.Now = w.Now.Add(time.Second) // keys are listed oldest first
	second := w.IAMCall(root, "CreateAccessKey").OK()
	if second.Has("AccessKey>UserName") {
		t.Errorf("a key of the root user: %s", second.Body)
	}
	w.IAMCall(root, "CreateAccessKey").Refused(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	if got := w.IAMCall(root, "ListAccessKeys").OK().All("member>AccessKeyId"); len(got) != 2 || got[0] != root.ID {
		t.Errorf("root's keys: %s", got)
	}
	id := second.Get("AccessKey>AccessKeyId")
	newKey := querytest.Key{ID: id, Secret: second.Get("SecretAccessKey")}
	w.IAMCall(newKey, "ListAccessKeys").OK()
	w.IAMCall(root, "UpdateAccessKey", "AccessKeyId", id, "Status", "Inactive").OK()
	w.IAMCall(newKey, "ListAccessKeys").Refused(403, "InvalidClientTokenId", "")
	w.IAMCall(root, "DeleteAccessKey", "AccessKeyId", id).OK()
	if got := w.IAMCall(ann, "ListAccessKeys").OK().All("member>UserName"); len(got) != 1 || got[0] != "ann" {
		t.Errorf("ann's keys: %s", got)
	}
	w.IAMCall(ann, "DeleteAccessKey", "AccessKeyId", root.ID).Refused(404, "NoSuchEntity", "")
	w.IAMCall(root, "UpdateAccessKey", "AccessKeyId", ann.ID, "Status", "Off", "UserName", "ann").Refused(400, "ValidationError",
		"1 validation error detected: Value at 'status' failed to satisfy constraint: Member must satisfy enum value set")
}

// TestRouting covers requests that reach no operation.
func TestRouting(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	form := func(text string) url.Values {
		v, err := url.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	w.Do(root, "iam", form("Action=ListUsers&Version=2010-05-08")).OK()
	w.Presigned(root, "iam", form("Action=ListUsers&Version=2010-05-08")).OK()
	w.Do(root, "iam", form("Action=MakeUser&Version=2010-05-08")).Refused(400, "InvalidAction", "Could not find operation MakeUser for version 2010-05-08")
	w.Do(root, "iam", form("Action=ListUsers&Version=2011-06-15")).Refused(400, "InvalidAction", "Could not find operation ListUsers for version 2011-06-15")
	w.Do(root, "iam", form("Action=ListUsers")).Refused(400, "InvalidAction", "Could not find operation ListUsers for version NO_VERSION_SPECIFIED")
	w.Do(root, "iam", form("Version=2010-05-08")).Refused(400, "MissingAction", "")
	w.Do(root, "iam", form("Action=ListUsers&Action=DeleteUser&Version=2010-05-08")).Refused(400, "ValidationError", "")
	w.Do(root, "iam", form("Action=ListUsers&Version=2010-05-08&Colour=red")).Refused(400, "ValidationError", "Unknown parameter: Colour")
}

// TestRoles goes through the life of a role.
func TestRoles(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	w.Account(accountB)
	created := w.IAMCall(root, "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trustB, "Description", "d", "MaxSessionDuration", "7200").OK()
	if created.Has("MaxSessionDuration") || !strings.HasPrefix(created.Get("Role>RoleId"), "AROA") {
		t.Errorf("created %s", created.Body)
	}
	trust, err := url.QueryUnescape(created.Get("AssumeRolePolicyDocument"))
	if err != nil || !strings.Contains(trust, `"arn:aws:iam::222222222222:root"`) {
		t.Errorf("trust %s", trust)
	}
	got := w.IAMCall(root, "GetRole", "RoleName", "r").OK()
	if got.Get("MaxSessionDuration") != "7200" || !got.Has("Role>RoleLastUsed") || got.Get("Description") != "d" {
		t.Errorf("role %s", got.Body)
	}
	updated := w.IAMCall(root, "UpdateRole", "RoleName", "r").OK()
	if !updated.Has("UpdateRoleResult") {
		t.Errorf("UpdateRole answers %s", updated.Body)
	}
	if got := w.IAMCall(root, "UpdateRoleDescription", "RoleName", "r", "Description", "new").OK(); got.Get("Role>Description") != "new" || got.Get("MaxSessionDuration") != "7200" {
		t.Errorf("updated to %s", got.Body)
	}
	w.IAMCall(root, "UpdateRole", "RoleName", "r", "MaxSessionDuration", "60").Refused(400, "ValidationError",
		"1 validation error detected: Value at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600")
	w.IAMCall(root, "UpdateAssumeRolePolicy", "RoleName", "r", "PolicyDocument", strings.Replace(trustB, "222222222222", "arn:aws:iam::222222222222:user/nobody", 1)).
		Refused(400, "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"arn:aws:iam::222222222222:user/nobody"`)
	if got := w.IAMCall(root, "ListRoles").OK(); got.Has("RoleLastUsed") || got.Get("Roles>member>RoleName") != "r" {
		t.Errorf("roles %s", got.Body)
	}
	w.IAMCall(root, "PutRolePolicy", "RoleName", "r", "PolicyName", "in", "PolicyDocument", allowAll).OK()
	inline := w.IAMCall(root, "GetRolePolicy", "RoleName", "r", "PolicyName", "in").OK()
	if document, _ := url.QueryUnescape(inline.Get("PolicyDocument")); document != allowAll || inline.Get("RoleName") != "r" || inline.Get("PolicyName") != "in" {
		t.Errorf("inline %s", inline.Body)
	}
	if got := w.IAMCall(root, "ListRolePolicies", "RoleName", "r").OK().All("PolicyNames>member"); len(got) != 1 || got[0] != "in" {
		t.Errorf("names %s", got)
	}
	w.IAMCall(root, "DeleteRolePolicy", "RoleName", "r", "PolicyName", "in").OK()
	w.IAMCall(root, "PutRolePermissionsBoundary", "RoleName", "r", "PermissionsBoundary", "arn:aws:iam::aws:policy/ReadOnlyAccess").OK()
	if got := w.IAMCall(root, "GetRole", "RoleName", "r").OK(); got.Get("PermissionsBoundary>PermissionsBoundaryType") != "Policy" {
		t.Errorf("role %s", got.Body)
	}
	w.IAMCall(root, "DeleteRolePermissionsBoundary", "RoleName", "r").OK()
	w.IAMCall(root, "DeleteRole", "RoleName", "r").OK()
}

// TestPolicies covers what the walkthrough does not.
func TestPolicies(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	arn := w.IAMCall(root, "CreatePolicy", "PolicyName", "p", "Path", "/x/", "PolicyDocument", allowAll, "Description", "d").OK().Get("Policy>Arn")
	made := w.IAMCall(root, "CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", allowAll, "SetAsDefault", "true").OK()
	if made.Get("VersionId") != "v2" || made.Get("IsDefaultVersion") != "true" || made.Has("Document") {
		t.Errorf("version %s", made.Body)
	}
	version := w.IAMCall(root, "GetPolicyVersion", "PolicyArn", arn, "VersionId", "v1").OK()
	if document, _ := url.QueryUnescape(version.Get("Document")); document != allowAll || strings.ContainsAny(version.Get("Document"), `{"+ `) {
		t.Errorf("document %s", version.Get("Document"))
	}
	w.IAMCall(root, "GetPolicyVersion", "PolicyArn", arn, "VersionId", "1").Refused(400, "ValidationError", "")
	w.IAMCall(root, "SetDefaultPolicyVersion", "PolicyArn", arn, "VersionId", "v1").OK()
	w.IAMCall(root, "DeletePolicyVersion", "PolicyArn", arn, "VersionId", "v2").OK()
	if got := w.IAMCall(root, "ListPolicyVersions", "PolicyArn", arn).OK().All("Versions>member>VersionId"); len(got) != 1 {
		t.Errorf("versions %s", got)
	}
	if got := w.IAMCall(root, "GetPolicy", "PolicyArn", arn).OK(); got.Get("Policy>Description") != "d" || !got.Has("Policy>Tags") {
		t.Errorf("policy %s", got.Body)
	}
	if got := w.IAMCall(root, "ListPolicies", "Scope", "Local").OK(); got.Has("Policies>member>Description") || got.Get("Policies>member>Arn") != arn {
		t.Errorf("policies %s", got.Body)
	}
	// Pages.
	first := w.IAMCall(root, "ListPolicies", "MaxItems", "4").OK()
	if len(first.All("Policies>member>Arn")) != 4 || first.Get("IsTruncated") != "true" {
		t.Errorf("first page %s", first.Body)
	}
	rest := w.IAMCall(root, "ListPolicies", "Marker", first.Get("Marker")).OK()
	if len(rest.All("Policies>member>Arn")) != 1+len(managed.All())-4 || rest.Get("IsTruncated") != "false" {
		t.Errorf("second page %s", rest.Body)
	}
	w.IAMCall(root, "CreateGroup", "GroupName", "g").OK()
	w.IAMCall(root, "AttachGroupPolicy", "GroupName", "g", "PolicyArn", arn).OK()
	if got := w.IAMCall(root, "ListEntitiesForPolicy", "PolicyArn", arn).OK(); got.Get("PolicyGroups>member>GroupName") != "g" || !got.Has("PolicyUsers") {
		t.Errorf("entities %s", got.Body)
	}
	if got := w.IAMCall(root, "ListEntitiesForPolicy", "PolicyArn", arn, "EntityFilter", "User").OK(); got.Has("PolicyGroups>member") {
		t.Errorf("entities %s", got.Body)
	}
	w.IAMCall(root, "AttachGroupPolicy", "GroupName", "g", "PolicyArn", "something-that-is-not-an-arn").Refused(400, "ValidationError", "Invalid ARN:  Could not be parsed!")
	w.IAMCall(root, "CreatePolicyVersion", "PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess", "PolicyDocument", allowAll).
		Refused(403, "AccessDenied", "Policy is outside your own account.")
	w.IAMCall(root, "GetPolicy", "PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess").OK()
	w.IAMCall(root, "CreatePolicy", "PolicyName", "bad", "PolicyDocument", `{"Version":"2012-10-17"}`).Refused(400, "MalformedPolicyDocument", "Syntax errors in policy.")
}

// TestRenamedUserKeepsItsKey: a key works on after its user was renamed, under the new name.
func TestRenamedUserKeepsItsKey(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	ann := w.User(accountA, "ann", admin)
	w.IAMCall(root, "UpdateUser", "UserName", "ann", "NewUserName", "zoe", "NewPath", "/p/").OK()
	if got := w.STSCall(ann, "GetCallerIdentity").OK().Get("Arn"); got != "arn:aws:iam::111111111111:user/p/zoe" {
		t.Errorf("the key is %s", got)
	}
	groups := w.IAMCall(root, "CreateGroup", "GroupName", "g").OK()
	w.IAMCall(root, "UpdateGroup", "GroupName", "g", "NewGroupName", "h").OK()
	if got := w.IAMCall(ann, "GetGroup", "GroupName", "h").OK(); got.Get("GroupId") != groups.Get("GroupId") || !got.Has("Users") {
		t.Errorf("group %s", got.Body)
	}
	if got := w.IAMCall(ann, "ListGroupsForUser", "UserName", "zoe").OK(); got.Has("Groups>member") {
		t.Errorf("groups %s", got.Body)
	}
}
