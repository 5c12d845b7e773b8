package iam

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// removeBatch is how many keys one transaction of EraseAccount removes.
const removeBatch = 256

// AccountContents tells how much IAM keeps of an account, in the words of GetAccountSummary where it has them.
func (s *Service) AccountContents(r meta.Reader, account ids.AccountID, _ bool, tell func(what string, n int)) error {
	for _, counted := range []struct {
		what string
		kind keys.Kind
	}{
		{"Users", keys.UserKind}, {"Groups", keys.GroupKind}, {"Roles", keys.RoleKind}, {"Policies", keys.PolicyKind},
		{"InstanceProfiles", keys.InstanceProfileKind}, {"MFADevices", keys.MFADeviceKind},
		{"OpenIDConnectProviders", keys.OIDCProviderKind}, {"SAMLProviders", keys.SAMLProviderKind},
	} {
		n, err := quotas.Count(r, account, counted.kind)
		if err != nil {
			return err
		}
		tell(counted.what, n)
	}
	n, err := countAccessKeys(r, account)
	tell("AccessKeys", n)
	return err
}

// countAccessKeys counts the access keys of an account's users and of its root user.
func countAccessKeys(r meta.Reader, account ids.AccountID) (n int, err error) {
	root := new(records.Account)
	if err := records.Get(r, keys.Account(account), root); err != nil {
		return 0, fmt.Errorf("read account %s: %w", account, err)
	}
	n = len(root.AccessKeys)
	it := r.Scan(keys.Entities(account, keys.UserKind))
	for it.Next() {
		u := new(records.User)
		if err := records.Unmarshal(it.Value(), u); err != nil {
			return 0, errors.Join(err, it.Close())
		}
		n += len(u.AccessKeys)
	}
	return n, it.Close()
}

// EraseAccount removes some of what IAM keeps of an account that is being deleted, in one transaction, and returns
// how much: 0 if nothing is left. The root user's access keys go with the account itself.
func (s *Service) EraseAccount(ctx context.Context, account ids.AccountID) (removed int, err error) {
	err = s.write(ctx, account, func(c change) error {
		type entry struct{ key, value []byte }
		var found []entry
		it := c.Scan(keys.InIAM(account))
		for len(found) < removeBatch && it.Next() {
			found = append(found, entry{bytes.Clone(it.Key()), bytes.Clone(it.Value())})
		}
		if err := it.Close(); err != nil {
			return err
		}
		removed = len(found)
		for _, e := range found {
			if err := c.removeOutside(e.key, e.value); err != nil {
				return err
			}
			if err := c.tx.Delete(e.key); err != nil {
				return err
			}
		}
		return nil
	})
	return removed, err
}

// removeOutside removes what lies outside the account's range because of one key of it: the access keys of a user,
// and the index that leads from a unique ID to the account.
func (c change) removeOutside(key, value []byte) error {
	if id, ok := keys.ParseUniqueID(key); ok {
		return c.tx.Delete(keys.EntityAccount(id))
	}
	if from, _ := keys.Entities(c.account, keys.UserKind); !bytes.HasPrefix(key, from) {
		return nil
	}
	u := new(records.User)
	if err := records.Unmarshal(value, u); err != nil {
		return err
	}
	for _, id := range u.AccessKeys {
		if err := c.tx.Delete(keys.AccessKey(ids.AccessKeyID(id))); err != nil {
			return err
		}
	}
	return nil
}
