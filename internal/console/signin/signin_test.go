package signin

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"crossgrant/internal/console/page"
)

// api answers as the sign-in API and STS do.
func api(t *testing.T) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fail := func(status int, code string) {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"__type":%q,"message":"the message of %s"}`, code, code)
		}
		target := r.Header.Get("X-Amz-Target")
		if target == "" {
			r.ParseForm()
			switch r.PostForm.Get("Action") {
			case "GetCallerIdentity":
				if strings.Contains(r.Header.Get("Authorization"), "AKIAWRONG") {
					w.WriteHeader(http.StatusForbidden)
					io.WriteString(w, `<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>invalid</Message></Error></ErrorResponse>`)
					return
				}
				io.WriteString(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/team/ann</Arn><UserId>AIDA</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>`)
			case "AssumeRole":
				if got, want := r.PostForm.Get("RoleArn"), "arn:aws:iam::444455556666:role/ops/Admin"; got != want {
					t.Errorf("role %s, want %s", got, want)
				}
				io.WriteString(w, `<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><Arn>arn:aws:sts::444455556666:assumed-role/Admin/ann</Arn></AssumedRoleUser><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
			}
			return
		}
		if r.Header.Get("Authorization") != "" {
			t.Error("signing in is signed")
		}
		var in attempt
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		switch {
		case in.Password == "old" && target == "Signin_20261127.SignIn":
			fail(400, "PasswordResetRequired")
		case in.Password != "right" && in.Password != "old", in.MFACode != "" && in.MFACode != "123456":
			fail(400, "AuthenticationFailed")
		case in.UserName == "mfa" && in.MFACode == "":
			fail(400, "MFARequired")
		case target == "Signin_20261127.ReplacePassword" && len(in.NewPassword) < 8:
			fail(400, "PasswordPolicyViolation")
		default:
			fmt.Fprintf(w, `{"Credentials":{"AccessKeyId":"ASIA","SecretAccessKey":"s","SessionToken":"t","Expiration":4070908800},"Arn":"arn:aws:iam::111122223333:user/ann","AccountId":"111122223333","AccountName":"logs","UserName":%q,"MFAAuthenticated":%t}`,
				in.UserName, in.MFACode != "")
		}
	})
}

type visitor struct {
	t       *testing.T
	site    http.Handler
	cookies map[string]string
}

func newVisitor(t *testing.T) *visitor {
	return &visitor{t, page.New(page.Config{API: api(t), Region: "us-east-1", Port: "9000", Log: slog.New(slog.DiscardHandler), Sections: []page.Section{Section()}}), map[string]string{}}
}

var fields = regexp.MustCompile(`<input type="hidden" name="(csrf|sealed)" value="([^"]+)">`)

// send sends a form as the page before has it: with its hidden fields.
func (v *visitor) send(path string, form url.Values, before string) (status int, to, body string) {
	for _, found := range fields.FindAllStringSubmatch(before, -1) {
		form.Set(found[1], found[2])
	}
	r := httptest.NewRequest("POST", "http://127.0.0.1:9001"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(r)
}

func (v *visitor) get(path string) (status int, to, body string) {
	return v.do(httptest.NewRequest("GET", "http://127.0.0.1:9001"+path, nil))
}

func (v *visitor) do(r *http.Request) (status int, to, body string) {
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	v.site.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		v.cookies[c.Name] = c.Value
	}
	return w.Code, w.Header().Get("Location"), w.Body.String()
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		form url.Values
		to   string
		text string // on the page, if it is shown again
	}{
		"user":            {url.Values{"do": {"user"}, "account": {"111122223333"}, "name": {"ann"}, "password": {"right"}, "next": {"/buckets"}}, "/buckets", ""},
		"elsewhere":       {url.Values{"do": {"user"}, "account": {"logs"}, "name": {"ann"}, "password": {"right"}, "next": {"//evil.example"}}, "/", ""},
		"wrong password":  {url.Values{"do": {"user"}, "account": {"logs"}, "name": {"ann"}, "password": {"wrong"}}, "", "the message of AuthenticationFailed"},
		"no password":     {url.Values{"do": {"user"}, "account": {"logs"}, "name": {"ann"}}, "", "Type the account"},
		"root user":       {url.Values{"do": {"root"}, "email": {"root@example.com"}, "password": {"right"}}, "/", ""},
		"wrong root user": {url.Values{"do": {"root"}, "email": {"root@example.com"}, "password": {"wrong"}}, "", "AuthenticationFailed"},
		"key":             {url.Values{"do": {"key"}, "id": {"AKIA"}, "secret": {"s"}}, "/", ""},
		"wrong key":       {url.Values{"do": {"key"}, "id": {"AKIAWRONG"}, "secret": {"s"}}, "", "InvalidClientTokenId"},
	} {
		v := newVisitor(t)
		status, to, body := v.send("/signin", c.form, "")
		if to != c.to || c.to != "" && status != http.StatusSeeOther || !strings.Contains(body, c.text) {
			t.Errorf("%s: %d to %q\n%s", name, status, to, body)
		}
		if strings.Contains(body, `value="right"`) || strings.Contains(body, `value="wrong"`) {
			t.Errorf("%s: the page shows the password", name)
		}
		if (v.cookies["crossgrant"] != "") != (c.to != "") {
			t.Errorf("%s: session %q", name, v.cookies["crossgrant"])
		}
	}
}

// TestSecondSteps holds that the password is not on the page of a second step, and that a code is needed.
func TestSecondSteps(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	_, to, body := v.send("/signin", url.Values{"do": {"user"}, "account": {"logs"}, "name": {"mfa"}, "password": {"right"}}, "")
	if to != "" || !strings.Contains(body, "One-time code") || strings.Contains(body, "right\"") || v.cookies["crossgrant"] != "" {
		t.Fatalf("to %q\n%s", to, body)
	}
	_, to, body = v.send("/signin", url.Values{"do": {"mfa"}, "code": {"000000"}}, body)
	if to != "" || !strings.Contains(body, "AuthenticationFailed") || !strings.Contains(body, "One-time code") {
		t.Fatalf("a wrong code: to %q\n%s", to, body)
	}
	if _, to, body = v.send("/signin", url.Values{"do": {"mfa"}, "code": {"123456"}}, body); to != "/" {
		t.Fatalf("the right code: to %q\n%s", to, body)
	}
	if _, _, body = v.get("/switchrole"); !strings.Contains(body, "MFA</span>") || !strings.Contains(body, "logs") {
		t.Error("the page does not say who is signed in, and how")
	}
	v = newVisitor(t)
	_, _, body = v.send("/signin", url.Values{"do": {"user"}, "account": {"logs"}, "name": {"ann"}, "password": {"old"}}, "")
	for _, c := range []struct{ new, again, text string }{{"long enough", "another", "not the same"}, {"short", "short", "PasswordPolicyViolation"}} {
		if _, to, body = v.send("/signin", url.Values{"do": {"replace"}, "new": {c.new}, "again": {c.again}}, body); to != "" || !strings.Contains(body, c.text) || !strings.Contains(body, "A new password") {
			t.Fatalf("to %q\n%s", to, body)
		}
	}
	if _, to, _ = v.send("/signin", url.Values{"do": {"replace"}, "new": {"long enough"}, "again": {"long enough"}}, body); to != "/" {
		t.Errorf("to %q", to)
	}
}

// TestRoles holds that roles are switched to as links of AWS's form say, remembered, and left again.
func TestRoles(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.send("/signin", url.Values{"do": {"key"}, "id": {"AKIA"}, "secret": {"s"}}, "")
	_, _, body := v.get("/switchrole?account=4444-5555-6666&roleName=ops/Admin&displayName=%3Cb%3E&color=B7CA9D")
	for _, want := range []string{`value="444455556666"`, `value="ops/Admin"`, `value="&lt;b&gt;"`, `value="green" checked`} {
		if !strings.Contains(body, want) {
			t.Errorf("the form has no %s", want)
		}
	}
	role := url.Values{"do": {"switch"}, "account": {"444455556666"}, "roleName": {"ops/Admin"}, "displayName": {"Ops"}, "color": {"green"}}
	if _, to, _ := v.send("/switchrole", role, body); to != "/" {
		t.Fatalf("to %q", to)
	}
	_, _, body = v.get("/switchrole")
	if !strings.Contains(body, `class="role green"`) || !strings.Contains(body, "Back to ann") || strings.Contains(body, "None yet") {
		t.Errorf("in the role: %s", body)
	}
	if _, to, _ := v.send("/switchrole", url.Values{"do": {"back"}}, body); to != "/" {
		t.Errorf("back: to %q", to)
	}
	if _, _, body = v.get("/switchrole"); strings.Contains(body, "Back to ann") {
		t.Error("the role was not left")
	}
	v.send("/switchrole", url.Values{"do": {"forget"}, "account": {"444455556666"}, "roleName": {"ops/Admin"}}, body)
	if _, _, body = v.get("/switchrole"); !strings.Contains(body, "None yet") {
		t.Error("the role was not forgotten")
	}
	for _, wrong := range []url.Values{{"do": {"switch"}, "account": {"x"}, "roleName": {"r"}}, {"do": {"switch"}, "account": {"444455556666"}, "roleName": {"a b"}}} {
		if status, to, _ := v.send("/switchrole", wrong, body); to != "" || status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d to %q", wrong, status, to)
		}
	}
	v.send("/signout", url.Values{"do": {"signout"}}, body)
	if status, to, _ := v.get("/switchrole"); status != http.StatusSeeOther || !strings.HasPrefix(to, "/signin") {
		t.Errorf("after signing out: %d to %q", status, to)
	}
}
