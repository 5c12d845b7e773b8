package identities

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"crossgrant/internal/console/page"
	"crossgrant/internal/ids"
)

// creatingRole is the form for a new role.
type creatingRole struct {
	Suggested *suggested
	Policies  []string
	Tags      []page.Pair
	Providers []string
	Services  []string
	Hours     []hours
	Start     string
}

// trustedServices are services to choose from. Any other can be typed.
var trustedServices = []string{"s3.amazonaws.com", "cloudtrail.amazonaws.com"}

const emptyTrust = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::ACCOUNT:root"},
      "Action": "sts:AssumeRole"
    }
  ]
}`

func showCreateRole(ctx context.Context, v *page.Visit) (*page.View, error) {
	c := creatingRole{Tags: tagForm(v, "create", nil), Services: trustedServices, Hours: sessionHours(3600), Start: strings.ReplaceAll(emptyTrust, "ACCOUNT", v.Account())}
	v.Together(func() { c.Suggested = suggestPolicies(ctx, v) }, func() {
		found := providersOf(ctx, v)
		for _, p := range slices.Concat(found.OIDC, found.SAML) {
			c.Providers = append(c.Providers, p.ARN)
		}
	})
	if v.Failed != nil {
		c.Policies = v.Forms("policy")
	}
	return &page.View{Title: "Create role", Crumbs: []page.Crumb{{Text: "Roles", To: "/roles"}, {Text: "Create role"}}, Template: "role-create", Data: c}, nil
}

func createRole(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Text("name")
	if name == "" {
		return nil, page.Invalid("Type a name for the role.")
	}
	tags, err := typedTags(v)
	if err != nil {
		return nil, err
	}
	trust, err := trustOf(v)
	if err != nil {
		return nil, err
	}
	in := &iam.CreateRoleInput{
		RoleName: &name, AssumeRolePolicyDocument: &trust, Path: page.Optional(v.Text("path")), Description: page.Optional(v.Text("description")),
		PermissionsBoundary: page.Optional(v.Text("boundary")), Tags: tags,
	}
	if seconds, err := strconv.ParseInt(v.Form("max-session"), 10, 32); err == nil && seconds != 3600 {
		in.MaxSessionDuration = aws.Int32(int32(seconds))
	}
	if _, err := v.AWS.IAM().CreateRole(ctx, in); err != nil {
		return nil, err
	}
	return created(v, roles, name, roles.attachAll(ctx, v, name, v.Forms("policy")))
}

// trust is a trust policy as it is written for the choices of the form.
type trust struct {
	Version   string
	Statement []trustStatement
}

type trustStatement struct {
	Effect    string
	Principal map[string]string
	Action    string
	Condition map[string]map[string]string `json:",omitempty"`
}

// trustOf returns the trust policy that the form says.
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-user.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_saml.html
func trustOf(v *page.Visit) (string, error) {
	s := trustStatement{Effect: "Allow", Action: "sts:AssumeRole", Condition: map[string]map[string]string{}}
	switch by := v.Form("trusted"); by {
	case "account":
		account := strings.ReplaceAll(v.Text("account"), "-", "")
		if !ids.IsAccountID(account) {
			return "", page.Invalid("An account is its ID, 12 digits.")
		}
		s.Principal = map[string]string{"AWS": "arn:aws:iam::" + account + ":root"}
		if id := v.Text("external-id"); id != "" {
			s.Condition["StringEquals"] = map[string]string{"sts:ExternalId": id}
		}
		if v.Checked("mfa") {
			s.Condition["Bool"] = map[string]string{"aws:MultiFactorAuthPresent": "true"}
		}
	case "principal":
		arn := v.Text("principal")
		if !strings.HasPrefix(arn, "arn:") {
			return "", page.Invalid("Type the ARN of a user or role, such as arn:aws:iam::380701114427:user/testuser.")
		}
		s.Principal = map[string]string{"AWS": arn}
	case "service":
		service := v.Text("service")
		if service == "" {
			return "", page.Invalid("Type the name of a service, such as s3.amazonaws.com.")
		}
		s.Principal = map[string]string{"Service": service}
	case "provider":
		provider, audience := v.Text("provider"), v.Text("audience")
		if provider == "" || audience == "" {
			return "", page.Invalid("Choose a provider, and type the audience that its tokens or assertions are for.")
		}
		s.Principal = map[string]string{"Federated": provider}
		if _, issuer, ok := strings.Cut(provider, ":oidc-provider/"); ok {
			s.Action = "sts:AssumeRoleWithWebIdentity"
			s.Condition["StringEquals"] = map[string]string{issuer + ":aud": audience}
		} else {
			s.Action = "sts:AssumeRoleWithSAML"
			s.Condition["StringEquals"] = map[string]string{"SAML:aud": audience}
		}
	case "custom":
		return v.Form("trust"), nil
	default:
		return "", page.Invalid("Choose who may assume the role.")
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(trust{"2012-10-17", []trustStatement{s}}); err != nil {
		return "", err
	}
	return strings.TrimSpace(b.String()), nil
}
