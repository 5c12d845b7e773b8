package s3api

import (
	"context"
	"fmt"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/acl"
	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
)

// requestACL is the ACL that the headers of a request ask for.
type requestACL struct {
	given  bool
	sent   bool              // x-amz-acl was sent
	canned string            // its value
	grants map[string]string // x-amz-grant-* headers by lower-case name, as sent
}

// decodeACL reads the ACL headers and refuses what is malformed whoever may own the thing.
func decodeACL(r *http.Request, forBucket bool) (requestACL, error) {
	in := requestACL{sent: has(r, acl.CannedHeader), canned: header(r, acl.CannedHeader)}
	for _, name := range acl.GrantHeaders {
		if has(r, name) {
			if in.grants == nil {
				in.grants = map[string]string{}
			}
			in.grants[name] = header(r, name)
		}
	}
	in.given = in.sent || len(in.grants) > 0
	_, err := in.list(forBucket, "", "")
	return in, err
}

// sentACL returns the ACL that headers ask for, as a record tells it: its canned name, or "grants".
func sentACL(r *http.Request) string {
	for _, name := range acl.GrantHeaders {
		if has(r, name) {
			return "grants"
		}
	}
	return header(r, acl.CannedHeader)
}

// list returns the ACL for a thing of this owner; the private one if none was asked for.
func (in requestACL) list(forBucket bool, owner, bucketOwner ids.CanonicalUserID) (acl.ACL, error) {
	if !in.given {
		return acl.Private(owner), nil
	}
	list, _, err := acl.FromHeaders(func(name string) (string, bool) {
		if name == acl.CannedHeader {
			return in.canned, in.sent
		}
		value, sent := in.grants[name]
		return value, sent
	}, forBucket, owner, bucketOwner)
	return list, access.ACLError(err)
}

// checkGrantees refuses an ACL that names an account that does not exist.
func (s *Service) checkGrantees(ctx context.Context, list acl.ACL, source acl.Source) error {
	for _, id := range list.Accounts() {
		if id == authz.AnonymousCanonicalID || id == authz.LogDeliveryCanonicalID {
			continue // what an anonymous caller or the log delivery service wrote is owned by no account
		}
		_, ok, err := s.Accounts.Account(ctx, id)
		if err != nil {
			return fmt.Errorf("look up grantee: %w", err)
		}
		if !ok {
			return access.ACLError(acl.UnknownAccount(id, source))
		}
	}
	return nil
}

// objectACL returns the ACL of an object that the caller writes, or the error with which the bucket's
// settings refuse it. The caller of this function has been found to have the permission to write.
func (s *Service) objectACL(ctx context.Context, c *httpapi.Call, b *access.Bucket, in requestACL, owner ids.CanonicalUserID) (acl.ACL, error) {
	list, err := in.list(false, owner, b.Canonical)
	if err != nil || !in.given {
		return list, err
	}
	if b.Enforced {
		return acl.Private(owner), checkEnforced(c.Caller, b, in, list)
	}
	if err := s.checkGrantees(ctx, list, acl.Header); err != nil {
		return acl.ACL{}, err
	}
	return list, checkPublicACL(c, b.Block, list, objectCheck(b, c.Key, "s3:PutObject", nil, nil))
}

// checkEnforced refuses the ACL of a write to a bucket whose ACLs are off, unless it says no more than
// that its owner owns what is in it. Of the bucket's owner the canned ACLs private and bucket-owner-read
// say no more than that, and S3 was seen to accept them; of others they say something else.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html; question 4 of
// the S3 reference.
func checkEnforced(caller *access.Caller, b *access.Bucket, in requestACL, list acl.ACL) error {
	switch in.canned {
	case "bucket-owner-full-control":
		return nil
	case "private", "bucket-owner-read":
		if caller.Account == b.Owner {
			return nil
		}
	case "":
		if list.IsBucketOwnerFullControl(b.Canonical) {
			return nil
		}
	}
	return aclsNotSupported()
}

// aclsNotSupported is the error for an ACL on a bucket whose Object Ownership is BucketOwnerEnforced.
func aclsNotSupported() *apierr.Error {
	return apierr.New(http.StatusBadRequest, "AccessControlListNotSupported", "The bucket does not allow ACLs")
}

// checkPublicACL refuses a public ACL where BlockPublicAcls is set. check is what the request asked to
// do.
func checkPublicACL(c *httpapi.Call, block authz.PublicAccessBlock, list acl.ACL, check access.Check) error {
	if !block.BlockPublicAcls || !list.Public() {
		return nil
	}
	return blockedPublic(c, check, authz.BlockPublicAcls, "public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access.")
}

// checkPublicPolicy refuses a public policy where BlockPublicPolicy is set. check is what the request asked
// to do.
func checkPublicPolicy(c *httpapi.Call, block authz.PublicAccessBlock, public bool, check access.Check) error {
	if !block.BlockPublicPolicy || !public {
		return nil
	}
	return blockedPublic(c, check, authz.BlockPublicPolicy, "public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.")
}

// blockedPublic is the denial by a setting of Block Public Access. Callers of other accounts are not told
// which.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
func blockedPublic(c *httpapi.Call, check access.Check, setting authz.Setting, reason string) error {
	denied := apierr.AccessDenied("Access Denied")
	if c.Caller.Account != "" && c.Caller.Account == check.Owner {
		denied = apierr.AccessDenied("User: " + c.Caller.ARN + " is not authorized to perform: " + check.Action +
			` on resource: "` + check.Resource + `" because ` + reason)
	}
	return c.Refuse(&check, authz.BlockPublicAccess, setting, denied)
}
