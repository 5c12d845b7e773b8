package matrix_test

// This file is a second reading of the rules, independent of the server's packages: from what a
// configuration says it computes what each request has to be answered. It works on the tables of
// configuration_test.go, not on policy documents.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html

// strength is what a grant is worth to a caller of the account that gave it.
type strength int

const (
	nothing  strength = iota
	delegate          // to the account: its identity policies decide
	limited           // to the role: boundary and session policy must allow as well
	direct            // to the caller
)

// verdict is what the rules say about a request.
type verdict struct {
	allowed  bool
	explicit bool // denied by a Deny, or by a setting that reads as one
}

var (
	allowed  = verdict{allowed: true}
	implicit = verdict{}
	explicit = verdict{explicit: true}
)

// judge says whether a request is allowed.
func judge(c *configuration, who *caller, a action) verdict {
	if a == assumeRole {
		return judgeAssumeRole(c, who)
	}
	if a == getBucketPolicy && who.kind == anonymous {
		return implicit // S3 lets nobody read it without a signature
	}
	if c.denies(who, a) {
		return explicit
	}
	if c.deny.scp == silentPolicy && who.isMember() {
		return implicit
	}
	policyGrant := c.grant.policy.names(who)
	restricted := c.deny.setting == restrictPublicBuckets && c.grant.policy == everyone && who.account != owner
	if restricted {
		policyGrant = nothing
	}
	if grantsEnough(c, who, a, policyGrant, c.listGrant(who, a)) {
		return allowed
	}
	if restricted {
		return explicit
	}
	return implicit
}

// grantsEnough weighs the resource's side against the caller's.
func grantsEnough(c *configuration, who *caller, a action, policyGrant, listGrant strength) bool {
	authority := c.authority(a)
	grant := listGrant
	if authority == owner {
		grant = max(policyGrant, listGrant)
	}
	switch {
	case who.kind == anonymous:
		return grant == direct
	case who.account == authority:
		return c.accountAllows(who) || c.suffices(who, grant)
	case grant == nothing:
		return false
	case c.accountAllows(who):
		return true
	default:
		// The bucket's owner lets its own principal use another account's object.
		return who.account == owner && c.suffices(who, policyGrant)
	}
}

// authority is the account whose permission an action needs.
func (c *configuration) authority(a action) account {
	if c.deny.setting != enforced && (a == getObject || a == putObjectACL) {
		return c.objectOwner
	}
	return owner
}

// suffices says whether a grant of the caller's own account is enough by itself.
func (c *configuration) suffices(who *caller, grant strength) bool {
	return grant == direct || grant == limited && c.limitsAllow(who)
}

// accountAllows says whether the caller's own account allows it everything.
func (c *configuration) accountAllows(who *caller) bool {
	switch who.kind {
	case root:
		return true
	case admin, worker, role, narrowedRole:
		return c.limitsAllow(who)
	default:
		return false
	}
}

// limitsAllow says whether boundary and session policy, where there are such, allow.
func (c *configuration) limitsAllow(who *caller) bool {
	return !(c.deny.boundary == silentPolicy && who.isPrincipal()) && !(c.deny.session == silentPolicy && who.isNarrowed())
}

// denies says whether a Deny meets the request.
func (c *configuration) denies(who *caller, a action) bool {
	d := &c.deny
	rootsOwnPolicy := a == getBucketPolicy && who.kind == root && who.account == owner
	switch {
	case d.rcp == denyPolicy:
	case d.scp == denyPolicy && who.isMember():
	case d.policy.denies(who) && !rootsOwnPolicy:
	case d.identity == denyPolicy && who.isPrincipal():
	case d.boundary == denyPolicy && who.isPrincipal():
	case d.session == denyPolicy && who.isNarrowed():
	default:
		return false
	}
	return true
}

// listGrant is what the ACLs grant. The ACL of a bucket lets write keys that are new, and replace and
// remove what the bucket's owner or the owner of the object itself asks for; that of an object lets
// read the object and, by WRITE_ACP, put its ACL.
func (c *configuration) listGrant(who *caller, a action) strength {
	if c.deny.setting == enforced {
		return nothing
	}
	grantee := c.grant.bucketACL
	switch a {
	case putObject, listBucket:
	case overwriteObject, deleteObject:
		if who.account != owner && who.account != c.objectOwner {
			return nothing
		}
	case getObject, putObjectACL:
		grantee = c.grant.objectACL
	default:
		return nothing
	}
	if c.deny.setting == ignorePublicACLs && grantee != accounts {
		return nothing
	}
	return grantee.includes(who)
}

// judgeAssumeRole says whether the caller may assume the configuration's role, which the account owner
// has. The trust policy has to allow, whatever the identity policies say; anonymous callers are not
// known to STS, and root users may not assume roles.
//
// Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_compare-resource-policies.html
func judgeAssumeRole(c *configuration, who *caller) verdict {
	trust := c.grant.policy.names(who)
	switch {
	case who.kind == anonymous, who.kind == root:
		return implicit
	case c.denies(who, assumeRole):
		return explicit
	case c.deny.scp == silentPolicy && who.isMember(), trust == nothing:
		return implicit
	case c.accountAllows(who), who.account == owner && c.suffices(who, trust):
		return allowed
	default:
		return implicit
	}
}

// answer returns the status and error code of the answer to a request; "ok" for success.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-ownership-error-responses.html and
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
func (c *configuration) answer(who *caller, a action, v verdict) string {
	switch {
	case a == assumeRole && who.kind == anonymous:
		return "403 MissingAuthenticationToken"
	case !v.allowed:
		return "403 AccessDenied"
	case a == getBucketPolicy && who.account != owner:
		return "405 MethodNotAllowed"
	case a == getBucketPolicy && c.grant.policy == noStatement && c.deny.policy == noStatement:
		return "404 NoSuchBucketPolicy"
	case a == putObjectACL && c.deny.setting == enforced:
		return "400 AccessControlListNotSupported"
	default:
		return "ok"
	}
}
