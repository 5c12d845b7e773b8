package audit

import "crossgrant/internal/authz"

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
