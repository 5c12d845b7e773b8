package iam

import (
	"context"
	"errors"
	"strings"
	"testing"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// brokenReader fails every read.
type brokenReader struct {
	meta.Reader
	err error
}

func (b brokenReader) Get([]byte) ([]byte, error) { return nil, b.err }

func TestAccessKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	ann := w.user(accountA, "ann")
	w.user(accountA, "bob")
	for owner, id := range map[string]string{"ann": string(ann.ID), "": ""} { // a user, and the root user
		key, secret, err := w.CreateAccessKey(w.ctx, accountA, owner)
		w.must(err)
		if !strings.HasPrefix(string(key.ID), "AKIA") || len(key.ID) != 20 || len(secret) != 40 || !key.Active || key.UserName != owner {
			t.Errorf("created %+v with a secret of %d characters", key, len(secret))
		}
		w.must(w.store.View(w.ctx, func(r meta.Reader) error {
			record := new(records.AccessKey)
			if err := records.Get(r, keys.AccessKey(key.ID), record); err != nil {
				return err
			}
			opened, err := w.box.Open(record.SealedSecret, []byte(key.ID))
			if string(opened) != secret || record.UserId != id || record.Account != string(accountA) {
				t.Errorf("stored %+v", record)
			}
			return err
		}))
		second, _, err := w.CreateAccessKey(w.ctx, accountA, owner)
		w.must(err)
		_, _, err = w.CreateAccessKey(w.ctx, accountA, owner)
		w.refused(err, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")

		w.must(w.UpdateAccessKey(w.ctx, accountA, owner, key.ID, false))
		list, err := w.AccessKeys(w.ctx, accountA, owner, Page{Max: 1})
		w.must(err)
		rest, err := w.AccessKeys(w.ctx, accountA, owner, Page{Marker: list.Marker})
		w.must(err)
		if len(list.Items) != 1 || list.Items[0].ID != key.ID || list.Items[0].Active || len(rest.Items) != 1 || rest.Items[0].ID != second.ID || !rest.Items[0].Active {
			t.Errorf("listed %+v and %+v", list.Items, rest.Items)
		}
		// Another user's key, and another account's, is not there.
		w.refused(w.UpdateAccessKey(w.ctx, accountA, "bob", key.ID, true), "NoSuchEntity", "The Access Key with id "+string(key.ID)+" cannot be found.")
		w.refused(w.DeleteAccessKey(w.ctx, accountA, "bob", key.ID), "NoSuchEntity", "")
		w.refused(w.DeleteAccessKey(w.ctx, accountB, "", key.ID), "NoSuchEntity", "")
		w.must(w.DeleteAccessKey(w.ctx, accountA, owner, key.ID))
		w.refused(w.DeleteAccessKey(w.ctx, accountA, owner, key.ID), "NoSuchEntity", "")
	}
	_, _, err := w.CreateAccessKey(w.ctx, accountA, "nobody")
	w.refused(err, "NoSuchEntity", "The user with name nobody cannot be found.")
}

func TestAddAccessKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	_, err := w.AddAccessKey(w.ctx, accountA, "", "AKIAIOSFODNN7EXAMPLE", "secret")
	w.must(err)
	_, err = w.AddAccessKey(w.ctx, accountB, "", "AKIAIOSFODNN7EXAMPLE", "secret")
	w.refused(err, "EntityAlreadyExists", "")
	for _, id := range []ids.AccessKeyID{"ASIAIOSFODNN7EXAMPLE", "short", "AKIA/OSFODNN7EXAMPLE"} {
		_, err = w.AddAccessKey(w.ctx, accountA, "", id, "secret")
		w.refused(err, "InvalidInput", "")
	}
	_, err = w.AddAccessKey(w.ctx, accountA, "", "AKIAIOSFODNN7EXAMPL2", "")
	w.refused(err, "InvalidInput", "")
}

// TestConflict: a transaction that cannot be serialized is IAM's ConcurrentModification.
func TestConflict(t *testing.T) {
	t.Parallel()
	s := New(meta.New(conflicting{}), nil, Options{})
	_, err := s.CreateGroup(context.Background(), accountA, "g", "/")
	w := &world{T: t}
	w.refused(err, "ConcurrentModification", "")
	if !errors.Is(err, meta.ErrConflict) {
		t.Error("the cause is lost")
	}
}

// conflicting is an engine on which nothing commits.
type conflicting struct{ meta.Engine }

func (conflicting) Update(context.Context, func(meta.Tx) error) error { return meta.ErrConflict }
