package iamapi

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/query"
)

type instanceProfileShape struct {
	Path                string
	InstanceProfileName string
	InstanceProfileId   string
	Arn                 string
	CreateDate          string
	Roles               query.List[roleShape]
	Tags                *query.List[tagShape] `xml:",omitempty"`
}

type instanceProfileResult struct{ InstanceProfile instanceProfileShape }

type instanceProfilesResult struct {
	InstanceProfiles query.List[instanceProfileShape]
	pageShape
}

func instanceProfileOf(p iam.InstanceProfile) instanceProfileShape {
	shape := instanceProfileShape{
		Path: p.Path, InstanceProfileName: p.Name, InstanceProfileId: string(p.ID), Arn: p.ARN, CreateDate: query.Time(p.Created),
		Tags: tagsOf(p.Tags),
	}
	if p.Role != nil {
		shape.Roles.Members = []roleShape{profileRole(*p.Role)}
	}
	return shape
}

// listedInstanceProfile is an instance profile in a list, which does not tell its tags.
func listedInstanceProfile(p iam.InstanceProfile) instanceProfileShape {
	s := instanceProfileOf(p)
	s.Tags = nil
	return s
}

// profileRole is a role in an instance profile, of which less is told.
//
// Source: https://docs.aws.amazon.com/cli/latest/reference/iam/get-instance-profile.html
func profileRole(r iam.Role) roleShape {
	s := listedRole(r)
	s.Description, s.MaxSessionDuration = "", 0
	return s
}

// instanceProfiles returns the rows for instance profiles.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
func (a *api) instanceProfiles() []httpapi.Operation {
	return []httpapi.Operation{
		a.createInstanceProfile(),
		a.addRoleToInstanceProfile(),
		a.entity(entityRow{
			name: "GetInstanceProfile", kind: keys.InstanceProfileKind,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				profile, err := a.iam.InstanceProfile(ctx, account, in.name)
				return &instanceProfileResult{instanceProfileOf(profile)}, err
			},
		}),
		a.list(listRow{
			name: "ListInstanceProfiles", resource: underType("instance-profile"), decode: decodePathPrefix,
			run: func(ctx context.Context, account ids.AccountID, in *listInput) (any, error) {
				list, err := a.iam.InstanceProfiles(ctx, account, in.pathPrefix, in.page)
				return &instanceProfilesResult{listOf(list.Items, listedInstanceProfile), pageOf(list.Marker)}, err
			},
		}),
		a.entity(entityRow{
			name: "ListInstanceProfilesForRole", kind: keys.RoleKind, decode: decodePage,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				list, err := a.iam.InstanceProfilesForRole(ctx, account, in.name, in.page)
				return &instanceProfilesResult{listOf(list.Items, listedInstanceProfile), pageOf(list.Marker)}, err
			},
		}),
		a.entity(entityRow{
			name: "RemoveRoleFromInstanceProfile", kind: keys.InstanceProfileKind,
			decode: func(_ *httpapi.Call, q *query.Reader, in *entityInput) error {
				in.member = q.Required("RoleName", roleRules...)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.RemoveRoleFromInstanceProfile(ctx, account, in.name, in.member)
			},
		}),
		a.entity(entityRow{
			name: "DeleteInstanceProfile", kind: keys.InstanceProfileKind,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.DeleteInstanceProfile(ctx, account, in.name)
			},
		}),
	}
}

// createInstanceProfile is the row of CreateInstanceProfile.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html
func (a *api) createInstanceProfile() httpapi.Operation {
	return queryapi.Row[iam.NewInstanceProfile]{
		Name: "CreateInstanceProfile",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*iam.NewInstanceProfile, error) {
			return &iam.NewInstanceProfile{
				Name: q.Required("InstanceProfileName", profileRules...), Path: q.StringOr("Path", "/", pathRules...), Tags: tags(q),
			}, nil
		},
		Checks: func(c *httpapi.Call, in *iam.NewInstanceProfile) []access.Check {
			resource := arn.InstanceProfile(c.Caller.Account, in.Path, in.Name).String()
			return creation("iam:CreateInstanceProfile", "iam:TagInstanceProfile", resource, "", in.Tags)
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *iam.NewInstanceProfile) (any, error) {
			profile, err := a.iam.CreateInstanceProfile(ctx, c.Caller.Account, *in)
			return &instanceProfileResult{instanceProfileOf(profile)}, err
		},
	}.Operation(protocol)
}

// addRoleInput is the input of AddRoleToInstanceProfile: names, and what authorization needs of them.
type addRoleInput struct {
	profile, role             string
	profileTarget, roleTarget iam.Target
}

// addRoleToInstanceProfile is the row of AddRoleToInstanceProfile. Whoever does it hands the role to EC2, and
// needs iam:PassRole on it as well: for instances that are not known yet, which is what the ARN of no Region and no
// instance stands for.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html
func (a *api) addRoleToInstanceProfile() httpapi.Operation {
	return queryapi.Row[addRoleInput]{
		Name: "AddRoleToInstanceProfile",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*addRoleInput, error) {
			return &addRoleInput{profile: entityName(q, keys.InstanceProfileKind), role: entityName(q, keys.RoleKind)}, nil
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *addRoleInput) (err error) {
			if in.profileTarget, err = a.iam.Target(ctx, c.Caller.Account, keys.InstanceProfileKind, in.profile); err != nil {
				return err
			}
			in.roleTarget, err = a.iam.Target(ctx, c.Caller.Account, keys.RoleKind, in.role)
			return err
		},
		Checks: func(c *httpapi.Call, in *addRoleInput) []access.Check {
			return []access.Check{
				{Action: "iam:AddRoleToInstanceProfile", Resource: in.profileTarget.ARN, Keys: func(k *policy.Context) {
					resourceTags(k, in.profileTarget.Tags, keys.InstanceProfileKind)
				}},
				{Action: "iam:PassRole", Resource: in.roleTarget.ARN, Keys: func(k *policy.Context) {
					resourceTags(k, in.roleTarget.Tags, keys.RoleKind)
					k.Set("iam:PassedToService", "ec2.amazonaws.com")
					k.Set("iam:AssociatedResourceArn", "arn:aws:ec2:*:"+string(c.Caller.Account)+":instance/*")
				}},
			}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *addRoleInput) (any, error) {
			return nil, a.iam.AddRoleToInstanceProfile(ctx, c.Caller.Account, in.profile, in.role)
		},
	}.Operation(protocol)
}
