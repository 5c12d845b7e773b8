package s3api

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"crossgrant/internal/apierr"
)

// maxKey is the largest length of a key, in bytes.
const maxKey = 1024

// invalidURI is the error for a path or query that cannot be read.
func invalidURI() *apierr.Error {
	return apierr.New(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI.")
}

// locate returns the bucket and key that a request addresses; both empty for the service itself, key
// empty for a bucket.
func (s *Service) locate(r *http.Request) (bucket, key string, err error) {
	// URL.Path is decoded once, as the path that S3's signatures cover is.
	path, ok := strings.CutPrefix(r.URL.Path, "/")
	if !ok && path != "" {
		return "", "", invalidURI()
	}
	bucket = hostedBucket(r.Host, s.Domains)
	if bucket == "" {
		var slash bool
		bucket, path, slash = strings.Cut(path, "/")
		if bucket == "" && slash {
			return "", "", apierr.New(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.").
				With("BucketName", "")
		}
	}
	if bucket != "" && !plausibleBucket(bucket) {
		return "", "", apierr.New(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.").
			With("BucketName", bucket)
	}
	return bucket, path, checkKey(path)
}

// hostedBucket returns the bucket that a virtual-hosted request names in its host, or "" for a request
// in path style: one to a base domain itself, to an address, or to a host that ends with no base domain.
func hostedBucket(host string, domains []string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	longest := ""
	for _, d := range domains {
		if host == d {
			return ""
		}
		if strings.HasSuffix(host, "."+d) && len(d) > len(longest) {
			longest = d
		}
	}
	if longest == "" {
		return ""
	}
	return strings.TrimSuffix(host, "."+longest)
}

// plausibleBucket reports whether name is formed like a bucket's name under the most generous rules
// that S3 ever had. What is not cannot be looked for; what is may still be refused by CreateBucket.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
func plausibleBucket(name string) bool {
	if len(name) < 3 || len(name) > 255 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// checkKey refuses keys that S3 refuses: too long, no UTF-8, or with ".." segments that lead, at any
// point from left to right, above the bucket. Other keys are taken as they are; "a//b", "a/./b" and
// "a/../b" are three keys of their own.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
func checkKey(key string) error {
	if len(key) > maxKey {
		return apierr.New(http.StatusBadRequest, "KeyTooLongError", "Your key is too long").
			With("Size", strconv.Itoa(len(key))).With("MaxSizeAllowed", strconv.Itoa(maxKey))
	}
	if !utf8.ValidString(key) {
		return invalidURI()
	}
	depth := 0
	for segment := range strings.SplitSeq(key, "/") {
		if segment == ".." {
			depth--
		} else {
			depth++
		}
		if depth < 0 {
			return invalidURI()
		}
	}
	return nil
}

// escapeSemicolons escapes what separates nothing in the query of a request to S3.
func escapeSemicolons(query string) string { return strings.ReplaceAll(query, ";", "%3B") }

// readQuery reads the query of u strictly. Package url drops parameters that it cannot read, and a
// sub-resource or prefix that is dropped would make another request of it. A semicolon separates nothing
// in S3; where u has one it is escaped in place, so that whoever reads u later sees the same parameters.
func readQuery(u *url.URL) (url.Values, error) {
	u.RawQuery = escapeSemicolons(u.RawQuery)
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, invalidURI().Because(err)
	}
	return query, nil
}
