package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/bench/load"
)

// result makes a result of rounds of a second, with these numbers of operations, each of which cost the server cpu.
func result(name string, cpu time.Duration, operations ...uint64) *load.Result {
	r := &load.Result{Row: load.Row{Operation: "PUT", Size: 4096, Clients: 8}, Endpoint: name}
	for _, n := range operations {
		m := &load.Measurement{Operations: n, Bytes: int64(n) * 4096, Elapsed: time.Second, ServerCPU: time.Duration(n) * cpu}
		m.Latency.Record(time.Millisecond)
		r.Rounds = append(r.Rounds, m)
	}
	return r
}

// TestLines holds that ratios are against the best of the others in the same round, and medians of those.
func TestLines(t *testing.T) {
	t.Parallel()
	lines := Lines([]*load.Result{
		result("a", 100*time.Microsecond, 1000, 3000, 2000),
		result("b", 400*time.Microsecond, 500, 1000, 4000),
		result("c", 200*time.Microsecond, 250, 1500, 1000),
	})
	a, b := lines[0], lines[1]
	if a.PerSecond != 2000 || a.Throughput != 2 || a.CPU != 0.5 || a.ServerCPU != 100*time.Microsecond || a.Operations != 6000 {
		t.Errorf("a: %+v", a)
	}
	if b.Throughput != 0.5 || b.CPU != 4 {
		t.Errorf("b: %+v", b)
	}
	bare := result("bare", time.Microsecond, 9000)
	bare.Bare = true
	if l := Lines([]*load.Result{result("a", 4*time.Microsecond, 3000), bare})[0]; l.Throughput != 1.0/3 || l.CPU != 4 {
		t.Errorf("beside a bare server it is %v and %v times that", l.Throughput, l.CPU)
	}
	if l := Lines([]*load.Result{result("a", 4*time.Microsecond, 3000), bare, result("b", time.Microsecond, 6000)})[0]; l.Throughput != 0.5 {
		t.Errorf("beside a bare server and another it is %v times that", l.Throughput)
	}
	if alone := Lines([]*load.Result{result("a", 0, 10)})[0]; alone.Throughput != 0 || alone.CPU != 0 {
		t.Errorf("alone it is %v and %v times the best other", alone.Throughput, alone.CPU)
	}
}

// TestTable holds that what is not known is not printed as zero, and what makes a row worthless is said.
func TestTable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	table := Table{W: &out}
	lines := Lines([]*load.Result{result("a", 0, 1000), result("b", time.Microsecond, 1000)})
	lines[1].OwnCPU = time.Millisecond
	lines[1].FirstError, lines[1].Errors, lines[1].Reopened = "went wrong", 1, 999
	table.Print(lines)
	rows := strings.Split(out.String(), "\n")
	if got := strings.Fields(rows[1]); !slices.Equal(got, strings.Fields("PUT 4 KiB 8 a 1000 3.91 1.00 ms 1.00 ms 1.00 ms 0 - 0.000 - - 1.00 -")) {
		t.Errorf("printed %q", rows[1])
	}
	for _, want := range []string{"first error: went wrong", "opened 999 times", "needed more CPU than the server"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

// TestPlot holds that names are written as text.
func TestPlot(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := Plot(&out, "a & b", "<caption>", &Report{Lines: Lines([]*load.Result{result("<a>", 0, 1), result("b", 0, 0)})}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a &amp; b", "&lt;caption&gt;", "&lt;a&gt;", "PUT 4 KiB", "8 clients", "prefers-color-scheme: dark"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the plot has no %q", want)
		}
	}
}

func TestHideSecrets(t *testing.T) {
	t.Parallel()
	got := HideSecrets([]string{"--endpoint", "a=http://h,KEY,SECRET,data=/d", "--endpoint=b=http://h,KEY,SECRET", "--sizes", "1,2,3"})
	want := []string{"--endpoint", "a=http://h,…,…,data=/d", "--endpoint=b=http://h,…,…", "--sizes", "1,2,3"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
