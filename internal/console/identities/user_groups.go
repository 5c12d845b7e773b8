package identities

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// memberships is the groups of a user.
type memberships struct {
	In      []types.Group
	Problem *page.Problem
	// Names are groups to choose from: the first ones of the account.
	Names []string
}

// viaGroup is the policies that a user has through a group.
type viaGroup struct {
	Name string
	*held
}

// viaGroups returns the policies that a user has through groups.
func viaGroups(ctx context.Context, v *page.Visit, name string) ([]viaGroup, *page.Problem) {
	in, err := groupsOfUser(ctx, v, name)
	via := make([]viaGroup, len(in))
	parts := make([]func(), len(in))
	for i, g := range in {
		parts[i] = func() {
			group := aws.ToString(g.GroupName)
			via[i] = viaGroup{group, groups.policies(ctx, v, group)}
		}
	}
	v.Together(parts...)
	return via, v.Problem(err)
}

func membershipsOf(ctx context.Context, v *page.Visit, name string) *memberships {
	m := &memberships{}
	v.Together(func() {
		var err error
		m.In, err = groupsOfUser(ctx, v, name)
		m.Problem = v.Problem(err)
	}, func() { m.Names = groupNames(ctx, v) })
	return m
}

// groupNames returns the first groups of the account, to choose from; none for those who may not list them.
func groupNames(ctx context.Context, v *page.Visit) []string {
	out, err := v.AWS.IAM().ListGroups(ctx, &iam.ListGroupsInput{MaxItems: aws.Int32(100)})
	if err != nil {
		return nil
	}
	var names []string
	for _, g := range out.Groups {
		names = append(names, aws.ToString(g.GroupName))
	}
	return names
}

func joinGroups(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, group := v.Path("name"), v.Text("group")
	if group == "" {
		return nil, page.Invalid("Type the name of a group.")
	}
	if _, err := v.AWS.IAM().AddUserToGroup(ctx, &iam.AddUserToGroupInput{UserName: &name, GroupName: &group}); err != nil {
		return nil, err
	}
	return &page.Done{To: page.Query(users.path(name), "tab", "groups"), Note: name + " is a member of " + group + " now."}, nil
}

func leaveGroups(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Path("name")
	names, err := chosen(v, "group", "Choose the groups to leave.")
	if err != nil {
		return nil, err
	}
	for _, group := range names {
		if _, err := v.AWS.IAM().RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{UserName: &name, GroupName: &group}); err != nil {
			return nil, err
		}
	}
	return &page.Done{To: page.Query(users.path(name), "tab", "groups"), Note: name + " has left the groups."}, nil
}
