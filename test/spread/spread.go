// Package spread is a reverse proxy for tests: what a load balancer in front of several servers does at its worst. Each
// request, not each connection, goes to a server that is chosen at random.
//
// It passes on the bytes that it reads, changed in nothing: heads with their order and spelling, interim answers, chunks and
// trailers. Of a head it reads only how long its message is. What it cannot read that way, as requests that are wrong on
// purpose, goes to one server as it comes, with everything behind it on the connection.
//
// It repeats nothing: a server that is away, or ends in the middle of an answer, ends the client's connection, too.
package spread

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
)

// Proxy is a proxy that runs until it is closed.
type Proxy struct {
	servers  []string
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex // protects what follows
	rng    *rand.Rand
	number int       // of requests so far
	log    io.Writer // nil: nothing is logged
	open   map[net.Conn]bool
	closed bool
}

// Serve starts a proxy on a listener, which it closes at its end, in front of the servers at the addresses that are given.
// The same seed makes the same choices, in the order in which requests come. Each is logged on one line: its number, the
// server, method and path.
func Serve(listener net.Listener, servers []string, seed uint64, log io.Writer) *Proxy {
	p := &Proxy{
		servers: slices.Clone(servers), listener: listener, rng: rand.New(rand.NewPCG(seed, 0)), log: log, open: map[net.Conn]bool{},
	}
	p.running.Go(p.accept)
	return p
}

// Address returns the address that the proxy listens at.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Close ends the proxy and the connections through it.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for c := range p.open {
		c.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		if !p.keep(c) {
			return
		}
		p.running.Go(func() {
			defer p.forget(c)
			p.serve(c.(*net.TCPConn))
		})
	}
}

// keep notes a connection, to be closed with the proxy. It reports whether the proxy is still open.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.Close()
		return false
	}
	p.open[c] = true
	return true
}

func (p *Proxy) forget(c net.Conn) {
	c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
}

// choose returns the server of the next request. The query is not logged: it may hold a signature or a token.
func (p *Proxy) choose(method, target string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	server := p.servers[p.rng.IntN(len(p.servers))]
	p.number++
	if p.log != nil {
		path, _, _ := strings.Cut(target, "?")
		fmt.Fprintf(p.log, "%d %s %s %.200q\n", p.number, server, method, path)
	}
	return server
}

// dial connects to a server, from the client's own address: policies ask for it.
func (p *Proxy) dial(client *net.TCPConn, server string) (*net.TCPConn, error) {
	var dialer net.Dialer
	if ip := client.RemoteAddr().(*net.TCPAddr).IP; ip.IsLoopback() && !ip.Equal(net.IPv4(127, 0, 0, 1)) && ip.To4() != nil {
		dialer.LocalAddr = &net.TCPAddr{IP: ip}
	}
	c, err := dialer.Dial("tcp", server)
	if err != nil {
		return nil, err
	}
	if !p.keep(c) {
		return nil, net.ErrClosed
	}
	return c.(*net.TCPConn), nil
}
