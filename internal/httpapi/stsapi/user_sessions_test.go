package stsapi_test

import (
	"strings"
	"testing"
	"time"

	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// users is a world of account A: the root user, and ann, who may do everything.
type users struct {
	*roles
	annA querytest.Key
}

func newUsers(t *testing.T) *users {
	t.Helper()
	r := newRoles(t, accountA, "")
	return &users{r, r.User(accountA, "cid", "AdministratorAccess")}
}

// userARN is the ARN of the user of newUsers.
const userARN = "arn:aws:iam::111111111111:user/cid"

// TestGetSessionToken: the session is the user, with the user's policies, and what AWS bars it from.
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
func TestGetSessionToken(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	id := u.STSCall(u.annA, "GetCallerIdentity").OK().Get("UserId")
	a := u.STSCall(u.annA, "GetSessionToken").OK()
	if !strings.HasPrefix(a.Get("Credentials>AccessKeyId"), "ASIA") || a.Get("Expiration") != "2026-01-02T15:04:05Z" || len(a.All("GetSessionTokenResult>Credentials")) != 1 {
		t.Errorf("answer %s", a.Body)
	}
	session := keyOf(a)
	if got := u.STSCall(session, "GetCallerIdentity").OK(); got.Get("Arn") != userARN || got.Get("UserId") != id || got.Get("Account") != accountA {
		t.Errorf("identity %s", got.Body)
	}
	u.OrgsCall(session, "DescribeOrganization", `{}`).Refused(400, "AWSOrganizationsNotInUseException", "")
	u.Asking.Taken()
	u.assume(session).OK()
	k := u.Asking.Taken()[0].Keys
	for key, want := range map[string]string{
		"aws:username": "cid", "aws:userid": id, "aws:PrincipalType": "User", "aws:PrincipalArn": userARN,
		"aws:TokenIssueTime": "2026-01-02T03:04:05Z", "aws:MultiFactorAuthPresent": "false",
	} {
		if values, _, _ := k.Lookup(key); len(values) != 1 || values[0] != want {
			t.Errorf("%s is %v, want %s", key, values, want)
		}
	}
	if _, _, ok := k.Lookup("aws:MultiFactorAuthAge"); ok {
		t.Error("aws:MultiFactorAuthAge is there without MFA")
	}
	// Chaining begins with any temporary credentials.
	u.assume(session, "DurationSeconds", "3601").Refused(400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")

	// No policy can take it away: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getsessiontoken.html
	u.IAMCall(u.rootA, "PutUserPolicy", "UserName", "cid", "PolicyName", "p", "PolicyDocument", strings.Replace(allowAll, "Allow", "Deny", 1)).OK()
	u.STSCall(u.annA, "GetSessionToken").OK()
	// What the user may do, the session may do, and no more.
	u.OrgsCall(session, "DescribeOrganization", `{}`).Refused(400, "AccessDeniedException", "")

	u.STSCall(u.annA, "GetSessionToken", "DurationSeconds", "899").Refused(400, "ValidationError", "")
	u.STSCall(u.annA, "GetSessionToken", "DurationSeconds", "129601").Refused(400, "ValidationError", "")
	if got := u.STSCall(u.annA, "GetSessionToken", "DurationSeconds", "129600").OK().Get("Expiration"); got != "2026-01-03T15:04:05Z" {
		t.Errorf("expires %s", got)
	}
	u.STSCall(u.annA, "GetSessionToken", "Policy", allowAll).Refused(400, "ValidationError", "Unknown parameter: Policy")

	// The root user gets an hour, whatever it asks for.
	root := u.STSCall(u.rootA, "GetSessionToken", "DurationSeconds", "129600").OK()
	if root.Get("Expiration") != "2026-01-02T04:04:05Z" {
		t.Errorf("answer %s", root.Body)
	}
	if got := u.STSCall(keyOf(root), "GetCallerIdentity").OK(); got.Get("Arn") != "arn:aws:iam::111111111111:root" || got.Get("UserId") != accountA {
		t.Errorf("identity %s", got.Body)
	}
	u.assume(keyOf(root)).Refused(403, "AccessDenied", "Roles may not be assumed by root accounts.")
}

// TestGetFederationToken: the answer, the identity and the tags of a federated user.
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
func TestGetFederationToken(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	u.IAMCall(u.rootA, "CreateUser", "UserName", "eve", "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue", "Tags.member.2.Key", "floor", "Tags.member.2.Value", "1").OK()
	key := u.IAMCall(u.rootA, "CreateAccessKey", "UserName", "eve").OK()
	eve := querytest.Key{ID: key.Get("AccessKeyId"), Secret: key.Get("SecretAccessKey")}
	const fay = "arn:aws:sts::111111111111:federated-user/fay"
	denied := func(action string, params ...string) {
		t.Helper()
		u.STSCall(eve, "GetFederationToken", params...).Refused(403, "AccessDenied",
			"User: arn:aws:iam::111111111111:user/eve is not authorized to perform: "+action+" on resource: "+fay+" because no identity-based policy allows the "+action+" action")
	}
	allow := func(actions string) {
		t.Helper()
		u.IAMCall(u.rootA, "PutUserPolicy", "UserName", "eve", "PolicyName", "p", "PolicyDocument",
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":`+actions+`,"Resource":"`+fay+`"}}`).OK()
	}
	tags := append([]string{"Name", "fay"}, tagParams("Team", "red")...)
	denied("sts:GetFederationToken", "Name", "fay")
	allow(`"sts:GetFederationToken"`)
	a := u.STSCall(eve, "GetFederationToken", "Name", "fay").OK()
	if a.Get("FederatedUser>Arn") != fay || a.Get("FederatedUser>FederatedUserId") != accountA+":fay" || a.Get("PackedPolicySize") != "0" || a.Get("Expiration") != "2026-01-02T15:04:05Z" {
		t.Errorf("answer %s", a.Body)
	}
	if id := u.STSCall(keyOf(a), "GetCallerIdentity").OK(); id.Get("Arn") != fay || id.Get("UserId") != accountA+":fay" || id.Get("Account") != accountA {
		t.Errorf("identity %s", id.Body)
	}
	denied("sts:TagSession", tags...)
	allow(`["sts:GetFederationToken","sts:TagSession"]`)
	tagged := u.STSCall(eve, "GetFederationToken", append(tags, "PolicyArns.member.1.arn", readOnly)...).OK()
	if size := tagged.Get("PackedPolicySize"); size != "3" {
		t.Errorf("packed %s", size)
	}
	u.Asking.Taken()
	u.OrgsCall(keyOf(tagged), "DescribeOrganization", `{}`).Refused(400, "AccessDeniedException", "")
	k := u.Asking.Taken()[0].Keys
	for key, want := range map[string]string{
		"aws:userid": accountA + ":fay", "aws:PrincipalType": "FederatedUser", "aws:PrincipalArn": fay,
		"aws:PrincipalTag/team": "red", "aws:PrincipalTag/floor": "1", "aws:MultiFactorAuthPresent": "false", "aws:TokenIssueTime": "2026-01-02T03:04:05Z",
	} {
		if values, _, _ := k.Lookup(key); len(values) != 1 || values[0] != want {
			t.Errorf("%s is %v, want %s", key, values, want)
		}
	}
	if _, _, ok := k.Lookup("aws:username"); ok {
		t.Error("a federated user has aws:username")
	}
	u.STSCall(eve, "GetFederationToken", "Name", "x").Refused(400, "ValidationError", "")
	u.STSCall(eve, "GetFederationToken", "Name", "fay", "TransitiveTagKeys.member.1", "Team").Refused(400, "ValidationError", "")
	u.STSCall(eve, "GetFederationToken", "Name", "fay", "Policy", "{}").Refused(400, "MalformedPolicyDocument", "")
	u.STSCall(eve, "GetFederationToken", append(tags, "Tags.member.2.Key", "TEAM", "Tags.member.2.Value", "x")...).Refused(400, "InvalidParameterValue", "")
	if got := u.STSCall(u.rootA, "GetFederationToken", "Name", "fay").OK().Get("Expiration"); got != "2026-01-02T04:04:05Z" {
		t.Errorf("the root user's session expires %s", got)
	}
}

// TestFederatedRights: a federated user may do what both the user and the session policies allow, within the
// user's boundary; without session policies nothing.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getfederationtoken.html
func TestFederatedRights(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	u.OrgsCall(u.rootA, "CreateOrganization", `{}`).OK()
	may := func(key querytest.Key, want bool) {
		t.Helper()
		a := u.OrgsCall(key, "ListAccounts", `{}`)
		if ok := a.Status == 200; ok != want {
			t.Errorf("may %v, want %v: %s", ok, want, a.Body)
		}
	}
	list := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"organizations:ListAccounts","Resource":"*"}}`
	other := strings.Replace(list, "ListAccounts", "ListRoots", 1)
	fed := func(by querytest.Key, params ...string) querytest.Key {
		t.Helper()
		return keyOf(u.STSCall(by, "GetFederationToken", append([]string{"Name", "fay"}, params...)...).OK())
	}
	for _, by := range []querytest.Key{u.annA, u.rootA} {
		may(fed(by), false)
		may(fed(by, "Policy", list), true)
		may(fed(by, "Policy", other), false)
		may(fed(by, "Policy", other, "PolicyArns.member.1.arn", readOnly), true)
	}
	session := fed(u.annA, "Policy", list)
	u.IAMCall(u.rootA, "PutUserPermissionsBoundary", "UserName", "cid", "PermissionsBoundary", "arn:aws:iam::aws:policy/AmazonS3FullAccess").OK()
	may(session, false)
	u.IAMCall(u.rootA, "DeleteUserPermissionsBoundary", "UserName", "cid").OK()
	may(session, true)
	u.IAMCall(u.rootA, "DetachUserPolicy", "UserName", "cid", "PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess").OK()
	may(session, false)
}

// TestUserSessionsEnd: sessions of users end with the user, also if another one has its name then, and with the
// account. They outlive a change of the user's name and of the key that they were had with.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html
func TestUserSessionsEnd(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	sessions := []querytest.Key{
		keyOf(u.STSCall(u.annA, "GetSessionToken").OK()),
		keyOf(u.STSCall(u.annA, "GetFederationToken", "Name", "fay").OK()),
	}
	live := func(want bool) {
		t.Helper()
		for _, s := range sessions {
			if a := u.STSCall(s, "GetCallerIdentity"); (a.Status == 200) != want {
				t.Errorf("live, want %v: %s", want, a.Body)
			}
		}
	}
	live(true)
	u.IAMCall(u.rootA, "UpdateUser", "UserName", "cid", "NewUserName", "cyd", "NewPath", "/staff/").OK()
	live(true)
	if id := u.STSCall(sessions[0], "GetCallerIdentity"); id.Get("Arn") != "arn:aws:iam::111111111111:user/staff/cyd" {
		t.Errorf("identity %s", id.Body)
	}
	other := u.User(accountA, "cid")
	live(true)
	u.IAMCall(u.rootA, "UpdateAccessKey", "UserName", "cyd", "AccessKeyId", u.annA.ID, "Status", "Inactive").OK()
	live(true)
	u.IAMCall(u.rootA, "DeleteAccessKey", "UserName", "cyd", "AccessKeyId", u.annA.ID).OK()
	live(true)
	u.IAMCall(u.rootA, "DetachUserPolicy", "UserName", "cyd", "PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess").OK()
	u.IAMCall(u.rootA, "DeleteUser", "UserName", "cyd").OK()
	live(false)
	u.STSCall(sessions[0], "GetCallerIdentity").Refused(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
	u.IAMCall(u.rootA, "CreateUser", "UserName", "cyd").OK()
	live(false)
	u.STSCall(other, "GetCallerIdentity").OK()

	// Of the root user: nothing but the end of the account ends them.
	ofRoot := []querytest.Key{keyOf(u.STSCall(u.rootA, "GetSessionToken").OK()), keyOf(u.STSCall(u.rootA, "GetFederationToken", "Name", "fay").OK())}
	u.closeAccount(accountA)
	for _, s := range ofRoot {
		u.STSCall(s, "GetCallerIdentity").Refused(403, "InvalidClientTokenId", "")
	}
}

// TestRevokeUserSessions: a deny by issue time on the user hits its sessions, those of federated users included,
// and not its long-term keys.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html
func TestRevokeUserSessions(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	u.OrgsCall(u.rootA, "CreateOrganization", `{}`).OK()
	session, fay := keyOf(u.STSCall(u.annA, "GetSessionToken").OK()), keyOf(u.STSCall(u.annA, "GetFederationToken", "Name", "fay", "Policy", allowAll).OK())
	u.Now = u.Now.Add(time.Minute)
	u.IAMCall(u.rootA, "PutUserPolicy", "UserName", "cid", "PolicyName", "revoke", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"`+u.Now.Format(time.RFC3339)+`"}}}}`).OK()
	for _, key := range []querytest.Key{session, fay} {
		u.OrgsCall(key, "ListAccounts", `{}`).Refused(400, "AccessDeniedException", "")
	}
	u.OrgsCall(u.annA, "ListAccounts", `{}`).OK()
	u.OrgsCall(keyOf(u.STSCall(u.annA, "GetSessionToken").OK()), "ListAccounts", `{}`).OK()
}

// TestGetAccessKeyInfo: whose a key is, of whatever account and in whatever state.
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
func TestGetAccessKeyInfo(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	is := func(id, want string) {
		t.Helper()
		if a := u.STSCall(u.annA, "GetAccessKeyInfo", "AccessKeyId", id).OK(); a.Get("Account") != want {
			t.Errorf("%s: %s", id, a.Body)
		}
	}
	is(u.annA.ID, accountA)
	is(u.ann.ID, accountB)
	is(keyOf(u.assume(u.annA).OK()).ID, accountA)
	is(keyOf(u.STSCall(u.ann, "GetSessionToken").OK()).ID, accountB)
	u.IAMCall(u.rootB, "UpdateAccessKey", "UserName", "ann", "AccessKeyId", u.ann.ID, "Status", "Inactive").OK()
	is(u.ann.ID, accountB)
	u.STSCall(u.annA, "GetAccessKeyInfo", "AccessKeyId", "AKIAIOSFODNN7EXAMPLE").Refused(400, "ValidationError", "The access key ID AKIAIOSFODNN7EXAMPLE does not exist.")
	u.STSCall(u.annA, "GetAccessKeyInfo", "AccessKeyId", "AKIA").Refused(400, "ValidationError", "")
	u.STSCall(u.bob, "GetAccessKeyInfo", "AccessKeyId", u.annA.ID).Refused(403, "AccessDenied", "")
	u.STSCall(u.rootB, "GetAccessKeyInfo", "AccessKeyId", u.annA.ID).OK()
}

// closeAccount closes an account.
func (u *users) closeAccount(id ids.AccountID) {
	u.Helper()
	err := u.Store.Update(u.Context(), func(tx meta.Tx) error {
		account := new(records.Account)
		if err := records.Get(tx, keys.Account(id), account); err != nil {
			return err
		}
		account.Closed = 1
		return records.Put(tx, keys.Account(id), account)
	})
	if err != nil {
		u.Fatal(err)
	}
}
