package iam

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// PolicyVersion is one version of a managed policy.
type PolicyVersion struct {
	ID       string // such as "v1"
	Document string // as it was stored
	Default  bool
	Created  time.Time
}

func makeVersion(r *records.ManagedPolicy, v *records.PolicyVersion) PolicyVersion {
	return PolicyVersion{ID: v.Id, Document: v.Document, Default: v.Id == r.DefaultVersion, Created: instant(v.Created)}
}

func noSuchVersion(policyARN, version string) error {
	return noSuchEntity("Policy %s version %s does not exist or is not attachable.", policyARN, version)
}

// CreatePolicyVersion adds a version, whose number is one more than the highest that the policy ever
// had, and makes it the default one if asDefault is true.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html
func (s *Service) CreatePolicyVersion(ctx context.Context, account ids.AccountID, policyARN, document string, asDefault bool) (PolicyVersion, error) {
	if err := s.checkPolicy(ctx, account, document); err != nil {
		return PolicyVersion{}, err
	}
	var created PolicyVersion
	err := s.changePolicy(ctx, account, policyARN, func(c change, r *records.ManagedPolicy) error {
		quota, err := quotas.Value(c, account, quotas.VersionsPerPolicy, s.quotas.VersionsPerPolicy)
		if err != nil {
			return err
		}
		if len(r.Versions) >= quota {
			return limitExceeded("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", quota)
		}
		if err := c.countVersions(1); err != nil {
			return err
		}
		r.LastVersion++
		r.Updated = s.timestamp()
		v := &records.PolicyVersion{Id: "v" + strconv.Itoa(int(r.LastVersion)), Document: document, Created: r.Updated}
		r.Versions = append(r.Versions, v)
		if asDefault {
			r.DefaultVersion = v.Id
		}
		created = makeVersion(r, v)
		return nil
	})
	return created, err
}

// SetDefaultPolicyVersion makes an existing version the one that is in force, at once, for everything
// that the policy is attached to.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SetDefaultPolicyVersion.html
func (s *Service) SetDefaultPolicyVersion(ctx context.Context, account ids.AccountID, policyARN, version string) error {
	return s.changePolicy(ctx, account, policyARN, func(_ change, r *records.ManagedPolicy) error {
		if !slices.ContainsFunc(r.Versions, hasID(version)) {
			return noSuchVersion(policyARN, version)
		}
		r.DefaultVersion = version
		r.Updated = s.timestamp()
		return nil
	})
}

// DeletePolicyVersion deletes a version that is not the default one.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicyVersion.html
func (s *Service) DeletePolicyVersion(ctx context.Context, account ids.AccountID, policyARN, version string) error {
	return s.changePolicy(ctx, account, policyARN, func(c change, r *records.ManagedPolicy) error {
		i := slices.IndexFunc(r.Versions, hasID(version))
		switch {
		case i < 0:
			return noSuchVersion(policyARN, version)
		case version == r.DefaultVersion:
			return deleteConflict("Cannot delete the default version of a policy.")
		}
		if err := c.countVersions(-1); err != nil {
			return err
		}
		r.Versions = slices.Delete(r.Versions, i, i+1)
		r.Updated = s.timestamp()
		return nil
	})
}

// PolicyVersions returns the versions of a policy, the newest first. Of a policy of AWS only the
// default version is known.
func (s *Service) PolicyVersions(ctx context.Context, account ids.AccountID, policyARN string, p Page) (List[PolicyVersion], error) {
	all, err := s.versions(ctx, account, policyARN)
	if err != nil {
		return List[PolicyVersion]{}, err
	}
	return paginate(all, func(v PolicyVersion) string {
		n, _ := strconv.Atoi(strings.TrimPrefix(v.ID, "v"))
		return fmt.Sprintf("%010d", 1<<31-n)
	}, p)
}

// PolicyVersion returns one version of a policy, or NoSuchEntity.
func (s *Service) PolicyVersion(ctx context.Context, account ids.AccountID, policyARN, version string) (PolicyVersion, error) {
	all, err := s.versions(ctx, account, policyARN)
	if err != nil {
		return PolicyVersion{}, err
	}
	for _, v := range all {
		if v.ID == version {
			return v, nil
		}
	}
	return PolicyVersion{}, noSuchVersion(policyARN, version)
}

// versions returns the versions of a policy of the account or of AWS.
func (s *Service) versions(ctx context.Context, account ids.AccountID, policyARN string) (all []PolicyVersion, err error) {
	a, err := ParsePolicyARN(policyARN)
	if err != nil {
		return nil, err
	}
	if p, ok := managed.Lookup(policyARN); ok {
		return []PolicyVersion{{ID: p.Version, Document: p.Text(), Default: true, Created: p.Updated}}, nil
	}
	err = s.read(ctx, account, func(v view) error {
		all = nil
		r, err := v.ownPolicy(a)
		if err != nil {
			return err
		}
		for _, version := range r.Versions {
			all = append(all, makeVersion(r, version))
		}
		return nil
	})
	return all, err
}

func hasID(id string) func(*records.PolicyVersion) bool {
	return func(v *records.PolicyVersion) bool { return v.Id == id }
}
