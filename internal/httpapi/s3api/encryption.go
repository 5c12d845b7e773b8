package s3api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/kms"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// The headers of server-side encryption.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
const (
	encryptionHeader = "x-amz-server-side-encryption"
	kmsKeyHeader     = "x-amz-server-side-encryption-aws-kms-key-id"
	contextHeader    = "x-amz-server-side-encryption-context"
	bucketKeyHeader  = "x-amz-server-side-encryption-bucket-key-enabled"
)

// KMS has the KMS keys; package kms does.
type KMS interface {
	// Resolve returns the key that a principal of account means by ref; see kms.Service.
	Resolve(ctx context.Context, account ids.AccountID, ref string) (*kms.Key, error)
	// Key returns the key with this ARN.
	Key(ctx context.Context, keyARN string) (*kms.Key, error)
}

// encryptionInput is what a request that makes an object says of its encryption. The headers are judged when
// the permissions are known: a policy that denies what they ask for speaks before their errors, as
// test_bucket_policy_put_obj_s3_incorrect_algo_sse_s3 of https://github.com/ceph/s3-tests has it.
type encryptionInput struct {
	// keyARN is the value of the condition key for the KMS key that is named; empty: none is.
	keyARN string
	// customer is the customer's key, once the headers were judged; nil for none.
	customer *sse.CustomerKey
}

// nameKey finds out which KMS key the request names, for conditions that compare it. What is no ARN is made
// one, and an alias the key behind it, if there is one: it is "compared as full key ARN" (section 6.5 of the
// S3 reference).
func (s *Service) nameKey(ctx context.Context, c *httpapi.Call, in *encryptionInput) error {
	ref := header(c.HTTP, kmsKeyHeader)
	if ref == "" {
		return nil
	}
	in.keyARN = ref
	switch {
	case c.Caller.Account == "" || strings.HasPrefix(ref, "arn:") && !strings.Contains(ref, ":alias/"):
		return nil
	case strings.HasPrefix(ref, "alias/"):
		in.keyARN = arn.KMSAlias(s.Region, c.Caller.Account, ref).String()
	case !strings.HasPrefix(ref, "arn:"):
		in.keyARN = arn.KMSKey(s.Region, c.Caller.Account, ref).String()
		return nil
	}
	if strings.HasSuffix(ref, "alias/aws/s3") {
		return nil // to look for the AWS managed key is to make it
	}
	k, err := s.KMS.Resolve(ctx, c.Caller.Account, ref)
	if apierr.Is(err, kms.CodeNotFound) {
		return nil
	}
	if err == nil {
		in.keyARN = k.ARN()
	}
	return err
}

// keys sets the condition keys of the encryption that the request asks for. What the bucket's default does is
// in none.
//
// Source: section 6.5 of the S3 reference
func (in *encryptionInput) keys(r *http.Request, k *policy.Context) {
	fromHeaders(r, k, encryptionHeader, customerAlgorithm)
	if in.keyARN != "" {
		k.Set("s3:"+kmsKeyHeader, in.keyARN)
	}
}

// carriedKeys sets the condition keys of the encryption that an upload was created with. Those of SSE-C come
// with the headers of each request.
//
// Source: section 6.3 of the S3 reference (UploadPart)
func carriedKeys(u *records.Upload, k *policy.Context) {
	if e := u.Encryption; e.GetAsked() && len(e.CustomerMd5) == 0 {
		k.Set("s3:"+encryptionHeader, e.Algorithm)
		if e.KeyAsked {
			k.Set("s3:"+kmsKeyHeader, e.KmsKeyId)
		}
	}
}

// changesEncryption reports whether a copy asks for an encryption, or has the key of its source's.
func changesEncryption(r *http.Request) bool {
	return has(r, encryptionHeader) || has(r, customerAlgorithm) || has(r, about(ofCopySource, customerAlgorithm))
}

// encryption judges the headers and returns how the object that the request makes in b is to be encrypted: as
// it says, or by the bucket's default. It asks for the use of the KMS key, if there is one.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-kms-encryption.html and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
func (s *Service) encryption(ctx context.Context, c *httpapi.Call, b *access.Bucket, in *encryptionInput) (*records.Encryption, error) {
	e, ref, err := in.decode(c.HTTP, b.Record.Encryption)
	if err != nil {
		return nil, err
	}
	if in.customer != nil {
		return e, s.refuseBlocked(c, b)
	}
	if e.Algorithm == sse.AES256 {
		return e, nil
	}
	if err := needSignature(c); err != nil {
		return nil, err
	}
	k, err := s.KMS.Resolve(ctx, c.Caller.Account, ref)
	if err != nil {
		return nil, err
	}
	check := keyCheck("kms:GenerateDataKey", k, c, arn.Object(c.Bucket, c.Key), e)
	if err := c.Authorize(ctx, &check); err != nil {
		return nil, err
	}
	e.KmsKeyId = k.ARN()
	return e, nil
}

// decode reads the headers; ref is the KMS key as it was named, empty for the one that AWS manages. normal is
// the bucket's default, nil for that of new buckets.
//
// The errors are those that were observed on S3:
// https://github.com/localstack/localstack (tests/aws/services/s3/test_s3.snapshot.json),
// https://github.com/aws/aws-sdk-cpp/issues/1771, https://github.com/aws/aws-cli/issues/1431; the code of the one
// for a context is ours (its text: https://issues.apache.org/jira/browse/HADOOP-19197), and so is that of the
// ones for a bucket key.
func (in *encryptionInput) decode(r *http.Request, normal *records.DefaultEncryption) (e *records.Encryption, ref string, err error) {
	if in.customer, err = decodeCustomer(r, "", has(r, encryptionHeader)); err != nil {
		return nil, "", err
	}
	algorithm := header(r, encryptionHeader)
	isKMS := algorithm == sse.KMS || algorithm == sse.DSSE
	switch {
	case has(r, encryptionHeader) && algorithm != sse.AES256 && !isKMS:
		return nil, "", invalidArgument(encryptionHeader, algorithm, "The encryption method specified is not supported")
	case !isKMS && (has(r, kmsKeyHeader) || has(r, contextHeader)):
		return nil, "", invalidArgument(encryptionHeader, null(algorithm), "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms")
	case in.customer != nil:
		return &records.Encryption{Algorithm: sse.AES256, Asked: true, CustomerMd5: in.customer.MD5()}, "", nil
	}
	e = &records.Encryption{Algorithm: algorithm, Asked: algorithm != "", KeyAsked: has(r, kmsKeyHeader), Context: header(r, contextHeader)}
	ref = header(r, kmsKeyHeader)
	if algorithm == "" {
		e.Algorithm, ref = defaultOf(normal)
	}
	if _, err := parseContext(e.Context); err != nil {
		return nil, "", err
	}
	e.BucketKey, err = decodeBucketKey(r, e.Algorithm, normal)
	return e, ref, err
}

// null is how S3 shows a header that was not sent.
func null(value string) string {
	if value == "" {
		return "null"
	}
	return value
}

// defaultOf returns algorithm and KMS key of a bucket's default encryption.
func defaultOf(normal *records.DefaultEncryption) (algorithm, ref string) {
	if normal.GetAlgorithm() == "" {
		return sse.AES256, ""
	}
	return normal.Algorithm, normal.KmsKeyId
}

// decodeBucketKey reads whether the object's key is to be a bucket key, which only SSE-KMS has; the bucket's
// default says it for requests that do not.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
func decodeBucketKey(r *http.Request, algorithm string, normal *records.DefaultEncryption) (bool, error) {
	value := header(r, bucketKeyHeader)
	if !has(r, bucketKeyHeader) {
		return algorithm == sse.KMS && normal.GetBucketKey(), nil
	}
	enabled, err := strconv.ParseBool(strings.ToLower(value))
	switch {
	case err != nil:
		return false, invalidArgument(bucketKeyHeader, value, "The value must be true or false.")
	case enabled && algorithm == sse.DSSE:
		return false, invalidArgument(bucketKeyHeader, value, "S3 Bucket Keys are not supported for DSSE-KMS.")
	}
	return enabled && algorithm == sse.KMS, nil
}

// parseContext reads an encryption context: base64 of a JSON object of strings; empty is none.
func parseContext(value string) (map[string]string, error) {
	if value == "" {
		return nil, nil
	}
	malformed := invalidArgument(contextHeader, value, "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded "+
		"UTF-8 string holding JSON which represents a string-string map")
	text, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, malformed
	}
	var pairs map[string]string
	if err := json.Unmarshal(text, &pairs); err != nil || pairs == nil {
		return nil, malformed
	}
	return pairs, nil
}

// needSignature refuses requests that are not signed to use a KMS key.
//
// Source: observed on S3, https://github.com/aws/aws-sdk-net/issues/2543
func needSignature(c *httpapi.Call) error {
	if c.Caller.Kind != policy.Anonymous {
		return nil
	}
	return invalidArgument("Authorization", "null", "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.")
}

// keyCheck asks for an action on a KMS key that S3 uses for its caller.
//
// Sources: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#encryption-context
func keyCheck(action string, k *kms.Key, c *httpapi.Call, object arn.ARN, e *records.Encryption) access.Check {
	return access.Check{
		Action: action, Resource: k.ARN(), Owner: k.Account, Policy: k.Policy(),
		Keys: func(keys *policy.Context) {
			keys.Set("kms:ViaService", kms.ViaService(k.Region))
			keys.Set("kms:CallerAccount", string(c.Caller.Account))
			keys.Set("aws:ViaAWSService", "true")
			pairs, _ := parseContext(e.Context) // decode, or the record's writer, has seen to it
			names := []string{"aws:s3:arn"}
			for name, value := range pairs {
				keys.Set("kms:EncryptionContext:"+name, value)
				names = append(names, name)
			}
			bound := object.String()
			if bucket, _, ok := strings.Cut(object.Resource, "/"); ok && e.BucketKey {
				bound = arn.Bucket(bucket).String()
			}
			keys.Set("kms:EncryptionContext:aws:s3:arn", bound)
			keys.SetMulti("kms:EncryptionContextKeys", names)
		},
	}
}

// refuseBlocked refuses a customer's key where the bucket does not take any.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
func (s *Service) refuseBlocked(c *httpapi.Call, b *access.Bucket) error {
	if !b.Record.Encryption.GetNoCustomerKeys() {
		return nil
	}
	check := objectCheck(b, c.Key, "s3:PutObject", nil, nil)
	message := "Access Denied"
	if c.Caller.Kind != policy.Anonymous {
		message = "User: " + c.Caller.ARN + " is not authorized to perform: s3:PutObject on resource: \"" + check.Resource +
			"\" because this bucket has blocked upload requests that specify Server Side Encryption with Customer provided keys (SSE-C). " +
			"Please specify a different server-side encryption type"
	}
	return c.Refuse(&check, authz.RequestItself, authz.BlockedEncryptionTypes, apierr.AccessDenied(message))
}

// setEncryption tells how an object is encrypted, if it is.
func setEncryption(h http.Header, e *records.Encryption) {
	if len(e.GetCustomerMd5()) > 0 {
		setHeader(h, customerAlgorithm, sse.AES256)
		setHeader(h, customerKeyMD5, base64.StdEncoding.EncodeToString(e.CustomerMd5))
		return
	}
	setServerEncryption(h, e)
}

// setServerEncryption is setEncryption but for the customer's key, of which CompleteMultipartUpload tells
// nothing.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
func setServerEncryption(h http.Header, e *records.Encryption) {
	if e == nil || len(e.CustomerMd5) > 0 {
		return
	}
	setHeader(h, encryptionHeader, e.Algorithm)
	if e.KmsKeyId != "" {
		setHeader(h, kmsKeyHeader, e.KmsKeyId)
	}
	if e.BucketKey {
		setHeader(h, bucketKeyHeader, "true")
	}
}

// setContext tells the encryption context, which only the requests that give one get back.
func setContext(h http.Header, e *records.Encryption) {
	if e.GetContext() != "" {
		setHeader(h, contextHeader, e.Context)
	}
}
