package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crossgrant/internal/backup"
)

// backUp makes a backup and returns what it printed.
func backUp(t *testing.T, args ...string) (made backup.Result) {
	t.Helper()
	status, stdout, stderr := crossgrant(t, append([]string{"backup", "--output", "json"}, args...)...)
	if status != 0 {
		t.Fatal(stderr)
	}
	if err := json.Unmarshal([]byte(stdout), &made); err != nil {
		t.Fatal(err)
	}
	return made
}

const backupWorld = `
accounts:
  - name: a
    id: "111122223333"
    buckets:
      - name: pictures
        objects:
          - {key: small, text: "small"}
`

// TestBackupAndRestore backs a folder up while a server has it open and without one, and restores it.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "cg") // short enough for the admin socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	data, target := filepath.Join(dir, "data"), filepath.Join(dir, "target")
	file := filepath.Join(dir, "world.yaml")
	if err := os.WriteFile(file, []byte(backupWorld), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--bootstrap", file}, streams{w, io.Discard})
		w.Close()
	}()
	if _, err := bufio.NewReader(r).ReadString('\n'); err != nil {
		t.Fatalf("the server ended with status %d", <-status)
	}
	if made := backUp(t, "--data", data, "--to", target); made.ID != 1 || made.MasterKey {
		t.Errorf("%+v", made)
	}
	stop()
	if got := <-status; got != 0 {
		t.Errorf("exit status %d, want 0", got)
	}
	if made := backUp(t, "--data", data, "--to", target, "--with-master-key"); made.ID != 2 || !made.MasterKey {
		t.Errorf("%+v", made)
	}
	key := filepath.Join(target, "snapshots", "2", "master.json")
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v, want mode 0600", info, err)
	}
	if _, err := os.Stat(filepath.Join(target, "snapshots", "1", "master.json")); err == nil {
		t.Error("the master key is in a backup without it")
	}
	restored := filepath.Join(dir, "restored")
	if status, _, stderr := crossgrant(t, "restore", "--from", target, "--data", restored); status != 0 {
		t.Fatal(stderr)
	}
	_, want, _ := crossgrant(t, "account", "show", "a", "--data", data)
	if status, got, stderr := crossgrant(t, "account", "show", "a", "--data", restored); status != 0 || got != want {
		t.Errorf("%s%s, want %s", got, stderr, want)
	}
	rotated := filepath.Join(dir, "rotated.json")
	copyFile(t, filepath.Join(data, "master.json"), rotated)
	if status, _, stderr := crossgrant(t, "key", "rotate-master", "--data", data); status != 0 {
		t.Fatal(stderr)
	}
	backUp(t, "--data", data, "--to", target)
	status3, _, stderr := crossgrant(t, "restore", "--from", target, "--data", filepath.Join(dir, "late"), "--master-key", rotated)
	if status3 != exitFailure || !strings.Contains(stderr, "from before it was rotated") {
		t.Errorf("a master key from before: status %d, %s", status3, stderr)
	}
	damage(t, target)
	if status, stdout, _ := crossgrant(t, "backup", "verify", "--to", target); status != exitFailure || !strings.Contains(stdout, "it is not what was written; needed by snapshots") {
		t.Errorf("a damaged target: status %d, %s", status, stdout)
	}
	late := filepath.Join(dir, "late")
	if status, _, stderr := crossgrant(t, "restore", "--from", target, "--data", late, "--master-key", filepath.Join(data, "master.json")); status != exitFailure || !strings.Contains(stderr, "damaged") {
		t.Errorf("a damaged target: status %d, %s", status, stderr)
	}
	if status, _, stderr := crossgrant(t, "account", "list", "--data", late); status != exitFailure || !strings.Contains(stderr, "not a data folder") {
		t.Errorf("half of a data folder was opened: status %d, %s", status, stderr)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// damage changes the largest file of the metadata.
func damage(t *testing.T, target string) {
	t.Helper()
	var largest string
	var size int64
	paths, err := filepath.Glob(filepath.Join(target, "files", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.Size() >= size {
			largest, size = path, info.Size()
		}
	}
	text, err := os.ReadFile(largest)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(largest, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBackupRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	tests := []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"without target", []string{"backup", "--data", data}, exitUsage, "--to"},
		{"negative number", []string{"backup", "--data", data, "--to", dir, "--keep=-1"}, exitUsage, "--keep"},
		{"negative rate", []string{"backup", "--data", data, "--to", dir, "--rate=-1"}, exitUsage, "--rate"},
		{"less than a byte", []string{"backup", "--data", data, "--to", dir, "--rate=1e-7"}, exitUsage, "--rate: 1e-07 is not 0, or within 0.001 and 1048576 MiB per second"},
		{"too fast", []string{"backup", "--data", data, "--to", dir, "--rate=1e13"}, exitUsage, "--rate"},
		{"not a number", []string{"backup", "--data", data, "--to", dir, "--rate=NaN"}, exitUsage, "--rate"},
		{"memory", []string{"backup", "--data", data, "--to", dir, "--meta", "memory:"}, exitUsage, "running server"},
		{"no folder", []string{"backup", "--data", data, "--to", dir}, exitFailure, "there is no data folder"},
		{"list of nothing", []string{"backup", "list", "--to", dir}, exitFailure, "not a backup target"},
		{"verify nothing", []string{"backup", "verify", "--to", dir}, exitFailure, "not a backup target"},
		{"restore nothing", []string{"restore", "--from", dir, "--data", data}, exitFailure, "not a backup target"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status, stdout, stderr := crossgrant(t, test.args...)
			if status != test.status || stdout != "" || !strings.Contains(stderr, test.want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("status %d, %q, %q, want status %d and one line with %q", status, stdout, stderr, test.status, test.want)
			}
		})
	}
}
