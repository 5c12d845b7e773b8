// Package home is the page that the console begins with: what the visitor's account has, what was denied last, and what
// to do first where there is nothing yet.
package home

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	organization "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/page"
	"crossgrant/internal/console/session"
)

//go:embed templates/*.html
var files embed.FS

// Section returns the page, and the part of it that is fetched when it is there.
func Section() page.Section {
	return page.Section{Name: "home", Templates: []fs.FS{page.Templates(files)}, Rows: []page.Row{
		{Path: "/", Area: "home", Get: show},
		{Path: "/denials", Area: "home", Get: showDenials},
	}}
}

const (
	// shownBuckets is how many buckets are named.
	shownBuckets = 6
	// shownDenials is how many denials are listed.
	shownDenials = 5
)

// overview is the page. What may not be read has its problem.
type overview struct {
	Who     *session.Identity
	Role    *session.Role
	Root    bool
	Buckets []types.Bucket
	// More says that there are more buckets.
	More           bool
	BucketsProblem *page.Problem
	// Summary is IAM's; nil: not to be seen.
	Summary        map[string]int32
	SummaryProblem *page.Problem
	// Organization is nil if there is none.
	Organization        *organization.Organization
	OrganizationProblem *page.Problem
}

// Empty reports whether the account has nothing yet.
func (o *overview) Empty() bool {
	return o.BucketsProblem == nil && len(o.Buckets) == 0
}

// Hints are what is unsafe, as far as IAM's summary tells.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html
func (o *overview) Hints() (hints []string) {
	if o.Summary == nil {
		return nil
	}
	if o.Summary["AccountMFAEnabled"] == 0 {
		hints = append(hints, "The root user has no MFA device.")
	}
	if o.Summary["AccountAccessKeysPresent"] > 0 {
		hints = append(hints, "The root user has access keys, which nothing needs.")
	}
	if users, devices := o.Summary["Users"], o.Summary["MFADevicesInUse"]; users > 0 && devices == 0 {
		hints = append(hints, "No user has an MFA device.")
	}
	return hints
}

func show(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &overview{Who: v.Session.Current(), Role: v.Session.Role, Root: v.Session.Role == nil && v.Session.Base.Name == "root"}
	v.Together(func() {
		out, err := v.AWS.S3().ListBuckets(ctx, &s3.ListBucketsInput{MaxBuckets: aws.Int32(shownBuckets)})
		if err != nil {
			d.BucketsProblem = v.Problem(err)
			return
		}
		d.Buckets, d.More = out.Buckets, out.ContinuationToken != nil
	}, func() {
		out, err := v.AWS.IAM().GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
		if err != nil {
			d.SummaryProblem = v.Problem(err)
			return
		}
		d.Summary = out.SummaryMap
	}, func() {
		out, err := v.AWS.Organizations().DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
		switch {
		case page.Absent(err, "AWSOrganizationsNotInUseException"):
		case err != nil:
			d.OrganizationProblem = v.Problem(err)
		default:
			d.Organization = out.Organization
		}
	})
	return &page.View{Title: "Overview", Template: "home", Data: d}, nil
}

// denial is a request that was denied.
type denial struct {
	RequestID              string `json:"RequestId"`
	Time                   time.Time
	Service, Operation     string
	Bucket, Key, ErrorCode string
	Caller                 struct {
		AccountID string `json:"AccountId"`
		ARN       string `json:"Arn"`
	}
}

// Who is the caller: nobody signs anonymous requests.
func (d denial) Who() string {
	if d.Caller.ARN == "" {
		return "anonymous"
	}
	return d.Caller.ARN
}

// denials is the part of the page.
type denials struct {
	Requests []denial
	Problem  *page.Problem
}

// showDenials answers with what was denied last. It takes longer than the rest, so that the page does not wait for it.
func showDenials(ctx context.Context, v *page.Visit) (*page.View, error) {
	var d denials
	in := struct {
		Outcome string
		Limit   int
	}{"denied", shownDenials}
	if err := v.AWS.Ask(ctx, "ListRequests", in, &d); err != nil {
		d.Problem = v.Problem(err)
	}
	return &page.View{Template: "home-denials", Data: &d, Bare: true}, nil
}
