package iam

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// TaggedKind is a kind of things that have tags, as the names of its operations write it: TagUser,
// UntagUser and ListUserTags are about TaggedUser.
type TaggedKind string

// The kinds of things that have tags.
const (
	TaggedUser            TaggedKind = "User"
	TaggedRole            TaggedKind = "Role"
	TaggedPolicy          TaggedKind = "Policy"
	TaggedMFADevice       TaggedKind = "MFADevice"
	TaggedInstanceProfile TaggedKind = "InstanceProfile"
	TaggedOIDCProvider    TaggedKind = "OpenIDConnectProvider"
	TaggedSAMLProvider    TaggedKind = "SAMLProvider"
)

// Tagged names something that has tags: a user, role or instance profile by its name, a managed policy or an
// identity provider by its ARN, a virtual MFA device by its serial number.
type Tagged struct {
	Kind TaggedKind
	Name string
}

// folds reports whether keys of tags compare ignoring case, as those of users and roles do.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules_creating
func (k TaggedKind) folds() bool { return k == TaggedUser || k == TaggedRole }

// taggable is the record of something that has tags.
type taggable struct {
	tags *[]*records.Tag
	// store writes the record once its tags were changed.
	store func(c change) error
}

// taggable reads what of names for its tags to be listed, or returns NoSuchEntity.
func (v view) taggable(of Tagged) (taggable, error) {
	switch of.Kind {
	case TaggedUser:
		r := new(records.User)
		err := v.get(keys.UserKind, of.Name, r)
		return taggable{&r.Tags, func(c change) error { return c.put(keys.UserKind, r) }}, err
	case TaggedRole:
		r := new(records.Role)
		err := v.get(keys.RoleKind, of.Name, r)
		return taggable{&r.Tags, func(c change) error { return c.put(keys.RoleKind, r) }}, err
	case TaggedPolicy:
		return v.taggablePolicy(of.Name)
	case TaggedMFADevice:
		d, err := v.mfaDevice(of.Name)
		if err != nil {
			return taggable{}, err
		}
		return taggable{&d.Tags, func(c change) error { return records.Put(c.tx, d.key, d.MFADevice) }}, nil
	case TaggedInstanceProfile:
		r, err := v.instanceProfile(of.Name)
		return taggable{&r.Tags, func(c change) error { return c.put(keys.InstanceProfileKind, r) }}, err
	case TaggedOIDCProvider:
		return v.taggableOIDCProvider(of.Name)
	case TaggedSAMLProvider:
		return v.taggableSAMLProvider(of.Name)
	default:
		panic("iam: nothing of kind " + string(of.Kind) + " has tags")
	}
}

// taggablePolicy is taggable for a managed policy. One of AWS has no tags, and nobody can give it any.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags_customer-managed-policies.html
func (v view) taggablePolicy(policyARN string) (taggable, error) {
	a, err := ParsePolicyARN(policyARN)
	if err != nil {
		return taggable{}, err
	}
	if _, ok := managed.Lookup(policyARN); ok {
		return taggable{new([]*records.Tag), func(change) error { return errOutside }}, nil
	}
	r, err := v.ownPolicy(a)
	if err != nil {
		return taggable{}, err
	}
	return taggable{&r.Tags, func(c change) error { return c.put(keys.PolicyKind, r) }}, nil
}

// Tags returns the tags of something, by key.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUserTags.html
func (s *Service) Tags(ctx context.Context, account ids.AccountID, of Tagged, p Page) (list List[Tag], err error) {
	err = s.read(ctx, account, func(v view) error {
		t, err := v.taggable(of)
		if err != nil {
			return err
		}
		list, err = paginate(fromTags(*t.tags), tagSortKey, p)
		return err
	})
	return list, err
}

// tagSortKey returns what sorts tags by key. It is short enough for a marker, which a key of 128 characters
// need not be: what begins with the same many bytes is sorted by its hash.
func tagSortKey(t Tag) string {
	const most = 200
	if len(t.Key) <= most {
		return t.Key
	}
	hash := sha256.Sum256([]byte(t.Key))
	return t.Key[:most] + string(hash[:16])
}

// Tag gives something these tags. A tag replaces the one of the same key, and its key too: where keys compare
// ignoring case, Dept replaces dept.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagUser.html
func (s *Service) Tag(ctx context.Context, account ids.AccountID, of Tagged, tags []Tag) error {
	if err := s.checkTags(tags); err != nil {
		return err
	}
	return s.changeTags(ctx, account, of, func(old []*records.Tag) ([]*records.Tag, error) {
		merged := mergeTags(old, tags, of.Kind.folds())
		if len(merged) > s.quotas.Tags {
			return nil, errTooManyTags
		}
		return merged, nil
	})
}

// Untag takes the tags of these keys from something. That it has no tag of a key is no error.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagUser.html
func (s *Service) Untag(ctx context.Context, account ids.AccountID, of Tagged, tagKeys []string) error {
	return s.changeTags(ctx, account, of, func(old []*records.Tag) ([]*records.Tag, error) {
		return withoutTags(old, tagKeys, of.Kind.folds()), nil
	})
}

// changeTags runs edit on the tags of something and stores what it returns with nil.
func (s *Service) changeTags(ctx context.Context, account ids.AccountID, of Tagged, edit func(old []*records.Tag) ([]*records.Tag, error)) error {
	return s.write(ctx, account, func(c change) error {
		t, err := c.taggable(of)
		if err != nil {
			return err
		}
		if *t.tags, err = edit(*t.tags); err != nil {
			return err
		}
		return t.store(c)
	})
}

// mergeTags returns old with tags in it, each in the place of the one of the same key or else at the end.
func mergeTags(old []*records.Tag, tags []Tag, fold bool) []*records.Tag {
	merged := slices.Clone(old)
	for _, tag := range tags {
		r := &records.Tag{Key: tag.Key, Value: tag.Value}
		if i := slices.IndexFunc(merged, hasKey(tag.Key, fold)); i >= 0 {
			merged[i] = r
		} else {
			merged = append(merged, r)
		}
	}
	return merged
}

// withoutTags returns old without the tags of these keys.
func withoutTags(old []*records.Tag, tagKeys []string, fold bool) []*records.Tag {
	left := slices.Clone(old)
	for _, key := range tagKeys {
		left = slices.DeleteFunc(left, hasKey(key, fold))
	}
	return left
}

func hasKey(key string, fold bool) func(*records.Tag) bool {
	want := comparedKey(key, fold)
	return func(t *records.Tag) bool { return comparedKey(t.Key, fold) == want }
}

// comparedKey returns what tells the key of a tag from others.
func comparedKey(key string, fold bool) string {
	if fold {
		return strings.ToLower(key)
	}
	return key
}
