// Package migrate_test moves a data folder that has some of everything to other engines and back, with processes that are killed
// on the way, and compares.
//
//	go test ./test/migrate -run Networked -objects 1000000 -span 1m
package migrate_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"crossgrant/test/servertest"
)

var (
	count = flag.Int("objects", 600, "how many objects are moved, beside some of everything else")
	kills = flag.Int("kills", 5, "how often a process is killed on the way")
	span  = flag.Duration("span", 0, "longest time that a process copies before it is killed; 0: as --rate makes it last")
	seed  = flag.Uint64("seed", 0, "where random choices begin; 0: anywhere")
)

var program string

func TestMain(m *testing.M) { servertest.Main(m, &program) }

// TestFolders moves from a folder to another one, and from that to a third.
func TestFolders(t *testing.T) {
	thereAndBack(t, func(_ *mover, data string) place { return place{data: data} })
}

// TestNetworked moves from a folder to PostgreSQL and an S3 service, and from those to another folder.
func TestNetworked(t *testing.T) {
	thereAndBack(t, (*mover).networked)
}

// thereAndBack moves from a folder to the place that there makes with another, and from that to a third.
func thereAndBack(t *testing.T, there func(m *mover, data string) place) {
	t.Helper()
	start := *seed
	if start == 0 {
		start = rand.Uint64()
	}
	t.Logf("repeat with -seed %d", start)
	dir, err := os.MkdirTemp("", "cg") // short enough for the admin socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	m := &mover{t: t, rng: rand.New(rand.NewPCG(start, 1)), dir: dir}
	a, b, c := place{data: filepath.Join(dir, "a")}, there(m, filepath.Join(dir, "b")), place{data: filepath.Join(dir, "c")}
	world := m.fill(a)

	forth := m.move(a, b, (*kills+1)/2)
	m.refused(a, "was moved to")
	back := m.move(b, c, *kills/2)
	m.refused(b, "was moved to")
	if m.killed != *kills || m.landed*5 < *kills*4 { // one that is killed when it begins to compare may be quicker
		t.Errorf("%d of %d processes were killed on the way, want %d", m.landed, m.killed, *kills)
	}
	if forth.Objects < int64(*count) || forth.Accounts != 4 || forth.Identities < 5 || forth.Uploads != 1 || forth.Versions < 3 || forth.Blobs < 5 {
		t.Errorf("what was moved: %+v", forth)
	}
	compared := m.report(m.command(a, c, "--verify-only"))
	if compared.Result != "equal" || compared != forth || back != forth {
		t.Errorf("there: %+v\nback: %+v\nthe first and the last: %+v", forth, back, compared)
	}
	m.fsck(c)
	m.giveUp(a)
	m.giveUp(b)
	for _, p := range []place{a, b, c} {
		world.check(m, p)
	}
}

// giveUp lets a place that was moved be used again.
func (m *mover) giveUp(p place) {
	m.t.Helper()
	cmd := exec.Command(program, append([]string{"migrate", "--give-up"}, p.flags("--")...)...)
	cmd.Env = append(os.Environ(), p.env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("give up: %v\n%s", err, out)
	}
}

// report is what `migrate --output json` prints.
type report struct {
	Result                                                                          string
	Keys, Accounts, Identities, Buckets, Objects, Versions, Uploads, Blobs, Damaged int64
	MetadataBytes, BlobBytes                                                        int64
	Differences                                                                     int64
}

func (m *mover) report(cmd *exec.Cmd) (r report) {
	m.t.Helper()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &r)
	}
	if err != nil {
		m.t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, out, errs.String())
	}
	return r
}
