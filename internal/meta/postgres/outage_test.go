package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
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

// slowNet is a network that, once it is told to, holds back what is sent to the server, and delivers it later although the
// client has long given up, as a middlebox may.
type slowNet struct {
	mu       sync.Mutex // protects holding, held and gaveUp
	holding  bool
	held     []byte
	gaveUp   bool // the client has stopped to wait for an answer
	released chan struct{}
	answered chan []byte
}

// slowConn is a connection through a slowNet.
type slowConn struct {
	net.Conn
	net *slowNet
}

func (n *slowNet) dial(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.holding {
		return nil, errors.New("no way to the server")
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &slowConn{conn, n}, err
}

func (c *slowConn) Write(b []byte) (int, error) {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	if !c.net.holding {
		return c.Conn.Write(b)
	}
	if c.net.held == nil {
		c.net.held = bytes.Clone(b)
		go func() {
			<-c.net.released
			_ = c.SetDeadline(time.Time{})
			_, _ = c.Conn.Write(b)
			answer := make([]byte, 4096)
			n, _ := c.Conn.Read(answer)
			c.net.answered <- answer[:n]
			_ = c.Conn.Close()
		}()
	}
	return len(b), nil
}

func (c *slowConn) Read(b []byte) (int, error) {
	c.net.mu.Lock()
	gaveUp := c.net.gaveUp
	c.net.mu.Unlock()
	if gaveUp {
		return 0, io.EOF // the answer is not for the client any more
	}
	n, err := c.Conn.Read(b)
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	c.net.gaveUp = err != nil && c.net.holding
	return n, err
}

func (c *slowConn) Close() error {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	if c.net.holding {
		return nil // the other side learns of it later
	}
	return c.Conn.Close()
}

// TestLateCommit delivers a commit to the database after its deadline.
func TestLateCommit(t *testing.T) {
	t.Parallel()
	slow := &slowNet{released: make(chan struct{}), answered: make(chan []byte)}
	url := postgrestest.Database(t)
	e := open(t, url, Options{Timeout: 500 * time.Millisecond, Dial: slow.dial})
	observed := make(chan struct{}, 1)
	e.OnUnsettled(func() { observed <- struct{}{} })
	if err := putKey(e, "before"); err != nil {
		t.Fatal(err)
	}
	slow.mu.Lock()
	slow.holding = true
	slow.mu.Unlock()
	err := putKey(e, "late")
	if !errors.Is(err, meta.ErrUnavailable) || !strings.Contains(fmt.Sprint(err), "not known") {
		t.Errorf("a commit without an answer: %v, want ErrUnavailable, and that its outcome is not known", err)
	}
	<-observed // which is after the deadline
	close(slow.released)
	answer := <-slow.answered
	if !bytes.Contains(answer, []byte(divisionByZero)) {
		t.Errorf("the database answered %q to the late commit, want a refusal", answer)
	}
	slow.mu.Lock()
	slow.holding, slow.gaveUp = false, false
	slow.mu.Unlock()
	if hasKey(t, e, "late") {
		t.Error("a commit became visible after its deadline")
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
