package orgs

import (
	"context"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/records"
)

// TrustedService is a service of AWS that an organization trusts.
type TrustedService struct {
	Principal string
	Enabled   time.Time
}

// trusted returns what the organization says of a service, or nil if it does not trust it.
func (v view) trusted(principal string) *records.TrustedService {
	i, found := v.findService(principal)
	if !found {
		return nil
	}
	return v.record.Services[i]
}

func (v view) findService(principal string) (i int, found bool) {
	return slices.BinarySearchFunc(v.record.Services, principal, func(s *records.TrustedService, p string) int {
		return strings.Compare(s.Principal, p)
	})
}

// EnableServiceAccess trusts a service of AWS. It does nothing if the organization trusts it already.
//
// What trusting does is what is built of the service: that of IAM, for one, lets the root users of member
// accounts be managed.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnableAWSServiceAccess.html
func (s *Service) EnableServiceAccess(ctx context.Context, account ids.AccountID, principal string) error {
	if _, ok := managed.Service(principal); !ok {
		return errUnknownService
	}
	return s.manage(ctx, account, func(c change) error {
		if c.record.FeatureSet != AllFeatures {
			return errNotAllFeatures
		}
		i, found := c.findService(principal)
		if found {
			return nil
		}
		c.record.Services = slices.Insert(c.record.Services, i, &records.TrustedService{Principal: principal, Enabled: c.now.UnixNano()})
		return c.putOrganization()
	})
}

// DisableServiceAccess undoes EnableServiceAccess. It does nothing if the organization does not trust the
// service. AWS leaves to each service what becomes of its delegated administrators; as that of StackSets
// does, it is refused while there are any, so that nobody keeps what nobody remembers.
//
// Sources: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DisableAWSServiceAccess.html
// https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-cloudformation.html
func (s *Service) DisableServiceAccess(ctx context.Context, account ids.AccountID, principal string) error {
	if _, ok := managed.Service(principal); !ok {
		return errUnknownService
	}
	return s.manage(ctx, account, func(c change) error {
		i, found := c.findService(principal)
		if !found {
			return nil
		}
		if len(c.record.Services[i].Administrators) > 0 {
			return errHasDelegates
		}
		c.record.Services = slices.Delete(c.record.Services, i, i+1)
		return c.putOrganization()
	})
}

// TrustedServices returns the services that the organization trusts.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAWSServiceAccessForOrganization.html
func (s *Service) TrustedServices(ctx context.Context, account ids.AccountID, p Page) (out List[TrustedService], err error) {
	err = s.inspect(ctx, account, func(v view) error {
		var principals []string
		for _, service := range v.record.Services {
			principals = append(principals, service.Principal)
		}
		out, err = pageOf(principals, p, func(principal string) (TrustedService, bool, error) {
			return TrustedService{principal, instant(v.trusted(principal).Enabled)}, true, nil
		})
		return err
	})
	return out, err
}

// inNone returns nil for the error that an account is in no organization.
func inNone(err error) error {
	if apierr.Is(err, errNotInUse.Code) {
		return nil
	}
	return err
}
