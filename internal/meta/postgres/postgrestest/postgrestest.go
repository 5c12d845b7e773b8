// Package postgrestest runs Debian's PostgreSQL for tests: a private server in a folder of its own, on the loopback interface,
// that waits for its disk as one in use does, but on a disk in memory if there is one.
//
// A test binary calls Main, and each of its tests Database, which starts the server that they share. New is for a test that
// needs a server to itself, to stop it.
package postgrestest

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

var (
	sharedOnce sync.Once
	shared     *Server
	sharedErr  error
)

// Main runs the tests of m, ends the server that Database started, and exits.
func Main(m *testing.M) {
	code := m.Run()
	if shared != nil {
		if err := shared.remove(); err != nil {
			fmt.Fprintln(os.Stderr, "postgrestest:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// Database returns the URL of an empty database, which is dropped when the test ends, on the server of the test binary.
func Database(t testing.TB) string {
	t.Helper()
	sharedOnce.Do(func() { shared, sharedErr = start() })
	if sharedErr != nil {
		t.Fatal(sharedErr)
	}
	return shared.Database(t)
}

// New returns a server of the test's own, which runs, and ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Database returns the URL of an empty database of the server, which is dropped when the test ends if the server runs then.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := "t" + rand.Text()
	if err := s.Exec(fmt.Sprintf(`CREATE DATABASE "%s"`, name)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.process == nil {
			return
		}
		if err := s.Exec(fmt.Sprintf(`DROP DATABASE "%s" WITH (FORCE)`, name)); err != nil {
			t.Error(err)
		}
	})
	return s.url(name)
}

// Exec carries out sql as the owner of the server, in the database postgres.
func (s *Server) Exec(sql string) error { return Exec(s.url("postgres"), sql) }

// Exec carries out sql in the database at url.
func Exec(url, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql).ReadAll()
	return err
}

// patience bounds what the server is waited for.
const patience = time.Minute
