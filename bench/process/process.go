// Package process tells what a process on this machine costs, as Linux's /proc has it. Elsewhere, and for
// processes of other machines, there is nothing to tell, which is an error and not a zero.
//
// Source: https://docs.kernel.org/filesystems/proc.html
package process

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Usage is what a process has used.
type Usage struct {
	CPU     time.Duration // user and system time since its start, with that of its children
	RSS     int64         // bytes of memory that are resident now
	PeakRSS int64         // the most that it ever were
}

// tick is the unit of times in /proc/PID/stat, which Linux has kept at a hundredth of a second on all
// architectures that Go knows but Alpha.
const tick = 10 * time.Millisecond

// Read tells the usage of a process and of the processes that it has started, as far as they run or have
// been waited for.
func Read(pid int) (Usage, error) {
	u, err := readOne(pid)
	if err != nil {
		return u, err
	}
	for _, child := range children(pid) {
		c, err := Read(child)
		if err != nil {
			continue // it has ended meanwhile
		}
		u.CPU += c.CPU
		u.RSS += c.RSS
		u.PeakRSS += c.PeakRSS
	}
	return u, nil
}

func readOne(pid int) (Usage, error) {
	folder := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(folder + "/stat")
	if err != nil {
		return Usage{}, fmt.Errorf("usage of process %d: %w", pid, err)
	}
	status, err := os.ReadFile(folder + "/status")
	if err != nil {
		return Usage{}, fmt.Errorf("usage of process %d: %w", pid, err)
	}
	u, err := parseStat(string(stat))
	u.RSS, u.PeakRSS = kilobytes(string(status), "VmRSS:"), kilobytes(string(status), "VmHWM:")
	return u, err
}

// parseStat takes the times from fields 14 to 17. The name of the program, field 2, may have spaces and
// parentheses.
func parseStat(stat string) (Usage, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 15 {
		return Usage{}, fmt.Errorf("usage: %q has too few fields", stat)
	}
	var u Usage
	for _, field := range fields[11:15] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return Usage{}, fmt.Errorf("usage: %w", err)
		}
		u.CPU += time.Duration(n) * tick
	}
	return u, nil
}

// kilobytes returns the bytes of a line of /proc/PID/status, zero if it is not there.
func kilobytes(status, name string) int64 {
	for line := range strings.Lines(status) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return n << 10
		}
	}
	return 0
}

// children returns the processes that the threads of pid have started and that run.
func children(pid int) []int {
	lists, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	var all []int
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}

// Own returns the user and system time of this process.
func Own() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic("getrusage: " + err.Error()) // it fails for bad arguments only
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// DiskUsage returns the bytes that files below a folder take on the disk. Files that vanish meanwhile count
// nothing.
func DiskUsage(folder string) (int64, error) {
	var sum int64
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if path == folder {
				return err
			}
			return nil
		}
		if info, err := d.Info(); err == nil {
			if stat, ok := info.Sys().(*syscall.Stat_t); ok {
				sum += stat.Blocks * 512
			}
		}
		return nil
	})
	return sum, err
}
