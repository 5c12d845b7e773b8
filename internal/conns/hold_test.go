package conns

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/limits"
)

// TestSystemCallsOfAnswers counts what a connection is given to send by that of packets: each system call is one. The
// headers of an answer leave together with the beginning of its body, and what is large is not cut.
func TestSystemCallsOfAnswers(t *testing.T) {
	t.Parallel()
	const piece = 128 << 10
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for name, c := range map[string]struct {
		size int
		send func(w io.Writer, body []byte) error
		want []int // bytes of each, beside the headers
	}{
		"nothing":       {0, whole, []int{0}},
		"small":         {4 << 10, whole, []int{4 << 10}},
		"a little more": {12 << 10, whole, []int{12 << 10}},
		"large":         {piece, whole, []int{piece}},
		"pieces": {1 << 20, func(w io.Writer, body []byte) error {
			for ; len(body) > 0; body = body[piece:] {
				if _, err := w.Write(body[:piece]); err != nil {
					return err
				}
			}
			return nil
		}, []int{piece, piece, piece, piece, piece, piece, piece, piece}},
		"small pieces": {8 << 10, func(w io.Writer, body []byte) error {
			for ; len(body) > 0; body = body[1<<10:] {
				if _, err := w.Write(body[:1<<10]); err != nil {
					return err
				}
			}
			return nil
		}, []int{8 << 10}},
		"a reader": {80 << 10, func(w io.Writer, body []byte) error {
			_, err := io.Copy(w, io.LimitReader(bytes.NewReader(body), 80<<10))
			return err
		}, []int{32<<10 + 512, 32 << 10, 16<<10 - 512}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := packets(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", fmt.Sprint(c.size))
				From(r.Context()).Hold()
				if err := c.send(w, content[:c.size]); err != nil {
					t.Error(err)
				}
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
				if err := From(r.Context()).Release(); err != nil {
					t.Error(err)
				}
			}))
			// Each has one request only: net/http may wait for the next one with a buffer of one byte, and the rest of
			// a packet would be gone.
			client, err := net.Dial("unixpacket", l)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			client.SetDeadline(time.Now().Add(time.Minute))
			if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			var got []int
			buffer, rest := make([]byte, piece+maxHeld), c.size
			for first := true; first || rest > 0; first = false {
				n, err := client.Read(buffer)
				if err != nil {
					t.Fatal(err)
				}
				if first {
					head, _, found := bytes.Cut(buffer[:n], []byte("\r\n\r\n"))
					if !found {
						t.Fatalf("the first packet is %q", buffer[:n])
					}
					n -= len(head) + 4
				}
				got = append(got, n)
				rest -= n
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("the body came as %d, want %d", got, c.want)
			}
		})
	}
}

func whole(w io.Writer, body []byte) error {
	_, err := w.Write(body)
	return err
}

// packets runs a server whose connections keep what was sent at once together, until the test ends.
func packets(t *testing.T, handler http.Handler) (path string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "conns") // short: a path of a socket has about a hundred bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path = filepath.Join(dir, "s")
	raw, err := net.Listen("unixpacket", path)
	if err != nil {
		t.Skip("this system has no sockets that keep packets: ", err)
	}
	l := Listen(raw, Options{Most: 9, Pace: limits.Pace{Stall: time.Minute}, Meter: &counts{}})
	server := &http.Server{Handler: handler, ConnState: l.State, ConnContext: l.Context}
	ended := make(chan struct{})
	go func() { defer close(ended); server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-ended })
	return path
}

// TestHold: what is held back leaves when it is released, and no later than what is too much to be held back, in order.
func TestHold(t *testing.T) {
	t.Parallel()
	sent := &sink{}
	c := &Conn{Conn: sent, listener: &Listener{options: Options{Pace: limits.Pace{Stall: time.Minute}}}}
	c.sending.Pace.Stall = time.Minute
	steps := []struct {
		do   func() error
		want string // lengths of what was written
	}{
		{c.Release, ""},
		{c.print("a", 10), "10"},
		{func() error { c.Hold(); return nil }, ""},
		{c.print("b", 20), ""},
		{func() error { c.Hold(); return nil }, ""},
		{c.print("c", maxHeld-20), ""},
		{c.print("", 0), ""},
		{c.print("d", 1), "16384 1"},
		{c.print("e", maxHeld+1), "16385"},
		{c.print("f", maxHeld), ""},
		{c.Release, "16384"},
		{c.Release, ""},
		{c.print("g", 1), "1"},
		{func() error { c.Hold(); return nil }, ""},
		{c.Release, ""},
		{func() error { c.Hold(); sent.err = io.ErrClosedPipe; return nil }, ""},
		{c.print("h", 1), ""},
	}
	for i, s := range steps {
		sent.lengths = nil
		if err := s.do(); err != nil {
			t.Errorf("step %d: %v", i, err)
		}
		if got := strings.Trim(fmt.Sprint(sent.lengths), "[]"); got != s.want {
			t.Errorf("step %d wrote %s, want %s", i, got, s.want)
		}
	}
	want := strings.Repeat("a", 10) + strings.Repeat("b", 20) + strings.Repeat("c", maxHeld-20) + "d" +
		strings.Repeat("e", maxHeld+1) + strings.Repeat("f", maxHeld) + "g"
	if sent.text.String() != want {
		t.Error("something else was written, or in another order")
	}
	if err := c.Release(); err != io.ErrClosedPipe {
		t.Errorf("what cannot be sent is released with %v", err)
	}
	var none *Conn
	none.Hold()
	if err := none.Release(); err != nil {
		t.Error(err)
	}
}

// print returns a function that writes a text so many times.
func (c *Conn) print(text string, times int) func() error {
	return func() error {
		n, err := io.WriteString(c, strings.Repeat(text, times))
		if err == nil && n != len(text)*times {
			return fmt.Errorf("%d bytes were written", n)
		}
		return err
	}
}

// sink is a connection that remembers what was written.
type sink struct {
	net.Conn
	text    bytes.Buffer
	lengths []int
	err     error
}

func (s *sink) Write(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	s.lengths = append(s.lengths, len(b))
	return s.text.Write(b)
}

func (s *sink) SetWriteDeadline(time.Time) error { return nil }
