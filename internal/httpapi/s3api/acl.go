package s3api

import (
	"context"
	"net/http"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/access"
	"crossgrant/internal/acl"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// maxACL is the largest ACL document, in bytes: a hundred grants with room to spare.
const maxACL = 128 << 10

// newACL is the ACL that PutBucketAcl or PutObjectAcl is given, by headers or as a document.
type newACL struct {
	headers   requestACL
	document  *acl.ACL // nil: by headers
	forBucket bool
}

// decodeNewACL reads an ACL from headers or body, of which there has to be exactly one.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html
func decodeNewACL(c *httpapi.Call, forBucket bool) (newACL, error) {
	in := newACL{forBucket: forBucket}
	var err error
	if in.headers, err = decodeACL(c.HTTP, forBucket); err != nil {
		return in, err
	}
	body, _, err := readBody(c, maxACL)
	switch {
	case err != nil:
		return in, err
	case len(body) > 0 && in.headers.given:
		return in, apierr.New(http.StatusBadRequest, "UnexpectedContent", "This request does not support content")
	case len(body) > 0:
		list, err := acl.ParseXML(body)
		in.document = &list
		return in, access.ACLError(err)
	case !in.headers.given:
		return in, apierr.New(http.StatusBadRequest, "MissingSecurityHeader", "Your request was missing a required header").
			With("MissingHeaderName", acl.CannedHeader)
	}
	return in, nil
}

// newList returns the ACL for a thing of this owner, or the error with which the bucket's settings refuse
// it. check is what the request asked to do.
func (s *Service) newList(ctx context.Context, c *httpapi.Call, b *access.Bucket, in newACL, owner ids.CanonicalUserID, check access.Check) (acl.ACL, error) {
	if b.Enforced {
		return acl.ACL{}, aclsNotSupported()
	}
	list, source := acl.ACL{}, acl.Header
	if in.document != nil {
		list, source = *in.document, acl.Body
	} else {
		var err error
		if list, err = in.headers.list(in.forBucket, owner, b.Canonical); err != nil {
			return list, err
		}
	}
	if err := s.checkGrantees(ctx, list, source); err != nil {
		return list, err
	}
	if list.Owner != owner {
		// An ACL cannot give a thing to another account: question 10 of the S3 reference.
		return list, apierr.AccessDenied("Access Denied")
	}
	return list, checkPublicACL(c, b.Block, list, check)
}

// shownACL returns an ACL as it is in effect.
func shownACL(b *access.Bucket, list acl.ACL) acl.ACL {
	switch {
	case b.Enforced:
		return acl.Private(b.Canonical)
	case b.Block.IgnorePublicAcls:
		return list.IgnorePublic()
	}
	return list
}

// renderACL renders an ACL with the names of the accounts in it.
func (s *Service) renderACL(ctx context.Context, list acl.ACL) (*httpapi.Response, error) {
	names := s.namesOf(ctx)
	list.Grants = groupsFirst(list.Grants)
	body := list.XML(names.of)
	return &httpapi.Response{Header: http.Header{"Content-Type": {restxml.ContentType}}, Body: body}, names.err
}

// groupsFirst returns grants in the order in which they are shown: those to groups, then those to accounts,
// each in the order in which they were given. AWS promises no order; this is the one that clients are tested
// with.
//
// Source: https://github.com/ceph/s3-tests (check_grants)
func groupsFirst(grants []acl.Grant) []acl.Grant {
	var groups, accounts []acl.Grant
	for _, g := range grants {
		if g.Grantee.Group != "" {
			groups = append(groups, g)
		} else {
			accounts = append(accounts, g)
		}
	}
	return append(groups, accounts...)
}

// getBucketACL is GetBucketAcl.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html
func (s *Service) getBucketACL() httpapi.Operation {
	return s.onlyBucket("GetBucketAcl", "s3:GetBucketAcl", func(ctx context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		return s.renderACL(ctx, shownACL(b, b.ACL))
	})
}

type putBucketACLInput struct {
	bucket *access.Bucket
	acl    newACL
}

func (in *putBucketACLInput) check(c *httpapi.Call, b *access.Bucket) access.Check {
	return bucketCheck(b, "s3:PutBucketAcl", func(k *policy.Context) { fromHeaders(c.HTTP, k, aclKeys...) })
}

// putBucketACL is PutBucketAcl.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html
func (s *Service) putBucketACL() httpapi.Operation {
	return httpapi.Row[putBucketACLInput]{
		Name: "PutBucketAcl",
		Decode: func(c *httpapi.Call) (*putBucketACLInput, error) {
			list, err := decodeNewACL(c, true)
			return &putBucketACLInput{acl: list}, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *putBucketACLInput) (err error) {
			in.bucket, err = s.loadBucket(ctx, c)
			return err
		},
		Checks: func(c *httpapi.Call, in *putBucketACLInput) []access.Check {
			return []access.Check{in.check(c, in.bucket)}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *putBucketACLInput) (*httpapi.Response, error) {
			list, err := s.newList(ctx, c, in.bucket, in.acl, in.bucket.Canonical, in.check(c, in.bucket))
			if err != nil {
				return nil, err
			}
			check := func(b *access.Bucket) access.Check { return in.check(c, b) }
			return empty(), s.updateBucket(ctx, c, in.bucket, check, func(r *records.Bucket, now *access.Bucket) error {
				// Settings may have changed since the bucket was looked at; see runPutBucketPolicy.
				if now.Enforced {
					return aclsNotSupported()
				}
				if err := checkPublicACL(c, now.Block, list, check(now)); err != nil {
					return err
				}
				r.Acl = access.Grants(list)
				return nil
			})
		},
	}.Operation()
}

// objectACLInput is the input of GetObjectAcl and PutObjectAcl.
type objectACLInput struct {
	addressed
	acl newACL // PutObjectAcl
}

// getObjectACL is GetObjectAcl.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html
func (s *Service) getObjectACL() httpapi.Operation {
	return httpapi.Row[objectACLInput]{
		Name: "GetObjectAcl",
		Decode: func(c *httpapi.Call) (*objectACLInput, error) {
			version, err := decodeVersion(c)
			return &objectACLInput{addressed: addressed{version: version}}, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *objectACLInput) error {
			return s.load(ctx, c, &in.addressed)
		},
		Checks: func(c *httpapi.Call, in *objectACLInput) []access.Check {
			return []access.Check{in.check("s3:GetObjectAcl", "s3:GetObjectVersionAcl", nil)}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *objectACLInput) (*httpapi.Response, error) {
			if err := in.missing(c.HTTP.Method); err != nil {
				return nil, err
			}
			r, err := s.renderACL(ctx, shownACL(in.bucket, in.bucket.Object(in.object).ACL))
			setVersion(r.Header, in.bucket, in.object)
			return r, err
		},
	}.Operation()
}

func (in *objectACLInput) putCheck(c *httpapi.Call, a addressed) access.Check {
	return a.check("s3:PutObjectAcl", "s3:PutObjectVersionAcl", func(k *policy.Context) {
		fromHeaders(c.HTTP, k, aclKeys...)
		fromHeaders(c.HTTP, k, "x-amz-storage-class")
	})
}

// putObjectACL is PutObjectAcl.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html
func (s *Service) putObjectACL() httpapi.Operation {
	return httpapi.Row[objectACLInput]{
		Name: "PutObjectAcl",
		Decode: func(c *httpapi.Call) (*objectACLInput, error) {
			version, err := decodeVersion(c)
			if err != nil {
				return nil, err
			}
			list, err := decodeNewACL(c, false)
			return &objectACLInput{addressed{version: version}, list}, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *objectACLInput) error {
			return s.load(ctx, c, &in.addressed)
		},
		Checks: func(c *httpapi.Call, in *objectACLInput) []access.Check {
			return []access.Check{in.putCheck(c, in.addressed)}
		},
		Run: s.runPutObjectACL,
	}.Operation()
}

func (s *Service) runPutObjectACL(ctx context.Context, c *httpapi.Call, in *objectACLInput) (*httpapi.Response, error) {
	if err := in.missing(c.HTTP.Method); err != nil {
		return nil, err
	}
	owner := in.bucket.ObjectOwner(in.object)
	list, err := s.newList(ctx, c, in.bucket, in.acl, owner, in.putCheck(c, in.addressed))
	if err != nil {
		return nil, err
	}
	anew := c.Anew()
	return empty(), s.objects.UpdateObject(ctx, in.bucket.Record, c.Key, string(in.version), origin(c, "ObjectAcl:Put"), func(o *records.Object) error {
		anew()
		if !proto.Equal(o, in.object) {
			// The object was replaced, or its ACL or tags, since it was judged: it was those of the old
			// one that let the caller in.
			check := in.putCheck(c, in.now(o))
			if err := c.Authorize(ctx, &check); err != nil {
				return err
			}
		}
		if in.bucket.ObjectOwner(o) != owner {
			return conflict()
		}
		o.Acl = access.Grants(list)
		return nil
	})
}
