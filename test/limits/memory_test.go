// Package limits_test holds the bounds of the real program: what memory it takes with many connections and stalled
// uploads, and that it serves meanwhile.
package limits_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"crossgrant/bench/process"
	"crossgrant/internal/sigv4"
	"crossgrant/test/servertest"
)

const (
	idle    = 2000
	stalled = 500
	// What docs/OPERATIONS.md says that one of each takes at most, in bytes.
	perConnection = 64 << 10
	perUpload     = (64 + 128 + 512) << 10
)

// TestMemoryIsBounded opens very many connections that had a request each and stay, and very many uploads that stop
// halfway: the memory of the server grows by no more than is stated for them, it answers others meanwhile, and turns
// away the upload that is one too many.
func TestMemoryIsBounded(t *testing.T) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil || files.Cur < 2*(idle+stalled) {
		t.Skipf("the test needs %d open files, there may be %d", 2*(idle+stalled), files.Cur)
	}
	s, account := start(t, "--max-connections", "4000", "--max-requests", "1000", "--max-uploads", fmt.Sprint(stalled), "--queue-timeout", "10ms", "--stall-timeout", "10m")
	send(t, s, account, "PUT", "/bucket", "", 200)
	send(t, s, account, "PUT", "/bucket/warm", strings.Repeat("x", 1<<20), 200)
	before := memory(t, s)

	for range idle {
		c := dial(t, s)
		write(t, c, signed(s, account, "GET", "/bucket/warm", "", 0))
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, answer.Body); n != 1<<20 || err != nil {
			t.Fatalf("%d bytes, %v", n, err)
		}
	}
	with := memory(t, s)
	t.Logf("%d idle connections: %d MiB, %d KiB each", idle, with>>20, (with-before)/idle>>10)
	if grown := with - before; grown > idle*perConnection {
		t.Errorf("%d idle connections take %d bytes, want at most %d", idle, grown, idle*perConnection)
	}

	before = with
	half := strings.Repeat("y", 200<<10)
	// An account alone gets eight of nine slots.
	uploads := (stalled*8 + 8) / 9
	for i := range uploads {
		c := dial(t, s)
		write(t, c, signed(s, account, "PUT", fmt.Sprintf("/bucket/stalled-%d", i), half, 1<<30))
	}
	until(t, "all uploads are under way", func() bool { return metric(t, s, "crossgrant_uploads_in_flight") == float64(uploads) })
	with = memory(t, s)
	t.Logf("%d stalled uploads: %d MiB, %d KiB each", uploads, with>>20, (with-before)/int64(uploads)>>10)
	if grown := with - before; grown > int64(uploads)*perUpload {
		t.Errorf("%d stalled uploads take %d bytes, want at most %d", uploads, grown, uploads*perUpload)
	}
	send(t, s, account, "GET", "/bucket/warm", "", 200)
	send(t, s, account, "PUT", "/bucket/more", "one too many", 503)
	other, err := s.CreateAccount(t.Context(), "other")
	if err != nil {
		t.Fatal(err)
	}
	send(t, s, other, "PUT", "/others", "", 200)
	send(t, s, other, "PUT", "/others/key", "of another account", 200)
	if n := metric(t, s, "crossgrant_connections"); n < float64(idle+uploads) {
		t.Errorf("%v connections are open", n)
	}
}

// start runs a server with one account until the test ends.
func start(t *testing.T, flags ...string) (*servertest.Server, servertest.Account) {
	t.Helper()
	dir, err := os.MkdirTemp("", "cg") // short enough for the admin socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program, err := servertest.Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &servertest.Server{Program: program, Data: filepath.Join(dir, "data"), Address: "127.0.0.1:0", Flags: flags, Log: filepath.Join(dir, "log")}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Kill(); err != nil {
			t.Error(err)
		}
	})
	account, err := s.CreateAccount(t.Context(), "limits")
	if err != nil {
		t.Fatal(err)
	}
	return s, account
}

func dial(t *testing.T, s *servertest.Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// signed returns the bytes of a request. claimed is the length of its body, if that is not all; 0: it is.
func signed(s *servertest.Server, account servertest.Account, method, path, body string, claimed int) string {
	header, length := http.Header{}, len(body)
	payload := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(payload[:])
	if claimed != 0 {
		length, hash = claimed, "UNSIGNED-PAYLOAD"
	}
	signer := sigv4.Signer{
		Dialect: sigv4.S3, AccessKeyID: account.AccessKeyID, Secret: sigv4.NewSecret(account.SecretAccessKey), Region: "us-east-1", Service: "s3",
	}
	signer.Sign(&sigv4.Request{Method: method, RawPath: path, Host: s.Address, Header: header, ContentLength: int64(length)}, hash, time.Now())
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", method, path, s.Address, length)
	header.Del("Content-Length")
	header.Write(&b)
	return b.String() + "\r\n" + body
}

// send sends a request on a connection of its own.
func send(t *testing.T, s *servertest.Server, account servertest.Account, method, path, body string, want int) {
	t.Helper()
	c := dial(t, s)
	defer c.Close()
	io.WriteString(c, signed(s, account, method, path, body, 0))
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != want {
		t.Errorf("%s %s: %d %.300s, %v, want %d", method, path, answer.StatusCode, text, err, want)
	}
}

func write(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// memory returns the memory of the server that is resident, in bytes.
func memory(t *testing.T, s *servertest.Server) int64 {
	t.Helper()
	u, err := process.Read(s.PID())
	if err != nil {
		t.Skipf("this system does not tell the memory of a process: %v", err)
	}
	return u.RSS
}

// metric returns one of the server's metrics.
func metric(t *testing.T, s *servertest.Server, name string) float64 {
	t.Helper()
	answer, err := http.Get("http://" + s.Address + "/-/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("the server has no metric %s", name)
	return 0
}

// until waits for what will be soon.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}
