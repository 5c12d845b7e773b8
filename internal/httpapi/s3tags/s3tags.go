// Package s3tags is the rules for the tags of objects and buckets, which S3 and S3 Control have in common, and
// the condition keys that tell the tags of a resource. It knows no operation.
package s3tags

import (
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"crossgrant/internal/apierr"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// Limits of a tag, in UTF-16 code units, as S3 counts.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
const maxKey, maxValue = 128, 256

// Rules is what the tags of objects, of buckets, and of the resources of S3 Control differ in.
type Rules struct {
	max     int
	tooMany *apierr.Error // for more than max
	// Messages of InvalidTag.
	repeated, reserved, key, value string
	// silent leaves out which tag is meant.
	silent bool
	// folds says that keys which differ in case only are the same: a condition on the tags in a request sees one of
	// them, and the other could stay behind once that is taken away.
	folds bool
}

// Objects, Buckets and Resources are the rules for the tags of each; the last are those of S3 Control, for the
// same tags of buckets.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#S3TaggingErrorCodeList; messages as
// observed on S3, https://github.com/localstack/localstack/tree/main/localstack-core/localstack/services
// (s3/utils.py, s3control/validation.py) and https://github.com/hashicorp/terraform-provider-aws/issues/19895
var (
	// The code for too many tags of an object is the one that the API reference has; S3 was seen to answer
	// BadRequest.
	Objects = Rules{
		max: 10, tooMany: apierr.New(http.StatusBadRequest, "InvalidTag", "Object tags cannot be greater than 10"),
		repeated: "Cannot provide multiple Tags with the same key", reserved: "Your TagKey cannot be prefixed with aws:",
		key: "The TagKey you have provided is invalid", value: "The TagValue you have provided is invalid",
	}
	Buckets = Rules{
		max: 50, tooMany: apierr.New(http.StatusBadRequest, "BadRequest", "Bucket tag count cannot be greater than 50"),
		repeated: Objects.repeated, reserved: "System tags cannot be added/updated by requester",
		key: Objects.key, value: Objects.value, folds: true,
	}
	Resources = Rules{
		max: 50, tooMany: apierr.New(http.StatusBadRequest, "TooManyTags", "The number of tags exceeds the limit of 50 tags."),
		repeated: "There are duplicate tag keys in your request. Remove the duplicate tag keys and try again.",
		reserved: `User-defined tag keys can't start with "aws:". This prefix is reserved for system tags. Remove "aws:" from your tag keys and try again.`,
		key:      notValid, value: notValid, silent: true,
	}
)

// Requested is Resources for the tags in one request.
var Requested = func() Rules { r := Resources; r.folds = true; return r }()

const notValid = "This request contains a tag key or value that isn't valid. Valid characters include the following: [a-zA-Z+-=._:/]. " +
	"Tag keys can contain up to 128 characters. Tag values can contain up to 256 characters."

// Check returns tags in order of their keys, or the error with which S3 refuses them: BadRequest or
// TooManyTags, InvalidTag. The prefix "aws:" is refused in capitals as well, because AWS reserves it for tags
// of its own.
func (r Rules) Check(tags []*records.Tag) ([]*records.Tag, error) {
	if len(tags) > r.max {
		return nil, r.tooMany
	}
	seen := map[string]bool{}
	for _, t := range tags {
		key := t.Key
		if r.folds {
			key = strings.ToLower(key) // as condition keys compare
		}
		switch {
		case seen[key]:
			return nil, r.invalid(r.repeated, "TagKey", t.Key)
		case len(t.Key) >= 4 && strings.EqualFold(t.Key[:4], "aws:"):
			return nil, r.invalid(r.reserved, "TagKey", t.Key)
		}
		if err := r.CheckText(t); err != nil {
			return nil, err
		}
		seen[key] = true
	}
	slices.SortFunc(tags, func(a, b *records.Tag) int { return strings.Compare(a.Key, b.Key) })
	return tags, nil
}

// CheckText returns InvalidTag if t has a key or value that no tag can have.
func (r Rules) CheckText(t *records.Tag) error {
	switch {
	case t.Key == "" || !validText(t.Key, maxKey):
		return r.invalid(r.key, "TagKey", t.Key)
	case !validText(t.Value, maxValue):
		return r.invalid(r.value, "TagKey", t.Key, "TagValue", t.Value)
	}
	return nil
}

// invalid is InvalidTag with details, names and values in turn.
func (r Rules) invalid(message string, details ...string) error {
	e := apierr.New(http.StatusBadRequest, "InvalidTag", "%s", message)
	for i := 0; i < len(details) && !r.silent; i += 2 {
		e = e.With(details[i], details[i+1])
	}
	return e
}

// validText reports whether text has letters, numbers, space and "_.:/=+-@" only, at most limit UTF-16 code
// units of them.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging.html
func validText(text string, limit int) bool {
	units := 0
	for _, r := range text {
		if !unicode.In(r, unicode.L, unicode.N, unicode.Z) && !strings.ContainsRune("_.:/=+-@", r) {
			return false
		}
		units++
		if r > 0xffff {
			units++
		}
	}
	return units <= limit && utf8.ValidString(text)
}

// RequestKeys sets the condition keys that tell the tags which a request puts on a resource; a request
// without tags has none. Keys that differ in case only are one condition key, for which the last in order
// counts.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (aws:RequestTag)
func RequestKeys(k *policy.Context, tags []*records.Tag) {
	names := make([]string, len(tags))
	for i, t := range tags {
		names[i] = t.Key
		k.Set("aws:RequestTag/"+t.Key, t.Value)
	}
	Named(k, names)
}

// Named sets the condition key that tells the names of tags in a request, if there are any.
func Named(k *policy.Context, names []string) {
	if len(names) > 0 {
		k.SetMulti("aws:TagKeys", names)
	}
}
