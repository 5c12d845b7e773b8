package stsapi_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

const (
	accountA = "111111111111"
	accountB = "222222222222"
	roleARN  = "arn:aws:iam::111111111111:role/path/R"
	readOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	allowAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
)

// roles is a world in which account A has a role with all rights, and account B two users: one that
// may assume any role, and one that may do nothing.
type roles struct {
	*querytest.World
	rootA, rootB, ann, bob querytest.Key
}

func newRoles(t *testing.T, principal, condition string) *roles {
	t.Helper()
	w := querytest.New(t)
	r := &roles{World: w, rootA: w.Account(accountA), rootB: w.Account(accountB)}
	r.ann, r.bob = w.User(accountB, "ann"), w.User(accountB, "bob")
	w.IAMCall(r.rootB, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/*"}}`).OK()
	w.IAMCall(r.rootA, "CreateRole", "RoleName", "R", "Path", "/path/", "AssumeRolePolicyDocument", trust(principal, condition), "MaxSessionDuration", "7200").OK()
	w.IAMCall(r.rootA, "AttachRolePolicy", "RoleName", "R", "PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess").OK()
	return r
}

func trust(principal, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"sts:AssumeRole"` + condition + `}]}`
}

func (r *roles) assume(key querytest.Key, params ...string) querytest.Answer {
	r.Helper()
	return r.STSCall(key, "AssumeRole", append([]string{"RoleArn", roleARN, "RoleSessionName", "sess"}, params...)...)
}

func keyOf(a querytest.Answer) querytest.Key {
	return querytest.Key{ID: a.Get("AccessKeyId"), Secret: a.Get("SecretAccessKey"), Token: a.Get("SessionToken")}
}

// TestAssumeRole is part 3 of the founding walkthrough: A's role trusts B, B delegates to its user.
func TestAssumeRole(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	a := r.assume(r.ann).OK()
	if !strings.HasPrefix(a.Get("Credentials>AccessKeyId"), "ASIA") || a.Get("Credentials>Expiration") != "2026-01-02T04:04:05Z" || a.Has("PackedPolicySize") ||
		a.Get("AssumedRoleUser>Arn") != "arn:aws:sts::111111111111:assumed-role/R/sess" || !strings.HasSuffix(a.Get("AssumedRoleUser>AssumedRoleId"), ":sess") {
		t.Errorf("answer %s", a.Body)
	}
	session := keyOf(a)
	id := r.STSCall(session, "GetCallerIdentity").OK()
	if id.Get("Arn") != a.Get("AssumedRoleUser>Arn") || id.Get("UserId") != a.Get("AssumedRoleId") || id.Get("Account") != accountA {
		t.Errorf("identity %s", id.Body)
	}
	// The session works in A, as A's role.
	r.IAMCall(session, "CreateUser", "UserName", "made-by-session").OK()
	r.IAMCall(r.rootA, "GetUser", "UserName", "made-by-session").OK()
	r.IAMCall(session, "GetUser").Refused(400, "ValidationError", "Must specify userName when calling with non-User credentials")

	// bob's account is trusted, but did not delegate to bob.
	r.assume(r.bob).Refused(403, "AccessDenied",
		"User: arn:aws:iam::222222222222:user/bob is not authorized to perform: sts:AssumeRole on resource: "+roleARN+" because no identity-based policy allows the sts:AssumeRole action")
	for _, root := range []querytest.Key{r.rootA, r.rootB} {
		r.assume(root).Refused(403, "AccessDenied", "Roles may not be assumed by root accounts.")
	}
	r.assume(querytest.Key{}).Refused(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
	record := r.Records[len(r.Records)-1]
	if record.Service != "sts" {
		t.Errorf("record %+v", record)
	}
}

// TestMissingRole: a role that does not exist and one that refuses look alike. Why another account's role
// refuses is not told.
func TestMissingRole(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountA, "") // does not trust B
	refusal := func(arn string) {
		t.Helper()
		r.STSCall(r.ann, "AssumeRole", "RoleArn", arn, "RoleSessionName", "sess").Refused(403, "AccessDenied",
			"User: arn:aws:iam::222222222222:user/ann is not authorized to perform: sts:AssumeRole on resource: "+arn)
	}
	refusal(roleARN)
	refusal("arn:aws:iam::111111111111:role/path/S")
	refusal("arn:aws:iam::111111111111:role/R")
	refusal("arn:aws:iam::999999999999:role/R")
	// The same holds for an administrator of the role's own account.
	admin := r.User(accountA, "admin", "AdministratorAccess")
	r.STSCall(admin, "AssumeRole", "RoleArn", "arn:aws:iam::111111111111:role/S", "RoleSessionName", "sess").Refused(403, "AccessDenied", "")
	r.STSCall(admin, "AssumeRole", "RoleArn", roleARN, "RoleSessionName", "sess").OK()
}

// TestTrustOfOneUser: a trust policy that names a user grants to it alone, without a policy of its own
// in the same account and with one across accounts, and not to who takes its name over.
func TestTrustOfOneUser(t *testing.T) {
	t.Parallel()
	r := newRoles(t, "arn:aws:iam::222222222222:user/ann", "")
	r.assume(r.ann).OK()
	r.assume(r.bob).Refused(403, "AccessDenied", "")
	// In the same account the trust policy is enough.
	cid := r.User(accountA, "cid")
	r.IAMCall(r.rootA, "UpdateAssumeRolePolicy", "RoleName", "R", "PolicyDocument", trust("arn:aws:iam::111111111111:user/cid", "")).OK()
	r.assume(cid).OK()
	r.assume(r.ann).Refused(403, "AccessDenied", "")
	r.IAMCall(r.rootA, "DeleteAccessKey", "UserName", "cid", "AccessKeyId", cid.ID).OK()
	r.IAMCall(r.rootA, "DeleteUser", "UserName", "cid").OK()
	again := r.User(accountA, "cid")
	r.assume(again).Refused(403, "AccessDenied", "")
}

// TestConditionKeys: the external ID and the session's name are no more than condition keys.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-user_externalid.html
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, `{"StringEquals":{"sts:ExternalId":"E-1"},"StringLike":{"sts:RoleSessionName":"se*"}}`)
	r.assume(r.ann, "ExternalId", "E-1").OK()
	r.assume(r.ann, "ExternalId", "E-2").Refused(403, "AccessDenied", "")
	r.assume(r.ann).Refused(403, "AccessDenied", "")
	r.STSCall(r.ann, "AssumeRole", "RoleArn", roleARN, "RoleSessionName", "other", "ExternalId", "E-1").Refused(403, "AccessDenied", "")

	tagged := newRoles(t, accountB, "")
	tagged.IAMCall(tagged.rootA, "CreateRole", "RoleName", "T", "AssumeRolePolicyDocument", trust(accountB, `{"StringEquals":{"aws:ResourceTag/open":"yes","iam:ResourceTag/open":"yes"}}`), "Tags.member.1.Key", "open", "Tags.member.1.Value", "yes").OK()
	tagged.STSCall(tagged.ann, "AssumeRole", "RoleArn", "arn:aws:iam::111111111111:role/T", "RoleSessionName", "sess").OK()
}

func TestDurations(t *testing.T) {
	t.Parallel()
	r := newRoles(t, "*", "")
	if got := r.assume(r.ann, "DurationSeconds", "7200").OK().Get("Expiration"); got != "2026-01-02T05:04:05Z" {
		t.Errorf("expires %s", got)
	}
	r.assume(r.ann, "DurationSeconds", "7201").Refused(400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	r.assume(r.ann, "DurationSeconds", "899").Refused(400, "ValidationError", "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900")
	// Validation comes before authorization, and the role's limit after it.
	r.assume(r.bob, "DurationSeconds", "1").Refused(400, "ValidationError", "")

	session := keyOf(r.assume(r.ann, "DurationSeconds", "900").OK())
	r.assume(session, "DurationSeconds", "3601").Refused(400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	r.assume(session).OK()
	r.Now = r.Now.Add(900*time.Second - 1)
	r.STSCall(session, "GetCallerIdentity").OK()
	r.Now = r.Now.Add(1)
	r.STSCall(session, "GetCallerIdentity").Refused(403, "ExpiredToken", "")
}

// TestSessionPolicies: a session may do what both the role and the session policies allow.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
func TestSessionPolicies(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	inline := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}}`
	a := r.assume(r.ann, "Policy", inline).OK()
	if got := a.Get("PackedPolicySize"); got != "5" {
		t.Errorf("packed %s", got)
	}
	r.IAMCall(keyOf(a), "ListUsers").OK()
	r.IAMCall(keyOf(a), "ListRoles").Refused(403, "AccessDenied",
		"User: arn:aws:sts::111111111111:assumed-role/R/sess is not authorized to perform: iam:ListRoles on resource: arn:aws:iam::111111111111:role/ because no session policy allows the iam:ListRoles action")
	managed := keyOf(r.assume(r.ann, "PolicyArns.member.1.arn", readOnly).OK())
	r.IAMCall(managed, "ListRoles").OK()
	r.IAMCall(managed, "CreateGroup", "GroupName", "g").Refused(403, "AccessDenied", "")
	r.assume(r.ann, "PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/NoSuchPolicy").Refused(400, "MalformedPolicyDocument", "")
	r.assume(r.ann, "Policy", "{}").Refused(400, "MalformedPolicyDocument", "Syntax errors in policy.")
	r.assume(r.ann, "Policy", allowAll+strings.Repeat(" ", 2048)).Refused(400, "PackedPolicyTooLarge", "")
}

// TestSessionPolicyThatIsGone: a session whose policy was deleted may do nothing, also if a policy under
// another path has the name now.
func TestSessionPolicyThatIsGone(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	narrow := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}}`
	arn := r.IAMCall(r.rootA, "CreatePolicy", "PolicyName", "limit", "Path", "/a/", "PolicyDocument", narrow).OK().Get("Policy>Arn")
	session := keyOf(r.assume(r.ann, "PolicyArns.member.1.arn", arn).OK())
	r.IAMCall(session, "ListUsers").OK()
	r.IAMCall(session, "ListRoles").Refused(403, "AccessDenied", "")
	r.IAMCall(r.rootA, "DeletePolicy", "PolicyArn", arn).OK()
	r.IAMCall(session, "ListUsers").Refused(403, "AccessDenied", "")
	wide := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	r.IAMCall(r.rootA, "CreatePolicy", "PolicyName", "Limit", "Path", "/b/", "PolicyDocument", wide).OK()
	r.IAMCall(session, "ListUsers").Refused(403, "AccessDenied", "")
	r.IAMCall(session, "ListRoles").Refused(403, "AccessDenied", "")
}

// TestSessionEndsWithItsRole: also if another role takes its name over.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
func TestSessionEndsWithItsRole(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	session := keyOf(r.assume(r.ann).OK())
	// What the role may do changes at once.
	r.IAMCall(session, "ListUsers").OK()
	r.IAMCall(r.rootA, "DetachRolePolicy", "RoleName", "R", "PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess").OK()
	r.IAMCall(session, "ListUsers").Refused(403, "AccessDenied", "")
	// The caller's key does not matter any more.
	r.IAMCall(r.rootB, "UpdateAccessKey", "UserName", "ann", "AccessKeyId", r.ann.ID, "Status", "Inactive").OK()
	r.STSCall(session, "GetCallerIdentity").OK()
	r.IAMCall(r.rootA, "DeleteRole", "RoleName", "R").OK()
	r.STSCall(session, "GetCallerIdentity").Refused(403, "InvalidClientTokenId", "")
	r.IAMCall(r.rootA, "CreateRole", "RoleName", "R", "Path", "/path/", "AssumeRolePolicyDocument", trust(accountB, "")).OK()
	r.STSCall(session, "GetCallerIdentity").Refused(403, "InvalidClientTokenId", "")
}

func TestTokens(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	one, two := keyOf(r.assume(r.ann).OK()), keyOf(r.assume(r.ann).OK())
	for name, key := range map[string]querytest.Key{
		"no token":      {ID: one.ID, Secret: one.Secret},
		"other's token": {ID: one.ID, Secret: one.Secret, Token: two.Token},
		"other's key":   {ID: two.ID, Secret: one.Secret, Token: one.Token},
		"garbage":       {ID: one.ID, Secret: one.Secret, Token: "garbage"},
	} {
		if a := r.STSCall(key, "GetCallerIdentity"); a.Status != 403 || a.Get("Code") != "InvalidClientTokenId" {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	r.STSCall(querytest.Key{ID: one.ID, Secret: two.Secret, Token: one.Token}, "GetCallerIdentity").Refused(403, "SignatureDoesNotMatch", "")
}

func TestGetCallerIdentity(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	// No policy can deny it.
	r.IAMCall(r.rootB, "PutUserPolicy", "UserName", "bob", "PolicyName", "p", "PolicyDocument", strings.Replace(allowAll, "Allow", "Deny", 1)).OK()
	a := r.STSCall(r.bob, "GetCallerIdentity").OK()
	want := `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::222222222222:user/bob</Arn><UserId>` +
		a.Get("UserId") + `</UserId><Account>222222222222</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>` + a.Get("RequestId") + "</RequestId></ResponseMetadata></GetCallerIdentityResponse>\n"
	if a.Body != want || !strings.HasPrefix(a.Get("UserId"), "AIDA") {
		t.Errorf("got  %s\nwant %s", a.Body, want)
	}
	root := r.STSCall(r.rootB, "GetCallerIdentity").OK()
	if root.Get("UserId") != accountB || root.Get("Arn") != "arn:aws:iam::222222222222:root" {
		t.Errorf("root is %s", root.Body)
	}
	r.STSCall(querytest.Key{}, "GetCallerIdentity").Refused(403, "MissingAuthenticationToken", "")
	r.Presigned(r.ann, "sts", url.Values{"Action": {"GetCallerIdentity"}, "Version": {querytest.STSVersion}}).OK()
}

// TestInvalidParameters: what is not understood is refused, before anything is asked.
func TestInvalidParameters(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	invalid := func(message string, params ...string) {
		t.Helper()
		r.Asking.Taken()
		r.assume(r.ann, params...).Refused(400, "ValidationError", message)
		if asked := r.Asking.Taken(); len(asked) != 0 {
			t.Errorf("%v: asked %v", params, asked)
		}
	}
	invalid("The context assertion in ProvidedContexts is invalid: there is no context provider that has issued it.",
		"ProvidedContexts.member.1.ProviderArn", "arn:aws:iam::aws:contextProvider/IdentityCenter", "ProvidedContexts.member.1.ContextAssertion", "assertion")
	invalid("1 validation error detected: Value '1' at 'tokenCode' failed to satisfy constraint: Member must have length greater than or equal to 6", "TokenCode", "1")
	invalid("1 validation error detected: Value 'a' at 'sourceIdentity' failed to satisfy constraint: Member must have length greater than or equal to 2", "SourceIdentity", "a")
	invalid("1 validation error detected: Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null", "Tags.member.1.Key", "k")
	invalid("1 validation error detected: Value 'a!' at 'transitiveTagKeys.1' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+", "TransitiveTagKeys.member.1", "a!")
	invalid("", "Unknown", "x")
	var tags []string
	for i := range 51 {
		n := strconv.Itoa(i + 1)
		tags = append(tags, "Tags.member."+n+".Key", "k"+n, "Tags.member."+n+".Value", "v")
	}
	invalid("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50", tags...)
	r.STSCall(r.ann, "AssumeRoleWithNothing").Refused(400, "InvalidAction", "Could not find operation AssumeRoleWithNothing for version 2011-06-15")
	r.STSCall(r.ann, "AssumeRole", "RoleArn", "arn:aws:iam::111111111111:user/ann", "RoleSessionName", "sess").Refused(400, "ValidationError", "arn:aws:iam::111111111111:user/ann is invalid")
	r.STSCall(r.ann, "AssumeRole", "RoleArn", roleARN, "RoleSessionName", "a b").Refused(400, "ValidationError",
		`1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`)
}

// TestUnavailable: what cannot be here answers the errors that AWS has for it, to who may ask.
// Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html and
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetDelegatedAccessToken.html
func TestUnavailable(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	token := []string{"Audience.member.1", "https://example.com", "SigningAlgorithm", "RS256"}
	r.STSCall(r.bob, "GetWebIdentityToken", token...).Refused(403, "AccessDenied", "")
	r.STSCall(r.rootB, "GetWebIdentityToken", token...).Refused(403, "OutboundWebIdentityFederationDisabledException", "")
	r.STSCall(r.rootB, "GetWebIdentityToken", append(token, "DurationSeconds", "3601")...).Refused(400, "ValidationError", "")
	r.STSCall(r.rootB, "GetWebIdentityToken", "SigningAlgorithm", "RS256").Refused(400, "ValidationError", "")
	r.STSCall(r.rootB, "GetWebIdentityToken", "Audience.member.1", "https://example.com", "SigningAlgorithm", "HS256").Refused(400, "ValidationError", "")
	r.STSCall(r.bob, "GetDelegatedAccessToken", "TradeInToken", "t").Refused(403, "AccessDenied", "")
	r.STSCall(r.rootB, "GetDelegatedAccessToken", "TradeInToken", "t").Refused(400, "ExpiredTradeInTokenException", "")
	r.STSCall(r.rootB, "GetDelegatedAccessToken").Refused(400, "ValidationError", "")
}
