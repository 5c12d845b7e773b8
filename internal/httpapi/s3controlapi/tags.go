package s3controlapi

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/s3tags"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// tagsPath is the beginning of the paths of the operations on tags; the ARN of the resource follows.
const tagsPath = "/v20180820/tags/"

// tagsInput is the input of the three operations on the tags of a resource.
type tagsInput struct {
	account ids.AccountID
	name    string // of the bucket
	tags    []*records.Tag
	keys    []string // of the tags to be removed
	bucket  *access.Bucket
}

// onTags returns an operation on the tags of a bucket, which needs the permission action. set adds its
// condition keys; nil for none.
func (s *Service) onTags(name, action string, decode func(*httpapi.Call, *tagsInput) error, set func(*policy.Context, *tagsInput),
	run func(ctx context.Context, c *httpapi.Call, in *tagsInput, check func(*access.Bucket) access.Check) (*httpapi.Response, error)) httpapi.Operation {
	check := func(in *tagsInput) func(*access.Bucket) access.Check {
		return func(b *access.Bucket) access.Check {
			keys := func(k *policy.Context) {
				if set != nil {
					set(k, in)
				}
			}
			return access.Check{Action: action, Resource: arn.Bucket(in.name).String(), Owner: b.Owner, Bucket: b, Keys: keys}
		}
	}
	return httpapi.Row[tagsInput]{
		Name: name,
		Decode: func(c *httpapi.Call) (*tagsInput, error) {
			account, err := decodeAccount(c.HTTP)
			if err != nil {
				return nil, err
			}
			in := &tagsInput{account: account}
			if in.name, err = bucketOf(strings.TrimPrefix(c.HTTP.URL.Path, tagsPath), account, c.Region); err != nil {
				return nil, err
			}
			return in, decode(c, in)
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *tagsInput) error {
			return s.loadBucket(ctx, c, in, action)
		},
		Checks: func(_ *httpapi.Call, in *tagsInput) []access.Check { return []access.Check{check(in)(in.bucket)} },
		Run: func(ctx context.Context, c *httpapi.Call, in *tagsInput) (*httpapi.Response, error) {
			return run(ctx, c, in, check(in))
		},
	}.Operation()
}

// bucketOf returns the name of the bucket that an ARN names. Access points, Storage Lens groups and access
// grants can have tags, too, but there are none here.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#S3TaggingErrorCodeList
func bucketOf(resource string, account ids.AccountID, region string) (string, error) {
	a, err := arn.Parse(resource)
	switch {
	case err != nil || a.Service != "s3" || a.Resource == "":
		return "", invalidRequest("Invalid ARN")
	case a.Partition != arn.Partition:
		return "", invalidRequest("The AWS partition in the resourceArn is invalid.")
	case a.Account != "" && a.Account != string(account):
		return "", invalidRequest("The AWS account in the resource ARN doesn't match the account ID that's specified in this request.")
	case a.Region != "" && a.Region != region:
		return "", invalidRequest("The AWS Region in the resource ARN doesn't match the Region that's specified in this request.")
	case a.Account != "" || a.Region != "" || strings.Contains(a.Resource, "/"):
		return "", noSuchResource()
	}
	return a.Resource, nil
}

func noSuchResource() error {
	return apierr.New(http.StatusNotFound, "NoSuchResource", "The specified resource doesn't exist.")
}

// loadBucket reads the bucket of a request. It has to belong to the account that the request is about, and
// anonymous callers are refused whatever its policy says.
func (s *Service) loadBucket(ctx context.Context, c *httpapi.Call, in *tagsInput, action string) error {
	b, err := s.buckets.Bucket(ctx, in.name)
	if apierr.Is(err, "NoSuchBucket") {
		return noSuchResource()
	}
	if err != nil {
		return err
	}
	in.bucket, c.Record.ResourceOwner, c.Record.Bucket = b, b.Owner, in.name
	if b.Owner == in.account && c.Caller.Kind != policy.Anonymous {
		return nil
	}
	asked := access.Check{Action: action, Resource: arn.Bucket(in.name).String()}
	return c.Refuse(&asked, authz.RequestItself, authz.AnotherAccount, apierr.AccessDenied("Access Denied"))
}

// listTagsForResource is ListTagsForResource.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_ListTagsForResource.html
func (s *Service) listTagsForResource() httpapi.Operation {
	decode := func(*httpapi.Call, *tagsInput) error { return nil }
	return s.onTags("ListTagsForResource", "s3:ListTagsForResource", decode, nil,
		func(_ context.Context, _ *httpapi.Call, in *tagsInput, _ func(*access.Bucket) access.Check) (*httpapi.Response, error) {
			d := restxml.NewIn(namespace, "ListTagsForResourceResult")
			d.Open("Tags")
			for _, t := range in.bucket.Record.Tags {
				d.Open("Tag")
				d.Text("Key", t.Key)
				d.Text("Value", t.Value)
				d.Close()
			}
			return &httpapi.Response{Header: http.Header{"Content-Type": {restxml.ContentType}}, Body: d.Bytes()}, nil
		})
}

// tagResourceRequest is the body of TagResource.
type tagResourceRequest struct {
	Tags struct {
		Tags []struct {
			Key   string `element:"Key,required"`
			Value string `element:"Value,required"`
		} `element:"Tag"`
	} `element:"Tags,required"`
}

// decodeTags reads the body of TagResource.
func decodeTags(body []byte) ([]*records.Tag, error) {
	in := new(tagResourceRequest)
	if err := restxml.DecodeIn(namespace, body, "TagResourceRequest", in); err != nil {
		return nil, err
	}
	tags := make([]*records.Tag, len(in.Tags.Tags))
	for i, t := range in.Tags.Tags {
		tags[i] = &records.Tag{Key: t.Key, Value: t.Value}
	}
	return s3tags.Requested.Check(tags)
}

// tagResource is TagResource: the tags are added to those that are there, or replace those of the same keys.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_TagResource.html
func (s *Service) tagResource() httpapi.Operation {
	decode := func(c *httpapi.Call, in *tagsInput) error {
		body, err := readBody(c)
		if err != nil {
			return err
		}
		in.tags, err = decodeTags(body)
		return err
	}
	keys := func(k *policy.Context, in *tagsInput) { s3tags.RequestKeys(k, in.tags) }
	return s.onTags("TagResource", "s3:TagResource", decode, keys,
		func(ctx context.Context, c *httpapi.Call, in *tagsInput, check func(*access.Bucket) access.Check) (*httpapi.Response, error) {
			return s.changeTags(ctx, c, in, check, func(tags []*records.Tag) []*records.Tag {
				given := func(old *records.Tag) bool {
					return slices.ContainsFunc(in.tags, func(t *records.Tag) bool { return t.Key == old.Key })
				}
				return append(slices.DeleteFunc(tags, given), in.tags...)
			})
		})
}

// untagResource is UntagResource. A key that no tag has is nothing to remove.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_UntagResource.html
func (s *Service) untagResource() httpapi.Operation {
	decode := func(c *httpapi.Call, in *tagsInput) error {
		in.keys = c.Query()["tagKeys"]
		if len(in.keys) == 0 {
			return invalidRequest("Must specify at least one tag key.")
		}
		return nil
	}
	keys := func(k *policy.Context, in *tagsInput) { s3tags.Named(k, in.keys) }
	return s.onTags("UntagResource", "s3:UntagResource", decode, keys,
		func(ctx context.Context, c *httpapi.Call, in *tagsInput, check func(*access.Bucket) access.Check) (*httpapi.Response, error) {
			return s.changeTags(ctx, c, in, check, func(tags []*records.Tag) []*records.Tag {
				return slices.DeleteFunc(tags, func(t *records.Tag) bool { return slices.Contains(in.keys, t.Key) })
			})
		})
}

// changeTags changes the tags of the bucket that a request is about.
func (s *Service) changeTags(ctx context.Context, c *httpapi.Call, in *tagsInput, check func(*access.Bucket) access.Check,
	change func([]*records.Tag) []*records.Tag) (*httpapi.Response, error) {
	err := s.storage.UpdateBucket(ctx, in.name, c.RejudgeBucket(ctx, in.bucket, check, func(r *records.Bucket, _ *access.Bucket) (err error) {
		r.Tags, err = s3tags.Resources.Check(change(r.Tags))
		return err
	}))
	return &httpapi.Response{Status: http.StatusNoContent}, err
}
