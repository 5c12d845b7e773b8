// Package client is an HTTP/1.1 client for a load generator, over TCP or TLS: one connection, one request at
// a time, nothing allocated for each.
//
// It does what an answer of an S3 server needs and refuses everything else: Content-Length and chunked
// bodies, no interim answers, no trailers, no compression, no redirects.
//
// Source: https://www.rfc-editor.org/rfc/rfc9112
package client

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Conn is a connection to a server, opened when it is first needed and again after a failure. It is for one
// goroutine.
type Conn struct {
	address string
	tls     *tls.Config // nil: plain TCP
	timeout time.Duration
	conn    net.Conn
	opened  uint64    // how often it was
	moved   time.Time // when the deadline was moved last
	vector  [2][]byte
	buf     []byte // read from the connection
	r, w    int    // buf[r:w] is not parsed yet
	refusal refusal
	drain   drain
}

const (
	bufferSize = 128 << 10
	// joined is the size up to which a body is copied behind its head, which costs less than a second
	// element for the system to look at.
	joined = 16 << 10
	// deadlineEvery is how long a deadline is kept before it is moved, because moving it for every request
	// would cost as much as a system call.
	deadlineEvery = time.Second
)

// New returns a connection to address, host:port, over TLS if that is configured. A request that takes longer
// than timeout fails, within a second or so.
func New(address string, secure *tls.Config, timeout time.Duration) *Conn {
	return &Conn{address: address, tls: secure, timeout: timeout, buf: make([]byte, bufferSize)}
}

// Answer is what the server said.
type Answer struct {
	Status  int
	Length  int64  // of the body, as received
	Refusal []byte // the body, or its begin, if Status is not 2xx; good until the next request
}

// refusal keeps the begin of a body.
type refusal []byte

// Write keeps a piece as far as there is room.
func (r *refusal) Write(piece []byte) (int, error) {
	const limit = 2 << 10
	*r = append(*r, piece[:min(len(piece), limit-len(*r))]...)
	return len(piece), nil
}

// Skipper is a sink that does not have to see all of a body.
type Skipper interface {
	io.Writer
	// Skippable returns how many bytes it can do without, next; Skip says that it had to for n of them.
	Skippable() int64
	Skip(n int)
}

// ErrProtocol is in the chain of the error of an answer that is not understood.
var ErrProtocol = errors.New("answer is not understood")

// Close closes the connection. The next request opens it again.
func (c *Conn) Close() {
	if c.conn != nil {
		c.conn.Close()
	}
	c.conn, c.r, c.w = nil, 0, 0
}

// Do sends a head, which ends in an empty line and may be followed by a small body, and the rest of the body,
// and reads the answer, whose body goes to sink piece by piece if it is one of success. hasBody is false where the answer to the
// request has no body whatever its head says, as to HEAD. now is the time. After an error the connection is
// closed.
func (c *Conn) Do(now time.Time, head, body []byte, hasBody bool, sink io.Writer) (Answer, error) {
	a, keep, err := c.do(now, head, body, hasBody, sink)
	if err != nil || !keep {
		c.Close()
	}
	return a, err
}

func (c *Conn) do(now time.Time, head, body []byte, hasBody bool, sink io.Writer) (Answer, bool, error) {
	if err := c.Open(now); err != nil {
		return Answer{}, false, err
	}
	sent := c.send(head, body)
	h, err := c.readHead()
	if err != nil {
		return Answer{}, false, errors.Join(sent, err)
	}
	a := Answer{Status: h.status}
	if h.status/100 != 2 {
		c.refusal = c.refusal[:0]
		sink, sent = &c.refusal, nil // a server may refuse a body before it has read it, and close
	}
	if hasBody && h.status != 204 && h.status != 304 {
		a.Length, err = c.readBody(&h, sink)
	}
	if h.status/100 != 2 {
		a.Refusal = c.refusal
	}
	return a, h.keep && sent == nil, errors.Join(sent, err)
}

// Opened returns how often the connection was opened so far.
func (c *Conn) Opened() uint64 { return c.opened }

// Open opens the connection if it is not, and moves its deadline.
func (c *Conn) Open(now time.Time) error {
	if c.conn == nil {
		conn, err := c.dial()
		if err != nil {
			return err
		}
		c.conn, c.moved, c.r, c.w = conn, time.Time{}, 0, 0
		c.drain.open(conn)
		c.opened++
	}
	if now.Sub(c.moved) < deadlineEvery {
		return nil
	}
	c.moved = now
	return c.conn.SetDeadline(now.Add(c.timeout + deadlineEvery))
}

func (c *Conn) dial() (net.Conn, error) {
	dialer := &net.Dialer{Timeout: c.timeout}
	if c.tls != nil {
		return tls.DialWithDialer(dialer, "tcp", c.address, c.tls)
	}
	return dialer.Dial("tcp", c.address)
}

func (c *Conn) send(head, body []byte) error {
	if len(body) == 0 {
		_, err := c.conn.Write(head)
		return err
	}
	c.vector = [2][]byte{head, body}
	buffers := net.Buffers(c.vector[:])
	_, err := buffers.WriteTo(c.conn)
	return err
}

// Joined reports whether a body of this length belongs behind its head, in one piece.
func Joined(length int) bool { return length <= joined }

// fill reads more into the buffer, at least one byte.
func (c *Conn) fill() error {
	if c.r == c.w {
		c.r, c.w = 0, 0
	} else if c.w == len(c.buf) {
		if c.r == 0 {
			return fmt.Errorf("%w: line or head of more than %d bytes", ErrProtocol, len(c.buf))
		}
		c.w = copy(c.buf, c.buf[c.r:c.w])
		c.r = 0
	}
	n, err := c.conn.Read(c.buf[c.w:])
	c.w += n
	if n > 0 {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
