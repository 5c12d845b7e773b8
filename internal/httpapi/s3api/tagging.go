package s3api

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"crossgrant/internal/httpapi/s3tags"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

const (
	taggingHeader   = "x-amz-tagging"
	directiveHeader = "x-amz-tagging-directive"
)

// tagRules are the rules for tags, with what reads them from a document.
type tagRules struct{ s3tags.Rules }

var objectTags, bucketTags = tagRules{s3tags.Objects}, tagRules{s3tags.Buckets}

func badTaggingHeader(value string) error {
	return invalidArgument(taggingHeader, value,
		"The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
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
	return objectTags.Check(tags)
}

// tagSet is a list of tags in a document.
type tagSet struct {
	Tags []struct {
		Key   string `element:"Key,required"`
		Value string `element:"Value,required"`
	} `element:"Tag"`
}

func (s *tagSet) records() []*records.Tag {
	tags := make([]*records.Tag, len(s.Tags))
	for i, t := range s.Tags {
		tags[i] = &records.Tag{Key: t.Key, Value: t.Value}
	}
	return tags
}

// taggingDocument is the body of PutObjectTagging and PutBucketTagging.
type taggingDocument struct {
	TagSet tagSet `element:"TagSet,required"`
}

// decode parses the body of an operation that sets tags.
func (r tagRules) decode(body []byte) ([]*records.Tag, error) {
	document := new(taggingDocument)
	if err := restxml.Decode(body, "Tagging", document); err != nil {
		return nil, err
	}
	return r.Check(document.TagSet.records())
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
