package migrate_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/meta/postgres/postgrestest"
	"crossgrant/test/servertest"
)

// place is a pair of engines with the data folder of a server. Empty URLs are those of the folder itself.
type place struct {
	data, meta, blobs string
	env               []string
}

// flags names the engines, to be told by flags that begin with prefix.
func (p place) flags(prefix string) []string {
	all := []string{prefix + "data", p.data}
	if p.meta != "" {
		all = append(all, prefix+"meta", p.meta, prefix+"blobs", p.blobs)
	}
	return all
}

// mover moves between places by the real program.
type mover struct {
	t   *testing.T
	rng *rand.Rand
	dir string
	// killed is how many processes were to be killed, and landed how many of them had not come to their end before.
	killed, landed int
}

// networked starts a database and an S3 service, and returns the place in them.
func (m *mover) networked(data string) place {
	m.t.Helper()
	s := &servertest.Server{Program: program, Data: filepath.Join(m.dir, "s3"), Address: "127.0.0.1:0", Log: filepath.Join(m.dir, "s3.log")}
	if err := s.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			m.t.Error(err)
		}
	})
	owner, err := s.CreateAccount(m.t.Context(), "store")
	if err != nil {
		m.t.Fatal(err)
	}
	createBucket(m.t, s3Client(s.Address, owner), "blobs")
	return place{
		data: data, meta: postgrestest.New(m.t).Database(m.t), blobs: "s3://blobs?endpoint=http://" + s.Address + "&region=us-east-1&prefix=moved",
		env: []string{"AWS_ACCESS_KEY_ID=" + owner.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + owner.SecretAccessKey},
	}
}

// command is `crossgrant migrate` from one place to another.
func (m *mover) command(from, to place, more ...string) *exec.Cmd {
	args := append([]string{"migrate", "--output", "json"}, from.flags("--")...)
	cmd := exec.Command(program, append(append(args, to.flags("--to-")...), more...)...)
	cmd.Env = append(append(os.Environ(), from.env...), to.env...)
	return cmd
}

// move moves with a process that is killed again and again, and compares at the end.
func (m *mover) move(from, to place, kills int) report {
	m.t.Helper()
	for range kills {
		stage := []string{"copy", "count", "compare", "copy", "copy"}[m.killed%5]
		m.killed++
		if m.kill(from, to, stage) {
			m.landed++
			m.refused(to, "is being filled")
			m.refused(from, "is being moved")
		}
	}
	began := time.Now()
	moved := m.report(m.command(from, to))
	compared := m.report(m.command(from, to, "--verify-only"))
	m.t.Logf("the last run and the comparison took %v: %+v", time.Since(began).Round(time.Millisecond), moved)
	if moved.Result != "equal" || compared.Result != "equal" || compared != moved {
		m.t.Errorf("moved: %+v\ncompared: %+v", moved, compared)
	}
	return moved
}

// rate is how fast the processes copy that are killed, in MiB per second: slowly enough that they do not come to the end.
const rate = 0.5

// kill runs a migration and kills it at a random moment of a stage. It reports whether the process was there until then.
func (m *mover) kill(from, to place, stage string) bool {
	m.t.Helper()
	cmd := m.command(from, to)
	longest := *span
	if longest == 0 {
		longest = time.Second
		cmd = m.command(from, to, "--rate", fmt.Sprint(rate))
	}
	if stage == "compare" {
		cmd = m.command(from, to) // as fast as it can: it is killed when it begins to compare
		longest = 0
	}
	progress, err := cmd.StderrPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	var told strings.Builder
	lines := bufio.NewScanner(progress)
	reached := false
	for !reached && lines.Scan() {
		fmt.Fprintln(&told, lines.Text())
		reached = strings.HasPrefix(lines.Text(), "crossgrant: migrate: "+stage+":") ||
			stage == "count" && strings.HasPrefix(lines.Text(), "crossgrant: migrate: ")
	}
	if longest > 0 {
		time.Sleep(time.Duration(m.rng.Int64N(int64(longest)))) // the moment is what is random
	}
	_ = cmd.Process.Kill()
	rest, _ := io.ReadAll(progress)
	err = cmd.Wait()
	if err == nil {
		m.t.Logf("stage %s: it came to its end before it was killed", stage)
		return false
	}
	if err.Error() != "signal: killed" {
		m.t.Fatalf("stage %s: %v\n%s%s", stage, err, told.String(), rest)
	}
	return true
}

// refused wants that no server starts on a place, and what it says.
func (m *mover) refused(p place, want string) {
	m.t.Helper()
	s := m.server(p)
	err := s.Start()
	if err == nil {
		err = s.Kill()
		m.t.Fatalf("a server starts on %s (%v), want that it says %q", p.data, err, want)
	}
	if !strings.Contains(err.Error(), want) {
		m.t.Fatalf("a server on %s: %v, want %q", p.data, err, want)
	}
}

func (m *mover) server(p place) *servertest.Server {
	flags := p.flags("--")[2:]
	return &servertest.Server{Program: program, Data: p.data, Address: "127.0.0.1:0", Log: filepath.Join(m.dir, filepath.Base(p.data)+".log"), Flags: flags, Env: p.env}
}

// serve runs do with a server on a place.
func (m *mover) serve(p place, do func(s *servertest.Server), flags ...string) {
	m.t.Helper()
	s := m.server(p)
	s.Flags = append(s.Flags, flags...)
	if err := s.Start(); err != nil {
		m.t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			m.t.Error(err)
		}
	}()
	do(s)
}

// fsck wants a place without findings.
func (m *mover) fsck(p place) {
	m.t.Helper()
	cmd := exec.Command(program, "fsck", "--quiet", "--data", p.data)
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Errorf("fsck: %v\n%s", err, out)
	}
}
