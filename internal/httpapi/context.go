package httpapi

import (
	"crypto/tls"
	"strconv"
	"time"

	"crossgrant/internal/policy"
	"crossgrant/internal/sigv4"
)

// globalKeys returns the condition keys that depend on the request, over those of the caller. Those of the
// resource are added where each check is judged (package access). Keys that AWS fills only for
// requests through VPC endpoints, or made by its services, are absent here as they are there.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and
// https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
func globalKeys(c *Call) policy.Context {
	k := c.Caller.Context()
	k.Grow(16)
	c.Caller.RequestKeys(&k, c.Time)
	k.Set("aws:CurrentTime", c.Time.Format(time.RFC3339))
	k.Set("aws:EpochTime", strconv.FormatInt(c.Time.Unix(), 10))
	k.Set("aws:SecureTransport", strconv.FormatBool(c.HTTP.TLS != nil))
	k.Set("aws:ViaAWSService", "false")
	if c.Source.IsValid() {
		k.Set("aws:SourceIp", c.Source.WithZone("").String())
	}
	if agent := c.HTTP.UserAgent(); agent != "" {
		k.Set("aws:UserAgent", agent)
	}
	if referer := c.HTTP.Referer(); referer != "" {
		k.Set("aws:Referer", referer)
	}
	switch {
	case isS3(c.Record.Service):
		k.Set("aws:RequestedRegion", c.Region)
		s3Keys(c, &k)
	case c.Record.Service == accessAnalyzer, c.Record.Service == cloudTrail, c.Record.Service == crossgrant:
		k.Set("aws:RequestedRegion", c.Region)
	default:
		// IAM, and STS at its global endpoint, are asked in us-east-1 whatever the client's region.
		k.Set("aws:RequestedRegion", "us-east-1")
	}
	return k
}

// s3Keys adds the keys that every S3 action has.
func s3Keys(c *Call, k *policy.Context) {
	if v := tlsVersion(c.HTTP.TLS); v != "" {
		k.Set("s3:TlsVersion", v)
	}
	if c.Signed == nil {
		return
	}
	k.Set("s3:signatureversion", "AWS4-HMAC-SHA256")
	switch c.Signed.Form {
	case sigv4.FormHeader:
		k.Set("s3:authType", "REST-HEADER")
	case sigv4.FormQuery:
		k.Set("s3:authType", "REST-QUERY-STRING")
		k.Set("s3:signatureAge", age(c))
	case sigv4.FormPost:
		// A form has no x-amz-content-sha256.
		k.Set("s3:authType", "POST")
		k.Set("s3:signatureAge", age(c))
		return
	}
	k.Set("s3:x-amz-content-sha256", c.Signed.PayloadHash)
}

// age returns how long ago the request was signed, in milliseconds.
func age(c *Call) string {
	return strconv.FormatInt(max(c.Time.Sub(c.Signed.Date).Milliseconds(), 0), 10)
}

func tlsVersion(state *tls.ConnectionState) string {
	if state == nil {
		return ""
	}
	switch state.Version {
	case tls.VersionTLS12:
		return "1.2"
	case tls.VersionTLS13:
		return "1.3"
	default:
		return ""
	}
}
