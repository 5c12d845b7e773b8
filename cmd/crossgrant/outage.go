package main

import (
	"context"
	"log/slog"
	"sync"
)

// outageLog is the log of what works in the background. While the storage fails, each of those that need it fails
// again and again, for the same reason: each kind of line is then written once in an outage.
type outageLog struct {
	slog.Handler
	said *said
}

// said is what has been said since the storage was well last.
type said struct {
	// failing returns why the storage fails, or nil.
	failing func() error

	mu    sync.Mutex // protects lines
	lines map[string]bool
}

// quietIn returns log, less talkative while failing returns an error.
func quietIn(log *slog.Logger, failing func() error) *slog.Logger {
	return slog.New(outageLog{log.Handler(), &said{failing: failing, lines: map[string]bool{}}})
}

// Handle implements slog.Handler.
func (h outageLog) Handle(ctx context.Context, line slog.Record) error {
	if h.said.before(line.Message) {
		return nil
	}
	return h.Handler.Handle(ctx, line)
}

// WithAttrs implements slog.Handler.
func (h outageLog) WithAttrs(attributes []slog.Attr) slog.Handler {
	return outageLog{h.Handler.WithAttrs(attributes), h.said}
}

// WithGroup implements slog.Handler.
func (h outageLog) WithGroup(name string) slog.Handler {
	return outageLog{h.Handler.WithGroup(name), h.said}
}

// before reports whether a line with this message was written in this outage.
func (s *said) before(message string) bool {
	failing := s.failing() != nil
	s.mu.Lock()
	defer s.mu.Unlock()
	if !failing {
		clear(s.lines)
		return false
	}
	known := s.lines[message]
	s.lines[message] = true
	return known
}
