package iam

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// The uses of a policy are kept, so that nobody has to look for them: their number in the record of a policy
// of the account, and in one of PolicyUses for a policy of AWS; who has the policy attached, and whose boundary
// it is, in an index each.

// managedUses returns how often the account uses a policy of AWS.
func (v view) managedUses(policyARN string) (*records.PolicyUses, error) {
	uses := new(records.PolicyUses)
	err := records.Get(v, keys.PolicyUses(v.account, policyARN), uses)
	if err != nil && !errors.Is(err, meta.ErrNotFound) {
		return nil, fmt.Errorf("read uses of policy %s in account %s: %w", policyARN, v.account, err)
	}
	return uses, nil
}

// countUse adds to the counts of a policy that the account may use: its own, or one of AWS. It returns missing
// if there is no such policy.
func (c change) countUse(a arn.ARN, missing error, attachments, boundaries int32) error {
	if _, ok := managed.Lookup(a.String()); ok {
		return c.countManaged(a.String(), attachments, boundaries)
	}
	r, err := c.ownPolicy(a)
	if apierr.Is(err, "NoSuchEntity") {
		return missing
	}
	if err != nil {
		return err
	}
	r.Attachments += attachments
	r.BoundaryUses += boundaries
	return c.put(keys.PolicyKind, r)
}

// countManaged adds to the counts of a policy of AWS. What is not used has no record.
func (c change) countManaged(policyARN string, attachments, boundaries int32) error {
	uses, err := c.managedUses(policyARN)
	if err != nil {
		return err
	}
	uses.Attachments += attachments
	uses.BoundaryUses += boundaries
	key := keys.PolicyUses(c.account, policyARN)
	if uses.Attachments == 0 && uses.BoundaryUses == 0 {
		return c.tx.Delete(key)
	}
	return records.Put(c.tx, key, uses)
}

// useBoundary records that an entity has the boundary now in place of the boundary before; either may be
// empty. It refuses a policy that does not exist.
func (c change) useBoundary(k keys.Kind, name, before, now string) error {
	if before == now {
		return nil
	}
	if before != "" {
		if err := c.countBoundary(before, -1); err != nil {
			return err
		}
		if err := c.tx.Delete(keys.BoundaryUse(c.account, before, k, name)); err != nil {
			return err
		}
	}
	if now == "" {
		return nil
	}
	if err := attachable(now, k); err != nil {
		return err
	}
	if err := c.countBoundary(now, 1); err != nil {
		return err
	}
	return c.tx.Put(keys.BoundaryUse(c.account, now, k, name), []byte(name))
}

func (c change) countBoundary(policyARN string, by int32) error {
	a, err := ParsePolicyARN(policyARN)
	if err != nil {
		return err
	}
	return c.countUse(a, noSuchEntity("Scope ARN: %s does not exist or is not attachable.", a), 0, by)
}

// moveBoundary follows the rename of an entity whose boundary is policyARN; empty: none.
func (c change) moveBoundary(k keys.Kind, policyARN, old, name string) error {
	if policyARN == "" {
		return nil
	}
	if err := c.tx.Delete(keys.BoundaryUse(c.account, policyARN, k, old)); err != nil {
		return err
	}
	return c.tx.Put(keys.BoundaryUse(c.account, policyARN, k, name), []byte(name))
}

// attachable refuses to give an entity a policy that only service-linked roles have, which nobody but AWS makes.
// AWS's text is known for roles; for users and groups it is made like that one.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html (PolicyNotAttachable)
func attachable(policyARN string, k keys.Kind) error {
	p, ok := managed.Lookup(policyARN)
	if !ok || !strings.HasPrefix(p.Path, managed.ServiceRolePath) {
		return nil
	}
	word := kindName(k)
	return apierr.New(http.StatusBadRequest, "PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer %s.", strings.ToUpper(word[:1])+word[1:])
}

// usesFact says that the uses of policies are kept in this store, which was once not so.
const usesFact = "policy-uses"

// Recover makes the indexes and numbers of uses of policies for what an older program has stored. It must be
// called before the service is used on such a store, and does nothing on any other. Two servers that do it at once do the
// same: each account's are made in one transaction, of what is there then.
func (s *Service) Recover(ctx context.Context) error {
	var accounts []ids.AccountID
	err := s.store.View(ctx, func(r meta.Reader) error {
		_, err := r.Get(keys.Meta(usesFact))
		if !errors.Is(err, meta.ErrNotFound) {
			return err
		}
		accounts = []ids.AccountID{}
		from, to := keys.Accounts()
		it := r.Scan(from, to)
		for it.Next() {
			accounts = append(accounts, ids.AccountID(it.Key()[1:]))
		}
		return it.Close()
	})
	if err != nil || accounts == nil {
		return err
	}
	for _, account := range accounts {
		if err := s.write(ctx, account, change.rebuildUses); err != nil {
			return fmt.Errorf("index the uses of policies in account %s: %w", account, err)
		}
	}
	return s.store.Update(ctx, func(tx meta.Tx) error { return tx.Put(keys.Meta(usesFact), nil) })
}

// rebuildUses makes what is kept of the uses of policies from the entities that use them. The numbers of the
// account's own policies have always been kept.
func (c change) rebuildUses() error {
	uses := map[string]*records.PolicyUses{}
	of := func(policyARN string) *records.PolicyUses {
		if uses[policyARN] == nil {
			uses[policyARN] = new(records.PolicyUses)
		}
		return uses[policyARN]
	}
	err := c.eachHolder(func(k keys.Kind, h holder) error {
		for _, policyARN := range h.GetAttached() {
			of(policyARN).Attachments++
		}
		boundary := boundaryOf(h)
		if boundary == nil || *boundary == "" {
			return nil
		}
		of(*boundary).BoundaryUses++
		return c.tx.Put(keys.BoundaryUse(c.account, *boundary, k, h.GetName()), []byte(h.GetName()))
	})
	for policyARN, n := range uses {
		if _, ok := managed.Lookup(policyARN); ok && err == nil {
			err = records.Put(c.tx, keys.PolicyUses(c.account, policyARN), n)
		}
	}
	return err
}

// eachHolder calls fn for every group, role and user.
func (v view) eachHolder(fn func(k keys.Kind, h holder) error) error {
	for _, k := range []keys.Kind{keys.GroupKind, keys.RoleKind, keys.UserKind} {
		from, to := keys.Entities(v.account, k)
		it := v.Scan(from, to)
		var err error
		for err == nil && it.Next() {
			h := newHolder(k)
			if err = records.Unmarshal(it.Value(), h); err == nil {
				err = fn(k, h)
			}
		}
		if err := errors.Join(err, it.Close()); err != nil {
			return err
		}
	}
	return nil
}
