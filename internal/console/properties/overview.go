package properties

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

// overview is the page of all properties.
type overview struct {
	Bucket, ARN, Endpoint string

	Region        bucket.Read[string]
	Created       bucket.Read[*time.Time]
	Owner         bucket.Read[*types.Owner]
	Versioning    bucket.Read[*s3.GetBucketVersioningOutput]
	Encryption    bucket.Read[types.ServerSideEncryptionRule]
	Lock          bucket.Read[*types.ObjectLockConfiguration]
	Tags          bucket.Read[[]types.Tag]
	Logging       bucket.Read[*types.LoggingEnabled]
	Notifications bucket.Read[types.NotificationConfiguration]
	Website       bucket.Read[types.WebsiteConfiguration]
	Payment       bucket.Read[types.Payer]
}

// BucketKey reports whether a bucket key is used.
func (o *overview) BucketKey() bool { return aws.ToBool(o.Encryption.Is.BucketKeyEnabled) }

// Destinations are those of the notifications.
func (o *overview) Destinations() []destination { return destinations(&o.Notifications.Is) }

func showOverview(ctx context.Context, v *page.Visit) (*page.View, error) {
	o := &overview{Bucket: name(v), ARN: "arn:aws:s3:::" + name(v), Endpoint: endpoint(v)}
	v.Together(
		bucket.Reading(ctx, v, &o.Region, getRegion(v)),
		bucket.Reading(ctx, v, &o.Created, getCreated(v)),
		bucket.Reading(ctx, v, &o.Owner, getOwner(v)),
		bucket.Reading(ctx, v, &o.Versioning, getVersioning(v)),
		bucket.Reading(ctx, v, &o.Encryption, getEncryption(v), noEncryption),
		bucket.Reading(ctx, v, &o.Lock, getLock(v), noLock),
		bucket.Reading(ctx, v, &o.Tags, getTags(v), noTags),
		bucket.Reading(ctx, v, &o.Logging, getLogging(v)),
		bucket.Reading(ctx, v, &o.Notifications, getNotifications(v)),
		bucket.Reading(ctx, v, &o.Website, getWebsite(v), noWebsite),
		bucket.Reading(ctx, v, &o.Payment, getPayment(v)),
	)
	if err := bucket.Gone(o.Bucket, o.Region.Problem, o.Versioning.Problem); err != nil {
		return nil, err
	}
	return &page.View{Title: "Properties · " + o.Bucket, Crumbs: bucket.Crumbs(o.Bucket, "Properties"), Template: "properties", Data: o}, nil
}

func getRegion(v *page.Visit) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		out, err := v.AWS.S3().GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: named(v)})
		if err != nil {
			return "", err
		}
		if out.LocationConstraint == "" {
			return "us-east-1", nil // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
		}
		return string(out.LocationConstraint), nil
	}
}

// getCreated finds the bucket in the list of those of the visitor's account; nil if it is another one's.
func getCreated(v *page.Visit) func(context.Context) (*time.Time, error) {
	return func(ctx context.Context) (*time.Time, error) {
		out, err := v.AWS.S3().ListBuckets(ctx, &s3.ListBucketsInput{Prefix: named(v), MaxBuckets: aws.Int32(1)})
		if err != nil {
			return nil, err
		}
		for _, b := range out.Buckets {
			if aws.ToString(b.Name) == name(v) {
				return b.CreationDate, nil
			}
		}
		return nil, nil
	}
}

func getOwner(v *page.Visit) func(context.Context) (*types.Owner, error) {
	return func(ctx context.Context) (*types.Owner, error) {
		out, err := v.AWS.S3().GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: named(v)})
		if err != nil {
			return nil, err
		}
		return out.Owner, nil
	}
}
