// Package linear_test asks whether several servers over the same stores are, to all who see their answers, one.
//
// Clients send requests to servers at random, without a proxy and without trying anything again, while servers are killed,
// paused and cut off, and PostgreSQL is restarted. What they asked for, when, and what was answered is a history. It is
// linearizable if there is an order of its operations that one server could have carried out one by one with these answers,
// each between its request and its answer; porcupine looks for that order. An operation whose outcome is unknown, because the
// answer is 503 or there is none, may have happened at any time since, or never.
//
// There are two kinds of histories: PUT, conditional PUT, GET, DELETE and LIST on a few keys, and changes of permissions with
// requests that depend on them. At the end one of each is changed, to see that the check can fail.
//
//	go test ./test/linear -histories 200 -seed 1 -out DIR
//
// The seed says what clients do and which faults strike; when exactly is up to the machine. Of a history that is not
// linearizable there is a picture in DIR.
package linear_test

import (
	"cmp"
	"crypto/rand"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	mathrand "math/rand/v2"

	"crossgrant/test/backing"
	"crossgrant/test/relay"
	"crossgrant/test/servertest"
)

var (
	histories = flag.Int("histories", 5, "histories of each kind")
	seed      = flag.Uint64("seed", 0, "of the first history; 0: by the time")
	out       = flag.String("out", filepath.Join(os.TempDir(), "crossgrant-linear"), "folder for pictures of histories that are not linearizable")
	servers   = flag.Int("servers", 3, "servers over PostgreSQL and a networked blob store; 1: one over its own folder")
)

// program is the executable, which TestMain builds.
var program string

func TestMain(m *testing.M) { servertest.Main(m, &program) }

// run tells the names of one run of the tests from those of others.
var run = strings.ToLower(rand.Text()[:8])

// bucketName is the bucket of the histories of objects.
const bucketName = "objects-of-histories"

// world is servers, what they need, and what can go wrong with it.
type world struct {
	members   []*servertest.Server
	addresses []string
	backing   *backing.Backing // nil: one server over its own folder
	meta      []*relay.Relay   // of each server, to PostgreSQL
	blobs     []*relay.Relay   // of each server, to the blob store
	network   *network         // nil: there is none to cut
	isolated  string           // why there is none
	faults    []fault
	struck    map[string]int

	owner, other key // root users of two accounts
	otherID      string
}

// newWorld starts servers, and makes two accounts and a bucket.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{struck: map[string]int{}}
	data := filepath.Join(t.TempDir(), "data")
	if *servers == 1 {
		w.isolated = "one server has nothing to be cut off from"
		w.members = []*servertest.Server{servertest.Member(program, data, "127.0.0.1:0", servertest.Stores{}, 0)}
	} else {
		w.several(t, data)
	}
	t.Cleanup(func() {
		for _, m := range w.members {
			if m.Running() {
				check(t, m.Kill())
			}
		}
	})
	for _, m := range w.members {
		check(t, m.Start())
		w.addresses = append(w.addresses, m.Address)
	}
	w.faults = w.possible(t)
	for name, account := range map[string]*key{"owner": &w.owner, "other": &w.other} {
		a, err := w.members[0].CreateAccount(t.Context(), name)
		check(t, err)
		*account = key{a.AccessKeyID, a.SecretAccessKey}
		if name == "other" {
			w.otherID = a.ID
		}
	}
	w.must(t, w.owner, request{service: "s3", method: http.MethodPut, target: "/" + bucketName})
	return w
}

// choose returns the address of a server at random.
func (w *world) choose(rng *mathrand.Rand) string { return w.addresses[rng.IntN(len(w.addresses))] }

// must makes a request that has to succeed while everything is well.
func (w *world) must(t *testing.T, as key, r request) answer {
	t.Helper()
	a := r.do(w.addresses[0], as)
	if a.status/100 != 2 {
		t.Fatalf("%s %s %s: %d %v %s", r.service, r.method, r.target, a.status, a.err, a.body)
	}
	return a
}

// recovery is how long a server may take until it serves again once everything it needs is there.
const recovery = 30 * time.Second

// awaitReady waits until all servers serve again.
func (w *world) awaitReady(t *testing.T) {
	t.Helper()
	late := time.Now().Add(recovery)
	for n, address := range w.addresses {
		for {
			a := request{method: http.MethodGet, target: "/-/readyz"}.do(address, key{})
			if a.status == http.StatusOK {
				break
			}
			if time.Now().After(late) {
				t.Fatalf("server %d is not ready %s after everything was mended: %d %v %s", n+1, recovery, a.status, a.err, a.body)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

func TestHistories(t *testing.T) {
	w := newWorld(t)
	var read, asked *history
	t.Run("objects", func(t *testing.T) { read = w.eachHistory(t, ofObjects) })
	t.Run("permissions", func(t *testing.T) { asked = w.eachHistory(t, ofPermissions) })
	if read != nil && asked != nil && !t.Failed() {
		t.Run("refused", func(t *testing.T) { refused(t, read, asked) })
	}
}

// keepLogs copies what the servers have logged to where pictures are.
func (w *world) keepLogs(t *testing.T) {
	check(t, os.MkdirAll(*out, 0o700))
	for n, m := range w.members {
		log, err := os.ReadFile(m.Log)
		check(t, err)
		path := filepath.Join(*out, fmt.Sprintf("server-%d.log", n+1))
		check(t, os.WriteFile(path, log, 0o600))
		t.Log("the log of server", n+1, "is in", path)
	}
}

// eachHistory makes and checks histories, one after the other, says what they went through, and returns the last one.
func (w *world) eachHistory(t *testing.T, k kind) *history {
	first := cmp.Or(*seed, uint64(time.Now().Unix()))
	again := func(histories int, seed uint64) string {
		return fmt.Sprintf("go test ./test/linear -run '^%s$' -servers %d -histories %d -seed %d", t.Name(), *servers, histories, seed)
	}
	t.Log("repeat with", again(*histories, first))
	w.struck = map[string]int{}
	operations, unknown := 0, 0
	var last *history
	for i := range *histories {
		last = k.record(w, t, first+uint64(i))
		last.check(t, k, fmt.Sprintf("%s-%d", filepath.Base(t.Name()), first+uint64(i)))
		if t.Failed() {
			w.keepLogs(t)
			t.Fatalf("history %d of %d failed; repeat it alone with %s", i+1, *histories, again(1, first+uint64(i)))
		}
		operations, unknown = operations+len(last.operations), unknown+len(last.open)
		if i%10 == 9 {
			fmt.Printf("%s: %d of %d histories are linearizable\n", t.Name(), i+1, *histories)
		}
	}
	var told []string
	for name, times := range w.struck {
		told = append(told, fmt.Sprintf("%s: %d", name, times))
	}
	slices.Sort(told)
	fmt.Printf("%s: %d histories are linearizable, with %d operations, of which %d have an unknown outcome; %s\n",
		t.Name(), *histories, operations, unknown, strings.Join(told, ", "))
	return last
}
