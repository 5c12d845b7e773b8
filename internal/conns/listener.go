// Package conns bounds the connections of a server and watches that their peers move. It stands between net and
// net/http: a Listener that accepts no more connections than it may, closes idle ones for new ones, and turns away
// what is beyond; and a Conn that ends when its client stalls while it sends a body or takes an answer.
//
// It knows nothing of the requests but that they are HTTP/1.1: whoever is turned away is told so in that.
package conns

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"crossgrant/internal/limits"
)

// Meter counts what is turned away and cut off.
type Meter interface {
	// Shed counts what was turned away for a reason, such as "connections".
	Shed(reason string)
	// SlowClient counts a connection that was ended because its client did not move; while is what it was to
	// send or take: "headers", "body" or "answer".
	SlowClient(while string)
}

// Options are the bounds of a Listener.
type Options struct {
	// Most is how many connections may be open, at least 1. Spare more are accepted beyond it, for a few seconds
	// each, so that who asks how the server is gets an answer: see IsSpare.
	Most, Spare int
	// PerSource is how many of them one source may have, as limits.Source defines it; 0: as many as there may be.
	PerSource int
	// Pace is how clients have to move once a body or an answer is under way.
	Pace limits.Pace
	// Secure says that clients speak TLS: who is turned away is then not told why, because that would cost a
	// handshake.
	Secure bool
	Meter  Meter
	Log    *slog.Logger
}

const (
	// spareTime is how long a spare connection lasts.
	spareTime = 5 * time.Second
	// logEvery is how often a line of the log tells that connections are turned away.
	logEvery = 10 * time.Second
)

// Reasons for which connections are turned away.
const (
	ReasonConnections = "connections"
	ReasonSource      = "connections per source"
)

// Listener accepts at most so many connections as its Options say. Its State and Context belong into the
// http.Server that serves it.
type Listener struct {
	net.Listener
	options Options
	refused *leavers
	told    limits.Pulse

	mu      sync.Mutex
	open    int // but for the spare ones
	spares  int
	sources map[netip.Prefix]int // how many of each are open, where that is bounded
	// idle is a ring of the connections that wait for a request, at the one that waits the longest; nil: none.
	idle *Conn
}

// Listen returns a Listener that accepts from l. Its Close closes l.
func Listen(l net.Listener, o Options) *Listener {
	return &Listener{
		Listener: l, options: o, refused: newLeavers(), told: limits.Pulse{Every: logEvery}, sources: map[netip.Prefix]int{},
	}
}

// Open returns how many connections are open, the spare ones not counted: at most as many as there may be.
func (l *Listener) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// Close stops accepting.
func (l *Listener) Close() error {
	err := l.Listener.Close()
	l.refused.close()
	return err
}

// Accept returns the next connection that there is room for.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
				// http.Server tries again in a moment.
				l.closeIdle()
			}
			return nil, err
		}
		c := &Conn{Conn: raw, listener: l}
		if l.options.PerSource > 0 {
			c.source = sourceOf(raw)
		}
		c.sending.Pace = l.options.Pace
		if reason := l.admit(c); reason != "" {
			l.refuse(raw, reason)
			continue
		}
		return c, nil
	}
}

// admit counts a new connection as open, or returns the reason why it may not be. Where there is no room it
// closes the connection that is idle the longest.
func (l *Listener) admit(c *Conn) (reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if most := l.options.PerSource; most > 0 && l.sources[c.source] >= most {
		return ReasonSource
	}
	if l.open >= l.options.Most {
		l.closeIdleLocked()
	}
	switch {
	case l.open < l.options.Most:
		l.open++
	case l.spares < l.options.Spare:
		l.spares++
		c.spare = time.Now().Add(spareTime)
		c.Conn.SetReadDeadline(c.spare)
	default:
		return ReasonConnections
	}
	if l.options.PerSource > 0 {
		l.sources[c.source]++
	}
	return ""
}

// closeIdle closes the connection that is idle the longest. Its client sees what it sees when a connection has been
// idle for too long, and opens another one.
func (l *Listener) closeIdle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closeIdleLocked()
}

// closeIdleLocked is closeIdle where the caller holds mu.
func (l *Listener) closeIdleLocked() {
	for c := l.idle; c != nil; c = l.idle {
		l.leaveIdle(c)
		if !c.closed.Swap(true) {
			l.uncount(c)
			c.Conn.Close()
			return
		}
	}
}

// leave counts a connection that was closed.
func (l *Listener) leave(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leaveIdle(c)
	l.uncount(c)
}

// uncount takes a connection out of those that are open. The caller holds mu.
func (l *Listener) uncount(c *Conn) {
	if c.IsSpare() {
		l.spares--
	} else {
		l.open--
	}
	if l.options.PerSource > 0 {
		if l.sources[c.source]--; l.sources[c.source] == 0 {
			delete(l.sources, c.source)
		}
	}
}

// State is for http.Server.ConnState.
func (l *Listener) State(nc net.Conn, state http.ConnState) {
	c := under(nc)
	if c == nil {
		return
	}
	switch state {
	case http.StateIdle:
		c.early.Store(0)
		l.mu.Lock()
		if !c.closed.Load() && !c.IsSpare() { // to close a spare one would make no room
			l.joinIdle(c)
		}
		l.mu.Unlock()
	case http.StateActive:
		l.mu.Lock()
		c.served = true
		l.leaveIdle(c)
		l.mu.Unlock()
	}
}

// joinIdle adds c to the idle ones, as the latest. The caller holds mu.
func (l *Listener) joinIdle(c *Conn) {
	if c.next != nil {
		return
	}
	if l.idle == nil {
		l.idle, c.prev, c.next = c, c, c
		return
	}
	c.next, c.prev = l.idle, l.idle.prev
	c.prev.next, c.next.prev = c, c
}

// leaveIdle takes c out of the idle ones, if it is one. The caller holds mu.
func (l *Listener) leaveIdle(c *Conn) {
	if c.next == nil {
		return
	}
	if c.next == c {
		l.idle = nil
	} else {
		c.prev.next, c.next.prev = c.next, c.prev
		if l.idle == c {
			l.idle = c.next
		}
	}
	c.prev, c.next = nil, nil
}

// connKey is the key of the Conn in the context of its requests.
type connKey struct{}

// Context is for http.Server.ConnContext.
func (l *Listener) Context(ctx context.Context, nc net.Conn) context.Context {
	if c := under(nc); c != nil {
		return context.WithValue(ctx, connKey{}, c)
	}
	return ctx
}

// From returns the connection that a request came on; nil if it did not come through a Listener.
func From(ctx context.Context) *Conn {
	c, _ := ctx.Value(connKey{}).(*Conn)
	return c
}

// under returns the Conn of a connection that net/http serves.
func under(nc net.Conn) *Conn {
	for {
		switch c := nc.(type) {
		case *Conn:
			return c
		case interface{ NetConn() net.Conn }: // TLS, or whatever else is put around it
			nc = c.NetConn()
		default:
			return nil
		}
	}
}

// sourceOf returns the source of a connection.
func sourceOf(c net.Conn) netip.Prefix {
	a, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Prefix{}
	}
	return limits.Source(a.Addr())
}
