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
