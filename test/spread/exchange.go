package spread

import (
	"bufio"
	"errors"
	"io"
	"net"
	"time"
)

// bufferSize is in bytes; lines up to it are read at once.
const bufferSize = 32 << 10

// lingering is how long a client whose request was not read to its end may take to read the answer. Closed at once, its
// system would throw the answer away.
const lingering = time.Second

// serve passes on the requests of one connection.
func (p *Proxy) serve(client *net.TCPConn) {
	r := bufio.NewReaderSize(client, bufferSize)
	for p.exchange(client, r) {
	}
}

// exchange passes on one request and its answer, and reports whether another one may follow.
func (p *Proxy) exchange(client *net.TCPConn, r *bufio.Reader) bool {
	head, err := readHead(r)
	if len(head) == 0 {
		return false
	}
	if err != nil {
		p.tunnel(client, r, head)
		return false
	}
	request, f, err := readRequest(head)
	if err != nil {
		p.tunnel(client, r, head)
		return false
	}
	server, err := p.dial(client, p.choose(request.Method, request.RequestURI))
	if err != nil {
		return false
	}
	defer p.forget(server)
	if _, err := server.Write(head); err != nil {
		return false
	}
	var (
		failed error                 // why the request was not passed on to its end
		passed = make(chan struct{}) // closed when failed is set
		sent   = make(chan struct{}) // closed when nobody reads from the client any more
	)
	go func() {
		defer close(sent)
		failed = f.pass(server, r)
		close(passed)
		err := failed
		if err == nil {
			_, err = r.Peek(1) // returns with the next request, or when the client ends
		}
		if err != nil && !errors.Is(err, errWrite) {
			server.CloseWrite()
		}
	}()
	if passAnswer(client, bufio.NewReaderSize(server, bufferSize), request.Method) && !f.last {
		// The server goes on with the connection, so it reads the request to its end.
		if <-passed; failed == nil {
			<-sent
			return true
		}
	}
	p.forget(server)
	finish(client, r, sent)
	return false
}

// finish ends the client's connection behind an answer.
func finish(client *net.TCPConn, r *bufio.Reader, sent <-chan struct{}) {
	client.CloseWrite()
	client.SetReadDeadline(time.Now().Add(lingering))
	<-sent
	io.Copy(io.Discard, r)
	client.Close()
}

// passAnswer copies an answer, and the interim ones before it. It reports whether another one may follow on the client's
// connection.
func passAnswer(client io.Writer, server *bufio.Reader, method string) bool {
	for {
		head, err := readHead(server)
		if _, failed := client.Write(head); failed != nil || err != nil {
			return false
		}
		interim, f, err := readResponse(head, method)
		if err != nil {
			io.Copy(client, server)
			return false
		}
		if interim {
			continue
		}
		return f.pass(client, server) == nil && !f.last
	}
}

// tunnel connects the client with one server, whatever they say.
func (p *Proxy) tunnel(client *net.TCPConn, r *bufio.Reader, begun []byte) {
	server, err := p.dial(client, p.choose("tunnel", ""))
	if err != nil {
		return
	}
	defer p.forget(server)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if _, err := server.Write(begun); err == nil {
			io.Copy(server, r)
		}
		server.CloseWrite()
	}()
	io.Copy(client, server)
	finish(client, r, sent)
}
