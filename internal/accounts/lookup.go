package accounts

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Page is a run of accounts in the order of their IDs.
type Page struct {
	Accounts []Account
	// More says that there are accounts after the last one.
	More bool
}

// List returns up to limit accounts whose IDs sort after the one given (empty: from the first).
// Closed accounts are among them. An account that is made meanwhile may or may not be seen.
func (s *Service) List(ctx context.Context, after ids.AccountID, limit int) (Page, error) {
	var page Page
	err := s.store.View(ctx, func(r meta.Reader) error {
		from, to := keys.Accounts()
		if after != "" {
			from = keys.After(keys.Account(after))
		}
		page = Page{}
		return walk(r, from, to, func(a *records.Account) bool {
			if len(page.Accounts) == limit {
				page.More = true
				return false
			}
			page.Accounts = append(page.Accounts, fromRecord(a))
			return true
		})
	})
	return page, wrap(err, "list accounts")
}

// Lookup returns the account that who names: an account ID, a canonical user ID, a root user's
// e-mail address, or a name that only one account has. CodeNotFound if there is none, CodeInvalid if
// several accounts have the name.
func (s *Service) Lookup(ctx context.Context, who string) (Account, error) {
	var found Account
	err := s.store.View(ctx, func(r meta.Reader) error {
		id, err := identify(r, who)
		if err != nil {
			return err
		}
		record := &records.Account{}
		if err := records.Get(r, keys.Account(id), record); err != nil {
			return orNotFound(err, who)
		}
		found = fromRecord(record)
		return nil
	})
	return found, wrap(err, "look up account %q", who)
}

// identify returns the ID of the account that who names. What is shaped like an ID or an address is
// tried as one first and as a name after that.
func identify(r meta.Reader, who string) (ids.AccountID, error) {
	if id, err := ids.ParseAccountID(who); err == nil {
		_, err := r.Get(keys.Account(id))
		if !errors.Is(err, meta.ErrNotFound) {
			return id, err
		}
	}
	var index []byte
	if id, err := ids.ParseCanonicalUserID(who); err == nil {
		index = keys.CanonicalID(id)
	} else if strings.Contains(who, "@") && len(who) <= maxEmail {
		index = keys.Email(who)
	}
	if index != nil {
		id, err := r.Get(index)
		if !errors.Is(err, meta.ErrNotFound) {
			return ids.AccountID(id), err
		}
	}
	return identifyName(r, who)
}

func identifyName(r meta.Reader, name string) (ids.AccountID, error) {
	var found []string
	from, to := keys.Accounts()
	err := walk(r, from, to, func(a *records.Account) bool {
		if a.Name == name {
			found = append(found, a.Id)
		}
		return true
	})
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", orNotFound(meta.ErrNotFound, name)
	case len(found) > 1:
		return "", apierr.New(http.StatusBadRequest, CodeInvalid,
			"%d accounts are named %q: use one of their ids, %s", len(found), name, strings.Join(found, ", "))
	}
	return ids.AccountID(found[0]), nil
}

// RootKeys returns the IDs of the access keys of an account's root user, oldest first.
func (s *Service) RootKeys(ctx context.Context, id ids.AccountID) ([]ids.AccessKeyID, error) {
	var found []ids.AccessKeyID
	err := s.store.View(ctx, func(r meta.Reader) error {
		record := &records.Account{}
		if err := records.Get(r, keys.Account(id), record); err != nil {
			return orNotFound(err, string(id))
		}
		found = nil
		for _, key := range record.AccessKeys {
			found = append(found, ids.AccessKeyID(key))
		}
		return nil
	})
	return found, wrap(err, "list root keys of account %s", id)
}

// walk hands the accounts in [from, to) to visit until it returns false.
func walk(r meta.Reader, from, to []byte, visit func(*records.Account) bool) (err error) {
	it := r.Scan(from, to)
	defer func() { err = errors.Join(err, it.Close()) }()
	for it.Next() {
		record := &records.Account{}
		if err := records.Unmarshal(it.Value(), record); err != nil {
			return err
		}
		if !visit(record) {
			break
		}
	}
	return nil
}
