package s3api

import (
	"context"
	"net/http"
	"strconv"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// objectTaggingInput is the input of GetObjectTagging, PutObjectTagging and DeleteObjectTagging.
type objectTaggingInput struct {
	addressed
	tags []*records.Tag // PutObjectTagging
}

// tagActions are the actions of the three operations, plain and for a version.
type tagActions struct{ plain, version string }

var (
	getTags    = tagActions{"s3:GetObjectTagging", "s3:GetObjectVersionTagging"}
	putTags    = tagActions{"s3:PutObjectTagging", "s3:PutObjectVersionTagging"}
	deleteTags = tagActions{"s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"}
)

// check asks for an action on the tags of a version.
func (t tagActions) check(a *addressed, tags []*records.Tag) access.Check {
	return a.check(t.plain, t.version, func(k *policy.Context) { requestTags(k, tags) })
}

// onTags returns an operation on the tags of an object that is there.
func (s *Service) onTags(name string, actions tagActions, decode func(*httpapi.Call) ([]*records.Tag, error),
	run func(context.Context, *httpapi.Call, *objectTaggingInput) (*httpapi.Response, error)) httpapi.Operation {
	return httpapi.Row[objectTaggingInput]{
		Name: name,
		Decode: func(c *httpapi.Call) (*objectTaggingInput, error) {
			version, err := decodeVersion(c)
			if err != nil {
				return nil, err
			}
			in := &objectTaggingInput{addressed: addressed{version: version}}
			if decode != nil {
				in.tags, err = decode(c)
			}
			return in, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *objectTaggingInput) error {
			return s.load(ctx, c, &in.addressed)
		},
		Checks: func(c *httpapi.Call, in *objectTaggingInput) []access.Check {
			return []access.Check{actions.check(&in.addressed, in.tags)}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *objectTaggingInput) (*httpapi.Response, error) {
			if err := in.missing(c.HTTP.Method); err != nil {
				return nil, err
			}
			r, err := run(ctx, c, in)
			if err == nil {
				setVersion(r.Header, in.bucket, in.object)
			}
			return r, err
		},
	}.Operation()
}

// getObjectTagging is GetObjectTagging.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html
func (s *Service) getObjectTagging() httpapi.Operation {
	return s.onTags("GetObjectTagging", getTags, nil, func(_ context.Context, _ *httpapi.Call, in *objectTaggingInput) (*httpapi.Response, error) {
		return document(renderTags(in.object.Tags)), nil
	})
}

// putObjectTagging is PutObjectTagging. An empty set removes the tags that are there.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
func (s *Service) putObjectTagging() httpapi.Operation {
	decode := func(c *httpapi.Call) ([]*records.Tag, error) {
		body, _, err := readBody(c, maxConfiguration)
		if err != nil {
			return nil, err
		}
		return objectTags.decode(body)
	}
	return s.onTags("PutObjectTagging", putTags, decode, func(ctx context.Context, c *httpapi.Call, in *objectTaggingInput) (*httpapi.Response, error) {
		return empty(), s.setTags(ctx, c, in, putTags, "ObjectTagging:Put")
	})
}

// deleteObjectTagging is DeleteObjectTagging. An object without tags has none afterwards.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html
func (s *Service) deleteObjectTagging() httpapi.Operation {
	return s.onTags("DeleteObjectTagging", deleteTags, nil, func(ctx context.Context, c *httpapi.Call, in *objectTaggingInput) (*httpapi.Response, error) {
		return noContent(), s.setTags(ctx, c, in, deleteTags, "ObjectTagging:Delete")
	})
}

// setTags replaces the tags of the object. If it is no longer as it was when the request was judged, it is
// judged again, by the tags that it has now.
func (s *Service) setTags(ctx context.Context, c *httpapi.Call, in *objectTaggingInput, actions tagActions, event string) error {
	anew := c.Anew()
	return s.objects.UpdateObject(ctx, in.bucket.Record, c.Key, string(in.version), origin(c, event), func(o *records.Object) error {
		anew()
		if !proto.Equal(o, in.object) {
			now := in.now(o)
			check := actions.check(&now, in.tags)
			if err := c.Authorize(ctx, &check); err != nil {
				return err
			}
		}
		o.Tags = in.tags
		return nil
	})
}

// writeTagCount tells how many tags an object has, if the caller may get them; whoever may not is told
// nothing, and the rest of the answer is the same.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (x-amz-tagging-count)
func writeTagCount(ctx context.Context, c *httpapi.Call, h http.Header, a *addressed) error {
	if len(a.object.Tags) == 0 {
		return nil
	}
	ok, err := permitted(ctx, c, getTags.check(a, nil))
	if ok {
		h.Set("X-Amz-Tagging-Count", strconv.Itoa(len(a.object.Tags)))
	}
	return err
}

// permitted asks for something on the side, whose denial refuses nothing and is therefore not in the
// request's record.
func permitted(ctx context.Context, c *httpapi.Call, check access.Check) (bool, error) {
	anew := c.Anew()
	err := c.Authorize(ctx, &check)
	if apierr.Is(err, "AccessDenied") {
		anew()
		return false, nil
	}
	return err == nil, err
}
