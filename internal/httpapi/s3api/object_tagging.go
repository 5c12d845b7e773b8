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
	bucket  *access.Bucket
	object  *records.Object // nil: there is none
	version versionInput
	tags    []*records.Tag // PutObjectTagging
}

func (in *objectTaggingInput) load(ctx context.Context, s *Service, c *httpapi.Call) (err error) {
	if in.bucket, err = s.loadBucket(ctx, c); err != nil {
		return err
	}
	in.object, err = s.loadObject(ctx, c, in.bucket)
	return err
}

// tagActions are the actions of the three operations, plain and for a version.
type tagActions struct{ plain, version string }

var (
	getTags    = tagActions{"s3:GetObjectTagging", "s3:GetObjectVersionTagging"}
	putTags    = tagActions{"s3:PutObjectTagging", "s3:PutObjectVersionTagging"}
	deleteTags = tagActions{"s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"}
)

// check asks for an action on the tags of object o.
func (a tagActions) check(b *access.Bucket, key string, v versionInput, o *records.Object, tags []*records.Tag) access.Check {
	return taggedCheck(b, key, v.action(a.plain, a.version), o, func(k *policy.Context) {
		v.set(k)
		requestTags(k, tags)
	})
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
			in := &objectTaggingInput{version: version}
			if decode != nil {
				in.tags, err = decode(c)
			}
			return in, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *objectTaggingInput) error { return in.load(ctx, s, c) },
		Checks: func(c *httpapi.Call, in *objectTaggingInput) []access.Check {
			if in.object == nil {
				return []access.Check{missingKey(in.bucket, c.Key)}
			}
			return []access.Check{actions.check(in.bucket, c.Key, in.version, in.object, in.tags)}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *objectTaggingInput) (*httpapi.Response, error) {
			if in.object == nil {
				return nil, noSuchKey(c.Key)
			}
			return run(ctx, c, in)
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
		return empty(), s.setTags(ctx, c, in, putTags)
	})
}

// deleteObjectTagging is DeleteObjectTagging. An object without tags has none afterwards.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html
func (s *Service) deleteObjectTagging() httpapi.Operation {
	return s.onTags("DeleteObjectTagging", deleteTags, nil, func(ctx context.Context, c *httpapi.Call, in *objectTaggingInput) (*httpapi.Response, error) {
		return noContent(), s.setTags(ctx, c, in, deleteTags)
	})
}

// setTags replaces the tags of the object. If it is no longer as it was when the request was judged, it is
// judged again, by the tags that it has now.
func (s *Service) setTags(ctx context.Context, c *httpapi.Call, in *objectTaggingInput, actions tagActions) error {
	anew := c.Anew()
	return s.objects.UpdateObject(ctx, in.bucket.ID, c.Key, func(o *records.Object) error {
		anew()
		if !proto.Equal(o, in.object) {
			check := actions.check(in.bucket, c.Key, in.version, o, in.tags)
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
func writeTagCount(ctx context.Context, c *httpapi.Call, h http.Header, b *access.Bucket, v versionInput, o *records.Object) error {
	if len(o.Tags) == 0 {
		return nil
	}
	ok, err := permitted(ctx, c, getTags.check(b, c.Key, v, o, nil))
	if ok {
		h.Set("X-Amz-Tagging-Count", strconv.Itoa(len(o.Tags)))
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
