package orgs

import (
	"context"
	"errors"
	"slices"
	"strings"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// checkTags refuses tags that a request cannot give a resource. Keys compare exactly, but no two of one request may
// be equal ignoring case: the condition key of a tag does, so that a policy would see one of the two. Their form is
// the API's to check.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_tagging.html
func (s *Service) checkTags(tags []Tag) error {
	seen := map[string]bool{}
	for _, tag := range tags {
		if strings.HasPrefix(strings.ToLower(tag.Key), "aws:") {
			return Invalid("INVALID_SYSTEM_TAGS_PARAMETER", "You specified a tag key that is a system tag. You can't add, edit, or delete system tag keys because they're reserved for Amazon Web Services use.")
		}
		folded := strings.ToLower(tag.Key)
		if seen[folded] {
			return Invalid("DUPLICATE_TAG_KEY", "Tag keys must be unique among the tags attached to the same entity.")
		}
		seen[folded] = true
	}
	if len(tags) > s.quotas.Tags {
		return errTooManyTags
	}
	return nil
}

func recordTags(tags []Tag) []*records.Tag {
	var out []*records.Tag
	for _, tag := range tags {
		out = append(out, &records.Tag{Key: tag.Key, Value: tag.Value})
	}
	return out
}

func fromTags(tags []*records.Tag) []Tag {
	var out []Tag
	for _, tag := range tags {
		out = append(out, Tag{Key: tag.Key, Value: tag.Value})
	}
	return out
}

// tagged returns the tags of the root, unit, account, policy or resource policy with this ID, and what stores a change
// of them.
func (v view) tagged(id string) (tags *[]*records.Tag, store func(meta.Tx) error, err error) {
	if strings.HasPrefix(id, "p-") {
		p := new(records.OrganizationPolicy)
		err := records.Get(v, keys.OrganizationPolicy(v.id, id), p)
		if errors.Is(err, meta.ErrNotFound) {
			return nil, nil, errNoTarget // one of AWS's cannot be tagged either
		}
		return &p.Tags, func(tx meta.Tx) error { return records.Put(tx, keys.OrganizationPolicy(v.id, id), p) }, err
	}
	if strings.HasPrefix(id, "rp-") {
		r, err := v.resourcePolicy()
		if err == nil && r.GetId() != id {
			err = errNoTarget
		}
		if err != nil {
			return nil, nil, err
		}
		return &r.Tags, func(tx meta.Tx) error { return records.Put(tx, keys.OrganizationResourcePolicy(v.id), r) }, nil
	}
	n, err := v.find(id, errNoTarget)
	if err != nil {
		return nil, nil, err
	}
	return n.tags(), func(tx meta.Tx) error { return change{v, tx}.put(n) }, nil
}

// Tag adds tags to a root, unit, account, policy or resource policy, and replaces the values of those that are there.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_TagResource.html
func (s *Service) Tag(ctx context.Context, account ids.AccountID, id string, tags []Tag) error {
	if err := s.checkTags(tags); err != nil {
		return err
	}
	return s.manage(ctx, account, func(c change) error {
		current, store, err := c.tagged(id)
		if err != nil {
			return err
		}
		for _, tag := range tags {
			i := slices.IndexFunc(*current, func(t *records.Tag) bool { return t.Key == tag.Key })
			if i < 0 {
				*current = append(*current, &records.Tag{Key: tag.Key, Value: tag.Value})
			} else {
				(*current)[i].Value = tag.Value
			}
		}
		if len(*current) > s.quotas.Tags {
			return errTooManyTags
		}
		return store(c.tx)
	})
}

// Untag removes the tags with these keys. Keys that are not there do no harm.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_UntagResource.html
func (s *Service) Untag(ctx context.Context, account ids.AccountID, id string, tagKeys []string) error {
	return s.manage(ctx, account, func(c change) error {
		current, store, err := c.tagged(id)
		if err != nil {
			return err
		}
		*current = slices.DeleteFunc(*current, func(t *records.Tag) bool { return slices.Contains(tagKeys, t.Key) })
		return store(c.tx)
	})
}

// Tags returns the tags of a root, unit, account, policy or resource policy, by key.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListTagsForResource.html
func (s *Service) Tags(ctx context.Context, account ids.AccountID, id string, p Page) (out List[Tag], err error) {
	err = s.inspect(ctx, account, func(v view) error {
		current, _, err := v.tagged(id)
		if err != nil {
			return err
		}
		values := map[string]string{}
		var tagKeys []string
		for _, tag := range *current {
			values[tag.Key] = tag.Value
			tagKeys = append(tagKeys, tag.Key)
		}
		out, err = pageOf(tagKeys, p, func(key string) (Tag, bool, error) { return Tag{key, values[key]}, true, nil })
		return err
	})
	return out, err
}
