package console_test

import (
	"encoding/base32"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"crossgrant/internal/totp"
)

// signInAs signs in as an IAM user with a password.
func (p *tab) signInAs(account, user, password string) {
	p.t.Helper()
	p.open("/signin")
	p.fill("Account", account)
	p.fill("User name", user)
	p.fill("Password", password)
	p.click("do:user")
}

func TestSignInWithPasswordAndCode(t *testing.T) {
	w := newWorld(t)
	client := w.iam(adminA)
	done[*iam.CreateAccountAliasOutput](t)(client.CreateAccountAlias(t.Context(), &iam.CreateAccountAliasInput{AccountAlias: aws.String("cookbook")}))
	p := newBrowser(t).tab(w)

	// Without a device the password is enough. Whatever is wrong, the answer is one.
	p.allow(403)
	p.signInAs("cookbook", "awssecadmin", "wrong")
	p.expect("AuthenticationFailed", "Your authentication information is incorrect. Please try again.")
	p.signInAs("cookbook", "nobody", "wrong")
	p.expect("AuthenticationFailed", "Your authentication information is incorrect. Please try again.")
	p.allow()
	p.signInAs("cookbook", "awssecadmin", "Walnut-1")
	p.expectAt("/")
	p.expect("awssecadmin", "cookbook")
	p.menu("Sign out")

	// With one a code is asked for.
	code := w.phoneOf(t, adminA, "awssecadmin")
	p.signInAs(accountA, "awssecadmin", "Walnut-1")
	p.expect("One-time code")
	p.fill("MFA code", code(-20))
	p.click("do:mfa")
	p.expect("AuthenticationFailed")
	p.fill("MFA code", code(1))
	p.click("do:mfa")
	p.expectAt("/")
	p.press("", "css:details.who > summary")
	p.expect("MFA")
}

func TestSignInWithPasswordToReplace(t *testing.T) {
	w := newWorld(t)
	client := w.iam(adminB)
	done[*iam.UpdateLoginProfileOutput](t)(client.UpdateLoginProfile(t.Context(), &iam.UpdateLoginProfileInput{
		UserName: aws.String("testuser"), Password: aws.String("Pecan-3!"), PasswordResetRequired: aws.Bool(true),
	}))
	done[*iam.PutUserPolicyOutput](t)(client.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{
		UserName: aws.String("testuser"), PolicyName: aws.String("OwnPassword"),
		PolicyDocument: aws.String(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": "*"}}`),
	}))
	p := newBrowser(t).tab(w)
	p.signInAs(accountB, "testuser", "Pecan-3!")
	p.expect("A new password")
	p.fill("New password", "Almond-4!")
	p.fill("New password again", "Almond-5!")
	p.click("do:replace")
	p.expect("The two new passwords are not the same.")
	p.fill("New password", "Almond-4!")
	p.fill("New password again", "Almond-4!")
	p.click("do:replace")
	p.expectAt("/")
	p.expect("testuser")
	p.menu("Sign out")
	p.signInAs(accountB, "testuser", "Almond-4!")
	p.expectAt("/")
}

func TestSignInAsRoot(t *testing.T) {
	w := newWorld(t)
	p := newBrowser(t).tab(w)
	p.open("/signin")
	p.click("Root user")
	p.fill("E-mail address", "awsseccookbook@example.com")
	p.fill("Password", "Root-of-A-1")
	p.click("do:root")
	p.expectAt("/")
	p.expect("root", "awsseccookbook")
}

// TestEnrolDevice holds that an MFA device is assigned with the secret that the page shows once: by an administrator, and by
// the user.
func TestEnrolDevice(t *testing.T) {
	w := newWorld(t)
	p := newBrowser(t).tab(w)
	p.signIn(w, adminA)
	for _, each := range []struct{ page, label, device, second string }{{"/users/plainuser/mfa", "Device name", "plain-phone", "The code after it"}, {"/me/mfa", "device", "own-phone", "Second code"}} {
		p.open(each.page)
		p.fill(each.label, each.device)
		p.click("do:mfa-create")
		picture, err := ask[bool](p, `const img = document.querySelector(".qr img"); return img.complete && img.naturalWidth > 100`)
		must(t, err)
		if !picture {
			t.Errorf("%s has no picture of the secret", each.page)
		}
		text, err := ask[string](p, `return document.querySelector("section:has(.qr) pre code").textContent`)
		must(t, err)
		seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(strings.ReplaceAll(text, " ", ""), "="))
		must(t, err)
		now := totp.StepAt(time.Now())
		p.fill("First code", totp.Code(seed, now-1))
		p.fill(each.second, totp.Code(seed, now))
		p.click("do:mfa-enable")
		p.refuse("That did not work")
	}
	for user, device := range map[string]string{"plainuser": "plain-phone", "awssecadmin": "own-phone"} {
		out := done[*iam.ListMFADevicesOutput](t)(w.iam(adminA).ListMFADevices(t.Context(), &iam.ListMFADevicesInput{UserName: &user}))
		if len(out.MFADevices) != 1 || !strings.HasSuffix(aws.ToString(out.MFADevices[0].SerialNumber), "/"+device) {
			t.Errorf("%s has the devices %v, want %s", user, out.MFADevices, device)
		}
	}
	p.until("two events EnableMFADevice of the visitor's", func() (string, error) {
		out, err := w.cloudTrail(adminA).LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{LookupAttributes: []types.LookupAttribute{
			{AttributeKey: types.LookupAttributeKeyEventName, AttributeValue: aws.String("EnableMFADevice")},
		}})
		if err == nil && len(out.Events) != 2 {
			return "they are not there", nil
		}
		return "", err
	})
}
