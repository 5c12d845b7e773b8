package console_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestUploadResumed holds that an upload of 200 MiB whose tab is loaded again in the middle goes on where it was, and that
// what is stored is what was chosen.
func TestUploadResumed(t *testing.T) {
	const size = 200 << 20
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "large.bin")
	want := writeLarge(t, file, size)
	p := newBrowser(t).tab(w)
	p.signIn(w, adminA)
	p.openBucket()
	p.give(file)
	p.press("", "do:upload")
	p.until("a quarter is uploaded", func() (string, error) {
		some, err := ask[float64](p, `return document.querySelector("#upload tbody progress").value`)
		if some < 0.25 {
			return "it is not", err
		}
		return "", err
	})
	p.press("", "Pause large.bin")
	p.expect("Paused")
	p.press("", "Resume large.bin")
	p.expect("%")
	p.reload()
	client := w.s3(adminA)
	unfinished := done[*s3.ListMultipartUploadsOutput](t)(client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String(bucket)}))
	if len(unfinished.Uploads) != 1 {
		t.Fatalf("there are %d unfinished uploads, want 1", len(unfinished.Uploads))
	}
	parts := func() int {
		out, err := client.ListParts(t.Context(), &s3.ListPartsInput{Bucket: aws.String(bucket), Key: aws.String("large.bin"), UploadId: unfinished.Uploads[0].UploadId})
		must(t, err)
		return len(out.Parts)
	}
	before := parts()
	if before == 0 {
		t.Fatal("no part was stored before the tab was loaded again")
	}
	p.posted()
	p.give(file)
	p.press("", "do:upload")
	if row := p.uploaded("large.bin"); row[:4] != "done" {
		t.Fatalf("the upload ends: %s", row)
	}
	p.settle()
	sent := 0
	p.mu.Lock()
	for _, what := range p.sent {
		if len(what) > 4 && what[:4] == "PUT " {
			sent++
		}
	}
	p.mu.Unlock()
	if want := size/(8<<20) - before; sent != want {
		t.Errorf("%d parts were sent after the tab was loaded again, want %d: %d were there", sent, want, before)
	}
	object := done[*s3.GetObjectOutput](t)(client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("large.bin")}))
	defer object.Body.Close()
	hash := sha256.New()
	if n, err := io.Copy(hash, object.Body); err != nil || n != size || !bytes.Equal(hash.Sum(nil), want) {
		t.Errorf("%d bytes are stored (%v), which are not those of the file", n, err)
	}
}

// writeLarge writes a file of which no two parts are the same, and returns its hash.
func writeLarge(t *testing.T, path string, size int) []byte {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	hash := sha256.New()
	out := io.MultiWriter(f, hash)
	block := make([]byte, 1<<20)
	for n := range size / len(block) {
		for i := range block {
			block[i] = byte(i*7 + n*13 + i>>8)
		}
		if _, err := out.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	return hash.Sum(nil)
}
