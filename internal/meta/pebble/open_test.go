package pebble

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/meta"
)

func TestReopen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	for i := range 3 {
		e, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && get(t, e, "key") != fmt.Sprint(i-1) {
			t.Errorf("opening number %d reads %q", i, get(t, e, "key"))
		}
		if err := set(e, "key", fmt.Sprint(i)); err != nil {
			t.Error(err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, want 0700", info.Mode().Perm())
	}
}

// lockedDir names, in the environment of the child process of TestLock, the folder to open.
const lockedDir = "CROSSGRANT_TEST_LOCKED_DIR"

func TestLock(t *testing.T) {
	if dir := os.Getenv(lockedDir); dir != "" {
		_, err := Open(dir, Options{})
		fmt.Println("child:", err)
		return
	}
	t.Parallel()
	dir := t.TempDir()
	e, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "metadata folder " + dir + " is in use by another process"
	if _, err := Open(dir, Options{}); err == nil || err.Error() != want {
		t.Errorf("second Open in the process = %v, want %q", err, want)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestLock$")
	child.Env = append(os.Environ(), lockedDir+"="+dir)
	if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "child: "+want) {
		t.Errorf("Open in another process: %v, %s; want %q", err, out, want)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir, Options{})
	if err != nil {
		t.Fatalf("Open after Close: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file, Options{}); err == nil || strings.Contains(err.Error(), "in use") {
		t.Errorf("Open of a file = %v", err)
	}
}

// damage changes a byte in the middle of each file of the folder that ends in suffix.
func damage(t *testing.T, disk *vfs.MemFS, suffix string) {
	t.Helper()
	names, err := disk.List("db")
	if err != nil {
		t.Fatal(err)
	}
	damaged := 0
	for _, name := range names {
		if !strings.HasSuffix(name, suffix) {
			continue
		}
		f, err := disk.OpenReadWrite(disk.PathJoin("db", name), vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() == 0 {
			continue
		}
		b := make([]byte, 1)
		if _, err := f.ReadAt(b, info.Size()/2); err != nil {
			t.Fatal(err)
		}
		b[0] ^= 0xff
		if _, err := f.WriteAt(b, info.Size()/2); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		damaged++
	}
	if damaged == 0 {
		t.Fatalf("there is no file *%s among %q", suffix, names)
	}
}

// writeMany commits 200 values of 1 KiB, each in a transaction of its own.
func writeMany(t *testing.T, e *Engine) {
	t.Helper()
	for i := range 200 {
		if err := set(e, fmt.Sprintf("key%03d", i), strings.Repeat(fmt.Sprint(i), 1024)[:1024]); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDamagedTable(t *testing.T) {
	t.Parallel()
	disk := vfs.NewMem()
	e := open(t, Options{FS: disk})
	writeMany(t, e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open(t, Options{FS: disk}) // writes the log out as a table
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, disk, ".sst")

	e = open(t, Options{FS: disk})
	defer e.Close()
	corrupt := 0
	for i := range 200 {
		err := e.View(context.Background(), func(r meta.Reader) error {
			_, err := r.Get(fmt.Appendf(nil, "key%03d", i))
			return err
		})
		if errors.Is(err, meta.ErrCorrupt) {
			corrupt++
		} else if err != nil {
			t.Errorf("key %d: %v", i, err)
		}
	}
	if corrupt == 0 {
		t.Error("nothing was reported corrupt")
	}
	err := e.View(context.Background(), func(r meta.Reader) error {
		it := r.Scan(nil, nil)
		for it.Next() {
		}
		return it.Close()
	})
	if !errors.Is(err, meta.ErrCorrupt) {
		t.Errorf("a scan over the damage = %v, want ErrCorrupt", err)
	}
}

// TestDamagedLog damages the log before its last sync: what follows was acknowledged and must not be
// dropped in silence.
func TestDamagedLog(t *testing.T) {
	t.Parallel()
	disk := vfs.NewCrashableMem()
	e := open(t, Options{FS: disk})
	defer e.Close()
	writeMany(t, e)
	crashed := disk.CrashClone(vfs.CrashCloneCfg{})
	damage(t, crashed, ".log")
	if again, err := Open("db", Options{FS: crashed}); !errors.Is(err, meta.ErrCorrupt) {
		t.Errorf("Open with a damaged log = %v, want ErrCorrupt", err)
		if err == nil {
			_ = again.Close()
		}
	}
}

func TestDamagedManifest(t *testing.T) {
	t.Parallel()
	disk := vfs.NewMem()
	e := open(t, Options{FS: disk})
	writeMany(t, e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := disk.List("db")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, "MANIFEST") {
			damage(t, disk, name)
		}
	}
	if again, err := Open("db", Options{FS: disk}); !errors.Is(err, meta.ErrCorrupt) {
		t.Errorf("Open with a damaged manifest = %v, want ErrCorrupt", err)
		if err == nil {
			_ = again.Close()
		}
	}
}
