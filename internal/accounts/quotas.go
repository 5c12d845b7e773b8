package accounts

import (
	"context"
	"fmt"
	"net/http"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// QuotaValue is a quota as it is for one account.
type QuotaValue struct {
	quotas.Quota
	// Value is the one in force, Default the one of accounts for which none is set.
	Value, Default int
	// Used is how many the account, or its organization, has, -1 where that is not counted for it as a whole.
	Used int
}

// Quotas returns the quotas of an account: CodeNotFound if there is none.
func (s *Service) Quotas(ctx context.Context, id ids.AccountID) ([]QuotaValue, error) {
	var list []QuotaValue
	err := s.store.View(ctx, func(r meta.Reader) error {
		record := new(records.Account)
		if err := records.Get(r, keys.Account(id), record); err != nil {
			return orNotFound(err, string(id))
		}
		counted, err := organizationCounts(r, id)
		if err != nil {
			return err
		}
		list = nil
		for _, q := range quotas.All() {
			value, err := quotaValue(r, record, counted, q)
			if err != nil {
				return err
			}
			list = append(list, value)
		}
		return nil
	})
	return list, wrap(err, "read quotas of account %s", id)
}

func quotaValue(r meta.Reader, record *records.Account, counted *records.OrganizationCounts, q quotas.Quota) (QuotaValue, error) {
	v := QuotaValue{Quota: q, Value: quotas.Of(record, q.Name, q.Default), Default: q.Default, Used: -1}
	if q.Like != "" {
		v.Default = quotas.Of(record, q.Like, q.Default)
	}
	var err error
	switch {
	case q.Kind != 0:
		v.Used, err = quotas.Count(r, ids.AccountID(record.Id), q.Kind)
	case q.Used != nil && counted != nil:
		v.Used = int(q.Used(counted))
	}
	return v, err
}

// organizationCounts returns the numbers of what the organization has whose management account an account is; nil if
// it has none.
func organizationCounts(r meta.Reader, id ids.AccountID) (*records.OrganizationCounts, error) {
	org, err := managed(r, id)
	if err != nil || org == "" {
		return nil, err
	}
	counted := new(records.OrganizationCounts)
	if err := records.Get(r, keys.OrganizationCounts(org), counted); err != nil {
		return nil, fmt.Errorf("read counts of organization %s: %w", org, err)
	}
	return counted, nil
}

// SetQuotas sets quotas of an account by name, and lets those named in reset have their defaults again, all or
// none: CodeInvalid for a name that no quota has, one that is named twice, or a value that cannot be; CodeNotFound
// if there is no such account. A value below what the account has takes nothing from it.
func (s *Service) SetQuotas(ctx context.Context, id ids.AccountID, set map[string]int, reset []string) error {
	changes := map[string]*int{}
	for name, value := range set {
		q, err := changeOf(changes, name)
		if err == nil && (value < 0 || value > q.Most) {
			err = fmt.Errorf("%d is not a value of %s: it can be 0 to %d", value, q.Name, q.Most)
		}
		if err != nil {
			return apierr.New(http.StatusBadRequest, CodeInvalid, "%v", err)
		}
		changes[q.Name] = &value
	}
	for _, name := range reset {
		q, err := changeOf(changes, name)
		if err != nil {
			return apierr.New(http.StatusBadRequest, CodeInvalid, "%v", err)
		}
		changes[q.Name] = nil
	}
	err := s.store.Update(ctx, func(tx meta.Tx) error { return changeQuotas(tx, id, changes) })
	return wrap(err, "set quotas of account %s", id)
}

// changeOf returns the quota of this name, of which there is no change yet.
func changeOf(changes map[string]*int, name string) (quotas.Quota, error) {
	q, ok := quotas.Lookup(name)
	if !ok {
		return q, fmt.Errorf("there is no quota %q", name)
	}
	if _, twice := changes[q.Name]; twice {
		return q, fmt.Errorf("the quota %s is named twice", q.Name)
	}
	return q, nil
}

func changeQuotas(tx meta.Tx, id ids.AccountID, changes map[string]*int) error {
	record := new(records.Account)
	if err := records.Get(tx, keys.Account(id), record); err != nil {
		return orNotFound(err, string(id))
	}
	if record.Quotas == nil {
		record.Quotas = map[string]int64{}
	}
	for name, value := range changes {
		if value == nil {
			delete(record.Quotas, name)
		} else {
			record.Quotas[name] = int64(*value)
		}
	}
	return records.Put(tx, keys.Account(id), record)
}
