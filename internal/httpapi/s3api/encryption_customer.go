package s3api

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"net/http"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// The headers of a customer's key (SSE-C). For the source of a copy, copySourcePrefix stands before what
// follows "x-amz-".
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-s3-c-encryption.html
const (
	customerAlgorithm = "x-amz-server-side-encryption-customer-algorithm"
	customerKey       = "x-amz-server-side-encryption-customer-key"
	customerKeyMD5    = "x-amz-server-side-encryption-customer-key-md5"
)

// ofCopySource is the infix of the headers that are about the source of a copy.
const ofCopySource = "copy-source-"

// about returns the name of a header of SSE-C with infix behind "x-amz-".
func about(infix, name string) string {
	if infix == "" {
		return name
	}
	return "x-amz-" + infix + name[len("x-amz-"):]
}

// givesCustomer reports whether a request has one of the headers of a customer's key.
func givesCustomer(r *http.Request, infix string) bool {
	return has(r, about(infix, customerAlgorithm)) || has(r, about(infix, customerKey)) || has(r, about(infix, customerKeyMD5))
}

// invalidCustomer is the error for headers of SSE-C. S3 names the header of another kind of encryption in all
// of them, for the source of a copy too.
//
// Source: https://github.com/localstack/localstack (tests/aws/services/s3/test_s3.snapshot.json, recorded on AWS)
func invalidCustomer(value, message string) *apierr.Error {
	return invalidArgument(encryptionHeader, value, message)
}

// decodeCustomer reads a customer's key; nil if none is given. mixed says that the request asks for another
// kind of encryption as well. The errors, in their order, are those of S3, but for that of an MD5 that was not
// sent, for which sources are silent: there it is what other servers answer.
//
// Sources: https://github.com/localstack/localstack (tests/aws/services/s3/test_s3.snapshot.json, recorded on AWS),
// https://github.com/aws/aws-sdk-go/issues/1726, https://github.com/aws/aws-sdk-js-v3/issues/5651
func decodeCustomer(r *http.Request, infix string, mixed bool) (*sse.CustomerKey, error) {
	if !givesCustomer(r, infix) {
		return nil, nil
	}
	algorithm, key, sum := header(r, about(infix, customerAlgorithm)), header(r, about(infix, customerKey)), header(r, about(infix, customerKeyMD5))
	const requests = "Requests specifying Server Side Encryption with Customer provided keys must provide "
	secret, err := base64.StdEncoding.DecodeString(key)
	k, ok := sse.NewCustomerKey(secret)
	switch {
	case mixed:
		return nil, invalidCustomer(header(r, encryptionHeader), "Server Side Encryption with Customer provided key is incompatible with the encryption method specified")
	case algorithm == "":
		return nil, invalidCustomer("null", requests+"a valid encryption algorithm.")
	case key == "":
		return nil, invalidCustomer("null", requests+"an appropriate secret key.")
	case algorithm != sse.AES256:
		return nil, apierr.New(http.StatusBadRequest, "InvalidEncryptionAlgorithmError", "The Encryption request you specified is not valid. Supported value: AES256.").
			With("ArgumentName", encryptionHeader).With("ArgumentValue", algorithm)
	case sum == "":
		return nil, invalidCustomer("null", requests+"the client calculated MD5 of the secret key.")
	case err == nil && base64.StdEncoding.EncodeToString(sumOf(secret)) != sum:
		return nil, invalidCustomer("null", "The calculated MD5 hash of the key did not match the hash that was provided.")
	case err != nil || !ok:
		return nil, invalidCustomer("null", "The secret key was invalid for the specified algorithm.")
	}
	return k, nil
}

// refuseEncryption refuses the headers of a kind of encryption on requests that cannot choose one.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html,
// https://github.com/irods/irods_resource_plugin_s3/issues/1838 (UploadPart),
// https://github.com/fog/fog-aws/pull/589 (UploadPartCopy),
// https://github.com/ClickHouse/ClickHouse/issues/64570 (CompleteMultipartUpload)
func refuseEncryption(r *http.Request) error {
	for _, name := range []string{encryptionHeader, kmsKeyHeader, contextHeader, bucketKeyHeader} {
		if has(r, name) {
			return invalidArgument(name, header(r, name), name+" header is not supported for this operation.")
		}
	}
	return nil
}

// customerOf returns the customer's key that content needs which is encrypted as e says, or nil if it needs
// none. A key that is missing, wrong, or needless is refused.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html; the errors
// were observed: https://github.com/boto/boto3/issues/1482, https://github.com/boto/boto3/issues/982,
// https://github.com/localstack/localstack (tests/aws/services/s3/test_s3.snapshot.json)
func customerOf(r *http.Request, infix string, e *records.Encryption) (*sse.CustomerKey, error) {
	needed := len(e.GetCustomerMd5()) > 0
	given := givesCustomer(r, infix)
	switch {
	case !needed && !given:
		return nil, nil
	case !given:
		return nil, invalidRequest("The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.")
	case needed && has(r, about(infix, customerKeyMD5)) && !sameMD5(header(r, about(infix, customerKeyMD5)), e.CustomerMd5):
		return nil, apierr.AccessDenied("Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.")
	}
	k, err := decodeCustomer(r, infix, false)
	if err != nil {
		return nil, err
	}
	if !needed {
		return nil, invalidRequest("The encryption parameters are not applicable to this object.")
	}
	return k, nil
}

// sameMD5 reports whether text is an MD5 in base64.
func sameMD5(text string, sum []byte) bool {
	sent, err := base64.StdEncoding.DecodeString(text)
	return err == nil && bytes.Equal(sent, sum)
}

// unlock asks for the use of the KMS key that an object's content is encrypted under, if it is, to read it.
// key is the object's, in the bucket of this name.
func (s *Service) unlock(ctx context.Context, c *httpapi.Call, bucket, key string, e *records.Encryption) error {
	if e.GetKmsKeyId() == "" {
		return nil
	}
	if err := needSignature(c); err != nil {
		return err
	}
	k, err := s.KMS.Key(ctx, e.KmsKeyId)
	if err != nil {
		return err
	}
	check := keyCheck("kms:Decrypt", k, c, arn.Object(bucket, key), e)
	return c.Authorize(ctx, &check)
}

func sumOf(b []byte) []byte {
	sum := md5.Sum(b)
	return sum[:]
}
