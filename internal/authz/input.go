// Package authz decides whether a request is allowed, and says why.
//
// Decide is a pure function of its Input: every policy source that applies, kept apart, and the facts
// about caller, bucket and object. It reads nothing, starts nothing and cannot fail. It knows no
// protocol: packages above turn a Decision into an error message, a record or an explanation.
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
package authz

import (
	"crossgrant/internal/acl"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// Source is one policy document with where it comes from.
type Source struct {
	// Name tells the document apart from others of its layer: a managed policy's ARN, or
	// "user/ann/inline-name" for an inline one. It is shown to the account that owns it.
	Name string
	// Document is nil if the stored text could not be read; Fault then says why, and the source
	// counts as an explicit deny of everything.
	Document *policy.Document
	Fault    error
}

// Layer is the set of policies of one kind. A nil *Layer does not apply and limits nothing; an empty
// one applies and allows nothing.
type Layer []Source

// Input is everything that a decision depends on.
type Input struct {
	// Request is the action, the resource, the caller and the condition keys.
	Request policy.Request

	// Identity holds the caller's identity policies, its groups' included. Empty for callers that
	// have none (root, anonymous, services).
	Identity Layer
	// Boundary is the caller's permissions boundary; nil: none.
	Boundary *Layer
	// Session holds the session policies of a role session or federated user, or the task policy of a root
	// session; nil: none were passed.
	Session *Layer
	// SCPs and RCPs have one layer for each level of the organization, root first and the account
	// last; nil means that none apply. SCPs are those of the caller's account, RCPs those of the
	// resource's owner.
	SCPs, RCPs []Layer

	// Owner is the account that owns the resource: for S3 the bucket's owner.
	Owner ids.AccountID
	// Resource is the resource's own policy: bucket policy, trust policy or key policy; nil: none.
	Resource *Source
	// MustTrust says that the resource policy has to grant even within one account, as a role's
	// trust policy must and the policy of a KMS key.
	//
	// Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
	MustTrust bool
	// BothSides says that the caller's own policies have to allow as well, also where a grant by the resource
	// policy would be enough within one account: as sts:SetSourceIdentity is judged for a role that assumes
	// another one.
	//
	// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
	BothSides bool
	// S3 holds what only S3 has; nil for other services.
	S3 *S3
}

// S3 is what S3 adds to an Input.
type S3 struct {
	// OwnerCanonicalID is the canonical user ID of the account that owns the bucket.
	OwnerCanonicalID ids.CanonicalUserID
	// Enforced says that Object Ownership is BucketOwnerEnforced: ACLs are not evaluated and the
	// bucket's owner owns every object.
	Enforced bool
	// Block is the effective public access block of bucket and account.
	Block PublicAccessBlock
	// RequesterPays says that the bucket is a Requester Pays bucket, and AcceptsCharge that the request
	// declares with x-amz-request-payer that its caller pays.
	RequesterPays, AcceptsCharge bool
	// BucketACL is the bucket's ACL.
	BucketACL acl.ACL
	// Object is the existing object that the request addresses; nil if there is none.
	Object *Object
	// NewOwner is, for the check of s3:PutObjectAcl that an ACL on a write implies, the account that
	// will own the object (its canonical user ID); empty for every other check.
	NewOwner ids.CanonicalUserID
	// Initiator tells whether the caller began the multipart upload that the request is about.
	Initiator Initiator
}

// Initiator is what the caller has to do with the beginning of a multipart upload. Whoever began one may
// list its parts and abort it unless something denies it, and so may its account, which can pass that on
// to its users like any permission.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
type Initiator uint8

// What the caller may be. InitiatorAccount is another principal of the initiator's account.
const (
	NotInitiator Initiator = iota
	InitiatorItself
	InitiatorAccount
)

// Object is an existing object as far as it matters for access.
type Object struct {
	Owner ids.CanonicalUserID
	ACL   acl.ACL
}

// PublicAccessBlock holds the four settings of S3 Block Public Access.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
type PublicAccessBlock struct {
	BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets bool
}
