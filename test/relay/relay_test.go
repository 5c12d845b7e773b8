package relay

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"
)

// echo starts a server that sends back what it gets.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().String()
}

func TestRelay(t *testing.T) {
	t.Parallel()
	r, err := Listen("127.0.0.1:0", echo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	dial := func() (net.Conn, *bufio.Reader) {
		c, err := net.Dial("tcp", r.Address())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c, bufio.NewReader(c)
	}
	ask := func(c net.Conn, in *bufio.Reader) (string, error) {
		io.WriteString(c, "hello\n")
		return in.ReadString('\n')
	}
	c, in := dial()
	if got, err := ask(c, in); got != "hello\n" {
		t.Fatalf("%q, %v", got, err)
	}

	// What is held comes when it is no longer held, and not before.
	r.Hold()
	answered := make(chan string)
	go func() {
		got, _ := ask(c, in)
		answered <- got
	}()
	select {
	case got := <-answered:
		t.Fatalf("%q came through", got)
	case <-time.After(20 * time.Millisecond): // how long nothing is seen proves nothing more if it is longer
	}
	r.Mend()
	if got := <-answered; got != "hello\n" {
		t.Fatalf("%q came behind the hold", got)
	}

	r.Cut()
	if got, err := ask(c, in); err == nil {
		t.Errorf("%q came through a cut", got)
	}
	if c, in := dial(); true {
		if got, err := ask(c, in); err == nil {
			t.Errorf("%q came through a new connection", got)
		}
	}
	r.Mend()
	if c, in := dial(); true {
		if got, err := ask(c, in); got != "hello\n" {
			t.Errorf("%q, %v behind the cut", got, err)
		}
	}
}
