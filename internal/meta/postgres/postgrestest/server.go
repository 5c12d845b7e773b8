package postgrestest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// owner is the name of the server's superuser.
const owner = "crossgrant"

// Server is a PostgreSQL.
type Server struct {
	bin, folder string
	address     string // host and port
	password    string
	credential  *syscall.Credential // who it runs as; nil: as this process
	process     *process            // nil while it is stopped
}

// process is a run of the program.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
}

// start makes a server and starts it.
func start() (*Server, error) {
	s := &Server{password: rand.Text()}
	var err error
	if s.bin, err = Programs(); err != nil {
		return nil, err
	}
	if s.credential, err = User(); err != nil {
		return nil, err
	}
	if s.address, err = freeAddress(); err != nil {
		return nil, err
	}
	base := memory()
	if err := sweep(base); err != nil {
		return nil, err
	}
	if s.folder, err = os.MkdirTemp(base, fmt.Sprintf("%s%d-", prefix, os.Getpid())); err != nil {
		return nil, err
	}
	if err := s.initialize(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.folder))
	}
	if err := s.run(); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

// initialize makes the files of an empty server.
func (s *Server) initialize() error {
	secret := filepath.Join(s.folder, "password")
	if err := os.WriteFile(secret, []byte(s.password), 0o600); err != nil {
		return err
	}
	if s.credential != nil {
		for _, path := range []string{s.folder, secret} {
			if err := os.Chown(path, int(s.credential.Uid), int(s.credential.Gid)); err != nil {
				return err
			}
		}
	}
	cmd := s.command("initdb", "-D", s.data(), "-U", owner, "-A", "scram-sha-256", "--pwfile", secret, "-E", "UTF8", "--locale", "C", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }
func (s *Server) log() string  { return filepath.Join(s.folder, "log") }

// command is a program of PostgreSQL, run as s.credential, ended when the thread that starts it ends.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.folder
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential, Pdeathsig: syscall.SIGQUIT}
	return cmd
}

// run starts the program and waits until it answers.
func (s *Server) run() error {
	_, port, err := net.SplitHostPort(s.address)
	if err != nil {
		return err
	}
	args := []string{"-D", s.data()}
	for _, setting := range []string{"listen_addresses=127.0.0.1", "port=" + port, "unix_socket_directories=", "max_connections=200",
		"fsync=on", "synchronous_commit=on", "dynamic_shared_memory_type=mmap", "shared_buffers=64MB", "autovacuum=off", "log_min_messages=warning", "log_min_error_statement=panic"} {
		args = append(args, "-c", setting)
	}
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p := &process{cmd: s.command("postgres", args...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // for Pdeathsig, which is about the thread
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
		}
		close(p.ended)
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process = p
	return s.await(p)
}

// await waits until the program answers.
func (s *Server) await(p *process) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		conn, err := pgconn.Connect(ctx, s.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-p.ended:
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
			continue
		}
		text, _ := os.ReadFile(s.log())
		return fmt.Errorf("PostgreSQL does not start: %w\n%s", err, bytes.TrimSpace(text))
	}
}

// Stop ends the server at once, as a crash does: its clients lose their connections, and what was not committed is lost.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
}

// Start starts a server that was stopped, at the same address.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
}

// end is Stop.
func (s *Server) end() error {
	if s.process == nil {
		return nil
	}
	p := s.process
	s.process = nil
	if err := p.cmd.Process.Signal(syscall.SIGQUIT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(patience):
		return errors.New("PostgreSQL does not end")
	}
}

// remove ends the server and removes its files.
func (s *Server) remove() error { return errors.Join(s.end(), os.RemoveAll(s.folder)) }

// url is the URL of a database of the server.
func (s *Server) url(database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(owner, s.password), Host: s.address, Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}
