package acl

import "crossgrant/internal/ids"

// Strength is how far a grant reaches to a principal of the account that the ACL's resource belongs
// to. Across accounts both are worth the same: the caller's own account must agree as well.
type Strength uint8

// The strengths, weakest first.
const (
	// Account grants to the account: its identity policies must allow its users and roles as well.
	Account Strength = iota + 1
	// Direct grants to the caller itself, as membership of a group does.
	Direct
)

// Request is what an ACL is asked.
type Request struct {
	// Action is the S3 action, such as "s3:GetObject", in AWS's spelling.
	Action string
	// OnBucket tells that the ACL is a bucket's, which also decides on writing and deleting objects.
	OnBucket bool
	// Caller is the canonical user ID of the caller's account; empty if the caller is anonymous or a
	// service.
	Caller ids.CanonicalUserID
	// LogDelivery tells that the caller is the writer of access logs.
	LogDelivery bool
	// Existing is whose object the request would replace or delete. It matters for OnBucket only.
	Existing Existing
	// IgnorePublic tells that IgnorePublicAcls is set: the grants that make the ACL public count as
	// absent.
	IgnorePublic bool
}

// Existing tells whether there is an object under the key that a request writes to or deletes, and
// whether it is the caller's. What an anonymous caller wrote belongs to every anonymous caller.
type Existing uint8

// The cases.
const (
	NoObject      Existing = iota
	OwnObject              // it belongs to the caller's account
	ForeignObject          // it belongs to another
)

// Match is a grant that permits a request. In its zero value no grant does.
type Match struct {
	// Grant is one of ACL.Grants.
	Grant    *Grant
	Strength Strength
}

// Evaluate returns the first of the strongest grants that permit r; the zero Match if none does.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions
func (a ACL) Evaluate(r *Request) Match {
	var best Match
	for i := range a.Grants {
		g := &a.Grants[i]
		if s := g.Grantee.includes(r); s > best.Strength && a.permits(g.Permission, r) {
			best = Match{Grant: g, Strength: s}
		}
	}
	return best
}

// Named returns the grants to the caller, and to groups that it is a member of, whatever they permit.
func (a ACL) Named(r *Request) []Grant {
	var out []Grant
	for _, g := range a.Grants {
		if g.Grantee.includes(r) != 0 {
			out = append(out, g)
		}
	}
	return out
}

// includes returns how strongly the grantee stands for the caller; 0 if it does not.
func (g Grantee) includes(r *Request) Strength {
	switch {
	case g.ID != "" && g.ID == r.Caller:
		return Account
	case r.IgnorePublic && g.Group.public():
		return 0
	case g.Group == AllUsers,
		g.Group == AuthenticatedUsers && r.Caller != "",
		g.Group == LogDelivery && r.LogDelivery:
		return Direct
	default:
		return 0
	}
}

// permits reports whether the permission covers the request. WRITE on a bucket covers more or less
// than s3:PutObject depending on who owns what: only the owners of bucket and object may replace or
// delete an object, and only the bucket's owner may delete any version.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping
func (a ACL) permits(p Permission, r *Request) bool {
	if !r.OnBucket || p != Write && p != FullControl {
		return Grants(p, r.OnBucket, r.Action)
	}
	ownsBucket := r.Caller != "" && r.Caller == a.Owner
	switch r.Action {
	case "s3:PutObject":
		return ownsBucket || r.Existing != ForeignObject
	case "s3:DeleteObject":
		return ownsBucket || r.Existing == OwnObject
	case "s3:DeleteObjectVersion":
		return ownsBucket
	default:
		return Grants(p, true, r.Action)
	}
}

// Grants reports whether the permission, in the ACL of a bucket or of an object, covers the action
// by itself. WRITE in an object's ACL covers nothing.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping
func Grants(p Permission, onBucket bool, action string) bool {
	needed := needs(onBucket, action)
	return needed != "" && (p == needed || p == FullControl)
}

// needs returns the permission that covers the action; empty if none does.
func needs(onBucket bool, action string) Permission {
	if onBucket {
		switch action {
		case "s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads":
			return Read
		case "s3:PutObject":
			return Write
		case "s3:GetBucketAcl":
			return ReadACP
		case "s3:PutBucketAcl":
			return WriteACP
		}
		return ""
	}
	switch action {
	case "s3:GetObject", "s3:GetObjectVersion":
		return Read
	case "s3:GetObjectAcl", "s3:GetObjectVersionAcl":
		return ReadACP
	case "s3:PutObjectAcl", "s3:PutObjectVersionAcl":
		return WriteACP
	}
	return ""
}
