package stsapi_test

import (
	"strings"
	"testing"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

// allSTS is what a trust policy lets a principal do that assumes roles with everything.
const allSTS = `["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`

// trusting returns a trust policy with one statement for each pair of actions and condition.
func trusting(principal string, statements ...string) string {
	var out []string
	for i := 0; i < len(statements); i += 2 {
		condition := ""
		if statements[i+1] != "" {
			condition = `,"Condition":` + statements[i+1]
		}
		out = append(out, `{"Effect":"Allow","Principal":{"AWS":"`+principal+`"},"Action":`+statements[i]+condition+`}`)
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(out, ",") + `]}`
}

// role makes a role of account A with this trust policy and all rights, and returns its ARN.
func (r *roles) role(name, trust string, params ...string) string {
	r.Helper()
	arn := r.IAMCall(r.rootA, "CreateRole", append([]string{"RoleName", name, "AssumeRolePolicyDocument", trust, "MaxSessionDuration", "43200"}, params...)...).OK().Get("Role>Arn")
	r.IAMCall(r.rootA, "PutRolePolicy", "RoleName", name, "PolicyName", "p", "PolicyDocument", allowAll).OK()
	return arn
}

// tagParams are the parameters that pass tags, given as keys and values in turn.
func tagParams(tags ...string) []string {
	var out []string
	for i := 0; i < len(tags); i += 2 {
		n := "Tags.member." + string(rune('1'+i/2))
		out = append(out, n+".Key", tags[i], n+".Value", tags[i+1])
	}
	return out
}

func (r *roles) assumeARN(key querytest.Key, arn string, params ...string) querytest.Answer {
	r.Helper()
	return r.STSCall(key, "AssumeRole", append([]string{"RoleArn", arn, "RoleSessionName", "sess"}, params...)...)
}

// keys returns condition keys that requests of a key are judged with.
func (r *roles) keys(key querytest.Key, names ...string) map[string]string {
	r.Helper()
	r.Asking.Taken()
	r.STSCall(key, "GetAccessKeyInfo", "AccessKeyId", "ASIAQNZGKIQY56JQ7WML").OK()
	asked := r.Asking.Taken()
	out := map[string]string{}
	for _, name := range names {
		values, _, ok := asked[0].Keys.Lookup(name)
		out[name] = "absent"
		if ok {
			out[name] = strings.Join(values, "|")
		}
	}
	return out
}

// wantKeys fails the test unless requests of a key are judged with these condition keys.
func (r *roles) wantKeys(key querytest.Key, want map[string]string) {
	r.Helper()
	var names []string
	for name := range want {
		names = append(names, name)
	}
	for name, got := range r.keys(key, names...) {
		if got != want[name] {
			r.Errorf("%s is %q, want %q", name, got, want[name])
		}
	}
}

// TestRoleChain is the example of the guide: tags that are transitive pass from role to role, stand above those
// of the roles, and cannot be replaced on the way.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
func TestRoleChain(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	r.IAMCall(r.rootB, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", allowAll).OK()
	own := trusting("*", allSTS, "")
	one := r.role("Role1", own, tagParams("Heart", "1")...)
	two := r.role("Role2", own, tagParams("Sun", "2")...)
	three := r.role("Role3", own, tagParams("Lightning", "3", "STAR", "3")...)
	first := r.assumeARN(r.ann, one, append(tagParams("Star", "1", "Heart", "1", "Moon", "1"), "TransitiveTagKeys.member.1", "Star", "TransitiveTagKeys.member.2", "heart")...).OK()
	if first.Get("PackedPolicySize") != "1" {
		t.Errorf("answer %s", first.Body)
	}
	r.wantKeys(keyOf(first), map[string]string{"aws:PrincipalTag/Star": "1", "aws:PrincipalTag/Heart": "1", "aws:PrincipalTag/Moon": "1", "aws:PrincipalTag/Sun": "absent"})
	second := r.assumeARN(keyOf(first), two).OK()
	if second.Has("PackedPolicySize") {
		t.Errorf("nothing was passed: %s", second.Body)
	}
	r.wantKeys(keyOf(second), map[string]string{"aws:PrincipalTag/Star": "1", "aws:PrincipalTag/Heart": "1", "aws:PrincipalTag/Moon": "absent", "aws:PrincipalTag/Sun": "2"})
	third := r.assumeARN(keyOf(second), three, tagParams("Rain", "3")...).OK()
	r.wantKeys(keyOf(third), map[string]string{
		"aws:PrincipalTag/star": "1", "aws:PrincipalTag/Heart": "1", "aws:PrincipalTag/Sun": "absent",
		"aws:PrincipalTag/Lightning": "3", "aws:PrincipalTag/Rain": "3",
	})

	const invalid = "InvalidParameterValue"
	r.assumeARN(keyOf(second), three, tagParams("Heart", "3")...).Refused(400, invalid, "One of the specified tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
	r.assumeARN(keyOf(second), three, append(tagParams("HEART", "3"), "TransitiveTagKeys.member.1", "Heart")...).
		Refused(400, invalid, "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
	r.assumeARN(r.ann, one, tagParams("a", "1", "A", "2")...).Refused(400, invalid, "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	r.assumeARN(r.ann, one, append(tagParams("a", "1"), "TransitiveTagKeys.member.1", "b")...).Refused(400, invalid, "The specified transitive tag key must be included in the requested tags.")
	r.assumeARN(r.ann, one, tagParams("aws:a", "1")...).Refused(400, invalid, "")
	r.assumeARN(r.ann, one, tagParams("a", strings.Repeat("v", 256), "b", strings.Repeat("v", 256), "c", strings.Repeat("v", 256), "d", strings.Repeat("v", 256), "e", strings.Repeat("v", 256),
		"f", strings.Repeat("v", 256), "g", strings.Repeat("v", 256), "h", strings.Repeat("v", 256))...).
		Refused(400, "PackedPolicyTooLarge", "Packed size of session tags consumes 101% of allotted space.")
}

// TestTagSession: tags need a permission of their own, on both sides where sts:AssumeRole does, also those that
// are only inherited.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required
func TestTagSession(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	const ann, reason = "arn:aws:iam::222222222222:user/ann", " because no identity-based policy allows the sts:TagSession action"
	denied := func(a querytest.Answer, who, action, arn, reason string) {
		t.Helper()
		a.Refused(403, "AccessDenied", "User: "+who+" is not authorized to perform: "+action+" on resource: "+arn+reason)
	}
	tagged := append(tagParams("Project", "x", "Department", "Marketing"), "TransitiveTagKeys.member.1", "Project")
	// The trust policy of the guide's example.
	example := r.role("Example", trusting(accountB, `"sts:AssumeRole"`, `{"StringLike":{"aws:RequestTag/Project":"*"}}`,
		`"sts:TagSession"`, `{"StringEquals":{"aws:RequestTag/Department":["Engineering","Marketing"]},"ForAllValues:StringEquals":{"sts:TransitiveTagKeys":["Project"]}}`))
	denied(r.assumeARN(r.ann, example), ann, "sts:AssumeRole", example, "")
	denied(r.assumeARN(r.ann, example, tagged...), ann, "sts:TagSession", example, reason) // not allowed by B
	r.IAMCall(r.rootB, "PutUserPolicy", "UserName", "ann", "PolicyName", "tags", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:TagSession","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["Project","Department"]}}}}`).OK()
	r.assumeARN(r.ann, example, tagged...).OK()
	denied(r.assumeARN(r.ann, example, tagParams("Project", "x", "Department", "Sales")...), ann, "sts:TagSession", example, "")
	denied(r.assumeARN(r.ann, example, tagParams("Project", "x", "Department", "Marketing", "Other", "y")...), ann, "sts:TagSession", example, reason)
	denied(r.assumeARN(r.ann, example, append(tagged, "TransitiveTagKeys.member.2", "Department")...), ann, "sts:TagSession", example, "")

	// A tag that is handed on is looked at again, and not as one that was passed.
	plain := r.role("Plain", trusting(accountA, `"sts:AssumeRole"`, ""))
	open := r.role("Open", trusting(accountA, `["sts:AssumeRole","sts:TagSession"]`, `{"Null":{"aws:TagKeys":"true","sts:TransitiveTagKeys":"true","aws:RequestTag/Project":"true"}}`))
	session := keyOf(r.assumeARN(r.ann, example, tagged...).OK())
	denied(r.assumeARN(session, plain), "arn:aws:sts::111111111111:assumed-role/Example/sess", "sts:TagSession", plain,
		" because no role trust policy allows the sts:TagSession action")
	r.assumeARN(session, open).OK()
	// Without transitive tags nothing is handed on.
	r.assumeARN(keyOf(r.assumeARN(r.ann, example, tagParams("Project", "x", "Department", "Marketing")...).OK()), plain).OK()

	// A tag that is handed on stands in the place of the role's own.
	byTag := r.role("ByTag", trusting(accountA, `["sts:AssumeRole","sts:TagSession"]`, `{"StringEquals":{"aws:ResourceTag/project":"x","iam:ResourceTag/project":"x"}}`), tagParams("project", "other")...)
	r.assumeARN(session, byTag).OK()
	r.assumeARN(keyOf(r.assumeARN(r.ann, example, tagParams("Project", "x", "Department", "Marketing")...).OK()), byTag).Refused(403, "AccessDenied", "")
}

// TestTagsForABAC: one policy for all projects, which compares tags of the session with those of users.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_attribute-based-access-control.html
func TestTagsForABAC(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	r.IAMCall(r.rootB, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", allowAll).OK()
	role := r.role("Abac", trusting(accountB, allSTS, ""), tagParams("project", "of-the-role")...)
	r.IAMCall(r.rootA, "PutRolePolicy", "RoleName", "Abac", "PolicyName", "p", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:GetUser","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/project":"${aws:PrincipalTag/project}"}}}}`).OK()
	for _, project := range []string{"red", "blue", "of-the-role"} {
		r.IAMCall(r.rootA, "CreateUser", append([]string{"UserName", project}, tagParams("project", project)...)...).OK()
	}
	for _, c := range []struct{ session, can, cannot string }{{"red", "red", "blue"}, {"blue", "blue", "red"}, {"", "of-the-role", "red"}} {
		var params []string
		if c.session != "" {
			params = tagParams("PROJECT", c.session)
		}
		key := keyOf(r.assumeARN(r.ann, role, params...).OK())
		r.IAMCall(key, "GetUser", "UserName", c.can).OK()
		r.IAMCall(key, "GetUser", "UserName", c.cannot).Refused(403, "AccessDenied", "")
	}
}

// TestSourceIdentity: it is set once, needs a permission of its own on each step, and is seen on each.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
func TestSourceIdentity(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	r.IAMCall(r.rootB, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole","sts:GetAccessKeyInfo"],"Resource":"*"},
		{"Effect":"Allow","Action":"sts:SetSourceIdentity","Resource":"*","Condition":{"StringLike":{"sts:SourceIdentity":"${aws:username}"}}}]}`).OK()
	first := r.role("First", trusting(accountB, allSTS, ""))
	a := r.assumeARN(r.ann, first, "SourceIdentity", "ann").OK()
	if a.Get("SourceIdentity") != "ann" || a.Has("PackedPolicySize") {
		t.Errorf("answer %s", a.Body)
	}
	session := keyOf(a)
	r.wantKeys(session, map[string]string{"aws:SourceIdentity": "ann", "sts:SourceIdentity": "absent"})
	r.wantKeys(keyOf(r.assumeARN(r.ann, first).OK()), map[string]string{"aws:SourceIdentity": "absent"})
	r.assumeARN(r.ann, first, "SourceIdentity", "bob").Refused(403, "AccessDenied",
		"User: arn:aws:iam::222222222222:user/ann is not authorized to perform: sts:SetSourceIdentity on resource: "+first+" because no identity-based policy allows the sts:SetSourceIdentity action")

	// Along the chain: both keys are there, it cannot be changed, and the trust policy has to allow it.
	const firstSession = "arn:aws:sts::111111111111:assumed-role/First/sess"
	next := r.role("Next", trusting(accountA, allSTS, `{"StringEquals":{"aws:SourceIdentity":"ann","sts:SourceIdentity":"ann"}}`))
	chained := r.assumeARN(session, next).OK()
	if chained.Get("SourceIdentity") != "ann" {
		t.Errorf("answer %s", chained.Body)
	}
	r.wantKeys(keyOf(chained), map[string]string{"aws:SourceIdentity": "ann"})
	r.assumeARN(session, next, "SourceIdentity", "ann").OK()
	r.assumeARN(session, next, "SourceIdentity", "Ann").Refused(403, "AccessDenied", "The source identity of the calling session cannot be changed.")
	plain := r.role("Plain", trusting(accountA, `"sts:AssumeRole"`, ""))
	r.assumeARN(session, plain).Refused(403, "AccessDenied",
		"User: "+firstSession+" is not authorized to perform: sts:SetSourceIdentity on resource: "+plain+" because no role trust policy allows the sts:SetSourceIdentity action")

	// The role's own policies have to allow it too, although a trust policy that names the role is enough to
	// assume it.
	direct := r.role("Direct", trusting("arn:aws:iam::111111111111:role/First", allSTS, ""))
	r.IAMCall(r.rootA, "PutRolePolicy", "RoleName", "First", "PolicyName", "p", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:GetAccessKeyInfo","Resource":"*"}}`).OK()
	r.assumeARN(session, direct).Refused(403, "AccessDenied",
		"User: "+firstSession+" is not authorized to perform: sts:SetSourceIdentity on resource: "+direct+" because no identity-based policy allows the sts:SetSourceIdentity action")
	r.assumeARN(keyOf(r.assumeARN(r.ann, first).OK()), direct).OK()
	r.IAMCall(r.rootA, "PutRolePolicy", "RoleName", "First", "PolicyName", "p", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:SetSourceIdentity","Resource":"*"}}`).OK()
	r.assumeARN(session, direct).OK()
}

// TestRoleThatAssumesItself: a role is in its own trust policy or cannot assume itself, whatever its policies say.
// Source: https://aws.amazon.com/blogs/security/announcing-an-update-to-iam-role-trust-policy-behavior/
func TestRoleThatAssumesItself(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	session := keyOf(r.assume(r.ann).OK())
	r.assume(session).Refused(403, "AccessDenied", "User: arn:aws:sts::111111111111:assumed-role/R/sess is not authorized to perform: sts:AssumeRole on resource: "+roleARN+" because no role trust policy allows the sts:AssumeRole action")
	r.IAMCall(r.rootA, "UpdateAssumeRolePolicy", "RoleName", "R", "PolicyDocument", trust(roleARN, "")).OK()
	r.assume(session).OK()
	r.assume(r.ann).Refused(403, "AccessDenied", "")
	r.IAMCall(r.rootA, "UpdateAssumeRolePolicy", "RoleName", "R", "PolicyDocument", trust("arn:aws:sts::111111111111:assumed-role/R/other", "")).OK()
	r.assume(session).Refused(403, "AccessDenied", "")
}

// TestRevokeOlderSessions is the story of a role whose sessions are revoked: those from before may do nothing any
// more, those from after may.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
func TestRevokeOlderSessions(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	before := keyOf(r.assume(r.ann).OK())
	r.IAMCall(before, "ListUsers").OK()
	r.Now = r.Now.Add(60e9)
	r.IAMCall(r.rootA, "PutRolePolicy", "RoleName", "R", "PolicyName", "AWSRevokeOlderSessions", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"DateLessThan":{"aws:TokenIssueTime":"`+r.Now.Format("2006-01-02T15:04:05.000Z")+`"}}}]}`).OK()
	r.IAMCall(before, "ListUsers").Refused(403, "AccessDenied",
		"User: arn:aws:sts::111111111111:assumed-role/R/sess is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::111111111111:user/ with an explicit deny in an identity-based policy")
	r.STSCall(before, "GetCallerIdentity").OK() // needs no permission
	after := keyOf(r.assume(r.ann).OK())
	r.IAMCall(after, "ListUsers").OK()
	r.IAMCall(r.rootA, "DeleteRolePolicy", "RoleName", "R", "PolicyName", "AWSRevokeOlderSessions").OK()
	r.IAMCall(before, "ListUsers").OK()
}
