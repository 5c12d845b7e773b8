package orgs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// An organization that was made for consolidated billing alone has no policies, trusts no services and delegates
// nothing. All features are enabled in three steps: the management account asks (EnableAllFeatures), every
// account that was invited approves (Accept), and the management account concludes it (Accept). Accounts that
// were made in the organization are not asked.
//
// AWS's reference of AcceptHandshake gives the two kinds of handshake the opposite names; those here are of the
// reference of EnableAllFeatures and of the user guide.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/manage-begin-all-features-standard-migration.html

// enablingLife is how long all features can be approved and enabled.
const enablingLife = 90 * 24 * time.Hour

// enabling returns the handshake that is to enable all features, or nil if there is none that is under way.
func (v view) enabling() (*records.Handshake, error) {
	if v.record.Enabling == "" {
		return nil, nil
	}
	h := new(records.Handshake)
	err := records.Get(v, keys.Handshake(v.record.Enabling), h)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, nil // the management account is being erased
	}
	if err != nil {
		return nil, fmt.Errorf("read handshake %s: %w", v.record.Enabling, err)
	}
	if state := stateOf(h, v.now); state != Requested && state != Open {
		return nil, nil
	}
	return h, nil
}

// EnableAllFeatures asks all accounts that were invited to approve that all features are enabled.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnableAllFeatures.html
func (s *Service) EnableAllFeatures(ctx context.Context, account ids.AccountID) (out Handshake, err error) {
	err = s.manage(ctx, account, func(c change) error {
		if c.record.FeatureSet == AllFeatures {
			return errHasAllFeatures
		}
		if enabling, err := c.enabling(); err != nil || enabling != nil {
			return cmp.Or(err, error(errEnabling))
		}
		h, err := s.newHandshake(c, account, EnableAction)
		if err != nil {
			return err
		}
		h.Target, h.TargetType = string(c.id), OrganizationParty
		if err := s.askAll(c, h); err != nil {
			return err
		}
		c.record.Enabling = h.Id
		if err := errors.Join(c.putOrganization(), c.putHandshake(h)); err != nil {
			return err
		}
		out, err = s.handshakeOf(c, h)
		return err
	})
	return out, err
}

func (s *Service) newHandshake(c change, account ids.AccountID, action string) (*records.Handshake, error) {
	id, err := ids.NewHandshake(s.rand)
	return &records.Handshake{
		Id: id, Organization: string(c.id), ManagementAccount: c.record.ManagementAccount, Account: string(account),
		Action: action, State: Open, Requested: c.now.UnixNano(), Expires: c.now.Add(enablingLife).UnixNano(),
	}, err
}

// putHandshake stores a new handshake that is not an invitation.
func (c change) putHandshake(h *records.Handshake) error {
	return errors.Join(c.tx.Put(keys.HandshakeOfOrganization(c.id, h.Id), nil), records.Put(c.tx, keys.Handshake(h.Id), h))
}

// askAll asks every account that was invited for its approval of h, which the caller stores.
func (s *Service) askAll(c change, h *records.Handshake) error {
	members, err := c.list(keys.OrganizationAccounts(c.id))
	if err != nil {
		return err
	}
	for _, id := range members {
		n, err := c.node(id)
		if err != nil {
			return err
		}
		if id == c.record.ManagementAccount || n.member.JoinedMethod != Invited {
			continue
		}
		if err := s.ask(c, ids.AccountID(id), h); err != nil {
			return err
		}
	}
	return nil
}

// ask asks an account for its approval of h, which the caller stores.
func (s *Service) ask(c change, account ids.AccountID, h *records.Handshake) error {
	child, err := s.newHandshake(c, account, ApproveAction)
	if err != nil {
		return err
	}
	child.Target, child.TargetType, child.Parent, child.Expires = string(account), AccountParty, h.Id, h.Expires
	i, _ := slices.BinarySearch(h.Waiting, string(account))
	h.Waiting, h.State = slices.Insert(h.Waiting, i, string(account)), Requested
	return errors.Join(c.tx.Put(keys.HandshakeOfAccount(account, child.Id), nil), c.putHandshake(child))
}

// askApproval asks an account that has just joined for its approval, if all features are being enabled.
func (s *Service) askApproval(c change, account ids.AccountID) error {
	h, err := c.enabling()
	if err != nil || h == nil {
		return err
	}
	if err := s.ask(c, account, h); err != nil {
		return err
	}
	return records.Put(c.tx, keys.Handshake(h.Id), h)
}

// approved notes that an account is not waited for any more: it has approved, or it leaves.
func (c change) approved(account ids.AccountID) error {
	h, err := c.enabling()
	if err != nil || h == nil {
		return err
	}
	i, found := slices.BinarySearch(h.Waiting, string(account))
	if !found {
		return nil
	}
	if h.Waiting = slices.Delete(h.Waiting, i, i+1); len(h.Waiting) == 0 {
		h.State = Open
	}
	return records.Put(c.tx, keys.Handshake(h.Id), h)
}

// request returns the open request for an account's approval of h; nil if there is none.
func (c change) request(account ids.AccountID, h *records.Handshake) (*records.Handshake, error) {
	got, err := c.list(keys.HandshakesOfAccount(account))
	if err != nil {
		return nil, err
	}
	for _, id := range got {
		child := new(records.Handshake)
		if err := records.Get(c, keys.Handshake(id), child); err != nil {
			return nil, fmt.Errorf("read handshake %s: %w", id, err)
		}
		if child.Parent == h.Id && child.State == Open {
			return child, nil
		}
	}
	return nil, nil
}

// cancelRequest cancels the open request for an account's approval of h, if there is one.
func (c change) cancelRequest(account ids.AccountID, h *records.Handshake) error {
	child, err := c.request(account, h)
	if err != nil || child == nil {
		return err
	}
	return finish(c.tx, child, Canceled, c.now)
}

// withdraw takes an account that leaves out of the enabling of all features.
func (c change) withdraw(account ids.AccountID) error {
	h, err := c.enabling()
	if err != nil || h == nil {
		return err
	}
	if err := c.cancelRequest(account, h); err != nil {
		return err
	}
	return c.approved(account)
}

// endEnabling ends the enabling of all features, with the requests that were not answered.
func (c change) endEnabling(h *records.Handshake, state string) error {
	for _, account := range h.Waiting {
		if err := c.cancelRequest(ids.AccountID(account), h); err != nil {
			return err
		}
	}
	c.record.Enabling = ""
	return errors.Join(c.putOrganization(), finish(c.tx, h, state, c.now))
}

// enableAll enables all features, after all have approved. No type of policy is enabled with them.
func (c change) enableAll(h *records.Handshake) error {
	c.record.FeatureSet = AllFeatures
	return c.endEnabling(h, Accepted)
}
