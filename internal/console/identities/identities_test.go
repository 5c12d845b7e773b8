package identities

import (
	"context"
	"html"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"crossgrant/internal/console/page"
	"crossgrant/internal/console/session"
	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/ids"
)

const account ids.AccountID = "111122223333"

// visitor is a browser in which somebody is signed in to a console over real IAM.
type visitor struct {
	t      *testing.T
	world  *querytest.World
	root   querytest.Key
	site   http.Handler
	cookie string
	csrf   string
}

// newVisitor signs in as a user of the account with these policies of AWS.
func newVisitor(t *testing.T, policies ...string) *visitor {
	t.Helper()
	w := querytest.New(t)
	w.Now = time.Now().UTC()
	v := &visitor{t: t, world: w, root: w.Account(account)}
	w.Account("380701114427")
	v.as(w.User(account, "visitor", policies...))
	return v
}

// as makes a console in which the owner of a key is signed in.
func (v *visitor) as(key querytest.Key) {
	v.t.Helper()
	in := page.Section{Name: "in", Templates: []fs.FS{fstest.MapFS{"t.html": {Data: []byte(`{{define "t"}}<form>{{template "csrf" .}}</form>{{end}}`)}}}, Rows: []page.Row{{Path: "/in", Public: true,
		Get: func(context.Context, *page.Visit) (*page.View, error) { return &page.View{Template: "t"}, nil },
		Actions: map[string]page.Action{"in": func(_ context.Context, v *page.Visit) (*page.Done, error) {
			return &page.Done{To: "/in"}, v.SignIn(&session.Session{Base: session.Identity{AccountID: string(account), Name: "visitor", AccessKeyID: key.ID, SecretAccessKey: key.Secret}})
		}},
	}}}
	v.site = page.New(page.Config{
		API: v.world.Handler(), Region: "us-east-1", Port: "9000", Log: slog.New(slog.NewTextHandler(testWriter{v.t}, nil)), Now: func() time.Time { return v.world.Now },
		Sections: []page.Section{in, Section()},
	})
	v.send("POST", "/in", url.Values{"do": {"in"}})
	found := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(v.send("GET", "/in", nil).Body.String())
	if found == nil {
		v.t.Fatal("not signed in")
	}
	v.csrf = found[1]
}

// testWriter fails the test if the console logs an error.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Errorf("log: %s", p)
	return len(p), nil
}

func (v *visitor) send(method, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	v.t.Helper()
	var body io.Reader
	if form != nil {
		form.Set("csrf", v.csrf)
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, "http://127.0.0.1:9001"+path, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if v.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "crossgrant", Value: v.cookie})
	}
	w := httptest.NewRecorder()
	v.site.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Name == "crossgrant" {
			v.cookie = c.Value
		}
	}
	return w
}

// get returns the text of a page, which has to be there.
func (v *visitor) get(path string) string {
	v.t.Helper()
	w := v.send("GET", path, nil)
	body := w.Body.String()
	if w.Code != 200 || strings.Contains(body, "could not be made") {
		v.t.Errorf("GET %s: %d\n%s", path, w.Code, main(body))
	}
	return body
}

// has fails if a page lacks one of some texts, which are not escaped.
func (v *visitor) has(path string, texts ...string) string {
	v.t.Helper()
	body := v.get(path)
	for _, text := range texts {
		if !strings.Contains(html.UnescapeString(body), text) {
			v.t.Errorf("%s has no %q:\n%s", path, text, main(body))
		}
	}
	return body
}

// main is the content of a page.
func main(body string) string {
	_, after, ok := strings.Cut(body, "<main")
	if !ok {
		return body
	}
	return after
}

// form makes a form of names and values in turn.
func form(do string, pairs ...string) url.Values {
	f := url.Values{"do": {do}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Add(pairs[i], pairs[i+1])
	}
	return f
}

// does sends a form, which has to lead on to a page. It returns where.
func (v *visitor) does(path, do string, pairs ...string) string {
	v.t.Helper()
	w := v.send("POST", path, form(do, pairs...))
	if w.Code != http.StatusSeeOther {
		v.t.Fatalf("%s %s: %d\n%s", path, do, w.Code, main(w.Body.String()))
	}
	return w.Header().Get("Location")
}

// shows sends a form, which has to show something once.
func (v *visitor) shows(path, do string, pairs ...string) string {
	v.t.Helper()
	w := v.send("POST", path, form(do, pairs...))
	if w.Code != 200 || strings.Contains(w.Body.String(), "could not be made") {
		v.t.Fatalf("%s %s: %d\n%s", path, do, w.Code, main(w.Body.String()))
	}
	return w.Body.String()
}

// refused sends a form, which has to be shown again with an error that has a text.
func (v *visitor) refused(text, path, do string, pairs ...string) string {
	v.t.Helper()
	w := v.send("POST", path, form(do, pairs...))
	if w.Code < 400 || w.Code >= 500 || !strings.Contains(w.Body.String(), html.EscapeString(text)) {
		v.t.Errorf("%s %s: %d, no %q\n%s", path, do, w.Code, text, main(w.Body.String()))
	}
	return w.Body.String()
}

var shownCommand = regexp.MustCompile(`<code>(aws [^<]*)</code>`)

// dry returns the commands of what a form would do.
func (v *visitor) dry(path, do string, pairs ...string) string {
	v.t.Helper()
	w := v.send("POST", path, form(do, pairs...), "X-Dry-Run", "1")
	var lines []string
	for _, found := range shownCommand.FindAllStringSubmatch(w.Body.String(), -1) {
		lines = append(lines, html.UnescapeString(found[1]))
	}
	if w.Code != 200 || lines == nil {
		v.t.Errorf("dry %s %s: %d %s", path, do, w.Code, w.Body)
	}
	return strings.Join(lines, "\n")
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
	v.has("/groups", "No groups yet")
	v.has("/roles", "No roles yet")
	v.has("/policies", "No policies of your own yet")
	v.has("/users?prefix=/none/", "No user below /none/")
	v.has("/providers", "There is none.")
	v.iam("CreateUser", "UserName", "bare")
	v.has("/users/bare", "No managed policy is attached.", "is in no group")
	v.has("/users/bare?tab=credentials", "cannot sign in to the console", "Create access key")
	v.furnish()
	for _, path := range pages {
		if body := v.get(path); strings.Contains(body, "<b>") || strings.Contains(body, "<script>") {
			t.Errorf("%s has what is not escaped", path)
		}
	}
	v.has("/users/alice", "MyS3PutObjAndAclPolicy", "of-alice", "auditors", "of-group", readOnly, "/why/ask?principal=arn%3Aaws%3Aiam%3A%3A111122223333%3Auser%2Fstaff%2Falice")
	v.has("/roles/LogWriter?tab=trust", "account 380701114427", "http://127.0.0.1:9001/switchrole?account=111122223333&roleName=x%2FLogWriter")
	v.has("/users/alice?tab=credentials", "http://127.0.0.1:9001/signin?account=111122223333&user=alice")
	v.has("/policies/view?arn="+own, "all objects of bucket awsseccookbook", "Permissions management")
	v.has("/policies/view?tab=attached&arn="+own, "LogWriter", "alice")
	if body := v.get("/policies/view?tab=edit&arn=" + readOnly); strings.Contains(body, "Save as new version") {
		t.Error("a policy of AWS can be edited")
	}
	if w := v.send("GET", "/users/nobody", nil); w.Code != 404 || !strings.Contains(w.Body.String(), "NoSuchEntity") {
		t.Errorf("nobody: %d", w.Code)
	}
}

// TestDenied holds that a part that somebody may not see does not take the page away.
func TestDenied(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.furnish()
	if w := v.send("GET", "/users", nil); w.Code != 403 || !strings.Contains(w.Body.String(), "Why?") {
		t.Errorf("users: %d", w.Code)
	}
	v.iam("PutUserPolicy", "UserName", "visitor", "PolicyName", "p", "PolicyDocument", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:GetUser","iam:GetRole","iam:GetPolicy","iam:GetGroup"],"Resource":"*"}}`)
	for _, path := range pages {
		if _, _, part := strings.Cut(path, "?"); !part || !strings.Contains(path, "/view") && !strings.Contains(path, "LogWriter?") && !strings.Contains(path, "alice?") {
			continue
		}
		v.get(path)
	}
	v.has("/users/alice", "iam:ListAttachedUserPolicies", "iam:ListGroupsForUser", "Why?")
}
