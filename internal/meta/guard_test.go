package meta_test

import (
	"context"
	"errors"
	"testing"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
)

func TestGuarded(t *testing.T) {
	t.Parallel()
	store := meta.New(memory.New())
	refused := errors.New("refused")
	seen := 0
	refusing := meta.Guarded(t.Context(), func(r meta.Reader) error {
		seen++
		if _, err := r.Get([]byte("k")); err != nil {
			return err // it sees what the transaction wrote
		}
		return refused
	})
	put := func(tx meta.Tx) error { return tx.Put([]byte("k"), []byte("v")) }
	tests := []struct {
		name  string
		ctx   context.Context
		do    func(tx meta.Tx) error
		want  error
		asked int
	}{
		{"nothing written", refusing, func(meta.Tx) error { return nil }, nil, 0},
		{"refused", refusing, put, refused, 1},
		{"taken away", meta.Guarded(refusing, nil), put, nil, 0},
		{"allowed", meta.Guarded(refusing, func(meta.Reader) error { return nil }), put, nil, 0},
	}
	for _, test := range tests {
		seen = 0
		if err := store.Update(test.ctx, test.do); !errors.Is(err, test.want) || seen != test.asked {
			t.Errorf("%s: %v and asked %d times, want %v and %d", test.name, err, seen, test.want, test.asked)
		}
		if test.want != nil {
			err := store.View(t.Context(), func(r meta.Reader) error { _, err := r.Get([]byte("k")); return err })
			if !errors.Is(err, meta.ErrNotFound) {
				t.Errorf("%s: it was written all the same: %v", test.name, err)
			}
		}
	}
}
