package authz

import (
	"strings"

	"crossgrant/internal/acl"
	"crossgrant/internal/policy"
)

// absent is the place of a finding of a layer that does not apply.
const absent = -1

// consult asks every layer that applies to this caller and this resource.
func (e *evaluation) consult() {
	in := e.in
	e.resource, e.acl, e.identity, e.boundary, e.session = absent, absent, absent, absent, absent
	q := policy.NewQuery(&in.Request)
	e.levels(RCP, in.RCPs, &q)
	if e.caller.Account != "" {
		e.levels(SCP, in.SCPs, &q)
	}
	if in.Resource != nil {
		e.resource = e.d.add(e.consultResource(&q))
	}
	if in.S3 != nil && !in.S3.Enforced && in.S3.NewOwner == "" {
		e.consultACL()
	}
	if e.caller.IsIAM() {
		e.identity = e.d.add(consult(IdentityPolicy, in.Identity, &q))
		if in.Boundary != nil {
			e.boundary = e.d.add(consult(PermissionsBoundary, *in.Boundary, &q))
		}
	}
	switch {
	case in.Session != nil && (e.caller.IsIAM() || e.caller.Kind == policy.Root):
		e.session = e.d.add(consult(SessionPolicy, *in.Session, &q))
	case e.caller.Kind == policy.FederatedUser:
		// Without a session policy a federated user has nothing from the identity side:
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getfederationtoken.html
		e.session = e.d.add(silent(SessionPolicy))
	}
}

// levels asks the policies of an organization, level by level.
func (e *evaluation) levels(kind LayerKind, levels []Layer, q *policy.Query) {
	for i, level := range levels {
		f := consult(kind, level, q)
		f.Level = uint8(i)
		e.d.add(f)
	}
}

// consult asks one layer: any deny in it denies, else its strongest allow allows.
func consult(kind LayerKind, layer Layer, q *policy.Query) Finding {
	f := silent(kind)
	for i := range layer {
		if f.ask(&layer[i], q) {
			break
		}
	}
	return f
}

// ask adds to f what one policy says and reports whether it denies. A policy that could not be read does.
func (f *Finding) ask(s *Source, q *policy.Query) (denies bool) {
	m := policy.Match{Index: -1, Effect: policy.Deny, Grant: policy.Direct}
	if s.Document != nil {
		m = s.Document.Evaluate(q)
	}
	switch {
	case m.Grant == policy.None:
	case m.Effect == policy.Deny:
		f.Effect, f.Grant, f.Policy, f.Statement = ExplicitDeny, policy.None, s, int32(m.Index)
		return true
	case m.Grant > f.Grant:
		f.Effect, f.Grant, f.Policy, f.Statement = Allow, m.Grant, s, int32(m.Index)
	}
	return false
}

// consultResource asks the resource policy, under the rule of RestrictPublicBuckets: a policy that
// is public grants nothing to anonymous callers and other accounts.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func (e *evaluation) consultResource(q *policy.Query) Finding {
	in := e.in
	kind := e.resourceKind()
	f := silent(kind)
	f.ask(in.Resource, q)
	if f.Effect == ExplicitDeny && e.ownerRootRepairsPolicy() {
		return silent(kind)
	}
	restricted := in.S3 != nil && in.S3.Block.RestrictPublicBuckets &&
		e.caller.Kind != policy.Service && e.caller.Account != in.Owner
	if f.Effect == Allow && restricted && in.Resource.Document.IsPublic() {
		e.voided = true
		return silent(kind)
	}
	return f
}

// resourceKind returns what the resource's own policy is called.
func (e *evaluation) resourceKind() LayerKind {
	const kms = "kms:"
	if action := e.in.Request.Action; !e.in.MustTrust || len(action) > len(kms) && strings.EqualFold(action[:len(kms)], kms) {
		return ResourcePolicy
	}
	return TrustPolicy
}

// ownerRootRepairsPolicy reports whether the caller is the root user of the bucket's owner on one of
// the three calls that no bucket policy can take from it.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
func (e *evaluation) ownerRootRepairsPolicy() bool {
	if e.in.S3 == nil || e.caller.Kind != policy.Root || e.caller.Account != e.in.Owner {
		return false
	}
	switch e.in.Request.Action {
	case "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy":
		return true
	}
	return false
}

// consultACL asks the ACL that the action is judged by, if there is one.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions
func (e *evaluation) consultACL() {
	list, kind := e.judgingACL()
	if list == nil {
		return
	}
	f := silent(kind)
	r := e.aclRequest(kind)
	if m := list.Evaluate(&r); m.Strength != 0 {
		f.Effect, f.ACL, f.Grant = Allow, m.Grant, policy.Account
		if m.Strength == acl.Direct {
			f.Grant = policy.Direct
		}
	}
	e.acl = e.d.add(f)
}

// judgingACL returns the ACL that the action is judged by: that of the object for actions over which its
// owner has authority, else that of the bucket; nil if there is no such object.
func (e *evaluation) judgingACL() (*acl.ACL, LayerKind) {
	s := e.in.S3
	switch {
	case !objectAuthority[e.in.Request.Action]:
		return &s.BucketACL, BucketACL
	case s.Object == nil:
		return nil, ObjectACL
	default:
		return &s.Object.ACL, ObjectACL
	}
}

func (e *evaluation) aclRequest(kind LayerKind) acl.Request {
	return acl.Request{
		Action:       e.in.Request.Action,
		OnBucket:     kind == BucketACL,
		Caller:       e.caller.CanonicalID,
		LogDelivery:  e.caller.Kind == policy.Service && e.caller.ARN == LogDelivery,
		Existing:     e.existing(),
		IgnorePublic: e.in.S3.Block.IgnorePublicAcls,
	}
}
