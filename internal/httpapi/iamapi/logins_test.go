package iamapi_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

const (
	walnut = "Walnut-1"
	almond = "Almond-2"
)

func TestLoginProfiles(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	ann := w.User(accountA, "ann", admin)
	made := w.IAMCall(root, "CreateLoginProfile", "UserName", "ann", "Password", walnut, "PasswordResetRequired", "true").OK()
	want := "<CreateLoginProfileResult><LoginProfile><UserName>ann</UserName><CreateDate>2026-01-02T03:04:05Z</CreateDate>" +
		"<PasswordResetRequired>true</PasswordResetRequired></LoginProfile></CreateLoginProfileResult>"
	if !strings.Contains(made.Body, want) {
		t.Errorf("got  %s\nwant %s", made.Body, want)
	}
	// Without a name it is the caller's.
	w.IAMCall(ann, "CreateLoginProfile", "Password", walnut).Refused(409, "EntityAlreadyExists", "Login Profile for user ann already exists.")
	if got := w.IAMCall(ann, "GetLoginProfile").OK(); got.Get("LoginProfile>UserName") != "ann" {
		t.Errorf("profile %s", got.Body)
	}
	w.IAMCall(root, "UpdateLoginProfile", "UserName", "ann", "PasswordResetRequired", "false").OK()
	if got := w.IAMCall(root, "GetLoginProfile", "UserName", "ann").OK().Get("PasswordResetRequired"); got != "false" {
		t.Errorf("a reset is required: %s", got)
	}
	w.IAMCall(root, "UpdateLoginProfile", "UserName", "ann", "Password", "walnut").Refused(400, "PasswordPolicyViolation", "")
	w.IAMCall(root, "UpdateLoginProfile", "UserName", "ann", "Password", almond).OK()
	w.IAMCall(ann, "ChangePassword", "OldPassword", almond, "NewPassword", walnut).OK()
	w.IAMCall(root, "DeleteUser", "UserName", "ann").Refused(409, "DeleteConflict", "")
	w.IAMCall(ann, "DeleteLoginProfile").OK()
	w.IAMCall(root, "GetLoginProfile", "UserName", "ann").Refused(404, "NoSuchEntity", "Login Profile for User ann cannot be found.")

	// The root user has none.
	for _, operation := range []string{"CreateLoginProfile", "GetLoginProfile", "DeleteLoginProfile"} {
		params := []string{"Password", walnut}
		if operation != "CreateLoginProfile" {
			params = nil
		}
		w.IAMCall(root, operation, params...).Refused(400, "ValidationError", "Must specify userName when calling with non-User credentials")
	}
	w.IAMCall(root, "ChangePassword", "OldPassword", walnut, "NewPassword", almond).Refused(400, "InvalidUserType", "Only IAM Users can change their own password.")
	w.IAMCall(root, "CreateLoginProfile", "UserName", "ann").Refused(400, "ValidationError", "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null")
	w.IAMCall(root, "CreateLoginProfile", "UserName", "ann", "Password", "Walnut-1€").Refused(400, "ValidationError", "")
}

// TestChangePasswordPermission: an identity policy or the password policy of the account gives it, for oneself, and a
// denial takes it away.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_enable-user-change.html
func TestChangePasswordPermission(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	ann := w.User(accountA, "ann")
	change := func() querytest.Answer {
		return w.IAMCall(ann, "ChangePassword", "OldPassword", walnut, "NewPassword", walnut)
	}
	w.IAMCall(root, "CreateLoginProfile", "UserName", "ann", "Password", walnut).OK()
	change().Refused(403, "AccessDenied", "User: arn:aws:iam::111111111111:user/ann is not authorized to perform: iam:ChangePassword on resource: arn:aws:iam::111111111111:user/ann because no identity-based policy allows the iam:ChangePassword action")
	w.IAMCall(ann, "GetAccountPasswordPolicy").Refused(403, "AccessDenied", "")

	w.IAMCall(root, "UpdateAccountPasswordPolicy", "AllowUsersToChangePassword", "true").OK()
	change().OK()
	w.IAMCall(ann, "GetAccountPasswordPolicy").OK()
	// Nothing else comes with it.
	for _, c := range [][]string{{"DeleteAccountPasswordPolicy"}, {"GetLoginProfile"}, {"UpdateLoginProfile", "UserName", "ann", "Password", almond}} {
		w.IAMCall(ann, c[0], c[1:]...).Refused(403, "AccessDenied", "")
	}
	put := func(document string) {
		t.Helper()
		w.IAMCall(root, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", document).OK()
	}
	put(strings.Replace(allow(`"iam:*"`, "*", `{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}`), "Allow", "Deny", 1))
	change().Refused(403, "AccessDenied", "")
	w.IAMCall(ann, "GetAccountPasswordPolicy").Refused(403, "AccessDenied", "")
	w.IAMCall(root, "DeleteUserPolicy", "UserName", "ann", "PolicyName", "p").OK()
	w.IAMCall(root, "PutUserPermissionsBoundary", "UserName", "ann", "PermissionsBoundary", "arn:aws:iam::aws:policy/AmazonS3FullAccess").OK()
	change().Refused(403, "AccessDenied", "")
	w.IAMCall(root, "DeleteUserPermissionsBoundary", "UserName", "ann").OK()
	change().OK()

	w.IAMCall(root, "UpdateAccountPasswordPolicy").OK()
	change().Refused(403, "AccessDenied", "")
	put(allow(`"iam:ChangePassword"`, "arn:aws:iam::111111111111:user/${aws:username}", ""))
	change().OK()
	w.IAMCall(ann, "GetAccountPasswordPolicy").Refused(403, "AccessDenied", "")

	// Sessions of roles are nobody's whose password it could be, and have nothing from the password policy.
	w.IAMCall(root, "UpdateAccountPasswordPolicy", "AllowUsersToChangePassword", "true").OK()
	w.IAMCall(root, "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trustAnn).OK()
	put(allow(`"sts:AssumeRole"`, "*", ""))
	assumed := w.STSCall(ann, "AssumeRole", "RoleArn", "arn:aws:iam::111111111111:role/r", "RoleSessionName", "ann").OK()
	session := querytest.Key{ID: assumed.Get("AccessKeyId"), Secret: assumed.Get("SecretAccessKey"), Token: assumed.Get("SessionToken")}
	w.IAMCall(session, "ChangePassword", "OldPassword", walnut, "NewPassword", walnut).Refused(400, "InvalidUserType", "")
	w.IAMCall(session, "GetAccountPasswordPolicy").Refused(403, "AccessDenied", "")
}

// TestPasswordsAreNotRecorded: no record of a request tells a password, however it was sent.
func TestPasswordsAreNotRecorded(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	ann := w.User(accountA, "ann", admin)
	w.IAMCall(root, "CreateLoginProfile", "UserName", "ann", "Password", walnut).OK()
	w.IAMCall(root, "UpdateLoginProfile", "UserName", "nobody", "Password", walnut).Refused(404, "NoSuchEntity", "")
	w.IAMCall(ann, "ChangePassword", "OldPassword", almond, "NewPassword", walnut).Refused(403, "AccessDenied", "")
	for _, form := range []url.Values{
		{"Action": {"UpdateLoginProfile"}, "UserName": {"ann"}, "Password": {walnut}},
		{"Action": {"ChangePassword"}, "OldPassword": {walnut}, "NewPassword": {almond}},
	} {
		form.Set("Version", querytest.IAMVersion)
		w.Presigned(ann, "iam", form).OK()
	}
	if len(w.Records) < 5 {
		t.Fatalf("%d records", len(w.Records))
	}
	for _, r := range w.Records {
		if text := fmt.Sprintf("%+v", r); strings.Contains(text, walnut) || strings.Contains(text, almond) {
			t.Errorf("the record of %s tells a password: %s", r.Operation, text)
		}
	}
}

func TestAccountSettings(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root, rootB := w.Account(accountA), w.Account(accountB)
	ann := w.User(accountA, "ann")
	w.IAMCall(root, "GetAccountPasswordPolicy").Refused(404, "NoSuchEntity", "The Password Policy with domain name 111111111111 cannot be found.")
	w.IAMCall(root, "UpdateAccountPasswordPolicy", "MinimumPasswordLength", "9", "RequireSymbols", "true", "MaxPasswordAge", "90", "PasswordReusePrevention", "3", "HardExpiry", "false").OK()
	got := w.IAMCall(root, "GetAccountPasswordPolicy").OK()
	want := "<PasswordPolicy><MinimumPasswordLength>9</MinimumPasswordLength><RequireSymbols>true</RequireSymbols><RequireNumbers>false</RequireNumbers>" +
		"<RequireUppercaseCharacters>false</RequireUppercaseCharacters><RequireLowercaseCharacters>false</RequireLowercaseCharacters>" +
		"<AllowUsersToChangePassword>false</AllowUsersToChangePassword><ExpirePasswords>true</ExpirePasswords><MaxPasswordAge>90</MaxPasswordAge>" +
		"<PasswordReusePrevention>3</PasswordReusePrevention><HardExpiry>false</HardExpiry></PasswordPolicy>"
	if !strings.Contains(got.Body, want) {
		t.Errorf("got  %s\nwant %s", got.Body, want)
	}
	w.IAMCall(root, "UpdateAccountPasswordPolicy").OK()
	if got := w.IAMCall(root, "GetAccountPasswordPolicy").OK(); got.Get("MinimumPasswordLength") != "6" || got.Get("ExpirePasswords") != "false" || got.Has("MaxPasswordAge") || got.Has("HardExpiry") {
		t.Errorf("defaults %s", got.Body)
	}
	w.IAMCall(root, "UpdateAccountPasswordPolicy", "MaxPasswordAge", "0").Refused(400, "ValidationError",
		"1 validation error detected: Value at 'maxPasswordAge' failed to satisfy constraint: Member must have value greater than or equal to 1")
	w.IAMCall(root, "DeleteAccountPasswordPolicy").OK()
	w.IAMCall(root, "DeleteAccountPasswordPolicy").Refused(404, "NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.")

	aliases := func(want ...string) {
		t.Helper()
		got := w.IAMCall(root, "ListAccountAliases").OK()
		if all := got.All("AccountAliases>member"); strings.Join(all, " ") != strings.Join(want, " ") || got.Get("IsTruncated") != "false" {
			t.Errorf("aliases %s", got.Body)
		}
	}
	aliases()
	w.IAMCall(root, "CreateAccountAlias", "AccountAlias", "walnut").OK()
	w.IAMCall(rootB, "CreateAccountAlias", "AccountAlias", "walnut").Refused(409, "EntityAlreadyExists", "The account alias walnut already exists.")
	w.IAMCall(root, "CreateAccountAlias", "AccountAlias", "almond").OK()
	aliases("almond")
	w.IAMCall(rootB, "CreateAccountAlias", "AccountAlias", "walnut").OK()
	w.IAMCall(root, "DeleteAccountAlias", "AccountAlias", "walnut").Refused(404, "NoSuchEntity", "The account alias walnut does not exist.")
	w.IAMCall(root, "DeleteAccountAlias", "AccountAlias", "almond").OK()
	aliases()
	w.IAMCall(root, "CreateAccountAlias", "AccountAlias", "wal--nut").Refused(400, "ValidationError",
		"1 validation error detected: Value at 'accountAlias' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$")

	w.IAMCall(root, "SetSecurityTokenServicePreferences", "GlobalEndpointTokenVersion", "v2Token").OK()
	w.IAMCall(root, "SetSecurityTokenServicePreferences", "GlobalEndpointTokenVersion", "v3Token").Refused(400, "ValidationError", "")
	for _, c := range [][]string{{"UpdateAccountPasswordPolicy"}, {"DeleteAccountPasswordPolicy"}, {"ListAccountAliases"}, {"CreateAccountAlias", "AccountAlias", "x-1"}, {"DeleteAccountAlias", "AccountAlias", "x-1"}, {"SetSecurityTokenServicePreferences", "GlobalEndpointTokenVersion", "v1Token"}} {
		w.IAMCall(ann, c[0], c[1:]...).Refused(403, "AccessDenied", "User: arn:aws:iam::111111111111:user/ann is not authorized to perform: iam:"+c[0]+
			" on resource: * because no identity-based policy allows the iam:"+c[0]+" action")
	}
}
