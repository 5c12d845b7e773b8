package postgres

import (
	"context"
	"errors"
	"testing"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/postgres/postgrestest"
)

// TestTwoServers has two engines over one database, as two servers are.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	a, b := open(t, url, Options{}), open(t, url, Options{})
	ctx := context.Background()
	put := func(e *Engine, key, value string) {
		t.Helper()
		if err := e.Update(ctx, func(tx meta.Tx) error { return tx.Put([]byte(key), []byte(value)) }); err != nil {
			t.Fatal(err)
		}
	}
	for _, value := range []string{"1", "2", "3"} {
		put(a, "key", value)
		found, err := b.Read(ctx, [][]byte{[]byte("key")})
		if err != nil || string(found[0].Value) != value || found[0].Revision <= 0 {
			t.Errorf("the other server reads %q, revision %d, %v, want %q", found[0].Value, found[0].Revision, err, value)
		}
		if err := b.View(ctx, func(r meta.Reader) error {
			got, err := r.Get([]byte("key"))
			if string(got) != value {
				t.Errorf("the other server views %q, want %q", got, value)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
	}
}

// TestAhead changes keys on one server after another has read them ahead, before it uses them.
func TestAhead(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	a, b := open(t, url, Options{}), open(t, url, Options{})
	there, absent, other := []byte("there"), []byte("absent"), []byte("other")
	get := func(key []byte) func(tx meta.Tx) error {
		return func(tx meta.Tx) error { _, err := tx.GetMany([][]byte{key}); return err }
	}
	both := func(fns ...func(tx meta.Tx) error) func(tx meta.Tx) error {
		return func(tx meta.Tx) error {
			var err error
			for _, fn := range fns {
				err = first(err, fn(tx))
			}
			return err
		}
	}
	put := func(key []byte) func(tx meta.Tx) error {
		return func(tx meta.Tx) error { return tx.Put(key, []byte("new")) }
	}
	remove := func(key []byte) func(tx meta.Tx) error { return func(tx meta.Tx) error { return tx.Delete(key) } }
	again := both(remove(there), put(there))
	tests := []struct {
		name         string
		between, run func(tx meta.Tx) error
		conflict     bool
	}{
		{"nothing changed", put(other), both(get(there), get(absent), put(there), put(absent)), false},
		{"nothing is written", put(there), get(there), false},
		{"read, changed", put(there), both(get(there), put(other)), true},
		{"read, deleted", remove(there), both(get(there), put(other)), true},
		{"read and written, changed", put(there), both(get(there), put(there)), true},
		{"read and written, deleted", remove(there), both(get(there), put(there)), true},
		{"read and written, deleted and put again", again, both(get(there), put(there)), true},
		{"read and deleted, changed", put(there), both(get(there), remove(there)), true},
		{"read and deleted, deleted", remove(there), both(get(there), remove(there)), true},
		{"absent, put", put(absent), both(get(absent), put(other)), true},
		{"absent and written, put", put(absent), both(get(absent), put(absent)), true},
		{"absent and deleted, put", put(absent), both(get(absent), remove(absent)), true},
		{"absent and deleted", put(other), both(get(absent), remove(absent)), false},
		{"not used, changed", put(there), both(get(absent), put(absent)), false},
		{"written blindly, changed", put(there), put(there), false},
		{"deleted blindly, deleted", remove(there), remove(there), false},
		{"used, then more is read; changed", put(there), both(get(there), get(other), put(other)), true},
		{"used, then more is read; not changed", put(absent), both(get(there), get(other), get(absent), put(there)), false},
		{"used, then more is read; put", put(absent), both(get(absent), get(other), put(absent)), true},
	}
	for _, test := range tests {
		reset := both(put(there), remove(absent), remove(other))
		if err := a.Update(context.Background(), reset); err != nil {
			t.Fatal(err)
		}
		ctx, err := meta.New(b).Ahead(context.Background(), [][]byte{there, absent})
		if err := first(err, a.Update(context.Background(), test.between)); err != nil {
			t.Fatal(err)
		}
		err = b.Update(ctx, test.run)
		if errors.Is(err, meta.ErrConflict) != test.conflict || err != nil && !test.conflict {
			t.Errorf("%s: %v, want a conflict: %v", test.name, err, test.conflict)
		}
		if err := meta.New(b).Update(ctx, test.run); err != nil {
			t.Errorf("%s: the store does not get over it: %v", test.name, err)
		}
	}
}

// TestOpenTogether opens many engines over a database without a table at once.
func TestOpenTogether(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	errs := make(chan error)
	const servers = 6
	for range servers {
		go func() {
			e, err := Open(context.Background(), url, Options{})
			if err == nil {
				err = first(e.Update(context.Background(), func(tx meta.Tx) error { return tx.Put([]byte("a"), nil) }), e.Close())
			}
			if errors.Is(err, meta.ErrConflict) {
				err = nil // about the one key
			}
			errs <- err
		}()
	}
	for range servers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
