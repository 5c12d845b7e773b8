package orgs

import (
	"cmp"
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

// Whom an invitation may name; the parties of other handshakes.
const (
	AccountParty      = "ACCOUNT"
	EmailParty        = "EMAIL"
	OrganizationParty = "ORGANIZATION"
)

// What a handshake is for.
const (
	InviteAction  = "INVITE"
	EnableAction  = "ENABLE_ALL_FEATURES"  // of the management account
	ApproveAction = "APPROVE_ALL_FEATURES" // of a member account that was invited
)

// States of a handshake.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_Handshake.html
const (
	Requested = "REQUESTED" // of EnableAction: not all accounts have approved
	Open      = "OPEN"
	Accepted  = "ACCEPTED"
	Declined  = "DECLINED"
	Canceled  = "CANCELED"
	Expired   = "EXPIRED"
)

const (
	// invitationLife is how long an invitation is open, and shown how long it is listed when it is not
	// open any more.
	//
	// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
	invitationLife = 15 * 24 * time.Hour
	shown          = 30 * 24 * time.Hour
)

// Handshake is the invitation of an account into an organization, or a step towards all its features.
type Handshake struct {
	ID                 string
	ARN                string
	Action             string
	Parent             string // of ApproveAction
	Organization       ids.OrganizationID
	FeatureSet         string // of the organization
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
	if (h.State == Open || h.State == Requested) && !now.Before(instant(h.Expires)) {
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
	features, err := featuresOf(r, ids.OrganizationID(h.Organization))
	return Handshake{
		ID: h.Id, ARN: arnOf(h), Action: actionOf(h), Parent: h.Parent, Organization: ids.OrganizationID(h.Organization), FeatureSet: features,
		Management: ids.AccountID(h.ManagementAccount), ManagementEmail: management.Email, ManagementName: management.Name,
		Target: h.Target, TargetType: h.TargetType, Notes: h.Notes, State: stateOf(h, s.now()),
		Requested: instant(h.Requested), Expires: instant(h.Expires),
	}, err
}

func actionOf(h *records.Handshake) string { return cmp.Or(h.Action, InviteAction) }

func arnOf(h *records.Handshake) string {
	return arn.Handshake(ids.AccountID(h.ManagementAccount), ids.OrganizationID(h.Organization), actionOf(h), h.Id).String()
}

// featuresOf returns the feature set of an organization; AllFeatures for one that is gone.
func featuresOf(r meta.Reader, org ids.OrganizationID) (string, error) {
	record := new(records.Organization)
	err := records.Get(r, keys.Organization(org), record)
	if errors.Is(err, meta.ErrNotFound) {
		return AllFeatures, nil
	}
	return record.FeatureSet, err
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
		if enabling, err := c.enabling(); err != nil || enabling != nil {
			return cmp.Or(err, error(errInviteDisabled))
		}
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

// cancelAll cancels every invitation that is open, and the enabling of all features.
func (c change) cancelAll() error {
	open, err := c.openInvitations()
	if err != nil {
		return err
	}
	enabling, err := c.enabling()
	if err != nil {
		return err
	}
	if enabling != nil {
		if err := c.endEnabling(enabling, Canceled); err != nil {
			return err
		}
	}
	for _, h := range open {
		if err := finish(c.tx, h, Canceled, c.now); err != nil {
			return err
		}
	}
	return nil
}

// Accept agrees to a handshake that account may accept. By an invitation it joins the organization, below its
// root; it gets no role that the management account could assume. An approval is noted, and once all have
// approved the management account enables all features by accepting that.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_AcceptHandshake.html
func (s *Service) Accept(ctx context.Context, account ids.AccountID, id string) (Handshake, error) {
	return s.finishHandshake(ctx, account, id, Accepted, func(c change, h *records.Handshake) error {
		switch actionOf(h) {
		case EnableAction:
			return c.enableAll(h)
		case ApproveAction:
			return c.approved(account)
		}
		if err := absent(c, keys.Membership(account), errAlreadyMember); err != nil {
			return err
		}
		if err := c.partiesOpen(account); err != nil {
			return err
		}
		if err := c.join(account, Invited, h.Tags, c.now.UnixNano()); err != nil {
			return err
		}
		return s.askApproval(c, account)
	})
}

// partiesOpen refuses an account that is to join, or the management account, that was closed meanwhile: a closed account
// could be deleted before this.
func (v view) partiesOpen(account ids.AccountID) error {
	for _, party := range []ids.AccountID{account, v.management()} {
		record, err := v.accountRecord(party)
		if err != nil {
			return err
		}
		if record.Closed != 0 {
			return errTransition
		}
	}
	return nil
}

// Decline refuses an invitation of account, or to approve all features. Those can then not be enabled unless the
// account leaves, or is asked again.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeclineHandshake.html
func (s *Service) Decline(ctx context.Context, account ids.AccountID, id string) (Handshake, error) {
	return s.finishHandshake(ctx, account, id, Declined, func(_ change, h *records.Handshake) error {
		if actionOf(h) == EnableAction {
			return errTransition // who sent it cancels it
		}
		return nil
	})
}

// Cancel takes an invitation, or the request to enable all features, back; account must be the management
// account that made it.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CancelHandshake.html
func (s *Service) Cancel(ctx context.Context, account ids.AccountID, id string) (Handshake, error) {
	return s.finishHandshake(ctx, account, id, Canceled, func(c change, h *records.Handshake) error {
		switch actionOf(h) {
		case EnableAction:
			return c.endEnabling(h, Canceled)
		case ApproveAction:
			return errTransition // they go with what they are a part of
		default:
			return nil
		}
	})
}

// finishHandshake brings an open handshake into its last state; effect is what else that does. Only the party that the state is for may do it.
func (s *Service) finishHandshake(ctx context.Context, account ids.AccountID, id, state string, effect func(change, *records.Handshake) error) (out Handshake, err error) {
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
		case current == Requested && state == Canceled:
		case current != Open:
			return errTransition
		}
		v, err := s.open(tx, ids.OrganizationID(h.Organization))
		if err != nil {
			return err
		}
		if err := effect(change{v, tx}, h); err != nil {
			return err
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

// HandshakeFilter says which handshakes are listed; its zero value all.
type HandshakeFilter struct{ Action, Parent string }

func (f HandshakeFilter) lists(h *records.Handshake) bool {
	return (f.Action == "" || f.Action == actionOf(h)) && (f.Parent == "" || f.Parent == h.Parent)
}

// HandshakesForAccount returns the handshakes that account has got.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListHandshakesForAccount.html
func (s *Service) HandshakesForAccount(ctx context.Context, account ids.AccountID, f HandshakeFilter, p Page) (out List[Handshake], err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		from, to := keys.HandshakesOfAccount(account)
		out, err = s.pageOfHandshakes(r, from, to, f, p)
		return err
	})
	return out, err
}

// HandshakesForOrganization returns the handshakes that the organization of account has begun.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListHandshakesForOrganization.html
func (s *Service) HandshakesForOrganization(ctx context.Context, account ids.AccountID, f HandshakeFilter, p Page) (out List[Handshake], err error) {
	err = s.inspect(ctx, account, func(v view) error {
		from, to := keys.HandshakesOfOrganization(v.id)
		out, err = s.pageOfHandshakes(v, from, to, f, p)
		return err
	})
	return out, err
}

// pageOfHandshakes returns a page of the handshakes that a range names.
func (s *Service) pageOfHandshakes(r meta.Reader, from, to []byte, f HandshakeFilter, p Page) (List[Handshake], error) {
	read := func(e entry) (*records.Handshake, error) {
		h := new(records.Handshake)
		if err := records.Get(r, keys.Handshake(e.last), h); err != nil {
			return nil, fmt.Errorf("read handshake %s: %w", e.last, err)
		}
		return h, nil
	}
	page, err := scanSome(r, from, to, p, func(e entry) (bool, error) {
		h, err := read(e)
		return err == nil && listedAt(h, s.now()) && f.lists(h), err
	})
	return listOf(page, err, func(e entry) (Handshake, error) {
		h, err := read(e)
		if err != nil {
			return Handshake{}, err
		}
		return s.handshakeOf(r, h)
	})
}
