package archive

import (
	"context"
	"net/http"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/cloudtrail/digest"
	"crossgrant/internal/ids"
)

// Probe reports whether a bucket lets the service look at its ACL, and write the log and digest files of a trail: those of
// the trail's account, and for an organization's trail those below the organization's ID as well. Nothing is written. What
// is missing is S3BucketDoesNotExistException or InsufficientS3BucketPolicyException.
//
// Sources: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html#API_CreateTrail_Errors and
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html; that the bucket's
// ACL is looked at first is told by the statement AWSCloudTrailAclCheck there.
func (w *Writer) Probe(ctx context.Context, account ids.AccountID, trailARN, bucket, prefix, organization string) error {
	b, err := w.access.Bucket(ctx, bucket)
	switch {
	case apierr.Is(err, "NoSuchBucket"):
		return apierr.New(http.StatusNotFound, "S3BucketDoesNotExistException", "S3 bucket %s does not exist!", bucket)
	case err != nil:
		return err
	}
	k, err := w.context(ctx, trailARN, account)
	if err != nil {
		return err
	}
	trail, _ := arn.Parse(trailARN) // context has read it
	checks := []access.Check{{Action: "s3:GetBucketAcl", Resource: arn.Bucket(bucket).String(), Owner: b.Owner, Bucket: b}}
	within := []string{""}
	if organization != "" {
		within = append(within, organization)
	}
	now := w.opts.Now().UTC()
	for _, o := range within {
		checks = append(checks,
			putCheck(b, digest.WithPrefix(prefix, digest.LogKey(o, account, w.opts.Region, now, "0000000000000000"))),
			putCheck(b, digest.WithPrefix(prefix, digest.DigestKey(o, account, w.opts.Region, strings.TrimPrefix(trail.Resource, "trail/"), trail.Region, now))))
	}
	for i := range checks {
		d, err := w.access.Authorize(ctx, w.caller, &checks[i], &k)
		if err != nil {
			return err
		}
		if !d.Allowed() {
			return apierr.New(http.StatusForbidden, "InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: %s", bucket)
		}
	}
	return nil
}
