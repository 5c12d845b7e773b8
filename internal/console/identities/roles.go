package identities

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// roleRows are the pages of roles.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html
func roleRows() []page.Row {
	return []page.Row{
		{Path: "/roles", Area: "roles", Get: listRoles},
		{Path: "/create/role", Area: "roles", Get: showCreateRole, Actions: map[string]page.Action{"create": createRole}},
		{Path: "/roles/{name}", Area: "roles", Get: showRole, Actions: map[string]page.Action{
			"detach": roles.detachChosen, "boundary": roles.setBoundary, "unboundary": roles.removeBoundary, "tags": roles.saveTags,
			"trust": saveTrust, "settings": saveRole, "revoke": revokeSessions, "delete": deleteRole,
		}},
		{Path: "/roles/{name}/used", Area: "roles", Get: roleUsed},
		{Path: "/roles/{name}/last-used", Area: "roles", Get: lastUsed(roleARN)},
		roles.attachRow(), roles.inlineRow(),
	}
}

// roleEntry is a role in the list.
type roleEntry struct {
	types.Role
	Trust *document
}

// linked reports whether a role is linked to a service, which alone changes it.
func linked(r *types.Role) bool {
	return strings.HasPrefix(aws.ToString(r.Path), "/aws-service-role/")
}

func listRoles(ctx context.Context, v *page.Visit) (*page.View, error) {
	out, err := v.AWS.IAM().ListRoles(ctx, &iam.ListRolesInput{PathPrefix: page.Optional(v.Query("prefix")), Marker: page.Optional(v.Query("marker")), MaxItems: aws.Int32(listPage)})
	if err != nil {
		return nil, err
	}
	var entries []roleEntry
	for _, r := range out.Roles {
		entries = append(entries, roleEntry{r, documentOf(r.AssumeRolePolicyDocument)})
	}
	return &page.View{Title: "Roles", Template: "roles", Data: listed(v, "/roles", entries, out.Marker)}, nil
}

func getRole(ctx context.Context, v *page.Visit, name string) (*types.Role, error) {
	out, err := v.AWS.IAM().GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return nil, err
	}
	return out.Role, nil
}

func roleARN(ctx context.Context, v *page.Visit, name string) (string, error) {
	r, err := getRole(ctx, v, name)
	if err != nil {
		return "", err
	}
	return aws.ToString(r.Arn), nil
}

// roleUsed is the part of the list that tells when a role was last used.
func roleUsed(ctx context.Context, v *page.Visit) (*page.View, error) {
	r, err := getRole(ctx, v, v.Path("name"))
	if err != nil {
		return &page.View{Template: "no-part", Data: v.Problem(err), Bare: true}, nil
	}
	return &page.View{Template: "role-used", Data: r.RoleLastUsed, Bare: true}, nil
}

// role is the page of a role. Of its parts, only the one of its tab is set.
type role struct {
	Kind *kind
	Name string
	Role *types.Role
	// Linked says that it is linked to a service, which alone changes it.
	Linked bool
	// Switch is the link by which the role is switched to, to hand out.
	Switch string
	Hours  []hours
	Tab    string
	Tabs   []tab

	Trust     *document
	Held      *held
	Suggested *suggested
	Tags      *tagged
}

var roleTabs = []tab{
	{ID: "permissions", Text: "Permissions"}, {ID: "trust", Text: "Trust relationships"}, {ID: "tags", Text: "Tags"},
	{ID: "used", Text: "Last used"}, {ID: "sessions", Text: "Revoke sessions"}, {ID: "settings", Text: "Settings"},
}

// hours is a choice of the longest session.
type hours struct {
	Seconds int32
	Text    string
	Now     bool
}

// sessionHours are the longest sessions that a role may allow, from one to twelve hours.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
func sessionHours(now int32) []hours {
	var all []hours
	for _, n := range []int32{1, 2, 4, 8, 12} {
		all = append(all, hours{n * 3600, strconv.Itoa(int(n)) + " h", n*3600 == now})
	}
	for _, h := range all {
		if h.Now || now == 0 {
			return all
		}
	}
	return append(all, hours{now, (time.Duration(now) * time.Second).String(), true})
}

func showRole(ctx context.Context, v *page.Visit) (*page.View, error) {
	name := v.Path("name")
	r := role{Kind: roles, Name: name}
	r.Tab, r.Tabs = tabsOf(v, roleTabs, roles.path(name))
	var err error
	parts := []func(){func() { r.Role, err = getRole(ctx, v, name) }}
	switch r.Tab {
	case "permissions":
		parts = append(parts, func() { r.Held = roles.policies(ctx, v, name) }, func() { r.Suggested = suggestPolicies(ctx, v) })
	case "tags":
		parts = append(parts, func() { r.Tags = roles.showTags(ctx, v, name) })
	}
	v.Together(parts...)
	if err != nil {
		return nil, err
	}
	r.Linked, r.Trust = linked(r.Role), documentOf(r.Role.AssumeRolePolicyDocument)
	if r.Held != nil {
		r.Held.Fixed = r.Linked
	}
	r.Hours = sessionHours(aws.ToInt32(r.Role.MaxSessionDuration))
	r.Switch = address(v) + page.Query("/switchrole", "account", v.Account(), "roleName", strings.TrimPrefix(aws.ToString(r.Role.Path), "/")+name)
	return &page.View{Title: name, Crumbs: roles.crumbs(name), Template: "role", Data: r}, nil
}

// saveTrust makes the trust policy what is typed, exactly.
func saveTrust(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, text := v.Path("name"), v.Form("trust")
	if _, err := v.AWS.IAM().UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &name, PolicyDocument: &text}); err != nil {
		return nil, err
	}
	return &page.Done{To: page.Query(roles.path(name), "tab", "trust"), Note: "The trust policy of the role " + name + " is saved."}, nil
}

// saveRole sets the description and the longest session, both at once as UpdateRole does.
func saveRole(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, description := v.Path("name"), v.Text("description")
	seconds, err := strconv.ParseInt(v.Form("max-session"), 10, 32)
	if err != nil {
		return nil, page.Invalid("Choose the longest session.")
	}
	if _, err := v.AWS.IAM().UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: &name, Description: &description, MaxSessionDuration: aws.Int32(int32(seconds))}); err != nil {
		return nil, err
	}
	return &page.Done{To: page.Query(roles.path(name), "tab", "settings"), Note: "The role " + name + " is changed."}, nil
}

// revokePolicy is the inline policy by which AWS's console revokes sessions.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
const revokePolicy = "AWSRevokeOlderSessions"

// revokeSessions denies everything to the sessions that began until now.
func revokeSessions(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Path("name")
	if err := v.Confirmed(name); err != nil {
		return nil, err
	}
	text := `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Deny",
      "Action": ["*"],
      "Resource": ["*"],
      "Condition": {
        "DateLessThan": {"aws:TokenIssueTime": "` + v.Now().UTC().Format("2006-01-02T15:04:05.000Z") + `"}
      }
    }
  ]
}`
	if err := roles.put(ctx, v.AWS.IAM(), name, revokePolicy, text); err != nil {
		return nil, err
	}
	return &page.Done{To: roles.path(name), Note: "Sessions of the role " + name + " that began until now may do nothing any more."}, nil
}

// deleteRole deletes a role, and before it what IAM wants removed: its policies, and its places in instance profiles.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html
func deleteRole(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, c := v.Path("name"), v.AWS.IAM()
	if err := v.Confirmed(name); err != nil {
		return nil, err
	}
	profiles, err := whole(func(marker *string) ([]types.InstanceProfile, *string, error) {
		out, err := c.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: &name, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.InstanceProfiles, out.Marker, nil
	})
	if err != nil {
		return nil, err
	}
	for _, profile := range profiles {
		if _, err := c.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{RoleName: &name, InstanceProfileName: profile.InstanceProfileName}); err != nil {
			return nil, err
		}
	}
	if err := roles.strip(ctx, v, name); err != nil {
		return nil, err
	}
	if _, err := c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name}); err != nil {
		return nil, err
	}
	return &page.Done{To: "/roles", Note: "The role " + name + " is deleted."}, nil
}
