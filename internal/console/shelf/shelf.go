// Package shelf keeps the console's sessions in the metadata store, for servers that share it: a visitor's next request may come to
// any of them, and who signs out has signed out everywhere.
//
// What is kept is sealed under the token of the session, which only the visitor's cookie has, and lies under the hash of the token
// (package session): nothing in the store, nor in a copy of it, opens it. It is read from the store in each request.
package shelf

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"crossgrant/internal/background"
	"crossgrant/internal/console/session"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
)

const (
	// coarse is how much of session.Idle may pass until it is noted that a session is used, so that not each page is a write: one
	// that nobody uses may end so much earlier.
	coarse = 5 * time.Minute
	// sweepInterval is how often sessions that are over are looked for, and sweepBatch how many one transaction removes.
	sweepInterval = 10 * time.Minute
	sweepBatch    = 256
)

// Shelf is a session.Shelf. It is safe for concurrent use.
type Shelf struct {
	store *meta.Store
	now   func() time.Time
}

var _ session.Shelf = (*Shelf)(nil)

// New returns a Shelf in store; a nil now means time.Now.
func New(store *meta.Store, now func() time.Time) *Shelf {
	if now == nil {
		now = time.Now
	}
	return &Shelf{store, now}
}

// Put implements session.Shelf.
func (s *Shelf) Put(ctx context.Context, id session.ID, sealed []byte) error {
	now := s.now()
	return s.store.Update(ctx, func(tx meta.Tx) error {
		return records.Put(tx, keys.ConsoleSession(id), &records.ConsoleSession{
			Sealed: sealed, Expires: now.Add(session.Idle).UnixNano(), Latest: now.Add(session.Longest).UnixNano(),
		})
	})
}

// Get implements session.Shelf.
func (s *Shelf) Get(ctx context.Context, id session.ID) ([]byte, error) {
	values, err := s.store.Read(ctx, [][]byte{keys.ConsoleSession(id)})
	if err != nil || values[0] == nil {
		return nil, err
	}
	k := new(records.ConsoleSession)
	if err := records.Unmarshal(values[0], k); err != nil {
		return nil, err
	}
	now := s.now()
	if over(k, now) {
		return nil, nil
	}
	if used(k, now)-k.Expires >= int64(coarse) {
		err = s.change(ctx, id, func(k *records.ConsoleSession) error {
			k.Expires = max(k.Expires, used(k, now))
			return nil
		})
	}
	return k.Sealed, err
}

// Change implements session.Shelf.
func (s *Shelf) Change(ctx context.Context, id session.ID, change func([]byte) ([]byte, error)) error {
	return s.change(ctx, id, func(k *records.ConsoleSession) error {
		sealed, err := change(k.Sealed)
		k.Sealed = sealed
		return err
	})
}

// change changes a session, unless there is none any more.
func (s *Shelf) change(ctx context.Context, id session.ID, change func(*records.ConsoleSession) error) error {
	now := s.now()
	return s.store.Update(ctx, func(tx meta.Tx) error {
		k := new(records.ConsoleSession)
		err := records.Get(tx, keys.ConsoleSession(id), k)
		if errors.Is(err, meta.ErrNotFound) || err == nil && over(k, now) {
			return nil
		}
		if err == nil {
			err = change(k)
		}
		if err != nil {
			return err
		}
		return records.Put(tx, keys.ConsoleSession(id), k)
	})
}

// Drop implements session.Shelf.
func (s *Shelf) Drop(ctx context.Context, id session.ID) error {
	return s.store.Update(ctx, func(tx meta.Tx) error { return tx.Delete(keys.ConsoleSession(id)) })
}

// over reports whether a session has ended.
func over(k *records.ConsoleSession, now time.Time) bool { return now.UnixNano() >= k.Expires }

// used returns when a session ends that is used now and no more.
func used(k *records.ConsoleSession, now time.Time) int64 {
	return min(now.Add(session.Idle).UnixNano(), k.Latest)
}

// Sweep removes sessions that are over, again and again until ctx ends. One server does it.
func (s *Shelf) Sweep(ctx context.Context, log *slog.Logger) {
	for {
		background.Complain(ctx, log, "remove sessions of the console that are over", s.sweep(ctx))
		if !background.Sleep(ctx, sweepInterval) {
			return
		}
	}
}

func (s *Shelf) sweep(ctx context.Context) error {
	for {
		removed, err := s.sweepSome(ctx)
		if err != nil || removed < sweepBatch {
			return err
		}
	}
}

// sweepSome removes some sessions that are over, and returns how many.
func (s *Shelf) sweepSome(ctx context.Context) (removed int, err error) {
	now := s.now()
	err = s.store.Update(meta.Freeing(ctx), func(tx meta.Tx) error {
		var gone [][]byte
		it := tx.Scan(keys.ConsoleSessions())
		for len(gone) < sweepBatch && it.Next() {
			k := new(records.ConsoleSession)
			if err := records.Unmarshal(it.Value(), k); err != nil || over(k, now) { // one that cannot be read is nobody's any more
				gone = append(gone, append([]byte(nil), it.Key()...))
			}
		}
		removed = len(gone)
		return errors.Join(it.Close(), meta.DeleteAll(tx, gone))
	})
	return removed, err
}

// formFact is the key that seals what forms bring back, itself sealed under the master key.
const formFact = "console-form-key"

// FormKey returns the key that seals what forms bring back to any of the servers. It is drawn by the first that asks.
func FormKey(ctx context.Context, store *meta.Store, box *seal.Box) (*[32]byte, error) {
	var key [32]byte
	err := store.Update(ctx, func(tx meta.Tx) error {
		sealed, err := tx.Get(keys.Meta(formFact))
		if errors.Is(err, meta.ErrNotFound) {
			rand.Read(key[:]) // never fails: https://pkg.go.dev/crypto/rand#Read
			if sealed, err = box.Seal(key[:], []byte(formFact)); err != nil {
				return err
			}
			return tx.Put(keys.Meta(formFact), sealed)
		}
		if err != nil {
			return err
		}
		plain, err := box.Open(sealed, []byte(formFact))
		if err == nil && copy(key[:], plain) != len(key) {
			err = meta.ErrCorrupt
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the key of the console's forms: %w", err)
	}
	return &key, nil
}
