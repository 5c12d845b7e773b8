package patroni

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"crossgrant/test/rigs/daemon"
)

// node is a PostgreSQL and the Patroni that looks after it.
type node struct {
	name     string
	rest, pg int // ports
	data     string
	patroni  *daemon.Process
}

// KillPrimary ends the primary at once, as kill -9 does it to PostgreSQL with all of its processes and, if whole is set, to its Patroni
// before. It returns the name of the node. A Patroni that was killed is started again.
func (c *Cluster) KillPrimary(ctx context.Context, whole bool) (string, error) {
	name, err := c.Primary(ctx)
	if err != nil {
		return "", err
	}
	for _, n := range c.nodes {
		if n.name != name {
			continue
		}
		if whole {
			n.patroni.Kill()
		}
		if !n.killPostgres() {
			return "", fmt.Errorf("%s is primary, and its PostgreSQL does not run", name)
		}
		return name, nil
	}
	return "", fmt.Errorf("the primary is %s, which is none of the cluster's nodes", name)
}

// killPostgres ends PostgreSQL, which Patroni has started as a process that is nobody's child. It reports whether one ran.
func (n *node) killPostgres() bool {
	text, err := os.ReadFile(filepath.Join(n.data, "postmaster.pid"))
	if err != nil {
		return false
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil || pid <= 1 {
		return false
	}
	// The file may be older than a process that has got the same ID: a postmaster works in its data folder.
	if folder, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err != nil || folder != n.data {
		return false
	}
	// The postmaster dies first, so that it starts no others.
	children := daemon.Children(pid)
	killed := syscall.Kill(pid, syscall.SIGKILL) == nil
	for _, child := range children {
		syscall.Kill(child, syscall.SIGKILL)
	}
	return killed
}
