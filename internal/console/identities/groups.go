package identities

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// groupRows are the pages of groups.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_groups.html
func groupRows() []page.Row {
	return []page.Row{
		{Path: "/groups", Area: "groups", Get: listGroups},
		{Path: "/create/group", Area: "groups", Get: showCreateGroup, Actions: map[string]page.Action{"create": createGroup}},
		{Path: "/groups/{name}", Area: "groups", Get: showGroup, Actions: map[string]page.Action{
			"detach": groups.detachChosen, "add": addMember, "remove": removeMembers, "rename": renameGroup, "delete": deleteGroup,
		}},
		{Path: "/groups/{name}/last-used", Area: "groups", Get: lastUsed(groupARN)},
		groups.attachRow(), groups.inlineRow(),
	}
}

func listGroups(ctx context.Context, v *page.Visit) (*page.View, error) {
	out, err := v.AWS.IAM().ListGroups(ctx, &iam.ListGroupsInput{PathPrefix: page.Optional(v.Query("prefix")), Marker: page.Optional(v.Query("marker")), MaxItems: aws.Int32(listPage)})
	if err != nil {
		return nil, err
	}
	return &page.View{Title: "Groups", Template: "groups", Data: listed(v, "/groups", out.Groups, out.Marker)}, nil
}

func showCreateGroup(ctx context.Context, v *page.Visit) (*page.View, error) {
	c := creatingUser{Suggested: suggestPolicies(ctx, v)}
	if v.Failed != nil {
		c.Policies = v.Forms("policy")
	}
	return &page.View{Title: "Create group", Crumbs: []page.Crumb{{Text: "Groups", To: "/groups"}, {Text: "Create group"}}, Template: "group-create", Data: c}, nil
}

func createGroup(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Text("name")
	if name == "" {
		return nil, page.Invalid("Type a name for the group.")
	}
	if _, err := v.AWS.IAM().CreateGroup(ctx, &iam.CreateGroupInput{GroupName: &name, Path: page.Optional(v.Text("path"))}); err != nil {
		return nil, err
	}
	return created(v, groups, name, groups.attachAll(ctx, v, name, v.Forms("policy")))
}

// created leads to what was made. err is what went wrong with a step after it was there.
func created(v *page.Visit, k *kind, name string, err error) (*page.Done, error) {
	if v.Dry() || err == nil {
		return &page.Done{To: k.path(name), Note: "The " + k.Word + " " + name + " is there."}, err
	}
	return &page.Done{View: &page.View{Title: name, Crumbs: k.crumbs(name, "Created"), Template: "made", Data: made{k, name, v.Problem(err)}}}, nil
}

// made is what is there, but for a step that failed.
type made struct {
	Kind    *kind
	Name    string
	Problem *page.Problem
}

// group is the page of a group. Of its parts, only those of its tab are set.
type group struct {
	Kind  *kind
	Name  string
	Group *types.Group
	Tab   string
	Tabs  []tab

	Members list[types.User]
	// Names are users to choose from.
	Names []string
	Held  *held
}

var groupTabs = []tab{{ID: "members", Text: "Members"}, {ID: "permissions", Text: "Permissions"}, {ID: "used", Text: "Last used"}, {ID: "settings", Text: "Settings"}}

func showGroup(ctx context.Context, v *page.Visit) (*page.View, error) {
	name := v.Path("name")
	g := group{Kind: groups, Name: name}
	g.Tab, g.Tabs = tabsOf(v, groupTabs, groups.path(name))
	var err error
	parts := []func(){func() {
		var out *iam.GetGroupOutput
		if out, err = v.AWS.IAM().GetGroup(ctx, &iam.GetGroupInput{GroupName: &name, Marker: page.Optional(v.Query("marker")), MaxItems: aws.Int32(listPage)}); err == nil {
			g.Group, g.Members = out.Group, listed(v, groups.path(name), out.Users, out.Marker)
		}
	}}
	switch g.Tab {
	case "members":
		parts = append(parts, func() { g.Names = userNames(ctx, v) })
	case "permissions":
		parts = append(parts, func() { g.Held = groups.policies(ctx, v, name) })
	}
	v.Together(parts...)
	if err != nil {
		return nil, err
	}
	return &page.View{Title: name, Crumbs: groups.crumbs(name), Template: "group", Data: g}, nil
}

func groupARN(ctx context.Context, v *page.Visit, name string) (string, error) {
	out, err := v.AWS.IAM().GetGroup(ctx, &iam.GetGroupInput{GroupName: &name, MaxItems: aws.Int32(1)})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Group.Arn), nil
}

// userNames returns the first users of the account, to choose from; none for those who may not list them.
func userNames(ctx context.Context, v *page.Visit) []string {
	out, err := v.AWS.IAM().ListUsers(ctx, &iam.ListUsersInput{MaxItems: aws.Int32(100)})
	if err != nil {
		return nil
	}
	var names []string
	for _, u := range out.Users {
		names = append(names, aws.ToString(u.UserName))
	}
	return names
}

func addMember(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, user := v.Path("name"), v.Text("user")
	if user == "" {
		return nil, page.Invalid("Type the name of a user.")
	}
	if _, err := v.AWS.IAM().AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: &name, UserName: &user}); err != nil {
		return nil, err
	}
	return &page.Done{To: groups.path(name), Note: user + " is a member of " + name + " now."}, nil
}

func removeMembers(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Path("name")
	members, err := chosen(v, "user", "Choose the users to remove.")
	if err != nil {
		return nil, err
	}
	for _, user := range members {
		if _, err := v.AWS.IAM().RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{GroupName: &name, UserName: &user}); err != nil {
			return nil, err
		}
	}
	return &page.Done{To: groups.path(name), Note: "Removed from " + name + "."}, nil
}

func renameGroup(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, to := v.Path("name"), v.Text("name")
	in := &iam.UpdateGroupInput{GroupName: &name, NewPath: page.Optional(v.Text("path"))}
	if to == "" {
		return nil, page.Invalid("Type a name.")
	}
	if to != name {
		in.NewGroupName = &to
	}
	if _, err := v.AWS.IAM().UpdateGroup(ctx, in); err != nil {
		return nil, err
	}
	return &page.Done{To: page.Query(groups.path(to), "tab", "settings"), Note: "The group " + to + " is changed."}, nil
}

// deleteGroup deletes a group, and before it what IAM wants removed: its members and policies.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html
func deleteGroup(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, c := v.Path("name"), v.AWS.IAM()
	if err := v.Confirmed(name); err != nil {
		return nil, err
	}
	members, err := whole(func(marker *string) ([]types.User, *string, error) {
		out, err := c.GetGroup(ctx, &iam.GetGroupInput{GroupName: &name, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.Users, out.Marker, nil
	})
	if err != nil {
		return nil, err
	}
	for _, user := range members {
		if _, err := c.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{GroupName: &name, UserName: user.UserName}); err != nil {
			return nil, err
		}
	}
	if err := groups.strip(ctx, v, name); err != nil {
		return nil, err
	}
	if _, err := c.DeleteGroup(ctx, &iam.DeleteGroupInput{GroupName: &name}); err != nil {
		return nil, err
	}
	return &page.Done{To: "/groups", Note: "The group " + name + " is deleted."}, nil
}
