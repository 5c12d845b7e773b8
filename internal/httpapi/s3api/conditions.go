package s3api

import (
	"context"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// etag returns an object's entity tag without quotes: the MD5 in hexadecimal, and the number of parts
// for an object that was uploaded in parts.
func etag(o *records.Object) string {
	quoted := quotedETag(o)
	return quoted[1 : len(quoted)-1]
}

// quotedETag returns an object's entity tag as answers have it.
func quotedETag(o *records.Object) string {
	var room [64]byte
	tag := hex.AppendEncode(append(room[:0], '"'), o.Etag)
	if o.Parts > 0 {
		tag = strconv.AppendInt(append(tag, '-'), int64(o.Parts), 10)
	}
	return string(append(tag, '"'))
}

// modified returns when an object was last modified, in whole seconds, as Last-Modified tells it.
func modified(o *records.Object) time.Time {
	return time.Unix(0, o.Modified).UTC().Truncate(time.Second)
}

func preconditionFailed(condition string) *apierr.Error {
	return apierr.New(http.StatusPreconditionFailed, "PreconditionFailed",
		"At least one of the pre-conditions you specified did not hold").With("Condition", condition)
}

// matches reports whether a list of entity tags, as in If-Match, has tag or is "*". Quotes may be
// missing, as S3 allows.
func matches(list, tag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one = strings.Trim(one, `"`); one == "*" || one == tag {
			return true
		}
	}
	return false
}

// readConditions are the conditions of a read, or those of a copy on its source.
type readConditions struct {
	ifMatch, ifNoneMatch string // empty: not sent
	// Zero: not sent. A date that cannot be read is ignored, as RFC 9110 has it.
	ifModifiedSince, ifUnmodifiedSince time.Time
	prefix                             string // of the header names, as errors give them
}

// decodeConditions reads the conditions whose headers begin with prefix: "" or "x-amz-copy-source-". As on
// S3, an If-Modified-Since that is later than now counts for nothing.
func decodeConditions(r *http.Request, prefix string, now time.Time) readConditions {
	in := readConditions{
		ifMatch:           header(r, prefix+"If-Match"),
		ifNoneMatch:       header(r, prefix+"If-None-Match"),
		ifModifiedSince:   date(header(r, prefix+"If-Modified-Since")),
		ifUnmodifiedSince: date(header(r, prefix+"If-Unmodified-Since")),
		prefix:            prefix,
	}
	if in.ifModifiedSince.After(now) {
		in.ifModifiedSince = time.Time{}
	}
	return in
}

// date reads an HTTP date, or the ISO form that S3 accepts as well; zero if it is neither.
func date(value string) time.Time {
	if value == "" {
		return time.Time{}
	}
	if t, err := http.ParseTime(value); err == nil {
		return t
	}
	if t, err := time.Parse(time.RFC3339, value); err == nil {
		return t.UTC()
	}
	return time.Time{}
}

// outcome is what conditions say of an object.
type outcome uint8

const (
	proceed outcome = iota
	notModified
	failed
)

// judge applies the conditions in the order of RFC 9110: a match by entity tag makes the date beside it
// irrelevant. failing names the header that did not hold.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html and
// https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
func (c readConditions) judge(o *records.Object) (result outcome, failing string) {
	at := modified(o)
	switch {
	case c.ifMatch != "":
		if !matches(c.ifMatch, etag(o)) {
			return failed, c.prefix + "If-Match"
		}
	case !c.ifUnmodifiedSince.IsZero() && at.After(c.ifUnmodifiedSince):
		return failed, c.prefix + "If-Unmodified-Since"
	}
	switch {
	case c.ifNoneMatch != "":
		if matches(c.ifNoneMatch, etag(o)) {
			return notModified, c.prefix + "If-None-Match"
		}
	case !c.ifModifiedSince.IsZero() && !at.After(c.ifModifiedSince):
		return notModified, c.prefix + "If-Modified-Since"
	}
	return proceed, ""
}

// writeConditions are the conditions of a write or delete on what it replaces.
type writeConditions struct {
	// Entity tags or "*"; empty: not sent.
	ifMatch, ifNoneMatch string
}

// decodeWriteConditions reads the conditions of a write: one of If-Match and If-None-Match at a time, and no
// dates. AWS documents If-None-Match with "*" and If-Match with an entity tag; the other two mean what they mean
// in HTTP.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html,
// https://www.rfc-editor.org/rfc/rfc9110#section-13.1 and https://github.com/ceph/s3-tests
// (test_put_object_if_match)
func decodeWriteConditions(r *http.Request) (writeConditions, error) {
	for _, name := range []string{"If-Modified-Since", "If-Unmodified-Since"} {
		if has(r, name) {
			return writeConditions{}, refusedHeader(name)
		}
	}
	match, none := header(r, "If-Match"), header(r, "If-None-Match")
	switch {
	case match != "" && none != "":
		return writeConditions{}, refusedHeader("If-Match,If-None-Match").
			With("additionalMessage", "Multiple conditional request headers present in the request")
	}
	return writeConditions{ifMatch: match, ifNoneMatch: none}, nil
}

// judge applies the conditions to the object that is replaced or removed, nil if there is none. Whoever
// compares an entity tag learns what it is, and therefore has to be allowed to read the object; and that
// there is none is told as to whoever reads it.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html, "Note"
func (w writeConditions) judge(ctx context.Context, c *httpapi.Call, b *access.Bucket, key string, existing *records.Object) error {
	switch {
	case w.ifNoneMatch == "*" && existing != nil:
		return preconditionFailed("If-None-Match")
	case w.ifMatch != "" && existing == nil:
		check := missingKey(b, key)
		if err := c.Authorize(ctx, &check); err != nil {
			return err
		}
		return noSuchKey(key)
	case existing == nil, w.ifMatch == "*", w == writeConditions{}:
		return nil
	}
	check := taggedCheck(b, key, "s3:GetObject", existing, func(*policy.Context) {})
	if err := c.Authorize(ctx, &check); err != nil {
		return err
	}
	switch tag := etag(existing); {
	case w.ifMatch != "" && !matches(w.ifMatch, tag):
		return preconditionFailed("If-Match")
	case w.ifNoneMatch != "" && matches(w.ifNoneMatch, tag):
		return preconditionFailed("If-None-Match")
	}
	return nil
}
