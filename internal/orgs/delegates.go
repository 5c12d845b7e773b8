package orgs

import (
	"context"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/records"
)

// Delegate is a member account that administers services of AWS for its organization.
type Delegate struct {
	Account
	// Since is when it became that, of the first of the services that are asked for.
	Since time.Time
}

// administers returns where account is, or would be, among the administrators of a service.
func administers(service *records.TrustedService, account ids.AccountID) (i int, found bool) {
	return slices.BinarySearchFunc(service.GetAdministrators(), string(account), func(d *records.DelegatedAdministrator, id string) int {
		return strings.Compare(d.Account, id)
	})
}

// delegate reports whether account administers a service of AWS, whichever.
func (v view) delegate(account ids.AccountID) bool {
	return slices.ContainsFunc(v.record.Services, func(s *records.TrustedService) bool {
		_, found := administers(s, account)
		return found
	})
}

// delegable refuses a service that has no delegated administrators.
func delegable(principal string) (managed.TrustedService, error) {
	service, ok := managed.Service(principal)
	if !ok || service.Delegates == 0 {
		return service, errUnknownService
	}
	return service, nil
}

// RegisterDelegate makes a member account administer a service that the organization trusts. It may then
// read what the management account may read.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_RegisterDelegatedAdministrator.html
func (s *Service) RegisterDelegate(ctx context.Context, account, member ids.AccountID, principal string) error {
	service, err := delegable(principal)
	if err != nil {
		return err
	}
	return s.manage(ctx, account, func(c change) error {
		if err := c.mayDelegate(member); err != nil {
			return err
		}
		trusted := c.trusted(principal)
		if trusted == nil {
			return errServiceDisabled
		}
		i, found := administers(trusted, member)
		switch full := len(trusted.Administrators) >= service.Delegates; {
		case found:
			return errRegistered
		case full && service.Delegates == 1:
			return errDelegateExists
		case full:
			return errTooManyDelegates
		}
		trusted.Administrators = slices.Insert(trusted.Administrators, i, &records.DelegatedAdministrator{Account: string(member), Enabled: c.now.UnixNano()})
		return c.putOrganization()
	})
}

// mayDelegate refuses an account that cannot administer anything: one that is not there, the management
// account, and one that is closed.
func (v view) mayDelegate(member ids.AccountID) error {
	n, err := v.find(string(member), errNoAccount, AccountKind)
	if err != nil {
		return err
	}
	if member == v.management() {
		return errManagementDelegate
	}
	found, err := v.account(n)
	if err == nil && found.Closed {
		err = errClosedDelegate
	}
	return err
}

// DeregisterDelegate undoes RegisterDelegate.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeregisterDelegatedAdministrator.html
func (s *Service) DeregisterDelegate(ctx context.Context, account, member ids.AccountID, principal string) error {
	if _, err := delegable(principal); err != nil {
		return err
	}
	return s.manage(ctx, account, func(c change) error {
		if _, err := c.find(string(member), errNoAccount, AccountKind); err != nil {
			return err
		}
		trusted := c.trusted(principal)
		i, found := administers(trusted, member)
		if !found {
			return errNotRegistered
		}
		trusted.Administrators = slices.Delete(trusted.Administrators, i, i+1)
		return c.putOrganization()
	})
}

// undelegate takes from an account all services that it administers.
func (c change) undelegate(account ids.AccountID) error {
	if !c.delegate(account) {
		return nil
	}
	for _, service := range c.record.Services {
		if i, found := administers(service, account); found {
			service.Administrators = slices.Delete(service.Administrators, i, i+1)
		}
	}
	return c.putOrganization()
}

// Delegates returns the accounts that administer a service, or any if principal is empty.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListDelegatedAdministrators.html
func (s *Service) Delegates(ctx context.Context, account ids.AccountID, principal string, p Page) (out List[Delegate], err error) {
	if principal != "" {
		if _, err := delegable(principal); err != nil {
			return out, err
		}
	}
	err = s.inspect(ctx, account, func(v view) error {
		since := map[string]int64{}
		for _, service := range v.record.Services {
			if principal != "" && service.Principal != principal {
				continue
			}
			for _, d := range service.Administrators {
				if first := since[d.Account]; first == 0 || d.Enabled < first {
					since[d.Account] = d.Enabled
				}
			}
		}
		var accounts []string
		for id := range since {
			accounts = append(accounts, id)
		}
		out, err = pageOf(accounts, p, func(id string) (Delegate, bool, error) {
			n, err := v.node(id)
			if err != nil {
				return Delegate{}, false, err
			}
			found, err := v.account(n)
			return Delegate{found, instant(since[id])}, true, err
		})
		return err
	})
	return out, err
}

// DelegatedServices returns the services that a member account administers, with the time since when.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListDelegatedServicesForAccount.html
func (s *Service) DelegatedServices(ctx context.Context, account, member ids.AccountID, p Page) (out List[TrustedService], err error) {
	err = s.inspect(ctx, account, func(v view) error {
		if _, err := v.find(string(member), errNoAccount, AccountKind); err != nil {
			return err
		}
		since := map[string]int64{}
		var principals []string
		for _, service := range v.record.Services {
			if i, found := administers(service, member); found {
				since[service.Principal] = service.Administrators[i].Enabled
				principals = append(principals, service.Principal)
			}
		}
		if len(principals) == 0 {
			return errNotRegistered
		}
		out, err = pageOf(principals, p, func(principal string) (TrustedService, bool, error) {
			return TrustedService{principal, instant(since[principal])}, true, nil
		})
		return err
	})
	return out, err
}
