package orgs

import (
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// What an organization may have a number of is counted as it is made and removed, so that making the next one
// does not count all of them.

// counts returns the numbers of what the organization has.
func (v view) counts() (*records.OrganizationCounts, error) {
	n := new(records.OrganizationCounts)
	err := records.Get(v, keys.OrganizationCounts(v.id), n)
	if err != nil && !errors.Is(err, meta.ErrNotFound) {
		return nil, fmt.Errorf("read counts of organization %s: %w", v.id, err)
	}
	if n.Policies == nil {
		n.Policies = map[string]int64{}
	}
	return n, nil
}

// count changes the numbers.
func (c change) count(change func(n *records.OrganizationCounts)) error {
	n, err := c.counts()
	if err != nil {
		return err
	}
	change(n)
	return records.Put(c.tx, keys.OrganizationCounts(c.id), n)
}

// openInvitations returns the invitations of the organization that are open: neither answered nor expired.
func (v view) openInvitations() ([]*records.Handshake, error) {
	all, err := v.list(keys.OpenInvitations(v.id))
	if err != nil {
		return nil, err
	}
	var open []*records.Handshake
	for _, id := range all {
		h := new(records.Handshake)
		if err := records.Get(v, keys.Handshake(id), h); err != nil {
			return nil, fmt.Errorf("read handshake %s: %w", id, err)
		}
		if stateOf(h, v.now) == Open {
			open = append(open, h)
		}
	}
	return open, nil
}

// indexed is the fact that all organizations have what a program before this one did not keep: the accounts
// by their parents, the invitations that are open, and the counts.
const indexed = "organizations-indexed"

// index makes what a program before this one did not keep, once. It does not matter if it is done twice.
func (s *Service) index(ctx context.Context) error {
	done := false
	all := map[ids.OrganizationID]bool{}
	err := s.store.View(ctx, func(r meta.Reader) error {
		_, err := r.Get(keys.Meta(indexed))
		if done = err == nil; done {
			return nil
		}
		if !errors.Is(err, meta.ErrNotFound) {
			return err
		}
		it := r.Scan(keys.Memberships())
		for it.Next() {
			m := new(records.Membership)
			if err := records.Unmarshal(it.Value(), m); err != nil {
				return errors.Join(err, it.Close())
			}
			all[ids.OrganizationID(m.Organization)] = true
		}
		return it.Close()
	})
	if err != nil || done {
		return err
	}
	for org := range all {
		if err := s.write(ctx, func(tx meta.Tx) error {
			v, err := s.open(tx, org)
			if err != nil {
				return err
			}
			return change{v, tx}.index()
		}); err != nil {
			return fmt.Errorf("index organization %s: %w", org, err)
		}
	}
	return s.write(ctx, func(tx meta.Tx) error { return tx.Put(keys.Meta(indexed), nil) })
}

// index makes the indexes and counts of one organization.
func (c change) index() error {
	accounts, err := c.list(keys.OrganizationAccounts(c.id))
	if err != nil {
		return err
	}
	for _, id := range accounts {
		n, err := c.node(id)
		if err != nil {
			return err
		}
		if err := c.tx.Put(keys.ChildAccount(c.id, n.parent(), ids.AccountID(id)), nil); err != nil {
			return err
		}
	}
	handshakes, err := c.list(keys.HandshakesOfOrganization(c.id))
	if err != nil {
		return err
	}
	for _, id := range handshakes {
		h := new(records.Handshake)
		if err := records.Get(c, keys.Handshake(id), h); err != nil {
			return fmt.Errorf("read handshake %s: %w", id, err)
		}
		if h.State == Open && actionOf(h) == InviteAction {
			if err := c.tx.Put(keys.OpenInvitation(c.id, id), nil); err != nil {
				return err
			}
		}
	}
	units, err := c.list(keys.OrganizationNodes(c.id))
	if err != nil {
		return err
	}
	n := &records.OrganizationCounts{Accounts: int64(len(accounts)), Units: int64(len(units) - 1), Policies: map[string]int64{}}
	for _, policyType := range policyTypes {
		names, err := c.list(keys.OrganizationPolicyNames(c.id, policyType))
		if err != nil {
			return err
		}
		n.Policies[policyType] = int64(len(names))
	}
	return records.Put(c.tx, keys.OrganizationCounts(c.id), n)
}

// hasNone reports whether a range of keys is empty.
func (v view) hasNone(from, to []byte) (bool, error) {
	it := v.Scan(from, to)
	found := it.Next()
	return !found, it.Close()
}
