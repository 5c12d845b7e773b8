package orgs

import (
	"context"
	"errors"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/orgs/managed"
)

// Ref names what a request is about.
type Ref struct{ kind, id string }

// Existing refers to a root, unit, account, policy or handshake by its ID. It need not be there.
func Existing(id string) Ref { return Ref{"existing", id} }

// NewUnit refers to a unit that is to be made.
func NewUnit() Ref { return Ref{"ou", ""} }

// NewMember refers to an account that is to be made, or that is invited under an address.
func NewMember() Ref { return Ref{"account", ""} }

// NewPolicyOf refers to a policy of this type that is to be made.
func NewPolicyOf(policyType string) Ref { return Ref{"policy", policyType} }

// Transfer refers to a transfer of responsibilities by its ID. There are none, so that whether it is inbound or
// outbound is not known.
func Transfer(id string) Ref { return Ref{"transfer", id} }

// NewTransfer refers to an inbound transfer that is to be made.
func NewTransfer() Ref { return Ref{"inbound", ""} }

// TheResourcePolicy refers to the resource policy, whether it is there or is to be made.
func TheResourcePolicy() Ref { return Ref{"resourcepolicy", ""} }

// Target is what authorization needs to know of what a request is about. It is read before the caller is
// known to be allowed to see it, so nothing of it may be told.
type Target struct {
	// ARN is "*" for something in no organization of the caller's. That of what is to be made has "*" for
	// what its ID will be, behind what every such ID begins with: a policy on "…:ou/o-example/ou-*" is about
	// all units, and so about a new one.
	//
	// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
	ARN  string
	Tags []Tag
	// PolicyType is that of a policy, or empty.
	PolicyType string
}

// Targets returns what refs refer to, in their order. That something is not there, or that account is in
// no organization, is no error: the operation will say so to who may call it.
func (s *Service) Targets(ctx context.Context, account ids.AccountID, refs []Ref) (out []Target, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		out = nil
		v, err := s.enter(r, account)
		outside := apierr.Is(err, errNotInUse.Code)
		if err != nil && !outside {
			return err
		}
		for _, ref := range refs {
			t := Target{ARN: "*"}
			switch {
			case ref.kind == "existing" && strings.HasPrefix(ref.id, "h-"):
				t, err = invitation(r, account, ref.id)
			case outside:
				err = nil
			default:
				t, err = v.target(ref)
			}
			if err != nil {
				return err
			}
			out = append(out, t)
		}
		return nil
	})
	return out, err
}

// invitation returns the target that a handshake is to one of its parties.
func invitation(r meta.Reader, account ids.AccountID, id string) (Target, error) {
	h, err := handshake(r, account, id)
	if errors.Is(err, errNoHandshake) {
		return Target{ARN: "*"}, nil
	}
	if err != nil {
		return Target{}, err
	}
	return Target{ARN: arnOf(h)}, nil
}

func (v view) target(ref Ref) (Target, error) {
	switch ref.kind {
	case "transfer":
		return Target{ARN: arn.ResponsibilityTransfer(v.management(), v.id, "billing", "*", ref.id).String()}, nil
	case "inbound":
		return Target{ARN: arn.ResponsibilityTransfer(v.management(), v.id, "billing", "inbound", "rt-*").String()}, nil
	case "ou":
		return Target{ARN: arn.OrganizationalUnit(v.management(), v.id, "ou-*").String()}, nil
	case "account":
		return Target{ARN: arn.OrganizationAccount(v.management(), v.id, "*").String()}, nil
	case "policy":
		return Target{ARN: arn.OrganizationPolicy(v.management(), v.id, ref.id, "p-*").String(), PolicyType: ref.id}, nil
	}
	switch {
	case strings.HasPrefix(ref.id, "p-"):
		return v.policyTarget(ref.id)
	case strings.HasPrefix(ref.id, "rp-"), ref.kind == "resourcepolicy":
		return v.resourcePolicyTarget(ref.id)
	}
	t := Target{ARN: v.arn(ref.id)}
	n, err := v.node(ref.id)
	if errors.Is(err, meta.ErrNotFound) {
		return t, nil
	}
	if err != nil {
		return Target{}, err
	}
	t.Tags = fromTags(*n.tags())
	return t, nil
}

// resourcePolicyTarget returns the target that the resource policy is; id is empty for whatever its ID is.
func (v view) resourcePolicyTarget(id string) (Target, error) {
	r, err := v.resourcePolicy()
	switch {
	case err != nil:
		return Target{}, err
	case r == nil && id == "":
		return Target{ARN: v.resourcePolicyARN("rp-*")}, nil
	case r == nil, id != "" && id != r.Id:
		return Target{ARN: v.resourcePolicyARN(id)}, nil
	default:
		return Target{ARN: v.resourcePolicyARN(r.Id), Tags: fromTags(r.Tags)}, nil
	}
}

func (v view) policyTarget(id string) (Target, error) {
	p, r, err := v.policy(id)
	if errors.Is(err, errNoPolicy) {
		// Its type is not known; that of most policies stands for it.
		return Target{ARN: arn.OrganizationPolicy(v.management(), v.id, managed.SCP, id).String()}, nil
	}
	if err != nil {
		return Target{}, err
	}
	return Target{ARN: p.ARN, PolicyType: p.Type, Tags: fromTags(r.GetTags())}, nil
}
