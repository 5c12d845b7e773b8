package iamapi

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/records"
	"crossgrant/internal/reports"
	"crossgrant/internal/wire/query"
)

// reportInput is the input of operations that read a report, of which each uses a part.
type reportInput struct {
	job       string
	namespace string
	order     reports.SortKey
	page      iam.Page
}

// reportRow makes an operation that reads a report of the caller's, which has no resource.
func reportRow(name string, decode func(*query.Reader, *reportInput), run func(ctx context.Context, c *httpapi.Call, in *reportInput) (any, error)) httpapi.Operation {
	return queryapi.Row[reportInput]{
		Name: name,
		Decode: func(_ *httpapi.Call, q *query.Reader) (*reportInput, error) {
			in := &reportInput{job: q.Required("JobId", jobRules...), page: page(q)}
			decode(q, in)
			return in, nil
		},
		Checks: func(*httpapi.Call, *reportInput) []access.Check {
			return []access.Check{{Action: "iam:" + name, Resource: "*"}}
		},
		Run: run,
	}.Operation(protocol)
}

// jobShape is what is told of a job.
type jobShape struct{ JobStatus, JobCreationDate, JobCompletionDate string }

func jobOf(r *records.AccessReport) jobShape {
	status := "COMPLETED"
	if r.ErrorCode != "" {
		status = "FAILED"
	}
	return jobShape{status, timeOf(r.Created), timeOf(r.Completed)}
}

type servicesResult struct {
	jobShape
	JobType              string
	ServicesLastAccessed query.List[serviceShape]
	pageShape
}

type serviceShape struct {
	ServiceName                string
	LastAuthenticated          string `xml:",omitempty"`
	ServiceNamespace           string
	LastAuthenticatedEntity    string `xml:",omitempty"`
	LastAuthenticatedRegion    string `xml:",omitempty"`
	TotalAuthenticatedEntities int32
	TrackedActionsLastAccessed *query.List[actionShape] `xml:",omitempty"`
}

type actionShape struct {
	ActionName         string
	LastAccessedEntity string `xml:",omitempty"`
	LastAccessedTime   string `xml:",omitempty"`
	LastAccessedRegion string `xml:",omitempty"`
}

// used renders a time, empty for never.
func used(nanoseconds int64) string {
	if nanoseconds == 0 {
		return ""
	}
	return timeOf(nanoseconds)
}

// services answers a page of a report about services.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetails.html
func (a *api) services(ctx context.Context, c *httpapi.Call, in *reportInput) (any, error) {
	report, next, err := a.reports.Services(ctx, owner(c), in.job, in.page)
	if err != nil {
		return nil, err
	}
	jobType := "SERVICE_LEVEL"
	if report.Actions {
		jobType = "ACTION_LEVEL"
	}
	return &servicesResult{jobOf(report), jobType, listOf(report.Services, serviceOf), pageOf(next)}, nil
}

func serviceOf(s *records.AccessedService) serviceShape {
	shape := serviceShape{
		ServiceName: reports.ServiceName(s.Namespace), LastAuthenticated: used(s.Used), ServiceNamespace: s.Namespace,
		LastAuthenticatedEntity: s.Entity, LastAuthenticatedRegion: s.Region, TotalAuthenticatedEntities: s.Total,
	}
	if len(s.Actions) > 0 {
		actions := listOf(s.Actions, func(a *records.AccessedAction) actionShape {
			return actionShape{a.Name, a.Entity, used(a.Used), a.Region}
		})
		shape.TrackedActionsLastAccessed = &actions
	}
	return shape
}

type accessedResult struct {
	jobShape
	EntityDetailsList query.List[accessedShape]
	pageShape
}

type accessedShape struct {
	EntityInfo        struct{ Arn, Name, Type, Id, Path string }
	LastAuthenticated string `xml:",omitempty"`
}

// serviceEntities answers a page of those that could use a service.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetailsWithEntities.html
func (a *api) serviceEntities(ctx context.Context, c *httpapi.Call, in *reportInput) (any, error) {
	report, entities, next, err := a.reports.ServiceEntities(ctx, owner(c), in.job, in.namespace, in.page)
	if err != nil {
		return nil, err
	}
	return &accessedResult{jobOf(report), listOf(entities, accessedOf), pageOf(next)}, nil
}

func accessedOf(e *records.AccessedEntity) accessedShape {
	shape := accessedShape{LastAuthenticated: used(e.Used)}
	info := &shape.EntityInfo
	info.Arn, info.Name, info.Type, info.Id, info.Path = e.Arn, e.Name, e.Kind, e.Id, e.Path
	return shape
}

type organizationResult struct {
	jobShape
	NumberOfServicesAccessible  *int                      `xml:",omitempty"`
	NumberOfServicesNotAccessed *int                      `xml:",omitempty"`
	AccessDetails               *query.List[accountShape] `xml:",omitempty"`
	pageShape
	ErrorDetails *errorShape `xml:",omitempty"`
}

type accountShape struct {
	ServiceName                string
	ServiceNamespace           string
	Region                     string `xml:",omitempty"`
	EntityPath                 string `xml:",omitempty"`
	LastAuthenticatedTime      string `xml:",omitempty"`
	TotalAuthenticatedEntities int32
}

type errorShape struct{ Message, Code string }

// organization answers a page of a report about an entity of an organization.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOrganizationsAccessReport.html
func (a *api) organization(ctx context.Context, c *httpapi.Call, in *reportInput) (any, error) {
	report, total, unused, next, err := a.reports.Organization(ctx, owner(c), in.job, in.order, in.page)
	if err != nil {
		return nil, err
	}
	result := &organizationResult{jobShape: jobOf(report), pageShape: pageOf(next)}
	if report.ErrorCode != "" {
		result.ErrorDetails = &errorShape{report.ErrorMessage, report.ErrorCode}
		return result, nil
	}
	details := listOf(report.Services, func(s *records.AccessedService) accountShape {
		return accountShape{reports.ServiceName(s.Namespace), s.Namespace, s.Region, s.Entity, used(s.Used), s.Total}
	})
	result.NumberOfServicesAccessible, result.NumberOfServicesNotAccessed, result.AccessDetails = &total, &unused, &details
	return result, nil
}
