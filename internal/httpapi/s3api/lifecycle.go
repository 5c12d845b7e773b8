package s3api

import (
	"context"
	"net/http"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/keys"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

const (
	// maxLifecycle is the largest body of PutBucketLifecycleConfiguration, in bytes: it leaves room in a record for
	// the IDs that rules get.
	maxLifecycle = 2 << 20

	minimumSizeHeader = "x-amz-transition-default-minimum-object-size"
	getLifecycle      = "s3:GetLifecycleConfiguration"
	putLifecycle      = "s3:PutLifecycleConfiguration"
)

// putBucketLifecycleConfiguration is PutBucketLifecycleConfiguration, and PutBucketLifecycle, which is the same
// request with rules of an older form.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
func (s *Service) putBucketLifecycleConfiguration() httpapi.Operation {
	check := func(b *access.Bucket) access.Check { return bucketCheck(b, putLifecycle, nil) }
	return httpapi.Row[settingInput[records.Lifecycle]]{
		Name:   "PutBucketLifecycleConfiguration",
		Decode: decodePutLifecycle,
		Load: func(ctx context.Context, c *httpapi.Call, in *settingInput[records.Lifecycle]) (err error) {
			in.bucket, err = s.signedOnly(ctx, c, noAnonymousConfiguration)
			return err
		},
		Checks: func(_ *httpapi.Call, in *settingInput[records.Lifecycle]) []access.Check {
			return []access.Check{check(in.bucket)}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *settingInput[records.Lifecycle]) (*httpapi.Response, error) {
			err := s.objects.PutSetting(ctx, c.Bucket, keys.Lifecycle, in.value, rejudgeBucket(ctx, c, in.bucket, check, withoutMFA))
			r := empty()
			r.Header.Set(minimumSizeHeader, in.value.TransitionDefaultMinimumObjectSize)
			return r, err
		},
	}.Operation()
}

func decodePutLifecycle(c *httpapi.Call) (*settingInput[records.Lifecycle], error) {
	minimum := lifecycle.AllClasses128K
	if has(c.HTTP, minimumSizeHeader) {
		minimum = header(c.HTTP, minimumSizeHeader)
	}
	if minimum != lifecycle.AllClasses128K && minimum != lifecycle.VariesByClass {
		return nil, invalidRequest("Invalid TransitionDefaultMinimumObjectSize found: %s", minimum)
	}
	body, _, err := readBody(c, maxLifecycle)
	if err != nil {
		return nil, err
	}
	value, err := decodeLifecycle(body)
	if err != nil {
		return nil, err
	}
	value.TransitionDefaultMinimumObjectSize = minimum
	return &settingInput[records.Lifecycle]{value: value}, nil
}

// withoutMFA refuses a lifecycle for a bucket with MFA delete: it would remove what takes a device to remove. The
// message is made after that of mfaWithLifecycle, which is about the opposite order.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-and-other-bucket-config.html
func withoutMFA(r *records.Bucket, _ *access.Bucket) error {
	if r.MfaDelete {
		return invalidBucketState("Lifecycle configuration is not supported on a bucket with Mfa Authentication. " +
			"Disable Mfa Authentication before putting lifecycle configuration.")
	}
	return nil
}

// mfaWithLifecycle refuses MFA delete for a bucket with a lifecycle. Should both be put at once, the lifecycle is not
// carried out.
//
// Source: observed on S3, https://github.com/cloudposse/terraform-aws-codebuild/issues/76
func mfaWithLifecycle() error {
	return invalidBucketState("Mfa Authentication is not supported on a bucket with lifecycle configuration. " +
		"Delete lifecycle configuration before enabling Mfa Authentication.")
}

// deleteBucketLifecycle is DeleteBucketLifecycle. A bucket without a lifecycle has none afterwards.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketLifecycle.html
func (s *Service) deleteBucketLifecycle() httpapi.Operation {
	return largeSetting[records.Lifecycle](s, "DeleteBucketLifecycle", putLifecycle, keys.Lifecycle, nil, http.StatusNoContent)
}

// getBucketLifecycleConfiguration is GetBucketLifecycleConfiguration: the rules in the form in which they were put.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html
func (s *Service) getBucketLifecycleConfiguration() httpapi.Operation {
	return s.onlyBucket("GetBucketLifecycleConfiguration", getLifecycle, func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		l := b.Settings.Lifecycle
		if l == nil {
			return nil, apierr.New(http.StatusNotFound, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist").
				With("BucketName", b.Record.Name)
		}
		d := restxml.New("LifecycleConfiguration")
		for _, rule := range l.Rules {
			d.Open("Rule")
			writeRule(d, rule)
			d.Close()
		}
		r := document(d)
		r.Header.Set(minimumSizeHeader, l.TransitionDefaultMinimumObjectSize)
		return r, nil
	})
}

func writeRule(d *restxml.Document, rule *records.LifecycleRule) {
	d.Text("ID", rule.Id)
	if rule.PrefixElement {
		d.Text("Prefix", rule.Prefix)
	} else {
		writeFilter(d, rule)
	}
	status := "Disabled"
	if rule.Enabled {
		status = "Enabled"
	}
	d.Text("Status", status)
	for _, t := range rule.Transitions {
		d.Open("Transition")
		if t.Days != nil {
			d.Int("Days", int64(*t.Days))
		} else {
			d.Time("Date", nanos(t.Date))
		}
		d.Text("StorageClass", t.StorageClass)
		d.Close()
	}
	writeExpiration(d, rule.Expiration)
	for _, t := range rule.NoncurrentTransitions {
		d.Open("NoncurrentVersionTransition")
		d.Int("NoncurrentDays", int64(t.Days))
		writeNewer(d, t.NewerVersions)
		d.Text("StorageClass", t.StorageClass)
		d.Close()
	}
	if e := rule.NoncurrentExpiration; e != nil {
		d.Open("NoncurrentVersionExpiration")
		d.Int("NoncurrentDays", int64(e.Days))
		writeNewer(d, e.NewerVersions)
		d.Close()
	}
	if rule.AbortUploadDays > 0 {
		d.Open("AbortIncompleteMultipartUpload")
		d.Int("DaysAfterInitiation", int64(rule.AbortUploadDays))
		d.Close()
	}
}

func writeFilter(d *restxml.Document, rule *records.LifecycleRule) {
	d.Open("Filter")
	defer d.Close()
	if rule.And {
		d.Open("And")
		defer d.Close()
	}
	if rule.PrefixGiven {
		d.Text("Prefix", rule.Prefix)
	}
	for _, t := range rule.Tags {
		d.Open("Tag")
		d.Text("Key", t.Key)
		d.Text("Value", t.Value)
		d.Close()
	}
	if rule.LargerThan != nil {
		d.Int("ObjectSizeGreaterThan", *rule.LargerThan)
	}
	if rule.SmallerThan != nil {
		d.Int("ObjectSizeLessThan", *rule.SmallerThan)
	}
}

func writeExpiration(d *restxml.Document, e *records.LifecycleExpiration) {
	if e == nil {
		return
	}
	d.Open("Expiration")
	switch {
	case e.Days > 0:
		d.Int("Days", int64(e.Days))
	case e.Date != 0:
		d.Time("Date", nanos(e.Date))
	default:
		d.Bool("ExpiredObjectDeleteMarker", e.DeleteMarker)
	}
	d.Close()
}

func writeNewer(d *restxml.Document, versions int32) {
	if versions > 0 {
		d.Int("NewerNoncurrentVersions", int64(versions))
	}
}

// setExpiration sets x-amz-expiration for an object, if it is a current version and the lifecycle of its bucket
// expires it.
func (s *Service) setExpiration(h http.Header, b *access.Bucket, key string, o *records.Object, now time.Time) {
	if b.Settings.Rules == nil || o.Superseded != 0 {
		return
	}
	v := lifecycle.VersionOf(key, o, true, now)
	if a, ok := b.Settings.Rules.Expiration(&v, s.Calendar); ok {
		h.Set("X-Amz-Expiration", lifecycle.Header(a.Due, a.Rule))
	}
}

// setAbort sets the headers that tell when the lifecycle of its bucket aborts an upload.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
func (s *Service) setAbort(h http.Header, b *access.Bucket, u *records.Upload) {
	if a, ok := b.Settings.Rules.Abort(u.Key, nanos(u.Created), s.Calendar); ok {
		h.Set("X-Amz-Abort-Date", lifecycle.HTTPDate(a.Due))
		h.Set("X-Amz-Abort-Rule-Id", lifecycle.RuleID(a.Rule))
	}
}
