package authz

import (
	"strings"

	"crossgrant/internal/policy"
)

// Decide reports whether in.Request is allowed, and which statement, grant or setting decided it.
//
// It is total: a document that could not be read counts as an explicit deny of everything. Every
// layer that applies is consulted, also when an earlier one has already decided, so that the findings
// are complete. It allocates nothing. Explain tells a decision in full.
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-auth-workflow-object-operation.html
func Decide(in *Input) Decision {
	e := evaluation{in: in, caller: in.Request.Principal}
	if e.caller == nil {
		e.caller = &nobody
	}
	e.consult()
	by := e.deny()
	if by == nil {
		by = e.rails()
	}
	if by == nil {
		by = e.payer()
	}
	if by == nil {
		by = e.initiator(e.grants())
	}
	e.d.Effect, e.d.By = by.Effect, *by
	return e.d
}

// nobody is the caller of an Input without one: it is anonymous.
var nobody policy.Principal

// evaluation is one run of Decide: the input and what each layer said.
type evaluation struct {
	in     *Input
	caller *policy.Principal
	d      Decision // so far

	// Places of findings in d; negative where the layer does not apply.
	resource, acl, identity, boundary, session int
	// voided says that RestrictPublicBuckets took away an Allow of the bucket policy.
	voided bool
	// made is a finding that no layer made. At most one is made, and it decides.
	made Finding
}

// deny returns the explicit deny that ends the matter, or nil. Only one is named even if several
// apply, and AWS does not say which.
func (e *evaluation) deny() *Finding {
	var first *Finding
	for i := range e.d.len() {
		f := e.d.at(i)
		if f.Effect == ExplicitDeny && (first == nil || e.rank(f.Layer) < e.rank(first.Layer)) {
			first = f
		}
	}
	return first
}

// rank returns the place of a layer among those that a denial is attributed to. That of S3 is the order in
// which its documentation lists them, that of the other services the one of IAM's.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html; that the lists are an
// order of precedence is our reading (question 12 of the S3 reference, and its like in the IAM reference).
func (e *evaluation) rank(k LayerKind) int {
	if strings.HasPrefix(e.in.Request.Action, "s3:") {
		return int(ranksS3[k])
	}
	return int(ranksIAM[k])
}

var (
	ranksS3 = [layerKinds]uint8{
		RCP: 0, SCP: 1, ResourcePolicy: 2, TrustPolicy: 2, IdentityPolicy: 3, PermissionsBoundary: 4, SessionPolicy: 5,
	}
	ranksIAM = [layerKinds]uint8{
		SCP: 0, RCP: 1, ResourcePolicy: 2, TrustPolicy: 2, PermissionsBoundary: 3, SessionPolicy: 4, IdentityPolicy: 5,
	}
)

// rails returns the finding of the first level of an organization that allows nothing that matches,
// or nil if every level allows.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
func (e *evaluation) rails() *Finding {
	var first *Finding
	for i := range e.d.len() {
		f := e.d.at(i)
		if (f.Layer == RCP || f.Layer == SCP) && f.Effect != Allow && (first == nil || e.rank(f.Layer) < e.rank(first.Layer)) {
			first = f
		}
	}
	return first
}

// payer returns the finding that refuses a caller of another account who does not declare that it pays
// for the request, or nil. Who has no account cannot pay.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/RequesterPaysBuckets.html
func (e *evaluation) payer() *Finding {
	s := e.in.S3
	if s == nil || !s.RequesterPays || e.caller.Account == e.in.Owner {
		return nil
	}
	if e.caller.Account != "" && s.AcceptsCharge {
		return nil
	}
	return e.make(Finding{Layer: RequesterPays, Effect: ImplicitDeny, Setting: RequestPayer, Statement: -1})
}

// grants decides between the resource's side and the caller's side once nothing denies.
func (e *evaluation) grants() *Finding {
	switch {
	case e.in.S3 != nil && e.in.S3.NewOwner != "":
		return e.impliedACL()
	case e.caller.Account == "":
		return e.outsider()
	case e.callerIsAuthority() && !e.in.BothSides:
		return e.sameAccount()
	default:
		return e.crossAccount()
	}
}

// outsider decides for a caller without an account: only a grant to everyone, or to this service,
// lets it in.
func (e *evaluation) outsider() *Finding {
	if g := e.resourceSide(); g != nil && g.Grant == policy.Direct {
		return g
	}
	return e.silentResource()
}

// sameAccount decides for a caller of the account that has authority over the resource: either side
// suffices, but a grant to the account as a whole leaves the decision to its identity policies.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func (e *evaluation) sameAccount() *Finding {
	grant := e.resourceSide()
	if e.in.MustTrust && grant == nil {
		return e.silentResource()
	}
	missing, allowed := e.callerSide()
	switch {
	case missing == nil:
		return allowed
	case grant == nil:
		return missing
	case grant.Grant == policy.Direct:
		return grant
	case grant.Grant == policy.Role:
		if limit := e.limits(); limit != nil {
			return limit
		}
		return grant
	default:
		return missing
	}
}

// crossAccount decides for a caller of another account than the one with authority: the resource's
// side must grant and the caller's own account must allow.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
func (e *evaluation) crossAccount() *Finding {
	grant := e.resourceSide()
	if grant == nil {
		return e.silentResource()
	}
	missing, _ := e.callerSide()
	if missing == nil {
		return grant
	}
	// A principal of the bucket's owner that reads another account's object: the owner's bucket
	// policy counts in the user context, in place of an identity policy, while the object's ACL
	// opens the object context:
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-walkthroughs-managing-access-example3.html
	own := e.d.at(e.resource)
	if e.in.S3 != nil && e.caller.Account == e.in.Owner && own != nil && own.Effect == Allow {
		switch own.Grant {
		case policy.Direct:
			return grant
		case policy.Role:
			if limit := e.limits(); limit != nil {
				return limit
			}
			return grant
		}
	}
	return missing
}

// impliedACL decides s3:PutObjectAcl where an ACL on a write implies it. The account that will own
// the object has to allow it; the bucket's owner need not grant it and may only deny it.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html#example-bucket-policies-acl-2
// and section 6.4 of the S3 reference. Where the bucket's owner becomes the object's owner although
// another account writes, sources are silent; the same rule is applied (question 3 of section 11).
func (e *evaluation) impliedACL() *Finding {
	if e.caller.Account == "" {
		return e.make(Finding{Layer: RequestItself, Effect: Allow, Setting: WriterOwnsObject, Statement: -1})
	}
	if e.caller.Account == e.in.Owner {
		return e.sameAccount()
	}
	missing, allowed := e.callerSide()
	if missing != nil {
		return missing
	}
	return allowed
}

// initiator returns what decides when the caller has to do with the beginning of an upload: otherwise is
// what decides without that. Policies that limit the caller limit it here as well.
func (e *evaluation) initiator(otherwise *Finding) *Finding {
	if e.in.S3 == nil || e.in.S3.Initiator == NotInitiator || otherwise.Effect != ImplicitDeny || e.limits() != nil {
		return otherwise
	}
	denied := *otherwise
	if e.in.S3.Initiator == InitiatorItself {
		return e.make(Finding{Layer: RequestItself, Effect: Allow, Setting: InitiatedUpload, Statement: -1})
	}
	if missing, allowed := e.callerSide(); missing == nil {
		return allowed
	}
	return e.make(denied)
}

// callerSide returns the finding that is missing for the caller's own account to allow the request,
// or nil and the finding that allows it.
func (e *evaluation) callerSide() (missing, allowed *Finding) {
	if e.caller.Kind == policy.Root {
		// The task policy of a session of AssumeRoot.
		if limit := e.limits(); limit != nil {
			return limit, nil
		}
		return nil, e.make(Finding{Layer: RootUser, Effect: Allow, Statement: -1})
	}
	identity := e.d.at(e.identity)
	if identity == nil {
		return e.make(silent(IdentityPolicy)), nil
	}
	if identity.Effect != Allow {
		return identity, nil
	}
	if limit := e.limits(); limit != nil {
		return limit, nil
	}
	return nil, identity
}

// limits returns the boundary or session policy that does not allow the request, or nil.
func (e *evaluation) limits() *Finding {
	for _, i := range [...]int{e.boundary, e.session} {
		if f := e.d.at(i); f != nil && f.Effect != Allow {
			return f
		}
	}
	return nil
}

// resourceSide returns the strongest grant of the authority's side, or nil. On an object of another
// account than the bucket's owner, the bucket policy cannot grant.
func (e *evaluation) resourceSide() *Finding {
	var best *Finding
	if f := e.d.at(e.resource); f != nil && f.Effect == Allow && (e.in.S3 == nil || e.authority() == e.in.S3.OwnerCanonicalID) {
		best = f
	}
	if f := e.d.at(e.acl); f != nil && f.Effect == Allow && (best == nil || f.Grant > best.Grant) {
		best = f
	}
	return best
}

// silentResource is the finding for a resource side that grants nothing.
func (e *evaluation) silentResource() *Finding {
	switch {
	case e.voided:
		return e.make(Finding{Layer: ResourcePolicy, Effect: ExplicitDeny, Setting: RestrictPublicBuckets, Statement: -1})
	default:
		return e.make(silent(e.resourceKind()))
	}
}

func (e *evaluation) make(f Finding) *Finding {
	e.made = f
	return &e.made
}
