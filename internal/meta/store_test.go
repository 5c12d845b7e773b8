package meta_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/metatest"
)

// A Store keeps the contract of the engine below it.
func TestStoreIsEngine(t *testing.T) {
	t.Parallel()
	metatest.Run(t, func(*testing.T) meta.Engine { return meta.New(memory.New()) })
}

func TestLimits(t *testing.T) {
	t.Parallel()
	store := meta.New(memory.New())
	long := make([]byte, meta.MaxKey+1)
	const noKey, longKey = "key of 0 bytes", "key of 2601 bytes"
	tests := []struct {
		name string
		call func(tx meta.Tx) error
		want string
	}{
		{"put without key", func(tx meta.Tx) error { return tx.Put(nil, []byte("v")) }, noKey},
		{"put", func(tx meta.Tx) error { return tx.Put(long, []byte("v")) }, longKey},
		{"put value", func(tx meta.Tx) error { return tx.Put([]byte("k"), make([]byte, meta.MaxValue+1)) }, "value of 4194305 bytes"},
		{"delete", func(tx meta.Tx) error { return tx.Delete(long) }, longKey},
		{"get without key", func(tx meta.Tx) error { _, err := tx.Get([]byte{}); return err }, noKey},
		{"get", func(tx meta.Tx) error { _, err := tx.Get(long); return err }, longKey},
		{"get many", func(tx meta.Tx) error { _, err := tx.GetMany([][]byte{{1}, long}); return err }, longKey},
	}
	for _, test := range tests {
		if err := store.Update(t.Context(), test.call); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want an error with %q", test.name, err, test.want)
		}
	}
	err := store.View(t.Context(), func(r meta.Reader) error { _, err := r.Get(long); return err })
	if err == nil || errors.Is(err, meta.ErrNotFound) {
		t.Errorf("View: %v, want an error about the key", err)
	}
}

// scripted is an engine whose Update runs fn and then returns the next error of the script, nil at its
// end.
type scripted struct {
	meta.Engine
	script []error
	runs   int
}

func (s *scripted) Update(ctx context.Context, fn func(tx meta.Tx) error) error {
	s.runs++
	if s.runs > len(s.script) || s.script[s.runs-1] == nil {
		return s.Engine.Update(ctx, fn)
	}
	outcome := s.script[s.runs-1]
	err := s.Engine.Update(ctx, func(tx meta.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return outcome
	})
	return err
}

func repeat(err error, n int) []error { return slices.Repeat([]error{err}, n) }

func TestRetries(t *testing.T) {
	t.Parallel()
	wrapped := fmt.Errorf("in the middle: %w", meta.ErrConflict)
	tests := []struct {
		name     string
		script   []error
		wantRuns int
		want     error
	}{
		{"none", nil, 1, nil},
		{"one", []error{meta.ErrConflict}, 2, nil},
		{"wrapped", []error{wrapped, wrapped}, 3, nil},
		{"to the last attempt", repeat(meta.ErrConflict, 15), 16, nil},
		{"given up", repeat(meta.ErrConflict, 100), 16, meta.ErrConflict},
		{"other error", []error{meta.ErrConflict, meta.ErrCorrupt}, 2, meta.ErrCorrupt},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := &scripted{Engine: memory.New(), script: test.script}
				began := time.Now()
				err := meta.New(engine).Update(context.Background(), func(tx meta.Tx) error {
					return tx.Put([]byte("k"), []byte("v"))
				})
				if !errors.Is(err, test.want) || engine.runs != test.wantRuns {
					t.Errorf("Update = %v after %d runs, want %v after %d", err, engine.runs, test.want, test.wantRuns)
				}
				if spent := time.Since(began); spent > time.Second {
					t.Errorf("the retries took %v", spent)
				}
			})
		})
	}
}

// A conflict that fn meets and returns is retried like one that the engine finds at the end.
func TestConflictInsideFn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		err := meta.New(memory.New()).Update(context.Background(), func(meta.Tx) error {
			if runs++; runs < 3 {
				return fmt.Errorf("read: %w", meta.ErrConflict)
			}
			return nil
		})
		if err != nil || runs != 3 {
			t.Errorf("Update = %v after %d runs, want nil after 3", err, runs)
		}
	})
}

func TestRetryEndsWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	engine := &scripted{Engine: memory.New(), script: repeat(meta.ErrConflict, 100)}
	err := meta.New(engine).Update(ctx, func(meta.Tx) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || !errors.Is(err, meta.ErrConflict) || engine.runs != 1 {
		t.Errorf("Update = %v after %d runs, want Canceled and ErrConflict after 1", err, engine.runs)
	}
}

// lossy is an engine whose commits succeed but whose answers are lost.
type lossy struct{ meta.Engine }

var errLost = errors.New("connection lost")

func (l lossy) Update(ctx context.Context, fn func(tx meta.Tx) error) error {
	if err := l.Engine.Update(ctx, fn); err != nil {
		return err
	}
	return errLost
}

func TestOnCommit(t *testing.T) {
	t.Parallel()
	errRefused := errors.New("refused")
	write := func(tx meta.Tx) error {
		key := []byte("a")
		if err := errors.Join(tx.Put(key, nil), tx.Delete([]byte("b"))); err != nil {
			return err
		}
		copy(key, "!") // the caller may reuse it
		return tx.Put([]byte("a"), []byte("again"))
	}
	closed := memory.New()
	_ = closed.Close()
	first := 0
	tests := []struct {
		name   string
		engine meta.Engine
		fn     func(tx meta.Tx) error
		want   string // the observed keys, "" for no call
		err    error
	}{
		{"commit", memory.New(), write, "[a b a]", nil},
		{"no writes", memory.New(), func(tx meta.Tx) error { _, err := tx.GetMany([][]byte{{1}}); return err }, "", nil},
		{"refused by fn", memory.New(), func(tx meta.Tx) error { return errors.Join(write(tx), errRefused) }, "", errRefused},
		{"outcome unknown", lossy{memory.New()}, write, "[a b a]", errLost},
		{"outcome unknown, no writes", lossy{memory.New()}, func(meta.Tx) error { return nil }, "", errLost},
		{"closed", closed, write, "", meta.ErrClosed},
		{"second run", &scripted{Engine: memory.New(), script: []error{meta.ErrConflict}}, func(tx meta.Tx) error {
			first++
			return tx.Put(fmt.Append(nil, "run", first), nil)
		}, "[run2]", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := meta.New(test.engine)
			var observed []string
			for range 2 {
				store.OnCommit(func(written [][]byte) { observed = append(observed, fmt.Sprintf("%s", written)) })
			}
			if err := store.Update(t.Context(), test.fn); !errors.Is(err, test.err) {
				t.Errorf("Update = %v, want %v", err, test.err)
			}
			var want []string
			if test.want != "" {
				want = []string{test.want, test.want}
			}
			if !slices.Equal(observed, want) {
				t.Errorf("two observers were called with %q, want %q", observed, want)
			}
		})
	}
}

// What an observer reads is already the new state, and Update has not returned.
func TestOnCommitComesAfterCommit(t *testing.T) {
	t.Parallel()
	store := meta.New(memory.New())
	calls := 0
	store.OnCommit(func([][]byte) {
		calls++
		err := store.View(context.Background(), func(r meta.Reader) error { _, err := r.Get([]byte("k")); return err })
		if err != nil {
			t.Errorf("in the observer: %v", err)
		}
	})
	if err := store.Update(t.Context(), func(tx meta.Tx) error { return tx.Put([]byte("k"), nil) }); err != nil {
		t.Error(err)
	}
	if calls != 1 {
		t.Errorf("the observer was called %d times when Update returned, want 1", calls)
	}
}
