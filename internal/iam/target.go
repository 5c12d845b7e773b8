package iam

import (
	"context"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
)

// Target is what authorization needs to know of the entity that a request is about. It is read before
// the caller is known to be allowed to see the entity, so nothing of it may be told.
type Target struct {
	// ARN is the entity's, or, if there is none of that name, the one that it would have with the
	// path "/".
	ARN      string
	Tags     []Tag
	Boundary string // ARN of its permissions boundary, or empty
}

// Target returns the target that a name stands for. That there is no such entity is no error.
func (s *Service) Target(ctx context.Context, account ids.AccountID, k keys.Kind, name string) (t Target, err error) {
	err = s.read(ctx, account, func(v view) error {
		e, err := v.targeted(k, name)
		if apierr.Is(err, "NoSuchEntity") {
			t = Target{ARN: arnOf(account, k, "/", name)}
			return nil
		}
		if err != nil {
			return err
		}
		t = Target{ARN: v.entityARN(k, e), Tags: fromTags(tagsOf(e))}
		if h, ok := e.(holder); ok && boundaryOf(h) != nil {
			t.Boundary = *boundaryOf(h)
		}
		return nil
	})
	return t, err
}

// targeted reads a user, group, role or instance profile.
func (v view) targeted(k keys.Kind, name string) (entity, error) {
	if k == keys.InstanceProfileKind {
		return v.instanceProfile(name)
	}
	return v.holder(k, name)
}

// PolicyTarget returns the target that the ARN of a managed policy stands for; a is from
// ParsePolicyARN.
func (s *Service) PolicyTarget(ctx context.Context, account ids.AccountID, a arn.ARN) (t Target, err error) {
	t.ARN = a.String()
	if a.Account == managed.Owner || a.Account != string(account) {
		return t, nil
	}
	err = s.read(ctx, account, func(v view) error {
		r, err := v.ownPolicy(a)
		if apierr.Is(err, "NoSuchEntity") {
			return nil
		}
		if err != nil {
			return err
		}
		t.Tags = fromTags(r.Tags)
		return nil
	})
	return t, err
}
