package clients_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestRestic backs a folder up twice, forgets the first of them, and restores the second.
func TestRestic(t *testing.T) {
	t.Parallel()
	bucket := bucketName()
	sh := first.newShell(t, "RESTIC_REPOSITORY=s3:"+first.endpoint()+"/"+bucket, "RESTIC_PASSWORD=secret", "RESTIC_CACHE_DIR="+t.TempDir())
	there, back := filepath.Join(sh.dir, "there"), filepath.Join(sh.dir, "back")
	local := sample()
	local.write(t, there)

	sh.run(t, "restic", "init")
	sh.run(t, "restic", "backup", there)
	changed := files{"plain.txt": []byte("plain, and changed\n"), "more.bin": randomBytes(4, 30*mebibyte)}
	changed.write(t, there)
	for name, content := range changed {
		local[name] = content
	}
	sh.run(t, "restic", "backup", there)
	if out := sh.run(t, "restic", "snapshots", "--compact"); !strings.Contains(out, "2 snapshots") {
		t.Errorf("snapshots printed\n%s", out)
	}
	sh.run(t, "restic", "forget", "--keep-last", "1", "--prune")
	if out := sh.run(t, "restic", "check", "--read-data"); !strings.Contains(out, "no errors were found") {
		t.Errorf("check printed\n%s", out)
	}
	sh.run(t, "restic", "restore", "latest", "--target", back)
	readFiles(t, filepath.Join(back, there)).expect(t, "after restore", local)
}
