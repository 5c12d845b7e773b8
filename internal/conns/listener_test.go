package conns

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"crossgrant/internal/limits"
)

// bounded runs a server on a port of this machine until the test ends. What it answers waits for a value of wait.
func bounded(t *testing.T, o Options, handler http.Handler) (address string, l *Listener, c *counts) {
	t.Helper()
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c = &counts{}
	o.Meter, o.Log = c, slog.New(slog.DiscardHandler)
	if o.Pace.Stall == 0 {
		o.Pace.Stall = time.Minute
	}
	l = Listen(raw, o)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: o.Pace.Stall, ConnState: l.State, ConnContext: l.Context, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	serve := net.Listener(l)
	if o.Secure {
		test := httptest.NewUnstartedServer(nil)
		test.StartTLS()
		config := test.TLS.Clone()
		config.NextProtos = nil
		test.Close()
		serve = tls.NewListener(l, config)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); server.Serve(serve) }()
	t.Cleanup(func() { server.Close(); <-ended })
	return raw.Addr().String(), l, c
}

// client is one connection of a client.
type client struct {
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, from, address string) *client {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &client{c, bufio.NewReader(c)}
}

// ask sends a request and returns the status of the answer; 0: the connection was closed.
func (c *client) ask(t *testing.T) int {
	t.Helper()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	return c.answer(t)
}

func (c *client) answer(t *testing.T) int {
	t.Helper()
	answer, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return 0
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Errorf("the answer ends with %v", err)
	}
	if answer.StatusCode == http.StatusServiceUnavailable && !strings.Contains(string(body), "<Code>SlowDown</Code>") {
		t.Errorf("who is turned away is told %q", body)
	}
	return answer.StatusCode
}

// until waits for what will be soon.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

var okay = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") })

// TestIdleConnectionsGoFirst: a new connection is served although there are as many as there may be, if one is idle,
// and that which is idle the longest has to go for it.
func TestIdleConnectionsGoFirst(t *testing.T) {
	t.Parallel()
	address, l, c := bounded(t, Options{Most: 3}, okay)
	a, b, d := dial(t, "127.0.0.1", address), dial(t, "127.0.0.1", address), dial(t, "127.0.0.1", address)
	for i, one := range []*client{a, b, d, a} {
		if got := one.ask(t); got != http.StatusOK {
			t.Fatalf("an answer of status %d", got)
		}
		// The answer may be here before its connection is idle, and the next one might be idle before it.
		until(t, "the connection is idle", func() bool { return l.idleCount() == min(i+1, 3) })
	}
	if got := dial(t, "127.0.0.1", address).ask(t); got != http.StatusOK {
		t.Errorf("a new connection is answered with %d", got)
	}
	if got := b.ask(t); got != 0 {
		t.Errorf("the connection that was idle the longest is answered with %d", got)
	}
	until(t, "the new one is idle", func() bool { return l.idleCount() == 3 })
	if got := a.ask(t); got != http.StatusOK {
		t.Errorf("the connection that was used last is answered with %d", got)
	}
	if got := d.ask(t); got != http.StatusOK {
		t.Errorf("a connection for which there is room is answered with %d", got)
	}
	if c.String() != "shed [] slow []" {
		t.Errorf("counted %s", c)
	}
}

// idleCount returns how many connections are idle.
func (l *Listener) idleCount() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for c := l.idle; c != nil; c = c.next {
		if n++; c.next == l.idle {
			break
		}
	}
	return n
}

// all returns how many connections are open, the spare ones included.
func (l *Listener) all() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open + l.spares
}

// TestSourceMakesNoRoom: a source that has as many connections as it may have is turned away, and no idle connection of
// another one is closed for it.
func TestSourceMakesNoRoom(t *testing.T) {
	t.Parallel()
	address, l, c := bounded(t, Options{Most: 2, PerSource: 1}, okay)
	greedy, other := dial(t, "127.0.0.1", address), dial(t, "127.0.0.2", address)
	for i, one := range []*client{greedy, other} {
		if got := one.ask(t); got != http.StatusOK {
			t.Fatalf("an answer of status %d", got)
		}
		until(t, "the connection is idle", func() bool { return l.idleCount() == i+1 })
	}
	for range 5 {
		if got := dial(t, "127.0.0.1", address).ask(t); got != http.StatusServiceUnavailable {
			t.Errorf("one too many of a source is answered with %d", got)
		}
	}
	for _, one := range []*client{greedy, other} {
		if got := one.ask(t); got != http.StatusOK {
			t.Errorf("an idle connection is answered with %d", got)
		}
	}
	if n := strings.Count(c.String(), ReasonSource); n != 5 {
		t.Errorf("counted %s", c)
	}
}

// TestSpareTakesNoRoom: a spare connection takes nothing from those that there may be.
func TestSpareTakesNoRoom(t *testing.T) {
	t.Parallel()
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Listen(raw, Options{Most: 1, Spare: 1, Pace: limits.Pace{Stall: time.Minute}, Meter: &counts{}})
	defer l.Close()
	accept := func() *Conn {
		dial(t, "127.0.0.1", raw.Addr().String())
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c.(*Conn)
	}
	first, spare := accept(), accept()
	if first.IsSpare() || !spare.IsSpare() || l.Open() != 1 {
		t.Errorf("spare are %t and %t, open %d", first.IsSpare(), spare.IsSpare(), l.Open())
	}
	first.Close()
	if next := accept(); next.IsSpare() || l.Open() != 1 {
		t.Errorf("with room for one the next is spare: %t, open %d", next.IsSpare(), l.Open())
	}
	if spare.Close(); l.all() != 1 {
		t.Errorf("%d are left", l.all())
	}
}

// TestBeyondTheBound has all connections be busy: those beyond are turned away, and served again when there is room.
func TestBeyondTheBound(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"plain": {Most: 4}, "spare": {Most: 4, Spare: 1}, "secure": {Most: 4, Secure: true}, "per source": {Most: 100, PerSource: 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here, goOn := make(chan struct{}, 100), make(chan struct{})
			address, l, c := bounded(t, o, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if From(r.Context()).IsSpare() {
					w.WriteHeader(http.StatusTeapot)
					return
				}
				here <- struct{}{}
				<-goOn
			}))
			dialAny := func(from string) *client {
				one := dial(t, from, address)
				if o.Secure {
					one.Conn = tls.Client(one.Conn, &tls.Config{InsecureSkipVerify: true})
					one.r = bufio.NewReader(one.Conn)
				}
				return one
			}
			var in []*client
			for range 4 {
				one := dialAny("127.0.0.1")
				io.WriteString(one, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
				in = append(in, one)
				<-here
			}
			if o.Spare > 0 {
				one := dialAny("127.0.0.1")
				if got := one.ask(t); got != http.StatusTeapot {
					t.Errorf("the spare connection is answered with %d", got)
				}
				one.Close()
				until(t, "it is gone", func() bool { return l.all() == 4 })
				// Whoever asks nothing keeps it from others, but not for long.
				dialAny("127.0.0.1")
				until(t, "the next one is there", func() bool { return l.all() == 5 })
				if n := l.Open(); n != 4 {
					t.Errorf("%d are open beside the spare one", n)
				}
			}
			want := map[bool]int{true: 0, false: http.StatusServiceUnavailable}[o.Secure]
			for range 20 {
				if got := dialAny("127.0.0.1").ask(t); got != want {
					t.Errorf("one too many is answered with %d, want %d", got, want)
				}
			}
			if o.PerSource > 0 {
				other := dialAny("127.0.0.2")
				io.WriteString(other, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
				<-here
				in = append(in, other)
			}
			close(goOn)
			for _, one := range in {
				if got := one.answer(t); got != http.StatusOK {
					t.Errorf("one that was accepted is answered with %d", got)
				}
			}
			until(t, "there is room", func() bool { return l.all() <= o.Spare })
			if got := dialAny("127.0.0.1").ask(t); got != http.StatusOK {
				t.Errorf("after the flood a connection is answered with %d", got)
			}
			if got := strings.Count(c.String(), "connections"); got < 20 {
				t.Errorf("counted %s", c)
			}
		})
	}
}

// TestSlowHandshake has a client begin TLS and stop: its connection is closed.
func TestSlowHandshake(t *testing.T) {
	t.Parallel()
	address, l, counts := bounded(t, Options{Most: 4, Secure: true, Pace: limits.Pace{Stall: 100 * time.Millisecond}}, okay)
	c := dial(t, "127.0.0.1", address)
	c.Write([]byte{22, 3, 1, 0})
	if _, err := c.Read(make([]byte, 1)); err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client reads %v", err)
	}
	until(t, "it is gone", func() bool { return l.all() == 0 })
	if counts.String() != "shed [] slow [headers]" {
		t.Errorf("counted %s", counts)
	}
}

// TestFilesArriveWhole interrupts the sending of a file again and again, as a client does that is slow but moves: what
// arrives is what was sent, whether through the kernel or through memory.
func TestFilesArriveWhole(t *testing.T) {
	t.Parallel()
	const size = 24 << 18
	content := make([]byte, size)
	random := rand.NewChaCha8([32]byte{1})
	random.Read(content)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	sends := map[string]func(w io.Writer, f *os.File) (int64, error){
		"file":   func(w io.Writer, f *os.File) (int64, error) { return io.Copy(w, f) },
		"part":   func(w io.Writer, f *os.File) (int64, error) { return io.CopyN(w, f, size) },
		"memory": func(w io.Writer, f *os.File) (int64, error) { return io.Copy(w, struct{ io.Reader }{f}) },
		"bytes":  func(w io.Writer, f *os.File) (int64, error) { return io.Copy(w, bytes.NewReader(content)) },
	}
	names := slices.Sorted(maps.Keys(sends))
	for i := range 2 * len(names) {
		name, hold := names[i/2], i%2 == 0
		send := sends[name]
		t.Run(fmt.Sprintf("%s/held back %t", name, hold), func(t *testing.T) {
			t.Parallel()
			address, _, c := bounded(t, Options{Most: 4}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				f, err := os.Open(path)
				if err != nil {
					t.Error(err)
					return
				}
				defer f.Close()
				ended, interrupted := make(chan struct{}), make(chan struct{})
				go func() {
					defer close(interrupted)
					for {
						select {
						case <-ended:
							return
						case <-time.After(time.Millisecond):
							From(r.Context()).Conn.SetWriteDeadline(time.Unix(1, 0))
						}
					}
				}()
				w.Header().Set("Content-Length", fmt.Sprint(size))
				if hold {
					From(r.Context()).Hold()
				}
				if n, err := send(w, f); err != nil || n != size {
					t.Errorf("sent %d bytes, %v", n, err)
				}
				if err := errors.Join(http.NewResponseController(w).Flush(), From(r.Context()).Release()); err != nil {
					t.Errorf("sent all but for %v", err)
				}
				close(ended)
				<-interrupted
			}))
			one := dial(t, "127.0.0.1", address)
			io.WriteString(one, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			answer, err := http.ReadResponse(one.r, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			for range 24 {
				time.Sleep(5 * time.Millisecond)
				if _, err := io.CopyN(&got, answer.Body, size/24); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(got.Bytes(), content) {
				t.Error("another file arrived")
			}
			if c.String() != "shed [] slow []" {
				t.Errorf("counted %s", c)
			}
		})
	}
}

// TestWhatTheClientTook: bytes that lie in the buffers of the machine do not count as taken, those that arrived do.
func TestWhatTheClientTook(t *testing.T) {
	t.Parallel()
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Listen(raw, Options{Most: 1, Pace: limits.Pace{Stall: time.Minute}, Meter: &counts{}})
	defer l.Close()
	one := dial(t, "127.0.0.1", raw.Addr().String())
	nc, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	c := nc.(*Conn)
	if _, ok := queued(c.Conn); !ok {
		t.Skip("this system does not tell what a client took")
	}
	n := 0
	for n == 0 {
		c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
		if n, err = c.Write(make([]byte, 64<<20)); err == nil {
			t.Fatalf("%d bytes were written", n)
		}
	}
	c.took()
	if _, err := io.CopyN(io.Discard, one, int64(n)); err != nil {
		t.Fatal(err)
	}
	until(t, "all is taken", func() bool { rest, _ := queued(c.Conn); return rest == 0 })
	if c.took() == 0 || c.taken != int64(n) {
		t.Errorf("of %d bytes the client took %d", n, c.taken)
	}
}

// TestCloseWrite: net/http can close a connection by halves, so that its client reads the last answer to its end while
// what it still sends is not refused.
func TestCloseWrite(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	defer far.Close()
	if err := (&Conn{Conn: near}).CloseWrite(); err != nil {
		t.Errorf("a connection that cannot be half closed: %v", err)
	}
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Listen(raw, Options{Most: 1, Pace: limits.Pace{Stall: time.Minute}, Meter: &counts{}})
	defer l.Close()
	client := dial(t, "127.0.0.1", raw.Addr().String())
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	half, ok := server.(interface{ CloseWrite() error }) // what net/http looks for
	if !ok {
		t.Fatal("the connection cannot be half closed")
	}
	if err := half.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if n, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("read %d bytes, %v, want the end", n, err)
	}
	client.Write([]byte("x"))
	if n, err := server.Read(make([]byte, 2)); n != 1 || err != nil {
		t.Errorf("the server read %d bytes, %v, want one", n, err)
	}
}
