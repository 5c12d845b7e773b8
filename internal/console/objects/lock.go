package objects

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/page"
)

// locked is the page of what keeps a version from being deleted.
type locked struct {
	*address
	// Off says that the bucket has no object lock.
	Off              bool
	Hold             string // ON, OFF
	Mode             string
	Until            *time.Time
	BucketProblem    *page.Problem
	HoldProblem      *page.Problem
	RetentionProblem *page.Problem
}

// noLock are the errors that say that there is no lock, or nothing set.
var noLock = []string{"ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration"}

// showLock shows legal hold and retention.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
func showLock(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &locked{address: addressed(v), Hold: "OFF"}
	if d.Key == "" {
		return nil, page.Missing("The address names no object.")
	}
	v.Together(func() {
		_, err := v.AWS.S3().GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &d.Bucket})
		if d.Off = page.Absent(err, noLock...); !d.Off {
			d.BucketProblem = v.Problem(err)
		}
	}, func() {
		out, err := v.AWS.S3().GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: &d.Bucket, Key: &d.Key, VersionId: d.version()})
		switch {
		case err == nil && out.LegalHold != nil:
			d.Hold = string(out.LegalHold.Status)
		case !page.Absent(err, noLock...):
			d.HoldProblem = v.Problem(err)
		}
	}, func() {
		out, err := v.AWS.S3().GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: &d.Bucket, Key: &d.Key, VersionId: d.version()})
		switch {
		case err == nil && out.Retention != nil:
			d.Mode, d.Until = string(out.Retention.Mode), out.Retention.RetainUntilDate
		case !page.Absent(err, noLock...):
			d.RetentionProblem = v.Problem(err)
		}
	})
	return d.view("lock", "Object lock", "object-lock", d), nil
}

// Date is the end of the retention as a field for it has it, in UTC.
func (d *locked) Date() string {
	if d.Until == nil {
		return ""
	}
	return d.Until.UTC().Format(dateField)
}

// dateField is how browsers send a date with a time.
const dateField = "2006-01-02T15:04"

func putHold(ctx context.Context, v *page.Visit) (*page.Done, error) {
	at, status := addressed(v), types.ObjectLockLegalHoldStatus(v.Form("hold"))
	_, err := v.AWS.S3().PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{
		Bucket: &at.Bucket, Key: &at.Key, VersionId: at.version(), LegalHold: &types.ObjectLockLegalHold{Status: status},
	})
	return &page.Done{To: at.At("lock"), Note: "The legal hold is " + string(status) + "."}, err
}

// putRetention sets how long a version is kept; no mode ends it.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html
func putRetention(ctx context.Context, v *page.Visit) (*page.Done, error) {
	at, mode := addressed(v), v.Form("mode")
	in := &s3.PutObjectRetentionInput{Bucket: &at.Bucket, Key: &at.Key, VersionId: at.version(), Retention: &types.ObjectLockRetention{}}
	if mode != "" {
		until, err := time.Parse(dateField, v.Form("until"))
		if err != nil {
			if until, err = time.Parse("2006-01-02T15:04:05", v.Form("until")); err != nil {
				return nil, page.Invalid("Choose the day and time, in UTC, until which the version is kept.")
			}
		}
		in.Retention = &types.ObjectLockRetention{Mode: types.ObjectLockRetentionMode(mode), RetainUntilDate: &until}
	}
	if v.Checked("bypass") {
		in.BypassGovernanceRetention = aws.Bool(true)
	}
	_, err := v.AWS.S3().PutObjectRetention(ctx, in)
	return &page.Done{To: at.At("lock"), Note: "The retention was saved."}, err
}
