package iamapi

import (
	"context"
	"time"

	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/query"
)

type inlineShape struct{ PolicyName, PolicyDocument string }

type userDetailShape struct {
	Path                    string
	UserName                string
	UserId                  string
	Arn                     string
	CreateDate              string
	UserPolicyList          query.List[inlineShape]
	GroupList               query.List[string]
	AttachedManagedPolicies query.List[attachedShape]
	PermissionsBoundary     *boundaryShape `xml:",omitempty"`
	Tags                    query.List[tagShape]
}

type groupDetailShape struct {
	groupShape
	GroupPolicyList         query.List[inlineShape]
	AttachedManagedPolicies query.List[attachedShape]
}

type roleDetailShape struct {
	Path                     string
	RoleName                 string
	RoleId                   string
	Arn                      string
	CreateDate               string
	AssumeRolePolicyDocument string
	InstanceProfileList      query.List[instanceProfileShape]
	RolePolicyList           query.List[inlineShape]
	AttachedManagedPolicies  query.List[attachedShape]
	PermissionsBoundary      *boundaryShape `xml:",omitempty"`
	Tags                     query.List[tagShape]
	RoleLastUsed             *roleUseShape
}

type policyDetailShape struct {
	policyShape
	PolicyVersionList query.List[versionShape]
}

type detailsResult struct {
	UserDetailList  query.List[userDetailShape]
	GroupDetailList query.List[groupDetailShape]
	RoleDetailList  query.List[roleDetailShape]
	Policies        query.List[policyDetailShape]
	pageShape
}

// roleUseShape is when a role was last used; empty if it was not within the tracking period.
type roleUseShape struct {
	LastUsedDate string `xml:",omitempty"`
	Region       string `xml:",omitempty"`
}

func roleUseOf(u *records.Usage) *roleUseShape {
	if u.Used == 0 {
		return new(roleUseShape)
	}
	return &roleUseShape{timeOf(u.Used), u.Region}
}

// roleUse returns when a role was last used.
func (a *api) roleUse(ctx context.Context, account ids.AccountID, id ids.UniqueID) (*roleUseShape, error) {
	all, err := a.reports.Principals(ctx, account, []string{string(id)})
	if err != nil {
		return nil, err
	}
	return roleUseOf(all[0]), nil
}

// timeOf renders a time as records keep it.
func timeOf(nanoseconds int64) string { return query.Time(time.Unix(0, nanoseconds)) }

// decodeDetails reads the parameters of GetAccountAuthorizationDetails.
func decodeDetails(q *query.Reader, in *wholeInput) {
	in.page = page(q)
	for _, kind := range q.Strings("Filter", maxFilter, filterRules...) {
		in.filter = append(in.filter, iam.DetailKind(kind))
	}
}

// maxFilter is how many kinds a filter may name, which may be repeated.
const maxFilter = 100

var filterRules = []query.Rule{query.Enum(string(iam.UserDetails), string(iam.RoleDetails), string(iam.GroupDetails),
	string(iam.LocalPolicyDetails), string(iam.AWSPolicyDetails))}

// authorizationDetails answers a page of everything that an account has.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
func (a *api) authorizationDetails(ctx context.Context, account ids.AccountID, in *wholeInput) (any, error) {
	d, err := a.iam.Details(ctx, account, in.filter, in.page)
	if err != nil {
		return nil, err
	}
	var roles []string
	for i := range d.Roles {
		roles = append(roles, string(d.Roles[i].ID))
	}
	uses, err := a.reports.Principals(ctx, account, roles)
	if err != nil {
		return nil, err
	}
	result := &detailsResult{
		UserDetailList: listOf(d.Users, userDetailOf), GroupDetailList: listOf(d.Groups, groupDetailOf),
		Policies: listOf(d.Policies, policyDetailOf), pageShape: pageOf(d.Marker),
	}
	for i := range d.Roles {
		result.RoleDetailList.Members = append(result.RoleDetailList.Members, roleDetailOf(&d.Roles[i], uses[i]))
	}
	return result, nil
}

func inlineOf(p iam.InlinePolicy) inlineShape {
	return inlineShape{p.Name, query.EscapeDocument(p.Document)}
}

func attachedOf(p iam.AttachedPolicy) attachedShape { return attachedShape{p.Name, p.ARN} }

func userDetailOf(u iam.UserDetail) userDetailShape {
	return userDetailShape{
		Path: u.Path, UserName: u.Name, UserId: string(u.ID), Arn: u.ARN, CreateDate: query.Time(u.Created),
		UserPolicyList: listOf(u.Inline, inlineOf), GroupList: query.List[string]{Members: u.Groups},
		AttachedManagedPolicies: listOf(u.Attached, attachedOf), PermissionsBoundary: boundaryOf(u.Boundary), Tags: listOf(u.Tags, tagOf),
	}
}

func groupDetailOf(g iam.GroupDetail) groupDetailShape {
	return groupDetailShape{groupOf(g.Group), listOf(g.Inline, inlineOf), listOf(g.Attached, attachedOf)}
}

func roleDetailOf(r *iam.RoleDetail, use *records.Usage) roleDetailShape {
	return roleDetailShape{
		Path: r.Path, RoleName: r.Name, RoleId: string(r.ID), Arn: r.ARN, CreateDate: query.Time(r.Created),
		AssumeRolePolicyDocument: query.EscapeDocument(r.Trust), InstanceProfileList: listOf(r.Profiles, instanceProfileOf),
		RolePolicyList:          listOf(r.Inline, inlineOf),
		AttachedManagedPolicies: listOf(r.Attached, attachedOf), PermissionsBoundary: boundaryOf(r.Boundary),
		Tags: listOf(r.Tags, tagOf), RoleLastUsed: roleUseOf(use),
	}
}

func policyDetailOf(p iam.PolicyDetail) policyDetailShape {
	s := policyDetailShape{policyOf(p.Policy), listOf(p.Versions, versionOf)}
	s.Tags = nil // which the API's model does not have here
	return s
}
