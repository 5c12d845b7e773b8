package servertest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"crossgrant/test/spread"
)

// Several reports whether the environment asks for several processes in place of each server.
func Several() bool { return os.Getenv(envServers) != "" }

// several is servers over the same stores, and the proxies in front of them. The servers have the proxy's port, at
// loopback addresses of their own: a page of the console finds the API by its port.
type several struct {
	members []*Server
	proxy   *spread.Proxy
	console *spread.Proxy // nil: there is no console
	log     *os.File      // of the proxies
}

// Member returns one of several servers over the same stores, not yet started; n counts from 0. The first one makes the
// master key, so it has to be started before the others. Its folder is data.
func Member(program, data, address string, stores Stores, n int) *Server {
	m := &Server{Program: program, Data: data, Address: address, Alone: true, Env: stores.Env, Flags: stores.flags()}
	if n > 0 {
		m.Data = fmt.Sprint(data, "-", n+1)
		m.Flags = append(m.Flags, "--master-key", filepath.Join(data, "master.json"))
	}
	m.Log = m.Data + ".log"
	return m
}

// startSeveral is Start for as many processes as the environment asks for.
func (s *Server) startSeveral() error {
	count, err := strconv.Atoi(os.Getenv(envServers))
	if err != nil || count < 1 || count > 100 {
		return fmt.Errorf("%s=%s is not a number of servers", envServers, os.Getenv(envServers))
	}
	stores, err := storesOf(s.Data)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.Address)
	if err != nil {
		return err
	}
	c := &several{}
	s.Address = listener.Addr().String()
	if c.log, err = os.OpenFile(logOf(s.Log, stores, 0)+".spread", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return errors.Join(err, listener.Close())
	}
	flags, consoles, err := c.splitConsole(s.Flags)
	if err != nil {
		return errors.Join(err, listener.Close(), c.log.Close())
	}
	for n := range count {
		m := Member(s.Program, s.Data, memberAddress(listener, n), stores, n)
		m.Flags = slices.Concat(m.Flags, []string{"--endpoint", "http://" + s.Address}, flags)
		if consoles != nil {
			m.Flags = append(m.Flags, "--console-listen", memberAddress(consoles, n))
		}
		m.Env, m.Log = slices.Concat(m.Env, s.Env), logOf(s.Log, stores, n)
		c.members = append(c.members, m)
	}
	c.proxy = c.spread(listener)
	if consoles != nil {
		c.console = c.spread(consoles)
	}
	s.several = c
	if err := c.start(); err != nil {
		return errors.Join(err, s.Kill())
	}
	s.running = true
	return nil
}

// splitConsole takes the flag --console-listen out of flags, and listens where it says; nil: nowhere.
func (c *several) splitConsole(flags []string) ([]string, net.Listener, error) {
	at := slices.Index(flags, "--console-listen")
	if at < 0 || at+1 == len(flags) || flags[at+1] == "" {
		return flags, nil, nil
	}
	l, err := net.Listen("tcp", flags[at+1])
	return slices.Concat(flags[:at], flags[at+2:]), l, err
}

// logOf returns where the n-th of several servers logs that would log to a path alone.
func logOf(path string, stores Stores, n int) string {
	if dir := os.Getenv(envLogs); dir != "" {
		return filepath.Join(dir, fmt.Sprintf("%s-%d.log", stores.Name, n+1))
	}
	return path
}

// memberAddress returns where a member listens whose proxy is at l.
func memberAddress(l net.Listener, n int) string {
	return fmt.Sprintf("127.0.0.%d:%d", n+2, l.Addr().(*net.TCPAddr).Port)
}

// spread starts a proxy. The seed is the port, which the log of the proxy tells with each request.
func (c *several) spread(l net.Listener) *spread.Proxy {
	var servers []string
	for n := range c.members {
		servers = append(servers, memberAddress(l, n))
	}
	return spread.Serve(l, servers, uint64(l.Addr().(*net.TCPAddr).Port), io.Writer(c.log))
}

// start starts the first server, which may have a bootstrap file to apply, and then the others.
func (c *several) start() error {
	if err := c.members[0].Start(); err != nil {
		return err
	}
	return each(c.members[1:], (*Server).Start)
}

// end ends the servers that run, and the proxies.
func (c *several) end(how func(*Server) error) error {
	running := slices.DeleteFunc(slices.Clone(c.members), func(m *Server) bool { return !m.Running() })
	errs := []error{each(running, how), c.proxy.Close()}
	if c.console != nil {
		errs = append(errs, c.console.Close())
	}
	return errors.Join(append(errs, c.log.Close())...)
}

// each does something with all servers at once.
func each(servers []*Server, do func(*Server) error) error {
	var running sync.WaitGroup
	errs := make([]error, len(servers))
	for i, s := range servers {
		running.Go(func() { errs[i] = do(s) })
	}
	running.Wait()
	return errors.Join(errs...)
}

// consoleURL returns the URL of the consoles behind their proxy.
func (c *several) consoleURL() (string, error) {
	if c.console == nil {
		return "", errors.New("the servers were started without a console")
	}
	return "http://" + c.console.Address(), nil
}
