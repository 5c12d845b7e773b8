package postgrestest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// prefix, with the number of the process that made it, is what the name of a server's folder begins with.
const prefix = "postgrestest-"

// sweep removes folders of this user whose process has ended without doing so, and whose server ended with it.
func sweep(base string) error {
	folders, err := filepath.Glob(filepath.Join(base, prefix+"*-*"))
	if err != nil {
		return err
	}
	for _, folder := range folders {
		number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(folder), prefix), "-")
		pid, err := strconv.Atoi(number)
		if err != nil || !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			continue
		}
		if err := os.RemoveAll(folder); err != nil && !errors.Is(err, os.ErrPermission) {
			return err
		}
	}
	return nil
}

// Programs returns the folder of PostgreSQL's programs: of the newest version that Debian has installed, or where the path has postgres.
func Programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return "", fmt.Errorf("the programs of PostgreSQL are missing: make need-postgres: %w", err)
	}
	// initdb finds its files from where it really is.
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

// User returns whom PostgreSQL runs as, which refuses to run as root: postgres or nobody. It is nil if this process is not root's.
func User() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), Groups: []uint32{}}, nil
	}
	return nil, errors.New("neither of the users postgres and nobody is there, and as root PostgreSQL does not run")
}

// memory is a folder in memory, or that of temporary files.
func memory() string {
	const shm = "/dev/shm"
	if dir, err := os.MkdirTemp(shm, "probe-"); err == nil {
		_ = os.Remove(dir)
		return shm
	}
	return os.TempDir()
}

// freeAddress finds a port that nobody has now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
