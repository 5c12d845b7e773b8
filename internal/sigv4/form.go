package sigv4

import (
	"fmt"
	"net/textproto"
	"time"

	"crossgrant/internal/apierr"
)

// Fields of a signed browser form, in lower case; their case does not count.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
const (
	fieldPolicy     = "policy"
	fieldAlgorithm  = "x-amz-algorithm"
	fieldCredential = "x-amz-credential"
	fieldDate       = "x-amz-date"
	fieldSignature  = "x-amz-signature"
	fieldToken      = "x-amz-security-token"
)

// formFields are the fields of a signature in the order in which S3 misses them.
var formFields = []string{fieldAlgorithm, fieldCredential, fieldDate, fieldSignature}

// parseForm reads how a browser form is signed. A form without a field of the signature is the anonymous
// caller's, also if it has a policy.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html; what S3 answers was
// recorded by https://github.com/localstack/localstack (tests/aws/services/s3/test_s3.py, TestS3PresignedPost)
// and in https://github.com/aws/aws-sdk-js/issues/2529, https://github.com/outline/outline/issues/7060,
// https://github.com/michaeldyrynda/s3upload/issues/1
func parseForm(fields map[string]string) (*Signed, error) {
	has := func(name string) bool { _, sent := fields[name]; return sent }
	if has("awsaccesskeyid") || has("signature") {
		return nil, s3Rules{}.unsupported(schemeV2)
	}
	anonymous := !has(fieldToken)
	for _, name := range formFields {
		anonymous = anonymous && !has(name)
	}
	if anonymous {
		return nil, nil
	}
	for _, name := range append([]string{fieldPolicy}, formFields...) {
		if !has(name) {
			return nil, MissingField(name)
		}
	}
	s := &Signed{Form: FormPost, dateSent: fields[fieldDate], Signature: fields[fieldSignature], SecurityToken: fields[fieldToken]}
	if fields[fieldAlgorithm] != algorithm {
		return nil, invalidArgument("X-Amz-Algorithm", fields[fieldAlgorithm], "Only AWS4-HMAC-SHA256 is supported")
	}
	var ok bool
	if s.Date, ok = parseDate(s.dateSent); !ok {
		return nil, invalidArgument("X-Amz-Date", s.dateSent, "X-Amz-Date must be formated via ISO8601 Long format")
	}
	return s, s.parseS3Credential(fields[fieldCredential])
}

// MissingField is S3's error for a form without a field that it needs; name is in lower case.
func MissingField(name string) *apierr.Error {
	if name != fieldPolicy && name != "key" {
		name = textproto.CanonicalMIMEHeaderKey(name)
	}
	return invalidArgument(name, "", "Bucket POST must contain a field named '"+name+
		"'.  If it is specified, please check the order of the fields.")
}

// checkFormTime judges the age of the signature of a form: its signing key is good for seven days. A form may
// be signed for a time to come, as long as its policy allows.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
// (s3:signatureAge)
func checkFormTime(s *Signed, now time.Time) error {
	if now.Sub(s.Date) > maxExpires*time.Second {
		return apierr.AccessDenied("Invalid according to Policy: Policy expired.")
	}
	return nil
}

// verifyForm compares the signature of a form, which is made over its policy as it was sent, and calls verified
// if it holds. What S3 tells of
// one that does not match was recorded in https://github.com/Fausto95/aws-s3/issues/65: there is no canonical
// request.
func verifyForm(s *Signed, r *Request, key signingKey, secret Secret, verified func()) (*Verified, error) {
	toSign := []byte(r.Fields[fieldPolicy])
	if !secret.IsZero() && sameSignature(hmacSum(key[:], toSign), s.Signature) {
		verified()
		return &Verified{s, &key, nil}, nil
	}
	return nil, mismatch(s, toSign, s.Signature)
}

// mismatch tells the caller what the server signed.
func mismatch(s *Signed, toSign []byte, provided string) *apierr.Error {
	return apierr.New(403, "SignatureDoesNotMatch",
		"The request signature we calculated does not match the signature you provided. Check your key and signing method.").
		With("AWSAccessKeyId", s.AccessKeyID).
		With("StringToSign", string(toSign)).
		With("SignatureProvided", provided).
		With("StringToSignBytes", fmt.Sprintf("% x", toSign))
}
