package report

import (
	"fmt"
	"io"
	"time"
)

// Table prints lines as they come, in columns.
type Table struct {
	W    io.Writer
	rows int
}

const tableFormat = "%-16s %7s  %-12s %10s %9s %9s %9s %9s %7s %10s %9s %9s %9s %7s %7s\n"

// Print prints the lines of a row.
func (t *Table) Print(lines []*Line) {
	if t.rows == 0 {
		fmt.Fprintf(t.W, tableFormat, "operation", "clients", "endpoint", "ops/s", "MiB/s", "p50", "p99", "p99.9", "errors",
			"CPU/1,000", "own CPU", "RSS", "peak RSS", "ops ×", "CPU ×")
	}
	t.rows++
	for _, l := range lines {
		fmt.Fprintf(t.W, tableFormat, Name(l.Row), fmt.Sprint(l.Clients), l.Endpoint,
			Number(l.PerSecond), Number(l.BytesPerSecond/(1<<20)), Duration(l.P50), Duration(l.P99), Duration(l.P999), fmt.Sprint(l.Errors),
			known(l.ServerCPU > 0, seconds(l.ServerCPU)), seconds(l.OwnCPU),
			known(l.RSS > 0, Bytes(l.RSS)), known(l.PeakRSS > 0, Bytes(l.PeakRSS)),
			known(l.Throughput > 0, fmt.Sprintf("%.2f", l.Throughput)), known(l.CPU > 0, fmt.Sprintf("%.2f", l.CPU)))
		if l.FirstError != "" {
			fmt.Fprintf(t.W, "    first error: %s\n", l.FirstError)
		}
		if l.Reopened > l.Operations/100+l.Errors {
			fmt.Fprintf(t.W, "    note: connections were opened %d times for %d operations, because the server closes them\n", l.Reopened, l.Operations)
		}
		if l.ServerCPU > 0 && l.OwnCPU > l.ServerCPU {
			fmt.Fprintf(t.W, "    note: the load generator needed more CPU than the server, so that this row measures both\n")
		}
	}
	if len(lines) > 1 {
		fmt.Fprintln(t.W)
	}
}

// Legend says what the columns are.
const Legend = `CPU/1,000: CPU-seconds of the server per 1,000 operations; own CPU: of the load generator. ops × and CPU ×: against the
best of the other endpoints. Rates are medians of the rounds, latencies of all rounds together.
`

func known(is bool, text string) string {
	if is {
		return text
	}
	return "-"
}

// seconds writes the time of one operation as seconds per 1,000.
func seconds(d time.Duration) string { return Number((1000 * d).Seconds()) }

// Duration writes d in a unit that fits, with about three digits.
func Duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return Number(float64(d)/float64(time.Millisecond)) + " ms"
	}
	return Number(d.Seconds()) + " s"
}

// Number writes n with about three digits, and no exponent.
func Number(n float64) string {
	switch {
	case n >= 100:
		return fmt.Sprintf("%.0f", n)
	case n >= 10:
		return fmt.Sprintf("%.1f", n)
	case n >= 1:
		return fmt.Sprintf("%.2f", n)
	}
	return fmt.Sprintf("%.3f", n)
}
