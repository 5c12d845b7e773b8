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

// Rules is what the tags of objects and those of buckets differ in.
type Rules struct {
	max      int
	tooMany  *apierr.Error // for more than max
	reserved string        // the message for a key that begins with "aws:"
}

// Objects and Buckets are the rules for the tags of each.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html; messages as observed on S3,
// https://github.com/localstack/localstack/blob/main/localstack-core/localstack/services/s3/utils.py and
// https://github.com/hashicorp/terraform-provider-aws/issues/19895
var (
	// The code for too many tags of an object is the one that the API reference has; S3 was seen to answer
	// BadRequest.
	Objects = Rules{10, apierr.New(http.StatusBadRequest, "InvalidTag", "Object tags cannot be greater than 10"), "Your TagKey cannot be prefixed with aws:"}
	Buckets = Rules{50, apierr.New(http.StatusBadRequest, "BadRequest", "Bucket tag count cannot be greater than 50"), "System tags cannot be added/updated by requester"}
)

// Check returns tags in order of their keys, or the error with which S3 refuses them: BadRequest, InvalidTag.
// The prefix "aws:" is refused in capitals as well, because AWS reserves it for tags of its own.
func (r Rules) Check(tags []*records.Tag) ([]*records.Tag, error) {
	if len(tags) > r.max {
		return nil, r.tooMany
	}
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case seen[t.Key]:
			return nil, invalid("Cannot provide multiple Tags with the same key", t.Key)
		case len(t.Key) >= 4 && strings.EqualFold(t.Key[:4], "aws:"):
			return nil, invalid(r.reserved, t.Key)
		}
		if err := r.CheckText(t); err != nil {
			return nil, err
		}
		seen[t.Key] = true
	}
	slices.SortFunc(tags, func(a, b *records.Tag) int { return strings.Compare(a.Key, b.Key) })
	return tags, nil
}

// CheckText returns InvalidTag if t has a key or value that no tag can have.
func (r Rules) CheckText(t *records.Tag) error {
	switch {
	case t.Key == "" || !validText(t.Key, maxKey):
		return invalid("The TagKey you have provided is invalid", t.Key)
	case !validText(t.Value, maxValue):
		return invalid("The TagValue you have provided is invalid", t.Key).With("TagValue", t.Value)
	}
	return nil
}

func invalid(message, key string) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "InvalidTag", "%s", message).With("TagKey", key)
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
