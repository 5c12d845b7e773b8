package s3api

import (
	"context"
	"fmt"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

const (
	// maxPolicyText is the largest text of a bucket policy that is read, in bytes. The limit itself is
	// policy.MaxBucketSize, for which white space does not count.
	maxPolicyText = 8 * policy.MaxBucketSize

	// bucketPolicyResource is the ResourceType of errors about the policy itself: question 14 of the
	// S3 reference.
	bucketPolicyResource = "BUCKETPOLICY"

	noAnonymousConfiguration = "Anonymous users cannot invoke this API.  Please authenticate."
)

// ownBucketOnly refuses callers of other accounts, even those with permission, to manage a bucket's
// policy.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
func ownBucketOnly(c *httpapi.Call, b *access.Bucket) error {
	switch {
	case c.Caller.Kind == policy.Anonymous:
		return apierr.AccessDenied("Access Denied")
	case c.Caller.Account != b.Owner:
		return methodNotAllowed(c.HTTP.Method, bucketPolicyResource)
	}
	return nil
}

func noSuchPolicy(b *access.Bucket) error {
	return apierr.New(http.StatusNotFound, "NoSuchBucketPolicy", "The bucket policy does not exist").
		With("BucketName", b.Record.Name)
}

// policyOf returns the bucket's compiled policy; NoSuchBucketPolicy if it has none.
func policyOf(b *access.Bucket) (*policy.Document, error) {
	if b.Policy == nil {
		return nil, noSuchPolicy(b)
	}
	if b.Policy.Fault != nil {
		return nil, fmt.Errorf("read policy of bucket %s: %w", b.Record.Name, b.Policy.Fault)
	}
	return b.Policy.Document, nil
}

// getBucketPolicy is GetBucketPolicy. Users and roles that were named by ARN are shown by the ARN they
// have now, and by their unique ID once they are gone.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
func (s *Service) getBucketPolicy() httpapi.Operation {
	return s.onlyBucket("GetBucketPolicy", "s3:GetBucketPolicy", func(ctx context.Context, c *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		if err := ownBucketOnly(c, b); err != nil {
			return nil, err
		}
		stored, err := policyOf(b)
		if err != nil {
			return nil, err
		}
		text, err := s.shownPolicy(ctx, b, stored)
		if err != nil {
			return nil, err
		}
		return &httpapi.Response{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(text)}, nil
	})
}

// shownPolicy returns the text of a bucket's policy: the one that was put, unless a principal is shown in
// another form.
func (s *Service) shownPolicy(ctx context.Context, b *access.Bucket, stored *policy.Document) (string, error) {
	shown, err := stored.MapPrincipals(func(_ policy.PrincipalKind, value string) (string, error) {
		return s.Principals.PrincipalARN(ctx, value)
	})
	if err != nil {
		return "", fmt.Errorf("show principals of the policy of bucket %s: %w", b.Record.Name, err)
	}
	if text := shown.Text(); text != stored.Text() {
		return text, nil
	}
	return b.Record.Policy, nil
}

// getBucketPolicyStatus is GetBucketPolicyStatus.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html
func (s *Service) getBucketPolicyStatus() httpapi.Operation {
	return s.onlyBucket("GetBucketPolicyStatus", "s3:GetBucketPolicyStatus", func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		stored, err := policyOf(b)
		if err != nil {
			return nil, err
		}
		d := restxml.New("PolicyStatus")
		d.Bool("IsPublic", stored.IsPublic())
		return document(d), nil
	})
}

// deleteBucketPolicy is DeleteBucketPolicy. A bucket that has no policy has none afterwards.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html
func (s *Service) deleteBucketPolicy() httpapi.Operation {
	const action = "s3:DeleteBucketPolicy"
	check := func(b *access.Bucket) access.Check { return bucketCheck(b, action, nil) }
	return s.onlyBucket("DeleteBucketPolicy", action, func(ctx context.Context, c *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		if err := ownBucketOnly(c, b); err != nil {
			return nil, err
		}
		return noContent(), s.updateBucket(ctx, c, b, check, func(r *records.Bucket, _ *access.Bucket) error {
			r.Policy = ""
			return nil
		})
	})
}

type putPolicyInput struct {
	bucket *access.Bucket
	text   []byte
}

// putBucketPolicy is PutBucketPolicy.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
func (s *Service) putBucketPolicy() httpapi.Operation {
	return httpapi.Row[putPolicyInput]{
		Name: "PutBucketPolicy",
		Decode: func(c *httpapi.Call) (*putPolicyInput, error) {
			text, _, err := readBody(c, maxPolicyText)
			return &putPolicyInput{text: text}, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *putPolicyInput) (err error) {
			in.bucket, err = s.loadBucket(ctx, c)
			return err
		},
		Checks: func(_ *httpapi.Call, in *putPolicyInput) []access.Check {
			return []access.Check{putPolicyCheck(in.bucket)}
		},
		Run: s.runPutBucketPolicy,
	}.Operation()
}

func putPolicyCheck(b *access.Bucket) access.Check { return bucketCheck(b, "s3:PutBucketPolicy", nil) }

func (s *Service) runPutBucketPolicy(ctx context.Context, c *httpapi.Call, in *putPolicyInput) (*httpapi.Response, error) {
	if err := ownBucketOnly(c, in.bucket); err != nil {
		return nil, err
	}
	text, public, err := access.StoredPolicy(ctx, s.Principals, c.Bucket, in.text)
	if err != nil {
		return nil, access.MalformedPolicy(err)
	}
	err = s.updateBucket(ctx, c, in.bucket, putPolicyCheck, func(r *records.Bucket, now *access.Bucket) error {
		// The setting is looked at where the policy is stored, so that the two cannot pass each other.
		if err := checkPublicPolicy(c, now.Block, public, putPolicyCheck(now)); err != nil {
			return err
		}
		r.Policy = text
		return nil
	})
	return noContent(), err
}
