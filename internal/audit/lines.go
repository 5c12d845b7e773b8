package audit

import (
	"io"
	"sync"
	"time"
)

const (
	// MaxDelay is how long a line that is written Later may wait: what a crash of the process loses of the log.
	MaxDelay = 100 * time.Millisecond
	// maxWaiting is how many bytes may wait.
	maxWaiting = 64 << 10
)

// Lines writes whole lines, of which many may be written at once. It is safe for concurrent use. What cannot be
// written is lost: a log that fails stops no request.
type Lines struct {
	mu      sync.Mutex
	out     io.Writer
	waiting []byte
	timer   *time.Timer // flushes what waits; nil until something does
}

// NewLines returns a Lines that writes to out, one write at a time.
func NewLines(out io.Writer) *Lines { return &Lines{out: out} }

// Write writes a line now, after those that wait. It implements io.Writer.
func (l *Lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		return l.out.Write(line)
	}
	l.waiting = append(l.waiting, line...)
	return len(line), l.flushLocked()
}

// Later writes a line within MaxDelay, together with others.
func (l *Lines) Later(line []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		l.flushAfterLocked(MaxDelay)
	}
	if l.waiting = append(l.waiting, line...); len(l.waiting) >= maxWaiting {
		l.flushLocked()
	}
}

// Flush writes the lines that wait.
func (l *Lines) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flushLocked()
}

// flushAfterLocked has what waits by then written. l.mu must be held, as for flushLocked.
func (l *Lines) flushAfterLocked(delay time.Duration) {
	if l.timer == nil {
		l.timer = time.AfterFunc(delay, func() { l.Flush() })
		return
	}
	l.timer.Reset(delay)
}

func (l *Lines) flushLocked() error {
	if len(l.waiting) == 0 {
		return nil
	}
	_, err := l.out.Write(l.waiting)
	l.waiting = l.waiting[:0]
	return err
}
