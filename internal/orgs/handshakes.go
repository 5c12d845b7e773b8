package orgs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// Whom an invitation may name.
const (
	AccountParty = "ACCOUNT"
	EmailParty   = "EMAIL"
)

// States of a handshake.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_Handshake.html
const (
	Open     = "OPEN"
	Accepted = "ACCEPTED"
	Declined = "DECLINED"
	Canceled = "CANCELED"
	Expired  = "EXPIRED"
)

const (
	// invitationLife is how long an invitation is open, and shown how long it is listed when it is not
	// open any more.
	//
	// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
	invitationLife = 15 * 24 * time.Hour
	shown          = 30 * 24 * time.Hour
)

// Handshake is the invitation of an account into an organization.
type Handshake struct {
	ID                 string
	ARN                string
	Organization       ids.OrganizationID
	Management         ids.AccountID
	ManagementEmail    string
	ManagementName     string
	Target, TargetType string
	Notes              string
	State              string
	Requested, Expires time.Time
}

// Invitation is what Invite makes a handshake of.
type Invitation struct {
	Target, TargetType string // TargetType is AccountParty or EmailParty
	Notes              string
	// Tags are put on the account once it has joined.
	Tags []Tag
}

// stateOf returns the state that a handshake is in by now.
func stateOf(h *records.Handshake, now time.Time) string {
	if h.State == Open && !now.Before(instant(h.Expires)) {
		return Expired
	}
	return h.State
}

// listedAt reports whether a handshake is still to be listed.
func listedAt(h *records.Handshake, now time.Time) bool {
	end := h.Finished
	if end == 0 {
		end = h.Expires
	}
	return now.Before(instant(end).Add(shown))
}

func (s *Service) handshakeOf(r meta.Reader, h *records.Handshake) (Handshake, error) {
	management, err := view{Reader: r}.accountRecord(ids.AccountID(h.ManagementAccount))
	if err != nil {
		return Handshake{}, err
	}
	org := ids.OrganizationID(h.Organization)
	return Handshake{
		ID: h.Id, ARN: arn.Invitation(ids.AccountID(h.ManagementAccount), org, h.Id).String(), Organization: org,
		Management: ids.AccountID(h.ManagementAccount), ManagementEmail: management.Email, ManagementName: management.Name,
		Target: h.Target, TargetType: h.TargetType, Notes: h.Notes, State: stateOf(h, s.now()),
		Requested: instant(h.Requested), Expires: instant(h.Expires),
	}, nil
}

// handshake returns a handshake that account is a party of, or errNoHandshake.
func handshake(r meta.Reader, account ids.AccountID, id string) (*records.Handshake, error) {
	h := new(records.Handshake)
	err := records.Get(r, keys.Handshake(id), h)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, errNoHandshake
	}
	if err != nil {
		return nil, fmt.Errorf("read handshake %s: %w", id, err)
	}
	if h.Account != string(account) && h.ManagementAccount != string(account) {
		return nil, errNoHandshake
	}
	return h, nil
}

// Invite invites an account into the organization. It is open for 15 days.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_InviteAccountToOrganization.html
func (s *Service) Invite(ctx context.Context, account ids.AccountID, in Invitation) (out Handshake, err error) {
	if err := s.checkTags(in.Tags); err != nil {
		return out, err
	}
	id, err := ids.NewHandshake(s.rand)
	if err != nil {
		return out, err
	}
	err = s.manage(ctx, account, func(c change) error {
		invited, err := c.invited(in)
		if err != nil {
			return err
		}
		if err := s.roomForAccount(c.view); err != nil {
			return err
		}
		h := &records.Handshake{
			Id: id, Organization: string(c.id), ManagementAccount: string(account), Account: string(invited),
			Target: in.Target, TargetType: in.TargetType, Notes: in.Notes, Tags: recordTags(in.Tags), State: Open,
			Requested: c.now.UnixNano(), Expires: c.now.Add(invitationLife).UnixNano(),
		}
		for _, key := range [][]byte{keys.HandshakeOfOrganization(c.id, id), keys.HandshakeOfAccount(invited, id), keys.OpenInvitation(c.id, id)} {
			if err := c.tx.Put(key, nil); err != nil {
				return err
			}
		}
		if err := records.Put(c.tx, keys.Handshake(id), h); err != nil {
			return err
		}
		out, err = s.handshakeOf(c, h)
		return err
	})
	return out, err
}

// invited returns the account that an invitation is meant for: one that exists, is open, and is in no
// organization, and that is not invited already.
func (v view) invited(in Invitation) (ids.AccountID, error) {
	account, missing := ids.AccountID(in.Target), errParty
	if in.TargetType == EmailParty {
		missing = errPartyEmail
		id, err := v.Get(keys.Email(in.Target))
		if errors.Is(err, meta.ErrNotFound) {
			return "", missing
		}
		if err != nil {
			return "", fmt.Errorf("look up e-mail address: %w", err)
		}
		account = ids.AccountID(id)
	}
	record, err := v.accountRecord(account)
	if errors.Is(err, meta.ErrNotFound) || err == nil && record.Closed != 0 {
		return "", missing
	}
	if err != nil {
		return "", err
	}
	if err := absent(v, keys.Membership(account), errAlreadyMember); err != nil {
		return "", err
	}
	open, err := v.openInvitations()
	if err != nil {
		return "", err
	}
	for _, h := range open {
		if h.Account == string(account) {
			return "", errInvited
		}
	}
	return account, nil
}

// roomForAccount refuses one more account. Invitations that are open and accounts that are being made
// count.
func (s *Service) roomForAccount(v view) error {
	counted, err := v.counts()
	if err != nil {
		return err
	}
	open, err := v.openInvitations()
	if err != nil {
		return err
	}
	unfinished, err := v.list(keys.UnfinishedRequestsOf(v.id))
	if err != nil {
		return err
	}
	quota, err := quotas.Value(v, v.management(), quotas.Accounts, s.quotas.Accounts)
	if err != nil {
		return err
	}
	if int(counted.Accounts)+len(open)+len(unfinished) >= quota {
		return errTooManyAccounts
	}
	return nil
}

// cancelAll cancels every invitation that is open.
func (c change) cancelAll() error {
	open, err := c.openInvitations()
	if err != nil {
		return err
	}
	for _, h := range open {
		if err := finish(c.tx, h, Canceled, c.now); err != nil {
			return err
		}
	}
	return nil
}

// Accept brings account, which must be the invited one, into the organization, below its root. It gets
// no role that the management account could assume.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_AcceptHandshake.html
func (s *Service) Accept(ctx context.Context, account ids.AccountID, id string) (Handshake, error) {
	return s.finishHandshake(ctx, account, id, Accepted, func(tx meta.Tx, h *records.Handshake) error {
		if err := absent(tx, keys.Membership(account), errAlreadyMember); err != nil {
			return err
		}
		v, err := s.open(tx, ids.OrganizationID(h.Organization))
		if err != nil {
			return err
		}
		return change{v, tx}.join(account, Invited, h.Tags, v.now.UnixNano())
	})
}

// Decline refuses an invitation of account.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeclineHandshake.html
func (s *Service) Decline(ctx context.Context, account ids.AccountID, id string) (Handshake, error) {
	return s.finishHandshake(ctx, account, id, Declined, nil)
}

// Cancel takes an invitation back; account must be the management account that made it.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CancelHandshake.html
func (s *Service) Cancel(ctx context.Context, account ids.AccountID, id string) (Handshake, error) {
	return s.finishHandshake(ctx, account, id, Canceled, nil)
}

// finishHandshake brings an open handshake into its last state; effect, which may be nil, is what else
// that does. Only the party that the state is for may do it.
func (s *Service) finishHandshake(ctx context.Context, account ids.AccountID, id, state string, effect func(meta.Tx, *records.Handshake) error) (out Handshake, err error) {
	err = s.write(ctx, func(tx meta.Tx) error {
		h, err := handshake(tx, account, id)
		if err != nil {
			return err
		}
		party := h.Account
		if state == Canceled {
			party = h.ManagementAccount
		}
		switch current := stateOf(h, s.now()); {
		case party != string(account):
			return errNotManagement
		case current == state:
			return errInState
		case current != Open:
			return errTransition
		}
		if effect != nil {
			if err := effect(tx, h); err != nil {
				return err
			}
		}
		if err := finish(tx, h, state, s.now()); err != nil {
			return err
		}
		out, err = s.handshakeOf(tx, h)
		return err
	})
	return out, err
}

// finish stores the last state of a handshake.
func finish(tx meta.Tx, h *records.Handshake, state string, now time.Time) error {
	h.State, h.Finished = state, now.UnixNano()
	return errors.Join(
		tx.Delete(keys.OpenInvitation(ids.OrganizationID(h.Organization), h.Id)),
		records.Put(tx, keys.Handshake(h.Id), h),
	)
}

// Handshake returns a handshake that account is a party of.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeHandshake.html
func (s *Service) Handshake(ctx context.Context, account ids.AccountID, id string) (out Handshake, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		h, err := handshake(r, account, id)
		if err != nil {
			return err
		}
		out, err = s.handshakeOf(r, h)
		return err
	})
	return out, err
}

// HandshakesForAccount returns the invitations that account has got.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListHandshakesForAccount.html
func (s *Service) HandshakesForAccount(ctx context.Context, account ids.AccountID, p Page) (out List[Handshake], err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		from, to := keys.HandshakesOfAccount(account)
		out, err = s.pageOfHandshakes(r, from, to, p)
		return err
	})
	return out, err
}

// HandshakesForOrganization returns the invitations that the organization of account has made.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListHandshakesForOrganization.html
func (s *Service) HandshakesForOrganization(ctx context.Context, account ids.AccountID, p Page) (out List[Handshake], err error) {
	err = s.inspect(ctx, account, func(v view) error {
		from, to := keys.HandshakesOfOrganization(v.id)
		out, err = s.pageOfHandshakes(v, from, to, p)
		return err
	})
	return out, err
}

// pageOfHandshakes returns a page of the handshakes that a range names.
func (s *Service) pageOfHandshakes(r meta.Reader, from, to []byte, p Page) (List[Handshake], error) {
	read := func(e entry) (*records.Handshake, error) {
		h := new(records.Handshake)
		if err := records.Get(r, keys.Handshake(e.last), h); err != nil {
			return nil, fmt.Errorf("read handshake %s: %w", e.last, err)
		}
		return h, nil
	}
	page, err := scanSome(r, from, to, p, func(e entry) (bool, error) {
		h, err := read(e)
		return err == nil && listedAt(h, s.now()), err
	})
	return listOf(page, err, func(e entry) (Handshake, error) {
		h, err := read(e)
		if err != nil {
			return Handshake{}, err
		}
		return s.handshakeOf(r, h)
	})
}
