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

// AccountContents tells whether an account is in an organization, whether that is its own, and how many invitations
// it has got.
func (s *Service) AccountContents(r meta.Reader, account ids.AccountID, _ bool, tell func(what string, n int)) error {
	v, err := s.enter(r, account)
	if err != nil && err != errNotInUse {
		return err
	}
	member, own := 0, 0
	if err == nil {
		member = 1
		if v.management() == account {
			own = 1
		}
	}
	tell("OrganizationMemberships", member)
	tell("Organizations", own)
	invitations, err := view{Reader: r}.list(keys.HandshakesOfAccount(account))
	tell("Handshakes", len(invitations))
	return err
}

// EraseAccount removes what the organizations keep of an account that is being deleted, in one transaction, and
// returns how much: 0 if nothing is left. It leaves its organization; one that it manages, and in which no other
// account may be, goes with it. The invitations that it got or sent go, and so do the requests by which it was made.
func (s *Service) EraseAccount(ctx context.Context, account ids.AccountID) (removed int, err error) {
	err = s.write(ctx, func(tx meta.Tx) error {
		removed = 0
		n, err := removeHandshakes(tx, account)
		if err != nil {
			return err
		}
		removed += n
		if n, err = removeRequests(tx, account); err != nil {
			return err
		}
		removed += n
		v, err := s.enter(tx, account)
		if err == errNotInUse {
			return nil
		}
		if err != nil {
			return err
		}
		removed++
		return change{v, tx}.removeMember(account)
	})
	return removed, err
}

// removeMember takes an account out of its organization, and the organization with it if it is its own.
func (c change) removeMember(account ids.AccountID) error {
	n, err := c.node(string(account))
	if err != nil {
		return err
	}
	if c.management() != account {
		return c.leave(n)
	}
	counted, err := c.counts()
	if err != nil {
		return err
	}
	if counted.Accounts > 1 {
		return errNotEmpty
	}
	sent, err := c.list(keys.HandshakesOfOrganization(c.id))
	if err != nil {
		return err
	}
	for _, id := range sent {
		if err := removeHandshake(c.tx, id); err != nil {
			return err
		}
	}
	unfinished, err := c.list(keys.UnfinishedRequestsOf(c.id))
	if err != nil {
		return err
	}
	for _, id := range unfinished {
		if err := c.tx.Delete(keys.UnfinishedRequest(c.id, id)); err != nil {
			return err
		}
	}
	c.record.Enabling = "" // that handshake was among those sent
	if err := c.leave(n); err != nil {
		return err
	}
	return c.removeAll(keys.InOrganization(c.id))
}

// removeHandshakes removes the invitations that an account has got.
func removeHandshakes(tx meta.Tx, account ids.AccountID) (removed int, err error) {
	got, err := view{Reader: tx}.list(keys.HandshakesOfAccount(account))
	if err != nil {
		return 0, err
	}
	for _, id := range got {
		if err := removeHandshake(tx, id); err != nil {
			return 0, err
		}
	}
	return len(got), nil
}

// removeHandshake removes a handshake, and those that list it.
func removeHandshake(tx meta.Tx, id string) error {
	h := new(records.Handshake)
	if err := records.Get(tx, keys.Handshake(id), h); err != nil {
		return fmt.Errorf("read handshake %s: %w", id, err)
	}
	return errors.Join(
		tx.Delete(keys.Handshake(id)),
		tx.Delete(keys.OpenInvitation(ids.OrganizationID(h.Organization), id)),
		tx.Delete(keys.HandshakeOfOrganization(ids.OrganizationID(h.Organization), id)),
		tx.Delete(keys.HandshakeOfAccount(ids.AccountID(h.Account), id)),
	)
}

// removeRequests removes the requests by which an account was made, of whichever organization: it may have left the
// one that made it.
func removeRequests(tx meta.Tx, account ids.AccountID) (removed int, err error) {
	all, err := organizations(tx)
	if err != nil {
		return 0, err
	}
	for _, org := range all {
		requests, err := view{Reader: tx}.list(keys.CreateAccountRequests(org))
		if err != nil {
			return 0, err
		}
		for _, id := range requests {
			r := new(records.CreateAccountRequest)
			if err := records.Get(tx, keys.CreateAccountRequest(org, id), r); err != nil {
				return 0, fmt.Errorf("read request %s: %w", id, err)
			}
			if r.Account != string(account) {
				continue
			}
			if err := tx.Delete(keys.CreateAccountRequest(org, id)); err != nil {
				return 0, err
			}
			removed++
		}
	}
	return removed, nil
}

// organizations returns all organizations.
func organizations(r meta.Reader) (all []ids.OrganizationID, err error) {
	it := r.Scan(keys.Organizations())
	for more := it.Next(); more; {
		org, err := keys.ParseOrganization(it.Key())
		if err != nil {
			return nil, errors.Join(err, it.Close())
		}
		all = append(all, org)
		_, next := keys.InOrganization(org)
		more = it.SeekGE(next)
	}
	return all, it.Close()
}
