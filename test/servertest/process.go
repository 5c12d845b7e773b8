package servertest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"syscall"
	"time"
)

// process is a server process.
type process struct {
	command *exec.Cmd
	address string        // where it listens
	log     string        // path of what it writes to stderr
	rest    chan struct{} // closed when its stdout has ended
	console chan string   // has the URL of the console, once; closed when its stdout has ended
}

// readyPattern is the line that `serve` prints when it is ready.
var readyPattern = regexp.MustCompile(`^crossgrant is ready at http://([^ ]+), data in `)

// consolePattern is the line that `serve` prints after it if there is a console.
var consolePattern = regexp.MustCompile(`^The console is at (http://[^ \n]+)\n$`)

// startProcess starts a process with arguments and returns when it is ready to serve.
func startProcess(s *Server, args []string) (*process, error) {
	log, err := os.OpenFile(s.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	line := slices.Concat(s.Under, []string{s.Program}, args)
	p := &process{command: exec.Command(line[0], line[1:]...), log: s.Log}
	p.command.Stderr = log
	p.command.Env = append(os.Environ(), s.Env...)
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	if err := p.awaitReady(stdout); err != nil {
		return nil, errors.Join(err, p.kill())
	}
	return p, nil
}

// awaitReady reads what the server prints until it is ready, and asks it.
func (p *process) awaitReady(stdout io.Reader) error {
	r := bufio.NewReader(stdout)
	line, err := r.ReadString('\n')
	if err != nil {
		return fmt.Errorf("the server ended before it was ready:\n%s", p.tail())
	}
	found := readyPattern.FindStringSubmatch(line)
	if found == nil {
		return fmt.Errorf("the server printed %q, want that it is ready", line)
	}
	p.address = found[1]
	p.rest, p.console = make(chan struct{}), make(chan string, 1)
	go p.readRest(r)
	response, err := http.Get("http://" + p.address + "/-/readyz")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("/-/readyz answers %s", response.Status)
	}
	return nil
}

// readRest reads what the server prints once it is ready.
func (p *process) readRest(r *bufio.Reader) {
	defer close(p.rest)
	defer close(p.console)
	line, err := r.ReadString('\n')
	if err != nil {
		return
	}
	if found := consolePattern.FindStringSubmatch(line); found != nil {
		p.console <- found[1]
	}
	io.Copy(io.Discard, r)
}

func (p *process) consoleURL() (string, error) {
	select {
	case url, ok := <-p.console:
		if ok {
			return url, nil
		}
		return "", errors.New("the server ended without saying where its console is")
	case <-time.After(time.Minute):
		return "", errors.New("the server has not said where its console is")
	}
}

func (p *process) stop() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	late := time.AfterFunc(time.Minute, func() { p.command.Process.Kill() })
	defer late.Stop()
	<-p.rest
	if err := p.command.Wait(); err != nil {
		return fmt.Errorf("the server ended with %w:\n%s", err, p.tail())
	}
	return nil
}

func (p *process) kill() error {
	if err := p.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if p.rest != nil {
		<-p.rest
	}
	var exit *exec.ExitError
	if err := p.command.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

// tail returns the end of the log.
func (p *process) tail() string {
	text, _ := os.ReadFile(p.log)
	return string(text[max(0, len(text)-4000):])
}
