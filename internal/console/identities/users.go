package identities

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// listPage is how many entries a page of a list has.
const listPage = 50

// userRows are the pages of users.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users.html
func userRows() []page.Row {
	return []page.Row{
		{Path: "/users", Area: "users", Get: listUsers},
		{Path: "/create/user", Area: "users", Get: showCreateUser, Actions: map[string]page.Action{"create": createUser}},
		{Path: "/users/{name}", Area: "users", Get: showUser, Actions: map[string]page.Action{
			"detach": users.detachChosen, "boundary": users.setBoundary, "unboundary": users.removeBoundary, "tags": users.saveTags,
			"join": joinGroups, "leave": leaveGroups,
			"password-create": createPassword, "password-update": updatePassword, "password-delete": deletePassword,
			"key-create": createKey, "key-download": downloadKey, "key-status": setKeyStatus, "key-delete": deleteKey,
			"mfa-resync": resyncMFA, "mfa-deactivate": deactivateMFA,
			"rename": renameUser, "delete": deleteUser,
		}},
		{Path: "/users/{name}/groups-of", Area: "users", Get: groupsOf},
		{Path: "/users/{name}/last-used", Area: "users", Get: lastUsed(userARN)},
		{Path: "/users/{name}/mfa", Area: "users", Get: showNewMFA, Actions: map[string]page.Action{"mfa-create": createMFA, "mfa-enable": enableMFA, "mfa-discard": discardMFA}},
		users.attachRow(), users.inlineRow(),
	}
}

// list is a page of a list.
type list[T any] struct {
	Items       []T
	Prefix      string
	Next, First string
}

// listed makes a page of a list below a path.
func listed[T any](v *page.Visit, path string, items []T, marker *string) list[T] {
	l := list[T]{Items: items, Prefix: v.Query("prefix")}
	if next := aws.ToString(marker); next != "" {
		l.Next = page.Query(path, "prefix", l.Prefix, "marker", next)
	}
	if v.Query("marker") != "" {
		l.First = page.Query(path, "prefix", l.Prefix)
	}
	return l
}

func listUsers(ctx context.Context, v *page.Visit) (*page.View, error) {
	out, err := v.AWS.IAM().ListUsers(ctx, &iam.ListUsersInput{PathPrefix: page.Optional(v.Query("prefix")), Marker: page.Optional(v.Query("marker")), MaxItems: aws.Int32(listPage)})
	if err != nil {
		return nil, err
	}
	return &page.View{Title: "Users", Template: "users", Data: listed(v, "/users", out.Users, out.Marker)}, nil
}

// groupsOf is the part of the list that tells the groups of a user.
func groupsOf(ctx context.Context, v *page.Visit) (*page.View, error) {
	found, err := groupsOfUser(ctx, v, v.Path("name"))
	if err != nil {
		return &page.View{Template: "no-part", Data: v.Problem(err), Bare: true}, nil
	}
	return &page.View{Template: "groups-of", Data: found, Bare: true}, nil
}

func groupsOfUser(ctx context.Context, v *page.Visit, name string) ([]types.Group, error) {
	return whole(func(marker *string) ([]types.Group, *string, error) {
		out, err := v.AWS.IAM().ListGroupsForUser(ctx, &iam.ListGroupsForUserInput{UserName: &name, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.Groups, out.Marker, nil
	})
}

// user is the page of a user. Of its parts, only the one of its tab is set.
type user struct {
	Kind *kind
	User *types.User
	Name string
	Tab  string
	Tabs []tab

	Held      *held
	Suggested *suggested // for the boundary
	ViaGroups []viaGroup
	ViaNone   *page.Problem
	Groups    *memberships
	Logins    *logins
	Tags      *tagged
}

// tab is a part of a page, with the address that shows it.
type tab struct{ ID, Text, To string }

var userTabs = []tab{
	{ID: "permissions", Text: "Permissions"}, {ID: "groups", Text: "Groups"}, {ID: "credentials", Text: "Security credentials"},
	{ID: "tags", Text: "Tags"}, {ID: "used", Text: "Last used"}, {ID: "settings", Text: "Settings"},
}

// tabsOf returns the tab that is asked for, or the first, and all tabs of a page.
func tabsOf(v *page.Visit, tabs []tab, path string, query ...string) (string, []tab) {
	now, out := tabs[0].ID, slices.Clone(tabs)
	for i, t := range out {
		if t.ID == v.Query("tab") {
			now = t.ID
		}
		out[i].To = page.Query(path, append(slices.Clone(query), "tab", t.ID)...)
	}
	return now, out
}

func getUser(ctx context.Context, v *page.Visit, name string) (*types.User, error) {
	out, err := v.AWS.IAM().GetUser(ctx, &iam.GetUserInput{UserName: &name})
	if err != nil {
		return nil, err
	}
	return out.User, nil
}

func userARN(ctx context.Context, v *page.Visit, name string) (string, error) {
	u, err := getUser(ctx, v, name)
	if err != nil {
		return "", err
	}
	return aws.ToString(u.Arn), nil
}

func showUser(ctx context.Context, v *page.Visit) (*page.View, error) {
	name := v.Path("name")
	u := user{Kind: users, Name: name}
	u.Tab, u.Tabs = tabsOf(v, userTabs, users.path(name))
	var err error
	parts := []func(){func() { u.User, err = getUser(ctx, v, name) }}
	switch u.Tab {
	case "permissions":
		parts = append(parts, func() { u.Held = users.policies(ctx, v, name) }, func() { u.ViaGroups, u.ViaNone = viaGroups(ctx, v, name) }, func() { u.Suggested = suggestPolicies(ctx, v) })
	case "groups":
		parts = append(parts, func() { u.Groups = membershipsOf(ctx, v, name) })
	case "credentials":
		parts = append(parts, func() { u.Logins = loginsOf(ctx, v, name) })
	case "tags":
		parts = append(parts, func() { u.Tags = users.showTags(ctx, v, name) })
	}
	v.Together(parts...)
	if err != nil {
		return nil, err
	}
	return &page.View{Title: name, Crumbs: users.crumbs(name), Template: "user", Data: u}, nil
}

func renameUser(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, to, path := v.Path("name"), v.Text("name"), v.Text("path")
	in := &iam.UpdateUserInput{UserName: &name, NewPath: page.Optional(path)}
	if to != name {
		in.NewUserName = page.Optional(to)
	}
	if to == "" {
		return nil, page.Invalid("Type a name.")
	}
	if _, err := v.AWS.IAM().UpdateUser(ctx, in); err != nil {
		return nil, err
	}
	return &page.Done{To: page.Query(users.path(to), "tab", "settings"), Note: "The user " + to + " is changed. Policies that name its ARN do not follow."}, nil
}

// address is where the console is, as its visitor sees it.
func address(v *page.Visit) string {
	if v.Request.TLS != nil {
		return "https://" + v.Request.Host
	}
	return "http://" + v.Request.Host
}

// signInLink is what an administrator hands to a new user.
func signInLink(v *page.Visit, name string) string {
	return address(v) + page.Query("/signin", "account", v.Account(), "user", name)
}

// absent reports whether there is no such entity.
func absent(err error) bool { return page.Absent(err, "NoSuchEntity", "NoSuchEntityException") }
