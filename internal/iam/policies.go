package iam

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"crossgrant/internal/arn"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// Policy is a managed policy: one of the account, or one of AWS as the account sees it, with the
// counts of its uses in the account.
type Policy struct {
	Name           string
	ID             ids.UniqueID
	ARN            string
	Path           string
	Description    string
	DefaultVersion string // such as "v1"
	// Attachments is the number of users, groups and roles that the policy is attached to.
	Attachments int
	// BoundaryUses is the number of users and roles that it is the permissions boundary of.
	BoundaryUses     int
	Created, Updated time.Time
	Tags             []Tag
}

// NewPolicy is what CreatePolicy makes a managed policy of. An empty Path means "/".
type NewPolicy struct {
	Name        string
	Path        string
	Description string
	Document    string
	Tags        []Tag
}

func (v view) makePolicy(r *records.ManagedPolicy) Policy {
	return Policy{
		Name: r.Name, ID: ids.UniqueID(r.Id), ARN: v.entityARN(keys.PolicyKind, r), Path: r.Path,
		Description: r.Description, DefaultVersion: r.DefaultVersion,
		Attachments: int(r.Attachments), BoundaryUses: int(r.BoundaryUses),
		Created: instant(r.Created), Updated: instant(r.Updated), Tags: fromTags(r.Tags),
	}
}

// makeManaged returns a policy of AWS as the account sees it.
func (v view) makeManaged(p *managed.Policy) (Policy, error) {
	uses, err := v.managedUses(p.ARN())
	if err != nil {
		return Policy{}, err
	}
	return Policy{
		Name: p.Name, ID: p.ID, ARN: p.ARN(), Path: p.Path, Description: p.Description, DefaultVersion: p.Version,
		Attachments: int(uses.Attachments), BoundaryUses: int(uses.BoundaryUses), Created: p.Created, Updated: p.Updated,
	}, nil
}

// CreatePolicy makes a managed policy with the document as its version v1.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
func (s *Service) CreatePolicy(ctx context.Context, account ids.AccountID, in NewPolicy) (Policy, error) {
	path, err := checkPath(in.Path, policyPathRegexp)
	if err == nil {
		err = checkName("policyName", in.Name, MaxPolicyName)
	}
	if err == nil {
		err = s.checkTags(in.Tags)
	}
	if err == nil {
		err = s.checkPolicy(ctx, account, in.Document)
	}
	if err == nil && utf8.RuneCountInString(in.Description) > 1000 {
		err = invalidInput("The description is longer than 1000 characters.")
	}
	if err != nil {
		return Policy{}, err
	}
	id, err := ids.NewUniqueID(s.rand, ids.Policy)
	if err != nil {
		return Policy{}, err
	}
	var created Policy
	err = s.write(ctx, account, func(c change) error {
		now := s.timestamp()
		r := &records.ManagedPolicy{
			Name: in.Name, Id: string(id), Path: path, Description: in.Description, Created: now, Updated: now,
			DefaultVersion: "v1", LastVersion: 1,
			Versions: []*records.PolicyVersion{{Id: "v1", Document: in.Document, Created: now}},
			Tags:     recordTags(in.Tags),
		}
		created = c.makePolicy(r)
		if err := c.countVersions(1); err != nil {
			return err
		}
		return c.create(keys.PolicyKind, r, s.quotas.Policies, "PoliciesPerAccount",
			alreadyExists("A policy called %s already exists. Duplicate names are not allowed.", in.Name))
	})
	return created, err
}

// checkPolicy refuses a document that a managed policy cannot have.
func (s *Service) checkPolicy(ctx context.Context, account ids.AccountID, document string) error {
	quota, err := s.quotaOf(ctx, account, quotas.PolicySize, s.quotas.PolicySize)
	if err != nil {
		return err
	}
	if policy.Identity.Size(document) > quota {
		return exceeded(quotas.PolicySize, quota)
	}
	return parseIdentity(document)
}

// Policy returns a managed policy, or NoSuchEntity.
func (s *Service) Policy(ctx context.Context, account ids.AccountID, policyARN string) (found Policy, err error) {
	a, err := ParsePolicyARN(policyARN)
	if err != nil {
		return Policy{}, err
	}
	err = s.read(ctx, account, func(v view) error {
		if p, ok := managed.Lookup(policyARN); ok {
			found, err = v.makeManaged(p)
			return err
		}
		r, err := v.ownPolicy(a)
		if err != nil {
			return err
		}
		found = v.makePolicy(r)
		return nil
	})
	return found, err
}

// ownPolicy reads a policy of the account itself, or returns NoSuchEntity. The whole ARN has to be
// right, path and case included.
func (v view) ownPolicy(a arn.ARN) (*records.ManagedPolicy, error) {
	r, err := managed.Customer(v, v.account, a)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, noSuchEntity("Policy %s was not found.", a)
	}
	return r, err
}

// changePolicy runs edit on a policy of the account and stores it if edit returns nil.
func (s *Service) changePolicy(ctx context.Context, account ids.AccountID, policyARN string, edit func(c change, r *records.ManagedPolicy) error) error {
	a, err := ParsePolicyARN(policyARN)
	if err != nil {
		return err
	}
	if a.Account != string(account) {
		return errOutside
	}
	return s.write(ctx, account, func(c change) error {
		r, err := c.ownPolicy(a)
		if err != nil {
			return err
		}
		if err := edit(c, r); err != nil {
			return err
		}
		return c.put(keys.PolicyKind, r)
	})
}

// DeletePolicy deletes a policy that is attached to nothing, is nobody's boundary, and has no version
// but the default one.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
func (s *Service) DeletePolicy(ctx context.Context, account ids.AccountID, policyARN string) error {
	a, err := ParsePolicyARN(policyARN)
	if err != nil {
		return err
	}
	if a.Account != string(account) {
		return errOutside
	}
	return s.write(ctx, account, func(c change) error {
		r, err := c.ownPolicy(a)
		switch {
		case err != nil:
			return err
		case r.Attachments > 0 || r.BoundaryUses > 0:
			return deleteConflict("Cannot delete a policy attached to entities.")
		case len(r.Versions) > 1:
			return deleteConflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		if err := c.countVersions(-1); err != nil {
			return err
		}
		return c.remove(keys.PolicyKind, r)
	})
}
