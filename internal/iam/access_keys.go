package iam

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// AccessKey is a long-term access key without its secret. UserName is empty for the root user's.
type AccessKey struct {
	ID       ids.AccessKeyID
	UserName string
	Active   bool
	Created  time.Time
}

func makeAccessKey(r *records.AccessKey) AccessKey {
	return AccessKey{
		ID: ids.AccessKeyID(r.Id), UserName: r.UserName, Active: !r.Inactive, Created: instant(r.Created),
	}
}

func noSuchKey(id ids.AccessKeyID) error {
	return noSuchEntity("The Access Key with id %s cannot be found.", id)
}

// CreateAccessKey makes an access key for a user, or for the root user if user is empty. It is the
// only time that the secret is told. The ID tells the account, also once the key is deleted.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
func (s *Service) CreateAccessKey(ctx context.Context, account ids.AccountID, user string) (key AccessKey, secret string, err error) {
	id, err := ids.NewAccountKeyID(s.rand, ids.AccessKey, account)
	if err != nil {
		return AccessKey{}, "", err
	}
	secret, err = ids.NewSecretAccessKey(s.rand)
	if err != nil {
		return AccessKey{}, "", err
	}
	key, err = s.AddAccessKey(ctx, account, user, id, secret)
	if err != nil {
		return AccessKey{}, "", err
	}
	return key, secret, nil
}

// AddAccessKey makes an access key whose ID and secret the operator chose, for a user, or for the
// root user if user is empty. It is EntityAlreadyExists if any account has a key of this ID, and
// InvalidInput if the ID is that of temporary credentials.
func (s *Service) AddAccessKey(ctx context.Context, account ids.AccountID, user string, id ids.AccessKeyID, secret string) (AccessKey, error) {
	if _, err := ids.ParseAccessKeyID(string(id)); err != nil || strings.HasPrefix(string(id), string(ids.TemporaryKey)) || secret == "" {
		return AccessKey{}, invalidInput("The access key id %q, or its secret, is not valid.", id)
	}
	sealed, err := s.box.Seal([]byte(secret), []byte(id))
	if err != nil {
		return AccessKey{}, err
	}
	var key AccessKey
	err = s.write(ctx, account, func(c change) error {
		if err := c.absent(keys.AccessKey(id), alreadyExists("Access Key with id %s already exists.", id)); err != nil {
			return err
		}
		r := &records.AccessKey{Id: string(id), Account: string(account), SealedSecret: sealed, Created: s.timestamp()}
		err = c.changeKeys(user, func(owner keyOwner) error {
			if err := c.within(len(*owner.keys), quotas.AccessKeysPerUser, s.quotas.AccessKeys); err != nil {
				return err
			}
			*owner.keys = append(*owner.keys, r.Id)
			r.UserName, r.UserId = owner.name, owner.id
			return nil
		})
		if err != nil {
			return err
		}
		key = makeAccessKey(r)
		return records.Put(c.tx, keys.AccessKey(id), r)
	})
	return key, err
}

// AccessKeys returns the access keys of a user, or of the root user if user is empty, oldest first.
func (s *Service) AccessKeys(ctx context.Context, account ids.AccountID, user string, p Page) (list List[AccessKey], err error) {
	err = s.read(ctx, account, func(v view) error {
		owner, _, err := v.keyOwner(user)
		if err != nil {
			return err
		}
		var all []AccessKey
		for _, id := range *owner.keys {
			r, err := v.accessKey(ids.AccessKeyID(id))
			if err != nil {
				return err
			}
			all = append(all, makeAccessKey(r))
		}
		list, err = paginate(all, func(k AccessKey) string {
			return fmt.Sprintf("%020d/%s", k.Created.UnixNano(), k.ID)
		}, p)
		return err
	})
	return list, err
}

// UpdateAccessKey makes an access key active or inactive. user is as for AccessKeys.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
func (s *Service) UpdateAccessKey(ctx context.Context, account ids.AccountID, user string, id ids.AccessKeyID, active bool) error {
	return s.write(ctx, account, func(c change) error {
		owner, _, err := c.keyOwner(user)
		if err != nil {
			return err
		}
		if !slices.Contains(*owner.keys, string(id)) {
			return noSuchKey(id)
		}
		r, err := c.accessKey(id)
		if err != nil {
			return err
		}
		r.Inactive = !active
		return records.Put(c.tx, keys.AccessKey(id), r)
	})
}

// DeleteAccessKey deletes an access key; requests that are signed with it fail from then on. user is
// as for AccessKeys.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html
func (s *Service) DeleteAccessKey(ctx context.Context, account ids.AccountID, user string, id ids.AccessKeyID) error {
	return s.write(ctx, account, func(c change) error {
		err := c.changeKeys(user, func(owner keyOwner) error {
			i := slices.Index(*owner.keys, string(id))
			if i < 0 {
				return noSuchKey(id)
			}
			*owner.keys = slices.Delete(*owner.keys, i, i+1)
			return nil
		})
		if err != nil {
			return err
		}
		return c.tx.Delete(keys.AccessKey(id))
	})
}

// keyOwner is a user or root user as the owner of access keys.
type keyOwner struct {
	name, id string // of the user; empty for the root user
	keys     *[]string
}

// keyOwner returns the owner of keys that user names, and how to store it when keys was changed.
func (v view) keyOwner(user string) (owner keyOwner, store func(change) error, err error) {
	if user == "" {
		r := new(records.Account)
		if err := records.Get(v, keys.Account(v.account), r); err != nil {
			return keyOwner{}, nil, fmt.Errorf("read account %s: %w", v.account, err)
		}
		return keyOwner{keys: &r.AccessKeys}, func(c change) error { return records.Put(c.tx, keys.Account(c.account), r) }, nil
	}
	r := new(records.User)
	if err := v.get(keys.UserKind, user, r); err != nil {
		return keyOwner{}, nil, err
	}
	return keyOwner{name: r.Name, id: r.Id, keys: &r.AccessKeys}, func(c change) error { return c.put(keys.UserKind, r) }, nil
}

// changeKeys lets edit change the list of an owner's keys and stores it.
func (c change) changeKeys(user string, edit func(keyOwner) error) error {
	owner, store, err := c.keyOwner(user)
	if err != nil {
		return err
	}
	if err := edit(owner); err != nil {
		return err
	}
	return store(c)
}

// accessKey reads an access key that is known to exist.
func (v view) accessKey(id ids.AccessKeyID) (*records.AccessKey, error) {
	r := new(records.AccessKey)
	if err := records.Get(v, keys.AccessKey(id), r); err != nil {
		return nil, fmt.Errorf("read access key %s: %w", id, err)
	}
	return r, nil
}
