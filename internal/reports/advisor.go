package reports

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/iam"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// GenerateServices makes a report about the services that the policies of a user, group or role allow, or a
// managed policy: when those whose policies they are last tried to use each, and with actions, each of its
// actions. It returns the ID of the job. NoSuchEntity if nothing has exactly this ARN.
//
// Only the policies that grant count: no boundary, and nothing of organizations or resources.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateServiceLastAccessedDetails.html
func (s *Service) GenerateServices(ctx context.Context, caller Caller, name arn.ARN, actions bool) (job string, err error) {
	created := s.now()
	principals, err := s.Entities.PrincipalsOf(ctx, caller.Account, name)
	if err != nil {
		return "", err
	}
	layer, err := s.policies(ctx, caller.Account, name)
	if err != nil {
		return "", err
	}
	usages, err := s.usages(ctx, caller.Account, principals)
	if err != nil {
		return "", err
	}
	made := &made{
		report:   &records.AccessReport{Owner: caller.ID, Actions: actions, Created: created.UnixNano()},
		entities: map[string][]*records.AccessedEntity{everybody: nil},
	}
	for _, p := range principals {
		made.entities[everybody] = append(made.entities[everybody], entityOf(p))
	}
	policies := reachOf(layer)
	for _, namespace := range policies.services() {
		made.add(policies, namespace, principals, usages)
	}
	return s.keep(ctx, caller.Account, made)
}

// policies returns the policies of a user, group or role, or a managed policy.
func (s *Service) policies(ctx context.Context, account ids.AccountID, name arn.ARN) (authz.Layer, error) {
	if name.Type() == "policy" {
		source, err := s.Policies.ManagedPolicy(ctx, account, name.String())
		return authz.Layer{source}, err
	}
	entity, err := s.Policies.Entity(ctx, name)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, noSuchEntity("The %s with name %s cannot be found.", name.Type(), name.Name())
	}
	if err != nil {
		return nil, err
	}
	return entity.Policies, nil
}

// made is a report that was made: entities are the lists of users and roles, by namespace of a service those
// that used it, and under everybody all that have the policies.
type made struct {
	report   *records.AccessReport
	entities map[string][]*records.AccessedEntity
}

// everybody stands in the place of a namespace.
const everybody = ""

// add adds a service to the report.
func (m *made) add(policies reach, namespace string, principals []iam.Principal, usages []*records.Usage) {
	service := &records.AccessedService{Namespace: namespace}
	actions := map[string]*records.AccessedAction{}
	if m.report.Actions {
		for _, name := range policies.actions(namespace) {
			actions[name] = &records.AccessedAction{Name: name}
		}
	}
	anyAction := false
	for i, p := range principals {
		used := serviceUsage(usages[i], namespace)
		if used == nil {
			continue
		}
		entity := entityOf(p)
		entity.Used = used.Used
		m.entities[namespace] = append(m.entities[namespace], entity)
		if used.Used > service.Used {
			service.Used, service.Region, service.Entity = used.Used, used.Region, p.ARN
		}
		for _, a := range used.Actions {
			if action := actions[a.Name]; action != nil && a.Used > action.Used {
				action.Used, action.Region, action.Entity = a.Used, a.Region, p.ARN
				anyAction = true
			}
		}
	}
	service.Total = int32(len(m.entities[namespace]))
	// "This field is null if there no tracked actions or if the principal did not use the tracked actions":
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ServiceLastAccessed.html
	if anyAction {
		for _, name := range slices.Sorted(maps.Keys(actions)) {
			service.Actions = append(service.Actions, actions[name])
		}
	}
	slices.SortStableFunc(m.entities[namespace], func(a, b *records.AccessedEntity) int {
		return cmp.Or(-cmp.Compare(a.Used, b.Used), cmp.Compare(a.Arn, b.Arn))
	})
	m.report.Services = append(m.report.Services, service)
}

// serviceUsage returns the use of a service, or nil.
func serviceUsage(u *records.Usage, namespace string) *records.ServiceUsage {
	i := slices.IndexFunc(u.Services, func(s *records.ServiceUsage) bool { return s.Namespace == namespace })
	if i < 0 {
		return nil
	}
	return u.Services[i]
}

func entityOf(p iam.Principal) *records.AccessedEntity {
	kind := "USER"
	if p.Kind == keys.RoleKind {
		kind = "ROLE"
	}
	return &records.AccessedEntity{Kind: kind, Name: p.Name, Id: string(p.ID), Path: p.Path, Arn: p.ARN}
}

// Services returns a report that GenerateServices made, with a page of its services, by namespace, and the
// marker of the next page. NoSuchEntity if the caller has no such report.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetails.html
func (s *Service) Services(ctx context.Context, caller Caller, job string, p Page) (*records.AccessReport, string, error) {
	report, err := s.report(ctx, caller, job, false)
	if err != nil {
		return nil, "", err
	}
	from, to, next, err := cut(p, len(report.Services))
	if err != nil {
		return nil, "", err
	}
	report.Services = report.Services[from:to]
	return report, next, nil
}

// ServiceEntities returns a report that GenerateServices made, and a page of the users and roles that could
// have used one of its services with the policies that it is about: the latest use first, and those that did
// not use it last, by ARN. NoSuchEntity if the caller has no such report, or the report no such service.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetailsWithEntities.html
func (s *Service) ServiceEntities(ctx context.Context, caller Caller, job, namespace string, p Page) (*records.AccessReport, []*records.AccessedEntity, string, error) {
	report, err := s.report(ctx, caller, job, false)
	if err != nil {
		return nil, nil, "", err
	}
	if !slices.ContainsFunc(report.Services, func(a *records.AccessedService) bool { return a.Namespace == namespace }) {
		return nil, nil, "", noSuchEntity("The service namespace %s is not in the report.", namespace)
	}
	all, err := s.entities(ctx, caller.Account, job, namespace)
	if err != nil {
		return nil, nil, "", err
	}
	from, to, next, err := cut(p, len(all))
	if err != nil {
		return nil, nil, "", err
	}
	return report, all[from:to], next, nil
}

// entities returns those that used a service, and then those that did not.
func (s *Service) entities(ctx context.Context, account ids.AccountID, job, namespace string) ([]*records.AccessedEntity, error) {
	used, err := s.list(ctx, account, job, namespace)
	if err != nil {
		return nil, err
	}
	others, err := s.list(ctx, account, job, everybody)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, e := range used {
		known[e.Id] = true
	}
	for _, e := range others {
		if !known[e.Id] {
			used = append(used, e)
		}
	}
	return used, nil
}

// ParseARN returns the parts of the ARN of a user, group, role or managed policy, and the account that has it:
// for a policy of AWS, account. The error is InvalidInput.
func ParseARN(text string, account ids.AccountID) (name arn.ARN, owner ids.AccountID, err error) {
	name, err = arn.Parse(text)
	if err != nil {
		return arn.ARN{}, "", apierr.New(http.StatusBadRequest, "InvalidInput", "ARN %s is not valid.", text)
	}
	if name.Type() == "policy" {
		_, err = iam.ParsePolicyARN(text)
	} else {
		_, _, err = iam.ParseEntityARN(text)
	}
	if name.Account == managed.Owner {
		return name, account, err
	}
	return name, ids.AccountID(name.Account), err
}
