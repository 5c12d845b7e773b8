package signinapi_test

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/totp"
)

const (
	account = ids.AccountID("111111111111")
	secret  = "Walnut-1"
	asUser  = `"AccountId":"111111111111","UserName":"ann","Password":"Walnut-1"`
	asRoot  = `"Email":"111111111111@example.com","Password":"Walnut-1"`
	failed  = "Your authentication information is incorrect. Please try again."
)

// world has account A with the alias walnut, its root user, and ann, an administrator, both with the password secret.
type world struct {
	*querytest.World
	root querytest.Key
}

func newWorld(t *testing.T) *world {
	w := &world{World: querytest.New(t)}
	w.root = w.Account(account)
	w.User(account, "ann", "AdministratorAccess")
	w.IAMCall(w.root, "CreateAccountAlias", "AccountAlias", "walnut").OK()
	w.IAMCall(w.root, "CreateLoginProfile", "UserName", "ann", "Password", secret).OK()
	if err := w.IAM.SetRootPassword(context.Background(), account, secret); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) in(members string) querytest.JSONAnswer {
	w.Helper()
	return w.SignInCall("SignIn", "{"+members+"}")
}

// next lets enough time pass for any number of attempts.
func (w *world) next() { w.Now = w.Now.Add(time.Minute) }

func keyOf(a querytest.JSONAnswer) querytest.Key {
	return querytest.Key{ID: a.Get("Credentials.AccessKeyId"), Secret: a.Get("Credentials.SecretAccessKey"), Token: a.Get("Credentials.SessionToken")}
}

// phone enables a device for a user, or for the root user, and returns what shows its codes.
func (w *world) phone(user, name string) func() string {
	w.Helper()
	d, seed, err := w.IAM.CreateVirtualMFADevice(context.Background(), account, iam.NewMFADevice{Name: name})
	if err != nil {
		w.Fatal(err)
	}
	raw, err := base32.StdEncoding.DecodeString(seed)
	if err != nil {
		w.Fatal(err)
	}
	code := func(steps int64) string { return totp.Code(raw, totp.StepAt(w.Now)+steps) }
	err = w.IAM.EnableMFADevice(context.Background(), account, iam.MFAAssignment{User: user, SerialNumber: d.SerialNumber, Code1: code(-1), Code2: code(0)})
	if err != nil {
		w.Fatal(err)
	}
	return func() string { return code(0) }
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ members, arn, name, userID string }{
		{asUser, "arn:aws:iam::111111111111:user/ann", "ann", ""},
		{strings.Replace(asUser, "111111111111", "walnut", 1), "arn:aws:iam::111111111111:user/ann", "ann", ""},
		{strings.Replace(asUser, "ann", "ANN", 1), "arn:aws:iam::111111111111:user/ann", "ann", ""},
		{asRoot, "arn:aws:iam::111111111111:root", "", "111111111111"},
		{strings.Replace(asRoot, "example", "EXAMPLE", 1), "arn:aws:iam::111111111111:root", "", "111111111111"},
	} {
		a := w.in(c.members).OK()
		if a.Get("Arn") != c.arn || a.Get("AccountId") != "111111111111" || a.Get("AccountAlias") != "walnut" || a.Get("AccountName") != "account 111111111111" ||
			a.Get("UserName") != c.name || a.Get("MFAAuthenticated") != "false" || a.Get("Credentials.Expiration") != fmt.Sprint(w.Now.Unix()+12*3600) {
			t.Errorf("%s: %s", c.members, a.Body)
		}
		if c.name == "" && strings.Contains(a.Body, "UserName") {
			t.Errorf("the root user has a name: %s", a.Body)
		}
		session := keyOf(a)
		if got := w.STSCall(session, "GetCallerIdentity").OK().Get("Arn"); got != c.arn {
			t.Errorf("the session is of %s", got)
		}
		// What sessions of GetSessionToken are not good for, these are, but for sessions that would outlast them.
		w.IAMCall(session, "ListUsers").OK()
		w.STSCall(session, "GetAccessKeyInfo", "AccessKeyId", w.root.ID).OK()
		w.STSCall(session, "GetSessionToken").Refused(403, "AccessDenied", "Cannot call GetSessionToken with session credentials")
		w.STSCall(session, "GetFederationToken", "Name", "fay").Refused(403, "AccessDenied", "Cannot call GetFederationToken with session credentials")
		w.TrailCall(session, "DescribeTrails", `{}`).OK()
		w.next()
	}
	if got := w.in(asUser + `,"DurationSeconds":900`).OK().Get("Credentials.Expiration"); got != fmt.Sprint(w.Now.Unix()+900) {
		t.Errorf("ends at %s", got)
	}
	// When they last signed in is told by IAM.
	for _, params := range [][]string{{"UserName", "ann"}, {}} {
		want := w.Now
		if len(params) == 0 {
			want = w.Now.Add(-time.Minute)
		}
		if got := w.IAMCall(w.root, "GetUser", params...).OK().Get("PasswordLastUsed"); got != want.Format(time.RFC3339) {
			t.Errorf("%v signed in at %s, want %v", params, got, want)
		}
	}
	if got := w.IAMCall(w.root, "ListUsers").OK().All("PasswordLastUsed"); len(got) != 1 {
		t.Errorf("ListUsers tells %v", got)
	}
	// Sessions of access keys are barred as before.
	ann := w.IAMCall(w.root, "CreateAccessKey", "UserName", "ann").OK()
	plain := w.STSCall(querytest.Key{ID: ann.Get("AccessKeyId"), Secret: ann.Get("SecretAccessKey")}, "GetSessionToken").OK()
	key := querytest.Key{ID: plain.Get("AccessKeyId"), Secret: plain.Get("SecretAccessKey"), Token: plain.Get("SessionToken")}
	w.IAMCall(key, "ListUsers").Refused(403, "InvalidClientTokenId", "")
	w.STSCall(key, "GetAccessKeyInfo", "AccessKeyId", w.root.ID).Refused(403, "AccessDenied", "Cannot call GetAccessKeyInfo with session credentials")
}

// TestConditionKeys: policies see when the session began, and whether its user showed a code.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func(session querytest.Key, want map[string]string) {
		t.Helper()
		w.Asking.Taken()
		w.IAMCall(session, "ListUsers").OK()
		k := w.Asking.Taken()[0].Keys
		for key, value := range want {
			got, _, found := k.Lookup(key)
			if value == "" && found || value != "" && !slices.Equal(got, []string{value}) {
				t.Errorf("%s is %v, want %q", key, got, value)
			}
		}
	}
	begun := w.Now.Format(time.RFC3339)
	plain := keyOf(w.in(asUser).OK())
	w.next()
	ask(plain, map[string]string{
		"aws:TokenIssueTime": begun, "aws:MultiFactorAuthPresent": "false", "aws:MultiFactorAuthAge": "", "aws:username": "ann", "aws:PrincipalType": "User",
	})
	code := w.phone("ann", "phone")
	w.next()
	shown := keyOf(w.in(asUser + `,"MFACode":"` + code() + `"`).OK())
	w.Now = w.Now.Add(7 * time.Second)
	ask(shown, map[string]string{"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "7"})
}

// TestMFA: who has a device needs a code of it, which is good once; so has the root user.
func TestMFA(t *testing.T) {
	t.Parallel()
	for user, members := range map[string]string{"ann": asUser, "": asRoot} {
		w := newWorld(t)
		first, second := w.phone(user, "first"), w.phone(user, "second")
		w.next()
		w.in(members).Refused(403, "MFARequired", "")
		w.in(members+`,"MFACode":"000000"`).Refused(403, "AuthenticationFailed", failed)
		for _, code := range []func() string{first, second} {
			a := w.in(members + `,"MFACode":"` + code() + `"`).OK()
			if a.Get("MFAAuthenticated") != "true" {
				t.Errorf("answer %s", a.Body)
			}
			w.in(members+`,"MFACode":"`+code()+`"`).Refused(403, "AuthenticationFailed", failed)
		}
		w.next()
		w.in(strings.Replace(members, secret, "wrong", 1)+`,"MFACode":"`+first()+`"`).Refused(403, "AuthenticationFailed", failed)
		w.in(strings.Replace(members, secret, "wrong", 1)).Refused(403, "AuthenticationFailed", failed)
	}
}

// TestOneAnswer: what is wrong is not told, and what was typed is not recorded; the account is told who tried.
func TestOneAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Account("222222222222")
	w.User(account, "bob")
	code := w.phone("ann", "phone")
	w.next()
	var first string
	for _, c := range []struct {
		members string
		account ids.AccountID
		root    bool
		name    string
	}{
		{asUser + `,"MFACode":"000000"`, account, false, "ann"},
		{strings.Replace(asUser, secret, "typed-secret", 1), account, false, "ann"},
		{strings.Replace(asUser, secret, "typed-secret", 1) + `,"MFACode":"` + code() + `"`, account, false, "ann"},
		{strings.Replace(asUser, "ann", "bob", 1), account, false, "bob"}, // has no password
		{strings.Replace(asUser, "ann", "typed-secret", 1), account, false, ""},
		{strings.Replace(asUser, "111111111111", "222222222222", 1), "222222222222", false, ""},
		{strings.Replace(asUser, "111111111111", "999999999999", 1), "", false, ""},
		{strings.Replace(asUser, "111111111111", "typed-secret", 1), "", false, ""},
		{strings.Replace(asRoot, secret, "typed-secret", 1), account, true, ""},
		{strings.Replace(asRoot, "1@", "2@", 1), "", true, ""},
		{strings.Replace(asRoot, "1", "2", 12), "222222222222", true, ""}, // has no password
		{strings.Replace(asRoot, "111111111111@example.com", "typed-secret", 1), "", true, ""},
	} {
		a := w.in(c.members)
		a.Refused(403, "AuthenticationFailed", failed)
		if first == "" {
			first = a.Body
		}
		if a.Body != first || a.Header.Get("Retry-After") != "" {
			t.Errorf("%s: %s", c.members, a.Body)
		}
		r := w.Records[len(w.Records)-1]
		if s := r.SignIn; s == nil || s.Account != c.account || s.Root != c.root || s.UserName != c.name || s.Succeeded {
			t.Errorf("%s is recorded as %+v", c.members, s)
		}
		text, err := json.Marshal(r)
		if err != nil || strings.Contains(string(text), "typed-secret") || strings.Contains(string(text), secret) || r.CallerARN != "" {
			t.Errorf("%s is recorded as %s, %v", c.members, text, err)
		}
		w.next()
	}
	// After a few wrong ones not even the right one is looked at, and the answer is the same.
	for range 5 {
		w.in(strings.Replace(asRoot, secret, "typed-secret", 1)).Refused(403, "AuthenticationFailed", failed)
	}
	w.in(asRoot).Refused(403, "AuthenticationFailed", failed)
}

// TestRecordOfSuccess: nothing that lets anybody in is recorded.
func TestRecordOfSuccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.phone("ann", "phone")
	w.next()
	shown := code()
	a := w.in(asUser + `,"MFACode":"` + shown + `"`).OK()
	r := w.Records[len(w.Records)-1]
	text := string(r.AppendTo(nil))
	for _, s := range []string{secret, `"` + shown + `"`, a.Get("Credentials.SecretAccessKey"), a.Get("Credentials.SessionToken")} {
		if strings.Contains(text, s) {
			t.Errorf("the record has %q", s)
		}
	}
	if s := r.SignIn; !s.Succeeded || !s.MFA || s.MFADevice != "arn:aws:iam::111111111111:mfa/phone" || s.UserARN != "arn:aws:iam::111111111111:user/ann" || s.Page != "http://example.com/" {
		t.Errorf("recorded as %+v", s)
	}
}

func TestReplacePassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	replace := func(members, text string) querytest.JSONAnswer {
		t.Helper()
		w.next()
		return w.SignInCall("ReplacePassword", `{`+members+`,"NewPassword":"`+text+`"}`)
	}
	replace(asUser, "Almond-2").Refused(400, "PasswordReplacementNotRequired", "")
	w.IAMCall(w.root, "UpdateLoginProfile", "UserName", "ann", "PasswordResetRequired", "true").OK()
	w.in(asUser).Refused(403, "PasswordResetRequired", "")
	replace(asUser, "short").Refused(400, "PasswordPolicyViolation", "")
	replace(strings.Replace(asUser, secret, "wrong", 1), "Almond-2").Refused(403, "AuthenticationFailed", failed)
	a := replace(asUser, "Almond-2").OK()
	w.IAMCall(keyOf(a), "ListUsers").OK()
	if s := w.Records[len(w.Records)-2].SignIn; !s.Succeeded || !s.Replaced {
		t.Errorf("recorded as %+v", s)
	}
	w.in(asUser).Refused(403, "AuthenticationFailed", failed)
	now := strings.Replace(asUser, secret, "Almond-2", 1)
	w.in(now).OK()
	w.IAMCall(w.root, "UpdateAccountPasswordPolicy", "MinimumPasswordLength", "6", "MaxPasswordAge", "1", "HardExpiry", "true").OK()
	w.Now = w.Now.AddDate(0, 0, 2)
	w.in(now).Refused(403, "PasswordExpired", "")
	replace(now, "Hazel-3!").Refused(403, "PasswordExpired", "")
	w.IAMCall(w.root, "UpdateAccountPasswordPolicy", "MinimumPasswordLength", "6", "MaxPasswordAge", "1").OK()
	w.in(now).Refused(403, "PasswordResetRequired", "")
	replace(now, "Hazel-3!").OK()

	// The root user's is replaced at any time, with a code if there is a device.
	replace(asRoot, "Almond-2").OK()
	code := w.phone("", "phone")
	changed := strings.Replace(asRoot, secret, "Almond-2", 1)
	replace(changed, "Hazel-3!").Refused(403, "MFARequired", "")
	w.next()
	replace(changed, "Hazel-3!").Refused(403, "MFARequired", "")
	w.next()
	w.SignInCall("ReplacePassword", `{`+changed+`,"NewPassword":"Hazel-3!","MFACode":"`+code()+`"}`).OK()
}

// TestTooOften: one source, and one name, may not try as often as it likes, whether there is the user or not.
func TestTooOften(t *testing.T) {
	t.Parallel()
	for _, members := range []string{asUser, asRoot, strings.Replace(asUser, "ann", "nobody", 1)} {
		w := newWorld(t)
		var last querytest.JSONAnswer
		for range 11 {
			last = w.in(members)
		}
		last.Refused(429, "TooManyRequests", "")
		if got := last.Header.Get("Retry-After"); got != "1" {
			t.Errorf("Retry-After is %q", got)
		}
		if r := w.Records[len(w.Records)-1]; r.Shed == "" || r.SignIn != nil {
			t.Errorf("recorded %+v", r)
		}
		w.in(strings.Replace(asUser, "ann", "cid", 1)).Refused(403, "AuthenticationFailed", failed)
		for i := range 20 {
			last = w.in(strings.Replace(asUser, "ann", fmt.Sprint("user", i), 1))
		}
		last.Refused(429, "TooManyRequests", "")
		w.Now = w.Now.Add(time.Second)
		if a := w.in(members); a.Get("__type") == "TooManyRequests" {
			t.Errorf("a second later: %s", a.Body)
		}
	}
}

// TestSessionsEnd: with the user, and not with the password; what policies say counts at once.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session, root := keyOf(w.in(asUser).OK()), keyOf(w.in(asRoot).OK())
	w.IAMCall(w.root, "DeleteLoginProfile", "UserName", "ann").OK()
	w.IAMCall(session, "ListUsers").OK()
	w.IAMCall(w.root, "DetachUserPolicy", "UserName", "ann", "PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess").OK()
	w.IAMCall(session, "ListUsers").Refused(403, "AccessDenied", "")
	for _, key := range w.IAMCall(w.root, "ListAccessKeys", "UserName", "ann").OK().All("AccessKeyMetadata>member>AccessKeyId") {
		w.IAMCall(w.root, "DeleteAccessKey", "UserName", "ann", "AccessKeyId", key).OK()
	}
	w.IAMCall(w.root, "DeleteUser", "UserName", "ann").OK()
	w.STSCall(session, "GetCallerIdentity").Refused(403, "InvalidClientTokenId", "")
	w.IAMCall(root, "ListUsers").OK()
	w.Now = w.Now.Add(12 * time.Hour)
	w.IAMCall(root, "ListUsers").Refused(403, "ExpiredToken", "")
	w.in(asRoot).OK()
	w.must(w.Store.Update(context.Background(), func(tx meta.Tx) error {
		r := new(records.Account)
		if err := records.Get(tx, keys.Account(account), r); err != nil {
			return err
		}
		r.Closed = 1
		return records.Put(tx, keys.Account(account), r)
	}))
	w.next()
	w.in(asRoot).Refused(403, "AuthenticationFailed", failed)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, code := range map[string]string{
		``: "ValidationException", `{`: "SerializationException", `[]`: "SerializationException", `{"Password":"x"}`: "ValidationException",
		`{` + asUser + `,"Email":"a@b.c"}`: "ValidationException", `{"AccountId":"111111111111","Password":"x"}`: "ValidationException",
		`{"UserName":"ann","Password":"x"}`: "ValidationException", `{"Email":"a@b.c"}`: "ValidationException",
		`{` + asUser + `,"MFACode":"12345"}`: "ValidationException", `{` + asUser + `,"DurationSeconds":899}`: "ValidationException",
		`{` + asUser + `,"DurationSeconds":43201}`: "ValidationException", `{` + asUser + `,"NewPassword":"x"}`: "SerializationException",
		`{"Email":"a@b.c","Password":"` + strings.Repeat("x", 129) + `"}`: "ValidationException",
	} {
		w.SignInCall("SignIn", body).Refused(400, code, "")
	}
	w.SignInCall("ReplacePassword", `{`+asRoot+`}`).Refused(400, "ValidationException", "")
	w.SignInCall("SignIn", `{"Email":"`+strings.Repeat("x", 9000)+`"}`).Refused(413, "RequestEntityTooLarge", "")
	w.SignInCall("Other", `{}`).Refused(400, "MissingAuthenticationTokenException", "")
}
