package account

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"crossgrant/internal/arn"
	"crossgrant/internal/console/page"
	"crossgrant/internal/console/session"
)

// me is the page of the visitor's own credentials.
type me struct {
	ARN, UserID, Account string
	// Kind is user, root or session.
	Kind string
	// Name is that of the user, or of the role of the session.
	Name string
	// User is the user as IAM has it; nil: none, or not to be seen.
	User        *types.User
	UserProblem *page.Problem
	// Reach are the policies that apply, by where they are.
	Reach        []source
	ReachProblem *page.Problem
	Keys         []key
	KeysProblem  *page.Problem
	MFA          []types.MFADevice
	MFAProblem   *page.Problem
	// Warnings are those about the root user.
	Warnings []string
	// Ends is when the session of the console ends, and Key when its credentials do; zero: they do not.
	Ends, Key time.Time
}

// Own reports whether the visitor has credentials of its own: a user, or the root user.
func (m *me) Own() bool { return m.Kind != "session" }

// source is where policies are: the visitor itself, or a group of it.
type source struct {
	Kind, Name string
	Attached   []types.AttachedPolicy
	Inline     []string
}

// kindOf tells what an identity is by its ARN, and its name.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func kindOf(who string) (kind, name string) {
	a, err := arn.Parse(who)
	resource := a.Resource
	switch {
	case err != nil:
		return "session", ""
	case resource == "root":
		return "root", "root"
	case strings.HasPrefix(resource, "user/"):
		return "user", resource[strings.LastIndex(resource, "/")+1:]
	case strings.HasPrefix(resource, "assumed-role/"):
		return "session", strings.Split(resource, "/")[1]
	default:
		return "session", ""
	}
}

func showMe(ctx context.Context, v *page.Visit) (*page.View, error) {
	out, err := v.AWS.STS().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, err
	}
	d := &me{ARN: aws.ToString(out.Arn), UserID: aws.ToString(out.UserId), Account: aws.ToString(out.Account), Key: v.Session.Current().Expires, Ends: v.Session.Started.Add(session.Longest)}
	if base := v.Session.Base.Expires; !base.IsZero() && base.Before(d.Ends) {
		d.Ends = base
	}
	d.Kind, d.Name = kindOf(d.ARN)
	parts := []func(){func() {
		var err error
		d.Reach, err = reach(ctx, v, d.Kind, d.Name)
		d.ReachProblem = v.Problem(err)
	}}
	if d.Own() {
		parts = append(parts, func() {
			out, err := v.AWS.IAM().GetUser(ctx, &iam.GetUserInput{})
			if err != nil {
				d.UserProblem = v.Problem(err)
				return
			}
			d.User = out.User
		}, func() {
			var err error
			d.Keys, err = keys(ctx, v)
			d.KeysProblem = v.Problem(err)
		}, func() {
			out, err := v.AWS.IAM().ListMFADevices(ctx, &iam.ListMFADevicesInput{})
			if err != nil {
				d.MFAProblem = v.Problem(err)
				return
			}
			d.MFA = out.MFADevices
		})
	}
	if d.Kind == "root" {
		parts = append(parts, func() { d.Warnings = rootWarnings(ctx, v) })
	}
	v.Together(parts...)
	return &page.View{Title: "Security credentials", Template: "me", Data: d}, nil
}

// rootWarnings tells what is unsafe about the root user.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html
func rootWarnings(ctx context.Context, v *page.Visit) (warnings []string) {
	out, err := v.AWS.IAM().GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	if err != nil {
		return nil
	}
	if out.SummaryMap["AccountMFAEnabled"] == 0 {
		warnings = append(warnings, "The root user has no MFA device. Whoever learns its password can do everything.")
	}
	if out.SummaryMap["AccountAccessKeysPresent"] > 0 {
		warnings = append(warnings, "The root user has access keys. Nothing needs them: create an administrator, and delete them.")
	}
	return warnings
}

// reach returns the policies that apply to a user or role.
func reach(ctx context.Context, v *page.Visit, kind, name string) ([]source, error) {
	switch {
	case kind == "user":
		return reachOfUser(ctx, v, name)
	case kind == "session" && name != "":
		return reachOfRole(ctx, v, name)
	}
	return nil, nil
}

func reachOfUser(ctx context.Context, v *page.Visit, name string) ([]source, error) {
	own := source{Kind: "user", Name: name}
	var groups []source
	errs := make([]error, 3)
	v.Together(func() {
		var out *iam.ListAttachedUserPoliciesOutput
		if out, errs[0] = v.AWS.IAM().ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: &name}); errs[0] == nil {
			own.Attached = out.AttachedPolicies
		}
	}, func() {
		var out *iam.ListUserPoliciesOutput
		if out, errs[1] = v.AWS.IAM().ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: &name}); errs[1] == nil {
			own.Inline = out.PolicyNames
		}
	}, func() {
		var out *iam.ListGroupsForUserOutput
		if out, errs[2] = v.AWS.IAM().ListGroupsForUser(ctx, &iam.ListGroupsForUserInput{UserName: &name}); errs[2] == nil {
			groups, errs[2] = reachOfGroups(ctx, v, out.Groups)
		}
	})
	if err := cmp.Or(errs...); err != nil {
		return nil, err
	}
	return append([]source{own}, groups...), nil
}

func reachOfGroups(ctx context.Context, v *page.Visit, groups []types.Group) ([]source, error) {
	out, errs := make([]source, len(groups)), make([]error, 2*len(groups))
	var ask []func()
	for i, g := range groups {
		out[i] = source{Kind: "group", Name: aws.ToString(g.GroupName)}
		ask = append(ask, func() {
			list, err := v.AWS.IAM().ListAttachedGroupPolicies(ctx, &iam.ListAttachedGroupPoliciesInput{GroupName: g.GroupName})
			if errs[2*i] = err; err == nil {
				out[i].Attached = list.AttachedPolicies
			}
		}, func() {
			list, err := v.AWS.IAM().ListGroupPolicies(ctx, &iam.ListGroupPoliciesInput{GroupName: g.GroupName})
			if errs[2*i+1] = err; err == nil {
				out[i].Inline = list.PolicyNames
			}
		})
	}
	v.Together(ask...)
	return out, cmp.Or(errs...)
}

func reachOfRole(ctx context.Context, v *page.Visit, name string) ([]source, error) {
	own := source{Kind: "role", Name: name}
	errs := make([]error, 2)
	v.Together(func() {
		var out *iam.ListAttachedRolePoliciesOutput
		if out, errs[0] = v.AWS.IAM().ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &name}); errs[0] == nil {
			own.Attached = out.AttachedPolicies
		}
	}, func() {
		var out *iam.ListRolePoliciesOutput
		if out, errs[1] = v.AWS.IAM().ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &name}); errs[1] == nil {
			own.Inline = out.PolicyNames
		}
	})
	return []source{own}, cmp.Or(errs...)
}
