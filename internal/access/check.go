package access

import (
	"crossgrant/internal/acl"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// Check is one question that must be answered with yes before an operation takes effect. An
// operation may have several; each is judged in its own context.
type Check struct {
	// Action is the IAM action, such as "s3:GetObject".
	Action string
	// Resource is the ARN that it acts on, or "*" for an action without a resource type.
	Resource string
	// Owner is the account that owns the resource. It may be left empty where Bucket is set, and
	// means the caller's own account where both are empty.
	Owner ids.AccountID
	// ToldOwner is the account that the condition keys aws:Resource… tell of, where it is not the one that
	// decides about the resource: "aws" for a managed policy of AWS. Empty: that one.
	//
	// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
	ToldOwner ids.AccountID
	// Bucket is the bucket that an S3 action is about; nil for ListBuckets and CreateBucket.
	Bucket *Bucket
	// Object is the existing object that the request addresses; nil if there is none.
	Object *authz.Object
	// NewOwner is set for the check of s3:PutObjectAcl that an ACL on a write implies: the canonical
	// user ID of the account that will own the object.
	NewOwner ids.CanonicalUserID
	// Initiator tells whether the caller began the multipart upload that the check is about.
	Initiator authz.Initiator
	// AcceptsCharge says that the request declares that its caller pays for it; Call.Authorize sets it.
	AcceptsCharge bool
	// Policy is the policy of a resource that has to grant even within one account: the trust policy of the
	// role that sts:AssumeRole names, or the policy of a KMS key; nil for every other action.
	Policy *authz.Source
	// Grant is what IAM lets every user of the account do by a setting of the account, as if each had it as an
	// identity policy: what denies or limits that, does so too. Nil: nothing.
	Grant *authz.Source
	// BothSides says that the caller's own policies have to allow as well, whatever Policy grants.
	BothSides bool
	// Keys adds the condition keys of this check to those that every request has; may be nil.
	Keys func(*policy.Context)

	// inOrganization is set by Authorize: the caller and the owner of the resource are in one
	// organization, so that the caller may be told why it was denied.
	inOrganization bool
}

// Bucket is a bucket as the cache holds it: its record, and what is compiled from it. It is shared
// between requests and must not be changed.
type Bucket struct {
	Record    *records.Bucket
	ID        keys.BucketID
	Owner     ids.AccountID
	Canonical ids.CanonicalUserID
	ACL       acl.ACL
	Policy    *authz.Source // nil: none
	// Block is the effective setting, that of the bucket's account included.
	Block authz.PublicAccessBlock
	// Enforced says that Object Ownership is BucketOwnerEnforced.
	Enforced bool
	// RequesterPays says that callers of other accounts have to declare that they pay.
	RequesterPays bool
	// Settings are those that are not in Record. They bear on no decision, and are absent from a bucket
	// that was made by NewBucket alone.
	Settings Settings

	organization *records.PublicAccessBlock // that its account's organization sets; nil: none
	disabled     bool                       // its account is closed
}
