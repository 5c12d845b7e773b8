package identities

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// lastAccess is what a user, group, role or policy was last used for.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
type lastAccess struct {
	// Again is asked after a while, as the report is not made yet.
	Again string
	// Used are the services that were used, the latest first; Unused those that were allowed and never used.
	Used, Unused []types.ServiceLastAccessed
	Problem      *page.Problem
	// More says that there are more services than are shown.
	More bool
}

// lastUsed returns the part of a page that shows what an entity was last used for. It asks for a report, and then for
// the report until it is made.
func lastUsed(arn func(ctx context.Context, v *page.Visit, name string) (string, error)) func(context.Context, *page.Visit) (*page.View, error) {
	return func(ctx context.Context, v *page.Visit) (*page.View, error) {
		l, err := report(ctx, v, arn)
		if err != nil {
			l = &lastAccess{Problem: v.Problem(err)}
		}
		return &page.View{Template: "last-used", Data: l, Bare: true}, nil
	}
}

func report(ctx context.Context, v *page.Visit, arn func(ctx context.Context, v *page.Visit, name string) (string, error)) (*lastAccess, error) {
	job := v.Query("job")
	if job == "" {
		of, err := arn(ctx, v, v.Path("name"))
		if err != nil {
			return nil, err
		}
		out, err := v.AWS.IAM().GenerateServiceLastAccessedDetails(ctx, &iam.GenerateServiceLastAccessedDetailsInput{Arn: &of, Granularity: types.AccessAdvisorUsageGranularityTypeActionLevel})
		if err != nil {
			return nil, err
		}
		job = aws.ToString(out.JobId)
	}
	out, err := v.AWS.IAM().GetServiceLastAccessedDetails(ctx, &iam.GetServiceLastAccessedDetailsInput{JobId: &job, MaxItems: aws.Int32(1000)})
	if err != nil {
		return nil, err
	}
	l := &lastAccess{More: out.IsTruncated}
	switch out.JobStatus {
	case types.JobStatusTypeInProgress:
		l.Again = page.Query(v.Request.URL.Path, "job", job)
		return l, nil
	case types.JobStatusTypeFailed:
		text := "The report could not be made."
		if out.Error != nil {
			text = aws.ToString(out.Error.Message)
		}
		return nil, page.Invalid("%s", text)
	}
	for _, service := range out.ServicesLastAccessed {
		if service.LastAuthenticated == nil {
			l.Unused = append(l.Unused, service)
			continue
		}
		service.TrackedActionsLastAccessed = slices.DeleteFunc(service.TrackedActionsLastAccessed, func(a types.TrackedActionLastAccessed) bool { return a.LastAccessedTime == nil })
		slices.SortStableFunc(service.TrackedActionsLastAccessed, func(a, b types.TrackedActionLastAccessed) int { return b.LastAccessedTime.Compare(*a.LastAccessedTime) })
		l.Used = append(l.Used, service)
	}
	slices.SortStableFunc(l.Used, func(a, b types.ServiceLastAccessed) int { return b.LastAuthenticated.Compare(*a.LastAuthenticated) })
	return l, nil
}
