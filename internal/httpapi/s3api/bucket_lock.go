package s3api

import (
	"context"
	"errors"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

const bucketLockHeader = "x-amz-bucket-object-lock-enabled"

// decodeBucketLock reads x-amz-bucket-object-lock-enabled: whether a new bucket has object lock.
func decodeBucketLock(r *http.Request) (bool, error) { return decodeFlag(r, bucketLockHeader) }

// lockConfigurationKeys sets the condition keys of the actions on a bucket's lock configuration: they alone
// have no s3:x-amz-content-sha256.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
func lockConfigurationKeys(k *policy.Context) { k.SetAbsent("s3:x-amz-content-sha256") }

// lockConfiguration is the body of PutObjectLockConfiguration.
type lockConfiguration struct {
	Enabled string `element:"ObjectLockEnabled,required"`
	Rule    *struct {
		Retention *defaultRetention `element:"DefaultRetention,required"`
	} `element:"Rule"`
}

type defaultRetention struct {
	Mode  string `element:"Mode,required"`
	Days  *int   `element:"Days"`
	Years *int   `element:"Years"`
}

// Longest default retentions.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html ("up to 100 years")
const (
	maxRetentionDays  = 36_500
	maxRetentionYears = 100
)

// decodeLockConfiguration parses the body of PutObjectLockConfiguration.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html; the code for a
// period that is no period is the one that https://github.com/ceph/s3-tests asserts for S3
func decodeLockConfiguration(body []byte) (*records.ObjectLock, error) {
	in := new(lockConfiguration)
	if err := restxml.Decode(body, "ObjectLockConfiguration", in); err != nil {
		return nil, err
	}
	if in.Enabled != "Enabled" {
		return nil, restxml.Malformed(errors.New("ObjectLockEnabled is " + in.Enabled))
	}
	if in.Rule == nil {
		return new(records.ObjectLock), nil
	}
	return in.Rule.Retention.record()
}

func (d *defaultRetention) record() (*records.ObjectLock, error) {
	if d.Mode != objects.Governance && d.Mode != objects.Compliance || (d.Days == nil) == (d.Years == nil) {
		return nil, restxml.Malformed(errors.New("not a known mode and one period"))
	}
	out := &records.ObjectLock{Mode: d.Mode}
	period, limit, into := d.Days, maxRetentionDays, &out.Days
	if d.Years != nil {
		period, limit, into = d.Years, maxRetentionYears, &out.Years
	}
	switch {
	case *period <= 0:
		return nil, apierr.New(http.StatusBadRequest, "InvalidRetentionPeriod", "Default retention period must be a positive integer value.")
	case *period > limit:
		return nil, apierr.New(http.StatusBadRequest, "InvalidRetentionPeriod", "Default retention period too large.")
	}
	*into = int32(*period)
	return out, nil
}

// putObjectLockConfiguration is PutObjectLockConfiguration, which also gives a bucket object lock that was made
// without.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html
func (s *Service) putObjectLockConfiguration() httpapi.Operation {
	check := func(b *access.Bucket) access.Check {
		return bucketCheck(b, "s3:PutBucketObjectLockConfiguration", lockConfigurationKeys)
	}
	return settingWith(s, "PutObjectLockConfiguration", check, noAnonymousConfiguration, decodeLockConfiguration, http.StatusOK,
		func(ctx context.Context, c *httpapi.Call, in *settingInput[records.ObjectLock]) error {
			return s.updateBucket(ctx, c, in.bucket, check, func(r *records.Bucket, _ *access.Bucket) error {
				if r.Versioning != objects.VersioningEnabled {
					return invalidBucketState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
				}
				r.ObjectLock = in.value
				return nil
			})
		})
}

// getObjectLockConfiguration is GetObjectLockConfiguration.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html
func (s *Service) getObjectLockConfiguration() httpapi.Operation {
	return s.onlyBucketWith("GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration", lockConfigurationKeys, func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		lock := b.Record.ObjectLock
		if lock == nil {
			return nil, apierr.New(http.StatusNotFound, "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket").
				With("BucketName", b.Record.Name)
		}
		d := restxml.New("ObjectLockConfiguration")
		d.Text("ObjectLockEnabled", "Enabled")
		if lock.Mode != "" {
			writeDefaultRetention(d, lock)
		}
		return document(d), nil
	})
}

func writeDefaultRetention(d *restxml.Document, lock *records.ObjectLock) {
	d.Open("Rule")
	d.Open("DefaultRetention")
	d.Text("Mode", lock.Mode)
	if lock.Years > 0 {
		d.Int("Years", int64(lock.Years))
	} else {
		d.Int("Days", int64(lock.Days))
	}
	d.Close()
	d.Close()
}
