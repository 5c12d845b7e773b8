package clients_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestAWSCLI syncs and copies folders, and sends a file of 100 MiB.
func TestAWSCLI(t *testing.T) {
	t.Parallel()
	cli := first.newShell(t)
	aws := func(args ...string) string {
		t.Helper()
		return cli.run(t, "aws", append([]string{"--endpoint-url", first.endpoint(), "s3"}, args...)...)
	}
	bucket, other := first.newBucket(t), first.newBucket(t)
	there, back, again := filepath.Join(cli.dir, "there"), filepath.Join(cli.dir, "back"), filepath.Join(cli.dir, "again")

	local := sample()
	local.write(t, there)
	aws("sync", there, "s3://"+bucket+"/tree")
	first.objects(t, bucket, "").expect(t, "after sync", local.under("tree/"))
	if out := aws("sync", there, "s3://"+bucket+"/tree"); out != "" {
		t.Errorf("sync of what is there already printed\n%s", out)
	}

	delete(local, "plain.txt")
	if err := os.Remove(filepath.Join(there, "plain.txt")); err != nil {
		t.Fatal(err)
	}
	changed := files{"folder/inside.txt": []byte("inside, and changed\n"), "new.txt": []byte("new\n")}
	changed.write(t, there)
	for name, content := range changed {
		local[name] = content
	}
	aws("sync", "--delete", there, "s3://"+bucket+"/tree")
	first.objects(t, bucket, "tree/").expect(t, "after sync --delete", local)

	aws("sync", "s3://"+bucket+"/tree", back)
	readFiles(t, back).expect(t, "after sync back", local)

	aws("cp", "--recursive", "s3://"+bucket+"/tree", "s3://"+other+"/copied")
	first.objects(t, other, "copied/").expect(t, "after cp --recursive of a bucket", local)
	aws("cp", "--recursive", "s3://"+other, again)
	readFiles(t, again).expect(t, "after cp --recursive to a folder", local.under("copied/"))

	listed := aws("ls", "s3://"+bucket+"/tree/folder/")
	if fields := strings.Fields(listed); len(fields) != 6 || fields[0] != "PRE" || fields[1] != "deeper/" || fields[4] != "20" || fields[5] != "inside.txt" {
		t.Errorf("ls printed\n%s", listed)
	}
	aws("rm", "--recursive", "s3://"+other)
	first.objects(t, other, "").expect(t, "after rm --recursive", files{})
}

// TestAWSCLIMultipart sends a file of 100 MiB and gets it back.
func TestAWSCLIMultipart(t *testing.T) {
	t.Parallel()
	cli := first.newShell(t)
	bucket := first.newBucket(t)
	content := randomBytes(100, 100*mebibyte)
	sent, got := filepath.Join(cli.dir, "sent"), filepath.Join(cli.dir, "got")
	if err := os.WriteFile(sent, content, 0o600); err != nil {
		t.Fatal(err)
	}
	cli.run(t, "aws", "--endpoint-url", first.endpoint(), "s3", "cp", "--no-progress", sent, "s3://"+bucket+"/large")
	key := "large"
	head, err := first.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	// The CLI sends parts of 8 MiB: https://docs.aws.amazon.com/cli/latest/topic/s3-config.html
	if *head.ContentLength != int64(len(content)) || !strings.HasSuffix(*head.ETag, `-13"`) {
		t.Errorf("the object has %d bytes and the ETag %s, want %d bytes of 13 parts", *head.ContentLength, *head.ETag, len(content))
	}
	cli.run(t, "aws", "--endpoint-url", first.endpoint(), "s3", "cp", "--no-progress", "s3://"+bucket+"/large", got)
	if back, err := os.ReadFile(got); err != nil || !bytes.Equal(back, content) {
		t.Errorf("the CLI got %d bytes (%v), which are not the %d that it sent", len(back), err, len(content))
	}
}

// TestAWSCLIPresign gives somebody without credentials the URL of one object.
func TestAWSCLIPresign(t *testing.T) {
	t.Parallel()
	cli := first.newShell(t)
	// The first version of the CLI signs URLs in us-east-1 with Signature Version 2 unless it is told not to.
	cli.run(t, "aws", "configure", "set", "default.s3.signature_version", "s3v4")
	bucket := first.newBucket(t)
	first.put(t, bucket, "with space.txt", []byte("shared\n"))
	first.put(t, bucket, "other", []byte("not shared\n"))
	url := strings.TrimSpace(cli.run(t, "aws", "--endpoint-url", first.endpoint(), "s3", "presign", "s3://"+bucket+"/with space.txt"))
	if status, content := get(t, url); status != http.StatusOK || string(content) != "shared\n" {
		t.Errorf("the presigned URL answers %d: %s", status, content)
	}
	for _, wrong := range []string{
		strings.Replace(url, "with%20space.txt", "other", 1),
		strings.Replace(url, "Expires=", "Expires=1", 1),
		url[:strings.IndexByte(url, '?')],
	} {
		if status, content := get(t, wrong); status != http.StatusForbidden {
			t.Errorf("%s answers %d: %s", wrong, status, content)
		}
	}
}
