package conns

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// answer is what a connection is told that is turned away. It is written as S3 words it, since nobody knows which
// service was to be asked, and has no request ID, since no request was read.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var answer = func() []byte {
	const body = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`
	return fmt.Appendf(nil, "HTTP/1.1 503 Slow Down\r\nServer: crossgrant\r\nContent-Type: application/xml\r\n"+
		"Retry-After: 1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}()

// refuse turns a connection away.
func (l *Listener) refuse(c net.Conn, reason string) {
	l.options.Meter.Shed(reason)
	if n, tell := l.told.Beat(time.Now()); tell {
		l.options.Log.Warn("connections are turned away", "reason", reason, "connections", n, "open", l.Open())
	}
	if l.options.Secure {
		c.Close()
		return
	}
	// The answer fits into the buffer of a new connection: this does not wait.
	c.SetWriteDeadline(time.Now().Add(time.Second))
	if _, err := c.Write(answer); err != nil {
		c.Close()
		return
	}
	l.refused.add(c)
}

const (
	// leaveTime is how long a connection that was turned away stays open, so that its client reads why before
	// what it sent, and nobody reads, resets the connection.
	leaveTime = 500 * time.Millisecond
	// mostLeavers is how many do so; the others are closed at once.
	mostLeavers = 256
)

// leavers are connections that were told to leave. One goroutine closes them, and is there while there are any.
type leavers struct {
	mu     sync.Mutex
	list   []leaver // in the order in which they are due
	busy   bool     // the goroutine is there
	ended  chan struct{}
	closed bool
	gone   sync.WaitGroup
}

type leaver struct {
	net.Conn
	due time.Time
}

func newLeavers() *leavers { return &leavers{ended: make(chan struct{})} }

// add closes a connection in a moment.
func (l *leavers) add(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.list) >= mostLeavers {
		c.Close()
		return
	}
	l.list = append(l.list, leaver{c, time.Now().Add(leaveTime)})
	if !l.busy {
		l.busy = true
		l.gone.Go(l.run)
	}
}

// run closes the connections that are due, until there are none.
func (l *leavers) run() {
	for {
		l.mu.Lock()
		for len(l.list) > 0 && (l.closed || !time.Now().Before(l.list[0].due)) {
			l.list[0].Close()
			l.list = l.list[1:]
		}
		if len(l.list) == 0 {
			l.list, l.busy = nil, false
			l.mu.Unlock()
			return
		}
		wait := time.Until(l.list[0].due)
		l.mu.Unlock()
		select {
		case <-time.After(wait):
		case <-l.ended:
		}
	}
}

// close closes all of them, and those to come.
func (l *leavers) close() {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.ended)
	}
	l.mu.Unlock()
	l.gone.Wait()
}
