// Package migrate_test moves a data folder that has some of everything to other engines and back, with processes that are killed
// on the way, and compares.
//
//	go test ./test/migrate -objects 1000000 -kills 5 -networked -span 1m
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
	count     = flag.Int("objects", 1500, "how many objects are moved, beside some of everything else")
	kills     = flag.Int("kills", 5, "how often a process is killed on the way")
	span      = flag.Duration("span", 0, "longest time that a process copies before it is killed; 0: as --rate makes it last")
	networked = flag.Bool("networked", false, "move to PostgreSQL and an S3 service, instead of another data folder")
	seed      = flag.Uint64("seed", 0, "where random choices begin; 0: anywhere")
)

var program string

func TestMain(m *testing.M) { servertest.Main(m, &program) }

// TestThereAndBack moves from a folder to other engines, and from those to a third folder.
func TestThereAndBack(t *testing.T) {
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
	a := place{data: filepath.Join(dir, "a")}
	b := place{data: filepath.Join(dir, "b")}
	if *networked {
		b = m.networked(b.data)
	}
	c := place{data: filepath.Join(dir, "c")}
	world := m.fill(a)

	there := m.move(a, b, (*kills+1)/2)
	m.refused(a, "was moved to")
	back := m.move(b, c, *kills/2)
	m.refused(b, "was moved to")
	if there.Objects < int64(*count) || there.Accounts != 4 || there.Identities < 5 || there.Uploads != 1 || there.Versions < 3 || there.Blobs < 5 {
		t.Errorf("what was moved: %+v", there)
	}
	compared := m.report(m.command(a, c, "--verify-only"))
	if compared.Result != "equal" || compared != there || back != there {
		t.Errorf("there: %+v\nback: %+v\nthe first and the last: %+v", there, back, compared)
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
