package identities

import (
	"strings"
	"testing"
	"time"

	"crossgrant/internal/console/consoletest"
	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/ids"
)

const account ids.AccountID = "111122223333"

// visitor is somebody signed in to a console over real IAM.
type visitor struct {
	*consoletest.Visitor
	t     *testing.T
	world *querytest.World
	root  querytest.Key
}

// newVisitor signs in as a user of the account with these policies of AWS.
func newVisitor(t *testing.T, policies ...string) *visitor {
	t.Helper()
	w := querytest.New(t)
	w.Now = time.Now().UTC()
	v := &visitor{t: t, world: w, root: w.Account(account)}
	w.Account("380701114427")
	console := consoletest.Console{API: w.Handler(), Section: Section(), Now: func() time.Time { return w.Now }}
	v.Visitor = console.Visit(t, consoletest.As(w.User(account, "visitor", policies...), "arn:aws:iam::"+string(account)+":user/visitor"))
	return v
}

func (v *visitor) iam(action string, params ...string) querytest.Answer {
	v.t.Helper()
	return v.world.IAMCall(v.root, action, params...).OK()
}

const (
	writes   = `{"Version":"2012-10-17","Statement":[{"Sid":"DelegateS3WriteAccess","Effect":"Allow","Action":["s3:PutObject","s3:PutObjectAcl"],"Resource":"arn:aws:s3:::awsseccookbook/*"}]}`
	hostile  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::<b>/*","Condition":{"StringEquals":{"aws:username":"<b>\"'</textarea><script>alert(1)</script>"}}}]}`
	readOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	own      = "arn:aws:iam::111122223333:policy/MyS3PutObjAndAclPolicy"
	trustB   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::380701114427:root"},"Action":"sts:AssumeRole"}]}`
)

// furnish makes one of everything.
func (v *visitor) furnish() {
	v.t.Helper()
	v.iam("CreateUser", "UserName", "alice", "Path", "/staff/", "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue")
	v.iam("CreateGroup", "GroupName", "auditors")
	v.iam("AddUserToGroup", "GroupName", "auditors", "UserName", "alice")
	v.iam("CreatePolicy", "PolicyName", "MyS3PutObjAndAclPolicy", "PolicyDocument", writes)
	v.iam("AttachUserPolicy", "UserName", "alice", "PolicyArn", own)
	v.iam("AttachGroupPolicy", "GroupName", "auditors", "PolicyArn", readOnly)
	v.iam("PutGroupPolicy", "GroupName", "auditors", "PolicyName", "of-group", "PolicyDocument", writes)
	v.iam("PutUserPolicy", "UserName", "alice", "PolicyName", "of-alice", "PolicyDocument", hostile)
	v.iam("PutUserPermissionsBoundary", "UserName", "alice", "PermissionsBoundary", readOnly)
	v.iam("CreateLoginProfile", "UserName", "alice", "Password", "Correct-Horse-1")
	v.iam("CreateAccessKey", "UserName", "alice")
	v.iam("CreateRole", "RoleName", "LogWriter", "Path", "/x/", "AssumeRolePolicyDocument", trustB)
	v.iam("AttachRolePolicy", "RoleName", "LogWriter", "PolicyArn", own)
	v.iam("CreateOpenIDConnectProvider", "Url", "https://token.actions.githubusercontent.com", "ClientIDList.member.1", "sts.amazonaws.com")
}

// pages are all pages, with an entity of each kind.
var pages = []string{
	"/users", "/users?prefix=/staff/", "/create/user", "/users/alice", "/users/alice?tab=groups", "/users/alice?tab=credentials", "/users/alice?tab=tags", "/users/alice?tab=used",
	"/users/alice?tab=settings", "/users/alice/attach", "/users/alice/attach?scope=Local&search=put", "/users/alice/inline", "/users/alice/inline?policy=of-alice", "/users/alice/mfa", "/users/alice/groups-of", "/users/alice/last-used",
	"/groups", "/create/group", "/groups/auditors", "/groups/auditors?tab=permissions", "/groups/auditors?tab=used", "/groups/auditors?tab=settings", "/groups/auditors/attach", "/groups/auditors/inline", "/groups/auditors/last-used",
	"/roles", "/create/role", "/providers", "/roles/LogWriter", "/roles/LogWriter?tab=trust", "/roles/LogWriter?tab=tags", "/roles/LogWriter?tab=used", "/roles/LogWriter?tab=sessions", "/roles/LogWriter?tab=settings",
	"/roles/LogWriter/attach", "/roles/LogWriter/inline", "/roles/LogWriter/used", "/roles/LogWriter/last-used",
	"/policies", "/policies?scope=AWS&search=s3", "/policies?attached=1&scope=All", "/create/policy", "/policies/view?arn=" + own, "/policies/view?tab=edit&arn=" + own, "/policies/view?tab=versions&arn=" + own,
	"/policies/view?tab=attached&arn=" + own, "/policies/view?tab=tags&arn=" + own, "/policies/view?tab=used&arn=" + own, "/policies/view?tab=settings&arn=" + own, "/policies/view?arn=" + readOnly,
	"/policies/view?tab=versions&left=v1&right=v1&arn=" + own, "/policies/summary?arn=" + own, "/policies/last-used?arn=" + own,
}

func TestPages(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, "AdministratorAccess")
	v.Has("/groups", "No groups yet")
	v.Has("/roles", "No roles yet")
	v.Has("/policies", "No policies of your own yet")
	v.Has("/users?prefix=/none/", "No user below /none/")
	v.Has("/providers", "There is none.")
	v.iam("CreateUser", "UserName", "bare")
	v.Has("/users/bare", "No managed policy is attached.", "is in no group")
	v.Has("/users/bare?tab=credentials", "cannot sign in to the console", "Create access key")
	v.furnish()
	for _, path := range pages {
		if body := v.Has(path); strings.Contains(body, "<b>") || strings.Contains(body, "<script>") {
			t.Errorf("%s has what is not escaped", path)
		}
	}
	v.Has("/users/alice", "MyS3PutObjAndAclPolicy", "of-alice", "auditors", "of-group", readOnly, "/why/ask?principal=arn%3Aaws%3Aiam%3A%3A111122223333%3Auser%2Fstaff%2Falice")
	v.Has("/roles/LogWriter?tab=trust", "account 380701114427", "http://127.0.0.1:9001/switchrole?account=111122223333&roleName=x%2FLogWriter")
	v.Has("/users/alice?tab=credentials", "http://127.0.0.1:9001/signin?account=111122223333&user=alice")
	v.Has("/policies/view?arn="+own, "all objects of bucket awsseccookbook", "Permissions management")
	v.Has("/policies/view?tab=attached&arn="+own, "LogWriter", "alice")
	if body := v.Has("/policies/view?tab=edit&arn=" + readOnly); strings.Contains(body, "Save as new version") {
		t.Error("a policy of AWS can be edited")
	}
	if w := v.Send("GET", "/users/nobody", nil); w.Code != 404 || !strings.Contains(w.Body.String(), "NoSuchEntity") {
		t.Errorf("nobody: %d", w.Code)
	}
}

// TestDenied holds that a part that somebody may not see does not take the page away.
func TestDenied(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.furnish()
	if w := v.Send("GET", "/users", nil); w.Code != 403 || !strings.Contains(w.Body.String(), "Why?") {
		t.Errorf("users: %d", w.Code)
	}
	v.iam("PutUserPolicy", "UserName", "visitor", "PolicyName", "p", "PolicyDocument", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:GetUser","iam:GetRole","iam:GetPolicy","iam:GetGroup"],"Resource":"*"}}`)
	for _, path := range pages {
		if _, _, part := strings.Cut(path, "?"); !part || !strings.Contains(path, "/view") && !strings.Contains(path, "LogWriter?") && !strings.Contains(path, "alice?") {
			continue
		}
		v.Has(path)
	}
	v.Has("/users/alice", "iam:ListAttachedUserPolicies", "iam:ListGroupsForUser", "Why?")
}
