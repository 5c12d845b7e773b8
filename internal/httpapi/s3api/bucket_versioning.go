package s3api

import (
	"context"
	"errors"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// versioningConfiguration is the body of PutBucketVersioning.
type versioningConfiguration struct {
	Status    string  `element:"Status"`
	MFADelete *string `element:"MfaDelete"`
}

// decodeVersioning parses the body of PutBucketVersioning.
func decodeVersioning(body []byte) (*versioningConfiguration, error) {
	in := new(versioningConfiguration)
	if err := restxml.Decode(body, "VersioningConfiguration", in); err != nil {
		return nil, err
	}
	switch {
	case in.Status == "" && in.MFADelete == nil:
		return nil, apierr.New(http.StatusBadRequest, "IllegalVersioningConfigurationException",
			"The Versioning element must be specified")
	case in.Status != objects.VersioningEnabled && in.Status != objects.VersioningSuspended:
		return nil, restxml.Malformed(errors.New("unknown status " + in.Status))
	case in.MFADelete != nil && *in.MFADelete != "Enabled" && *in.MFADelete != "Disabled":
		return nil, restxml.Malformed(errors.New("unknown MfaDelete " + *in.MFADelete))
	}
	return in, nil
}

// changesMFA reports whether the request turns MFA delete on or off.
func (in *versioningConfiguration) changesMFA(b *access.Bucket) bool {
	return in.MFADelete != nil && (*in.MFADelete == "Enabled") != b.Record.MfaDelete
}

// putBucketVersioning is PutBucketVersioning. MFA delete, and versioning while MFA delete is on, are changed
// with a code of the owner's MFA device only.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
func (s *Service) putBucketVersioning() httpapi.Operation {
	check := plainCheck("s3:PutBucketVersioning")
	return settingWith(s, "PutBucketVersioning", check, noAnonymousConfiguration, decodeVersioning, http.StatusOK,
		func(ctx context.Context, c *httpapi.Call, in *settingInput[versioningConfiguration]) error {
			if in.value.changesMFA(in.bucket) || in.bucket.Record.MfaDelete {
				if err := s.needMFA(ctx, c, in.bucket); err != nil {
					return err
				}
			}
			if in.value.changesMFA(in.bucket) && in.bucket.Settings.Lifecycle != nil && !in.bucket.Record.MfaDelete {
				return mfaWithLifecycle()
			}
			judged := in.bucket.Record.MfaDelete
			return s.updateBucket(ctx, c, in.bucket, check, func(r *records.Bucket, _ *access.Bucket) error {
				if r.MfaDelete != judged {
					return conflict()
				}
				return in.value.apply(r)
			})
		})
}

// apply changes a bucket's record. Object lock needs versioning.
func (in *versioningConfiguration) apply(r *records.Bucket) error {
	if r.ObjectLock != nil && in.Status != objects.VersioningEnabled {
		return invalidBucketState("An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.")
	}
	r.Versioning = in.Status
	if in.MFADelete != nil {
		r.MfaDelete = *in.MFADelete == "Enabled"
	}
	return nil
}

// invalidBucketState is the error for what the bucket's other settings exclude.
func invalidBucketState(message string) error {
	return apierr.New(http.StatusConflict, "InvalidBucketState", "%s", message)
}

// conflict is the error for a request that another one overtook in a way that cannot be judged again.
func conflict() error {
	return apierr.New(http.StatusConflict, "OperationAborted",
		"A conflicting conditional operation is currently in progress against this resource. Please try again.")
}

// getBucketVersioning is GetBucketVersioning. A bucket that never had versioning has no status.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
func (s *Service) getBucketVersioning() httpapi.Operation {
	return s.onlyBucket("GetBucketVersioning", "s3:GetBucketVersioning", func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		d := restxml.New("VersioningConfiguration")
		d.TextIf("Status", b.Record.Versioning)
		if b.Record.MfaDelete {
			d.Text("MfaDelete", "Enabled")
		}
		return document(d), nil
	})
}
