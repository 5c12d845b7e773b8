package shelf

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"crossgrant/internal/console/session"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/metatest"
	"crossgrant/internal/seal"
)

// world is two servers over one store, and their clock.
type world struct {
	*testing.T
	engine      *metatest.Shared
	now         time.Time
	shelf       *Shelf
	here, there *session.Store
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, engine: metatest.NewShared(memory.New()), now: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	w.shelf = New(meta.New(w.engine), clock)
	w.here, w.there = session.NewStore(clock, w.shelf), session.NewStore(clock, New(meta.New(w.engine), clock))
	return w
}

func (w *world) begin(name string) string {
	w.Helper()
	token, err := w.here.Begin(w.Context(), &session.Session{Base: session.Identity{Name: name, SecretAccessKey: "a secret"}})
	if err != nil {
		w.Fatal(err)
	}
	return token
}

// finds checks who a token belongs to, on a server; empty: nobody.
func (w *world) finds(s *session.Store, token, want string) {
	w.Helper()
	in, err := s.Find(w.Context(), token)
	if err != nil {
		w.Fatal(err)
	}
	got := ""
	if in != nil {
		got = in.Current().Name
	}
	if got != want {
		w.Errorf("found %q, want %q", got, want)
	}
}

func TestEveryServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, other := w.begin("ann"), w.begin("bob")
	w.finds(w.there, token, "ann")
	if err := w.there.Update(t.Context(), token, func(in *session.Session) { in.Role = &session.Role{Identity: session.Identity{Name: "role"}} }); err != nil {
		t.Fatal(err)
	}
	w.finds(w.here, token, "role")
	if err := w.there.End(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	w.finds(w.here, token, "")
	if err := w.here.Update(t.Context(), token, func(*session.Session) { t.Error("what has ended is changed") }); err != nil {
		t.Error(err)
	}
	w.finds(w.here, other, "bob")
	w.finds(w.here, token[:42]+"!", "")
}

// TestSealed holds that the store has neither a secret nor a token.
func TestSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.begin("ann")
	err := w.shelf.store.View(t.Context(), func(r meta.Reader) error {
		it := r.Scan(keys.ConsoleSessions())
		n := 0
		for ; it.Next(); n++ {
			for _, secret := range []string{"secret", "ann", token} {
				if bytes.Contains(it.Key(), []byte(secret)) || bytes.Contains(it.Value(), []byte(secret)) {
					t.Errorf("the store has %q", secret)
				}
			}
		}
		if n != 1 {
			t.Errorf("%d sessions are kept", n)
		}
		return it.Close()
	})
	if err != nil {
		t.Error(err)
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	idle, used := w.begin("ann"), w.begin("bob")
	for range 2 {
		w.now = w.now.Add(session.Idle - time.Minute)
		w.finds(w.there, used, "bob")
	}
	w.finds(w.here, idle, "")
	for w.now.Before(time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC).Add(session.Longest - 30*time.Minute)) {
		w.now = w.now.Add(15 * time.Minute)
		w.finds(w.here, used, "bob")
	}
	w.now = w.now.Add(30 * time.Minute)
	w.finds(w.here, used, "")
	last := w.begin("eve")
	if removed, err := w.shelf.sweepSome(t.Context()); removed != 2 || err != nil {
		t.Errorf("%d are swept, %v", removed, err)
	}
	w.finds(w.there, last, "eve")
}

// TestUnreachable: a store that cannot be reached tells of nobody that he is signed in, or has signed out.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.begin("ann")
	w.engine.Fail(meta.ErrUnavailable)
	if in, err := w.here.Find(t.Context(), token); in != nil || !errors.Is(err, meta.ErrUnavailable) {
		t.Errorf("Find = %v, %v", in, err)
	}
	if err := w.here.End(t.Context(), token); !errors.Is(err, meta.ErrUnavailable) {
		t.Errorf("End = %v", err)
	}
}

// TestFormKey: all servers have one key, which the store has sealed.
func TestFormKey(t *testing.T) {
	t.Parallel()
	store := meta.New(metatest.NewShared(memory.New()))
	box, other := must(seal.New())(t), must(seal.New())(t)
	first, second := must(FormKey(context.Background(), store, box))(t), must(FormKey(context.Background(), store, box))(t)
	if *first != *second || *first == [32]byte{} {
		t.Error("two servers have different keys, or none")
	}
	if _, err := FormKey(t.Context(), store, other); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("another master key: %v", err)
	}
	err := store.View(t.Context(), func(r meta.Reader) error {
		value, err := r.Get(keys.Meta(formFact))
		if bytes.Contains(value, first[:]) {
			t.Error("the key is not sealed")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
