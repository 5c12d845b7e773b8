package s3api

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
)

// copySource is the source of CopyObject and UploadPartCopy.
type copySource struct {
	addressed
	name string // bucket
	cond readConditions
}

// decodeCopySource reads x-amz-copy-source and the conditions on it.
func decodeCopySource(c *httpapi.Call) (copySource, error) {
	src, err := parseCopySource(header(c.HTTP, "x-amz-copy-source"))
	src.cond = decodeConditions(c.HTTP, "x-amz-copy-source-", c.Time)
	return src, err
}

// parseCopySource reads the value of x-amz-copy-source:
//
//	[/]bucket/key[?versionId=id]     percent-encoded; a plus sign is a plus sign
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
func parseCopySource(value string) (copySource, error) {
	malformed := invalidArgument("x-amz-copy-source", value, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	if strings.HasPrefix(value, "arn:") {
		return copySource{}, apierr.NotImplemented("x-amz-copy-source with an access point")
	}
	path, query, versioned := strings.Cut(value, "?")
	path, err := url.PathUnescape(path)
	if err != nil {
		return copySource{}, malformed
	}
	var src copySource
	src.name, src.key, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !plausibleBucket(src.name) || src.key == "" {
		return copySource{}, malformed
	}
	if err := checkKey(src.key); err != nil {
		return copySource{}, err
	}
	if versioned {
		id, ok := strings.CutPrefix(query, "versionId=")
		if !ok {
			return copySource{}, malformed
		}
		if id, err = url.QueryUnescape(id); err != nil {
			return copySource{}, malformed
		}
		src.version, err = parseVersion(id)
	}
	return src, err
}

// loadSource reads the source's bucket and object.
func (s *Service) loadSource(ctx context.Context, c *httpapi.Call, src *copySource) error {
	b, err := s.Buckets.Bucket(ctx, src.name)
	if err != nil {
		return err
	}
	if err := expectOwner(c, authz.SourceExpectedOwner, b); err != nil {
		return err
	}
	c.Record.Source = &audit.Source{Bucket: src.name, Key: src.key, VersionID: string(src.version)}
	src.addressed, err = loadVersion(ctx, s.objects.Get, b, src.key, src.version)
	if src.object != nil {
		c.Record.Source.Size = &src.object.Size
	}
	return err
}

// readCheck asks whether the source may be read. It has the condition keys of s3:GetObject, not those of
// the write that the same request is. tags says that the tags of the source count: on S3 they do for
// UploadPartCopy and not for CopyObject.
//
// Source: section 6.5 of the S3 reference ("Probed limits")
func (src *copySource) readCheck(tags bool) access.Check {
	const plain, version = "s3:GetObject", "s3:GetObjectVersion"
	if tags || src.object == nil {
		return src.check(plain, version, nil)
	}
	return objectCheck(src.bucket, src.key, src.version.action(plain, version), src.object, src.version.set)
}

// judge returns the error of a source that is not there, that the conditions exclude, or that is archived at a moment.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html (x-amz-copy-source, for delete
// markers)
func (src *copySource) judge(now time.Time) error {
	if src.marker != nil && src.version.given() {
		return invalidRequest("The source of a copy request may not specifically refer to a delete marker by version id.")
	}
	if err := src.missing(http.MethodGet); err != nil {
		return err
	}
	if result, failing := src.cond.judge(src.object); result != proceed {
		return preconditionFailed(failing)
	}
	return readable(src.object, now, archivedSource)
}

// setVersion tells which version of the source was copied.
func (src *copySource) setVersion(h http.Header) {
	if src.bucket.Record.Versioning != "" {
		h.Set("X-Amz-Copy-Source-Version-Id", objects.VersionID(src.object))
	}
}

// unlock judges the headers for the key of the source's customer, and asks for the use of its KMS key.
func (src *copySource) unlock(ctx context.Context, s *Service, c *httpapi.Call) (err error) {
	if src.customer, err = customerOf(c.HTTP, ofCopySource, src.object.Encryption); err != nil {
		return err
	}
	return s.unlock(ctx, c, src.name, src.key, src.object.Encryption)
}

// path returns the source in the form in which it is compared with the target.
func (src *copySource) path() string { return arn.Object(src.name, src.key).String() }

// refuseAnonymous refuses what S3 lets no anonymous caller do, whatever policies and ACLs say.
//
// Source: observed on S3, https://github.com/aws/aws-sdk-cpp/issues/1575
func refuseAnonymous(c *httpapi.Call, message string) error {
	if c.Caller.Kind != policy.Anonymous {
		return nil
	}
	return &apierr.Error{Code: "AccessDenied", Status: http.StatusForbidden, Message: message}
}
