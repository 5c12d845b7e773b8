// Package report makes what was measured readable: a table, JSON and a plot. It sums the rounds of a row up
// and compares endpoints with each other.
package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"crossgrant/bench/hist"
	"crossgrant/bench/load"
)

// Line is one row as one endpoint did it, summed up.
type Line struct {
	load.Row
	Endpoint   string
	Operations uint64
	Errors     uint64
	Reopened   uint64
	FirstError string `json:",omitempty"`
	// PerSecond and BytesPerSecond are medians of the rounds.
	PerSecond      float64
	BytesPerSecond float64
	// P50 to Max are of all rounds together.
	P50, P99, P999, Max time.Duration
	// ServerCPU and OwnCPU are the processor time per operation of server and load generator, of all rounds
	// together. ServerCPU is zero if it is not known.
	ServerCPU, OwnCPU time.Duration
	RSS, PeakRSS      int64 // bytes, after the last round; zero if not known
	// Throughput is how many times as many operations per second as the best other endpoint this one did, the
	// median of the rounds; CPU how many times the processor time of the one that needs least. Zero: no other.
	// A bare endpoint is compared with only where there is no other.
	Throughput, CPU float64
}

// Lines sums up a row: one line for each endpoint, in their order.
func Lines(row []*load.Result) []*Line {
	var lines []*Line
	for _, r := range row {
		lines = append(lines, line(r))
	}
	for i := range lines {
		compare(row, lines, i)
	}
	return lines
}

func line(r *load.Result) *Line {
	l := &Line{Row: r.Row, Endpoint: r.Endpoint}
	var latency hist.Histogram
	var perSecond, bytes []float64
	var server, own time.Duration
	for _, m := range r.Rounds {
		l.Operations += m.Operations
		l.Errors += m.Errors
		l.Reopened += m.Reopened
		l.FirstError = cmp.Or(l.FirstError, m.FirstError)
		latency.Add(&m.Latency)
		perSecond = append(perSecond, rate(m))
		bytes = append(bytes, float64(m.Bytes)/m.Elapsed.Seconds())
		server += m.ServerCPU
		own += m.OwnCPU
		l.RSS, l.PeakRSS = m.RSS, m.PeakRSS
	}
	l.PerSecond, l.BytesPerSecond = median(perSecond), median(bytes)
	l.P50, l.P99, l.P999, l.Max = latency.Quantile(0.5), latency.Quantile(0.99), latency.Quantile(0.999), latency.Max()
	begun := time.Duration(max(l.Operations+l.Errors, 1))
	l.ServerCPU, l.OwnCPU = server/begun, own/begun
	return l
}

// others returns the indexes of what the ith result is compared with.
func others(row []*load.Result, i int) []int {
	var all, bare []int
	for j, r := range row {
		switch {
		case j == i:
		case r.Bare:
			bare = append(bare, j)
		default:
			all = append(all, j)
		}
	}
	if len(all) == 0 {
		return bare
	}
	return all
}

// compare sets the ratios of the ith line.
func compare(row []*load.Result, lines []*Line, i int) {
	var ratios []float64
	for round, m := range row[i].Rounds {
		best := 0.0
		for _, j := range others(row, i) {
			best = max(best, rate(row[j].Rounds[round]))
		}
		if best > 0 {
			ratios = append(ratios, rate(m)/best)
		}
	}
	lines[i].Throughput = median(ratios)
	var least time.Duration
	for _, j := range others(row, i) {
		if l := lines[j]; l.ServerCPU > 0 && (least == 0 || l.ServerCPU < least) {
			least = l.ServerCPU
		}
	}
	if least > 0 {
		lines[i].CPU = float64(lines[i].ServerCPU) / float64(least)
	}
}

func rate(m *load.Measurement) float64 { return float64(m.Operations) / m.Elapsed.Seconds() }

// median returns the middle of values, or the mean of the two in the middle; zero of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	n := len(values)
	return (values[n/2] + values[(n-1)/2]) / 2
}

// Name names a row as it is printed.
func Name(r load.Row) string {
	for _, o := range []string{"PUT", "GET", "DELETE", "MIXED"} {
		if r.Operation == o {
			return r.Operation + " " + Bytes(int64(r.Size))
		}
	}
	return r.Operation
}

// Bytes writes a number of bytes with a unit.
func Bytes(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= unit.size {
			return fmt.Sprintf("%.4g %s", float64(n)/float64(unit.size), unit.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}
