package conns

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"crossgrant/internal/limits"
)

// ErrSlow is the error of a read or write whose peer did not move as it had to.
var ErrSlow error = slowError{}

type slowError struct{}

func (slowError) Error() string { return "conns: the client did not move" }
func (slowError) Timeout() bool { return true }

// Temporary is for net.Error.
func (slowError) Temporary() bool { return false }

// Conn is a connection of a Listener. What its client takes of answers has to move at the listener's pace, and so
// has what it sends between Receive and Received. All else has the deadlines that net/http sets. What is written between
// Hold and Release leaves with as few system calls as it can.
//
// Deadlines are moved when an eighth of the time has passed, not for every read and write; one that comes too early
// by that is waited for anew.
type Conn struct {
	net.Conn
	listener *Listener
	source   netip.Prefix // where what one source may have is bounded
	// spare is until when the connection lasts; zero if it is none of the spare ones.
	spare  time.Time
	closed atomic.Bool
	// early counts the bytes that came since the connection was last idle.
	early atomic.Int64
	// late tells that they did not become a request in time.
	late atomic.Bool
	// served tells that there was a request; prev and next make the ring of idle connections, nil: not idle. They are
	// the listener's, under its mu.
	served     bool
	prev, next *Conn

	reading atomic.Bool // between Receive and Received
	readMu  sync.Mutex  // of what follows, and of setting the deadline for it
	readBy  time.Time   // deadline that was set for a body; zero: none
	taking  limits.Progress

	writeMu sync.Mutex // held while something is written
	writeBy time.Time  // deadline that was set for an answer; zero: none
	sending limits.Progress
	written int64       // in all
	taken   int64       // of it, by the client, when that was last asked
	fixed   atomic.Bool // the deadline for writes is somebody else's
	held    []byte      // what was written and is held back; nil: nothing is
}

// IsSpare reports whether the connection is one too many: it was accepted so that who asks how the server is gets
// an answer, and nothing else is to be done for it. A nil Conn is none.
func (c *Conn) IsSpare() bool { return c != nil && !c.spare.IsZero() }

// Close closes the connection.
func (c *Conn) Close() error {
	if !c.closed.Swap(true) {
		c.listener.leave(c)
	}
	return c.Conn.Close()
}

// CloseWrite tells the client that nothing more comes, so that it reads the last answer to its end before the connection
// is closed: package net/http calls it where what it reads no more may still arrive. It does nothing for a connection
// that cannot be closed by halves.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Receive says that a body is being read from now on: its client has to move. A nil Conn does nothing.
func (c *Conn) Receive() {
	if c == nil {
		return
	}
	c.readMu.Lock()
	defer c.readMu.Unlock()
	// What was waited for before was no body.
	c.taking = limits.Progress{Pace: c.listener.options.Pace}
	c.readBy = time.Time{}
	c.reading.Store(true)
}

// Received says that the body was read to its end, or will not be read any more. more tells that there may be a rest
// of it: net/http reads some of that, and gets as long for it as a client may take to move. Where there is none the
// client has no deadline until net/http sets one. A nil Conn does nothing.
func (c *Conn) Received(more bool) {
	if c == nil {
		return
	}
	c.readMu.Lock()
	defer c.readMu.Unlock()
	switch {
	case more:
		c.SetReadDeadline(time.Now().Add(c.listener.options.Pace.Stall))
	case !c.readBy.IsZero():
		c.SetReadDeadline(time.Time{})
	}
	c.reading.Store(false)
	c.readBy = time.Time{}
}

// SetReadDeadline is that of net.Conn, but for a spare connection, which has to end.
func (c *Conn) SetReadDeadline(t time.Time) error {
	if !c.spare.IsZero() && (t.IsZero() || t.After(c.spare)) {
		t = c.spare
	}
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline is that of net.Conn. Without one the client has to move.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if t.IsZero() && !c.fixed.Load() {
		// The one that is set is moved before the next write: net/http takes it away after every request.
		return nil
	}
	c.fixed.Store(!t.IsZero())
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline is that of net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// Read reads what the client sends.
func (c *Conn) Read(b []byte) (int, error) {
	if c.reading.Load() {
		return c.readBody(b)
	}
	n, err := c.Conn.Read(b)
	if early := c.early.Add(int64(n)); err != nil && early > 0 && isTimeout(err) && c.waits() && !c.late.Swap(true) {
		c.listener.options.Meter.SlowClient("headers")
	}
	return n, err
}

// waits reports whether the connection has no request yet.
func (c *Conn) waits() bool {
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	return c.next != nil || !c.served
}

// readBody reads a part of a body. It returns ErrSlow if the client does not move.
func (c *Conn) readBody(b []byte) (int, error) {
	for {
		start := time.Now()
		if !c.expect(start) {
			return c.Conn.Read(b)
		}
		n, err := c.Conn.Read(b)
		c.readMu.Lock()
		c.taking.Moved(int64(n), time.Since(start))
		slow := c.taking.Left() <= 0
		if isTimeout(err) {
			c.readBy = time.Time{}
		}
		c.readMu.Unlock()
		if n > 0 || !isTimeout(err) || !c.reading.Load() || !c.spare.IsZero() {
			return n, err
		}
		if slow {
			// The deadline has passed: whatever is tried to be read now fails at once.
			c.reading.Store(false)
			c.listener.options.Meter.SlowClient("body")
			return 0, ErrSlow
		}
	}
}

// expect sets the deadline for a read of a body that begins now, and reports whether a body is still being read.
func (c *Conn) expect(now time.Time) bool {
	c.readMu.Lock()
	defer c.readMu.Unlock()
	if !c.reading.Load() {
		return false
	}
	if by := now.Add(c.taking.Left()); isOff(c.readBy, by, c.taking.Stall) {
		c.readBy = by
		c.SetReadDeadline(by)
	}
	return true
}

// Write sends b as long as the client moves, or keeps it for later: see Hold.
func (c *Conn) Write(b []byte) (int, error) {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	if c.held != nil {
		return c.writeHeld(b)
	}
	return c.write(b)
}

// write sends b. The caller holds writeMu.
func (c *Conn) write(b []byte) (int, error) {
	sent := 0
	_, err := c.send(func() (int64, error) {
		n, err := c.Conn.Write(b[sent:])
		sent += n
		return int64(n), err
	})
	return sent, err
}

// send has rest send what is left to be sent, again as long as the client moves, and returns how many bytes were sent.
// The caller holds writeMu.
func (c *Conn) send(rest func() (int64, error)) (sent int64, err error) {
	for {
		start := time.Now()
		c.allow(start)
		n, err := rest()
		sent += n
		if err == nil {
			c.written += n
			c.sending.Moved(n, time.Since(start))
			return sent, nil
		}
		if err = c.stalled(n, start, err); err != nil {
			return sent, err
		}
	}
}

// ReadFrom sends what r gives. Files are sent without being copied, if the kernel can.
func (c *Conn) ReadFrom(r io.Reader) (int64, error) {
	limited, ok := r.(*io.LimitedReader)
	if !ok {
		limited = &io.LimitedReader{R: r, N: 1<<63 - 1}
	}
	to, ok := c.Conn.(io.ReaderFrom)
	file, isFile := limited.R.(*os.File)
	if !ok || !isFile {
		return c.copyFrom(r)
	}
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	if err := c.writeOut(); err != nil {
		return 0, err
	}
	return c.send(func() (int64, error) {
		left := limited.N
		n, err := to.ReadFrom(limited)
		// It may have gone through memory after all: what was read and not sent is read again.
		if over := left - limited.N - n; err != nil && over > 0 {
			if _, seek := file.Seek(-over, io.SeekCurrent); seek != nil {
				return n, seek
			}
			limited.N += over
		}
		return n, err
	})
}

// copyFrom sends what r gives through memory.
func (c *Conn) copyFrom(r io.Reader) (int64, error) {
	buffer := copies.Get().(*[32 << 10]byte)
	defer copies.Put(buffer)
	return io.CopyBuffer(writerOnly{c}, r, buffer[:])
}

// copies are the buffers of copyFrom.
var copies = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// writerOnly hides all but Write.
type writerOnly struct{ io.Writer }

// allow sets the deadline for a write that begins now. The caller holds writeMu.
func (c *Conn) allow(now time.Time) {
	if c.fixed.Load() {
		c.writeBy = time.Time{}
		return
	}
	if by := now.Add(c.sending.Left()); isOff(c.writeBy, by, c.sending.Stall) {
		c.writeBy = by
		c.Conn.SetWriteDeadline(by)
	}
}

// stalled returns nil if a write that began at start and moved n bytes before it failed is to be tried again: if its
// client moves. The caller holds writeMu.
func (c *Conn) stalled(n int64, start time.Time, err error) error {
	c.written += n
	if !isTimeout(err) || c.fixed.Load() {
		return err
	}
	c.writeBy = time.Time{}
	c.sending.Moved(max(n, c.took()), time.Since(start))
	if c.sending.Left() > 0 {
		return nil
	}
	c.listener.options.Meter.SlowClient("answer")
	return ErrSlow
}

// took returns how many bytes the client has taken since this was last asked. A socket takes more to send only when a
// good part of its buffer, which may be megabytes, is empty: a slow client moves long before. The caller holds writeMu.
func (c *Conn) took() int64 {
	waiting, ok := queued(c.Conn)
	if !ok {
		return 0
	}
	before := c.taken
	c.taken = c.written - waiting
	return c.taken - before
}

// isOff reports whether a deadline that is set differs from the one that is wanted by more than it may: it may be
// early by an eighth of stall, and late by as much.
func isOff(set, wanted time.Time, stall time.Duration) bool {
	return set.IsZero() || wanted.Sub(set).Abs() > stall/8
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
