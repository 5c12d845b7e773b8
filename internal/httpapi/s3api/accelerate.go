package s3api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// accelerateConfiguration is the body of PutBucketAccelerateConfiguration. What it says is kept for whoever
// reads it: there is no other way to this server that could be faster.
type accelerateConfiguration struct {
	Status string `element:"Status,required"`
}

func decodeAccelerate(body []byte) (*accelerateConfiguration, error) {
	in := new(accelerateConfiguration)
	if err := restxml.Decode(body, "AccelerateConfiguration", in); err != nil {
		return nil, err
	}
	if in.Status != "Enabled" && in.Status != "Suspended" {
		return nil, restxml.Malformed(errors.New("unknown status"))
	}
	return in, nil
}

// putBucketAccelerateConfiguration is PutBucketAccelerateConfiguration.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAccelerateConfiguration.html; the message
// for a name with periods as in
// https://github.com/localstack/localstack/blob/main/localstack-core/localstack/services/s3/provider.py
func (s *Service) putBucketAccelerateConfiguration() httpapi.Operation {
	return setting(s, "PutBucketAccelerateConfiguration", "s3:PutAccelerateConfiguration", noAnonymousConfiguration, decodeAccelerate,
		func(r *records.Bucket, in *accelerateConfiguration) error {
			if strings.Contains(r.Name, ".") {
				return invalidRequest("S3 Transfer Acceleration is not supported for buckets with periods (.) in their names")
			}
			r.Accelerate = in.Status
			return nil
		}, http.StatusOK)
}

// getBucketAccelerateConfiguration is GetBucketAccelerateConfiguration. A bucket for which it was never set has
// no status.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAccelerateConfiguration.html
func (s *Service) getBucketAccelerateConfiguration() httpapi.Operation {
	return s.onlyBucket("GetBucketAccelerateConfiguration", "s3:GetAccelerateConfiguration", func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		d := restxml.New("AccelerateConfiguration")
		d.TextIf("Status", b.Record.Accelerate)
		return document(d), nil
	})
}
