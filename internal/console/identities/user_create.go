package identities

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// creatingUser is the form for a new user.
type creatingUser struct {
	Groups    []string
	Suggested *suggested
	Tags      []page.Pair
	// Chosen are the groups that were chosen before the form is shown again, Policies the policies.
	Policies []string
}

// createdUser is what was made, of which the secrets are shown once.
type createdUser struct {
	Name     string
	Password *password
	Key      *secretKey
	// Problems are the steps that failed after the user was there.
	Problems []*page.Problem
}

func showCreateUser(ctx context.Context, v *page.Visit) (*page.View, error) {
	c := creatingUser{Tags: tagForm(v, "create", nil)}
	v.Together(func() { c.Groups = groupNames(ctx, v) }, func() { c.Suggested = suggestPolicies(ctx, v) })
	if v.Failed != nil {
		c.Policies = v.Forms("policy")
	}
	return &page.View{Title: "Create user", Crumbs: []page.Crumb{{Text: "Users", To: "/users"}, {Text: "Create user"}}, Template: "user-create", Data: c}, nil
}

// createUser makes a user, and then what it is to have. What fails after the user is there is told, and the rest is done
// all the same.
func createUser(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, c := v.Text("name"), v.AWS.IAM()
	if name == "" {
		return nil, page.Invalid("Type a name for the user.")
	}
	tags, err := typedTags(v)
	if err != nil {
		return nil, err
	}
	var text string
	var reset bool
	withPassword := v.Form("password-by") == "generated" || v.Form("password-by") == "typed"
	if withPassword {
		if text, reset, err = newPassword(ctx, v); err != nil {
			return nil, err
		}
	}
	if _, err := c.CreateUser(ctx, &iam.CreateUserInput{UserName: &name, Path: page.Optional(v.Text("path")), PermissionsBoundary: page.Optional(v.Text("boundary")), Tags: tags}); err != nil {
		return nil, err
	}
	made := createdUser{Name: name}
	try := func(err error) bool {
		if err != nil {
			made.Problems = append(made.Problems, v.Problem(err))
		}
		return err == nil
	}
	if withPassword {
		_, err := c.CreateLoginProfile(ctx, &iam.CreateLoginProfileInput{UserName: &name, Password: &text, PasswordResetRequired: reset})
		if try(err) {
			made.Password = &password{Name: name, Link: signInLink(v, name), Reset: reset}
			if v.Form("password-by") == "generated" {
				made.Password.Password = text
			}
		}
	}
	for _, group := range v.Forms("group") {
		_, err := c.AddUserToGroup(ctx, &iam.AddUserToGroupInput{UserName: &name, GroupName: &group})
		try(err)
	}
	for _, arn := range v.Forms("policy") {
		try(users.attach(ctx, c, name, arn))
	}
	if v.Checked("key") {
		if key, err := newKey(ctx, v, name); try(err) {
			made.Key = key
		}
	}
	if made.Password == nil && made.Key == nil && made.Problems == nil {
		return &page.Done{To: users.path(name), Note: "The user " + name + " is there."}, nil
	}
	return &page.Done{View: &page.View{Title: name, Crumbs: users.crumbs(name, "Created"), Template: "user-made", Data: made}}, nil
}

// suggested is policies to fill fields in with.
type suggested struct{ AWS, Own []types.Policy }

// suggestPolicies returns the first policies of the account and those of AWS that can be attached; none for those who
// may not list them, who can type an ARN.
func suggestPolicies(ctx context.Context, v *page.Visit) *suggested {
	s := &suggested{}
	list := func(scope types.PolicyScopeType, into *[]types.Policy) {
		out, err := v.AWS.IAM().ListPolicies(ctx, &iam.ListPoliciesInput{Scope: scope, MaxItems: aws.Int32(200)})
		if err != nil {
			return
		}
		for _, p := range out.Policies {
			if attachable(&p) {
				*into = append(*into, p)
			}
		}
	}
	v.Together(func() { list(types.PolicyScopeTypeLocal, &s.Own) }, func() { list(types.PolicyScopeTypeAws, &s.AWS) })
	return s
}
