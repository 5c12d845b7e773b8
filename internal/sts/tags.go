package sts

import (
	"net/http"
	"slices"
	"strings"

	"crossgrant/internal/apierr"
)

// MaxTags is the number of session tags that can be passed, and of keys that can be made transitive.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
const MaxTags = 50

// Tags are the session tags of a request, and those that come from the session that makes it.
type Tags struct {
	// Passed are those of the request, or of the token or assertion that it carries.
	Passed []Tag
	// Transitive are the keys, among those of Passed, of the tags that further sessions shall inherit.
	Transitive []string
	// Inherited are the transitive tags of the calling session. They stay transitive.
	Inherited []Tag
}

// Check refuses tags that a session cannot have, with InvalidParameterValue: keys that are equal ignoring
// case, keys or values that are reserved, transitive keys of tags that are not passed, and tags that would
// replace what is inherited. The syntax of keys and values is for the caller to check.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html; the words were observed on AWS,
// but for those about tags that are reserved, or that are not to be transitive and would replace others.
func (t *Tags) Check() error {
	for i, tag := range t.Passed {
		if reserved(tag.Key) || reserved(tag.Value) {
			return invalidParameter("Tag keys and values that begin with aws: are reserved.")
		}
		if hasTag(t.Passed[:i], tag.Key) {
			return invalidParameter("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
	}
	for _, key := range t.Transitive {
		if !hasTag(t.Passed, key) {
			return invalidParameter("The specified transitive tag key must be included in the requested tags.")
		}
		if hasTag(t.Inherited, key) {
			return invalidParameter("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
	}
	for _, tag := range t.Passed {
		if hasTag(t.Inherited, tag.Key) {
			return invalidParameter("One of the specified tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
	}
	return nil
}

// Any reports whether the session will have tags, so that the caller needs sts:TagSession.
func (t *Tags) Any() bool { return len(t.Passed)+len(t.Inherited) > 0 }

// all returns the tags of the new session, and the keys of those that are transitive in it.
func (t *Tags) all() (tags []Tag, transitive []string) {
	for _, tag := range t.Inherited {
		transitive = append(transitive, tag.Key)
	}
	for _, tag := range t.Passed {
		if hasKey(t.Transitive, tag.Key) {
			transitive = append(transitive, tag.Key)
		}
	}
	// Were there two of one key after all, the later one would count.
	return slices.Concat(t.Passed, t.Inherited), transitive
}

func hasTag(tags []Tag, key string) bool {
	return slices.ContainsFunc(tags, func(t Tag) bool { return SameKey(t.Key, key) })
}

func hasKey(keys []string, key string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return SameKey(k, key) })
}

// SameKey reports whether two keys of tags are one, in whatever case. Condition keys compare by their lower
// case, which is not the same: that of "İ" is "i", of which it is no other case. A key that is told apart from
// an inherited one here, and not there, could replace it.
func SameKey(a, b string) bool {
	lowerA, lowerB := strings.ToLower(a), strings.ToLower(b)
	return lowerA == lowerB || strings.EqualFold(a, b)
}

// reserved reports whether a key or value is AWS's own.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules_creating
func reserved(text string) bool {
	const prefix = "aws:"
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

func invalidParameter(message string) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "InvalidParameterValue", "%s", message)
}
