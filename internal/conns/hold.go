package conns

import (
	"net"
	"sync"
)

// maxHeld is how many bytes of an answer are held back at most.
const maxHeld = 16 << 10

// holds are the buffers of answers that are held back.
var holds = sync.Pool{New: func() any { return new([maxHeld]byte) }}

// Hold holds back what is written from now on until Release, so that the headers of an answer and its body leave
// together: package net/http writes 4 KiB at a time, whatever the answer. What does not fit into the buffer leaves at
// once, after what is held back and without being copied. A nil Conn does nothing.
func (c *Conn) Hold() {
	if c == nil {
		return
	}
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	if c.held == nil {
		c.held = holds.Get().(*[maxHeld]byte)[:0]
	}
}

// Release sends what is held back, and ends that anything is. A nil Conn does nothing.
func (c *Conn) Release() error {
	if c == nil {
		return nil
	}
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	if c.held == nil {
		return nil
	}
	err := c.writeOut()
	holds.Put((*[maxHeld]byte)(c.held[:maxHeld]))
	c.held = nil
	return err
}

// writeHeld holds b back if there is room for it; else it sends what is held back and b. The caller holds writeMu.
func (c *Conn) writeHeld(b []byte) (int, error) {
	switch {
	case len(b) <= maxHeld-len(c.held):
		c.held = append(c.held, b...)
		return len(b), nil
	case len(c.held) == 0:
		return c.write(b)
	}
	// One that fails part of the way through leaves in both what it did not send.
	both, held := net.Buffers{c.held, b}, len(c.held)
	n, err := c.send(func() (int64, error) { return both.WriteTo(c.Conn) })
	c.held = c.held[:0]
	return max(int(n)-held, 0), err
}

// writeOut sends what is held back, if there is any. The caller holds writeMu.
func (c *Conn) writeOut() error {
	if len(c.held) == 0 {
		return nil
	}
	_, err := c.write(c.held)
	c.held = c.held[:0]
	return err
}
