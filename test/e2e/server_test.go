package e2e_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// server is a server process and how it was started.
type server struct {
	data    string
	address string // host:port, the same after a restart
	flags   []string
	log     string // path of what it wrote to stderr

	running bool
	process *exec.Cmd
	rest    chan struct{} // closed when its stdout has ended
}

// readyPattern is the line that `serve` prints when it is ready.
var readyPattern = regexp.MustCompile(`^crossgrant is ready at http://([^ ]+), data in `)

// start starts the process and returns when it is ready to serve.
func (s *server) start() error {
	log, err := os.OpenFile(s.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	args := append([]string{"serve", "--data", s.data, "--listen", s.address}, s.flags...)
	s.process = exec.Command(filepath.Join(binDir, "crossgrant"), args...)
	s.process.Stderr = log
	stdout, err := s.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.process.Start(); err != nil {
		return err
	}
	s.running = true
	r := bufio.NewReader(stdout)
	line, err := r.ReadString('\n')
	if err != nil {
		return errors.Join(fmt.Errorf("the server ended before it was ready:\n%s", s.tail()), s.kill())
	}
	found := readyPattern.FindStringSubmatch(line)
	if found == nil {
		return errors.Join(fmt.Errorf("the server printed %q, want that it is ready", line), s.kill())
	}
	s.address = found[1]
	s.rest = make(chan struct{})
	go func() { defer close(s.rest); io.Copy(io.Discard, r) }()
	return s.checkReady()
}

// checkReady asks the server itself.
func (s *server) checkReady() error {
	response, err := http.Get("http://" + s.address + "/-/readyz")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("/-/readyz answers %s", response.Status)
	}
	return nil
}

// stop asks the server to end, as an operator does, and waits until it has.
func (s *server) stop() error {
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	late := time.AfterFunc(time.Minute, func() { s.process.Process.Kill() })
	defer late.Stop()
	<-s.rest
	s.running = false
	if err := s.process.Wait(); err != nil {
		return fmt.Errorf("the server ended with %w:\n%s", err, s.tail())
	}
	return nil
}

// kill ends the server as a power cut does, short of the disk's cache.
func (s *server) kill() error {
	if err := s.process.Process.Kill(); err != nil {
		return err
	}
	if s.rest != nil {
		<-s.rest
	}
	s.running = false
	var exit *exec.ExitError
	if err := s.process.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

// tail returns the end of the log.
func (s *server) tail() string {
	text, _ := os.ReadFile(s.log)
	return string(text[max(0, len(text)-4000):])
}

// serverCommand is the command server.
func serverCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: server start [-bootstrap FILE|none] [FLAG…] | stop | kill9 | restart")
	}
	s := stageOf(ts)
	switch args[0] {
	case "start":
		s.start(ts, args[1:])
	case "stop":
		ts.Check(s.server.stop())
	case "kill9":
		ts.Check(s.server.kill())
	case "restart":
		if s.server.running {
			ts.Check(s.server.stop())
		}
		ts.Check(s.server.start())
	default:
		ts.Fatalf("unknown: server %s", args[0])
	}
}

// start starts the story's server and writes the profiles of its bootstrap users.
func (s *stage) start(ts *testscript.TestScript, flags []string) {
	bootstrap := filepath.Join(testdata, "accounts.yaml")
	if len(flags) >= 2 && flags[0] == "-bootstrap" {
		bootstrap, flags = flags[1], flags[2:]
	}
	if bootstrap != "none" {
		flags = append(flags, "--bootstrap", bootstrap)
	}
	s.server = &server{
		data: filepath.Join(s.work, "data"), address: "127.0.0.1:0", flags: flags,
		log: filepath.Join(s.work, "server.log"),
	}
	ts.Check(s.server.start())
	ts.Setenv("ENDPOINT", "http://"+s.server.address)
	ts.Setenv("HOST", s.server.address)
	// Clients of S3 Control put an account's ID in front of the host, which has to be a name then. Not every
	// resolver knows names below localhost; a story sends such requests through the server as a proxy.
	_, port, err := net.SplitHostPort(s.server.address)
	ts.Check(err)
	ts.Setenv("CONTROL", "http://localhost:"+port)
	ts.Check(ts.Exec("crossgrant", "profiles", "--data", s.server.data, "--dir", filepath.Join(s.work, "aws")))
}

// interludeCommand is the command interlude.
func interludeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: interlude")
	}
	s := stageOf(ts)
	switch s.between {
	case restart:
		ts.Check(s.server.stop())
		ts.Check(s.server.start())
	case crash:
		ts.Check(s.crash())
	}
}
