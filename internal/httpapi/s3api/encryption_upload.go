package s3api

import (
	"context"
	"net/http"

	"crossgrant/internal/httpapi"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// unlockUpload judges what a request on an upload in progress says of the encryption of its content, and asks
// for the use of the KMS key, if there is one: what was begun with kms:GenerateDataKey is gone on with
// kms:Decrypt.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
func (s *Service) unlockUpload(ctx context.Context, c *httpapi.Call, in *uploadInput) (err error) {
	if in.customer, err = partCustomer(c.HTTP, in.upload.Encryption); err != nil {
		return err
	}
	if in.customer != nil {
		return s.refuseBlocked(c, in.bucket)
	}
	return s.unlock(ctx, c, c.Bucket, c.Key, in.upload.Encryption)
}

// partCustomer returns the customer's key of an upload, which every part has to come with, and only parts of
// an upload that has one.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html; the errors were observed:
// https://github.com/aws/aws-sdk-ruby/issues/1084 and
// https://github.com/localstack/localstack (tests/aws/services/s3/test_s3.snapshot.json)
func partCustomer(r *http.Request, e *records.Encryption) (*sse.CustomerKey, error) {
	needed := len(e.GetCustomerMd5()) > 0
	if needed != givesCustomer(r, "") {
		return nil, invalidRequest("The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.")
	}
	k, err := decodeCustomer(r, "", false)
	if err == nil && needed && !k.Is(e.CustomerMd5) {
		return nil, invalidRequest("The provided encryption parameters did not match the ones used originally.")
	}
	return k, err
}

// checkCompletion judges a customer's key that comes with CompleteMultipartUpload. It is "needed only when the
// object was created using a checksum algorithm"; which error S3 has for one that is missing is not said.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
func checkCompletion(r *http.Request, u *records.Upload) error {
	if !givesCustomer(r, "") && (u.ChecksumAlgorithm == "" || u.ChecksumUnasked) {
		return nil
	}
	_, err := partCustomer(r, u.Encryption)
	return err
}
