// Package crash_test ends servers at moments that they did not choose, again and again, and compares what is there
// afterwards with what was acknowledged before.
//
//	go test ./test/crash -rounds 200 -seed 7
//
// Clients change objects, versions, tags, uploads, buckets and users. Each key belongs to one client, which knows what it
// was told: after a crash there is exactly that, or that and the one change which was under way. Nothing else may be
// there, and no blob that no record names.
package crash_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"crossgrant/test/servertest"
)

var (
	rounds = flag.Int("rounds", 5, "how often the server is killed, and how often the power is cut")
	seed   = flag.Uint64("seed", 0, "where random choices begin; 0: anywhere")
)

// clients is the number of clients.
const clients = 6

// killSizes are those of a server with its own limits.
var killSizes = sizes{inline: 64 << 10, largest: 1 << 20, part: 5 << 20, uploads: 25}

// begin returns the seed, which is told.
func begin(t *testing.T) uint64 {
	t.Helper()
	n := *seed
	if n == 0 {
		n = rand.Uint64()
	}
	t.Logf("repeat with -seed %d -rounds %d", n, *rounds)
	return n
}

// house is a server process with its clients.
type house struct {
	t       *testing.T
	server  *servertest.Server
	rng     *rand.Rand
	account servertest.Account
	workers []*worker
	target  string // of backups
}

// TestKill kills a real server with SIGKILL in the middle of the work of its clients.
func TestKill(t *testing.T) {
	start := begin(t)
	dir, err := os.MkdirTemp("", "cg") // short enough for the admin socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program, err := servertest.Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, rng: rand.New(rand.NewPCG(start, 0)), target: filepath.Join(dir, "target"), server: &servertest.Server{
		Program: program, Data: filepath.Join(dir, "data"), Address: "127.0.0.1:0", Log: filepath.Join(dir, "server.log"),
	}}
	t.Cleanup(func() {
		if h.server.Running() {
			if err := h.server.Kill(); err != nil {
				t.Error(err)
			}
		}
	})
	if err := h.furnish(start); err != nil {
		t.Fatal(err)
	}
	changes := 0
	for round := range *rounds {
		if err := h.round(round); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	for _, w := range h.workers {
		changes += w.done
	}
	t.Logf("%d changes were acknowledged in %d rounds", changes, *rounds)
	if err := h.restore(filepath.Join(dir, "restored")); err != nil {
		t.Fatalf("restore: %v", err)
	}
}

// furnish makes the account, the buckets and the clients.
func (h *house) furnish(start uint64) (err error) {
	if err := h.server.Start(); err != nil {
		return err
	}
	if h.account, err = h.server.CreateAccount(context.Background(), "house"); err != nil {
		return err
	}
	for i := range clients {
		h.workers = append(h.workers, newWorker(i, h.client(), killSizes, rand.New(rand.NewPCG(start, uint64(i)+1))))
	}
	return errors.Join(h.client().CreateBucket(plainBucket, false), h.client().CreateBucket(versionedBucket, true))
}

func (h *house) client() *httpClient {
	return &httpClient{h.server.Address, h.account.AccessKeyID, h.account.SecretAccessKey, &http.Client{Timeout: time.Minute, Transport: &http.Transport{}}}
}

// round kills the running server, starts it again and looks at what is there.
func (h *house) round(round int) error {
	if err := h.killDuringWork(round%4 == 3); err != nil {
		return err
	}
	if h.rng.IntN(4) == 0 {
		if err := h.killWhileStarting(); err != nil {
			return err
		}
	}
	if err := h.server.Start(); err != nil {
		return err
	}
	if err := h.verify(); err != nil {
		return err
	}
	// Every other time while it runs, and then without it.
	online := round%2 == 0
	if online {
		if err := h.run("fsck", "--quiet", "--data", h.server.Data); err != nil {
			return err
		}
	}
	if err := h.server.Stop(); err != nil {
		return err
	}
	if err := checkFolder(h.server.Data); err != nil {
		return err
	}
	if !online {
		if err := h.run("fsck", "--quiet", "--data", h.server.Data); err != nil {
			return err
		}
	}
	return h.server.Start()
}

// run runs a command of the program.
func (h *house) run(args ...string) error {
	if out, err := exec.Command(h.server.Program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("crossgrant %v: %w: %s", args, err, out)
	}
	return nil
}

// killDuringWork lets the clients work and kills the server at a random moment, on request during a backup.
func (h *house) killDuringWork(backup bool) error {
	faults := make([]error, len(h.workers))
	var working sync.WaitGroup
	for i, w := range h.workers {
		working.Go(func() { faults[i] = w.run() })
	}
	pause := time.Duration(100+h.rng.IntN(900)) * time.Millisecond
	if backup {
		working.Go(func() { h.backup("--rate", "5") })
	}
	time.Sleep(pause)
	err := h.server.Kill()
	working.Wait()
	for _, fault := range faults {
		if !errors.Is(fault, errDown) {
			err = errors.Join(err, fault)
		}
	}
	return err
}

// killWhileStarting starts the server and kills it before, or soon after, it is ready.
func (h *house) killWhileStarting() error {
	process := exec.Command(h.server.Program, "serve", "--data", h.server.Data, "--listen", h.server.Address)
	if err := process.Start(); err != nil {
		return err
	}
	time.Sleep(time.Duration(h.rng.IntN(200)) * time.Millisecond)
	err := process.Process.Kill()
	_ = process.Wait() // it says that the process was killed
	return err
}

// verify compares what the server has with what the clients know.
func (h *house) verify() error { return verifyAll(h.workers) }

func verifyAll(workers []*worker) error {
	all := map[string]map[string][]object{}
	for _, bucket := range []string{plainBucket, versionedBucket} {
		var err error
		if all[bucket], err = workers[0].api.Versions(bucket, bucket == versionedBucket); err != nil {
			return err
		}
	}
	for _, w := range workers {
		if err := w.verify(all); err != nil {
			return err
		}
	}
	for bucket, left := range all {
		for key, versions := range left {
			return fmt.Errorf("%s/%s is there with %d versions, and nobody wrote it", bucket, key, len(versions))
		}
	}
	return nil
}

// backup makes a backup of the running server.
func (h *house) backup(flags ...string) error {
	return h.run(append([]string{"backup", "--data", h.server.Data, "--to", h.target, "--with-master-key", "--keep", "2"}, flags...)...)
}

// restore makes a backup, after those that were killed with the server, and compares what is restored from it.
func (h *house) restore(data string) error {
	if err := h.backup(); err != nil {
		return err
	}
	for _, args := range [][]string{{"backup", "verify", "--to", h.target}, {"restore", "--from", h.target, "--data", data}} {
		if err := h.run(args...); err != nil {
			return err
		}
	}
	if err := h.server.Stop(); err != nil {
		return err
	}
	h.server.Data = data
	if err := h.server.Start(); err != nil {
		return err
	}
	if err := h.verify(); err != nil {
		return err
	}
	if err := h.server.Stop(); err != nil {
		return err
	}
	return checkFolder(data)
}
