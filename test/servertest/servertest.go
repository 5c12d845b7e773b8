// Package servertest runs the real program for tests and for the load generator: it builds it, starts a server process on a free
// port, and ends it as an operator or as a power cut does. It knows no API.
package servertest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
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

// Server is a server process and how it is started. It is for one goroutine.
type Server struct {
	Program string // path of the executable
	Data    string
	Address string // host:port, with port 0 for a free one; after the first start the one it got
	Flags   []string
	Env     []string // added to the environment, NAME=VALUE
	Log     string   // path of what it writes to stderr

	running bool
	process *exec.Cmd
	rest    chan struct{} // closed when its stdout has ended
	console chan string   // has the URL of the console, once; closed when its stdout has ended
}

// readyPattern is the line that `serve` prints when it is ready.
var readyPattern = regexp.MustCompile(`^crossgrant is ready at http://([^ ]+), data in `)

// consolePattern is the line that `serve` prints after it if there is a console.
var consolePattern = regexp.MustCompile(`^The console is at (http://[^ \n]+)\n$`)

// Running reports whether the process was started and not ended since.
func (s *Server) Running() bool { return s.running }

// PID returns the process ID of a running server.
func (s *Server) PID() int { return s.process.Process.Pid }

// Start starts the process and returns when it is ready to serve.
func (s *Server) Start() error {
	log, err := os.OpenFile(s.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	// Servers run beside each other: a console is where a test says.
	args := append([]string{"serve", "--data", s.Data, "--listen", s.Address, "--console-listen", ""}, s.Flags...)
	s.process = exec.Command(s.Program, args...)
	s.process.Stderr = log
	s.process.Env = append(os.Environ(), s.Env...)
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
		return errors.Join(fmt.Errorf("the server ended before it was ready:\n%s", s.tail()), s.Kill())
	}
	found := readyPattern.FindStringSubmatch(line)
	if found == nil {
		return errors.Join(fmt.Errorf("the server printed %q, want that it is ready", line), s.Kill())
	}
	s.Address = found[1]
	s.rest, s.console = make(chan struct{}), make(chan string, 1)
	go s.readRest(r)
	if err := s.checkReady(); err != nil {
		return errors.Join(err, s.Kill())
	}
	return nil
}

// readRest reads what the server prints once it is ready.
func (s *Server) readRest(r *bufio.Reader) {
	defer close(s.rest)
	defer close(s.console)
	line, err := r.ReadString('\n')
	if err != nil {
		return
	}
	if found := consolePattern.FindStringSubmatch(line); found != nil {
		s.console <- found[1]
	}
	io.Copy(io.Discard, r)
}

// Console returns the URL of the console of a server that was just started with a flag --console-listen. It can be asked
// once for each start.
func (s *Server) Console() (string, error) {
	select {
	case url, ok := <-s.console:
		if ok {
			return url, nil
		}
		return "", errors.New("the server ended without saying where its console is")
	case <-time.After(time.Minute):
		return "", errors.New("the server has not said where its console is")
	}
}

// checkReady asks the server itself.
func (s *Server) checkReady() error {
	response, err := http.Get("http://" + s.Address + "/-/readyz")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("/-/readyz answers %s", response.Status)
	}
	return nil
}

// Stop asks the server to end, as an operator does, and waits until it has.
func (s *Server) Stop() error {
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

// Kill ends the server as a power cut does, short of the disk's cache.
func (s *Server) Kill() error {
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
func (s *Server) tail() string {
	text, _ := os.ReadFile(s.Log)
	return string(text[max(0, len(text)-4000):])
}
