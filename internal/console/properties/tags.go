package properties

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

const noTags = "NoSuchTagSet"

func getTags(v *page.Visit) func(context.Context) ([]types.Tag, error) {
	return func(ctx context.Context) ([]types.Tag, error) {
		out, err := v.AWS.S3().GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: named(v)})
		if err != nil {
			return nil, err
		}
		return out.TagSet, nil
	}
}

// tagsPage is the page of the tags.
type tagsPage struct {
	Bucket string
	Tags   bucket.Read[[]types.Tag]
	Rows   []page.Pair // the tags, and some empty ones
}

// spare is how many empty rows a form has.
const spare = 3

func showTags(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &tagsPage{Bucket: name(v)}
	bucket.Reading(ctx, v, &d.Tags, getTags(v), noTags)()
	if err := bucket.Gone(d.Bucket, d.Tags.Problem); err != nil {
		return nil, err
	}
	rows := tagRows(d.Tags.Is)
	if v.Sent("save") {
		rows = sentTags(v)
	}
	d.Rows = append(rows, make([]page.Pair, spare)...)
	return view(v, "Tags", "tags", d), nil
}

// tagRows are tags as rows of a form.
func tagRows(tags []types.Tag) []page.Pair {
	var rows []page.Pair
	for _, t := range tags {
		rows = append(rows, page.Pair{Key: aws.ToString(t.Key), Value: aws.ToString(t.Value)})
	}
	return rows
}

// sentTags are the rows of tags that a form has, as they were typed.
func sentTags(v *page.Visit) []page.Pair { return v.Pairs("tag-key", "tag-value") }

// typedTags are the rows of tags that a form has, without the empty ones.
func typedTags(v *page.Visit) ([]types.Tag, error) {
	var tags []types.Tag
	for _, p := range sentTags(v) {
		if p.Key == "" {
			return tags, page.Invalid("The tag with the value %s has no key.", p.Value)
		}
		if strings.TrimSpace(p.Key) != "" {
			tags = append(tags, types.Tag{Key: &p.Key, Value: &p.Value})
		}
	}
	return tags, nil
}

// saveTags puts all tags of the form, which shows all that there are; a row without a key is none.
func saveTags(ctx context.Context, v *page.Visit) (*page.Done, error) {
	tags, err := typedTags(v)
	if err != nil {
		return nil, err
	}
	if len(tags) == 0 {
		_, err = v.AWS.S3().DeleteBucketTagging(ctx, &s3.DeleteBucketTaggingInput{Bucket: named(v)})
	} else {
		_, err = v.AWS.S3().PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: named(v), Tagging: &types.Tagging{TagSet: tags}})
	}
	if err != nil {
		return nil, err
	}
	return done(v, "The tags of "+name(v)+" are saved."), nil
}
