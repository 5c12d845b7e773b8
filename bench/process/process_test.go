package process

import (
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestListener(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if pid, err := Listener(l.Addr().(*net.TCPAddr).Port); err != nil || pid != os.Getpid() {
		t.Errorf("Listener says %d, %v; want this process, %d", pid, err, os.Getpid())
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	u, err := Read(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if u.RSS < 1<<20 || u.PeakRSS < u.RSS/2 || u.CPU < 0 {
		t.Errorf("this process uses %+v", u)
	}
	if _, err := Read(1 << 30); err == nil {
		t.Error("a process that cannot be has a usage")
	}
}

// TestParseStat has a program whose name looks like fields.
func TestParseStat(t *testing.T) {
	t.Parallel()
	u, err := parseStat("7 (a) R 1 (b)) S 1 7 7 0 -1 4194560 1 2 3 4 100 20 3 1 20 0 9 0 5 6 7\n")
	if err != nil || u.CPU != 1240*time.Millisecond {
		t.Errorf("the times are %v, %v; want 1.24s", u.CPU, err)
	}
	if _, err := parseStat("7 (a) S 1"); err == nil {
		t.Error("a line that is cut off is taken")
	}
}

func TestDiskUsage(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	content := make([]byte, 1<<20) // of which no file system makes less
	rand.Read(content)
	f, err := os.Create(filepath.Join(folder, "f"))
	if err == nil {
		_, err = f.Write(content)
	}
	// The room is taken when the bytes are written down, not before.
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
	n, err := DiskUsage(folder)
	if err != nil || n < 1<<19 || n > 2<<20 {
		t.Errorf("a file of 1 MiB takes %d bytes, %v", n, err)
	}
	if _, err := DiskUsage(filepath.Join(folder, "none")); err == nil {
		t.Error("a folder that is not there takes no bytes, without an error")
	}
}
