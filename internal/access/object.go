package access

import (
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/records"
)

// BucketOwnerPreferred is the value of Object Ownership by which whoever writes an object with the canned ACL
// bucket-owner-full-control hands it over to the bucket's owner.
const BucketOwnerPreferred = "BucketOwnerPreferred"

// ObjectOwner returns the account that owns an object, as things are now: under BucketOwnerEnforced it is
// the bucket's owner, and what was written under it stays the bucket owner's.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
func (b *Bucket) ObjectOwner(o *records.Object) ids.CanonicalUserID {
	if b.Enforced || o.WrittenUnderEnforced {
		return b.Canonical
	}
	return ids.CanonicalUserID(o.Owner)
}

// Object returns what a decision needs to know of an existing object; nil if there is none.
func (b *Bucket) Object(o *records.Object) *authz.Object {
	if o == nil {
		return nil
	}
	owner := b.ObjectOwner(o)
	return &authz.Object{Owner: owner, ACL: ACL(owner, o.Acl)}
}

// FutureOwner returns the account that will own an object written by the caller with a canned ACL, or none:
// canonical user ID and account ID, the latter empty for an anonymous caller.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
func (b *Bucket) FutureOwner(caller *Caller, canned string) (ids.CanonicalUserID, ids.AccountID) {
	switch {
	case b.takesOver(canned), caller.Account == b.Owner:
		return b.Canonical, b.Owner
	case caller.Account == "":
		return authz.AnonymousCanonicalID, ""
	default:
		return caller.CanonicalID, caller.Account
	}
}

// takesOver reports whether the bucket's owner owns what anybody writes with a canned ACL.
func (b *Bucket) takesOver(canned string) bool {
	return b.Enforced || b.Record.Ownership == BucketOwnerPreferred && canned == "bucket-owner-full-control"
}
