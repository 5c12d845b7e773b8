package patroni_test

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"crossgrant/test/rigs/patroni"

	"github.com/jackc/pgx/v5"
)

var start = flag.Bool("start", false, "start the cluster, which needs the packages of PostgreSQL, Patroni and etcd")

// TestFailover kills the primary twice, the second time with its Patroni, and finds what was written before.
func TestFailover(t *testing.T) {
	if !*start {
		t.Skip("a cluster is started with -start, as `make test-rigs` does")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c, err := patroni.Start(ctx, patroni.Options{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := write(ctx, c, "CREATE TABLE t (n int PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	for round, whole := range []bool{false, true} {
		if err := write(ctx, c, fmt.Sprintf("INSERT INTO t VALUES (%d)", round)); err != nil {
			t.Fatal(err)
		}
		name, err := c.KillPrimary(ctx, whole)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		// Whether the statement was carried out is unknown if it fails, and it may be carried out twice.
		for write(ctx, c, fmt.Sprintf("INSERT INTO t VALUES (%d) ON CONFLICT DO NOTHING", 100+round)) != nil {
			if ctx.Err() != nil {
				t.Fatal("nothing can be written any more")
			}
			time.Sleep(100 * time.Millisecond)
		}
		written := time.Since(begin)
		if err := c.WaitHealthy(ctx); err != nil {
			t.Fatal(err)
		}
		primary, err := c.Primary(ctx)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s was killed (its Patroni too: %v): %s is primary, written after %v, healthy after %v", name, whole, primary, written, time.Since(begin))
	}
	conn, err := pgx.Connect(ctx, c.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var n int
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM t").Scan(&n); err != nil || n != 4 {
		t.Errorf("%d rows, %v, want 4", n, err)
	}
}

func write(ctx context.Context, c *patroni.Cluster, sql string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}
