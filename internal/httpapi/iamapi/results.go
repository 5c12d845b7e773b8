package iamapi

import (
	"time"

	"crossgrant/internal/iam"
	"crossgrant/internal/wire/query"
)

// The shapes of answers. Fields have the names of the API's model; one that is left out of an answer
// when empty says so in its tag.

type userShape struct {
	Path                string `xml:",omitempty"`
	UserName            string `xml:",omitempty"`
	UserId              string
	Arn                 string
	CreateDate          string
	PasswordLastUsed    string                `xml:",omitempty"`
	PermissionsBoundary *boundaryShape        `xml:",omitempty"`
	Tags                *query.List[tagShape] `xml:",omitempty"`
}

type groupShape struct{ Path, GroupName, GroupId, Arn, CreateDate string }

type roleShape struct {
	Path                     string
	RoleName                 string
	RoleId                   string
	Arn                      string
	CreateDate               string
	AssumeRolePolicyDocument string
	Description              string                `xml:",omitempty"`
	MaxSessionDuration       int                   `xml:",omitempty"`
	PermissionsBoundary      *boundaryShape        `xml:",omitempty"`
	Tags                     *query.List[tagShape] `xml:",omitempty"`
	RoleLastUsed             *roleUseShape         `xml:",omitempty"`
}

type policyShape struct {
	PolicyName                    string
	PolicyId                      string
	Arn                           string
	Path                          string
	DefaultVersionId              string
	AttachmentCount               int
	PermissionsBoundaryUsageCount int
	IsAttachable                  bool
	Description                   string `xml:",omitempty"`
	CreateDate                    string
	UpdateDate                    string
	Tags                          *query.List[tagShape] `xml:",omitempty"`
}

type versionShape struct {
	Document         string `xml:",omitempty"`
	VersionId        string
	IsDefaultVersion bool
	CreateDate       string
}

type accessKeyShape struct {
	UserName        string `xml:",omitempty"`
	AccessKeyId     string
	Status          string
	SecretAccessKey string `xml:",omitempty"`
	CreateDate      string
}

type boundaryShape struct{ PermissionsBoundaryType, PermissionsBoundaryArn string }

type tagShape struct{ Key, Value string }

type attachedShape struct{ PolicyName, PolicyArn string }

// pageShape ends every list.
type pageShape struct {
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

func pageOf(marker string) pageShape { return pageShape{IsTruncated: marker != "", Marker: marker} }

// listOf renders items with one shape each.
func listOf[T, S any](items []T, shape func(T) S) query.List[S] {
	list := query.List[S]{}
	for _, item := range items {
		list.Members = append(list.Members, shape(item))
	}
	return list
}

func userOf(u iam.User) userShape {
	return userShape{
		Path: u.Path, UserName: u.Name, UserId: string(u.ID), Arn: u.ARN, CreateDate: query.Time(u.Created), PasswordLastUsed: lastUsed(u.PasswordLastUsed),
		PermissionsBoundary: boundaryOf(u.Boundary), Tags: tagsOf(u.Tags),
	}
}

// lastUsed returns a time that is left out if it is zero.
func lastUsed(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return query.Time(t)
}

// listedUser is a user in a list, which tells less.
func listedUser(u iam.User) userShape {
	s := userOf(u)
	s.PermissionsBoundary, s.Tags = nil, nil
	return s
}

func groupOf(g iam.Group) groupShape {
	return groupShape{Path: g.Path, GroupName: g.Name, GroupId: string(g.ID), Arn: g.ARN, CreateDate: query.Time(g.Created)}
}

func roleOf(r iam.Role) roleShape {
	return roleShape{
		Path: r.Path, RoleName: r.Name, RoleId: string(r.ID), Arn: r.ARN, CreateDate: query.Time(r.Created),
		AssumeRolePolicyDocument: query.EscapeDocument(r.Trust), Description: r.Description,
		MaxSessionDuration:  int(r.MaxSession / time.Second),
		PermissionsBoundary: boundaryOf(r.Boundary), Tags: tagsOf(r.Tags), RoleLastUsed: new(roleUseShape),
	}
}

// listedRole is a role in a list, which tells less.
func listedRole(r iam.Role) roleShape {
	s := roleOf(r)
	s.PermissionsBoundary, s.Tags, s.RoleLastUsed = nil, nil, nil
	return s
}

// createdRole is a role in the answer of CreateRole, which tells less.
func createdRole(r iam.Role) roleShape {
	s := roleOf(r)
	s.MaxSessionDuration, s.RoleLastUsed = 0, nil
	return s
}

func policyOf(p iam.Policy) policyShape {
	list := listOf(p.Tags, tagOf)
	return policyShape{
		PolicyName: p.Name, PolicyId: string(p.ID), Arn: p.ARN, Path: p.Path, DefaultVersionId: p.DefaultVersion,
		AttachmentCount: p.Attachments, PermissionsBoundaryUsageCount: p.BoundaryUses, IsAttachable: true,
		Description: p.Description, CreateDate: query.Time(p.Created), UpdateDate: query.Time(p.Updated), Tags: &list,
	}
}

// listedPolicy is a policy in a list, which tells less.
func listedPolicy(p iam.Policy) policyShape {
	s := policyOf(p)
	s.Description, s.Tags = "", nil
	return s
}

// createdPolicy is a policy in the answer of CreatePolicy, which tells less.
func createdPolicy(p iam.Policy) policyShape {
	s := policyOf(p)
	s.Description, s.Tags = "", tagsOf(p.Tags)
	return s
}

func versionOf(v iam.PolicyVersion) versionShape {
	return versionShape{
		Document: query.EscapeDocument(v.Document), VersionId: v.ID, IsDefaultVersion: v.Default, CreateDate: query.Time(v.Created),
	}
}

// listedVersion is a version without its document.
func listedVersion(v iam.PolicyVersion) versionShape {
	s := versionOf(v)
	s.Document = ""
	return s
}

func accessKeyOf(k iam.AccessKey) accessKeyShape {
	status := "Active"
	if !k.Active {
		status = "Inactive"
	}
	return accessKeyShape{UserName: k.UserName, AccessKeyId: string(k.ID), Status: status, CreateDate: query.Time(k.Created)}
}

func boundaryOf(policyARN string) *boundaryShape {
	if policyARN == "" {
		return nil
	}
	return &boundaryShape{"Policy", policyARN}
}

func tagOf(t iam.Tag) tagShape { return tagShape(t) }

// tagsOf returns nil for an entity without tags, whose answers have no element for them.
func tagsOf(tags []iam.Tag) *query.List[tagShape] {
	if len(tags) == 0 {
		return nil
	}
	list := listOf(tags, tagOf)
	return &list
}
