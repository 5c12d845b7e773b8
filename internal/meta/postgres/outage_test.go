package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/postgres/postgrestest"
)

func putKey(e *Engine, key string) error {
	return e.Update(context.Background(), func(tx meta.Tx) error { return tx.Put([]byte(key), []byte(key)) })
}

func hasKey(t *testing.T, e *Engine, key string) bool {
	t.Helper()
	found, err := e.Read(context.Background(), [][]byte{[]byte(key)})
	if err != nil {
		t.Fatal(err)
	}
	return found[0].Value != nil
}

// TestTerminated has the server end the connections of transactions that are under way.
func TestTerminated(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	e := open(t, url, Options{})
	if err := putKey(e, "a"); err != nil {
		t.Fatal(err)
	}
	terminate := func() error {
		return postgrestest.Exec(url, `SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	}
	read := func(r meta.Reader) error { _, err := r.Get([]byte("a")); return err }
	err := e.View(context.Background(), func(r meta.Reader) error { return first(read(r), terminate(), read(r)) })
	if !errors.Is(err, meta.ErrUnavailable) {
		t.Errorf("a View whose connection was ended: %v, want ErrUnavailable", err)
	}
	err = e.Update(context.Background(), func(tx meta.Tx) error {
		return first(read(tx), tx.Put([]byte("b"), nil), terminate())
	})
	if !errors.Is(err, meta.ErrUnavailable) || hasKey(t, e, "b") {
		t.Errorf("an Update whose connection was ended before it committed: %v, want ErrUnavailable and nothing written", err)
	}
	// Connections that were ended while nobody used them do not show, if nothing but a read is lost with them.
	if err := first(e.View(context.Background(), read), terminate(), e.View(context.Background(), read), terminate()); err != nil {
		t.Errorf("a View after its connections were ended: %v", err)
	}
	if _, err := e.Read(context.Background(), [][]byte{[]byte("a")}); err != nil {
		t.Errorf("a Read after its connections were ended: %v", err)
	}
}

// TestOutage stops the server and starts it again.
func TestOutage(t *testing.T) {
	t.Parallel()
	server := postgrestest.New(t)
	url := server.Database(t)
	e := open(t, url, Options{})
	if err := putKey(e, "before"); err != nil {
		t.Fatal(err)
	}
	server.Stop(t)
	for range 3 {
		if err := putKey(e, "meanwhile"); !errors.Is(err, meta.ErrUnavailable) {
			t.Errorf("Update without a server: %v, want ErrUnavailable", err)
		}
		if err := e.View(context.Background(), func(r meta.Reader) error { _, err := r.Get([]byte("before")); return err }); !errors.Is(err, meta.ErrUnavailable) {
			t.Errorf("View without a server: %v, want ErrUnavailable", err)
		}
		if _, err := e.Read(context.Background(), nil); !errors.Is(err, meta.ErrUnavailable) {
			t.Errorf("Read without a server: %v, want ErrUnavailable", err)
		}
	}
	if _, err := e.Condition(); !errors.Is(err, meta.ErrUnavailable) {
		t.Errorf("Condition without a server: %v, want ErrUnavailable", err)
	}
	if _, err := Open(context.Background(), url, Options{}); !errors.Is(err, meta.ErrUnavailable) || strings.Contains(err.Error(), "@") {
		t.Errorf("Open without a server: %v, want ErrUnavailable, and no address with a password", err)
	}
	server.Start(t)
	// Nobody but the engine itself asks the server.
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		recovered, err := e.Condition()
		if err == nil && recovered == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("Condition after the server came back: %d, %v, want 1 and no error", recovered, err)
		}
	}
	if err := putKey(e, "after"); err != nil {
		t.Errorf("Update after the server came back: %v", err)
	}
	if !hasKey(t, e, "before") || !hasKey(t, e, "after") || hasKey(t, e, "meanwhile") {
		t.Error("what was acknowledged, and nothing else, is not there after the server came back")
	}
}

// TestCancelled ends the context of reads that are under way; the engine goes on.
func TestCancelled(t *testing.T) {
	t.Parallel()
	e := open(t, postgrestest.Database(t), Options{})
	ctx, cancel := context.WithCancel(context.Background())
	err := e.View(ctx, func(r meta.Reader) error {
		_, err := r.GetMany([][]byte{[]byte("a")})
		cancel()
		_, again := r.GetMany([][]byte{[]byte("a")})
		return first(err, again)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("View = %v, want context.Canceled", err)
	}
	if _, err := e.Condition(); err != nil {
		t.Errorf("Condition = %v after a context was cancelled, want no error", err)
	}
	// A commit that has begun is not left open.
	ctx, cancel = context.WithCancel(context.Background())
	if err := e.Update(ctx, func(tx meta.Tx) error {
		_, err := tx.GetMany([][]byte{[]byte("a")})
		cancel()
		return first(err, tx.Put([]byte("a"), nil))
	}); err != nil || !hasKey(t, e, "a") {
		t.Errorf("Update = %v, want a commit", err)
	}
}

// TestUnsafe opens a database that acknowledges before it is safe.
func TestUnsafe(t *testing.T) {
	t.Parallel()
	_, err := Open(context.Background(), postgrestest.Database(t)+"&synchronous_commit=off", Options{})
	if err == nil || errors.Is(err, meta.ErrUnavailable) || !strings.Contains(err.Error(), "synchronous_commit") {
		t.Errorf("Open = %v, want a refusal that names synchronous_commit", err)
	}
	if _, err := Open(context.Background(), "postgres://user:hush@:port/db", Options{}); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("Open = %v, want an error without the password", err)
	}
}

// TestStandby has the server refuse writes, as one does that is a standby now.
func TestStandby(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	e := open(t, url, Options{})
	if err := putKey(e, "a"); err != nil {
		t.Fatal(err)
	}
	setting := func(value string) {
		t.Helper()
		name := url[strings.LastIndex(url, "/")+1 : strings.Index(url, "?")]
		if err := postgrestest.Exec(strings.Replace(url, name, "postgres", 1),
			fmt.Sprintf(`ALTER DATABASE "%s" SET default_transaction_read_only = %s`, name, value)); err != nil {
			t.Fatal(err)
		}
	}
	setting("on")
	e.pool.Reset()
	for range 2 {
		if err := putKey(e, "b"); !errors.Is(err, meta.ErrUnavailable) {
			t.Errorf("Update on a server that refuses writes: %v, want ErrUnavailable", err)
		}
		if _, err := e.Read(context.Background(), nil); !errors.Is(err, meta.ErrUnavailable) {
			t.Errorf("Read on a server that refuses writes, and may be behind: %v, want ErrUnavailable", err)
		}
	}
	setting("off")
	if err := putKey(e, "b"); err != nil {
		t.Errorf("Update after the server takes writes again: %v", err)
	}
}
