package identities

import (
	"encoding/base32"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"crossgrant/internal/console/consoletest"
	"crossgrant/internal/totp"
)

// TestCommands holds what forms become, by the commands that a dry run shows.
func TestCommands(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, "AdministratorAccess")
	v.furnish()
	records := len(v.world.Records)
	for _, c := range []struct {
		path, do string
		form     []string
		want     string
	}{
		{"/create/user", "create", []string{"name", "bob", "path", "/staff/", "password-by", "generated", "reset", "1", "key", "1", "group", "auditors", "policy", readOnly, "boundary", readOnly, "tagkey", "a", "tagvalue", "b", "tagkey", "", "tagvalue", ""},
			`aws iam create-user --user-name bob --path /staff/ --permissions-boundary arn:aws:iam::aws:policy/ReadOnlyAccess --tags '[{"Key":"a","Value":"b"}]'
aws iam create-login-profile --password PASSWORD --password-reset-required --user-name bob
aws iam add-user-to-group --group-name auditors --user-name bob
aws iam attach-user-policy --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess --user-name bob
aws iam create-access-key --user-name bob`},
		{"/users/alice/attach", "attach", []string{"policy", readOnly}, `aws iam attach-user-policy --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess --user-name alice`},
		{"/users/alice", "detach", []string{"policy", own}, `aws iam detach-user-policy --policy-arn ` + own + ` --user-name alice`},
		{"/users/alice?tab=tags", "tags", []string{"tagkey", "new", "tagvalue", "1"}, "aws iam untag-user --tag-keys team --user-name alice\n" + `aws iam tag-user --tags '[{"Key":"new","Value":"1"}]' --user-name alice`},
		{"/users/alice", "boundary", []string{"boundary", own}, `aws iam put-user-permissions-boundary --permissions-boundary ` + own + ` --user-name alice`},
		{"/users/alice", "unboundary", nil, `aws iam delete-user-permissions-boundary --user-name alice`},
		{"/users/alice/inline", "put", []string{"policy", "p", "document", "{}"}, `aws iam put-user-policy --policy-document '{}' --policy-name p --user-name alice`},
		{"/users/alice/inline?policy=of-alice", "delete", nil, `aws iam delete-user-policy --policy-name of-alice --user-name alice`},
		{"/users/alice/mfa", "mfa-create", []string{"device", "phone"}, `aws iam create-virtual-mfa-device --virtual-mfa-device-name phone --outfile QRCode.png --bootstrap-method QRCodePNG`},
		{"/users/alice", "rename", []string{"name", "anna", "path", "/"}, `aws iam update-user --user-name alice --new-path / --new-user-name anna`},
		{"/create/group", "create", []string{"name", "g", "policy", readOnly}, "aws iam create-group --group-name g\naws iam attach-group-policy --group-name g --policy-arn " + readOnly},
		{"/groups/auditors", "add", []string{"user", "visitor"}, `aws iam add-user-to-group --group-name auditors --user-name visitor`},
		{"/groups/auditors", "delete", nil, `aws iam remove-user-from-group --group-name auditors --user-name alice
aws iam delete-group-policy --group-name auditors --policy-name of-group
aws iam detach-group-policy --group-name auditors --policy-arn ` + readOnly + `
aws iam delete-group --group-name auditors`},
		{"/create/role", "create", []string{"name", "r", "trusted", "account", "account", "3807-0111-4427", "external-id", "a<b", "mfa", "1", "max-session", "7200", "policy", own},
			`aws iam create-role --assume-role-policy-document '{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {
        "AWS": "arn:aws:iam::380701114427:root"
      },
      "Action": "sts:AssumeRole",
      "Condition": {
        "Bool": {
          "aws:MultiFactorAuthPresent": "true"
        },
        "StringEquals": {
          "sts:ExternalId": "a<b"
        }
      }
    }
  ]
}' --role-name r --max-session-duration 7200
aws iam attach-role-policy --policy-arn ` + own + ` --role-name r`},
		{"/roles/LogWriter", "settings", []string{"description", "d", "max-session", "3600"}, `aws iam update-role --role-name LogWriter --description d --max-session-duration 3600`},
		{"/roles/LogWriter", "delete", nil, "aws iam detach-role-policy --policy-arn " + own + " --role-name LogWriter\naws iam delete-role --role-name LogWriter"},
		{"/create/policy", "create", []string{"name", "p", "document", "{ }"}, `aws iam create-policy --policy-document '{ }' --policy-name p`},
		{"/policies/view?arn=" + own, "version", []string{"document", "{}", "set-default", "1", "oldest", "v1", "delete-oldest", "1"},
			`aws iam delete-policy-version --policy-arn ` + own + " --version-id v1\naws iam create-policy-version --policy-arn " + own + ` --policy-document '{}' --set-as-default`},
		{"/policies/view?arn=" + own, "detach", []string{"entity", "roles/LogWriter"}, `aws iam detach-role-policy --policy-arn ` + own + ` --role-name LogWriter`},
		{"/policies/view?arn=" + own, "delete", nil, "aws iam detach-user-policy --policy-arn " + own + " --user-name alice\naws iam detach-role-policy --policy-arn " + own + " --role-name LogWriter\naws iam delete-policy --policy-arn " + own},
		{"/providers", "create-oidc", []string{"url", "https://a.example", "audiences", "x y"}, `aws iam create-open-id-connect-provider --url https://a.example --client-id-list x y`},
	} {
		if got := v.Commands(c.path, consoletest.Form(c.do, c.form...)); got != c.want {
			t.Errorf("%s %s:\n%s\nwant\n%s", c.path, c.do, got, c.want)
		}
	}
	for _, r := range v.world.Records[records:] {
		for _, check := range []string{"Create", "Put", "Delete", "Attach", "Detach", "Tag", "Update"} {
			if strings.HasPrefix(r.Operation, check) {
				t.Errorf("a dry run did %s", r.Operation)
			}
		}
	}
}

// TestUser makes a user with everything and deletes it again.
func TestUser(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, "AdministratorAccess")
	v.furnish()
	made := v.Shows("/create/user", "create", "name", "bob", "password-by", "generated", "key", "1", "group", "auditors", "policy", readOnly)
	for _, text := range []string{"It is shown only now", "AKIA", "Secret access key", "/signin?account=111122223333&amp;user=bob"} {
		if !strings.Contains(made, text) {
			t.Errorf("the page of a new user has no %q", text)
		}
	}
	sealed := regexp.MustCompile(`name="sealed" value="([^"]+)"`).FindStringSubmatch(made)
	if csv := v.Shows("/users/bob", "key-download", "sealed", sealed[1]); !strings.HasPrefix(csv, "Access key ID,Secret access key\r\nAKIA") {
		t.Errorf("csv: %q", csv)
	}
	if again := v.Has("/users/bob?tab=credentials"); strings.Contains(again, "Secret access key") {
		t.Error("the secret is shown again")
	}
	v.assignMFA("bob")
	v.Does("/users/bob/inline", "put", "policy", "own", "document", writes)
	if got := v.Commands("/users/bob", consoletest.Form("delete")); strings.Count(got, "\n")+1 != 8 {
		t.Errorf("delete:\n%s", got)
	}
	v.Refused("Nothing was deleted: type bob to confirm.", "/users/bob", "delete", "confirm", "alice")
	if to := v.Does("/users/bob", "delete", "confirm", "bob"); to != "/users" {
		t.Error(to)
	}
	if w := v.Send("GET", "/users/bob", nil); w.Code != 404 {
		t.Errorf("after that: %d", w.Code)
	}
}

// assignMFA makes a virtual device and assigns it by two codes, after a wrong try.
func (v *visitor) assignMFA(name string) {
	v.t.Helper()
	path := "/users/" + name + "/mfa"
	made := v.Shows(path, "mfa-create", "device", "phone")
	seed := regexp.MustCompile(`<code>([A-Z2-7]{32,})</code>`).FindStringSubmatch(made)
	sealed := regexp.MustCompile(`name="sealed" value="([^"]+)"`).FindStringSubmatch(made)
	if seed == nil || sealed == nil || !strings.Contains(made, `src="data:image/png;base64,iVBOR`) {
		v.t.Fatalf("no device:\n%s", consoletest.Content(made))
	}
	again := v.Shows(path, "mfa-enable", "sealed", sealed[1], "code1", "000000", "code2", "000000")
	if !strings.Contains(again, "InvalidAuthenticationCode") || !strings.Contains(again, seed[1]) {
		v.t.Errorf("a wrong code: %s", consoletest.Content(again))
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(seed[1])
	if err != nil {
		v.t.Fatal(err)
	}
	step := totp.StepAt(v.world.Now)
	one, two := totp.Code(secret, step-1), totp.Code(secret, step)
	v.Does(path, "mfa-enable", "sealed", sealed[1], "code1", one, "code2", two)
	v.Has("/users/"+name+"?tab=credentials", "mfa/phone", "Resynchronize")
}

// TestHowever holds that what the visitor typed is kept, and that what IAM refuses is shown with it.
func TestHowever(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, "AdministratorAccess")
	v.furnish()
	typed := "{ \"Version\":\"2012-10-17\",\n\n\t\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",  \"Resource\":\"arn:aws:s3:::a%20b+c/${aws:username}/<x>\"}]}"
	v.Does("/users/alice/inline", "put", "policy", "odd", "document", strings.ReplaceAll(typed, "\n", "\r\n"))
	kept, err := url.PathUnescape(v.iam("GetUserPolicy", "UserName", "alice", "PolicyName", "odd").Get("PolicyDocument"))
	if err != nil || kept != typed {
		t.Errorf("kept %q, %v", kept, err)
	}
	v.Has("/users/alice/inline?policy=odd", typed, "objects like")
	body := v.Refused("MalformedPolicyDocument", "/create/policy", "create", "name", "x", "document", "{<i>}")
	if !strings.Contains(body, html.EscapeString("{<i>}")) {
		t.Error("what was typed is gone")
	}
	v.Refused("EntityAlreadyExists", "/create/user", "create", "name", "alice")
	v.Refused("Type a name for the user.", "/create/user", "create")
	v.Refused("Type a password", "/create/user", "create", "name", "x", "password-by", "typed")
	v.Refused("has no key", "/create/user", "create", "name", "x", "tagvalue", "v", "tagkey", "")
	v.Refused("12 digits", "/create/role", "create", "name", "x", "trusted", "account", "account", "12")
	v.Refused("Choose who", "/create/role", "create", "name", "x")
	v.Refused("Choose the policies", "/users/alice/attach", "attach")
	v.Refused("Choose the groups", "/users/alice?tab=groups", "leave")
	// A step that fails after the user is there is told, and the rest is done.
	made := v.Shows("/create/user", "create", "name", "half", "password-by", "typed", "password", "x", "group", "nobody", "policy", readOnly)
	if strings.Count(made, `class="problem`) != 2 {
		t.Errorf("half a user: %s", consoletest.Content(made))
	}
	v.Has("/users/half", "ReadOnlyAccess")
	made = v.Shows("/create/group", "create", "name", "half", "policy", "arn:aws:iam::aws:policy/None")
	if !strings.Contains(made, "not all that it was to have") {
		t.Errorf("half a group: %s", consoletest.Content(made))
	}
}

// TestVersions makes versions of a policy until one has to go.
func TestVersions(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, "AdministratorAccess")
	v.furnish()
	at := "/policies/view?arn=" + url.QueryEscape(own)
	for range 4 {
		v.Does(at, "version", "document", strings.Replace(writes, "PutObjectAcl", "PutObjectTagging", 1), "set-default", "1")
	}
	v.Has(at+"&tab=edit", "Delete v1, the oldest version")
	v.Refused("LimitExceeded", at, "version", "document", writes)
	v.Does(at, "version", "document", writes, "oldest", "v1", "delete-oldest", "1")
	v.Has(at+"&tab=versions&left=v5&right=v6", "s3:PutObjectTagging", "s3:PutObjectAcl", "removed", "added")
	v.Has(at+"&version=v3", "This version is not in force: v5 is.", "Make v3 the default", "Delete version v3")
	v.Does(at, "default", "version", "v2")
	v.Refused("Nothing was deleted", at, "delete-version", "version", "v3")
	v.Does(at, "delete-version", "version", "v3", "confirm", "v3")
	v.Does(at, "delete", "confirm", "MyS3PutObjAndAclPolicy")
	v.Has("/policies", "No policies of your own yet")
}

// TestRole makes roles of each kind of trust, and revokes sessions.
func TestRole(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, "AdministratorAccess")
	v.furnish()
	provider := "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
	for name, c := range map[string]struct {
		form []string
		want string
	}{
		"account":   {[]string{"trusted", "account", "account", "380701114427"}, `"AWS":"arn:aws:iam::380701114427:root"`},
		"principal": {[]string{"trusted", "principal", "principal", "arn:aws:iam::111122223333:user/staff/alice"}, `"AWS":"arn:aws:iam::111122223333:user/staff/alice"`},
		"service":   {[]string{"trusted", "service", "service", "s3.amazonaws.com"}, `"Service":"s3.amazonaws.com"`},
		"provider":  {[]string{"trusted", "provider", "provider", provider, "audience", "sts.amazonaws.com"}, `"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"`},
		"custom":    {[]string{"trusted", "custom", "trust", trustB}, `"AWS":"arn:aws:iam::380701114427:root"`},
	} {
		v.Does("/create/role", "create", append([]string{"name", name, "policy", own}, c.form...)...)
		document, err := url.PathUnescape(v.iam("GetRole", "RoleName", name).Get("AssumeRolePolicyDocument"))
		if compact := strings.Join(strings.Fields(document), ""); err != nil || !strings.Contains(compact, c.want) {
			t.Errorf("%s: %s", name, document)
		}
	}
	v.Does("/roles/account", "trust", "trust", strings.Replace(trustB, "Allow", "Deny", 1))
	v.Has("/roles/account?tab=trust", "Deny")
	v.Does("/roles/account", "revoke", "confirm", "account")
	v.Has("/roles/account/inline?policy=AWSRevokeOlderSessions", "aws:TokenIssueTime is before")
	v.Does("/roles/account", "delete", "confirm", "account")
	v.Refused("to confirm", "/providers", "delete", "arn", provider)
	v.Does("/providers", "delete", "arn", provider, "confirm", "token.actions.githubusercontent.com")
}

func TestDiff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b, want string }{
		{"", "", " "}, {"a", "a", " a"}, {"a b c", "a c d", " a|-b| c|+d"}, {"a b", "b a", "-a| b|+a"}, {"x", "y", "-x|+y"},
	} {
		var got []string
		for _, l := range diff(strings.Split(c.a, " "), strings.Split(c.b, " ")) {
			mark := l.Mark
			if mark == "" {
				mark = " "
			}
			got = append(got, mark+l.Text)
		}
		if text := strings.Join(got, "|"); text != c.want {
			t.Errorf("%q to %q: %s, want %s", c.a, c.b, text, c.want)
		}
	}
	long := make([]string, 3000)
	if got := len(diff(long, long)); got != 6000 {
		t.Errorf("what is too long: %d lines", got)
	}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	for range 50 {
		text := generate(8)
		for _, class := range classes {
			if len(text) != 8 || !strings.ContainsAny(text, class) {
				t.Errorf("%s", text)
			}
		}
	}
}
