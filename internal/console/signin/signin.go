// Package signin is how visitors come to the console and leave it: signing in as the root user, as an IAM user or with an
// access key, switching roles, signing out.
//
// Source: https://docs.aws.amazon.com/signin/latest/userguide/what-is-sign-in.html
package signin

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"crossgrant/internal/arn"
	"crossgrant/internal/console/page"
	"crossgrant/internal/console/session"
)

//go:embed templates/*.html
var files embed.FS

// Section returns the pages.
func Section() page.Section {
	return page.Section{Name: "signin", Templates: []fs.FS{page.Templates(files)}, Rows: []page.Row{
		{Path: "/signin", Public: true, Get: show, Actions: map[string]page.Action{"user": asUser, "root": asRoot, "mfa": withCode, "replace": replacePassword, "key": withKey}},
		{Path: "/signout", Public: true, Get: toStart, Actions: map[string]page.Action{"signout": signOut}},
		{Path: "/switchrole", Get: showSwitch, Actions: map[string]page.Action{"switch": switchRole, "back": backToBase, "forget": forgetRole}},
		{Path: "/theme", Public: true, Get: toStart, Actions: map[string]page.Action{"theme": setTheme}},
	}}
}

// The ways to sign in, by the parameter "as" of the page.
const (
	user = "user"
	root = "root"
	key  = "key"
)

// between is how long the second step of signing in may take.
const between = 5 * time.Minute

// attempt is what somebody signs in with. Its JSON is the input of the sign-in API.
type attempt struct {
	AccountID   string `json:"AccountId,omitempty"`
	UserName    string `json:",omitempty"`
	Email       string `json:",omitempty"`
	Password    string
	MFACode     string `json:",omitempty"`
	NewPassword string `json:",omitempty"`
}

// admitted is the answer of the sign-in API.
type admitted struct {
	Credentials struct {
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Expiration      float64 // seconds since 1970
	}
	ARN              string `json:"Arn"`
	AccountID        string `json:"AccountId"`
	AccountAlias     string
	AccountName      string
	UserName         string
	MFAAuthenticated bool
}

// form is the page.
type form struct {
	As, Next string
	// Account and Name are filled in, from a link of AWS's form or from what was typed.
	Account, Name, Email string
	// Step is "mfa" or "replace" for the second step, whose form brings Sealed back.
	Step, Sealed string
}

// show shows the form. A link of the form /signin?account=ID-OR-ALIAS fills the account in.
func show(_ context.Context, v *page.Visit) (*page.View, error) {
	f := form{As: v.Query("as"), Next: page.Local(v.Query("next")), Account: v.Query("account"), Name: v.Query("user")}
	if v.Failed != nil {
		f.As, f.Account, f.Name, f.Email, f.Next = v.Form("do"), v.Text("account"), v.Text("name"), v.Text("email"), page.Local(v.Form("next"))
	}
	if f.As != root && f.As != key {
		f.As = user
	}
	return view(f), nil
}

func view(f form) *page.View { return &page.View{Title: "Sign in", Template: "signin", Data: f} }

func asUser(ctx context.Context, v *page.Visit) (*page.Done, error) {
	a := attempt{AccountID: v.Text("account"), UserName: v.Text("name"), Password: v.Form("password")}
	if a.AccountID == "" || a.UserName == "" || a.Password == "" {
		return nil, page.Invalid("Type the account, the name of the user and the password.")
	}
	return enter(ctx, v, "SignIn", &a)
}

func asRoot(ctx context.Context, v *page.Visit) (*page.Done, error) {
	a := attempt{Email: v.Text("email"), Password: v.Form("password")}
	if a.Email == "" || a.Password == "" {
		return nil, page.Invalid("Type the e-mail address of the account and the password of its root user.")
	}
	return enter(ctx, v, "SignIn", &a)
}

// withCode is the second step of those who have an MFA device.
func withCode(ctx context.Context, v *page.Visit) (*page.Done, error) {
	var a attempt
	if err := v.Unseal("attempt", v.Form("sealed"), &a); err != nil {
		return nil, page.Invalid("That took too long. Type the password again.")
	}
	a.MFACode = v.Text("code")
	return enter(ctx, v, "SignIn", &a)
}

// replacePassword is the second step of those whose password has to be replaced.
func replacePassword(ctx context.Context, v *page.Visit) (*page.Done, error) {
	var a attempt
	if err := v.Unseal("attempt", v.Form("sealed"), &a); err != nil {
		return nil, page.Invalid("That took too long. Type the password again.")
	}
	a.NewPassword = v.Form("new")
	if code := v.Text("code"); code != "" {
		a.MFACode = code
	}
	if a.NewPassword != v.Form("again") {
		return again(v, a, "replace", page.Invalid("The two new passwords are not the same."))
	}
	return enter(ctx, v, "ReplacePassword", &a)
}

// enter asks the sign-in API, and begins a session or the second step.
func enter(ctx context.Context, v *page.Visit, operation string, a *attempt) (*page.Done, error) {
	var out admitted
	err := v.AWS.SignIn(ctx, operation, a, &out)
	switch page.Code(err) {
	case "":
	case "MFARequired":
		step := "mfa"
		if operation == "ReplacePassword" {
			step = "replace"
		}
		return again(v, *a, step, nil)
	case "PasswordResetRequired":
		return again(v, *a, "replace", nil)
	case "AuthenticationFailed", "TooManyRequests":
		// A code is used up; the password that is sealed may be right.
		if a.MFACode != "" && operation == "SignIn" {
			a.MFACode = ""
			return again(v, *a, "mfa", err)
		}
		return nil, err
	default:
		if operation == "ReplacePassword" {
			return again(v, *a, "replace", err)
		}
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	name := out.UserName
	if a.Email != "" {
		name = "root"
	}
	in := &session.Session{Base: session.Identity{
		AccountID: out.AccountID, AccountName: out.AccountName, Alias: out.AccountAlias, ARN: out.ARN, Name: name, MFA: out.MFAAuthenticated,
		AccessKeyID: out.Credentials.AccessKeyID, SecretAccessKey: out.Credentials.SecretAccessKey, SessionToken: out.Credentials.SessionToken,
		Expires: time.Unix(int64(out.Credentials.Expiration), 0),
	}}
	return entered(v, in)
}

// again shows a second step, with what was wrong with the one before. What was typed first is sealed into its form.
func again(v *page.Visit, a attempt, step string, err error) (*page.Done, error) {
	f := form{Next: page.Local(v.Form("next")), Step: step, Name: cmp.Or(a.UserName, a.Email)}
	if step == "mfa" {
		a.MFACode = ""
	}
	var failed error
	if f.Sealed, failed = v.Seal("attempt", a, between); failed != nil {
		return nil, failed
	}
	v.Failed = v.Problem(err)
	return &page.Done{View: view(f)}, nil
}

// withKey signs in with an access key, and with a session token if it is a temporary one. The key signs the requests of
// the console, as it would those of the CLI.
func withKey(ctx context.Context, v *page.Visit) (*page.Done, error) {
	who := session.Identity{AccessKeyID: v.Text("id"), SecretAccessKey: v.Text("secret"), SessionToken: v.Text("token")}
	if who.AccessKeyID == "" || who.SecretAccessKey == "" {
		return nil, page.Invalid("Type the ID of the access key and the secret.")
	}
	out, err := v.As(&who).STS().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, err
	}
	who.AccountID, who.ARN = aws.ToString(out.Account), aws.ToString(out.Arn)
	who.Name = nameOf(who.ARN)
	return entered(v, &session.Session{Base: who})
}

// nameOf is the name at the end of the ARN of a user, session or root user.
func nameOf(who string) string {
	a, err := arn.Parse(who)
	if err != nil {
		return ""
	}
	return a.Resource[strings.LastIndex(a.Resource, "/")+1:]
}

func entered(v *page.Visit, in *session.Session) (*page.Done, error) {
	if v.Dry() {
		return nil, errors.New("signing in is not tried")
	}
	if err := v.SignIn(in); err != nil {
		return nil, err
	}
	return &page.Done{To: page.Local(v.Form("next"))}, nil
}

func toStart(context.Context, *page.Visit) (*page.View, error) {
	return nil, page.Missing("There is no such page.")
}

func signOut(_ context.Context, v *page.Visit) (*page.Done, error) {
	if err := v.SignOut(); err != nil {
		return nil, err
	}
	return &page.Done{To: "/signin"}, nil
}

func setTheme(_ context.Context, v *page.Visit) (*page.Done, error) {
	v.SetTheme(v.Form("theme"))
	return &page.Done{To: v.Form("back")}, nil
}
