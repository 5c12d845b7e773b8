package postgres

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"crossgrant/test/rigs/daemon"
)

// User returns whom PostgreSQL runs as, which refuses to run as root: nil if this process is not root.
func User() (*syscall.Credential, error) { return daemon.Unprivileged("postgres", "nobody") }

// Programs returns the folder of PostgreSQL's programs: of the newest version that Debian has installed, or where the path has postgres.
func Programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
		return filepath.Dir(newest), nil
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return "", fmt.Errorf("PostgreSQL is missing (postgresql on Debian): %w", err)
	}
	// initdb finds its files from where it really is.
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

// version is the number in /usr/lib/postgresql/15/bin/postgres.
func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}
