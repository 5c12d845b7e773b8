// Package relay passes connections on to a server until it is told not to: tests put it between a server and what it needs,
// and cut it.
package relay

import (
	"fmt"
	"io"
	"net"
	"sync"
)

// state is what a relay does with connections.
type state int

const (
	passing state = iota
	cut           // they are ended, new ones too
	holding       // they stay, new ones too, but nothing passes
)

// Relay is a relay that runs until it is closed.
type Relay struct {
	to       string
	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex // protects what follows
	changed *sync.Cond // of state and closed
	state   state
	closed  bool
	open    map[net.Conn]bool
}

// Listen starts a relay at an address, to the server at another one. It connects to it for each connection that it gets.
func Listen(address, to string) (*Relay, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	r := &Relay{to: to, listener: listener, open: map[net.Conn]bool{}}
	r.changed = sync.NewCond(&r.mu)
	r.running.Go(r.accept)
	return r, nil
}

// Address returns the address that the relay listens at.
func (r *Relay) Address() string { return r.listener.Addr().String() }

// Cut ends all connections, and from now on new ones: the other side sees that nobody is there.
func (r *Relay) Cut() { r.set(cut) }

// Hold passes nothing on from now on: the other side sees nothing at all.
func (r *Relay) Hold() { r.set(holding) }

// Mend passes everything on again, and what was held first.
func (r *Relay) Mend() { r.set(passing) }

func (r *Relay) set(s state) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = s
	if s == cut {
		r.closeAll()
	}
	r.changed.Broadcast()
}

func (r *Relay) closeAll() {
	for c := range r.open {
		c.Close()
	}
}

// Close ends the relay and all connections.
func (r *Relay) Close() error {
	err := r.listener.Close()
	r.mu.Lock()
	r.closed = true
	r.closeAll()
	r.changed.Broadcast()
	r.mu.Unlock()
	r.running.Wait()
	return err
}

func (r *Relay) accept() {
	for {
		c, err := r.listener.Accept()
		if err != nil {
			return // closed
		}
		if !r.keep(c) {
			continue
		}
		r.running.Go(func() {
			defer r.forget(c)
			r.serve(c)
		})
	}
}

// keep notes a connection, or ends it if there are to be none.
func (r *Relay) keep(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.state == cut {
		c.Close()
		return false
	}
	r.open[c] = true
	return true
}

func (r *Relay) forget(c net.Conn) {
	c.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, c)
}

// wait waits while things are held, and reports whether they pass.
func (r *Relay) wait() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.state == holding && !r.closed {
		r.changed.Wait()
	}
	return r.state == passing && !r.closed
}

func (r *Relay) serve(client net.Conn) {
	if !r.wait() {
		return
	}
	server, err := net.Dial("tcp", r.to)
	if err != nil || !r.keep(server) {
		return
	}
	defer r.forget(server)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		r.pass(server, client)
	}()
	r.pass(client, server)
	<-sent
}

// pass copies from one side to the other, and ends the one when the other has ended.
func (r *Relay) pass(to, from net.Conn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if !r.wait() {
			break
		}
		if n > 0 {
			if _, failed := to.Write(buffer[:n]); failed != nil {
				break
			}
		}
		if err == io.EOF {
			to.(*net.TCPConn).CloseWrite()
			return
		}
		if err != nil {
			break
		}
	}
	to.Close()
	from.Close()
}
