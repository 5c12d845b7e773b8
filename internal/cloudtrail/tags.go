package cloudtrail

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Tag is a tag of a trail. Value is empty for one that was given a key only.
type Tag struct {
	Key   string
	Value string `json:",omitempty"`
}

// maxTags is how many tags a trail can have.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AddTags.html
const maxTags = 50

// tagText is what tags are made of, on AWS in general.
//
// Source: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html
var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// withTags returns tags with others added, by key, or their values replaced.
func withTags(have []*records.Tag, tags []Tag) ([]*records.Tag, error) {
	invalid := func(format string, args ...any) error { return Error("InvalidTagParameter", format, args...) }
	have, seen := slices.Clone(have), map[string]bool{}
	for _, t := range tags {
		switch {
		case t.Key == "" || utf8.RuneCountInString(t.Key) > 128 || utf8.RuneCountInString(t.Value) > 256:
			return nil, invalid("A tag key has 1 to 128 characters, and a tag value up to 256.")
		case !tagText.MatchString(t.Key) || !tagText.MatchString(t.Value):
			return nil, invalid("Tag keys and values consist of letters, digits, spaces and _ . : / = + - @.")
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return nil, invalid("Tag keys that begin with aws: are reserved.")
		case seen[t.Key]:
			return nil, invalid("The tag key %s is there twice.", t.Key)
		}
		seen[t.Key] = true
		i, found := slices.BinarySearchFunc(have, t.Key, func(h *records.Tag, key string) int { return strings.Compare(h.Key, key) })
		if found {
			have[i] = &records.Tag{Key: t.Key, Value: t.Value}
			continue
		}
		have = slices.Insert(have, i, &records.Tag{Key: t.Key, Value: t.Value})
	}
	if len(have) > maxTags {
		return nil, Error("TagsLimitExceeded", "A trail can have up to %d tags.", maxTags)
	}
	return have, nil
}

// AddTags adds tags to a trail, or replaces their values. Errors are those of the API's AddTags.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AddTags.html
func (s *Service) AddTags(ctx context.Context, account ids.AccountID, trailARN string, tags []Tag) error {
	if err := resource(trailARN); err != nil {
		return err
	}
	_, err := s.change(ctx, account, trailARN, tagging, func(t *records.Trail) (err error) {
		t.Tags, err = withTags(t.Tags, tags)
		return err
	})
	return noResource(err)
}

// RemoveTags removes the tags with these keys; those that are not there are no error.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RemoveTags.html
func (s *Service) RemoveTags(ctx context.Context, account ids.AccountID, trailARN string, tagKeys []string) error {
	if err := resource(trailARN); err != nil {
		return err
	}
	_, err := s.change(ctx, account, trailARN, tagging, func(t *records.Trail) error {
		t.Tags = slices.DeleteFunc(t.Tags, func(h *records.Tag) bool { return slices.Contains(tagKeys, h.Key) })
		return nil
	})
	return noResource(err)
}

// Tags returns the tags of a trail, by key.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTags.html
func (s *Service) Tags(ctx context.Context, account ids.AccountID, trailARN string) (tags []Tag, err error) {
	if err := resource(trailARN); err != nil {
		return nil, err
	}
	err = s.store.View(ctx, func(r meta.Reader) error {
		t, err := s.find(r, account, trailARN, tagging)
		if err != nil {
			return err
		}
		tags = fromTags(t.Tags)
		return nil
	})
	return tags, noResource(err)
}

// TagsOf returns the tags of what may be a trail that the account may see, for conditions about them: none if it is not.
func (s *Service) TagsOf(ctx context.Context, account ids.AccountID, text string) ([]Tag, error) {
	t, err := s.Get(ctx, account, text)
	var refused *apierr.Error
	switch {
	case errors.As(err, &refused):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return fromTags(t.Record.Tags), nil
}

func fromTags(list []*records.Tag) (tags []Tag) {
	for _, t := range list {
		tags = append(tags, Tag{t.Key, t.Value})
	}
	return tags
}

// resource refuses what is not the ARN of a trail, each with the error that the API has for it: there is nothing else
// here that CloudTrail tags.
func resource(text string) error {
	_, kind, _ := strings.Cut(text, ":cloudtrail:")
	parts := strings.SplitN(kind, ":", 3)
	if !strings.HasPrefix(text, "arn:") || len(parts) < 3 {
		return Error("CloudTrailARNInvalid", "The resource ID is not the ARN of a trail.")
	}
	switch kind, _, _ := strings.Cut(parts[2], "/"); kind {
	case "trail":
		return nil
	case "eventdatastore":
		return Error("EventDataStoreNotFound", "There is no event data store %s.", text)
	case "channel", "dashboard":
		return Error("ResourceNotFound", "There is no %s %s.", kind, text)
	}
	return Error("ResourceTypeNotSupported", "The type of the resource is not supported.")
}

// noResource is the error of operations on tags for a trail that is not there.
func noResource(err error) error {
	if isMissing(err) {
		return Error("ResourceNotFound", "%s", apierr.From(err).Message)
	}
	return err
}
