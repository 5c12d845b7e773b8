package conns

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crossgrant/internal/limits"
)

// counts is a Meter.
type counts struct {
	mu    sync.Mutex
	shedd []string
	slow  []string
}

func (c *counts) Shed(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shedd = append(c.shedd, reason)
}

func (c *counts) SlowClient(while string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slow = append(c.slow, while)
}

func (c *counts) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint("shed ", c.shedd, " slow ", c.slow)
}

// pipes is a listener of connections in memory, so that time can be that of a test.
type pipes struct {
	come   chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{come: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.come:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// dial returns the client's end of a new connection.
func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.come <- server
	return client
}

// pace is half a minute to move at least 300 bytes, ten each second.
var pace = limits.Pace{Stall: 30 * time.Second, Least: 300}

// serve runs a server of connections in memory until the test ends.
func serve(t *testing.T, handler http.HandlerFunc) (*pipes, *Listener, *counts) {
	t.Helper()
	p, c := newPipes(), &counts{}
	l := Listen(p, Options{Most: 100, Pace: pace, Meter: c, Log: slog.New(slog.DiscardHandler)})
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, ConnState: l.State, ConnContext: l.Context}
	ended := make(chan struct{})
	go func() { defer close(ended); server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-ended })
	return p, l, c
}

// receive reads a body as the pipeline does.
func receive(r *http.Request) ([]byte, error) {
	c := From(r.Context())
	c.Receive()
	b, err := io.ReadAll(r.Body)
	if err != ErrSlow {
		c.Received(err != nil)
	}
	return b, err
}

// TestSlowClients has clients stall at every point where they can.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	const head = "PUT / HTTP/1.1\r\nHost: h\r\n"
	for name, c := range map[string]struct {
		send []string // one every ten seconds
		want string   // the answer's beginning; empty: the connection is closed without one
		slow string
	}{
		"nothing at all":            {nil, "", "[]"},
		"no end of headers":         {[]string{"PUT / ", "HTTP/1.1\r\n", "Host: h\r\n", "A: b\r\n", "B: c\r\n", "\r\n"}, "", "[headers]"},
		"headers in time":           {[]string{head, "Content-Length: 0\r\n", "\r\n"}, "HTTP/1.1 200 OK", "[]"},
		"no body":                   {[]string{head + "Content-Length: 5\r\n\r\n"}, "HTTP/1.1 400", "[body]"},
		"half a body":               {[]string{head + "Content-Length: 600\r\n\r\n", strings.Repeat("x", 400)}, "HTTP/1.1 400", "[body]"},
		"too slow a body":           {[]string{head + "Content-Length: 500\r\n\r\n", "a", "b", "c", "d", "e", "f"}, "HTTP/1.1 400", "[body]"},
		"a slow body that moves":    {append([]string{head + "Content-Length: 2000\r\n\r\n"}, pieces(2000, 160)...), "HTTP/1.1 200 OK", "[]"},
		"no chunk":                  {[]string{head + "Transfer-Encoding: chunked\r\n\r\n"}, "HTTP/1.1 400", "[body]"},
		"no end of a chunk's size":  {[]string{head + "Transfer-Encoding: chunked\r\n\r\n", "0", "0", "0", "0", "0", "0"}, "HTTP/1.1 400", "[body]"},
		"no end of a chunk":         {[]string{head + "Transfer-Encoding: chunked\r\n\r\n", "10\r\nx", "x", "x", "x"}, "HTTP/1.1 400", "[body]"},
		"no trailer":                {[]string{head + "Transfer-Encoding: chunked\r\nTrailer: A\r\n\r\n", "1\r\nx\r\n0\r\n"}, "HTTP/1.1 400", "[body]"},
		"chunks that move":          {[]string{head + "Transfer-Encoding: chunked\r\n\r\n", "1f4\r\n" + strings.Repeat("x", 500) + "\r\n", "0\r\n\r\n"}, "HTTP/1.1 200 OK", "[]"},
		"a body that is not wanted": {[]string{"DELETE / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"}, "HTTP/1.1 200 OK", "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p, l, counts := serve(t, func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodDelete {
						From(r.Context()).Received(true)
						return
					}
					if _, err := receive(r); err != nil {
						http.Error(w, err.Error(), http.StatusBadRequest)
					}
				})
				client := p.dial()
				defer client.Close()
				go func() {
					for _, text := range c.send {
						if _, err := io.WriteString(client, text); err != nil {
							return
						}
						time.Sleep(10 * time.Second)
					}
				}()
				answer, _ := bufio.NewReader(client).ReadString('\n')
				if !strings.HasPrefix(answer, c.want) || (answer == "") != (c.want == "") {
					t.Errorf("the answer is %q, want %q", answer, c.want)
				}
				// Whatever was answered, the connection is gone in the end.
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				if n := l.all(); n != 0 {
					t.Errorf("%d connections are open", n)
				}
				if got := "shed [] slow " + c.slow; counts.String() != got {
					t.Errorf("counted %s, want %s", counts, got)
				}
			})
		})
	}
}

// pieces returns n bytes in pieces of a size.
func pieces(n, size int) []string {
	var out []string
	for ; n > 0; n -= size {
		out = append(out, strings.Repeat("x", min(size, n)))
	}
	return out
}

// TestSlowReaders has clients take an answer slowly, or not at all.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		take int // bytes every ten seconds; 0: nothing at all
		slow string
	}{
		"nothing is taken": {0, "[answer]"},
		"too little":       {50, "[answer]"},
		"enough":           {150, "[]"},
		"all at once":      {1 << 20, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const size = 8 << 10
				p, _, counts := serve(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Length", fmt.Sprint(size))
					io.WriteString(w, strings.Repeat("x", size))
				})
				client := p.dial()
				defer client.Close()
				io.WriteString(client, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
				got, buffer := 0, make([]byte, max(c.take, 1))
				for c.take > 0 {
					n, err := client.Read(buffer)
					if got += n; err != nil {
						break
					}
					time.Sleep(10 * time.Second)
				}
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				if want := "shed [] slow " + c.slow; counts.String() != want {
					t.Errorf("counted %s, want %s", counts, want)
				}
				if (got >= size) != (c.slow == "[]") {
					t.Errorf("the client got %d bytes", got)
				}
			})
		})
	}
}

// TestServerMayTakeItsTime: neither the time before a body is read counts, nor that after it, and the connection
// goes on to serve.
func TestServerMayTakeItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, _, counts := serve(t, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(5 * time.Minute)
			c := From(r.Context())
			c.Receive()
			one := make([]byte, 1)
			for range 3 {
				if _, err := io.ReadFull(r.Body, one); err != nil {
					t.Errorf("read body: %v", err)
				}
				time.Sleep(5 * time.Minute)
			}
			rest, err := io.ReadAll(r.Body)
			if err != nil || len(rest) != 7 {
				t.Errorf("the rest is %q, %v", rest, err)
			}
			c.Received(false)
			time.Sleep(5 * time.Minute)
			if err := r.Context().Err(); err != nil {
				t.Errorf("the request ended before its answer: %v", err)
			}
			io.WriteString(w, "done")
		})
		client := p.dial()
		defer client.Close()
		r := bufio.NewReader(client)
		for range 3 {
			go func() {
				io.WriteString(client, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234")
				time.Sleep(10 * time.Second)
				io.WriteString(client, "56789")
			}()
			answer, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(answer.Body); string(body) != "done" || err != nil {
				t.Errorf("the answer is %q, %v", body, err)
			}
			time.Sleep(time.Minute)
		}
		if counts.String() != "shed [] slow []" {
			t.Errorf("counted %s", counts)
		}
	})
}
