package accounts

import (
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

// CloseMember closes an account of an organization, as Close does.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CloseAccount.html
func (s *Service) CloseMember(ctx context.Context, id ids.AccountID) error {
	_, err := s.Close(ctx, id)
	return err
}

// CreateMember makes an account for an organization. Unlike Create it makes no access key: nobody has
// credentials of the root user of such an account. It does nothing if an earlier call made the same
// account. The error is CodeDuplicate if the address belongs to another account, and CodeInvalid if name
// or address is malformed.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
func (s *Service) CreateMember(ctx context.Context, id ids.AccountID, name, email string) error {
	if err := errors.Join(checkName(name), checkEmail(email)); err != nil || email == "" {
		return apierr.New(http.StatusBadRequest, CodeInvalid, "name or e-mail address of the account is malformed").Because(err)
	}
	canonical, err := ids.NewCanonicalUserID(s.rand)
	if err != nil {
		return err
	}
	account := &records.Account{Id: string(id), CanonicalId: string(canonical), Name: name, Email: email, Created: s.now().UnixNano()}
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		made, err := sameMember(tx, id, email)
		if err != nil || made {
			return err
		}
		full := NewAccount{ID: account.Id, CanonicalID: account.CanonicalId, Email: email}
		if err := free(tx, &full, &full); err != nil {
			return err
		}
		return errors.Join(
			records.Put(tx, keys.Account(id), account),
			tx.Put(keys.CanonicalID(canonical), []byte(id)),
			tx.Put(keys.Email(email), []byte(id)),
		)
	})
	return wrap(err, "create account %s", id)
}

// sameMember reports whether there is an account with this ID and this address.
func sameMember(r meta.Reader, id ids.AccountID, email string) (bool, error) {
	record := new(records.Account)
	err := records.Get(r, keys.Account(id), record)
	if errors.Is(err, meta.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read account %s: %w", id, err)
	}
	return record.Email == email, nil
}
