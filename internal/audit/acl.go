package audit

import (
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
)

// ByACL reports whether a grant of an ACL allowed something that no policy of the resource did. It is known of records
// that were kept, too.
func (r *Record) ByACL() bool {
	if r.byACL {
		return true
	}
	for i := range r.Decisions {
		if byACL(&r.Decisions[i].Decision) {
			return true
		}
	}
	return false
}

// byACL reports whether a grant of an ACL decided, and no policy of the resource allows the same.
func byACL(d *authz.Decision) bool {
	if !d.Allowed() || d.By.Layer != authz.BucketACL && d.By.Layer != authz.ObjectACL {
		return false
	}
	for _, f := range d.Findings() {
		if f.Layer == authz.ResourcePolicy && f.Effect == authz.Allow {
			return false
		}
	}
	return true
}

// ACLRequired reports whether ACLs matter to a request, so that it might fail without them: it sets one that
// says more than that the bucket's owner has FULL_CONTROL, or only an ACL let in a caller who is not of owner, the
// bucket's account.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#aclrequired-s3
func (r *Record) ACLRequired(owner ids.AccountID) bool {
	sets := r.RequestACL != "" && r.RequestACL != "bucket-owner-full-control"
	return sets || r.Operation == "PutBucketAcl" || r.Operation == "PutObjectAcl" || r.CallerAccount != owner && r.ByACL()
}
