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
	Tags    []types.Tag // with empty ones at the end, to fill in
	Problem *page.Problem
}

// tagForm returns the form for tags: those that were typed if the form of an action is shown again, or else the ones
// there are.
func tagForm(v *page.Visit, do string, tags []types.Tag) []types.Tag {
	if v.Sent(do) {
		tags = nil
		keys, values := v.Request.PostForm["tagkey"], v.Request.PostForm["tagvalue"]
		for i := range min(len(keys), len(values)) {
			if keys[i]+values[i] != "" {
				tags = append(tags, types.Tag{Key: &keys[i], Value: &values[i]})
			}
		}
	}
	tags = slices.Clone(tags)
	for range spareTags {
		tags = append(tags, types.Tag{})
	}
	return tags
}

// typedTags returns the tags of a form.
func typedTags(v *page.Visit) ([]types.Tag, error) {
	var tags []types.Tag
	keys, values := v.Request.PostForm["tagkey"], v.Request.PostForm["tagvalue"]
	for i := range min(len(keys), len(values)) {
		key := strings.TrimSpace(keys[i])
		if key == "" {
			if values[i] != "" {
				return nil, page.Invalid("The tag with the value %s has no key.", values[i])
			}
			continue
		}
		tags = append(tags, types.Tag{Key: &key, Value: aws.String(strings.TrimSpace(values[i]))})
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
