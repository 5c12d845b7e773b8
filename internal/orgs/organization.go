package orgs

import (
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/records"
)

// Feature sets of an organization.
const (
	AllFeatures         = "ALL"
	ConsolidatedBilling = "CONSOLIDATED_BILLING"
)

// How an account came into its organization.
const (
	Invited = "INVITED"
	Created = "CREATED"
)

// Organization is an organization as its members see it.
type Organization struct {
	ID              ids.OrganizationID
	ARN             string
	FeatureSet      string
	Management      ids.AccountID
	ManagementARN   string
	ManagementEmail string
}

// Root is the root of an organization.
type Root struct {
	ID   string
	ARN  string
	Name string
	// PolicyTypes are those that are enabled.
	PolicyTypes []string
}

func (v view) organization() (Organization, error) {
	account, err := v.accountRecord(v.management())
	if err != nil {
		return Organization{}, err
	}
	return Organization{
		ID: v.id, ARN: arn.Organization(v.management(), v.id).String(), FeatureSet: v.record.FeatureSet,
		Management: v.management(), ManagementARN: v.arn(v.record.ManagementAccount), ManagementEmail: account.Email,
	}, nil
}

func (v view) accountRecord(id ids.AccountID) (*records.Account, error) {
	record := new(records.Account)
	if err := records.Get(v, keys.Account(id), record); err != nil {
		return nil, fmt.Errorf("read account %s: %w", id, err)
	}
	return record, nil
}

func (v view) rootOf(n *node) Root {
	return Root{ID: n.unit.Id, ARN: v.arn(n.unit.Id), Name: n.unit.Name, PolicyTypes: n.unit.PolicyTypes}
}

// CreateOrganization makes an organization whose management account is account. With all features, service
// control policies are enabled, so that the root and the account have AWS's policy that allows everything;
// with consolidated billing alone it has no policies.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganization.html
func (s *Service) CreateOrganization(ctx context.Context, account ids.AccountID, features string) (out Organization, err error) {
	id, err := ids.NewOrganizationID(s.rand)
	if err != nil {
		return out, err
	}
	root, err := ids.NewOrganizationRoot(s.rand)
	if err != nil {
		return out, err
	}
	err = s.write(ctx, func(tx meta.Tx) error {
		if err := absent(tx, keys.Membership(account), errAlreadyIn); err != nil {
			return err
		}
		// Of an account that was closed meanwhile, this would stay behind if it is deleted.
		if record, err := (view{Reader: tx}).accountRecord(account); err != nil {
			return err
		} else if record.Closed != 0 {
			return errConcurrent
		}
		// An organization of that ID would be taken over: it must not be.
		if err := absent(tx, keys.Organization(id), errConcurrent); err != nil {
			return err
		}
		now := s.timestamp()
		record := &records.Organization{Id: string(id), ManagementAccount: string(account), Root: root, FeatureSet: features, Created: now}
		if err := records.Put(tx, keys.Organization(id), record); err != nil {
			return err
		}
		c := change{view{Reader: tx, id: id, record: record, now: instant(now)}, tx}
		n := &node{unit: &records.OrganizationNode{Id: root, Name: "Root", Created: now}}
		if features == AllFeatures {
			n.unit.PolicyTypes = []string{managed.SCP}
		}
		if err := c.put(n); err != nil {
			return err
		}
		if err := c.admit(n); err != nil {
			return err
		}
		if err := c.join(account, Invited, nil, now); err != nil {
			return err
		}
		out, err = c.organization()
		return err
	})
	return out, err
}

// absent returns nil if key has no value, and taken if it has one.
func absent(r meta.Reader, key []byte, taken error) error {
	_, err := r.Get(key)
	switch {
	case errors.Is(err, meta.ErrNotFound):
		return nil
	case err != nil:
		return err
	default:
		return taken
	}
}

// join makes account a member of the organization, below the root.
func (c change) join(account ids.AccountID, method string, tags []*records.Tag, now int64) error {
	if err := errors.Join(
		c.tx.Put(keys.OrganizationAccount(c.id, account), nil),
		c.tx.Put(keys.ChildAccount(c.id, c.record.Root, account), nil),
		c.count(func(n *records.OrganizationCounts) { n.Accounts++ }),
	); err != nil {
		return err
	}
	return c.admit(&node{member: &records.Membership{
		Account: string(account), Organization: string(c.id), Parent: c.record.Root, JoinedMethod: method, Joined: now, Tags: tags,
	}})
}

// leave undoes join, with everything that is attached to the account, and with what it administers.
func (c change) leave(n *node) error {
	account := ids.AccountID(n.member.Account)
	if err := c.undelegate(account); err != nil {
		return err
	}
	if err := c.withdraw(account); err != nil {
		return err
	}
	return errors.Join(
		c.release(n),
		c.tx.Delete(keys.OrganizationAccount(c.id, account)),
		c.tx.Delete(keys.ChildAccount(c.id, n.member.Parent, account)),
		c.count(func(n *records.OrganizationCounts) { n.Accounts-- }),
		c.tx.Delete(keys.Membership(account)),
	)
}

// Organization returns the organization that account is in, as every member may see it.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html
func (s *Service) Organization(ctx context.Context, account ids.AccountID) (out Organization, err error) {
	err = s.read(ctx, account, func(v view) error {
		out, err = v.organization()
		return err
	})
	return out, err
}

// DeleteOrganization deletes an organization with no account but the management account. Its units and
// policies go with it; invitations that are open are canceled.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteOrganization.html
func (s *Service) DeleteOrganization(ctx context.Context, account ids.AccountID) error {
	return s.manage(ctx, account, func(c change) error {
		counted, err := c.counts()
		if err != nil {
			return err
		}
		unfinished, err := c.list(keys.UnfinishedRequestsOf(c.id))
		if err != nil {
			return err
		}
		if counted.Accounts > 1 || len(unfinished) > 0 {
			return errNotEmpty
		}
		if err := c.cancelAll(); err != nil {
			return err
		}
		n, err := c.node(string(account))
		if err != nil {
			return err
		}
		if err := c.leave(n); err != nil {
			return err
		}
		return c.removeAll(keys.InOrganization(c.id))
	})
}

// removeAll deletes every key of a range.
func (c change) removeAll(from, to []byte) error {
	found, err := c.list(from, to)
	if err != nil {
		return err
	}
	for _, rest := range found {
		if err := c.tx.Delete(append(from[:len(from):len(from)], rest...)); err != nil {
			return err
		}
	}
	return nil
}

// Roots returns the root of the organization, in a list as the API has it.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListRoots.html
func (s *Service) Roots(ctx context.Context, account ids.AccountID, p Page) (out List[Root], err error) {
	err = s.inspect(ctx, account, func(v view) error {
		out, err = pageOf([]string{v.record.Root}, p, func(string) (Root, bool, error) {
			n, err := v.root()
			if err != nil {
				return Root{}, false, err
			}
			return v.rootOf(n), true, nil
		})
		return err
	})
	return out, err
}
