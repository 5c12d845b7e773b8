package managed

import (
	"fmt"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Customer returns the record of the customer managed policy that a names in account. The error wraps
// meta.ErrNotFound if there is none. A policy that has the name of a but not its path, or the name in
// other letters, is not the one: names are unique without regard to either, so that it can be a later
// policy than the one that was meant.
func Customer(r meta.Reader, account ids.AccountID, a arn.ARN) (*records.ManagedPolicy, error) {
	if a.Account != string(account) {
		return nil, fmt.Errorf("policy %s is not one of account %s: %w", a, account, meta.ErrNotFound)
	}
	record := new(records.ManagedPolicy)
	if err := records.Get(r, keys.Entity(account, keys.PolicyKind, a.Name()), record); err != nil {
		return nil, fmt.Errorf("read policy %s: %w", a, err)
	}
	if arn.Policy(account, record.Path, record.Name) != a {
		return nil, fmt.Errorf("another policy has the name of %s: %w", a, meta.ErrNotFound)
	}
	return record, nil
}
