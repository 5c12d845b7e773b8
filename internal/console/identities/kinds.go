package identities

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// kind is one of users, groups and roles: what it is called, and the operations by which its policies are managed.
// Lists are whole: quotas keep them short.
type kind struct {
	// Word is what one of them is called, and Area the item of the navigation and first part of the path.
	Word, Area string

	attach, detach func(ctx context.Context, c *iam.Client, name, arn string) error
	put            func(ctx context.Context, c *iam.Client, name, policy, document string) error
	remove         func(ctx context.Context, c *iam.Client, name, policy string) error
	document       func(ctx context.Context, c *iam.Client, name, policy string) (*string, error)
	attached       func(ctx context.Context, c *iam.Client, name string, marker *string) ([]types.AttachedPolicy, *string, error)
	inline         func(ctx context.Context, c *iam.Client, name string, marker *string) ([]string, *string, error)

	// Groups have none of these.
	bind   func(ctx context.Context, c *iam.Client, name, arn string) error
	unbind func(ctx context.Context, c *iam.Client, name string) error
	tags   func(ctx context.Context, c *iam.Client, name string, marker *string) ([]types.Tag, *string, error)
	tag    func(ctx context.Context, c *iam.Client, name string, tags []types.Tag) error
	untag  func(ctx context.Context, c *iam.Client, name string, keys []string) error
}

// path returns the page of one of the kind, or a page below it.
func (k *kind) path(name string, below ...string) string {
	return page.Path(append([]string{k.Area, name}, below...)...)
}

// crumbs lead to one of the kind, and on to a page below it.
func (k *kind) crumbs(name string, below ...string) []page.Crumb {
	title := map[string]string{"users": "Users", "groups": "Groups", "roles": "Roles", "policies": "Policies"}[k.Area]
	crumbs := []page.Crumb{{Text: title, To: page.Path(k.Area)}}
	if len(below) == 0 {
		return append(crumbs, page.Crumb{Text: name})
	}
	crumbs = append(crumbs, page.Crumb{Text: name, To: k.path(name)})
	for _, text := range below {
		crumbs = append(crumbs, page.Crumb{Text: text})
	}
	return crumbs
}

// whole asks for all pages of a list that quotas keep short.
func whole[T any](list func(marker *string) ([]T, *string, error)) ([]T, error) {
	var all []T
	var marker *string
	for {
		items, next, err := list(marker)
		all = append(all, items...)
		if err != nil || next == nil || *next == "" {
			return all, err
		}
		marker = next
	}
}

var users = &kind{
	Word: "user", Area: "users",
	attach: func(ctx context.Context, c *iam.Client, name, arn string) error {
		_, err := c.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: &arn})
		return err
	},
	detach: func(ctx context.Context, c *iam.Client, name, arn string) error {
		_, err := c.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: &name, PolicyArn: &arn})
		return err
	},
	put: func(ctx context.Context, c *iam.Client, name, policy, document string) error {
		_, err := c.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: &policy, PolicyDocument: &document})
		return err
	},
	remove: func(ctx context.Context, c *iam.Client, name, policy string) error {
		_, err := c.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &name, PolicyName: &policy})
		return err
	},
	document: func(ctx context.Context, c *iam.Client, name, policy string) (*string, error) {
		out, err := c.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: &name, PolicyName: &policy})
		if err != nil {
			return nil, err
		}
		return out.PolicyDocument, nil
	},
	attached: func(ctx context.Context, c *iam.Client, name string, marker *string) ([]types.AttachedPolicy, *string, error) {
		out, err := c.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: &name, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.AttachedPolicies, out.Marker, nil
	},
	inline: func(ctx context.Context, c *iam.Client, name string, marker *string) ([]string, *string, error) {
		out, err := c.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: &name, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.PolicyNames, out.Marker, nil
	},
	bind: func(ctx context.Context, c *iam.Client, name, arn string) error {
		_, err := c.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: &name, PermissionsBoundary: &arn})
		return err
	},
	unbind: func(ctx context.Context, c *iam.Client, name string) error {
		_, err := c.DeleteUserPermissionsBoundary(ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: &name})
		return err
	},
	tags: func(ctx context.Context, c *iam.Client, name string, marker *string) ([]types.Tag, *string, error) {
		out, err := c.ListUserTags(ctx, &iam.ListUserTagsInput{UserName: &name, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.Tags, out.Marker, nil
	},
	tag: func(ctx context.Context, c *iam.Client, name string, tags []types.Tag) error {
		_, err := c.TagUser(ctx, &iam.TagUserInput{UserName: &name, Tags: tags})
		return err
	},
	untag: func(ctx context.Context, c *iam.Client, name string, keys []string) error {
		_, err := c.UntagUser(ctx, &iam.UntagUserInput{UserName: &name, TagKeys: keys})
		return err
	},
}

var groups = &kind{
	Word: "group", Area: "groups",
	attach: func(ctx context.Context, c *iam.Client, name, arn string) error {
		_, err := c.AttachGroupPolicy(ctx, &iam.AttachGroupPolicyInput{GroupName: &name, PolicyArn: &arn})
		return err
	},
	detach: func(ctx context.Context, c *iam.Client, name, arn string) error {
		_, err := c.DetachGroupPolicy(ctx, &iam.DetachGroupPolicyInput{GroupName: &name, PolicyArn: &arn})
		return err
	},
	put: func(ctx context.Context, c *iam.Client, name, policy, document string) error {
		_, err := c.PutGroupPolicy(ctx, &iam.PutGroupPolicyInput{GroupName: &name, PolicyName: &policy, PolicyDocument: &document})
		return err
	},
	remove: func(ctx context.Context, c *iam.Client, name, policy string) error {
		_, err := c.DeleteGroupPolicy(ctx, &iam.DeleteGroupPolicyInput{GroupName: &name, PolicyName: &policy})
		return err
	},
	document: func(ctx context.Context, c *iam.Client, name, policy string) (*string, error) {
		out, err := c.GetGroupPolicy(ctx, &iam.GetGroupPolicyInput{GroupName: &name, PolicyName: &policy})
		if err != nil {
			return nil, err
		}
		return out.PolicyDocument, nil
	},
	attached: func(ctx context.Context, c *iam.Client, name string, marker *string) ([]types.AttachedPolicy, *string, error) {
		out, err := c.ListAttachedGroupPolicies(ctx, &iam.ListAttachedGroupPoliciesInput{GroupName: &name, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.AttachedPolicies, out.Marker, nil
	},
	inline: func(ctx context.Context, c *iam.Client, name string, marker *string) ([]string, *string, error) {
		out, err := c.ListGroupPolicies(ctx, &iam.ListGroupPoliciesInput{GroupName: &name, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.PolicyNames, out.Marker, nil
	},
}

var roles = &kind{
	Word: "role", Area: "roles",
	attach: func(ctx context.Context, c *iam.Client, name, arn string) error {
		_, err := c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: &arn})
		return err
	},
	detach: func(ctx context.Context, c *iam.Client, name, arn string) error {
		_, err := c.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: &arn})
		return err
	},
	put: func(ctx context.Context, c *iam.Client, name, policy, document string) error {
		_, err := c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: &policy, PolicyDocument: &document})
		return err
	},
	remove: func(ctx context.Context, c *iam.Client, name, policy string) error {
		_, err := c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: &policy})
		return err
	},
	document: func(ctx context.Context, c *iam.Client, name, policy string) (*string, error) {
		out, err := c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &name, PolicyName: &policy})
		if err != nil {
			return nil, err
		}
		return out.PolicyDocument, nil
	},
	attached: func(ctx context.Context, c *iam.Client, name string, marker *string) ([]types.AttachedPolicy, *string, error) {
		out, err := c.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &name, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.AttachedPolicies, out.Marker, nil
	},
	inline: func(ctx context.Context, c *iam.Client, name string, marker *string) ([]string, *string, error) {
		out, err := c.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &name, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.PolicyNames, out.Marker, nil
	},
	bind: func(ctx context.Context, c *iam.Client, name, arn string) error {
		_, err := c.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &name, PermissionsBoundary: &arn})
		return err
	},
	unbind: func(ctx context.Context, c *iam.Client, name string) error {
		_, err := c.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &name})
		return err
	},
	tags: func(ctx context.Context, c *iam.Client, name string, marker *string) ([]types.Tag, *string, error) {
		out, err := c.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: &name, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.Tags, out.Marker, nil
	},
	tag: func(ctx context.Context, c *iam.Client, name string, tags []types.Tag) error {
		_, err := c.TagRole(ctx, &iam.TagRoleInput{RoleName: &name, Tags: tags})
		return err
	},
	untag: func(ctx context.Context, c *iam.Client, name string, keys []string) error {
		_, err := c.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &name, TagKeys: keys})
		return err
	},
}
