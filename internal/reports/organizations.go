package reports

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// GenerateOrganization makes a report about the services that service control policies let the accounts of an
// entity use, given by its path, or about those that one policy, given by its ID, allows: which account last
// tried to use each. It returns the ID of the job. The caller has to be in the management account; whatever
// else is wrong is told with the job, which has failed then.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateOrganizationsAccessReport.html
func (s *Service) GenerateOrganization(ctx context.Context, caller Caller, path, policyID string) (job string, err error) {
	report := &records.AccessReport{Owner: caller.ID, Organizations: true, Created: s.now().UnixNano()}
	var about *scope
	err = s.store.View(ctx, func(r meta.Reader) error {
		t, err := treeOf(r, caller.Account)
		if err == nil {
			about, err = t.scope(path, policyID)
		}
		return err
	})
	var failed failure
	switch {
	case errors.As(err, &failed):
		report.ErrorCode, report.ErrorMessage = failed.code, failed.message
	case err != nil:
		return "", err
	default:
		usages, err := s.accountUsages(ctx, about.accounts)
		if err != nil {
			return "", err
		}
		for _, namespace := range about.services {
			report.Services = append(report.Services, about.service(namespace, usages))
		}
	}
	return s.keep(ctx, caller.Account, &made{report: report})
}

// scope is what a report is about: services, and accounts with their paths.
type scope struct {
	services []string
	accounts []ids.AccountID
	paths    []string
}

// scope returns what a report about an entity, or about a policy for an entity, is about. Nothing limits the
// management account, so that for it the policy does not matter.
func (t *tree) scope(path, policyID string) (*scope, error) {
	enabled, err := t.enabled()
	if err != nil {
		return nil, err
	}
	if !enabled {
		return nil, failure{"PolicyTypeNotEnabledException", "Service control policies are not enabled for the root of the organization."}
	}
	at, err := t.find(path)
	if err != nil {
		return nil, err
	}
	if at.account != nil && at.account.Account == t.record.ManagementAccount {
		return t.of(served, []place{at}), nil
	}
	levels := at.attached()
	if policyID != "" {
		levels = [][]string{{policyID}}
	}
	allowed, err := t.reach(levels)
	if err != nil {
		return nil, err
	}
	accounts, err := t.below(at)
	if err != nil {
		return nil, err
	}
	if policyID != "" {
		accounts = slices.DeleteFunc(accounts, func(p place) bool { return !p.has(policyID) })
	}
	return t.of(allowed.services(), accounts), nil
}

func (t *tree) of(services []string, accounts []place) *scope {
	out := &scope{services: services}
	for _, p := range accounts {
		out.accounts = append(out.accounts, ids.AccountID(p.account.Account))
		out.paths = append(out.paths, t.path(p))
	}
	return out
}

// service returns what a report says of a service; usages are those of the accounts.
func (a *scope) service(namespace string, usages []*records.Usage) *records.AccessedService {
	service := &records.AccessedService{Namespace: namespace}
	for i, u := range usages {
		used := serviceUsage(u, namespace)
		if used == nil {
			continue
		}
		service.Total++
		if used.Used > service.Used {
			service.Used, service.Region, service.Entity = used.Used, used.Region, a.paths[i]
		}
	}
	return service
}

// accountUsages returns what the principals of accounts did, in the order of the accounts.
func (s *Service) accountUsages(ctx context.Context, accounts []ids.AccountID) ([]*records.Usage, error) {
	var all []*records.Usage
	for some := range slices.Chunk(accounts, 1000) {
		usages, err := s.Usage.Accounts(ctx, some)
		if err != nil {
			return nil, err
		}
		all = append(all, usages...)
	}
	return all, nil
}

// SortKey is an order of the services of a report.
type SortKey string

// The orders, as the API names them.
const (
	NamespaceAscending  SortKey = "SERVICE_NAMESPACE_ASCENDING"
	NamespaceDescending SortKey = "SERVICE_NAMESPACE_DESCENDING"
	TimeAscending       SortKey = "LAST_AUTHENTICATED_TIME_ASCENDING"
	TimeDescending      SortKey = "LAST_AUTHENTICATED_TIME_DESCENDING"
)

// Organization returns a report that GenerateOrganization made, with a page of its services in an order, the
// numbers of services in all and of those that nobody used, and the marker of the next page. NoSuchEntity if
// the caller has no such report.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOrganizationsAccessReport.html
func (s *Service) Organization(ctx context.Context, caller Caller, job string, order SortKey, p Page) (report *records.AccessReport, total, unused int, next string, err error) {
	if report, err = s.report(ctx, caller, job, true); err != nil {
		return nil, 0, 0, "", err
	}
	for _, service := range report.Services {
		if service.Used == 0 {
			unused++
		}
	}
	slices.SortStableFunc(report.Services, func(a, b *records.AccessedService) int {
		switch order {
		case NamespaceDescending:
			return cmp.Compare(b.Namespace, a.Namespace)
		case TimeAscending:
			return cmp.Compare(a.Used, b.Used)
		case TimeDescending:
			return cmp.Compare(b.Used, a.Used)
		default:
			return cmp.Compare(a.Namespace, b.Namespace)
		}
	})
	total = len(report.Services)
	from, to, next, err := cut(p, total)
	if err != nil {
		return nil, 0, 0, "", err
	}
	report.Services = report.Services[from:to]
	return report, total, unused, next, nil
}
