package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
)

// profileFact begins the names of the facts that lead from a profile to its access key.
const profileFact = "profile/"

// Profile is an AWS CLI profile with its credentials.
type Profile struct {
	Name        string
	AccessKeyID ids.AccessKeyID
	Secret      string
}

// profile records which access key a profile has, unless that is recorded.
func (r *run) profile(ctx context.Context, name string, id ids.AccessKeyID) error {
	return r.Store.Update(ctx, func(tx meta.Tx) error {
		key := keys.Meta(profileFact + name)
		_, err := tx.Get(key)
		if errors.Is(err, meta.ErrNotFound) {
			return tx.Put(key, []byte(id))
		}
		return err
	})
}

// Profiles returns the profiles of a data folder, by name, with their secrets. Profiles whose access
// key was deleted since are left out.
func Profiles(ctx context.Context, store *meta.Store, box *seal.Box) ([]Profile, error) {
	var profiles []Profile
	err := store.View(ctx, func(r meta.Reader) error {
		profiles = nil
		prefix := keys.Meta(profileFact)
		it := r.Scan(prefix, keys.After(prefix))
		for it.Next() {
			p := Profile{
				Name:        strings.TrimPrefix(string(it.Key()), string(prefix)),
				AccessKeyID: ids.AccessKeyID(it.Value()),
			}
			var err error
			p.Secret, err = secretOf(r, box, p.AccessKeyID)
			switch {
			case errors.Is(err, meta.ErrNotFound):
			case err != nil:
				return errors.Join(fmt.Errorf("profile %s: %w", p.Name, err), it.Close())
			default:
				profiles = append(profiles, p)
			}
		}
		return it.Close()
	})
	return profiles, err
}

// secretOf opens the secret of an access key; the error wraps meta.ErrNotFound if there is no such key.
func secretOf(r meta.Reader, box *seal.Box, id ids.AccessKeyID) (string, error) {
	record := &records.AccessKey{}
	if err := records.Get(r, keys.AccessKey(id), record); err != nil {
		return "", err
	}
	secret, err := box.Open(record.SealedSecret, []byte(id))
	return string(secret), err
}
