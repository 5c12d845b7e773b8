package s3api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"crossgrant/internal/apierr"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

const (
	// Limits of a tag, in UTF-16 code units, as S3 counts.
	//
	// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
	maxTagKey, maxTagValue = 128, 256

	taggingHeader   = "x-amz-tagging"
	directiveHeader = "x-amz-tagging-directive"
)

// tagRules is what the tags of objects and those of buckets differ in.
type tagRules struct {
	max     int
	tooMany string // the message for more than max
	// tooManyCode is the code of that error. For objects it is the one that the API reference has; S3 was
	// seen to answer BadRequest.
	tooManyCode string
	reserved    string // the message for a key that begins with "aws:"
}

// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html; messages as observed on S3,
// https://github.com/localstack/localstack/blob/main/localstack-core/localstack/services/s3/utils.py and
// https://github.com/hashicorp/terraform-provider-aws/issues/19895
var (
	objectTags = tagRules{10, "Object tags cannot be greater than 10", "InvalidTag", "Your TagKey cannot be prefixed with aws:"}
	bucketTags = tagRules{50, "Bucket tag count cannot be greater than 50", "BadRequest", "System tags cannot be added/updated by requester"}
)

func badTaggingHeader(value string) error {
	return invalidArgument(taggingHeader, value,
		"The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
}

func invalidTag(message, key string) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "InvalidTag", "%s", message).With("TagKey", key)
}

// check returns tags in order of their keys, or the error with which S3 refuses them. The prefix "aws:" is
// refused in capitals as well, because AWS reserves it for tags of its own.
func (r tagRules) check(tags []*records.Tag) ([]*records.Tag, error) {
	if len(tags) > r.max {
		return nil, apierr.New(http.StatusBadRequest, r.tooManyCode, "%s", r.tooMany)
	}
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case seen[t.Key]:
			return nil, invalidTag("Cannot provide multiple Tags with the same key", t.Key)
		case len(t.Key) >= 4 && strings.EqualFold(t.Key[:4], "aws:"):
			return nil, invalidTag(r.reserved, t.Key)
		case t.Key == "" || !validTagText(t.Key, maxTagKey):
			return nil, invalidTag("The TagKey you have provided is invalid", t.Key)
		case !validTagText(t.Value, maxTagValue):
			return nil, invalidTag("The TagValue you have provided is invalid", t.Key).With("TagValue", t.Value)
		}
		seen[t.Key] = true
	}
	slices.SortFunc(tags, func(a, b *records.Tag) int { return strings.Compare(a.Key, b.Key) })
	return tags, nil
}

// validTagText reports whether text has letters, numbers, space and "_.:/=+-@" only, at most limit UTF-16
// code units of them.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging.html
func validTagText(text string, limit int) bool {
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

// decodeTagging reads x-amz-tagging; sent is false if there is no such header.
func decodeTagging(r *http.Request) (tags []*records.Tag, sent bool, err error) {
	if !has(r, taggingHeader) {
		return nil, false, nil
	}
	tags, err = parseTagging(header(r, taggingHeader))
	return tags, true, err
}

// parseTagging reads the value of x-amz-tagging, the tags of an object:
//
//	[key[=value][&key[=value]]…]     each percent-encoded; a plus sign is a space
//
// A key without a value has the empty one. An empty value of the header is no tags.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html#AmazonS3-PutObject-request-header-Tagging
func parseTagging(value string) ([]*records.Tag, error) {
	if value == "" {
		return nil, nil
	}
	var tags []*records.Tag
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(value, "&") {
		name, content, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(name)
		text, err2 := url.QueryUnescape(content)
		whole := err == nil && err2 == nil && utf8.ValidString(key) && utf8.ValidString(text)
		if !whole || key == "" || seen[key] || strings.Contains(content, "=") {
			return nil, badTaggingHeader(value)
		}
		seen[key] = true
		tags = append(tags, &records.Tag{Key: key, Value: text})
	}
	return objectTags.check(tags)
}

// taggingDocument is the body of PutObjectTagging and PutBucketTagging.
type taggingDocument struct {
	TagSet struct {
		Tags []struct {
			Key   string `element:"Key,required"`
			Value string `element:"Value,required"`
		} `element:"Tag"`
	} `element:"TagSet,required"`
}

// decode parses the body of an operation that sets tags.
func (r tagRules) decode(body []byte) ([]*records.Tag, error) {
	document := new(taggingDocument)
	if err := restxml.Decode(body, "Tagging", document); err != nil {
		return nil, err
	}
	tags := make([]*records.Tag, len(document.TagSet.Tags))
	for i, t := range document.TagSet.Tags {
		tags[i] = &records.Tag{Key: t.Key, Value: t.Value}
	}
	return r.check(tags)
}

// renderTags renders tags as the operations that get them do.
func renderTags(tags []*records.Tag) *restxml.Document {
	d := restxml.New("Tagging")
	d.Open("TagSet")
	for _, t := range tags {
		d.Open("Tag")
		d.Text("Key", t.Key)
		d.Text("Value", t.Value)
		d.Close()
	}
	return d
}

// requestTags sets the condition keys that tell the tags of a request; a request without tags has none.
// Keys that differ in case only are one condition key, for which the last in order counts.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html
func requestTags(k *policy.Context, tags []*records.Tag) {
	if len(tags) == 0 {
		return
	}
	keys := make([]string, len(tags))
	for i, t := range tags {
		keys[i] = t.Key
		k.Set("s3:RequestObjectTag/"+t.Key, t.Value)
	}
	k.SetMulti("s3:RequestObjectTagKeys", keys)
}

// existingTags sets the condition keys that tell the tags of an object, nil if there is none.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html
func existingTags(k *policy.Context, o *records.Object) {
	for _, t := range o.GetTags() {
		k.Set("s3:ExistingObjectTag/"+t.Key, t.Value)
	}
}
