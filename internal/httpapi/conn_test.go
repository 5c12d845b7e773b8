package httpapi

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"crossgrant/internal/conns"
	"crossgrant/internal/limits"
)

// counting is a listener that counts the writes to its connections.
type counting struct {
	net.Listener
	writes atomic.Int64
}

// countedConn has none of the ways around Write by which a *net.TCPConn can send.
type countedConn struct {
	net.Conn
	writes *atomic.Int64
}

func (c *counting) Accept() (net.Conn, error) {
	one, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &countedConn{one, &c.writes}, nil
}

func (c *countedConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

// TestAnswersLeaveTogether holds that an answer arrives whole, whatever its length, and a small one with a single
// write, its headers included.
func TestAnswersLeaveTogether(t *testing.T) {
	t.Parallel()
	const maxHeld = 16 << 10 // what a connection holds back
	for _, overTLS := range []bool{false, true} {
		content := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
		counted := new(counting)
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			size, _ := strconv.Atoi(r.URL.Query().Get("size"))
			if r.URL.Path == "/known" {
				w.Header().Set("Content-Length", strconv.Itoa(size))
			}
			if n, err := send(w, r, io.LimitReader(bytes.NewReader(content), int64(size))); err != nil || n != int64(size) {
				t.Errorf("sent %d bytes of %d: %v", n, size, err)
			}
		}))
		counted.Listener = server.Listener
		l := conns.Listen(counted, conns.Options{Most: 9, Pace: limits.Pace{Stall: time.Minute}, Meter: &meter{}})
		server.Listener, server.Config.ConnContext = l, l.Context
		if overTLS {
			server.StartTLS()
		} else {
			server.Start()
		}
		for _, path := range []string{"/known", "/unknown"} {
			for _, size := range []int{0, 1, maxGathered, maxGathered + 1, 4 << 10, maxHeld - 1, maxHeld, maxHeld + 1, len(content)} {
				before := counted.writes.Load()
				answer, err := server.Client().Get(server.URL + path + "?size=" + strconv.Itoa(size))
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(answer.Body)
				if err != nil || !bytes.Equal(got, content[:size]) {
					t.Errorf("%s of %d bytes: got %d, %v", path, size, len(got), err)
				}
				answer.Body.Close()
				if n := counted.writes.Load() - before; path == "/known" && size < maxHeld-1 && before > 0 && n != 1 {
					t.Errorf("%d bytes, TLS %t: %d writes, want 1", size, overTLS, n)
				}
			}
		}
		server.Close()
	}
}

// unflushed is a ResponseWriter that cannot be flushed.
type unflushed struct{ *httptest.ResponseRecorder }

func (unflushed) FlushError() error { return io.ErrShortWrite }

// TestFlushFails: an answer is not sent whole if its end stays where it was gathered.
func TestFlushFails(t *testing.T) {
	t.Parallel()
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := conns.Listen(raw, conns.Options{Most: 1, Pace: limits.Pace{Stall: time.Minute}, Meter: &meter{}})
	defer l.Close()
	client, err := net.Dial("tcp", raw.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w := unflushed{httptest.NewRecorder()}
	w.Header().Set("Content-Length", "4096")
	r := httptest.NewRequest("GET", "/", nil)
	n, err := send(w, r.WithContext(l.Context(r.Context(), c)), bytes.NewReader(make([]byte, 4096)))
	if n != 4096 || err != io.ErrShortWrite {
		t.Errorf("sent %d bytes, %v", n, err)
	}
}
