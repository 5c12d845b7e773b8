package s3api

import (
	"context"
	"errors"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// While attribute-based access control is enabled for a bucket, its tags are condition keys of every question
// about it and its objects (see access.Access), and only S3 Control changes them: TagResource and UntagResource
// are judged by the tags that they name, which PutBucketTagging is not.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html

// Values of the status of attribute-based access control.
const (
	abacEnabled  = "Enabled"
	abacDisabled = "Disabled"
)

// abacStatus is the body of PutBucketAbac. AWS's model lets Status be left out and does not tell what that
// means: it is refused.
type abacStatus struct {
	Status string `element:"Status,required"`
}

func decodeAbac(body []byte) (*abacStatus, error) {
	in := new(abacStatus)
	if err := restxml.Decode(body, "AbacStatus", in); err != nil {
		return nil, err
	}
	if in.Status != abacEnabled && in.Status != abacDisabled {
		return nil, restxml.Malformed(errors.New("unknown status"))
	}
	return in, nil
}

// putBucketAbac is PutBucketAbac.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAbac.html
func (s *Service) putBucketAbac() httpapi.Operation {
	return setting(s, "PutBucketAbac", "s3:PutBucketAbac", noAnonymousConfiguration, decodeAbac,
		func(r *records.Bucket, in *abacStatus) error {
			r.Abac = in.Status == abacEnabled
			return nil
		}, http.StatusOK)
}

// getBucketAbac is GetBucketAbac. A bucket for which it was never enabled is as one for which it was disabled.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAbac.html
func (s *Service) getBucketAbac() httpapi.Operation {
	return s.onlyBucket("GetBucketAbac", "s3:GetBucketAbac", func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		status := abacDisabled
		if b.Record.Abac {
			status = abacEnabled
		}
		d := restxml.New("AbacStatus")
		d.Text("Status", status)
		return document(d), nil
	})
}

// tagsByControl refuses to change the tags of a bucket with attribute-based access control in another way than
// by S3 Control. AWS tells that these operations can no longer be used, and not with which error.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAbac.html
func tagsByControl(r *records.Bucket) error {
	if r.Abac {
		return invalidRequest("Attribute-based access control is enabled for this bucket. Use TagResource and UntagResource to manage its tags.")
	}
	return nil
}
