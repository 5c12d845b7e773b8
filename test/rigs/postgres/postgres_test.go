package postgres_test

import (
	"flag"
	"testing"

	"crossgrant/test/rigs/postgres"

	"github.com/jackc/pgx/v5"
)

var start = flag.Bool("start", false, "start the server, which needs PostgreSQL's package")

// TestStart starts a server and writes into its database as its owner.
func TestStart(t *testing.T) {
	if !*start {
		t.Skip("a server is started with -start, as `make test-rigs` does")
	}
	ctx := t.Context()
	s, err := postgres.Start(ctx, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	conn, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var got int
	if err := conn.QueryRow(ctx, "WITH made AS (SELECT 1) SELECT count(*) FROM made").Scan(&got); err != nil || got != 1 {
		t.Errorf("a query: %d, %v, want 1", got, err)
	}
	if _, err := conn.Exec(ctx, "CREATE TABLE t (k bytea PRIMARY KEY)"); err != nil {
		t.Error(err)
	}
}
