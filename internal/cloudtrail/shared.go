package cloudtrail

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"crossgrant/internal/background"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// In a store that servers share, what one knows of the trails does not follow what another one writes. Each transaction that
// changes a trail therefore changes a mark as well, and who needs to know the trails as they are compares it first.

// markFact is the mark: eight bytes that are drawn.
const markFact = "trails"

// mark notes in a transaction that trails have changed.
func (s *Service) mark(tx meta.Tx) error {
	if !s.store.Shared() {
		return nil
	}
	var drawn [8]byte
	rand.Read(drawn[:]) // never fails: https://pkg.go.dev/crypto/rand#Read
	return tx.Put(keys.Meta(markFact), drawn[:])
}

// readMark returns the mark; nil if no trail was changed in a store that is shared.
func (s *Service) readMark(r meta.Reader) ([]byte, error) {
	if !s.store.Shared() {
		return nil, nil
	}
	mark, err := r.Get(keys.Meta(markFact))
	if errors.Is(err, meta.ErrNotFound) {
		return nil, nil
	}
	return mark, err
}

// Refresh makes what is known of the trails as new as what any server had written when it was called. In a store that is not
// shared that is always so.
func (s *Service) Refresh(ctx context.Context) error {
	if !s.store.Shared() {
		return nil
	}
	marks, err := s.store.Read(ctx, [][]byte{keys.Meta(markFact)})
	if err != nil {
		return err
	}
	x := &s.index
	x.mu.RLock()
	known := !x.stale && bytes.Equal(x.mark, marks[0])
	x.mu.RUnlock()
	if known {
		return nil
	}
	x.spoil()
	return s.Load(ctx)
}

// follows is how often a server looks whether others have changed trails.
const follows = time.Second

// Follow refreshes again and again until ctx ends, so that this server records what trails want of it of which another one
// knows.
func (s *Service) Follow(ctx context.Context, log *slog.Logger) {
	for background.Sleep(ctx, follows) {
		background.Complain(ctx, log, "look for trails that changed", s.Refresh(ctx))
	}
}
