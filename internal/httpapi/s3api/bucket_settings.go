package s3api

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// updateBucket changes the record of b, if it is still the bucket that the request was judged for. change
// also gets the bucket as it is now. If its settings, or those of its account, are no longer those that the
// request was judged by, check is asked again: otherwise whoever may change them could undo, with a request
// under way, that this right was taken away.
func (s *Service) updateBucket(ctx context.Context, c *httpapi.Call, b *access.Bucket, check func(*access.Bucket) access.Check,
	change func(r *records.Bucket, now *access.Bucket) error) error {
	return s.objects.UpdateBucket(ctx, b.Record.Name, rejudgeBucket(ctx, c, b, check, change))
}

// rejudgeBucket returns change for the transaction that commits it; see updateBucket.
func rejudgeBucket(ctx context.Context, c *httpapi.Call, b *access.Bucket, check func(*access.Bucket) access.Check,
	change func(r *records.Bucket, now *access.Bucket) error) func(*records.Bucket, *records.Account) error {
	return c.RejudgeBucket(ctx, b, check, change)
}

// signedOnly is loadBucket for operations that S3 lets no anonymous caller invoke.
func (s *Service) signedOnly(ctx context.Context, c *httpapi.Call, message string) (*access.Bucket, error) {
	b, err := s.loadBucket(ctx, c)
	if err != nil {
		return nil, err
	}
	return b, refuseAnonymous(c, message)
}

// settingInput is the input of the operations that set one thing of a bucket, read from its body; nil
// where they delete it.
type settingInput[T any] struct {
	bucket *access.Bucket
	value  *T
}

// setting returns an operation that changes the bucket's record, after the permission action.
func setting[T any](s *Service, name, action, anonymous string, decode func([]byte) (*T, error),
	change func(r *records.Bucket, value *T) error, status int) httpapi.Operation {
	check := plainCheck(action)
	return settingWith(s, name, check, anonymous, decode, status,
		func(ctx context.Context, c *httpapi.Call, in *settingInput[T]) error {
			return s.updateBucket(ctx, c, in.bucket, check, func(r *records.Bucket, _ *access.Bucket) error { return change(r, in.value) })
		})
}

// largeSetting returns an operation that puts a setting that is not in the bucket's record, or removes it
// where decode is nil, after the permission action.
func largeSetting[T any, P interface {
	*T
	proto.Message
}](s *Service, name, action string, kind keys.SettingKind, decode func([]byte) (*T, error), status int) httpapi.Operation {
	check := plainCheck(action)
	return settingWith(s, name, check, noAnonymousConfiguration, decode, status,
		func(ctx context.Context, c *httpapi.Call, in *settingInput[T]) error {
			unchanged := func(*records.Bucket, *access.Bucket) error { return nil }
			var value proto.Message // nil: none
			if in.value != nil {
				value = P(in.value)
			}
			return s.objects.PutSetting(ctx, in.bucket.Record.Name, kind, value, rejudgeBucket(ctx, c, in.bucket, check, unchanged))
		})
}

// plainCheck returns the question for an action on a bucket that has no condition keys of its own.
func plainCheck(action string) func(*access.Bucket) access.Check {
	return func(b *access.Bucket) access.Check { return bucketCheck(b, action, nil) }
}

// largest are the sizes of bodies that may be larger than maxConfiguration, in bytes, by operation.
var largest = map[string]int64{"PutBucketWebsite": maxWebsite}

// settingWith returns an operation that sets one thing of a bucket in the way of keep.
func settingWith[T any](s *Service, name string, check func(*access.Bucket) access.Check, anonymous string, decode func([]byte) (*T, error), status int,
	keep func(ctx context.Context, c *httpapi.Call, in *settingInput[T]) error) httpapi.Operation {
	return httpapi.Row[settingInput[T]]{
		Name: name,
		Decode: func(c *httpapi.Call) (*settingInput[T], error) {
			in := new(settingInput[T])
			if decode == nil {
				return in, nil
			}
			body, _, err := readBody(c, cmp.Or(largest[name], maxConfiguration))
			if err != nil {
				return nil, err
			}
			in.value, err = decode(body)
			return in, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *settingInput[T]) (err error) {
			in.bucket, err = s.signedOnly(ctx, c, anonymous)
			return err
		},
		Checks: func(_ *httpapi.Call, in *settingInput[T]) []access.Check { return []access.Check{check(in.bucket)} },
		Run: func(ctx context.Context, c *httpapi.Call, in *settingInput[T]) (*httpapi.Response, error) {
			err := keep(ctx, c, in)
			return &httpapi.Response{Status: status, Header: http.Header{}}, err
		},
	}.Operation()
}

// ownershipControls is the body of PutBucketOwnershipControls.
type ownershipControls struct {
	Rules []struct {
		ObjectOwnership string `element:"ObjectOwnership,required"`
	} `element:"Rule,required"`
}

func decodeOwnership(body []byte) (*ownershipControls, error) {
	in := new(ownershipControls)
	if err := restxml.Decode(body, "OwnershipControls", in); err != nil {
		return nil, err
	}
	if len(in.Rules) != 1 || !validOwnership(in.Rules[0].ObjectOwnership) {
		return nil, restxml.Malformed(errors.New("not one rule with a known value"))
	}
	return in, nil
}

func validOwnership(value string) bool {
	return value == access.Enforced || value == access.BucketOwnerPreferred || value == objectWriter
}

const noAnonymousOwnership = "s3:PutBucketOwnershipControls does not support Anonymous requests!"

// putBucketOwnershipControls is PutBucketOwnershipControls.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html
func (s *Service) putBucketOwnershipControls() httpapi.Operation {
	return setting(s, "PutBucketOwnershipControls", "s3:PutBucketOwnershipControls", noAnonymousOwnership, decodeOwnership,
		func(r *records.Bucket, in *ownershipControls) error {
			value := in.Rules[0].ObjectOwnership
			owner := ids.CanonicalUserID(r.CanonicalId)
			if value == access.Enforced && !access.ACL(owner, r.Acl).OnlyOwner(owner) {
				return invalidACLWithOwnership()
			}
			r.Ownership = value
			return nil
		}, http.StatusOK)
}

// invalidACLWithOwnership is the error for turning ACLs off on a bucket whose ACL grants to others.
func invalidACLWithOwnership() error {
	return apierr.New(http.StatusBadRequest, "InvalidBucketAclWithObjectOwnership",
		"Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
}

// deleteBucketOwnershipControls is DeleteBucketOwnershipControls.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketOwnershipControls.html
func (s *Service) deleteBucketOwnershipControls() httpapi.Operation {
	return setting(s, "DeleteBucketOwnershipControls", "s3:PutBucketOwnershipControls", noAnonymousOwnership, nil,
		func(r *records.Bucket, _ *ownershipControls) error {
			r.Ownership = ""
			return nil
		}, http.StatusNoContent)
}

// getBucketOwnershipControls is GetBucketOwnershipControls.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketOwnershipControls.html
func (s *Service) getBucketOwnershipControls() httpapi.Operation {
	return s.onlyBucket("GetBucketOwnershipControls", "s3:GetBucketOwnershipControls", func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		if b.Record.Ownership == "" {
			return nil, apierr.New(http.StatusNotFound, "OwnershipControlsNotFoundError", "The bucket ownership controls were not found").
				With("BucketName", b.Record.Name)
		}
		d := restxml.New("OwnershipControls")
		d.Open("Rule")
		d.Text("ObjectOwnership", b.Record.Ownership)
		return document(d), nil
	})
}

// publicAccessBlock is the body of PutPublicAccessBlock. A setting that is left out is off.
type publicAccessBlock struct {
	BlockPublicAcls       bool `element:"BlockPublicAcls"`
	IgnorePublicAcls      bool `element:"IgnorePublicAcls"`
	BlockPublicPolicy     bool `element:"BlockPublicPolicy"`
	RestrictPublicBuckets bool `element:"RestrictPublicBuckets"`
}

func decodePublicAccessBlock(body []byte) (*publicAccessBlock, error) {
	in := new(publicAccessBlock)
	return in, restxml.Decode(body, "PublicAccessBlockConfiguration", in)
}

// putPublicAccessBlock is PutPublicAccessBlock.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html
func (s *Service) putPublicAccessBlock() httpapi.Operation {
	return setting(s, "PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock", noAnonymousConfiguration, decodePublicAccessBlock,
		func(r *records.Bucket, in *publicAccessBlock) error {
			r.PublicAccessBlock = &records.PublicAccessBlock{
				BlockPublicAcls: in.BlockPublicAcls, IgnorePublicAcls: in.IgnorePublicAcls,
				BlockPublicPolicy: in.BlockPublicPolicy, RestrictPublicBuckets: in.RestrictPublicBuckets,
			}
			return nil
		}, http.StatusOK)
}

// deletePublicAccessBlock is DeletePublicAccessBlock.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html
func (s *Service) deletePublicAccessBlock() httpapi.Operation {
	return setting(s, "DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock", noAnonymousConfiguration, nil,
		func(r *records.Bucket, _ *publicAccessBlock) error {
			r.PublicAccessBlock = nil
			return nil
		}, http.StatusNoContent)
}

// getPublicAccessBlock is GetPublicAccessBlock: the bucket's own settings, not the effective ones.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html
func (s *Service) getPublicAccessBlock() httpapi.Operation {
	return s.onlyBucket("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		p := b.Record.PublicAccessBlock
		if p == nil {
			return nil, apierr.New(http.StatusNotFound, "NoSuchPublicAccessBlockConfiguration",
				"The public access block configuration was not found").With("BucketName", b.Record.Name)
		}
		d := restxml.New("PublicAccessBlockConfiguration")
		d.Bool("BlockPublicAcls", p.BlockPublicAcls)
		d.Bool("IgnorePublicAcls", p.IgnorePublicAcls)
		d.Bool("BlockPublicPolicy", p.BlockPublicPolicy)
		d.Bool("RestrictPublicBuckets", p.RestrictPublicBuckets)
		return document(d), nil
	})
}
