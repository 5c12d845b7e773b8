package servers

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/metatest"
)

// world is a store of format 7.
type world struct {
	*testing.T
	engine *metatest.Shared
}

func newWorld(t *testing.T) *world {
	w := &world{t, metatest.NewShared(memory.New())}
	err := w.store().Update(t.Context(), func(tx meta.Tx) error { return tx.Put(keys.Meta(keys.FormatFact), []byte("7")) })
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) store() *meta.Store { return meta.New(w.engine) }

// member is a server of the world.
type member struct {
	*Servers
	way     *metatest.Shared // its own way to the store
	refused error
}

// server returns a server that writes a range of formats.
func (w *world) server(id string, oldest, newest int) *member {
	m := &member{way: metatest.NewShared(w.engine)}
	self := Self{ID: id, Version: "v" + strconv.Itoa(newest), Address: id + ":9000", Oldest: oldest, Newest: newest}
	m.Servers = New(meta.New(m.way), self, Options{Refused: func(err error) { m.refused = err }, Log: slog.New(slog.DiscardHandler)})
	return m
}

func (w *world) join(m *member) *member {
	w.Helper()
	if err := m.Join(w.Context()); err != nil {
		w.Fatal(err)
	}
	m.Start()
	return m
}

func (w *world) format(want int) {
	w.Helper()
	err := w.store().View(w.Context(), func(r meta.Reader) error {
		got, err := readFormat(r)
		if got != want {
			w.Errorf("the format is %d, want %d", got, want)
		}
		return err
	})
	if err != nil {
		w.Error(err)
	}
}

func (w *world) there(want string) {
	w.Helper()
	found, err := All(w.Context(), w.store())
	if err != nil {
		w.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, f.ID)
	}
	if fmt.Sprint(got) != "["+want+"]" {
		w.Errorf("there are %v, want %s", got, want)
	}
}

func (w *world) refuses(m *member, want string) {
	w.Helper()
	if err := m.Join(w.Context()); err == nil || !strings.Contains(err.Error(), want) {
		w.Errorf("Join = %v, want %q", err, want)
	}
}

// TestRollingUpgrade: old and new servers together write the old format; when the last old one has left the new one is written, and
// an old one is refused.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a, b := w.join(w.server("a", 7, 7)), w.join(w.server("b", 7, 7))
		time.Sleep(time.Minute)
		a.Close()
		a = w.join(w.server("a2", 7, 8))
		time.Sleep(time.Hour)
		w.format(7)
		w.there("a2 b")
		if a.Format() != 7 || b.Format() != 7 {
			t.Errorf("the servers write %d and %d", a.Format(), b.Format())
		}
		b.Close()
		time.Sleep(2 * beat)
		w.format(8)
		if a.Format() != 8 {
			t.Errorf("the last server writes %d", a.Format())
		}
		w.refuses(w.server("old", 7, 7), "the store has format 8 and this program reads up to 7")
		c := w.join(w.server("c", 8, 9))
		time.Sleep(time.Minute)
		w.format(8)
		a.Close()
		time.Sleep(time.Minute)
		w.format(9)
		c.Close()
		w.there("")
	})
}

// TestKilled: a server that ended without saying so holds nothing up for long, and nothing of it stays.
func TestKilled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		killed := w.server("killed", 7, 7)
		if err := killed.Join(t.Context()); err != nil {
			t.Fatal(err)
		}
		b := w.join(w.server("b", 7, 8))
		time.Sleep(Dead - time.Second)
		w.format(7)
		time.Sleep(3 * beat)
		w.format(8)
		w.there("b")
		b.Close()
	})
}

// TestPaused: a server that was silent for so long that the others went on without it finds out that it has to end.
func TestPaused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a, b := w.join(w.server("a", 7, 7)), w.join(w.server("b", 7, 8))
		a.way.Fail(meta.ErrUnavailable)
		time.Sleep(time.Minute)
		w.format(8)
		a.way.Fail(nil)
		time.Sleep(2 * beat)
		synctest.Wait()
		if a.refused == nil || !strings.Contains(a.refused.Error(), "use a newer crossgrant") {
			t.Errorf("refused is %v", a.refused)
		}
		a.Close()
		b.Close()
	})
}

// TestBackAgain: a server that was taken for gone, and can read the format, is there again when it speaks.
func TestBackAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a, b := w.join(w.server("a", 7, 7)), w.join(w.server("b", 7, 7))
		a.way.Fail(meta.ErrUnavailable)
		time.Sleep(time.Minute)
		w.there("b")
		a.way.Fail(nil)
		time.Sleep(2 * beat)
		w.there("a b")
		a.Close()
		b.Close()
	})
}

// TestWritesNewOnly: a program that cannot write the format of the store joins only where nobody is that needs it.
func TestWritesNewOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a := w.join(w.server("a", 7, 7))
		w.refuses(w.server("new", 8, 8), "the store has format 7, which the server at a:9000 (version v7) needs, and this program writes format 8 and newer: stop the other servers first")
		w.there("a")
		w.format(7)
		a.way.Fail(meta.ErrUnavailable) // it is killed
		n := w.join(w.server("new", 8, 8))
		w.format(8)
		a.Close()
		n.Close()
	})
}

// TestMigrated: where a migration has taken over no server joins, and one that has joined ends.
func TestMigrated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a := w.join(w.server("a", 7, 7))
		defer a.Close()
		err := w.store().Update(t.Context(), func(tx meta.Tx) error { return tx.Put(keys.Meta(keys.FormatFact), []byte(keys.FormatHeld)) })
		if err != nil {
			t.Fatal(err)
		}
		if err := w.server("b", 7, 7).Join(t.Context()); !errors.Is(err, ErrMigrated) {
			t.Errorf("join: %v", err)
		}
		time.Sleep(beat + time.Second)
		synctest.Wait()
		if !errors.Is(a.refused, ErrMigrated) {
			t.Errorf("a server that has joined: %v", a.refused)
		}
	})
}
