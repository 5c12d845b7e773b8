// Package faults_test runs a real server on what real machines do to it: a file system that is full, and a limit of
// open files that is too low. The server has to stay up, to tell its clients, and to go on when there is room again.
package faults_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/test/servertest"
)

// program is the path of the executable.
var program string

func TestMain(m *testing.M) { servertest.Main(m, &program) }

// bucket is the bucket of every test.
const bucket = "faults"

// world is a server and a client that repeats nothing.
type world struct {
	*testing.T
	server *servertest.Server
	client *s3.Client
}

// start starts the server and makes an account and a bucket.
func start(t *testing.T, server *servertest.Server) *world {
	t.Helper()
	w := &world{T: t, server: server}
	w.check(server.Start())
	t.Cleanup(func() {
		if server.Running() {
			w.check(server.Stop())
		}
		if text, _ := os.ReadFile(server.Log); bytes.Contains(text, []byte("panic")) {
			t.Errorf("the server panicked:\n%s", text)
		}
	})
	account, err := server.CreateAccount(t.Context(), "faults")
	w.check(err)
	w.client = s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + server.Address), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(account.AccessKeyID, account.SecretAccessKey, ""),
		Retryer:     aws.NopRetryer{},
	})
	_, err = w.client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucket)})
	w.check(err)
	return w
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// put stores an object and returns the status of the answer; 0: there was none.
func (w *world) put(key string, content []byte) int {
	return w.putWithin(time.Minute, key, content)
}

// putWithin is put by a client that does not wait for longer than d.
func (w *world) putWithin(d time.Duration, key string, content []byte) int {
	ctx, cancel := context.WithTimeout(w.Context(), d)
	defer cancel()
	_, err := w.client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: bytes.NewReader(content)})
	return status(err)
}

func (w *world) remove(key string) int {
	_, err := w.client.DeleteObject(w.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: &key})
	return status(err)
}

func status(err error) int {
	var answer *awshttp.ResponseError
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &answer):
		return answer.HTTPStatusCode()
	}
	return 0
}

// get wants an object to be what was stored.
func (w *world) get(key string, want []byte) {
	w.Helper()
	o, err := w.client.GetObject(w.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &key})
	if err != nil {
		w.Errorf("GET %s: %v", key, err)
		return
	}
	defer o.Body.Close()
	if got, err := io.ReadAll(o.Body); err != nil || !bytes.Equal(got, want) {
		w.Errorf("GET %s: %d bytes, %v, which are not those that were stored", key, len(got), err)
	}
}

// own returns an endpoint of the server's own.
func (w *world) own(path string) (status int, text string) {
	w.Helper()
	answer, err := http.Get("http://" + w.server.Address + path)
	w.check(err)
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	w.check(err)
	return answer.StatusCode, string(b)
}

// until waits until done reports true.
func (w *world) until(what string, done func() bool) {
	w.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(w.server.Log)
			w.Fatalf("waited in vain: %s\n%s", what, log[max(0, len(log)-3000):])
		}
	}
}

// refused reports whether a status is one of those for storage that fails.
func refused(status int) bool {
	return status == http.StatusServiceUnavailable || status == http.StatusInsufficientStorage
}

// mount mounts a file system of so many MiB in memory.
func mount(t *testing.T, mebibytes int) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm,mode=700", mebibytes), "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a file system cannot be mounted here: %v, %s", err, out)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestFullDisk fills a file system, first through the server and then behind its back.
func TestFullDisk(t *testing.T) {
	dir := mount(t, 160)
	w := start(t, &servertest.Server{
		Program: program, Data: filepath.Join(dir, "data"), Address: "127.0.0.1:0",
		Flags: []string{"--reserve", "16"}, Log: filepath.Join(t.TempDir(), "log"),
	})
	content := bytes.Repeat([]byte("full"), 1<<18) // 1 MiB
	stored := 0
	for ; stored < 200; stored++ {
		if s := w.put(fmt.Sprint("object", stored), content); s != http.StatusOK {
			if s != http.StatusInsufficientStorage {
				t.Errorf("the disk is full, and PUT answers %d, want 507", s)
			}
			break
		}
	}
	if stored < 20 || stored == 200 {
		t.Fatalf("%d MiB went into 160", stored)
	}
	w.get("object0", content)
	// The operator's clients can make room: the reserve is for that.
	for i := range stored / 2 {
		if s := w.remove(fmt.Sprint("object", i)); s != http.StatusOK {
			t.Errorf("the disk is full, and DELETE answers %d", s)
		}
	}
	w.until("a write after objects were deleted", func() bool { return w.put("after", content) == http.StatusOK })

	// Somebody else takes all that is left, the reserve included.
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 200<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the file system took 200 MiB: %v", err)
	}
	for i := range 20 {
		if s := w.put(fmt.Sprint("refused", i), content); !refused(s) {
			t.Errorf("nothing is free, and PUT answers %d", s)
		}
	}
	if _, text := w.own("/-/metrics"); !strings.Contains(text, "crossgrant_storage_available 0") {
		t.Error("nothing is free, and crossgrant_storage_available is not 0")
	}
	for range 100 { // deletes write to the log, until that cannot grow
		if s := w.remove("nothing"); s != http.StatusOK && !refused(s) {
			t.Errorf("nothing is free, and DELETE answers %d", s)
		}
	}
	w.get("after", content)
	w.check(os.Remove(filler))
	w.until("a write after room was made", func() bool { return w.put("again", content) == http.StatusOK })
	if s, text := w.own("/-/readyz"); s != http.StatusOK {
		t.Errorf("there is room again, and /-/readyz answers %d, %s", s, text)
	}
	for restarted := range 2 {
		for i := stored / 2; i < stored; i++ {
			w.get(fmt.Sprint("object", i), content)
		}
		w.get("after", content)
		w.get("again", content)
		if restarted == 0 {
			w.check(w.server.Stop())
			w.check(w.server.Start())
		}
	}
}

// TestFewFiles starts a server that may have 64 files open, and makes many more connections than that.
func TestFewFiles(t *testing.T) {
	dir := t.TempDir()
	limited := filepath.Join(dir, "limited")
	script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = serve ] && ulimit -n 64\nexec %s \"$@\"\n", program)
	w := &world{T: t}
	w.check(os.WriteFile(limited, []byte(script), 0o700))
	w = start(t, &servertest.Server{
		Program: limited, Data: filepath.Join(dir, "data"), Address: "127.0.0.1:0", Log: filepath.Join(dir, "log"),
	})
	content := bytes.Repeat([]byte("few"), 100_000)
	if s := w.put("before", content); s != http.StatusOK {
		t.Fatalf("PUT with 64 files answers %d", s)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var connections []net.Conn
	for range 300 {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", w.server.Address)
		if err != nil {
			break
		}
		connections = append(connections, c)
	}
	for range 5 {
		if s := w.putWithin(time.Second, "during", content); s != http.StatusOK && !refused(s) && s != 0 {
			t.Errorf("PUT with too few files answers %d", s)
		}
	}
	for _, c := range connections {
		c.Close()
	}
	w.until("a write after the connections are closed", func() bool { return w.put("after", content) == http.StatusOK })
	w.get("before", content)
	w.get("after", content)
}
