package identities

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// spareTags is how many empty rows a form for tags has.
const spareTags = 3

// tagged is the form for tags.
type tagged struct {
	Tags    []page.Pair // with empty ones at the end, to fill in
	Problem *page.Problem
}

// tagForm returns the form for tags: those that were typed if the form of an action is shown again, or else the ones
// there are.
func tagForm(v *page.Visit, do string, tags []types.Tag) []page.Pair {
	var rows []page.Pair
	if v.Sent(do) {
		rows = v.Pairs("tagkey", "tagvalue")
	} else {
		for _, tag := range tags {
			rows = append(rows, page.Pair{Key: aws.ToString(tag.Key), Value: aws.ToString(tag.Value)})
		}
	}
	return append(rows, make([]page.Pair, spareTags)...)
}

// typedTags returns the tags of a form.
func typedTags(v *page.Visit) ([]types.Tag, error) {
	var tags []types.Tag
	for _, p := range v.Pairs("tagkey", "tagvalue") {
		key, value := strings.TrimSpace(p.Key), strings.TrimSpace(p.Value)
		if key == "" {
			if p.Value != "" {
				return nil, page.Invalid("The tag with the value %s has no key.", p.Value)
			}
			continue
		}
		tags = append(tags, types.Tag{Key: &key, Value: &value})
	}
	return tags, nil
}

func (k *kind) showTags(ctx context.Context, v *page.Visit, name string) *tagged {
	tags, err := whole(func(marker *string) ([]types.Tag, *string, error) { return k.tags(ctx, v.AWS.IAM(), name, marker) })
	return &tagged{tagForm(v, "tags", tags), v.Problem(err)}
}

// saveTags makes the tags those of the form.
func (k *kind) saveTags(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, c := v.Path("name"), v.AWS.IAM()
	err := changeTags(v,
		func(marker *string) ([]types.Tag, *string, error) { return k.tags(ctx, c, name, marker) },
		func(tags []types.Tag) error { return k.tag(ctx, c, name, tags) },
		func(keys []string) error { return k.untag(ctx, c, name, keys) })
	if err != nil {
		return nil, err
	}
	return &page.Done{To: page.Query(k.path(name), "tab", "tags"), Note: "The tags of the " + k.Word + " " + name + " are saved."}, nil
}

// changeTags puts the tags of the form that are new or changed, and removes those that are not in it.
func changeTags(v *page.Visit, list func(marker *string) ([]types.Tag, *string, error), put func([]types.Tag) error, remove func([]string) error) error {
	want, err := typedTags(v)
	if err != nil {
		return err
	}
	have, err := whole(list)
	if err != nil {
		return err
	}
	// Keys that differ in their letters' case only are the same.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules
	var gone []string
	for _, tag := range have {
		if !slices.ContainsFunc(want, func(t types.Tag) bool { return strings.EqualFold(*t.Key, aws.ToString(tag.Key)) }) {
			gone = append(gone, aws.ToString(tag.Key))
		}
	}
	changed := slices.DeleteFunc(want, func(t types.Tag) bool {
		return slices.ContainsFunc(have, func(h types.Tag) bool {
			return *t.Key == aws.ToString(h.Key) && *t.Value == aws.ToString(h.Value)
		})
	})
	if len(gone) > 0 {
		if err := remove(gone); err != nil {
			return err
		}
	}
	if len(changed) > 0 {
		return put(changed)
	}
	return nil
}
