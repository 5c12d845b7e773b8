package clients_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestS3cmd makes a bucket, fills it from a folder, and gets it back.
func TestS3cmd(t *testing.T) {
	t.Parallel()
	sh := first.newShell(t)
	config := filepath.Join(sh.dir, "s3cfg")
	text := fmt.Sprintf("[default]\naccess_key = %s\nsecret_key = %s\nhost_base = %[3]s\nhost_bucket = %[3]s\nuse_https = False\n"+
		"multipart_chunk_size_mb = 5\n", first.AccessKeyID, first.SecretAccessKey, first.server.Address)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s3cmd := func(args ...string) string {
		t.Helper()
		return sh.run(t, "s3cmd", append([]string{"--config", config, "--no-progress"}, args...)...)
	}
	bucket := bucketName()
	there, back := filepath.Join(sh.dir, "there"), filepath.Join(sh.dir, "back")
	local := sample()
	local.write(t, there)

	s3cmd("mb", "s3://"+bucket)
	s3cmd("sync", there+"/", "s3://"+bucket+"/tree/")
	first.objects(t, bucket, "tree/").expect(t, "after sync", local)
	if out := s3cmd("sync", there+"/", "s3://"+bucket+"/tree/"); strings.Contains(out, "upload:") {
		t.Errorf("sync of what is there already printed\n%s", out)
	}
	if err := os.Mkdir(back, 0o700); err != nil {
		t.Fatal(err)
	}
	s3cmd("get", "--recursive", "s3://"+bucket+"/tree/", back+"/")
	readFiles(t, back).expect(t, "after get --recursive", local)

	s3cmd("cp", "s3://"+bucket+"/tree/parts.bin", "s3://"+bucket+"/copied/parts.bin")
	s3cmd("mv", "s3://"+bucket+"/tree/plain.txt", "s3://"+bucket+"/copied/moved.txt")
	first.objects(t, bucket, "copied/").expect(t, "after cp and mv", files{"parts.bin": local["parts.bin"], "moved.txt": local["plain.txt"]})
	if out := s3cmd("ls", "s3://"+bucket); strings.Count(out, "DIR") != 2 {
		t.Errorf("ls printed\n%s", out)
	}
	if out := s3cmd("info", "s3://"+bucket+"/copied/moved.txt"); !strings.Contains(out, "File size: 6\n") || !strings.Contains(out, "MD5 sum:   5839145a19c13f3ffb0a3b9527e0a912\n") {
		t.Errorf("info printed\n%s", out)
	}
	s3cmd("del", "--recursive", "--force", "s3://"+bucket)
	s3cmd("rb", "s3://"+bucket)
	if out := s3cmd("ls"); strings.Contains(out, "s3://"+bucket+"\n") {
		t.Errorf("the bucket is gone, and ls prints\n%s", out)
	}
}
