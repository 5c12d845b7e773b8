package postgrestest

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"
)

// URL is that of a database of the server.
func (s *Server) URL(database string) string { return s.url(database) }

// StopFast ends the server as an operator does who does not wait for its clients: they lose their connections, and what
// they had not committed.
//
// Source: https://www.postgresql.org/docs/15/server-shutdown.html
func (s *Server) StopFast(t testing.TB) {
	t.Helper()
	p := s.process
	if p == nil {
		return
	}
	s.process = nil
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatal("PostgreSQL does not end")
	}
}
