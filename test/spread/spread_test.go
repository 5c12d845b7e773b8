package spread

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// start starts three servers with a handler, which is told which of them it is, and a proxy in front of them.
func start(t *testing.T, handle func(server int, w http.ResponseWriter, r *http.Request)) (*Proxy, *bytes.Buffer) {
	t.Helper()
	var servers []string
	for i := range 3 {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(i, w, r) }))
		t.Cleanup(s.Close)
		servers = append(servers, s.Listener.Addr().String())
	}
	var log bytes.Buffer
	p := Serve(listen(t), servers, 1, &log)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, &log
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestEachRequest sends requests on one connection, each of which may go to another server.
func TestEachRequest(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	asked := map[int]int{}
	p, log := start(t, func(server int, w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked[server]++
		if r.Host != p0host {
			t.Errorf("Host is %q", r.Host)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Write(body)
	})
	conn, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	for i := range 60 {
		body := strings.Repeat("x", i*1000)
		if i%2 == 0 {
			fmt.Fprintf(conn, "PUT /%d?secret HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s", i, p0host, len(body), body)
		} else {
			fmt.Fprintf(conn, "PUT /%d?secret HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n%x;e=1\r\n%s\r\n0\r\nA: b\r\n\r\n", i, p0host, len(body), body)
		}
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		if err != nil || string(got) != body {
			t.Fatalf("request %d was answered with %d bytes (%v), want %d", i, len(got), err, len(body))
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(asked) != 3 {
		t.Errorf("the servers have had %v requests, want each some", asked)
	}
	if lines := strings.Count(log.String(), "\n"); lines != 60 || strings.Contains(log.String(), "secret") {
		t.Errorf("the log has %d lines: %s", lines, log)
	}
}

// p0host is a host that no server has: it has to arrive as it was sent.
const p0host = "bucket.example.com:1"

// TestContinue waits with a body until it is asked for, or refused.
func TestContinue(t *testing.T) {
	t.Parallel()
	p, _ := start(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refused" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		io.Copy(w, r.Body)
	})
	for path, want := range map[string]int{"/taken": http.StatusContinue, "/refused": http.StatusForbidden} {
		conn, err := net.Dial("tcp", p.Address())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", path)
		r := bufio.NewReader(conn)
		response, err := http.ReadResponse(r, nil)
		if err != nil || response.StatusCode != want {
			t.Fatalf("%s: %v, %v; want %d", path, response, err, want)
		}
		if want != http.StatusContinue {
			continue
		}
		fmt.Fprint(conn, "hello")
		response, err = http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(response.Body); string(got) != "hello" || err != nil {
			t.Errorf("the answer is %q, %v", got, err)
		}
	}
}

// TestAsItCame sends what is no request: the server's own answer comes back.
func TestAsItCame(t *testing.T) {
	t.Parallel()
	p, _ := start(t, func(_ int, w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, wrong := range []string{
		"nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\n b: c\r\nd e\r\n\r\n", "GET / HTTP/9.1\r\nHost: a\r\n\r\n",
	} {
		answer := func(address string) string {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			io.WriteString(conn, wrong)
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatalf("%q: %v", wrong, err)
			}
			text, _ := io.ReadAll(response.Body)
			return response.Status + string(text)
		}
		if got, want := answer(p.Address()), answer(p.servers[0]); got != want {
			t.Errorf("%q is answered with %q, want %q", wrong, got, want)
		}
	}
}

// TestUnread has a server answer, and end the connection, before it has read a request.
func TestUnread(t *testing.T) {
	t.Parallel()
	p, _ := start(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusForbidden)
	})
	request, err := http.NewRequest(http.MethodPut, "http://"+p.Address()+"/", bytes.NewReader(make([]byte, 8<<20)))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("status %d", response.StatusCode)
	}
}

// TestAway holds that nothing is tried again: a request to servers that are away ends the connection.
func TestAway(t *testing.T) {
	t.Parallel()
	away := httptest.NewServer(nil)
	away.Close()
	p := Serve(listen(t), []string{away.Listener.Addr().String()}, 1, nil)
	defer p.Close()
	conn, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if answer, err := io.ReadAll(conn); len(answer) > 0 {
		t.Errorf("the answer is %q, %v", answer, err)
	}
}
