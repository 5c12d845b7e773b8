// Package failover kills the primary of the PostgreSQL that crossgrant servers share, again and again, while clients work. It proves that
// nothing is lost that was acknowledged, and that service is back within half a minute without anybody's help.
package failover_test

import (
	"context"
	"flag"
	"path/filepath"
	"testing"
	"time"

	"crossgrant/test/rigs/patroni"
	"crossgrant/test/rigs/store"
	"crossgrant/test/servertest"
)

var (
	rounds = flag.Int("rounds", 0, "how often the primary is killed; 0: not at all")
	strict = flag.Bool("strict", true, "whether nothing is acknowledged while there is no standby")
	// With more than the 20 seconds after which a key expires in etcd the node is as dead as a machine: then the standby takes over, and
	// because it is alone it is not strict.
	restart = flag.Duration("restart", time.Second, "how long a Patroni that was killed stays away; more than 20s needs -strict=false")

	program string
)

const (
	servers = 2
	clients = 6
	// within is how soon service has to be back: what issue 10 demands. It is the one time that a test of this project asserts.
	within = 30 * time.Second
	// calm is how long clients work before the primary is killed and after service is back.
	calm = 3 * time.Second
)

func TestMain(m *testing.M) { servertest.Main(m, &program) }

// TestFailover kills the primary: PostgreSQL alone in every other round, else its Patroni as well.
func TestFailover(t *testing.T) {
	if *rounds == 0 {
		t.Skip("the primary is killed with -rounds, as `make failover` does")
	}
	cluster, api := bringUp(t)
	load := newLoad(t, api, clients)
	for round := range *rounds {
		load.work(calm)
		before := load.counts()
		whole := round%2 == 1
		name, err := cluster.KillPrimary(t.Context(), whole)
		if err != nil {
			t.Fatal(err)
		}
		away, refused := load.untilServed(t, time.Now())
		load.work(calm)
		healthy(t, cluster)
		primary, err := cluster.Primary(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		load.stop()
		lost := load.verify(t)
		t.Logf("round %d: %s was killed (its Patroni too: %v), %s is primary; service was back after %v, %d requests were refused meanwhile; "+
			"%d writes were acknowledged before, %d after, %d lost", round+1, name, whole, primary, away.Round(10*time.Millisecond), refused, before, load.counts()-before, lost)
		if away > within {
			t.Errorf("round %d: service was away for %v, more than %v", round+1, away, within)
		}
		load.resume()
	}
	load.stop()
	load.verify(t)
	t.Logf("%d writes were acknowledged, over %d objects", load.counts(), load.objects())
}

// healthy waits until there is a synchronous standby again, which the next round needs.
func healthy(t *testing.T, cluster *patroni.Cluster) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if err := cluster.WaitHealthy(ctx); err != nil {
		t.Fatal(err)
	}
}

// bringUp starts PostgreSQL, a store for blobs and servers over both, and returns what clients need.
func bringUp(t *testing.T) (*patroni.Cluster, api) {
	t.Helper()
	cluster, err := patroni.Start(t.Context(), patroni.Options{Strict: *strict, Restart: *restart})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, cluster.Close) })
	blobs, err := store.Start(t.Context(), store.Options{Program: program, Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, blobs.Close) })
	var endpoints []string
	var account servertest.Account
	dir := t.TempDir()
	for i := range servers {
		s := &servertest.Server{
			Program: program, Data: filepath.Join(dir, string(rune('a'+i))), Address: "127.0.0.1:0", Log: filepath.Join(dir, string(rune('a'+i))+".log"),
			// The URL in the environment is not seen in the list of processes.
			Env: []string{
				"CROSSGRANT_META=" + cluster.URL(), "CROSSGRANT_BLOBS=" + blobs.URL(),
				"AWS_ACCESS_KEY_ID=" + blobs.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + blobs.SecretAccessKey,
			},
		}
		if i > 0 {
			s.Flags = []string{"--master-key", filepath.Join(dir, "a", "master.json")}
		}
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { end(t, s.Stop) })
		if i == 0 {
			if account, err = s.CreateAccount(t.Context(), "clients"); err != nil {
				t.Fatal(err)
			}
		}
		endpoints = append(endpoints, "http://"+s.Address)
	}
	return cluster, api{endpoints, account.AccessKeyID, account.SecretAccessKey}
}

func end(t *testing.T, how func() error) {
	if err := how(); err != nil {
		t.Error(err)
	}
}
