package accounts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Reopen opens a closed account again, with everything in it: CodeNotClosed if it is open or is being deleted,
// CodeNotFound if there is none. AWS does so within 90 days, after which it deletes the account; here nothing is
// deleted by itself, so that there is no such period.
//
// Source: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-closing.html
func (s *Service) Reopen(ctx context.Context, id ids.AccountID) (Account, error) {
	var open Account
	err := s.store.Update(ctx, func(tx meta.Tx) error {
		record := new(records.Account)
		if err := records.Get(tx, keys.Account(id), record); err != nil {
			return orNotFound(err, string(id))
		}
		switch {
		case record.Deleting != 0:
			return apierr.New(http.StatusBadRequest, CodeNotClosed, "account %s is being deleted", id)
		case record.Closed == 0:
			return notClosed(id)
		}
		record.Closed = 0
		open = fromRecord(record)
		return records.Put(tx, keys.Account(id), record)
	})
	return open, wrap(err, "reopen account %s", id)
}

func notClosed(id ids.AccountID) error {
	return apierr.New(http.StatusBadRequest, CodeNotClosed, "account %s is not closed", id)
}

// CheckDeletable returns what refuses the deletion of an account: CodeNotClosed for one that is open,
// CodeConstraint for the management account of an organization that has other accounts, CodeNotFound if there is
// none.
func (s *Service) CheckDeletable(ctx context.Context, id ids.AccountID) error {
	err := s.store.View(ctx, func(r meta.Reader) error {
		_, err := deletable(r, id)
		return err
	})
	return wrap(err, "read account %s", id)
}

func deletable(r meta.Reader, id ids.AccountID) (*records.Account, error) {
	record := new(records.Account)
	if err := records.Get(r, keys.Account(id), record); err != nil {
		return nil, orNotFound(err, string(id))
	}
	if record.Closed == 0 {
		return nil, notClosed(id)
	}
	anyone := func(meta.Reader, ids.AccountID) (bool, error) { return true, nil }
	return record, checkManagement(r, id, anyone, "other")
}

// BeginDeletion records that a closed account is being deleted, which cannot be undone. Errors are those of
// CheckDeletable; for an account that is being deleted already it does nothing. What the account has is for the
// services that keep it to remove; the account itself goes with FinishDeletion.
func (s *Service) BeginDeletion(ctx context.Context, id ids.AccountID) error {
	err := s.store.Update(ctx, func(tx meta.Tx) error {
		record, err := deletable(tx, id)
		if err != nil || record.Deleting != 0 {
			return err
		}
		record.Deleting = s.now().UnixNano()
		return errors.Join(
			records.Put(tx, keys.Account(id), record),
			records.Put(tx, keys.AccountDeletion(id), &records.AccountDeletion{
				Account: string(id), CanonicalId: record.CanonicalId, Began: record.Deleting,
			}),
		)
	})
	return wrap(err, "begin deletion of account %s", id)
}

// Deletions returns the accounts whose deletion has begun and is not finished.
func (s *Service) Deletions(ctx context.Context) ([]ids.AccountID, error) {
	var found []ids.AccountID
	err := s.store.View(ctx, func(r meta.Reader) error {
		found = nil
		it := r.Scan(keys.AccountDeletions())
		for it.Next() {
			d := new(records.AccountDeletion)
			if err := records.Unmarshal(it.Value(), d); err != nil {
				return errors.Join(err, it.Close())
			}
			if d.Finished == 0 {
				found = append(found, ids.AccountID(d.Account))
			}
		}
		return it.Close()
	})
	return found, wrap(err, "list deletions")
}

// DeletionState returns nil while an account is being deleted, and whether its deletion is finished: CodeNotClosed if
// it has not begun, CodeNotFound if there is no such account.
func (s *Service) DeletionState(ctx context.Context, id ids.AccountID) (finished bool, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		d := new(records.AccountDeletion)
		err := records.Get(r, keys.AccountDeletion(id), d)
		if errors.Is(err, meta.ErrNotFound) {
			if _, err := r.Get(keys.Account(id)); err != nil {
				return orNotFound(err, string(id))
			}
			return apierr.New(http.StatusBadRequest, CodeNotClosed, "account %s is not being deleted", id)
		}
		finished = d.Finished != 0
		return err
	})
	return finished, wrap(err, "read deletion of account %s", id)
}

// FinishDeletion removes the account itself with its alias and the access keys of its root user, once its deletion has begun and
// nothing else of it is left. What stays is that its ID and its canonical user ID are never given out again. It does
// nothing if that was done before.
func (s *Service) FinishDeletion(ctx context.Context, id ids.AccountID) error {
	err := s.store.Update(ctx, func(tx meta.Tx) error {
		d := new(records.AccountDeletion)
		if err := records.Get(tx, keys.AccountDeletion(id), d); err != nil {
			return orNotFound(err, string(id))
		}
		if d.Finished != 0 {
			return nil
		}
		record := new(records.Account)
		if err := records.Get(tx, keys.Account(id), record); err != nil {
			return fmt.Errorf("read account: %w", err)
		}
		d.Finished = s.now().UnixNano()
		errs := []error{
			records.Put(tx, keys.AccountDeletion(id), d),
			tx.Put(keys.DeletedCanonicalID(ids.CanonicalUserID(record.CanonicalId)), []byte(id)),
			tx.Delete(keys.Account(id)),
			tx.Delete(keys.CanonicalID(ids.CanonicalUserID(record.CanonicalId))),
			tx.Delete(keys.Email(record.Email)),
		}
		if record.Alias != "" {
			errs = append(errs, tx.Delete(keys.AccountAlias(record.Alias)))
		}
		for _, key := range record.AccessKeys {
			errs = append(errs, tx.Delete(keys.AccessKey(ids.AccessKeyID(key))))
		}
		return errors.Join(errs...)
	})
	return wrap(err, "finish deletion of account %s", id)
}

// checkManagement refuses the management account of an organization in which some other account counts. which says in
// the text which accounts count.
func checkManagement(r meta.Reader, id ids.AccountID, counts func(meta.Reader, ids.AccountID) (bool, error), which string) error {
	org, err := managed(r, id)
	if err != nil || org == "" {
		return err
	}
	others, err := otherMembers(r, org, id)
	if err != nil {
		return err
	}
	n := 0
	for _, other := range others {
		one, err := counts(r, other)
		if err != nil {
			return err
		}
		if one {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return apierr.New(http.StatusBadRequest, CodeConstraint,
		"account %s is the management account of organization %s, which has %s accounts (%d): remove them from it, or close or delete them, first", id, org, which, n)
}

// isOpen reports whether an account is open.
func isOpen(r meta.Reader, id ids.AccountID) (bool, error) {
	record := new(records.Account)
	if err := records.Get(r, keys.Account(id), record); err != nil {
		return false, fmt.Errorf("read account %s: %w", id, err)
	}
	return record.Closed == 0, nil
}

// managed returns the organization whose management account an account is; empty if there is none.
func managed(r meta.Reader, id ids.AccountID) (ids.OrganizationID, error) {
	member := new(records.Membership)
	err := records.Get(r, keys.Membership(id), member)
	if errors.Is(err, meta.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read membership of account %s: %w", id, err)
	}
	org := new(records.Organization)
	if err := records.Get(r, keys.Organization(ids.OrganizationID(member.Organization)), org); err != nil {
		return "", fmt.Errorf("read organization %s: %w", member.Organization, err)
	}
	if org.ManagementAccount != string(id) {
		return "", nil
	}
	return ids.OrganizationID(org.Id), nil
}

// otherMembers returns the accounts of an organization without one of them.
func otherMembers(r meta.Reader, org ids.OrganizationID, but ids.AccountID) ([]ids.AccountID, error) {
	from, to := keys.OrganizationAccounts(org)
	var found []ids.AccountID
	it := r.Scan(from, to)
	for it.Next() {
		if !bytes.Equal(it.Key()[len(from):], []byte(but)) {
			found = append(found, ids.AccountID(keys.LastOf(from, it.Key())))
		}
	}
	return found, it.Close()
}
