package account

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"crossgrant/internal/console/page"
)

// changePassword changes the password of the user that asks.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ChangePassword.html
func changePassword(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if !v.Dry() {
		if err := typed(v); err != nil {
			return nil, err
		}
	}
	_, err := v.AWS.IAM().ChangePassword(ctx, &iam.ChangePasswordInput{OldPassword: aws.String(v.Form("old")), NewPassword: aws.String(v.Form("new"))})
	return &page.Done{To: "/me", Note: "Your password is changed."}, err
}

// typed returns an error if a new password was not typed twice.
func typed(v *page.Visit) error {
	switch {
	case v.Form("old") == "" || v.Form("new") == "":
		return page.Invalid("Type the password you have, and the new one twice.")
	case v.Form("new") != v.Form("again"):
		return page.Invalid("The two new passwords are not the same.")
	}
	return nil
}

// replaceRootPassword changes the password of the root user, which IAM's ChangePassword does not: the sign-in API does
// it, as AWS's console does, for who shows the password once more.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-password.html
func replaceRootPassword(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if v.Dry() {
		return nil, nil
	}
	if err := typed(v); err != nil {
		return nil, err
	}
	in := struct {
		Email, Password, NewPassword string
		MFACode                      string `json:",omitempty"`
	}{v.Text("email"), v.Form("old"), v.Form("new"), v.Text("code")}
	if in.Email == "" {
		return nil, page.Invalid("Type the e-mail address of the root user.")
	}
	var out struct{ Arn string }
	err := v.AWS.SignIn(ctx, "ReplacePassword", &in, &out)
	return &page.Done{To: "/me", Note: "The password of the root user is changed."}, err
}
