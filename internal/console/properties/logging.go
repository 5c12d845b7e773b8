package properties

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

func getLogging(v *page.Visit) func(context.Context) (*types.LoggingEnabled, error) {
	return func(ctx context.Context) (*types.LoggingEnabled, error) {
		out, err := v.AWS.S3().GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: named(v)})
		if err != nil {
			return nil, err
		}
		return out.LoggingEnabled, nil
	}
}

// loggingPage is the page of server access logging.
type loggingPage struct {
	Bucket         string
	Logging        bucket.Read[*types.LoggingEnabled]
	Target, Prefix string
	Format         string
}

// The formats of the keys of log files, as the form has them.
const (
	simple    = "simple"
	eventTime = string(types.PartitionDateSourceEventTime)
)

func showLogging(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &loggingPage{Bucket: name(v), Format: simple}
	bucket.Reading(ctx, v, &d.Logging, getLogging(v))()
	if err := bucket.Gone(d.Bucket, d.Logging.Problem); err != nil {
		return nil, err
	}
	if l := d.Logging.Is; l != nil {
		d.Target, d.Prefix, d.Format = aws.ToString(l.TargetBucket), aws.ToString(l.TargetPrefix), format(l)
	}
	return view(v, "Server access logging", "logging", d), nil
}

// format is how the form calls the format of the keys.
func format(l *types.LoggingEnabled) string {
	f := l.TargetObjectKeyFormat
	if f == nil || f.PartitionedPrefix == nil {
		return simple
	}
	if f.PartitionedPrefix.PartitionDateSource == "" {
		return eventTime
	}
	return string(f.PartitionedPrefix.PartitionDateSource)
}

// saveLogging changes where the log files go; who is granted access to them stays as it is.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html
func saveLogging(ctx context.Context, v *page.Visit) (*page.Done, error) {
	l, err := getLogging(v)(ctx)
	if err != nil {
		return nil, err
	}
	if l == nil {
		l = &types.LoggingEnabled{}
	}
	if v.Text("target") == "" {
		return nil, page.Invalid("Type the bucket that gets the log files.")
	}
	l.TargetBucket, l.TargetPrefix = aws.String(v.Text("target")), aws.String(v.Form("prefix"))
	if wanted := v.Form("format"); wanted != format(l) {
		l.TargetObjectKeyFormat = &types.TargetObjectKeyFormat{SimplePrefix: &types.SimplePrefix{}}
		if wanted != simple {
			l.TargetObjectKeyFormat = &types.TargetObjectKeyFormat{PartitionedPrefix: &types.PartitionedPrefix{PartitionDateSource: types.PartitionDateSource(wanted)}}
		}
	}
	if _, err := v.AWS.S3().PutBucketLogging(ctx, &s3.PutBucketLoggingInput{Bucket: named(v), BucketLoggingStatus: &types.BucketLoggingStatus{LoggingEnabled: l}}); err != nil {
		return nil, err
	}
	return done(v, "Requests for "+name(v)+" are logged to "+v.Text("target")+"."), nil
}

func deleteLogging(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if err := v.Confirmed(name(v)); err != nil {
		return nil, err
	}
	if _, err := v.AWS.S3().PutBucketLogging(ctx, &s3.PutBucketLoggingInput{Bucket: named(v), BucketLoggingStatus: &types.BucketLoggingStatus{}}); err != nil {
		return nil, err
	}
	return done(v, "Requests for "+name(v)+" are not logged any more."), nil
}
