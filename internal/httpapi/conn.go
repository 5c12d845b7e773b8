package httpapi

import (
	"context"
	"io"
	"net"
	"sync"
)

// maxHeld is how many bytes of an answer are held back at most. Beyond them they are written as they come.
const maxHeld = 16 << 10

// heldBuffers are the buffers of answers that are held back.
var heldBuffers = sync.Pool{New: func() any { return new(heldBuffer) }}

type heldBuffer [maxHeld]byte

// conn is a connection that can hold back what is written to it, so that the headers of an answer and its body
// leave with one system call. Package net/http writes 4 KiB at a time, whatever the answer.
type conn struct {
	net.Conn

	mu     sync.Mutex  // TLS also writes when it is closed, and when it reads what it has to answer
	buffer *heldBuffer // nil: nothing is held back
	held   int         // bytes of buffer
}

// hold holds back what is written from now on, until release.
func (c *conn) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.buffer == nil {
		c.buffer = heldBuffers.Get().(*heldBuffer)
	}
}

// release writes what is held back, and ends that anything is.
func (c *conn) release() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.buffer == nil {
		return nil
	}
	_, err := c.Conn.Write(c.buffer[:c.held])
	heldBuffers.Put(c.buffer)
	c.buffer, c.held = nil, 0
	return err
}

// Write implements net.Conn.
func (c *conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.buffer == nil {
		return c.Conn.Write(b)
	}
	if c.held+len(b) > len(c.buffer) {
		return c.writeAllLocked(b)
	}
	c.held += copy(c.buffer[c.held:], b)
	return len(b), nil
}

// writeAllLocked writes what is held back and b in one go, and returns how much of b was written. c.mu must be held.
func (c *conn) writeAllLocked(b []byte) (int, error) {
	both := net.Buffers{c.buffer[:c.held], b}
	n, err := both.WriteTo(c.Conn)
	written := max(int(n)-c.held, 0)
	c.held = 0
	return written, err
}

// NetConn returns the connection that c is put around.
func (c *conn) NetConn() net.Conn { return c.Conn }

// ReadFrom sends what r gives, after what is held back. A file is then sent without being copied, if the connection
// beneath can.
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	to, ok := c.Conn.(io.ReaderFrom)
	if !ok {
		return io.Copy(struct{ io.Writer }{c}, r)
	}
	if err := c.release(); err != nil {
		return 0, err
	}
	return to.ReadFrom(r)
}

// CloseWrite lets the client read the last answer to its end before the connection is closed, as package net/http
// does where a connection has this method.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// listener accepts connections that can hold back what is written.
type listener struct{ net.Listener }

// Listener returns l so that answers leave its connections with as few system calls as they can. Servers that
// serve it need ConnContext.
func Listener(l net.Listener) net.Listener { return listener{l} }

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

// connKey is the key of the connection in the context of its requests.
type connKey struct{}

// ConnContext is the function of that name of an http.Server.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	for {
		switch one := c.(type) {
		case *conn:
			return context.WithValue(ctx, connKey{}, one)
		case interface{ NetConn() net.Conn }: // TLS
			c = one.NetConn()
		default:
			return ctx
		}
	}
}

// connOf returns the connection of a request; nil if it is none of a Listener.
func connOf(ctx context.Context) *conn {
	c, _ := ctx.Value(connKey{}).(*conn)
	return c
}
