package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/audit"
	"crossgrant/internal/sts"
)

// askedHeaders are the headers of requests to S3 that say what is asked: records have them, under the names that stand
// here. None but these is recorded: not what proves who asks, the keys of SSE-C and their digests among that, nor
// codes of MFA devices; not what belongs to the transport, checksums included; and not x-amz-meta-*, which is content.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html
var askedHeaders = canonical(
	"if-match", "if-modified-since", "if-none-match", "if-unmodified-since",
	"x-amz-account-id", "x-amz-acl", "x-amz-bucket-object-lock-enabled", "x-amz-bucket-object-lock-token",
	"x-amz-bypass-governance-retention", "x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type",
	"x-amz-confirm-remove-self-bucket-access",
	"x-amz-copy-source", "x-amz-copy-source-if-match", "x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-none-match",
	"x-amz-copy-source-if-unmodified-since", "x-amz-copy-source-range", "x-amz-copy-source-server-side-encryption-customer-algorithm",
	"x-amz-expected-bucket-owner", "x-amz-grant-full-control", "x-amz-grant-read", "x-amz-grant-read-acp", "x-amz-grant-write", "x-amz-grant-write-acp",
	"x-amz-if-match-initiated-time", "x-amz-if-match-last-modified-time", "x-amz-if-match-size",
	"x-amz-max-parts", "x-amz-metadata-directive", "x-amz-mp-object-size", "x-amz-object-attributes",
	"x-amz-object-lock-legal-hold", "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-object-ownership",
	"x-amz-optional-object-attributes", "x-amz-part-number-marker", "x-amz-request-payer",
	"x-amz-sdk-checksum-algorithm", "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id",
	"x-amz-server-side-encryption-bucket-key-enabled", "x-amz-server-side-encryption-context", "x-amz-server-side-encryption-customer-algorithm",
	"x-amz-skip-destination-validation", "x-amz-source-expected-bucket-owner", "x-amz-storage-class", "x-amz-tagging", "x-amz-tagging-directive",
	"x-amz-transition-default-minimum-object-size", "x-amz-website-redirect-location", "x-amz-write-offset-bytes",
)

// answeredHeaders are the headers of answers of S3 that say what was done.
//
// Source: as for askedHeaders
var answeredHeaders = canonical(
	"x-amz-abort-date", "x-amz-abort-rule-id", "x-amz-copy-source-version-id", "x-amz-delete-marker", "x-amz-expiration", "x-amz-object-lock-mode",
	"x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold", "x-amz-object-size", "x-amz-restore", "x-amz-restore-output-path",
	"x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-server-side-encryption-bucket-key-enabled",
	"x-amz-server-side-encryption-context", "x-amz-server-side-encryption-customer-algorithm", "x-amz-storage-class",
	"x-amz-transition-default-minimum-object-size", "x-amz-version-id",
)

// canonical returns names by the forms that package net/http gives them.
func canonical(names ...string) map[string]string {
	out := make(map[string]string, len(names))
	for _, name := range names {
		out[http.CanonicalHeaderKey(name)] = name
	}
	return out
}

// told returns those of the headers whose names it is given, in the order of names; nil if there are none.
func told(headers http.Header, names map[string]string) (out []audit.Header) {
	for name, values := range headers {
		if len(name) < len("If-Match") || name[0] != 'X' && name[0] != 'I' {
			continue // most headers are neither
		}
		if lower, ok := names[name]; ok && len(values) > 0 {
			if out == nil {
				out = make([]audit.Header, 0, 4)
			}
			out = append(out, audit.Header{Name: lower, Value: strings.Join(values, ",")})
		}
	}
	if len(out) > 1 {
		slices.SortFunc(out, func(a, b audit.Header) int { return strings.Compare(a.Name, b.Name) })
	}
	return out
}

// RecordHeaders puts what the headers of a request to S3 ask into its record. The pipeline calls it before a service
// does anything; one that puts something else among the headers calls it again.
func (c *Call) RecordHeaders() { c.Record.Headers = told(c.HTTP.Header, askedHeaders) }

// recordAnswer puts what the headers of an answer of S3 tell into the record. Reads change nothing, and refusals do
// not either.
func (c *Call) recordAnswer(own http.Header) {
	if len(own) == 0 || c.Record.ErrorCode != "" || !isS3(c.Record.Service) {
		return
	}
	switch c.HTTP.Method {
	case http.MethodPut, http.MethodPost, http.MethodDelete:
		c.Record.Answered = told(own, answeredHeaders)
	}
}

// ReadDocument is ReadBody for a body that is a setting, or asks for something: the record has it, too, unless it is
// larger than audit.MaxDocument. It must have no secrets.
func (c *Call) ReadDocument(limit int64, tooLarge error) ([]byte, error) {
	body, err := c.ReadBody(limit, tooLarge)
	if err == nil && len(body) > 0 && len(body) <= audit.MaxDocument {
		c.Record.Document = body
	}
	return body, err
}

// session returns what is told of the caller's session; nil if it has none. AssumeRoot and GetSessionToken have the root
// user or the IAM user itself for an issuer.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
func session(caller *access.Caller) *audit.Session {
	s := caller.Session
	if s == nil {
		return nil
	}
	out := &audit.Session{
		Issued: s.Issued, MFA: !s.MFA.IsZero(), IssuerType: "IAMUser", IssuerID: s.EntityID, IssuerARN: caller.EntityARN,
		Provider: s.Provider, SourceIdentity: s.SourceIdentity, Console: s.Console,
	}
	switch {
	case s.Kind == sts.RoleSession:
		out.IssuerType = "Role"
	case s.EntityID == "":
		out.IssuerType = "Root"
	}
	if s.EntityID != "" {
		// A user may have been renamed since the session began.
		out.IssuerName = caller.EntityARN[strings.LastIndexByte(caller.EntityARN, '/')+1:]
	}
	for _, key := range s.ProviderKeys {
		out.ProviderKeys = append(out.ProviderKeys, audit.Header{Name: key.Name, Value: strings.Join(key.Values, ",")})
	}
	return out
}
