package iamapi

import (
	"context"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/reports"
	"crossgrant/internal/wire/query"
)

// Reports makes reports, and tells what was really used; package reports does.
type Reports interface {
	GenerateServices(ctx context.Context, caller reports.Caller, name arn.ARN, actions bool) (job string, err error)
	Services(ctx context.Context, caller reports.Caller, job string, p iam.Page) (*records.AccessReport, string, error)
	ServiceEntities(ctx context.Context, caller reports.Caller, job, namespace string, p iam.Page) (*records.AccessReport, []*records.AccessedEntity, string, error)
	GenerateOrganization(ctx context.Context, caller reports.Caller, path, policyID string) (job string, err error)
	Organization(ctx context.Context, caller reports.Caller, job string, order reports.SortKey, p iam.Page) (report *records.AccessReport, total, unused int, marker string, err error)
	PoliciesGranting(ctx context.Context, account ids.AccountID, name arn.ARN, namespaces []string, marker string) ([]reports.Granting, string, error)
	GenerateCredentials(ctx context.Context, account ids.AccountID) (made bool, err error)
	Credentials(ctx context.Context, account ids.AccountID) (content []byte, generated time.Time, err error)
	// Key and Principals tell what an access key, and users and roles, were last used for.
	Key(ctx context.Context, account ids.AccountID, id ids.AccessKeyID) (*records.Usage, error)
	Principals(ctx context.Context, account ids.AccountID, all []string) ([]*records.Usage, error)
}

// Rules of the access advisor's parameters, from the API's model.
var (
	granularityRules = []query.Rule{query.Enum("SERVICE_LEVEL", "ACTION_LEVEL")}
	jobRules         = []query.Rule{query.Length(36, 36)}
	namespaceRules   = []query.Rule{query.Length(1, 64), query.Pattern(`[\w-]*`)}
	entityPathRules  = []query.Rule{query.Length(19, 427), query.Pattern(`^o-[0-9a-z]{10,32}\/r-[0-9a-z]{4,32}[0-9a-z-\/]*`)}
	orgPolicyIDRules = []query.Rule{query.Pattern(`^p-[0-9a-zA-Z_]{8,128}$`)}
	sortKeyRules     = []query.Rule{query.Enum(string(reports.NamespaceAscending), string(reports.NamespaceDescending), string(reports.TimeAscending), string(reports.TimeDescending))}
	maxNamespaces    = 200
)

// advisor returns the rows of the access advisor.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
func (a *api) advisor() []httpapi.Operation {
	return []httpapi.Operation{
		a.generateServices(),
		reportRow("GetServiceLastAccessedDetails", func(*query.Reader, *reportInput) {}, a.services),
		reportRow("GetServiceLastAccessedDetailsWithEntities", func(q *query.Reader, in *reportInput) {
			in.namespace = q.Required("ServiceNamespace", namespaceRules...)
		}, a.serviceEntities),
		a.generateOrganization(),
		reportRow("GetOrganizationsAccessReport", func(q *query.Reader, in *reportInput) {
			in.order = reports.SortKey(q.String("SortKey", sortKeyRules...))
		}, a.organization),
		a.policiesGranting(),
	}
}

// owner is who asks, as the owner of reports.
func owner(c *httpapi.Call) reports.Caller {
	if c.Caller.EntityID == "" {
		return reports.Caller{Account: c.Caller.Account, ID: string(c.Caller.Account)}
	}
	return reports.Caller{Account: c.Caller.Account, ID: string(c.Caller.EntityID)}
}

// namedInput is the input of operations about something that is named by its ARN.
type namedInput struct {
	name       arn.ARN
	owner      ids.AccountID
	kind       keys.Kind
	target     iam.Target
	actions    bool
	namespaces []string
	marker     string
}

// named makes an operation about a user, group or role, or with policies a managed policy as well, which is its
// resource. One of another account belongs to that account.
func (a *api) named(name string, policies bool, decode func(*query.Reader, *namedInput), run func(ctx context.Context, c *httpapi.Call, in *namedInput) (any, error)) httpapi.Operation {
	return queryapi.Row[namedInput]{
		Name: name,
		Decode: func(c *httpapi.Call, q *query.Reader) (in *namedInput, err error) {
			in = new(namedInput)
			text := q.Required("Arn", arnRules...)
			decode(q, in)
			in.name, in.owner, err = reports.ParseARN(text, c.Caller.Account)
			if err == nil && !policies {
				_, _, err = iam.ParseEntityARN(text)
			}
			return in, err
		},
		Load: a.loadNamed,
		Checks: func(_ *httpapi.Call, in *namedInput) []access.Check {
			check := access.Check{
				Action: "iam:" + name, Resource: in.name.String(), Owner: in.owner,
				Keys: func(k *policy.Context) { resourceTags(k, in.target.Tags, in.kind) },
			}
			if in.name.Account == managed.Owner {
				check.ToldOwner = managed.Owner
			}
			return []access.Check{check}
		},
		Run: run,
	}.Operation(protocol)
}

// loadNamed reads what authorization needs to know. What has the name but not the path is something else.
func (a *api) loadNamed(ctx context.Context, c *httpapi.Call, in *namedInput) error {
	if in.name.Type() == "policy" {
		in.kind = keys.PolicyKind
		target, err := a.iam.PolicyTarget(ctx, c.Caller.Account, in.name)
		in.target = target
		return err
	}
	_, kind, err := iam.ParseEntityARN(in.name.String())
	if in.kind = kind; err != nil || in.owner != c.Caller.Account {
		return err
	}
	target, err := a.iam.Target(ctx, c.Caller.Account, kind, in.name.Name())
	if err == nil && target.ARN == in.name.String() {
		in.target = target
	}
	return err
}

type jobResult struct{ JobId string }

func (a *api) generateServices() httpapi.Operation {
	return a.named("GenerateServiceLastAccessedDetails", true,
		func(q *query.Reader, in *namedInput) {
			in.actions = q.String("Granularity", granularityRules...) == "ACTION_LEVEL"
		},
		func(ctx context.Context, c *httpapi.Call, in *namedInput) (any, error) {
			job, err := a.reports.GenerateServices(ctx, owner(c), in.name, in.actions)
			return &jobResult{job}, err
		})
}

type grantingShape struct {
	ServiceNamespace string
	Policies         query.List[grantingPolicyShape]
}

type grantingPolicyShape struct {
	PolicyName string
	PolicyType string
	PolicyArn  string `xml:",omitempty"`
	EntityType string `xml:",omitempty"`
	EntityName string `xml:",omitempty"`
}

type grantingResult struct {
	PoliciesGrantingServiceAccess query.List[grantingShape]
	pageShape
}

// policiesGranting is the row of ListPoliciesGrantingServiceAccess.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPoliciesGrantingServiceAccess.html
func (a *api) policiesGranting() httpapi.Operation {
	return a.named("ListPoliciesGrantingServiceAccess", false,
		func(q *query.Reader, in *namedInput) {
			in.namespaces = q.RequiredStrings("ServiceNamespaces", maxNamespaces, namespaceRules...)
			in.marker = q.String("Marker", markerRules...)
		},
		func(ctx context.Context, c *httpapi.Call, in *namedInput) (any, error) {
			page, next, err := a.reports.PoliciesGranting(ctx, c.Caller.Account, in.name, in.namespaces, in.marker)
			return &grantingResult{listOf(page, grantingOf), pageOf(next)}, err
		})
}

func grantingOf(g reports.Granting) grantingShape {
	return grantingShape{g.Namespace, listOf(g.Policies, func(p reports.GrantingPolicy) grantingPolicyShape {
		kind := "MANAGED"
		if p.ARN == "" {
			kind = "INLINE"
		}
		return grantingPolicyShape{p.Name, kind, p.ARN, p.EntityType, p.EntityName}
	})}
}

// orgReportInput is the input of GenerateOrganizationsAccessReport.
type orgReportInput struct{ path, policyID string }

// generateOrganization is the row of GenerateOrganizationsAccessReport.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateOrganizationsAccessReport.html
func (a *api) generateOrganization() httpapi.Operation {
	return queryapi.Row[orgReportInput]{
		Name: "GenerateOrganizationsAccessReport",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*orgReportInput, error) {
			return &orgReportInput{q.Required("EntityPath", entityPathRules...), q.String("OrganizationsPolicyId", orgPolicyIDRules...)}, nil
		},
		Checks: checkOrganizationReport,
		Run: func(ctx context.Context, c *httpapi.Call, in *orgReportInput) (any, error) {
			job, err := a.reports.GenerateOrganization(ctx, owner(c), in.path, in.policyID)
			return &jobResult{job}, err
		},
	}.Operation(protocol)
}

// readsOfOrganizations are the actions of Organizations by which a report is made, each with whether it is about
// policies of a type: the caller needs them as well.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html#access_policies_last-accessed-permissions
var readsOfOrganizations = []struct {
	action string
	typed  bool
}{
	{"DescribePolicy", true}, {"ListChildren", false}, {"ListParents", false}, {"ListPoliciesForTarget", true}, {"ListRoots", false},
	{"ListTargetsForPolicy", true},
}

// checkOrganizationReport asks for the report, and for what is read to make it: on everything, since what that
// will be is for the tree of the organization to say.
func checkOrganizationReport(c *httpapi.Call, in *orgReportInput) []access.Check {
	resource := arn.ARN{Partition: arn.Partition, Service: "iam", Account: string(c.Caller.Account), Resource: "access-report/" + in.path}
	checks := []access.Check{{Action: "iam:GenerateOrganizationsAccessReport", Resource: resource.String(), Keys: func(k *policy.Context) {
		if in.policyID != "" {
			k.Set("iam:OrganizationsPolicyId", in.policyID)
		}
	}}}
	for _, read := range readsOfOrganizations {
		checks = append(checks, access.Check{Action: "organizations:" + read.action, Resource: "*", Keys: func(k *policy.Context) {
			if read.typed {
				k.Set("organizations:PolicyType", "SERVICE_CONTROL_POLICY")
			}
		}})
	}
	return checks
}
