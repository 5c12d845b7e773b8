//go:build cgo

package main

import (
	"os"
	"strings"
	"testing"
)

// TestHeapHasHugePages: the heap of C was extended before anything else, and asked for huge pages.
func TestHeapHasHugePages(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("this kernel has no huge pages:", err)
	}
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	heap, asked := false, false // whether the lines are those of the heap; whether any of it is to have huge pages
	for line := range strings.Lines(string(smaps)) {
		fields := strings.Fields(line)
		switch {
		case !strings.HasSuffix(fields[0], ":"): // of an area of memory
			heap = fields[len(fields)-1] == "[heap]"
		case heap && fields[0] == "VmFlags:":
			asked = asked || strings.Contains(line, " hg")
		}
	}
	if !asked {
		t.Errorf("the heap has not asked for huge pages:\n%s", smaps)
	}
}
