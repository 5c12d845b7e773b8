package s3api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"crossgrant/internal/apierr"
)

// header returns a request header, its values joined by commas if it was sent several times, so that a
// repeated header is never read as the first of its values alone.
func header(r *http.Request, name string) string {
	switch v := values(r, name); len(v) {
	case 0:
		return ""
	case 1:
		return strings.TrimSpace(v[0])
	default:
		return strings.TrimSpace(strings.Join(v, ","))
	}
}

// has reports whether a request header was sent.
func has(r *http.Request, name string) bool { return len(values(r, name)) > 0 }

// setHeader sets a header of an answer whose name is in lower case.
func setHeader(h http.Header, name, value string) {
	if canonical, ok := canonicalNames[name]; ok {
		h[canonical] = []string{value}
		return
	}
	h.Set(name, value)
}

// values returns the values of a request header, as they were sent.
func values(r *http.Request, name string) []string {
	if canonical, ok := canonicalNames[name]; ok {
		return r.Header[canonical]
	}
	return r.Header.Values(name)
}

// canonicalNames are the names of known headers as package net/http has them, by those and by the ones in lower case.
// A request is asked for many of them, and to make each name anew would cost more than to look for it.
var canonicalNames = func() map[string]string {
	names := map[string]string{}
	for name := range known {
		canonical := http.CanonicalHeaderKey(name)
		names[name], names[canonical] = canonical, canonical
	}
	return names
}()

// decodeFlag reads a header that is true or false, in any case; false if it is not there. InvalidArgument for
// another value.
func decodeFlag(r *http.Request, name string) (bool, error) {
	value := header(r, name)
	switch strings.ToLower(value) {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	}
	return false, invalidArgument(name, value, "The value must be true or false")
}

// verdict is what happens to an x-amz-* header of a request.
type verdict uint8

const (
	unknown verdict = iota // refused
	read                   // known to the operations that it is for; others pay it no heed, as on S3
)

// known are the x-amz-* headers that are accepted. Every other one is refused: it may ask for
// something that is not built, and S3 would have done it.
var known = map[string]verdict{
	// Signature and transport, judged by the pipeline, and what SDKs say of themselves.
	"x-amz-content-sha256": read, "x-amz-date": read, "x-amz-decoded-content-length": read,
	"x-amz-security-token": read, "x-amz-te": read, "x-amz-trailer": read, "x-amz-user-agent": read,
	"x-amz-sdk-invocation-id": read, "x-amz-sdk-request": read, "x-amz-request-id": read,
	"x-amz-id-2": read, "x-amz-api-version": read, "x-amz-region-set": read,

	"x-amz-request-payer": read,

	"x-amz-expected-bucket-owner": read, "x-amz-source-expected-bucket-owner": read,

	"x-amz-acl": read, "x-amz-grant-full-control": read, "x-amz-grant-read": read,
	"x-amz-grant-read-acp": read, "x-amz-grant-write": read, "x-amz-grant-write-acp": read,
	"x-amz-object-ownership": read, "x-amz-confirm-remove-self-bucket-access": read,

	"x-amz-checksum-algorithm": read, "x-amz-checksum-crc32": read, "x-amz-checksum-crc32c": read,
	"x-amz-checksum-crc64nvme": read, "x-amz-checksum-mode": read, "x-amz-checksum-sha1": read,
	"x-amz-checksum-sha256": read, "x-amz-checksum-type": read, "x-amz-sdk-checksum-algorithm": read,
	"x-amz-mp-object-size": read,

	"x-amz-copy-source": read, "x-amz-copy-source-if-match": read, "x-amz-copy-source-if-modified-since": read,
	"x-amz-copy-source-if-none-match": read, "x-amz-copy-source-if-unmodified-since": read,
	"x-amz-copy-source-range": read, "x-amz-metadata-directive": read,

	"x-amz-website-redirect-location": read,

	encryptionHeader: read, kmsKeyHeader: read, contextHeader: read, bucketKeyHeader: read,
	customerAlgorithm: read, customerKey: read, customerKeyMD5: read,
	"x-amz-copy-source-server-side-encryption-customer-algorithm": read,
	"x-amz-copy-source-server-side-encryption-customer-key":       read,
	"x-amz-copy-source-server-side-encryption-customer-key-md5":   read,

	"x-amz-optional-object-attributes": read,

	"x-amz-object-attributes": read, "x-amz-max-parts": read, "x-amz-part-number-marker": read,

	"x-amz-tagging": read, "x-amz-tagging-directive": read,

	"x-amz-bypass-governance-retention": read,

	"x-amz-skip-destination-validation": read,

	"x-amz-bucket-object-lock-enabled": read, "x-amz-object-lock-mode": read, "x-amz-object-lock-retain-until-date": read,
	"x-amz-object-lock-legal-hold": read, "x-amz-mfa": read,

	"x-amz-storage-class": read, "x-amz-transition-default-minimum-object-size": read,
}

const metadataPrefix = "x-amz-meta-"

// checkHeaders refuses a request with an x-amz-* header that asks for something that is not built.
func checkHeaders(r *http.Request) error {
	refused := ""
	for name := range r.Header {
		if !hasPrefix(name, "x-amz-") || canonicalNames[name] != "" || hasPrefix(name, metadataPrefix) {
			continue
		}
		name = strings.ToLower(name)
		// The answer to a request must not depend on the order of a map.
		if known[name] == unknown && (refused == "" || name < refused) {
			refused = name
		}
	}
	if refused == "" {
		return nil
	}
	return refusedHeader(refused)
}

// hasPrefix reports whether a header's name, in any letters, begins with prefix, which is in lower case.
func hasPrefix(name, prefix string) bool {
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

// refusedHeader is the error for a header that implies what is not built.
func refusedHeader(name string) *apierr.Error {
	return apierr.New(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented").
		With("Header", name)
}

// ofSignature are the parameters of a presigned URL that are the signature's own.
var ofSignature = []string{
	"x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signedheaders",
	"x-amz-signature", "x-amz-security-token", "x-amz-content-sha256",
}

// nameLetters are the letters of header names, in lower case.
//
// Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
const nameLetters = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"

// breaksHeader reports whether value is none that a header can have: what was hidden in an escape could become
// another header of an answer.
//
// Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
func breaksHeader(value string) bool {
	return strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// hoist puts x-amz-* parameters of the query among the request's headers: presigned URLs carry headers
// so, and S3 obeys them. A parameter that contradicts a header is refused.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
func hoist(r *http.Request, query url.Values) error {
	for name, values := range query {
		lower := strings.ToLower(name)
		if !strings.HasPrefix(lower, "x-amz-") || slices.Contains(ofSignature, lower) {
			continue
		}
		if strings.Trim(lower, nameLetters) != "" {
			return invalidArgument(lower, strings.Join(values, ","), "A parameter that stands for a header must be named like one")
		}
		if slices.ContainsFunc(values, breaksHeader) {
			return invalidArgument(lower, strings.Join(values, ","), "A parameter that stands for a header must not have control characters")
		}
		if has(r, lower) && header(r, lower) != strings.Join(values, ",") {
			return invalidArgument(lower, strings.Join(values, ","), "Header and query parameter contradict each other")
		}
		r.Header[http.CanonicalHeaderKey(lower)] = values
	}
	return nil
}
