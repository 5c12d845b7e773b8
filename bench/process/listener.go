package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrNoListener is in the chain of the error when no process is found.
var ErrNoListener = errors.New("no process of this machine that may be seen listens there")

// Listener returns the process that listens on a TCP port of this machine.
func Listener(port int) (pid int, err error) {
	socket := ""
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(table)
		if inode := listening(string(text), port); inode != "" {
			socket = "socket:[" + inode + "]"
			break
		}
	}
	if socket == "" {
		return 0, fmt.Errorf("port %d: %w", port, ErrNoListener)
	}
	open, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, path := range open {
		if target, _ := os.Readlink(path); target == socket {
			return strconv.Atoi(strings.Split(path, "/")[2])
		}
	}
	return 0, fmt.Errorf("port %d: %w", port, ErrNoListener)
}

// listening returns the inode of the socket that listens on a port, from a table of sockets, or "".
func listening(table string, port int) string {
	const listen = "0A"
	suffix := fmt.Sprintf(":%04X", port)
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) > 9 && fields[3] == listen && strings.HasSuffix(fields[1], suffix) {
			return fields[9]
		}
	}
	return ""
}
