package orgs

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/ids"
)

const (
	iamService    = "iam.amazonaws.com"
	configService = "config.amazonaws.com"
	ramService    = "ram.amazonaws.com" // has no delegated administrators
)

// services returns the principals of a list.
func services(list List[TrustedService]) string {
	var all []string
	for _, s := range list.Items {
		all = append(all, s.Principal)
	}
	return strings.Join(all, " ")
}

// Trusts reports whether the organization that account is in trusts a service; none does for an account in no
// organization.
func (w *world) Trusts(ctx context.Context, account ids.AccountID, principal string) (trusted bool, err error) {
	err = w.read(ctx, account, func(v view) error {
		trusted = v.trusted(principal) != nil
		return nil
	})
	return trusted, inNone(err)
}

// Administers reports whether account is a delegated administrator of a service in its organization.
func (w *world) Administers(ctx context.Context, account ids.AccountID, principal string) (administrator bool, err error) {
	err = w.read(ctx, account, func(v view) error {
		_, administrator = administers(v.trusted(principal), account)
		return nil
	})
	return administrator, inNone(err)
}

// TestTrustedServices trusts services, and ceases to.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnableAWSServiceAccess.html
func TestTrustedServices(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	if trusted, err := w.Trusts(w.ctx, management, iamService); trusted || err != nil {
		t.Errorf("trusted outside any organization: %v, %v", trusted, err)
	}
	w.organization()
	w.join(member)
	w.refused(w.EnableServiceAccess(w.ctx, management, "nothing.amazonaws.com"), "InvalidInput", "UNRECOGNIZED_SERVICE_PRINCIPAL")
	w.refused(w.DisableServiceAccess(w.ctx, management, "nothing.amazonaws.com"), "InvalidInput", "UNRECOGNIZED_SERVICE_PRINCIPAL")
	w.refused(w.EnableServiceAccess(w.ctx, member, iamService), "AccessDenied", "")
	for _, service := range []string{ramService, iamService, configService, iamService} {
		w.must(w.EnableServiceAccess(w.ctx, management, service))
	}
	first, err := w.TrustedServices(w.ctx, management, Page{Max: 2})
	w.must(err)
	rest, err := w.TrustedServices(w.ctx, management, Page{Token: first.Token})
	w.must(err)
	if got, want := services(first)+" "+services(rest), strings.Join([]string{configService, iamService, ramService}, " "); got != want || rest.Token != "" {
		t.Errorf("trusted %q, want %q", got, want)
	}
	if !first.Items[0].Enabled.Equal(w.clock) {
		t.Errorf("enabled at %v", first.Items[0].Enabled)
	}
	for _, account := range []ids.AccountID{management, member} {
		if trusted, err := w.Trusts(w.ctx, account, iamService); !trusted || err != nil {
			t.Errorf("account %s: trusted %v, %v", account, trusted, err)
		}
	}
	w.refused(w.DisableServiceAccess(w.ctx, member, iamService), "AccessDenied", "")
	w.must(w.DisableServiceAccess(w.ctx, management, iamService))
	w.must(w.DisableServiceAccess(w.ctx, management, iamService))
	if trusted, err := w.Trusts(w.ctx, member, iamService); trusted || err != nil {
		t.Errorf("trusted %v, %v", trusted, err)
	}
}

// TestDelegatedAdministrators registers members as administrators of services: they may read what the
// management account may, and change nothing.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_RegisterDelegatedAdministrator.html
func TestDelegatedAdministrators(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	root := w.organization()
	w.join(member)
	register := func(account ids.AccountID, service string) error {
		return w.RegisterDelegate(w.ctx, management, account, service)
	}
	w.refused(register(member, iamService), "ConstraintViolation", "SERVICE_ACCESS_NOT_ENABLED")
	w.must(w.EnableServiceAccess(w.ctx, management, iamService))
	w.refused(register(member, "nothing.amazonaws.com"), "InvalidInput", "UNRECOGNIZED_SERVICE_PRINCIPAL")
	w.refused(register(member, ramService), "InvalidInput", "UNRECOGNIZED_SERVICE_PRINCIPAL")
	w.refused(register(outsider, iamService), "AccountNotFound", "")
	w.refused(register(management, iamService), "ConstraintViolation", "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR")
	w.refused(w.RegisterDelegate(w.ctx, member, member, iamService), "AccessDenied", "")

	_, err := w.Roots(w.ctx, member, Page{})
	w.refused(err, "AccessDenied", "")
	w.must(register(member, iamService))
	w.refused(register(member, iamService), "AccountAlreadyRegistered", "")
	_, err = w.Roots(w.ctx, member, Page{})
	w.must(err)
	_, err = w.CreateUnit(w.ctx, member, root, "no", nil)
	w.refused(err, "AccessDenied", "")
	w.refused(w.RegisterDelegate(w.ctx, member, member, iamService), "AccessDenied", "")

	for service, want := range map[string]bool{iamService: true, configService: false} {
		if got, err := w.Administers(w.ctx, member, service); got != want || err != nil {
			t.Errorf("%s: administers %v, %v", service, got, err)
		}
	}
	if got, err := w.Administers(w.ctx, outsider, iamService); got || err != nil {
		t.Errorf("an outsider administers %v, %v", got, err)
	}
	w.refused(w.DisableServiceAccess(w.ctx, management, iamService), "ConstraintViolation", "DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE")
	w.refused(w.Leave(w.ctx, member), "ConstraintViolation", "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG")
	w.refused(w.RemoveAccount(w.ctx, management, member), "ConstraintViolation", "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG")

	w.refused(w.DeregisterDelegate(w.ctx, management, outsider, iamService), "AccountNotFound", "")
	w.refused(w.DeregisterDelegate(w.ctx, management, member, configService), "AccountNotRegistered", "")
	w.refused(w.DeregisterDelegate(w.ctx, member, member, iamService), "AccessDenied", "")
	w.must(w.DeregisterDelegate(w.ctx, management, member, iamService))
	w.refused(w.DeregisterDelegate(w.ctx, management, member, iamService), "AccountNotRegistered", "")
	_, err = w.Roots(w.ctx, member, Page{})
	w.refused(err, "AccessDenied", "")
	w.must(w.Leave(w.ctx, member))
}

// TestListsOfDelegatedAdministrators lists them by service, and services by them; each account is there
// once, with the time of its first registration.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListDelegatedAdministrators.html
func TestListsOfDelegatedAdministrators(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.organization()
	started := w.clock
	for i, account := range []ids.AccountID{outsider, member} {
		w.join(account)
		for _, service := range []string{configService, iamService}[:2-i] {
			w.must(w.EnableServiceAccess(w.ctx, management, service))
			w.must(w.RegisterDelegate(w.ctx, management, account, service))
			w.clock = w.clock.Add(1e9)
		}
	}
	for service, want := range map[string]string{"": "222222222222+2 333333333333+0", configService: "222222222222+2 333333333333+0", iamService: "333333333333+1", "sso.amazonaws.com": ""} {
		list, err := w.Delegates(w.ctx, member, service, Page{})
		w.must(err)
		var got []string
		for _, d := range list.Items {
			got = append(got, fmt.Sprintf("%s+%.0f", d.ID, d.Since.Sub(started).Seconds()))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v, want %s", service, got, want)
		}
	}
	list, err := w.DelegatedServices(w.ctx, member, outsider, Page{})
	w.must(err)
	if got := services(list); got != configService+" "+iamService {
		t.Errorf("services %q", got)
	}
	_, err = w.DelegatedServices(w.ctx, management, management, Page{})
	w.refused(err, "AccountNotRegistered", "")
	_, err = w.DelegatedServices(w.ctx, management, closed, Page{})
	w.refused(err, "AccountNotFound", "")
	_, err = w.Delegates(w.ctx, management, ramService, Page{})
	w.refused(err, "InvalidInput", "UNRECOGNIZED_SERVICE_PRINCIPAL")
}

// TestHowManyDelegatedAdministrators holds the quotas of services.
func TestHowManyDelegatedAdministrators(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.organization()
	for service, c := range map[string]struct {
		most   int
		reason string
	}{
		"sso.amazonaws.com": {1, "DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE"},
		configService:       {3, "MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED"},
	} {
		w.must(w.EnableServiceAccess(w.ctx, management, service))
		for i := range c.most + 1 {
			account := ids.AccountID(fmt.Sprintf("6%010d%d", c.most, i))
			w.putAccount(account, string(account)+"@example.com", false)
			w.join(account)
			err := w.RegisterDelegate(w.ctx, management, account, service)
			if i < c.most {
				w.must(err)
			} else {
				w.refused(err, "ConstraintViolation", c.reason)
			}
		}
	}
}
