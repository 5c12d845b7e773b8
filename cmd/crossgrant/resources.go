package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// openFiles returns how many files the process may have open, connections included; 0: that is not known. The Go
// runtime has raised it to the hard limit when the program starts.
//
// Source: https://go.dev/issue/46279
func openFiles() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return uint64(limit.Cur)
}

// availableMemory returns how much memory the process may have, in bytes: what the control groups of its container
// allow, or what the machine has; 0: that is not known. root is the root of the file system.
//
// Sources: https://docs.kernel.org/admin-guide/cgroup-v2.html (memory.max),
// https://docs.kernel.org/admin-guide/cgroup-v1/memory.html (memory.limit_in_bytes) and
// https://man7.org/linux/man-pages/man5/proc_meminfo.5.html
func availableMemory(root string) int64 {
	least := machineMemory(filepath.Join(root, "proc/meminfo"))
	for _, path := range groupLimits(root) {
		if n := readNumber(path); n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

// groupLimits returns the files that may limit the memory of the process: those of its control group, of all above
// it, and of the root, which is what a container sees of its own.
func groupLimits(root string) []string {
	paths := []string{
		filepath.Join(root, "sys/fs/cgroup/memory.max"),
		filepath.Join(root, "sys/fs/cgroup/memory/memory.limit_in_bytes"),
	}
	text, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return paths
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		for group := filepath.Clean("/" + fields[2]); group != "/"; group = filepath.Dir(group) {
			switch fields[1] {
			case "":
				paths = append(paths, filepath.Join(root, "sys/fs/cgroup", group, "memory.max"))
			case "memory":
				paths = append(paths, filepath.Join(root, "sys/fs/cgroup/memory", group, "memory.limit_in_bytes"))
			}
		}
	}
	return paths
}

// machineMemory returns the memory of the machine.
func machineMemory(path string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if size, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(size), "kB")), 10, 64)
			if err == nil {
				return n << 10
			}
		}
	}
	return 0
}

// readNumber returns the number in a file; 0 if there is none, as where it says "max".
func readNumber(path string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
