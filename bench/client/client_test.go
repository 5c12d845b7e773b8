package client

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serve starts a server and returns a connection to it.
func serve(t *testing.T, handler http.HandlerFunc) *Conn {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return New(s.Listener.Addr().String(), nil, time.Minute)
}

// TestAnswers asks Go's server for bodies of many lengths, whose lengths are told or not, on one connection.
func TestAnswers(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	remotes := map[string]bool{}
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		remotes[r.RemoteAddr] = true
		sent, _ := io.ReadAll(r.Body)
		var n, flush int
		fmt.Sscan(r.URL.Query().Get("n"), &n)
		fmt.Sscan(r.URL.Query().Get("flush"), &flush)
		if flush == 0 {
			w.Header().Set("Content-Length", fmt.Sprint(n))
		}
		if r.Method == http.MethodPut && !bytes.Equal(sent, body[:n]) {
			w.WriteHeader(400)
			return
		}
		w.Write(body[:n/2])
		if flush == 1 {
			w.(http.Flusher).Flush()
		}
		w.Write(body[n/2 : n])
	})
	for _, method := range []string{"GET", "HEAD", "PUT"} {
		for flush := range 2 {
			for _, n := range []int{0, 1, 100, 4096, 128<<10 - 1, 128 << 10, len(body)} {
				head := fmt.Sprintf("%s /?n=%d&flush=%d HTTP/1.1\r\nHost: h\r\n", method, n, flush)
				var sent []byte
				if method == "PUT" {
					head += fmt.Sprintf("Content-Length: %d\r\n", n)
					sent = body[:n]
				}
				var got bytes.Buffer
				a, err := c.Do(time.Now(), []byte(head+"\r\n"), sent, method != "HEAD", &got)
				want := n
				if method == "HEAD" {
					want = 0
				}
				if err != nil || a.Status != 200 || a.Length != int64(want) || !bytes.Equal(got.Bytes(), body[:want]) {
					t.Errorf("%s of %d bytes, flush %d: %+v, %v", method, n, flush, a, err)
				}
			}
		}
	}
	if len(remotes) != 1 {
		t.Errorf("%d connections were used, want 1", len(remotes))
	}
}

// TestRefusal holds that the body of an error does not go to the sink, and that the connection serves on.
func TestRefusal(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			http.Error(w, strings.Repeat("no ", 5000), http.StatusServiceUnavailable)
		}
	})
	var got bytes.Buffer
	a, err := c.Do(time.Now(), []byte("GET /no HTTP/1.1\r\nHost: h\r\n\r\n"), nil, true, &got)
	if err != nil || a.Status != 503 || !bytes.HasPrefix(a.Refusal, []byte("no no")) || len(a.Refusal) > 2<<10 || got.Len() > 0 {
		t.Errorf("an error gives %d, %v, %.20q of %d, sink %d", a.Status, err, a.Refusal, len(a.Refusal), got.Len())
	}
	if a, err := c.Do(time.Now(), []byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), nil, true, &got); err != nil || a.Status != 200 || len(a.Refusal) > 0 {
		t.Errorf("after an error: %+v, %v", a, err)
	}
}

// TestTLS holds that the same goes over TLS, and that a certificate that is not trusted is refused.
func TestTLS(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte("x"), 1<<20)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(body) }))
	t.Cleanup(s.Close)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	address, head := s.Listener.Addr().String(), []byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	trusting := s.Client().Transport.(*http.Transport).TLSClientConfig
	for range 2 {
		if a, err := New(address, trusting, time.Minute).Do(time.Now(), head, nil, true, io.Discard); err != nil || a.Length != 1<<20 {
			t.Errorf("%+v, %v", a, err)
		}
	}
	if a, err := New(address, &tls.Config{}, time.Minute).Do(time.Now(), head, nil, true, io.Discard); err == nil {
		t.Errorf("a certificate of nobody is trusted: %+v", a)
	}
}

// TestReconnects holds that a connection that the server closes in good order is opened again.
func TestReconnects(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Connection", "close") })
	for range 3 {
		if a, err := c.Do(time.Now(), []byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), nil, true, io.Discard); err != nil || a.Status != 200 {
			t.Fatalf("%+v, %v", a, err)
		}
	}
}

// TestBrokenAnswers holds that an answer that is cut off or not HTTP is an error, and never a success.
func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"nothing":           "",
		"no head":           "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
		"not HTTP":          "SSH-2.0-OpenSSH\r\n\r\n",
		"HTTP/1.0":          "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"interim":           "HTTP/1.1 100 Continue\r\n\r\n",
		"long status":       "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
		"header":            "HTTP/1.1 200 OK\r\nContent-Length 0\r\n\r\n",
		"length":            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"two lengths":       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nabc",
		"no length":         "HTTP/1.1 200 OK\r\n\r\nbody",
		"short body":        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour",
		"coding":            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"chunk size":        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
		"chunk is short":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfour",
		"chunk is long":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfour\r\n0\r\n\r\n",
		"no last chunk":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n",
		"trailer":           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n",
		"bare line feed":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\n\n",
		"endless head":      "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", bufferSize) + "\r\n\r\n",
		"length is too big": "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := New(raw(t, answer), nil, time.Minute)
			if a, err := c.Do(time.Now(), []byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), nil, true, io.Discard); err == nil {
				t.Errorf("the answer is taken: %+v", a)
			} else if c.conn != nil {
				t.Error("the connection is kept")
			}
		})
	}
}

// raw starts a server that sends answer to the first request on each connection, and closes it.
func raw(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			http.ReadRequest(bufio.NewReader(conn))
			io.WriteString(conn, answer)
			conn.Close()
		}
	}()
	return l.Addr().String()
}

// TestSkips holds that what the sink can do without is counted, and that the rest arrives at its place.
func TestSkips(t *testing.T) {
	t.Parallel()
	body := make([]byte, 8<<20)
	body[0], body[len(body)-1] = 1, 2
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.Write(body)
	})
	for range 3 {
		sink := &edges{length: len(body)}
		a, err := c.Do(time.Now(), []byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), nil, true, sink)
		if err != nil || a.Length != int64(len(body)) || sink.first != 1 || sink.last != 2 {
			t.Errorf("%+v, %v, sink %+v", a, err, sink)
		}
	}
}

// edges looks at the first and the last byte.
type edges struct {
	length, at  int
	first, last byte
}

func (e *edges) Write(p []byte) (int, error) {
	if e.at == 0 {
		e.first = p[0]
	}
	if e.at += len(p); e.at == e.length {
		e.last = p[len(p)-1]
	}
	return len(p), nil
}

func (e *edges) Skippable() int64 {
	if e.at == 0 {
		return 0
	}
	return int64(e.length - e.at - 1)
}

func (e *edges) Skip(n int) { e.at += n }

// TestSinkRefuses holds that what the sink says ends a request.
func TestSinkRefuses(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "body") })
	if _, err := c.Do(time.Now(), []byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), nil, true, refusing{}); !errors.Is(err, errRefused) {
		t.Errorf("error %v, want %v", err, errRefused)
	}
}

var errRefused = errors.New("refused")

type refusing struct{}

func (refusing) Write([]byte) (int, error) { return 0, errRefused }

// TestNoAllocation holds that a request allocates nothing on the client's side.
func TestNoAllocation(t *testing.T) {
	c := New(pong(t), nil, time.Minute)
	head, now := []byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), time.Now()
	if n := testing.AllocsPerRun(200, func() { c.Do(now, head, nil, true, io.Discard) }); n > 0 {
		t.Errorf("a request allocates %v times", n)
	}
}

// pong starts a server that answers whatever it reads, without an allocation.
func pong(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		buf, answer := make([]byte, 1024), []byte("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong")
		for {
			if _, err := conn.Read(buf); err != nil {
				return
			}
			conn.Write(answer)
		}
	}()
	return l.Addr().String()
}

// FuzzAnswer proves that no answer makes the parser panic or hang.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		c := New("", nil, time.Minute)
		c.conn = &replay{rest: answer}
		var got bytes.Buffer
		a, err := c.Do(time.Now(), []byte("\r\n"), nil, true, &got)
		if err == nil && a.Status/100 == 2 && a.Length != int64(got.Len()) {
			t.Errorf("length %d, but the body has %d bytes", a.Length, got.Len())
		}
	})
}

// replay is a connection on which an answer lies.
type replay struct {
	net.Conn
	rest []byte
}

func (r *replay) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest[:min(len(r.rest), 7)])
	r.rest = r.rest[n:]
	return n, nil
}

func (r *replay) Write(p []byte) (int, error) { return len(p), nil }
func (r *replay) Close() error                { return nil }
func (r *replay) SetDeadline(time.Time) error { return nil }
