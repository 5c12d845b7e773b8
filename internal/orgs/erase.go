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

// eraseBatch is how many handshakes one transaction of EraseAccount removes.
const eraseBatch = 256

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
		v, err := s.enter(tx, account)
		member := err == nil
		if err == errNotInUse {
			err = nil
		}
		if member && v.management() == account {
			err = v.alone()
		}
		if err != nil {
			return err
		}
		if removed, err = removeHandshakes(tx, account); err != nil || removed > 0 {
			return err // the rest has transactions of its own
		}
		if removed, err = removeRequests(tx, account); err != nil || !member {
			return err
		}
		removed++
		return change{v, tx}.removeMember(account)
	})
	return removed, err
}

// alone refuses an organization that has other accounts than its management account.
func (v view) alone() error {
	counted, err := v.counts()
	if err == nil && counted.Accounts > 1 {
		err = errNotEmpty
	}
	return err
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
	unfinished, err := c.list(keys.UnfinishedRequestsOf(c.id))
	if err != nil {
		return err
	}
	for _, id := range unfinished {
		if err := c.tx.Delete(keys.UnfinishedRequest(c.id, id)); err != nil {
			return err
		}
	}
	if err := c.leave(n); err != nil {
		return err
	}
	return c.removeAll(keys.InOrganization(c.id))
}

// removeHandshakes removes up to eraseBatch handshakes of which an account is a party. All of them are looked at: one
// that is the child of another lies under neither of its parties.
func removeHandshakes(tx meta.Tx, account ids.AccountID) (removed int, err error) {
	var doomed []*records.Handshake
	it := tx.Scan(keys.Handshakes())
	for len(doomed) < eraseBatch && it.Next() {
		h := new(records.Handshake)
		if err := records.Unmarshal(it.Value(), h); err != nil {
			return 0, errors.Join(err, it.Close())
		}
		if h.Account == string(account) || h.ManagementAccount == string(account) {
			doomed = append(doomed, h)
		}
	}
	if err := it.Close(); err != nil {
		return 0, err
	}
	for _, h := range doomed {
		if err := removeHandshake(tx, h); err != nil {
			return 0, err
		}
	}
	return len(doomed), nil
}

// removeHandshake removes a handshake, and what lists it.
func removeHandshake(tx meta.Tx, h *records.Handshake) error {
	org := ids.OrganizationID(h.Organization)
	return errors.Join(
		tx.Delete(keys.Handshake(h.Id)),
		tx.Delete(keys.OpenInvitation(org, h.Id)),
		tx.Delete(keys.HandshakeOfOrganization(org, h.Id)),
		tx.Delete(keys.HandshakeOfAccount(ids.AccountID(h.Account), h.Id)),
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
