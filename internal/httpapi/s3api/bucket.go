package s3api

import (
	"context"
	"fmt"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/acl"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/s3tags"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
	"crossgrant/internal/wire/restxml"
)

// legacyRegion is the region whose buckets have no location constraint.
const legacyRegion = "us-east-1"

// maxConfiguration is the largest body of a bucket's configuration but its policy, in bytes.
const maxConfiguration = 64 << 10

// bucketInput is the input of operations on a bucket that have none but the bucket.
type bucketInput struct{ bucket *access.Bucket }

// onlyBucket returns an operation on a bucket that takes no input, needs one permission and is run by run.
func (s *Service) onlyBucket(name, action string, run func(context.Context, *httpapi.Call, *access.Bucket) (*httpapi.Response, error)) httpapi.Operation {
	return s.onlyBucketWith(name, action, nil, run)
}

// onlyBucketWith is onlyBucket for an action with condition keys, which set adds.
func (s *Service) onlyBucketWith(name, action string, set func(*policy.Context), run func(context.Context, *httpapi.Call, *access.Bucket) (*httpapi.Response, error)) httpapi.Operation {
	return httpapi.Row[bucketInput]{
		Name:   name,
		Decode: func(*httpapi.Call) (*bucketInput, error) { return new(bucketInput), nil },
		Load: func(ctx context.Context, c *httpapi.Call, in *bucketInput) (err error) {
			in.bucket, err = s.loadBucket(ctx, c)
			return err
		},
		Checks: func(_ *httpapi.Call, in *bucketInput) []access.Check {
			return []access.Check{bucketCheck(in.bucket, action, set)}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *bucketInput) (*httpapi.Response, error) {
			return run(ctx, c, in.bucket)
		},
	}.Operation()
}

type createBucketInput struct {
	acl       requestACL
	ownership string // x-amz-object-ownership; empty: not sent
	// constraint is the LocationConstraint of the body; empty: none.
	constraint string
	lock       bool // x-amz-bucket-object-lock-enabled
	tags       []*records.Tag
}

// createBucketConfiguration is the body of CreateBucket.
type createBucketConfiguration struct {
	LocationConstraint string  `element:"LocationConstraint"`
	Tags               *tagSet `element:"Tags"`
	// What is not built: directory buckets.
	Location restxml.Present `element:"Location"`
	Bucket   restxml.Present `element:"Bucket"`
}

// createBucket is CreateBucket.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
func (s *Service) createBucket() httpapi.Operation {
	return httpapi.Row[createBucketInput]{
		Name:   "CreateBucket",
		Decode: decodeCreateBucket,
		Load: func(_ context.Context, c *httpapi.Call, _ *createBucketInput) error {
			return refuseAnonymous(c, "Access Denied")
		},
		Checks: func(c *httpapi.Call, in *createBucketInput) []access.Check { return in.checks(c) },
		Run:    s.runCreateBucket,
	}.Operation()
}

func decodeCreateBucket(c *httpapi.Call) (*createBucketInput, error) {
	in := new(createBucketInput)
	var err error
	if in.acl, err = decodeACL(c.HTTP, true); err != nil {
		return nil, err
	}
	if has(c.HTTP, "x-amz-object-ownership") {
		in.ownership = header(c.HTTP, "x-amz-object-ownership")
		if !validOwnership(in.ownership) {
			return nil, apierr.New(http.StatusBadRequest, "InvalidArgument", "Invalid x-amz-object-ownership header: %s", in.ownership).
				With("ArgumentName", "x-amz-object-ownership")
		}
	}
	if in.lock, err = decodeBucketLock(c.HTTP); err != nil {
		return nil, err
	}
	body, _, err := readBody(c, maxConfiguration)
	if err != nil || len(body) == 0 {
		return in, err
	}
	var configuration createBucketConfiguration
	if err := restxml.Decode(body, "CreateBucketConfiguration", &configuration); err != nil {
		return nil, err
	}
	if configuration.Location || configuration.Bucket {
		return nil, apierr.NotImplemented("directory buckets")
	}
	in.constraint = configuration.LocationConstraint
	if configuration.Tags != nil {
		in.tags, err = bucketTags.Check(configuration.Tags.records())
	}
	return in, err
}

// checks are the questions of CreateBucket: nobody but the caller's own account is asked, because there is
// no bucket yet that could have a policy.
func (in *createBucketInput) checks(c *httpapi.Call) []access.Check {
	check := func(action string, keys func(*policy.Context)) access.Check {
		return access.Check{Action: action, Resource: arn.Bucket(c.Bucket).String(), Owner: c.Caller.Account, Keys: keys}
	}
	acls := func(k *policy.Context) { fromHeaders(c.HTTP, k, aclKeys...) }
	checks := []access.Check{check("s3:CreateBucket", func(k *policy.Context) {
		acls(k)
		s3tags.RequestKeys(k, in.tags)
		fromHeaders(c.HTTP, k, "x-amz-object-ownership")
		if in.constraint != "" {
			k.Set("s3:LocationConstraint", in.constraint)
		}
	})}
	if in.acl.given && in.acl.canned != "private" {
		checks = append(checks, check("s3:PutBucketAcl", acls))
	}
	if in.ownership != "" {
		checks = append(checks, check("s3:PutBucketOwnershipControls", nil))
	}
	if in.lock {
		checks = append(checks, check("s3:PutBucketObjectLockConfiguration", lockConfigurationKeys), check("s3:PutBucketVersioning", nil))
	}
	if len(in.tags) > 0 {
		checks = append(checks, check("s3:TagResource", func(k *policy.Context) { s3tags.RequestKeys(k, in.tags) }))
	}
	return checks
}

func (s *Service) runCreateBucket(ctx context.Context, c *httpapi.Call, in *createBucketInput) (*httpapi.Response, error) {
	if err := checkConstraint(in.constraint, s.Region); err != nil {
		return nil, err
	}
	ownership := in.ownership
	if ownership == "" {
		ownership = s.NewBuckets.Ownership
	}
	list, err := in.acl.list(true, c.Caller.CanonicalID, c.Caller.CanonicalID)
	if err != nil {
		return nil, err
	}
	if err := s.checkNewACL(ctx, c, list, ownership); err != nil {
		return nil, err
	}
	b := objects.NewBucket{
		Name: c.Bucket, Account: c.Caller.Account, Canonical: c.Caller.CanonicalID, Region: s.Region,
		Ownership: ownership, ACL: access.Grants(list), Lock: in.lock, Tags: in.tags,
	}
	if s.NewBuckets.NoCustomerKeys {
		b.Encryption = &records.DefaultEncryption{Algorithm: sse.AES256, NoCustomerKeys: true}
	}
	if s.NewBuckets.Block {
		b.Block = &records.PublicAccessBlock{
			BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true,
		}
	}
	if err := s.objects.CreateBucket(ctx, b); err != nil {
		return nil, err
	}
	c.Record.ResourceOwner = c.Caller.Account
	r := empty()
	r.Header.Set("Location", "/"+c.Bucket)
	return r, nil
}

// checkNewACL refuses the ACL of a new bucket that its other settings, or those of its account, exclude.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html (CreateBucket
// under BlockPublicAcls of the account)
func (s *Service) checkNewACL(ctx context.Context, c *httpapi.Call, list acl.ACL, ownership string) error {
	if ownership == access.Enforced && !list.OnlyOwner(list.Owner) {
		return invalidACLWithOwnership()
	}
	if list.Public() {
		block, _, err := s.Accounts.AccountBlock(ctx, c.Caller.Account)
		if err != nil {
			return fmt.Errorf("look up account %s: %w", c.Caller.Account, err)
		}
		if s.NewBuckets.Block || block.GetBlockPublicAcls() {
			asked := access.Check{Action: "s3:CreateBucket", Resource: arn.Bucket(c.Bucket).String()}
			return c.Refuse(&asked, authz.BlockPublicAccess, authz.BlockPublicAcls, apierr.New(http.StatusBadRequest,
				"InvalidBucketAclWithBlockPublicAccessError", "Bucket cannot have public ACLs set with BlockPublicAccess enabled"))
		}
	}
	return s.checkGrantees(ctx, list, acl.Header)
}

// checkConstraint compares a LocationConstraint with the region of the server. In us-east-1 there is
// none to name; everywhere else it has to be named.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
func checkConstraint(constraint, region string) error {
	if constraint == "EU" {
		constraint = "eu-west-1"
	}
	switch {
	case constraint == region && region != legacyRegion, constraint == "" && region == legacyRegion:
		return nil
	case constraint == "":
		return apierr.New(http.StatusBadRequest, "IllegalLocationConstraintException",
			"The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.")
	case constraint == legacyRegion || !plausibleRegion(constraint):
		return apierr.New(http.StatusBadRequest, "InvalidLocationConstraint", "The specified location-constraint is not valid").
			With("LocationConstraint", constraint)
	}
	return apierr.New(http.StatusBadRequest, "IllegalLocationConstraintException",
		"The %s location constraint is incompatible for the region specific endpoint this request was sent to.", constraint)
}

// plausibleRegion reports whether name is formed like a region: words of small letters joined by hyphens,
// and a number at the end.
func plausibleRegion(name string) bool {
	hyphens := 0
	for i := range len(name) {
		switch c := name[i]; {
		case c == '-' && i > 0:
			hyphens++
		case 'a' <= c && c <= 'z':
		case '0' <= c && c <= '9' && i == len(name)-1:
		default:
			return false
		}
	}
	return hyphens >= 2 && name[len(name)-1] <= '9'
}

// headBucket is HeadBucket.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
func (s *Service) headBucket() httpapi.Operation {
	return s.onlyBucket("HeadBucket", "s3:ListBucket", func(context.Context, *httpapi.Call, *access.Bucket) (*httpapi.Response, error) {
		r := empty()
		r.Header.Set("X-Amz-Bucket-Region", s.Region)
		r.Header.Set("X-Amz-Access-Point-Alias", "false")
		r.Header.Set("Content-Type", restxml.ContentType)
		return r, nil
	})
}

// deleteBucket is DeleteBucket.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html
func (s *Service) deleteBucket() httpapi.Operation {
	return s.onlyBucket("DeleteBucket", "s3:DeleteBucket", func(ctx context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		return noContent(), s.objects.DeleteBucket(ctx, b.ID, b.Record.Name)
	})
}

// getBucketLocation is GetBucketLocation. Buckets in us-east-1 have an empty constraint.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
func (s *Service) getBucketLocation() httpapi.Operation {
	return s.onlyBucket("GetBucketLocation", "s3:GetBucketLocation", func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		region := b.Record.Region
		if region == legacyRegion {
			region = ""
		}
		d := restxml.New("LocationConstraint")
		d.Value(region)
		return document(d), nil
	})
}
