package main

import (
	"context"
	"errors"
	"testing"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
)

// readOnly is an engine whose log failed: it reads and refuses to write.
type readOnly struct{ meta.Engine }

var errRefused = errors.New("the log failed")

func (readOnly) Update(context.Context, func(meta.Tx) error) error { return errRefused }

// TestNotReadyWithoutWrites has a server that can only read say that it is not ready, so that whoever
// watches it starts it again.
func TestNotReadyWithoutWrites(t *testing.T) {
	t.Parallel()
	engine := memory.New()
	store := meta.New(engine)
	err := store.Update(t.Context(), func(tx meta.Tx) error { return tx.Put(keys.Meta(formatFact), []byte("1")) })
	if err != nil {
		t.Fatal(err)
	}
	if err := answers(t.Context(), store); err != nil {
		t.Errorf("a good store: %v", err)
	}
	if err := answers(t.Context(), meta.New(readOnly{engine})); !errors.Is(err, errRefused) {
		t.Errorf("a store that cannot be written: %v, want %v", err, errRefused)
	}
}
