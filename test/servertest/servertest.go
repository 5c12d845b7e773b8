// Package servertest runs the real program for tests and for the load generator: it builds it, starts a server process on a free
// port, and ends it as an operator or as a power cut does. It knows no API.
package servertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build builds the program into dir, as crossgrant, and returns the path of the executable.
func Build(dir string) (string, error) {
	path := filepath.Join(dir, "crossgrant")
	out, err := exec.Command("go", "build", "-o", path, "crossgrant/cmd/crossgrant").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
}

// Main is the TestMain of tests that need the program and nothing else: it builds it, sets program to the path of the
// executable, runs the tests, and ends the process.
func Main(tests interface{ Run() int }, program *string) {
	code, err := runWith(tests, program)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runWith(tests interface{ Run() int }, program *string) (code int, err error) {
	dir, err := os.MkdirTemp("", "crossgrant-test")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if *program, err = Build(dir); err != nil {
		return 0, err
	}
	return tests.Run(), nil
}

// Server is a server and how it is started: one process or, where the environment asks for it, several behind a proxy (see
// several.go). It is for one goroutine.
type Server struct {
	Program string // path of the executable
	Data    string // with several servers that of the first one
	Address string // host:port, with port 0 for a free one; after the first start the one it got
	Flags   []string
	Env     []string // added to the environment, NAME=VALUE
	Log     string   // path of what it writes to stderr
	Under   []string // a command and its arguments that the program is run by; empty: none
	Alone   bool     // one process, whatever the environment asks for

	running bool
	process *process // nil: several, or not started
	several *several // nil: one process, or not started
}

// Running reports whether the server was started and not ended since.
func (s *Server) Running() bool { return s.running }

// PID returns the process ID of a running server; with several that of the first one.
func (s *Server) PID() int {
	if s.several != nil {
		return s.several.members[0].PID()
	}
	return s.process.command.Process.Pid
}

// Start starts the server and returns when it is ready to serve.
func (s *Server) Start() error {
	if !s.Alone && Several() {
		return s.startSeveral()
	}
	// Servers run beside each other: a console is where a test says.
	args := append([]string{"serve", "--data", s.Data, "--listen", s.Address, "--console-listen", ""}, s.Flags...)
	var err error
	if s.process, err = startProcess(s, args); err != nil {
		return err
	}
	s.running, s.Address = true, s.process.address
	return nil
}

// Console returns the URL of the console of a server that was just started with a flag --console-listen. It can be asked
// once for each start.
func (s *Server) Console() (string, error) {
	if s.several != nil {
		return s.several.consoleURL()
	}
	return s.process.consoleURL()
}

// Stop asks the server to end, as an operator does, and waits until it has.
func (s *Server) Stop() error {
	s.running = false
	if s.several != nil {
		return s.several.end((*Server).Stop)
	}
	return s.process.stop()
}

// Kill ends the server as a power cut does, short of the disk's cache.
func (s *Server) Kill() error {
	s.running = false
	if s.several != nil {
		return s.several.end((*Server).Kill)
	}
	return s.process.kill()
}
