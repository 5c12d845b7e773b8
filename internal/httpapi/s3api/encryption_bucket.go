package s3api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
	"crossgrant/internal/wire/restxml"
)

// encryptionConfiguration is the body of PutBucketEncryption.
type encryptionConfiguration struct {
	Rules []encryptionRule `element:"Rule,required"`
}

type encryptionRule struct {
	Default *struct {
		Algorithm string  `element:"SSEAlgorithm,required"`
		KMSKeyID  *string `element:"KMSMasterKeyID"`
	} `element:"ApplyServerSideEncryptionByDefault"`
	BucketKey *bool `element:"BucketKeyEnabled"`
	Blocked   *struct {
		Types []string `element:"EncryptionType"`
	} `element:"BlockedEncryptionTypes"`
}

// The types of encryption that can be blocked.
const (
	blockNone     = "NONE"
	blockCustomer = "SSE-C"
)

// decodeBucketEncryption reads and judges the body. The KMS key is not looked for, as on S3.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html; the errors are those of
// https://github.com/localstack/localstack (test_s3_default_bucket_encryption_exc, recorded on AWS)
func decodeBucketEncryption(body []byte) (*encryptionRule, error) {
	in := new(encryptionConfiguration)
	if err := restxml.Decode(body, "ServerSideEncryptionConfiguration", in); err != nil {
		return nil, err
	}
	if len(in.Rules) != 1 {
		return nil, restxml.Malformed(fmt.Errorf("%d rules", len(in.Rules)))
	}
	rule := &in.Rules[0]
	if d := rule.Default; d != nil {
		switch d.Algorithm {
		case sse.KMS, sse.DSSE:
		case sse.AES256:
			if d.KMSKeyID != nil {
				return nil, apierr.New(http.StatusBadRequest, "InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse").
					With("ArgumentName", "ApplyServerSideEncryptionByDefault")
			}
		default:
			return nil, restxml.Malformed(errors.New("unknown algorithm"))
		}
		if d.KMSKeyID != nil && *d.KMSKeyID == "" {
			return nil, restxml.Malformed(errors.New("empty KMSMasterKeyID"))
		}
	}
	if b := rule.Blocked; b != nil && (len(b.Types) != 1 || b.Types[0] != blockNone && b.Types[0] != blockCustomer) {
		return nil, restxml.Malformed(fmt.Errorf("blocked encryption types %q", b.Types))
	}
	return rule, nil
}

// apply returns the default encryption after the rule was put over what was there. What is blocked stays so
// unless the rule says otherwise; the rest is as in the rule alone, but for the algorithm of a rule that
// has none, which only says what is blocked: then all of it stays.
//
// Sources: https://github.com/hashicorp/terraform-provider-aws/issues/47320 (observed: a rule without
// BlockedEncryptionTypes leaves SSE-C blocked), and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html for rules of
// nothing but that element; what becomes of the algorithm then is not said.
func (rule *encryptionRule) apply(was *records.DefaultEncryption) *records.DefaultEncryption {
	out := &records.DefaultEncryption{NoCustomerKeys: was.GetNoCustomerKeys()}
	if rule.Default != nil {
		out.Algorithm = rule.Default.Algorithm
		if rule.Default.KMSKeyID != nil {
			out.KmsKeyId = *rule.Default.KMSKeyID
		}
	} else {
		out.Algorithm, out.KmsKeyId = defaultOf(was)
		out.BucketKey = was.GetBucketKey()
	}
	if rule.BucketKey != nil {
		out.BucketKey = *rule.BucketKey
	}
	if rule.Blocked != nil {
		out.NoCustomerKeys = rule.Blocked.Types[0] == blockCustomer
	}
	return out
}

// putBucketEncryption is PutBucketEncryption.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
func (s *Service) putBucketEncryption() httpapi.Operation {
	return setting(s, "PutBucketEncryption", "s3:PutEncryptionConfiguration", noAnonymousConfiguration, decodeBucketEncryption,
		func(r *records.Bucket, rule *encryptionRule) error {
			r.Encryption = rule.apply(r.Encryption)
			return nil
		}, http.StatusOK)
}

// deleteBucketEncryption is DeleteBucketEncryption: the default encryption becomes SSE-S3. Whether SSE-C is then
// blocked is not said; what is blocked stays so.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketEncryption.html
func (s *Service) deleteBucketEncryption() httpapi.Operation {
	return setting(s, "DeleteBucketEncryption", "s3:PutEncryptionConfiguration", noAnonymousConfiguration, nil,
		func(r *records.Bucket, _ *encryptionRule) error {
			blocked := r.Encryption.GetNoCustomerKeys()
			r.Encryption = nil
			if blocked {
				r.Encryption = &records.DefaultEncryption{Algorithm: sse.AES256, NoCustomerKeys: true}
			}
			return nil
		}, http.StatusNoContent)
}

// getBucketEncryption is GetBucketEncryption. Every bucket has a default encryption.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html; that what is blocked is
// always told: https://github.com/hashicorp/terraform-provider-aws/issues/47320
func (s *Service) getBucketEncryption() httpapi.Operation {
	return s.onlyBucket("GetBucketEncryption", "s3:GetEncryptionConfiguration", func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		algorithm, key := defaultOf(b.Record.Encryption)
		d := restxml.New("ServerSideEncryptionConfiguration")
		d.Open("Rule")
		d.Open("ApplyServerSideEncryptionByDefault")
		d.Text("SSEAlgorithm", algorithm)
		d.TextIf("KMSMasterKeyID", key)
		d.Close()
		d.Bool("BucketKeyEnabled", b.Record.Encryption.GetBucketKey())
		d.Open("BlockedEncryptionTypes")
		if b.Record.Encryption.GetNoCustomerKeys() {
			d.Text("EncryptionType", blockCustomer)
		} else {
			d.Text("EncryptionType", blockNone)
		}
		return document(d), nil
	})
}
