// Package matrix_test asks a real server process, through the client that users use, who may do what.
//
// TestAccessMatrix puts every kind of grant together with every kind of deny, asks as every kind of
// caller, and compares each answer with what a second, small reading of the rules computes
// (rules_test.go). TestRevocation takes access away from clients that are reading and looks that no
// request which starts afterwards gets through.
//
// Everything is arranged through the public APIs, but for the accounts, which an operator makes.
package matrix_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"crossgrant/test/servertest"
)

// program is the executable, which TestMain builds.
var program string

func TestMain(m *testing.M) { servertest.Main(m, &program) }

// startServer starts a server with flags that ends with the test.
func startServer(t *testing.T, flags ...string) *servertest.Server {
	t.Helper()
	dir := t.TempDir()
	s := &servertest.Server{
		Program: program, Data: filepath.Join(dir, "data"), Address: "127.0.0.1:0", Flags: flags, Log: filepath.Join(dir, "server.log"),
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// worlds is the number of sets of accounts that are asked about side by side.
const worlds = 2

// minRequests is the least number of requests that make a matrix.
const minRequests = 2000

func TestAccessMatrix(t *testing.T) {
	server := startServer(t)
	ctx := t.Context()
	tree, err := newOrganization(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	rows := make(chan *combination, len(combinations))
	for i := range combinations {
		rows <- &combinations[i]
	}
	close(rows)
	var (
		asked   tally
		running sync.WaitGroup
	)
	for i := range worlds {
		running.Go(func() {
			w, err := newWorld(ctx, server, tree, fmt.Sprintf("w%d", i))
			if err != nil {
				t.Error(err)
				return
			}
			for row := range rows {
				if err := w.ask(ctx, row, &asked); err != nil {
					t.Errorf("%s: %v", row.deny.name, err)
				}
			}
		})
	}
	running.Wait()
	asked.report(t)
}

// tally counts answers and collects those that are wrong.
type tally struct {
	mu              sync.Mutex // protects what follows
	allowed, denied int
	wrong           []string
}

func (a *tally) add(ok bool, mismatch string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if ok {
		a.allowed++
	} else {
		a.denied++
	}
	if mismatch != "" {
		a.wrong = append(a.wrong, mismatch)
	}
}

// report prints the summary and fails if an answer was wrong or few questions were asked.
func (a *tally) report(t *testing.T) {
	t.Helper()
	requests := a.allowed + a.denied
	fmt.Printf("%d requests, %d allowed, %d denied\n", requests, a.allowed, a.denied)
	if requests < minRequests {
		t.Errorf("%d requests were made, want at least %d", requests, minRequests)
	}
	if len(a.wrong) > 0 {
		t.Errorf("%d answers are wrong:\n%s", len(a.wrong), strings.Join(a.wrong, "\n"))
	}
}

// ask goes through the configurations of one row: it puts their buckets in place, then what the row
// denies, asks, and takes the deny away again.
func (w *world) ask(ctx context.Context, row *combination, asked *tally) error {
	configurations := row.configurations()
	stages := make([]*stage, len(configurations))
	for i, c := range configurations {
		var err error
		if stages[i], err = w.arrange(ctx, c); err != nil {
			return fmt.Errorf("arrange %s: %w", c, err)
		}
	}
	lift, err := w.impose(ctx, &row.deny)
	if err != nil {
		return fmt.Errorf("impose: %w", err)
	}
	for _, s := range stages {
		s.askAll(ctx, asked)
	}
	if err := lift(); err != nil {
		return fmt.Errorf("lift: %w", err)
	}
	return nil
}
