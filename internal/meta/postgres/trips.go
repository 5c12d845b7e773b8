package postgres

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
)

// turns is a connection that counts round trips: each read that follows a write.
type turns struct {
	net.Conn
	wrote atomic.Bool
	// aside is set while nobody waits for what is read.
	aside atomic.Bool
	trip  func()
}

// counted makes the connections of dial count round trips. They are aside until they are set up.
func counted(dial pgconn.DialFunc, trip func()) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		t := &turns{Conn: conn, trip: trip}
		t.aside.Store(true)
		return t, nil
	}
}

func (t *turns) Write(b []byte) (int, error) {
	t.wrote.Store(true)
	return t.Conn.Write(b)
}

func (t *turns) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	if n > 0 && t.wrote.CompareAndSwap(true, false) && !t.aside.Load() {
		t.trip()
	}
	return n, err
}

// turnsOf finds what counts the round trips of conn, nil if nothing does.
func turnsOf(conn net.Conn) *turns {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	t, _ := conn.(*turns)
	return t
}
