package why

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"crossgrant/internal/arn"
	"crossgrant/internal/console/page"
)

// shownTrail is a trail with its status.
type shownTrail struct {
	types.Trail
	Status  *cloudtrail.GetTrailStatusOutput
	Problem *page.Problem
	// Own says that it is the account's, not one of its organization's management account.
	Own bool
}

// Logging reports whether it is on.
func (t *shownTrail) Logging() bool { return t.Status != nil && aws.ToBool(t.Status.IsLogging) }

// Failing is the last error of delivering; empty if there was none.
func (t *shownTrail) Failing() string {
	if t.Status == nil {
		return ""
	}
	if text := aws.ToString(t.Status.LatestDeliveryError); text != "" {
		return text
	}
	return aws.ToString(t.Status.LatestDigestDeliveryError)
}

// Organization reports whether it is an organization trail.
func (t *shownTrail) Organization() bool { return aws.ToBool(t.IsOrganizationTrail) }

// Validation reports whether it makes digests.
func (t *shownTrail) Validation() bool { return aws.ToBool(t.LogFileValidationEnabled) }

// Custom reports whether it has event selectors of its own.
func (t *shownTrail) Custom() bool { return aws.ToBool(t.HasCustomEventSelectors) }

// Owner is the account of the trail.
func (t *shownTrail) Owner() string {
	name, err := arn.Parse(aws.ToString(t.TrailARN))
	if err != nil {
		return ""
	}
	return name.Account
}

// BucketTo is the page of its bucket. Whose that is is not known: the page says so if it is another's.
func (t *shownTrail) BucketTo() string { return page.Path("buckets", aws.ToString(t.S3BucketName)) }

// trailPage is the list.
type trailPage struct {
	Trails  []*shownTrail
	Problem *page.Problem
}

var trailCrumbs = []page.Crumb{{Text: "Events", To: "/why/events"}, {Text: "Trails", To: "/why/trails"}}

func showTrails(ctx context.Context, v *page.Visit) (*page.View, error) {
	var p trailPage
	var err error
	p.Trails, err = trails(ctx, v)
	p.Problem = v.Problem(err)
	return &page.View{Title: "Trails", Template: "why-trails", Data: &p, Crumbs: []page.Crumb{trailCrumbs[0], {Text: "Trails"}}}, nil
}

// trails returns all trails with their status.
func trails(ctx context.Context, v *page.Visit) ([]*shownTrail, error) {
	out, err := v.AWS.CloudTrail().DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{})
	if err != nil {
		return nil, err
	}
	var all []*shownTrail
	var group sync.WaitGroup
	for _, trail := range out.TrailList {
		t := &shownTrail{Trail: trail}
		t.Own = t.Owner() == v.Account()
		all = append(all, t)
		group.Go(func() { t.status(ctx, v) })
	}
	group.Wait()
	return all, nil
}

func (t *shownTrail) status(ctx context.Context, v *page.Visit) {
	out, err := v.AWS.CloudTrail().GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: t.TrailARN})
	t.Status, t.Problem = out, v.Problem(err)
	if err != nil {
		t.Status = nil
	}
}

// trailForm is the page that makes one.
type trailForm struct {
	// Policy is what the bucket has to let in.
	Policy string
}

// bucketPolicy is the policy that a bucket needs for the log files of a trail.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
func bucketPolicy(region, account string) string {
	trail := arn.ARN{Partition: "aws", Service: "cloudtrail", Region: region, Account: account, Resource: "trail/TRAIL"}.String()
	return fmt.Sprintf(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "AWSCloudTrailAclCheck",
      "Effect": "Allow",
      "Principal": {"Service": "cloudtrail.amazonaws.com"},
      "Action": "s3:GetBucketAcl",
      "Resource": "arn:aws:s3:::BUCKET",
      "Condition": {"StringEquals": {"aws:SourceArn": %q}}
    },
    {
      "Sid": "AWSCloudTrailWrite",
      "Effect": "Allow",
      "Principal": {"Service": "cloudtrail.amazonaws.com"},
      "Action": "s3:PutObject",
      "Resource": "arn:aws:s3:::BUCKET/AWSLogs/%s/*",
      "Condition": {"StringEquals": {"aws:SourceArn": %q, "s3:x-amz-acl": "bucket-owner-full-control"}}
    }
  ]
}`, trail, account, trail)
}

func showCreateTrail(_ context.Context, v *page.Visit) (*page.View, error) {
	return &page.View{Title: "Create trail", Template: "why-create-trail", Data: &trailForm{bucketPolicy(v.Region(), v.Account())}, Crumbs: append(trailCrumbs[:2:2], page.Crumb{Text: "Create"})}, nil
}

// createTrail makes a trail, has it log, and chooses the data events it has.
func createTrail(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Text("name")
	in := &cloudtrail.CreateTrailInput{Name: &name, S3BucketName: aws.String(v.Text("bucket"))}
	if prefix := v.Text("prefix"); prefix != "" {
		in.S3KeyPrefix = &prefix
	}
	if v.Checked("validation") {
		in.EnableLogFileValidation = aws.Bool(true)
	}
	if v.Checked("organization") {
		in.IsOrganizationTrail = aws.Bool(true)
	}
	if v.Checked("multiregion") {
		in.IsMultiRegionTrail = aws.Bool(true)
	}
	selectors, err := dataEvents(v)
	if err != nil {
		return nil, err
	}
	if _, err := v.AWS.CloudTrail().CreateTrail(ctx, in); err != nil {
		return nil, err
	}
	done := &page.Done{To: page.Query("/why/trails/view", "name", name), Note: "The trail " + name + " has been created."}
	if selectors != nil {
		if _, err := v.AWS.CloudTrail().PutEventSelectors(ctx, &cloudtrail.PutEventSelectorsInput{TrailName: &name, EventSelectors: selectors}); err != nil {
			return nil, page.Invalid("The trail has been created, and does not log yet: its event selectors were refused. %v", err)
		}
	}
	if v.Checked("start") {
		if _, err := v.AWS.CloudTrail().StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: &name}); err != nil {
			return nil, page.Invalid("The trail has been created, and does not log yet. %v", err)
		}
		done.Note = "The trail " + name + " has been created and logs."
	}
	return done, nil
}

// dataEvents returns the event selectors for what the form says of the data events of S3; nil: those of a new trail, which
// has management events only.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DataResource.html
func dataEvents(v *page.Visit) ([]types.EventSelector, error) {
	values := []string{}
	switch v.Form("data") {
	case "", "none":
		return nil, nil
	case "all":
		values = append(values, "arn:aws:s3")
	case "some":
		for line := range strings.FieldsSeq(strings.ReplaceAll(v.Form("objects"), ",", " ")) {
			name := resourceOf(line)
			if !strings.Contains(name, "/") {
				name += "/"
			}
			values = append(values, name)
		}
		if len(values) == 0 {
			return nil, page.Invalid("Name the buckets whose data events the trail has, one a line.")
		}
	default:
		return nil, page.Invalid("%q is no choice of data events.", v.Form("data"))
	}
	return []types.EventSelector{{
		ReadWriteType: types.ReadWriteTypeAll, IncludeManagementEvents: aws.Bool(true),
		DataResources: []types.DataResource{{Type: aws.String("AWS::S3::Object"), Values: values}},
	}}, nil
}
