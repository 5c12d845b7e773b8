package report

import (
	"encoding/json"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"crossgrant/bench/load"
)

// Report is everything that a run measured. Times are in nanoseconds.
type Report struct {
	Time      time.Time
	Machine   Machine
	Arguments []string // of the program, the secrets of endpoints left out
	Plan      *load.Plan
	Lines     []*Line
	Results   []*load.Result // round by round
	// Disk is what endpoints had on their disks at the end, in bytes, by name, where that is known.
	Disk map[string]int64
}

// Machine is where the load generator ran.
type Machine struct {
	System, Architecture, Go string
	Processor                string // empty if not known
	CPUs                     int
	Kernel                   string // empty if not known
}

// ThisMachine describes the machine.
func ThisMachine() Machine {
	m := Machine{System: runtime.GOOS, Architecture: runtime.GOARCH, Go: runtime.Version(), CPUs: runtime.NumCPU()}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	m.Kernel = strings.TrimSpace(string(kernel))
	cpu, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(cpu)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			m.Processor = strings.TrimSpace(value)
			break
		}
	}
	return m
}

// Write writes r as JSON.
func (r *Report) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	return e.Encode(r)
}

// HideSecrets returns args with the keys of endpoints left out.
func HideSecrets(args []string) []string {
	var hidden []string
	for _, arg := range args {
		fields := strings.Split(arg, ",")
		if len(fields) > 2 && strings.Contains(fields[0], "=http") {
			fields[1], fields[2] = "…", "…"
		}
		hidden = append(hidden, strings.Join(fields, ","))
	}
	return hidden
}
