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

// The two values of Payer.
const (
	payerRequester   = "Requester"
	payerBucketOwner = "BucketOwner"
)

// requestPayment is the body of PutBucketRequestPayment.
type requestPayment struct {
	Payer string `element:"Payer,required"`
}

func decodeRequestPayment(body []byte) (*requestPayment, error) {
	in := new(requestPayment)
	if err := restxml.Decode(body, "RequestPaymentConfiguration", in); err != nil {
		return nil, err
	}
	if in.Payer != payerRequester && in.Payer != payerBucketOwner {
		return nil, restxml.Malformed(errors.New("unknown payer"))
	}
	return in, nil
}

// putBucketRequestPayment is PutBucketRequestPayment.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketRequestPayment.html
func (s *Service) putBucketRequestPayment() httpapi.Operation {
	return setting(s, "PutBucketRequestPayment", "s3:PutBucketRequestPayment", noAnonymousConfiguration, decodeRequestPayment,
		func(r *records.Bucket, in *requestPayment) error {
			r.RequesterPays = in.Payer == payerRequester
			return nil
		}, http.StatusOK)
}

// getBucketRequestPayment is GetBucketRequestPayment.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketRequestPayment.html
func (s *Service) getBucketRequestPayment() httpapi.Operation {
	return s.onlyBucket("GetBucketRequestPayment", "s3:GetBucketRequestPayment", func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		payer := payerBucketOwner
		if b.RequesterPays {
			payer = payerRequester
		}
		d := restxml.New("RequestPaymentConfiguration")
		d.Text("Payer", payer)
		return document(d), nil
	})
}

// decodePayer reads x-amz-request-payer: whether the caller declares that it pays. Sources do not say how
// S3 refuses a value that it does not know; it is not taken for the declaration.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ObjectsinRequesterPaysBuckets.html
func decodePayer(r *http.Request) (accepts bool, err error) {
	const name = "x-amz-request-payer"
	if !has(r, name) {
		return false, nil
	}
	if value := header(r, name); value != "requester" {
		return false, invalidArgument(name, value, "Unknown request payer.")
	}
	return true, nil
}
