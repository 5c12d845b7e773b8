package stsapi_test

import (
	"encoding/base32"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/totp"
)

// phone is an MFA device.
type phone struct {
	r      *roles
	serial string
	seed   []byte
}

// newPhone makes a device and enables it for a user of account A, or for the root user if user is empty.
func newPhone(r *roles, key querytest.Key, name, user string) *phone {
	r.Helper()
	a := r.IAMCall(r.rootA, "CreateVirtualMFADevice", "VirtualMFADeviceName", name).OK()
	text, err := base64.StdEncoding.DecodeString(a.Get("Base32StringSeed"))
	if err != nil {
		r.Fatal(err)
	}
	seed, err := base32.StdEncoding.DecodeString(string(text))
	if err != nil {
		r.Fatal(err)
	}
	p := &phone{r, a.Get("SerialNumber"), seed}
	params := []string{"SerialNumber", p.serial, "AuthenticationCode1", p.code(), "AuthenticationCode2", p.code()}
	if user != "" {
		params = append(params, "UserName", user)
	}
	r.IAMCall(key, "EnableMFADevice", params...).OK()
	return p
}

// code is what the device shows next.
func (p *phone) code() string {
	p.r.Now = p.r.Now.Add(totp.Step)
	return totp.Code(p.seed, totp.StepAt(p.r.Now))
}

// shown are the parameters that show the device.
func (p *phone) shown() []string { return []string{"SerialNumber", p.serial, "TokenCode", p.code()} }

// TestBarredOperations: which operations temporary credentials are not good for, though their policies allow all.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html#stsapi_comparison
func TestBarredOperations(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	ofRoot, ofUser := newPhone(u.roles, u.rootA, "root", ""), newPhone(u.roles, u.rootA, "cid", "cid")
	get := func(key querytest.Key, action string, params ...string) querytest.Key {
		t.Helper()
		return keyOf(u.STSCall(key, action, params...).OK())
	}
	fed := []string{"Name", "fay", "Policy", allowAll}
	sessions := map[string]querytest.Key{
		"role":      keyOf(u.assume(u.annA).OK()),
		"user":      get(u.annA, "GetSessionToken"),
		"user-mfa":  get(u.annA, "GetSessionToken", ofUser.shown()...),
		"root":      get(u.rootA, "GetSessionToken"),
		"root-mfa":  get(u.rootA, "GetSessionToken", ofRoot.shown()...),
		"fed":       get(u.annA, "GetFederationToken", fed...),
		"root-fed":  get(u.rootA, "GetFederationToken", fed...),
		"long-term": u.annA,
	}
	calls := map[string][]string{
		"AssumeRole":      {"RoleArn", roleARN, "RoleSessionName", "sess"},
		"GetSessionToken": nil, "GetFederationToken": fed, "GetCallerIdentity": nil,
		"GetAccessKeyInfo":           {"AccessKeyId", u.annA.ID},
		"DecodeAuthorizationMessage": {"EncodedMessage", "none"},
		"GetWebIdentityToken":        {"Audience.member.1", "none", "SigningAlgorithm", "RS256"},
		"GetDelegatedAccessToken":    {"TradeInToken", "none"},
	}
	for name, good := range map[string]string{
		"role":      "AssumeRole GetCallerIdentity GetAccessKeyInfo DecodeAuthorizationMessage GetWebIdentityToken GetDelegatedAccessToken ListUsers",
		"user":      "AssumeRole GetCallerIdentity",
		"user-mfa":  "AssumeRole GetCallerIdentity ListUsers",
		"root":      "AssumeRole GetCallerIdentity",
		"root-mfa":  "AssumeRole GetCallerIdentity ListUsers",
		"fed":       "GetCallerIdentity",
		"root-fed":  "GetCallerIdentity",
		"long-term": "AssumeRole GetSessionToken GetFederationToken GetCallerIdentity GetAccessKeyInfo DecodeAuthorizationMessage GetWebIdentityToken GetDelegatedAccessToken ListUsers",
	} {
		can := map[string]bool{}
		for _, action := range strings.Fields(good) {
			can[action] = true
		}
		for action, params := range calls {
			u.Asking.Taken()
			a := u.STSCall(sessions[name], action, params...)
			barred := a.Get("Code") == "AccessDenied" && a.Get("Message") == "Cannot call "+action+" with session credentials"
			if barred == can[action] || barred && len(u.Asking.Taken()) > 0 {
				t.Errorf("%s, %s: %s", name, action, a.Body)
			}
		}
		a := u.IAMCall(sessions[name], "ListUsers")
		if !can["ListUsers"] {
			a.Refused(403, "InvalidClientTokenId", "The security token included in the request is invalid")
		} else {
			a.OK()
		}
	}
}

// TestMFA: a user who shows its own device is known to have MFA for as long as the session lasts, and in
// AssumeRole for the one request.
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html and
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func TestMFA(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	dan := u.User(accountA, "dan", "AdministratorAccess")
	mine, others, ofRoot := newPhone(u.roles, u.rootA, "cid", "cid"), newPhone(u.roles, u.rootA, "dan", "dan"), newPhone(u.roles, u.rootA, "root", "")
	need := func(condition string) {
		t.Helper()
		u.IAMCall(u.rootA, "UpdateAssumeRolePolicy", "RoleName", "R", "PolicyDocument", trust(accountA, condition)).OK()
	}
	need(`{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`)
	u.assume(u.annA).Refused(403, "AccessDenied", "")
	u.assume(keyOf(u.STSCall(u.annA, "GetSessionToken").OK())).Refused(403, "AccessDenied", "")
	session := keyOf(u.STSCall(u.annA, "GetSessionToken", mine.shown()...).OK())
	role := keyOf(u.assume(session).OK())
	u.assume(u.annA, mine.shown()...).OK()
	// A role session does not have it from its caller.
	u.wantKeys(role, map[string]string{"aws:MultiFactorAuthPresent": "false", "aws:MultiFactorAuthAge": "absent"})

	need(`{"NumericLessThan":{"aws:MultiFactorAuthAge":"300"}}`)
	u.assume(u.annA).Refused(403, "AccessDenied", "")
	u.assume(u.annA, mine.shown()...).OK()
	session = keyOf(u.STSCall(u.annA, "GetSessionToken", mine.shown()...).OK())
	u.Now = u.Now.Add(299 * time.Second)
	u.assume(session).OK()
	u.Now = u.Now.Add(time.Second)
	u.assume(session).Refused(403, "AccessDenied", "")
	u.assume(session, mine.shown()...).OK() // shown again, for this request
	u.assume(session).Refused(403, "AccessDenied", "")

	need("")
	const wrongDevice = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."
	const wrongCode = "MultiFactorAuthentication failed with invalid MFA one time pass code."
	const half = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
	for _, c := range []struct {
		key     querytest.Key
		params  []string
		message string
	}{
		{u.annA, others.shown(), wrongDevice},
		{u.annA, ofRoot.shown(), wrongDevice},
		{u.annA, []string{"SerialNumber", "GAHT12345678", "TokenCode", "123456"}, wrongDevice},
		{u.annA, []string{"SerialNumber", mine.serial, "TokenCode", others.code()}, wrongCode},
		{u.annA, []string{"SerialNumber", mine.serial}, half},
		{u.annA, []string{"TokenCode", "123456"}, half},
	} {
		u.assume(c.key, c.params...).Refused(403, "AccessDenied", c.message)
		u.STSCall(c.key, "GetSessionToken", c.params...).Refused(403, "AccessDenied", c.message)
	}
	u.STSCall(u.rootA, "GetSessionToken", mine.shown()...).Refused(403, "AccessDenied", wrongDevice)
	u.assume(role, mine.shown()...).Refused(403, "AccessDenied", wrongDevice)
	used := mine.shown()
	u.assume(u.annA, used...).OK()
	u.assume(u.annA, used...).Refused(403, "AccessDenied", wrongCode)
	u.STSCall(dan, "GetSessionToken", others.shown()...).OK()
	u.STSCall(u.rootA, "GetSessionToken", ofRoot.shown()...).OK()
	// With MFA a user may take its own device away, and without it not.
	u.IAMCall(u.annA, "DeactivateMFADevice", "UserName", "cid", "SerialNumber", mine.serial).Refused(403, "AccessDenied", "")
	session = keyOf(u.STSCall(u.annA, "GetSessionToken", mine.shown()...).OK())
	u.IAMCall(session, "DeactivateMFADevice", "UserName", "cid", "SerialNumber", mine.serial).OK()
	u.assume(u.annA, mine.shown()...).Refused(403, "AccessDenied", wrongDevice)
}

// TestAccessKeysWithTemporaryCredentials: a user in a session has to say whose keys it means, where AWS demands it;
// the root user does not.
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
func TestAccessKeysWithTemporaryCredentials(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	ofRoot, ofUser := newPhone(u.roles, u.rootA, "root", ""), newPhone(u.roles, u.rootA, "cid", "cid")
	user := keyOf(u.STSCall(u.annA, "GetSessionToken", ofUser.shown()...).OK())
	root := keyOf(u.STSCall(u.rootA, "GetSessionToken", ofRoot.shown()...).OK())
	const message = "Must specify userName when calling with non-User credentials"
	update := func(key querytest.Key, id string, params ...string) querytest.Answer {
		t.Helper()
		return u.IAMCall(key, "UpdateAccessKey", append([]string{"AccessKeyId", id, "Status", "Active"}, params...)...)
	}
	u.IAMCall(user, "ListAccessKeys").Refused(400, "ValidationError", message)
	update(user, u.annA.ID).Refused(400, "ValidationError", message)
	u.IAMCall(user, "ListAccessKeys", "UserName", "cid").OK()
	update(user, u.annA.ID, "UserName", "cid").OK()
	u.IAMCall(user, "GetUser").OK()
	u.IAMCall(u.annA, "ListAccessKeys").OK()
	update(u.annA, u.annA.ID).OK()
	u.IAMCall(root, "ListAccessKeys").OK()
	update(root, u.rootA.ID).OK()
	made := u.IAMCall(user, "CreateAccessKey").OK().Get("AccessKeyId")
	u.IAMCall(user, "DeleteAccessKey", "AccessKeyId", made).OK()
}
