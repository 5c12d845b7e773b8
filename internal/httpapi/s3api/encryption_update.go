package s3api

import (
	"context"
	"errors"
	"regexp"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/kms"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
	"crossgrant/internal/wire/restxml"
)

// objectEncryption is the body of UpdateObjectEncryption.
type objectEncryption struct {
	KMS *struct {
		KeyARN    string `element:"KMSKeyArn"`
		BucketKey string `element:"BucketKeyEnabled"`
	} `element:"SSE-KMS"`
	S3   restxml.Present `element:"SSE-S3"`
	DSSE restxml.Present `element:"DSSE-KMS"`
	C    restxml.Present `element:"SSE-C"`
}

// keyARNPattern is what the ARN of a KMS key in the body looks like.
var keyARNPattern = regexp.MustCompile(`^arn:aws[-a-z0-9]*:kms:[-a-z0-9]*:[0-9]{12}:key/.+$`)

// updateEncryptionInput is the input of UpdateObjectEncryption.
type updateEncryptionInput struct {
	addressed
	to records.Encryption
}

// decodeObjectEncryption reads the body. The messages are those of S3.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateObjectEncryption.html
func decodeObjectEncryption(body []byte, to *records.Encryption) error {
	in := new(objectEncryption)
	if err := restxml.Decode(body, "ObjectEncryption", in); err != nil {
		return err
	}
	switch {
	case bool(in.DSSE || in.C):
		return invalidRequest("The UpdateObjectEncryption operation doesn't support updating the encryption type to DSSE-KMS or SSE-C. " +
			"Modify the request to specify SSE-KMS for the updated encryption type, and then try again.")
	case bool(in.S3), in.KMS == nil:
		return invalidRequest("Requests that modify an object encryption configuration require a valid new encryption type. Valid values are SSEKMS. " +
			"Modify the request to specify SSE-KMS for the updated encryption type, and then try again.")
	case in.KMS.KeyARN == "":
		return invalidRequest("Requests that modify an object's encryption type to SSE-KMS require an Amazon Web Services KMS key Amazon Resource Name (ARN). " +
			"Modify the request to specify a KMS key ARN, and then try again.")
	case !keyARNPattern.MatchString(in.KMS.KeyARN):
		return invalidRequest("Requests that modify an object's encryption type to SSE-KMS require a valid Amazon Web Services KMS key Amazon Resource Name (ARN). " +
			"Confirm that you have a correctly formatted KMS key ARN in your request, and then try again.")
	case in.KMS.BucketKey != "" && in.KMS.BucketKey != "true" && in.KMS.BucketKey != "false":
		return invalidRequest("The BucketKeyEnabled value isn't valid. Valid values are true or false. Modify the request to specify a valid value, and then try again.")
	}
	to.Algorithm, to.KmsKeyId, to.BucketKey = sse.KMS, in.KMS.KeyARN, in.KMS.BucketKey == "true"
	return nil
}

// updateObjectEncryption is UpdateObjectEncryption: the key of an object's content is sealed under a KMS key
// in place of what it was sealed under. The content is not read.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateObjectEncryption.html
func (s *Service) updateObjectEncryption() httpapi.Operation {
	return httpapi.Row[updateEncryptionInput]{
		Name: "UpdateObjectEncryption",
		Decode: func(c *httpapi.Call) (*updateEncryptionInput, error) {
			version, err := decodeVersion(c)
			if err != nil {
				return nil, err
			}
			in := &updateEncryptionInput{addressed: addressed{version: version}}
			body, _, err := readBody(c, maxConfiguration)
			if err != nil {
				return nil, err
			}
			return in, decodeObjectEncryption(body, &in.to)
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *updateEncryptionInput) error {
			if err := s.load(ctx, c, &in.addressed); err != nil {
				return err
			}
			if c.Caller.Kind == policy.Anonymous {
				return invalidRequest("Requests that modify an object encryption configuration require Amazon Web Services Signature Version 4. " +
					"Modify the request to use Amazon Web Services Signature Version 4, and then try again.")
			}
			return nil
		},
		Checks: func(_ *httpapi.Call, in *updateEncryptionInput) []access.Check { return in.checks(in.object) },
		Run:    s.runUpdateEncryption,
	}.Operation()
}

// checks ask for both permissions of S3 that the operation needs, with o as the object.
func (in *updateEncryptionInput) checks(o *records.Object) []access.Check {
	set := func(k *policy.Context) {
		k.Set("s3:"+encryptionHeader, in.to.Algorithm)
		k.Set("s3:"+kmsKeyHeader, in.to.KmsKeyId)
	}
	if o == nil {
		return []access.Check{in.check("", "", nil)}
	}
	return []access.Check{
		taggedCheck(in.bucket, in.key, "s3:UpdateObjectEncryption", o, set),
		objectCheck(in.bucket, in.key, "s3:PutObject", o, set),
	}
}

// runUpdateEncryption seals the key anew. If the object is no longer as it was when the request was judged,
// it is judged again.
func (s *Service) runUpdateEncryption(ctx context.Context, c *httpapi.Call, in *updateEncryptionInput) (*httpapi.Response, error) {
	for attempt := 1; ; attempt++ {
		if err := in.missing(c.HTTP.Method); err != nil {
			return nil, err
		}
		if err := updatable(c, in.object); err != nil {
			return nil, err
		}
		if err := s.authorizeUpdate(ctx, c, in); err != nil {
			return nil, err
		}
		err := s.objects.Reseal(ctx, in.bucket.Record, in.source(), string(in.version), &in.to)
		if err == nil {
			return empty(), nil
		}
		if !errors.Is(err, objects.ErrChanged) || attempt == 3 {
			return nil, err
		}
		if in.addressed, err = loadVersion(ctx, s.objects.Head, in.bucket, c.Key, in.version); err != nil {
			return nil, err
		}
		for _, check := range in.checks(in.object) {
			if err := c.Authorize(ctx, &check); err != nil {
				return nil, err
			}
		}
	}
}

// updatable refuses objects that the operation is not for.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateObjectEncryption.html ("Errors")
func updatable(c *httpapi.Call, o *records.Object) error {
	const only = "Only source objects encrypted with SSE-S3 or SSE-KMS are supported."
	e := o.Encryption
	switch {
	case e == nil:
		return invalidRequest("The UpdateObjectEncryption operation doesn't supported unencrypted source objects. " + only)
	case len(e.CustomerMd5) > 0, e.Algorithm == sse.DSSE:
		return invalidRequest("The UpdateObjectEncryption operation doesn't support source objects with the encryption type DSSE-KMS or SSE-C. " + only)
	case o.LegalHold, o.Retention.GetUntil() > c.Time.UnixNano():
		return apierr.AccessDenied("The encryption type for the specified object can’t be updated because that object is protected by S3 Object Lock. " +
			"If the object has a governance-mode retention period or a legal hold, you must first remove the Object Lock status on the object before you " +
			"issue your UpdateObjectEncryption request. You can't use the UpdateObjectEncryption operation with objects that have an Object Lock compliance " +
			"mode retention period applied to them.")
	}
	return nil
}

// authorizeUpdate asks for the use of the KMS keys: of the one that the content is under to open it, of the
// other one to seal it.
func (s *Service) authorizeUpdate(ctx context.Context, c *httpapi.Call, in *updateEncryptionInput) error {
	k, err := s.KMS.Resolve(ctx, c.Caller.Account, in.to.KmsKeyId)
	if err != nil {
		return err
	}
	if k.Account != in.bucket.Owner {
		return apierr.AccessDenied("The Amazon Web Services KMS key in the request must be owned by the same account as the bucket. " +
			"Modify the request to specify a KMS key from the same account, and then try again.")
	}
	object := arn.Object(c.Bucket, c.Key)
	ask := func(k *kms.Key, e *records.Encryption, actions ...string) error {
		for _, action := range actions {
			check := keyCheck(action, k, c, object, e)
			if err := c.Authorize(ctx, &check); err != nil {
				return err
			}
		}
		return nil
	}
	if from := in.object.Encryption; from.KmsKeyId != "" {
		old, err := s.KMS.Key(ctx, from.KmsKeyId)
		if err != nil {
			return err
		}
		if err := ask(old, from, "kms:Decrypt", "kms:ReEncryptFrom"); err != nil {
			return err
		}
	}
	return ask(k, &in.to, "kms:GenerateDataKey", "kms:Encrypt", "kms:ReEncryptTo")
}
