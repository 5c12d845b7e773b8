package identities

import (
	"context"
	"crypto/rand"
	"math/big"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// logins is the security credentials of a user.
type logins struct {
	// Profile is nil if the user has no password.
	Profile        *types.LoginProfile
	ProfileProblem *page.Problem
	Link           string
	Keys           []accessKey
	KeysProblem    *page.Problem
	// Full says that the user has as many access keys as there may be.
	Full           bool
	Devices        []types.MFADevice
	DevicesProblem *page.Problem
}

// mostKeys is how many access keys a user may have.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const mostKeys = 2

func loginsOf(ctx context.Context, v *page.Visit, name string) *logins {
	l := &logins{Link: signInLink(v, name)}
	v.Together(func() {
		out, err := v.AWS.IAM().GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: &name})
		switch {
		case err == nil:
			l.Profile = out.LoginProfile
		case !absent(err):
			l.ProfileProblem = v.Problem(err)
		}
	}, func() {
		var err error
		l.Keys, err = accessKeys(ctx, v, name)
		l.KeysProblem, l.Full = v.Problem(err), len(l.Keys) >= mostKeys
	}, func() {
		var err error
		l.Devices, err = devicesOf(ctx, v, name)
		l.DevicesProblem = v.Problem(err)
	})
	return l
}

// credentialsTab is where forms of credentials lead back to.
func credentialsTab(name string) string {
	return page.Query(users.path(name), "tab", "credentials")
}

// password is shown once, when it is made.
type password struct {
	Name, Password, Link string
	// Reset says that it has to be replaced at the first sign-in.
	Reset bool
	// Back leads to the user.
	Back string
}

// newPassword returns the password of a form, which is typed or generated, and whether it has to be replaced.
func newPassword(ctx context.Context, v *page.Visit) (text string, reset bool, err error) {
	reset = v.Checked("reset")
	if v.Form("password-by") == "generated" {
		return generate(passwordLength(ctx, v)), reset, nil
	}
	if text = v.Form("password"); text == "" && !v.Dry() {
		return "", false, page.Invalid("Type a password, or let one be generated.")
	}
	return text, reset, nil
}

// passwordLength is that of generated passwords: what the account's password policy wants, if it wants long ones.
func passwordLength(ctx context.Context, v *page.Visit) int {
	const enough = 20
	out, err := v.AWS.IAM().GetAccountPasswordPolicy(ctx, &iam.GetAccountPasswordPolicyInput{})
	if err != nil {
		return enough // there is none, or the visitor may not know
	}
	return max(enough, int(aws.ToInt32(out.PasswordPolicy.MinimumPasswordLength)))
}

// classes are those of characters that a password policy can ask for. Characters that look alike are left out.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
var classes = []string{"ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnopqrstuvwxyz", "23456789", "!@#$%^*()_+-=[]{}"}

// generate makes a password of so many characters, with each class among them.
func generate(length int) string {
	all := classes[0] + classes[1] + classes[2] + classes[3]
	for {
		out := make([]byte, length)
		seen := [4]bool{}
		for i := range out {
			n, err := rand.Int(rand.Reader, big.NewInt(int64(len(all))))
			if err != nil {
				panic(err) // never: https://pkg.go.dev/crypto/rand#Read
			}
			out[i] = all[n.Int64()]
			for j, class := range classes {
				for _, c := range []byte(class) {
					seen[j] = seen[j] || c == out[i]
				}
			}
		}
		if seen == [4]bool{true, true, true, true} {
			return string(out)
		}
	}
}

func createPassword(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Path("name")
	text, reset, err := newPassword(ctx, v)
	if err != nil {
		return nil, err
	}
	if _, err := v.AWS.IAM().CreateLoginProfile(ctx, &iam.CreateLoginProfileInput{UserName: &name, Password: &text, PasswordResetRequired: reset}); err != nil {
		return nil, err
	}
	return shownPassword(v, name, text, reset, "The user "+name+" can sign in now.")
}

func updatePassword(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Path("name")
	text, reset, err := newPassword(ctx, v)
	if err != nil {
		return nil, err
	}
	if _, err := v.AWS.IAM().UpdateLoginProfile(ctx, &iam.UpdateLoginProfileInput{UserName: &name, Password: &text, PasswordResetRequired: &reset}); err != nil {
		return nil, err
	}
	return shownPassword(v, name, text, reset, "The password of the user "+name+" is replaced.")
}

// shownPassword shows a password that was generated. Who typed one knows it.
func shownPassword(v *page.Visit, name, text string, reset bool, note string) (*page.Done, error) {
	if v.Form("password-by") != "generated" {
		return &page.Done{To: credentialsTab(name), Note: note}, nil
	}
	return &page.Done{View: &page.View{Title: "Password", Crumbs: users.crumbs(name, "Password"), Template: "password-made",
		Data: password{Name: name, Password: text, Link: signInLink(v, name), Reset: reset, Back: credentialsTab(name)}}}, nil
}

func deletePassword(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Path("name")
	if err := v.Confirmed(name); err != nil {
		return nil, err
	}
	if _, err := v.AWS.IAM().DeleteLoginProfile(ctx, &iam.DeleteLoginProfileInput{UserName: &name}); err != nil {
		return nil, err
	}
	return &page.Done{To: credentialsTab(name), Note: "The user " + name + " cannot sign in with a password any more."}, nil
}
