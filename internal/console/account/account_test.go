package account

import (
	"context"
	"encoding/base32"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/console/consoletest"
	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/ids"
	"crossgrant/internal/totp"
)

const id ids.AccountID = "111122223333"

// world has a user with an administrator's policy, and the root user.
type world struct {
	*querytest.World
	user, root *consoletest.Visitor
	rootKey    querytest.Key
}

func newWorld(t *testing.T, policies ...string) *world {
	t.Helper()
	w := &world{World: querytest.New(t)}
	w.Now = time.Now().UTC()
	w.rootKey = w.Account(id)
	key := w.User(id, "ann", policies...)
	console := consoletest.Console{API: w.Handler(), Section: Section()}
	w.user = console.Visit(t, consoletest.As(key, "arn:aws:iam::111122223333:user/ann"))
	w.root = console.Visit(t, consoletest.As(w.rootKey, "arn:aws:iam::111122223333:root"))
	return w
}

// TestSettings holds the page of the account, by its forms.
func TestSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "AdministratorAccess")
	v := w.user
	v.Has("/account", "http://127.0.0.1:9001/signin?account=111122223333", "Quotas of IAM", "5,000")
	v.Refused("Type an alias", "/account", "alias", "alias", " ")
	v.Refused("ValidationError", "/account", "alias", "alias", "<Alias>")
	v.Dry("aws iam create-account-alias --account-alias cook-book", "/account", "alias", "alias", "cook-book")
	v.Does("/account", "alias", "alias", "cook-book")
	v.Has("/account", "signin?account=cook-book", "Change alias")
	v.Refused("type cook-book to confirm", "/account", "delete-alias", "alias", "cook-book")
	v.Does("/account", "delete-alias", "alias", "cook-book", "confirm", "cook-book")
	v.Dry(`aws s3control put-public-access-block --account-id 111122223333 --public-access-block-configuration '{"BlockPublicAcls":true,"BlockPublicPolicy":false,"IgnorePublicAcls":false,"RestrictPublicBuckets":true}'`,
		"/account", "block", "BlockPublicAcls", "1", "RestrictPublicBuckets", "1")
	v.Dry("aws s3control delete-public-access-block --account-id 111122223333", "/account", "unblock")
	v.Refused("to confirm", "/account", "unblock")
	v.Dry("aws iam set-security-token-service-preferences --global-endpoint-token-version v2Token", "/account", "tokens", "version", "2")
	v.Does("/account", "tokens", "version", "2")
	if body := v.Has("/account"); !regexp.MustCompile(`value="2" checked`).MatchString(body) {
		t.Error("the version is not shown")
	}
}

// TestPasswordPolicy holds that each member of the policy is sent and shown.
func TestPasswordPolicy(t *testing.T) {
	t.Parallel()
	v := newWorld(t, "AdministratorAccess").user
	const at = "/account/password-policy"
	v.Has(at, "The account has none of its own")
	all := []string{"MinimumPasswordLength", "14", "MaxPasswordAge", "90", "PasswordReusePrevention", "5", "RequireUppercaseCharacters", "1",
		"RequireLowercaseCharacters", "1", "RequireNumbers", "1", "RequireSymbols", "1", "AllowUsersToChangePassword", "1", "HardExpiry", "1"}
	v.Dry("aws iam update-account-password-policy --allow-users-to-change-password --hard-expiry --max-password-age 90 --minimum-password-length 14 --password-reuse-prevention 5 --require-lowercase-characters --require-numbers --require-symbols --require-uppercase-characters", at, "set", all...)
	v.Dry("aws iam update-account-password-policy --minimum-password-length 8", at, "set", "MinimumPasswordLength", "8")
	v.Refused("The age is a number", at, "set", "MaxPasswordAge", "old")
	v.Refused("ValidationError", at, "set", "MinimumPasswordLength", "3")
	v.Does(at, "set", all...)
	body := v.Has(at, `value="14"`, `value="90"`, `value="5"`)
	if n := strings.Count(body, " checked"); n != 6 {
		t.Errorf("%d boxes are checked, want 6", n)
	}
	v.Refused("to confirm", at, "delete")
	v.Does(at, "delete", "confirm", "password policy")
	v.Has(at, "The account has none of its own")
}

// TestReport holds the credential report, as a table and as a file.
func TestReport(t *testing.T) {
	t.Parallel()
	v := newWorld(t, "AdministratorAccess").user
	v.Has("/account/credential-report", "No report yet")
	v.Does("/account/credential-report", "generate")
	v.Has("/account/credential-report", "<root_account>", "arn:aws:iam::111122223333:user/ann", "Download CSV")
	v.Has("/account/credential-report/download", "user,arn,user_creation_time")
}

// TestDenied holds that pages are there for those who may see nothing of them.
func TestDenied(t *testing.T) {
	t.Parallel()
	v := newWorld(t).user
	v.Has("/account", "not authorized to perform", "Why?")
	v.Has("/me", "not authorized to perform", "You are")
	v.Answers(403, "/account/credential-report")
	v.Answers(403, "/account/password-policy")
}

// TestKeys holds the visitor's own access keys.
func TestKeys(t *testing.T) {
	t.Parallel()
	v := newWorld(t, "AdministratorAccess").user
	v.Has("/me", "AdministratorAccess", "Active", "None. With one")
	v.Dry("aws iam create-access-key", "/me", "key-create")
	body := v.Shows("/me", "key-create")
	key := regexp.MustCompile(`AKIA[A-Z0-9]{16}`).FindString(body)
	if key == "" || !strings.Contains(body, "Secret access key") {
		t.Fatalf("no key in %s", body)
	}
	v.Does("/me", "key-deactivate", "key", key)
	v.Has("/me", "Inactive")
	v.Does("/me", "key-activate", "key", key)
	v.Refused("to confirm", "/me", "key-delete", "key", key)
	v.Dry("aws iam delete-access-key --access-key-id "+key, "/me", "key-delete", "key", key)
	v.Does("/me", "key-delete", "key", key, "confirm", key)
}

// TestPassword holds how a user and the root user change their passwords.
func TestPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "AdministratorAccess")
	w.IAMCall(w.rootKey, "CreateLoginProfile", "UserName", "ann", "Password", "Walnut-1").OK()
	w.user.Refused("Type the password you have", "/me", "password", "old", "", "new", "Almond-1", "again", "Almond-1")
	w.user.Refused("not the same", "/me", "password", "old", "Walnut-1", "new", "Almond-1", "again", "Almond-2")
	w.user.Refused("PasswordPolicyViolation", "/me", "password", "old", "Walnut-1", "new", "a", "again", "a")
	w.user.Dry("aws iam change-password --new-password NEW-PASSWORD --old-password OLD-PASSWORD", "/me", "password", "old", "Walnut-1", "new", "Almond-1", "again", "")
	w.user.Does("/me", "password", "old", "Walnut-1", "new", "Almond-1", "again", "Almond-1")

	if err := w.IAM.SetRootPassword(context.Background(), id, "Walnut-1"); err != nil {
		t.Fatal(err)
	}
	w.root.Has("/me", "the root user", "The root user has no MFA device", "The root user has access keys")
	w.root.Refused("e-mail address", "/me", "root-password", "old", "Walnut-1", "new", "Almond-1", "again", "Almond-1")
	w.root.Refused("AuthenticationFailed", "/me", "root-password", "email", "111122223333@example.com", "old", "Walnut-2", "new", "Almond-1", "again", "Almond-1")
	w.root.Does("/me", "root-password", "email", "111122223333@example.com", "old", "Walnut-1", "new", "Almond-1", "again", "Almond-1")
}

// TestMFA holds that a user, and the root user, get a device and lose it again.
func TestMFA(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "AdministratorAccess")
	for name, v := range map[string]*consoletest.Visitor{"ann": w.user, "root": w.root} {
		v.Has("/me/mfa", `value="`+name+`"`)
		v.Refused("Type a name", "/me/mfa", "mfa-create", "device", "")
		v.Dry("aws iam create-virtual-mfa-device --virtual-mfa-device-name phone-"+name+" --outfile QRCode.png --bootstrap-method QRCodePNG", "/me/mfa", "mfa-create", "device", "phone-"+name)
		body := v.Shows("/me/mfa", "mfa-create", "device", "phone-"+name)
		if !strings.Contains(body, `src="data:image/png;base64,`) {
			t.Errorf("no picture in %s", body)
		}
		sealed := regexp.MustCompile(`name="sealed" value="([^"]+)"`).FindStringSubmatch(body)
		seed := regexp.MustCompile(`<code>([A-Z2-7]+)</code>`).FindStringSubmatch(body)
		if sealed == nil || seed == nil {
			t.Fatalf("no secret in %s", body)
		}
		secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(seed[1])
		if err != nil {
			t.Fatal(err)
		}
		step := totp.StepAt(w.Now)
		v.Refused("That took too long", "/me/mfa", "mfa-enable", "sealed", "x", "code1", "1", "code2", "2")
		if body := v.Shows("/me/mfa", "mfa-enable", "sealed", html.UnescapeString(sealed[1]), "code1", "000000", "code2", "000001"); !strings.Contains(body, seed[1]) {
			t.Error("the secret is not shown for the next try")
		}
		v.Does("/me/mfa", "mfa-enable", "sealed", sealed[1], "code1", totp.Code(secret, step-1), "code2", totp.Code(secret, step))
		serial := "arn:aws:iam::111122223333:mfa/phone-" + name
		v.Has("/me", serial)
		v.Refused("to confirm", "/me", "mfa-deactivate", "serial", serial)
		if name == "ann" { // who came without a code
			v.Refused("authenticated with an MFA device", "/me", "mfa-deactivate", "serial", serial, "confirm", serial)
			v.Has("/me", "only if you signed in with a code")
			continue
		}
		v.Does("/me", "mfa-deactivate", "serial", serial, "confirm", serial)
		v.Has("/me", "None. With one")
	}
}

// TestKinds holds what an ARN says of who it is.
func TestKinds(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string][2]string{
		"arn:aws:iam::111122223333:root":                    {"root", "root"},
		"arn:aws:iam::111122223333:user/path/ann":           {"user", "ann"},
		"arn:aws:sts::111122223333:assumed-role/R/session":  {"session", "R"},
		"arn:aws:sts::111122223333:federated-user/somebody": {"session", ""},
	} {
		if kind, name := kindOf(arn); kind != want[0] || name != want[1] {
			t.Errorf("%s: %s %s, want %v", arn, kind, name, want)
		}
	}
}
