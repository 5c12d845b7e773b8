package authz

import (
	"slices"
	"strings"
)

// The naive evaluator is a second implementation of the decision, written from the algorithm texts of
// the references and as simply as they read, to compare Decide with. It shares no code with Decide nor
// with package policy: naive_match_test.go has its own matching.
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-auth-workflow-object-operation.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html

// naiveAnswer is what the naive evaluator says: "allow", "explicit" or "implicit", and why: for a denial
// the layer that the message to the caller names, for an allow the rule that allowed.
type naiveAnswer struct{ effect, why string }

// naiveCaller is what a caller is to the naive evaluator.
type naiveCaller struct {
	// account is the account's name, empty for anonymous callers and services.
	account string
	root    bool
	iam     bool // a user, role session or federated user
	fed     bool
}

func naiveCallerOf(name string) naiveCaller {
	name, _, _ = strings.Cut(name, "/")
	if name == "anon" || strings.Contains(name, ".") {
		return naiveCaller{}
	}
	c := naiveCaller{account: name[len(name)-1:], root: name[:2] == "rt", fed: name[:2] == "fu"}
	c.iam = !c.root
	return c
}

// naive decides a case.
func naive(c *plainCase) naiveAnswer {
	who := naiveCallerOf(c.Caller)
	if layer := naiveDeny(c, who); layer != "" {
		return naiveAnswer{"explicit", layer}
	}
	if layer := naiveRails(c, who); layer != "" {
		return naiveAnswer{"implicit", layer}
	}
	if b := c.Bucket; b != nil && b.RequesterPays && who.account != "A" && (who.account == "" || !b.Pays) {
		return naiveAnswer{"implicit", "Requester Pays setting"}
	}
	return naiveGrants(c, who)
}

// naiveRails returns the first kind of organization policy of which some level allows nothing that matches.
func naiveRails(c *plainCase, who naiveCaller) string {
	silent := func(levels [][]*plainPolicy) bool {
		return slices.ContainsFunc(levels, func(level []*plainPolicy) bool { return c.allows(level) == 0 })
	}
	return c.firstOf(map[string]bool{
		"resource control policy": silent(c.RCPs),
		"service control policy":  who.account != "" && silent(c.SCPs),
	})
}

// naiveDeny returns the first layer with an explicit deny.
func naiveDeny(c *plainCase, who naiveCaller) string {
	someDenies := func(levels [][]*plainPolicy) bool { return slices.ContainsFunc(levels, c.denies) }
	repairs := c.Bucket != nil && c.Caller == "rtA" &&
		slices.Contains([]string{"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"}, c.Action)
	return c.firstOf(map[string]bool{
		"resource control policy": someDenies(c.RCPs),
		"service control policy":  who.account != "" && someDenies(c.SCPs),
		c.resourceLayer():         c.Policy != nil && !repairs && c.denies([]*plainPolicy{c.Policy}),
		"identity-based policy":   who.iam && c.denies(c.Identity),
		"permissions boundary":    who.iam && c.denies(c.Boundary),
		"session policy":          who.iam && c.denies(c.Session),
	})
}

// firstOf returns the first of the layers that apply: in the order of section 7.1 of the S3 reference for S3, in
// that of section 11 of the IAM reference for the others. It is empty if none applies.
func (c *plainCase) firstOf(applies map[string]bool) string {
	order := []string{
		"service control policy", "resource control policy", c.resourceLayer(), "permissions boundary", "session policy",
		"identity-based policy",
	}
	if strings.HasPrefix(c.Action, "s3:") {
		order = []string{
			"resource control policy", "service control policy", c.resourceLayer(), "identity-based policy",
			"permissions boundary", "session policy",
		}
	}
	for _, layer := range order {
		if applies[layer] {
			return layer
		}
	}
	return ""
}

func (c *plainCase) resourceLayer() string {
	if c.Trust {
		return "role trust policy"
	}
	return "resource-based policy"
}

// The strengths of a grant by the resource's side.
const (
	none     = iota
	delegate // to the account, whose own policies decide
	limited  // to the role, within boundary and session policy
	direct   // to the caller
)

// naiveGrants weighs the resource's side against the caller's.
func naiveGrants(c *plainCase, who naiveCaller) naiveAnswer {
	own := naiveOwnSide(c, who)
	bp, acl, voided := naiveResourceSide(c, who)
	silent := naiveAnswer{"implicit", c.resourceLayer()}
	if voided {
		silent.effect = "explicit"
	}
	authority, implied := naiveAuthority(c), c.Bucket != nil && c.Bucket.NewOwner != ""
	if implied {
		// Section 6.4: who will own the object has to allow; the bucket's side must not deny.
		switch {
		case who.account == "":
			return naiveAnswer{"allow", "anonymous writer"}
		case who.account != "A" && own == "":
			return naiveAnswer{"allow", "implied ACL of another account"}
		case who.account != "A":
			return naiveAnswer{"implicit", own}
		}
		authority = "A"
	}
	grant, by := bp, "policy"
	if authority != "A" {
		grant = none
	}
	if acl > grant {
		grant, by = acl, "ACL"
	}
	switch {
	case who.account == "":
		if grant == direct {
			return naiveAnswer{"allow", by + " to an outsider"}
		}
		return silent
	case who.account == authority:
		if c.Trust && grant == none {
			return silent
		}
		if own == "" {
			return naiveAnswer{"allow", "own account"}
		}
		return naiveSelf(c, who, grant, by+" to the own account", own)
	case grant == none:
		return silent
	case own == "":
		return naiveAnswer{"allow", by + " across accounts"}
	case who.account == "A":
		// The bucket owner's principal on a foreign object: the bucket policy counts for the user.
		return naiveSelf(c, who, bp, "policy in the user context", own)
	default:
		return naiveAnswer{"implicit", own}
	}
}

// naiveSelf decides whether a grant to the caller itself replaces what its own side (own) lacks.
func naiveSelf(c *plainCase, who naiveCaller, grant int, by, own string) naiveAnswer {
	switch grant {
	case direct:
		return naiveAnswer{"allow", "direct " + by}
	case limited:
		if limit := naiveLimits(c, who); limit != "" {
			return naiveAnswer{"implicit", limit}
		}
		return naiveAnswer{"allow", "limited " + by}
	}
	return naiveAnswer{"implicit", own}
}

// naiveOwnSide returns the layer of the caller's own account that does not allow; empty if all do.
func naiveOwnSide(c *plainCase, who naiveCaller) string {
	if who.root {
		return ""
	}
	if c.allows(c.Identity) == 0 {
		return "identity-based policy"
	}
	return naiveLimits(c, who)
}

func naiveLimits(c *plainCase, who naiveCaller) string {
	switch {
	case c.Boundary != nil && c.allows(c.Boundary) == 0:
		return "permissions boundary"
	case c.Session != nil && c.allows(c.Session) == 0, c.Session == nil && who.fed:
		return "session policy"
	}
	return ""
}

// naiveAuthority returns the account with authority over what the action addresses.
func naiveAuthority(c *plainCase) string {
	b := c.Bucket
	if b == nil || b.Enforced || b.Object == nil || !slices.Contains([]string{"s3:GetObject", "s3:PutObjectAcl"}, c.Action) {
		return "A"
	}
	return b.Object.Owner
}

// naiveResourceSide returns what bucket policy and ACL grant, and whether RestrictPublicBuckets took
// something away.
func naiveResourceSide(c *plainCase, who naiveCaller) (bp, acl int, voided bool) {
	if c.Policy != nil {
		bp = c.allows([]*plainPolicy{c.Policy})
	}
	b := c.Bucket
	if b == nil {
		return bp, none, false
	}
	outside := who.account != "A" && (who.account != "" || c.Caller == "anon")
	if bp != none && b.RestrictPublicBuckets && outside && c.Policy.public() {
		bp, voided = none, true
	}
	if !b.Enforced && b.NewOwner == "" {
		acl = naiveACL(c, who)
	}
	return bp, acl, voided
}

// naiveACL returns the strongest grant by the ACL of what the action addresses.
func naiveACL(c *plainCase, who naiveCaller) int {
	b := c.Bucket
	grants, permission := b.Grants, ""
	switch c.Action {
	case "s3:ListBucket":
		permission = "READ"
	case "s3:PutObject":
		permission = "WRITE"
		if b.Object != nil && who.account != "A" && !ownsObject(c, who) {
			return none
		}
	case "s3:DeleteObject":
		permission = "WRITE"
		if who.account != "A" && !ownsObject(c, who) {
			return none
		}
	case "s3:GetObject", "s3:PutObjectAcl":
		if b.Object == nil {
			return none
		}
		grants, permission = b.Object.Grants, map[string]string{"s3:GetObject": "READ", "s3:PutObjectAcl": "WRITE_ACP"}[c.Action]
	default:
		return none
	}
	best := none
	for _, g := range grants {
		if g.Permission == permission || g.Permission == "FULL_CONTROL" {
			best = max(best, naiveGrantee(c, who, g.To))
		}
	}
	return best
}

func ownsObject(c *plainCase, who naiveCaller) bool {
	o := c.Bucket.Object
	return o != nil && (who.account != "" && o.Owner == who.account || c.Caller == "anon" && o.Owner == "anon")
}

func naiveGrantee(c *plainCase, who naiveCaller, to string) int {
	public := !c.Bucket.IgnorePublicAcls
	switch {
	case to == "AllUsers" && public, to == "AuthenticatedUsers" && public && who.account != "",
		to == "LogDelivery" && c.Caller == "logging.s3.amazonaws.com":
		return direct
	case who.account != "" && to == who.account:
		return delegate
	}
	return none
}
