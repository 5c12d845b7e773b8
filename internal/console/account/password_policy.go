package account

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// passwordPolicy is the page.
type passwordPolicy struct {
	// Set says that the account has a policy of its own.
	Set    bool
	Policy types.PasswordPolicy
}

// Age is after how many days a password has to be changed; empty: never.
func (p passwordPolicy) Age() string { return number(p.Policy.MaxPasswordAge) }

// Reuse is how many passwords may not be used again; empty: any may.
func (p passwordPolicy) Reuse() string { return number(p.Policy.PasswordReusePrevention) }

// Length is how many characters a password has at least.
func (p passwordPolicy) Length() string { return number(p.Policy.MinimumPasswordLength) }

// Hard says that nobody can replace a password that has expired but an administrator.
func (p passwordPolicy) Hard() bool { return aws.ToBool(p.Policy.HardExpiry) }

func number(n *int32) string {
	if aws.ToInt32(n) == 0 {
		return ""
	}
	return strconv.Itoa(int(*n))
}

// showPasswordPolicy shows the policy, or else AWS's, which has eight characters at least.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
func showPasswordPolicy(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &passwordPolicy{Policy: types.PasswordPolicy{MinimumPasswordLength: aws.Int32(8), AllowUsersToChangePassword: false}}
	out, err := v.AWS.IAM().GetAccountPasswordPolicy(ctx, &iam.GetAccountPasswordPolicyInput{})
	switch {
	case page.Absent(err, "NoSuchEntity"):
	case err != nil:
		return nil, err
	default:
		d.Set, d.Policy = true, *out.PasswordPolicy
	}
	return &page.View{Title: "Password policy", Crumbs: crumbs("Password policy"), Template: "password-policy", Data: d}, nil
}

// count reads a number that may be left out.
func count(v *page.Visit, name, what string) (*int32, error) {
	text := v.Text(name)
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return nil, page.Invalid("%s is a number.", what)
	}
	return aws.Int32(int32(n)), nil
}

func setPasswordPolicy(ctx context.Context, v *page.Visit) (*page.Done, error) {
	length, err := count(v, "MinimumPasswordLength", "The length")
	if err != nil {
		return nil, err
	}
	age, err := count(v, "MaxPasswordAge", "The age")
	if err != nil {
		return nil, err
	}
	reuse, err := count(v, "PasswordReusePrevention", "How many passwords are remembered")
	if err != nil {
		return nil, err
	}
	in := &iam.UpdateAccountPasswordPolicyInput{
		MinimumPasswordLength: length, MaxPasswordAge: age, PasswordReusePrevention: reuse,
		RequireUppercaseCharacters: v.Checked("RequireUppercaseCharacters"), RequireLowercaseCharacters: v.Checked("RequireLowercaseCharacters"),
		RequireNumbers: v.Checked("RequireNumbers"), RequireSymbols: v.Checked("RequireSymbols"),
		AllowUsersToChangePassword: v.Checked("AllowUsersToChangePassword"),
	}
	if v.Checked("HardExpiry") {
		in.HardExpiry = aws.Bool(true)
	}
	_, err = v.AWS.IAM().UpdateAccountPasswordPolicy(ctx, in)
	return &page.Done{To: "/account/password-policy", Note: "The password policy is saved. New passwords have to be as it says."}, err
}

func deletePasswordPolicy(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if err := v.Confirmed("password policy"); err != nil {
		return nil, err
	}
	_, err := v.AWS.IAM().DeleteAccountPasswordPolicy(ctx, &iam.DeleteAccountPasswordPolicyInput{})
	return &page.Done{To: "/account/password-policy", Note: "AWS's own password policy holds again."}, err
}
