package orgs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// waitPeriod is how long an account that was made in an organization has to stay in it. AWS's user guide
// and API reference give different numbers of days; this is the API reference's.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_LeaveOrganization.html
const waitPeriod = 4 * 24 * time.Hour

// Account is an account as a member of an organization.
type Account struct {
	ID           ids.AccountID
	ARN          string
	Email        string
	Name         string
	Closed       bool
	ClosedAt     time.Time
	Path         string // ends with the account's ID and a slash
	JoinedMethod string
	Joined       time.Time
}

func (v view) account(n *node) (Account, error) {
	record, err := v.accountRecord(ids.AccountID(n.member.Account))
	if err != nil {
		return Account{}, err
	}
	path, err := v.path(n)
	return v.accountOf(n.member, record, path), err
}

func (v view) accountOf(m *records.Membership, record *records.Account, path string) Account {
	return Account{
		ID: ids.AccountID(m.Account), ARN: v.arn(m.Account), Email: record.Email, Name: record.Name,
		Closed: record.Closed != 0, ClosedAt: instant(record.Closed), Path: path, JoinedMethod: m.JoinedMethod, Joined: instant(m.Joined),
	}
}

// accounts returns the accounts with these IDs, which are in the organization. The records are read
// together, and the path to each parent once.
func (v view) accounts(all []ids.AccountID) ([]Account, error) {
	var wanted [][]byte
	for _, id := range all {
		wanted = append(wanted, keys.Membership(id), keys.Account(id))
	}
	values, err := v.GetMany(wanted)
	if err != nil {
		return nil, err
	}
	paths := map[string]string{}
	var out []Account
	for i, id := range all {
		m, record := new(records.Membership), new(records.Account)
		if err := errors.Join(records.Unmarshal(values[2*i], m), records.Unmarshal(values[2*i+1], record)); err != nil {
			return nil, fmt.Errorf("read account %s: %w", id, err)
		}
		path, ok := paths[m.Parent]
		if !ok {
			up, err := v.node(m.Parent)
			if err == nil {
				path, err = v.path(up)
			}
			if err != nil {
				return nil, err
			}
			paths[m.Parent] = path
		}
		out = append(out, v.accountOf(m, record, path+m.Account+"/"))
	}
	return out, nil
}

// Account returns an account of the organization.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeAccount.html
func (s *Service) Account(ctx context.Context, account, id ids.AccountID) (out Account, err error) {
	err = s.inspect(ctx, account, func(v view) error {
		n, err := v.find(string(id), errNoAccount, AccountKind)
		if err != nil {
			return err
		}
		out, err = v.account(n)
		return err
	})
	return out, err
}

// Accounts returns the accounts of the organization; those right below parent unless it is empty.
//
// Sources: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html and
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html
func (s *Service) Accounts(ctx context.Context, account ids.AccountID, parent string, p Page) (out List[Account], err error) {
	err = s.inspect(ctx, account, func(v view) error {
		from, to := keys.OrganizationAccounts(v.id)
		if parent != "" {
			if _, err := v.find(parent, errNoParent, RootKind, UnitKind); err != nil {
				return err
			}
			from, to = keys.ChildAccounts(v.id, parent)
		}
		page, err := scan(v, from, to, p)
		if err != nil {
			return err
		}
		var all []ids.AccountID
		for _, e := range page.Items {
			all = append(all, ids.AccountID(e.last))
		}
		out.Token = page.Token
		out.Items, err = v.accounts(all)
		return err
	})
	return out, err
}

// MoveAccount moves an account from one root or unit to another.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_MoveAccount.html
func (s *Service) MoveAccount(ctx context.Context, account, id ids.AccountID, from, to string) error {
	return s.manage(ctx, account, func(c change) error {
		n, err := c.find(string(id), errNoAccount, AccountKind)
		if err != nil {
			return err
		}
		if _, err := c.find(from, errNoSource, RootKind, UnitKind); err != nil {
			return err
		}
		if _, err := c.find(to, errNoDestination, RootKind, UnitKind); err != nil {
			return err
		}
		switch {
		case n.parent() != from:
			return errNoSource
		case from == to:
			return errAccountThere
		}
		n.member.Parent = to
		return errors.Join(
			c.tx.Delete(keys.ChildAccount(c.id, from, id)),
			c.tx.Put(keys.ChildAccount(c.id, to, id), nil),
			c.put(n),
		)
	})
}

// RemoveAccount takes an account out of the organization, whatever is attached to it and its tags with
// it. An account that was made in the organization has to be four days old, and one that was closed has to
// have been for 90 days.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_RemoveAccountFromOrganization.html
func (s *Service) RemoveAccount(ctx context.Context, account, id ids.AccountID) error {
	return s.manage(ctx, account, func(c change) error { return c.part(id) })
}

// Leave takes account out of its organization, as RemoveAccount does.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_LeaveOrganization.html
func (s *Service) Leave(ctx context.Context, account ids.AccountID) error {
	return s.write(ctx, func(tx meta.Tx) error {
		v, err := s.enter(tx, account)
		if err != nil {
			return err
		}
		return change{v, tx}.part(account)
	})
}

// part lets an account go.
func (c change) part(id ids.AccountID) error {
	n, err := c.find(string(id), errNoAccount, AccountKind)
	if err != nil {
		return err
	}
	found, err := c.account(n)
	switch {
	case err != nil:
		return err
	case id == c.management():
		return errManagementStay
	case found.stays(c.now):
		return errClosedStays
	case c.delegate(id):
		return errDelegateStays
	case n.member.JoinedMethod == Created && c.now.Before(instant(n.member.Joined).Add(waitPeriod)):
		return errTooYoung
	}
	return c.leave(n)
}
