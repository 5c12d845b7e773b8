package event

import (
	"slices"
	"strings"

	"crossgrant/internal/audit"
	"crossgrant/internal/jsonwrite"
)

// s3 writes the members that S3's events have their own form of.
func (e *event) s3() {
	e.requestParameters()
	e.responseElements()
	e.additional()
}

// maxTold is how many parameters of a query, at most, an event tells: S3 knows fewer.
const maxTold = 64

// names are those of the members of requestParameters that are written, so that nothing a client sends can name one
// of them again.
type names struct {
	first [16]string
	more  []string
	n     int
}

// add reports whether the name is new, and none of what the address of the request says, also for readers of logs that
// ignore case. That tagging and Tagging are both there is AWS's way: a parameter and a document.
func (n *names) add(name string) bool {
	for _, reserved := range [...]string{"bucketName", "Host", "key", "bucketPolicy"} {
		if len(name) == len(reserved) && strings.EqualFold(name, reserved) {
			return false
		}
	}
	if slices.Contains(n.first[:min(n.n, len(n.first))], name) || slices.Contains(n.more, name) {
		return false
	}
	if n.n < len(n.first) {
		n.first[n.n] = name
	} else {
		n.more = append(n.more, name)
	}
	n.n++
	return true
}

// requestParameters writes what was asked: bucket, host and key, the parameters of the query, the headers of S3, and
// the body of a request that is a setting. It has no user metadata, and nothing that proves who asks.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html
func (e *event) requestParameters() {
	r := e.record
	e.Name("requestParameters")
	start := len(e.Text)
	inner := jsonwrite.Object{Text: e.Text}
	inner.Open("", '{')
	var n names
	if r.Bucket != "" {
		inner.String("bucketName", r.Bucket)
	}
	inner.String("Host", r.Host)
	if r.Key != "" {
		inner.String("key", r.Key)
	}
	for name, value := range parameters(r.Query) {
		if n.n < maxTold && !proof(name) && !(e.hidesACL() && grants(name)) && n.add(name) {
			inner.Key(name)
			inner.Text = jsonwrite.AppendString(inner.Text, value)
		}
	}
	for i := range r.Headers {
		name := r.Headers[i].Name
		if askedBy(name) && !(e.hidesACL() && grants(name)) && n.add(name) {
			inner.Key(name)
			inner.Text = jsonwrite.AppendString(inner.Text, r.Headers[i].Value)
		}
	}
	e.document(&inner, &n)
	inner.Close('}')
	e.Text = inner.Text
	e.bound(start)
}

// proof reports whether a parameter of a query proves who asks, is a secret or says which, or is content: AWS tells the
// others of a presigned URL (testdata/observed/put-presigned.json).
func proof(name string) bool {
	switch len(name) {
	case len("X-Amz-Mfa"), len("X-Amz-Signature"), len("X-Amz-Credential"), len("X-Amz-Security-Token"), len("AWSAccessKeyId"):
		// Signature has the length of X-Amz-Mfa.
		for _, n := range [...]string{"x-amz-mfa", "signature", "x-amz-signature", "x-amz-credential", "x-amz-security-token", "awsaccesskeyid"} {
			if strings.EqualFold(name, n) {
				return true
			}
		}
	}
	return begins(name, "x-amz-meta-") || ends(name, "-customer-key") || ends(name, "-customer-key-md5")
}

// begins and ends are those of package strings for names in any case.
func begins(name, with string) bool {
	return len(name) >= len(with) && strings.EqualFold(name[:len(with)], with)
}

func ends(name, with string) bool {
	return len(name) >= len(with) && strings.EqualFold(name[len(name)-len(with):], with)
}

// unasked are the headers of S3 that say how a request was sent, or who sent it.
var unasked = map[string]bool{
	"x-amz-date": true, "x-amz-content-sha256": true, "x-amz-decoded-content-length": true,
	"x-amz-trailer": true, "x-amz-user-agent": true,
	"x-amz-account-id": true, "x-amz-algorithm": true, "x-amz-signedheaders": true, "x-amz-expires": true, "x-amz-sdk-checksum-algorithm": true,
}

// askedBy reports whether a header says what is asked, in the terms of S3.
func askedBy(name string) bool {
	return strings.HasPrefix(name, "x-amz-") && !unasked[name] && !proof(name)
}

// grants reports whether a header or parameter is an ACL, or part of one.
func grants(name string) bool {
	return strings.EqualFold(name, "x-amz-acl") || begins(name, "x-amz-grant-")
}

// hidesACL reports whether the event must not tell the ACL that the request sets: it is for the bucket's owner, who
// learns that another account called, and no e-mail address and no grant.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html#cloudtrail-crossaccount-example2
func (e *event) hidesACL() bool {
	return e.foreign && (strings.HasSuffix(e.record.Operation, "Acl") || e.record.RequestACL == "grants")
}

// responseElements writes what a request that changes something was answered: S3's headers that say what was done.
func (e *event) responseElements() {
	r := e.record
	if e.operation.readOnly || r.ErrorCode != "" {
		e.Null("responseElements")
		return
	}
	e.Name("responseElements")
	start := len(e.Text)
	inner := jsonwrite.Object{Text: e.Text}
	for i := range r.Answered {
		name := r.Answered[i].Name
		if !answeredBy(name) || told(r.Answered[:i], name) {
			continue
		}
		if len(inner.Text) == start {
			inner.Open("", '{')
		}
		inner.Key(name)
		inner.Text = jsonwrite.AppendString(inner.Text, r.Answered[i].Value)
	}
	if len(inner.Text) == start {
		e.Text = append(e.Text, "null"...)
		return
	}
	inner.Close('}')
	e.Text = inner.Text
	e.bound(start)
}

// answeredBy reports whether a header of an answer says what was done. The IDs of the request stand elsewhere, and
// checksums are not in the events that AWS delivers.
func answeredBy(name string) bool {
	return strings.HasPrefix(name, "x-amz-") && name != "x-amz-request-id" && name != "x-amz-id-2" && name != "x-amz-request-charged" &&
		!strings.HasPrefix(name, "x-amz-checksum-") && !strings.HasPrefix(name, "x-amz-meta-")
}

// additional writes additionalEventData: how the request was signed and sent, and what it moved.
func (e *event) additional() {
	r := e.record
	e.Open("additionalEventData", '{')
	if r.Authentication != "" {
		e.String("SignatureVersion", "SigV4")
	}
	e.String0("CipherSuite", audit.OpenSSLName(r.CipherSuite))
	e.Int("bytesTransferredIn", r.BytesIn)
	e.String0("SSEApplied", e.encryption())
	e.String0("AuthenticationMethod", r.Authentication)
	e.String0("x-amz-id-2", r.HostID)
	e.Int("bytesTransferredOut", r.BytesOut)
	if r.ACLRequired(r.ResourceOwner) {
		e.String("aclRequired", "Yes")
	}
	e.Close('}')
}

// encryption returns how an object was encrypted that the request made, and whether by the bucket's default.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption-tracking.html
func (e *event) encryption() string {
	r := e.record
	switch r.Operation {
	case "PutObject", "PostObject", "CopyObject", "CreateMultipartUpload":
	default:
		return ""
	}
	if r.ErrorCode != "" {
		return ""
	}
	if told(r.Answered, "x-amz-server-side-encryption-customer-algorithm") {
		return "SSE_C"
	}
	asked := told(r.Headers, "x-amz-server-side-encryption")
	for i := range r.Answered {
		if r.Answered[i].Name != "x-amz-server-side-encryption" {
			continue
		}
		switch algorithm := r.Answered[i].Value; {
		case algorithm == "AES256" && asked:
			return "SSE_S3"
		case algorithm == "AES256":
			return "Default_SSE_S3"
		case algorithm == "aws:kms" && asked:
			return "SSE_KMS"
		case algorithm == "aws:kms":
			return "Default_SSE_KMS"
		}
	}
	return ""
}
