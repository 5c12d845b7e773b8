package limits

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// TestRates runs the stories of testdata/rates: at milliseconds since the start a key takes tokens, and gets what is
// told.
func TestRates(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var r *Rates[string]
	datadriven.RunTest(t, "testdata/rates", func(t *testing.T, d *datadriven.TestData) string {
		var rate, burst int
		switch d.Cmd {
		case "new":
			r = NewRates[string](1 << 10)
			return ""
		case "take":
			d.ScanArgs(t, "rate", &rate)
			d.ScanArgs(t, "burst", &burst)
		default:
			t.Fatalf("unknown command %s", d.Cmd)
		}
		var out strings.Builder
		for line := range strings.Lines(d.Input) {
			fields := strings.Fields(line)
			at, err := strconv.Atoi(fields[0])
			if err != nil {
				t.Fatal(err)
			}
			wait := r.Take(fields[1], rate, burst, start.Add(time.Duration(at)*time.Millisecond))
			out.WriteString(fields[0] + " " + fields[1] + " ")
			if wait == 0 {
				out.WriteString("ok\n")
			} else {
				out.WriteString("wait " + wait.Round(time.Millisecond).String() + "\n")
			}
		}
		return out.String()
	})
}

// TestRatesForgetTheOldest has very many keys come: no more are kept than there may be, and one that keeps coming
// keeps its bucket.
func TestRatesForgetTheOldest(t *testing.T) {
	t.Parallel()
	r, now := NewRates[int](1600), time.Now()
	busy := 0
	for i := range 100_000 {
		r.Take(i+1, 1, 1, now)
		if i%50 == 0 && r.Take(0, 1, 1, now) == 0 {
			busy++
		}
	}
	if n := len(r.buckets); n > 1600 {
		t.Errorf("%d buckets are kept, want at most 1600", n)
	}
	if busy != 1 {
		t.Errorf("a key that kept coming got %d tokens at one time, want 1", busy)
	}
	e := r.used.Front()
	for range r.buckets {
		if key := e.Value.(*bucket[int]).key; r.buckets[key] != e {
			t.Fatalf("the list is broken at %d", key)
		}
		e = e.Next()
	}
	if e != nil || r.used.Len() != len(r.buckets) {
		t.Errorf("the list has %d buckets, the map %d", r.used.Len(), len(r.buckets))
	}
}

func TestSource(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"192.0.2.7": "192.0.2.7/32", "::ffff:192.0.2.7": "192.0.2.7/32", "::1": "::/64",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := Source(netip.MustParseAddr(text)); got.String() != want {
			t.Errorf("the source of %s is %s, want %s", text, got, want)
		}
	}
	if got := Source(netip.Addr{}); got.IsValid() {
		t.Errorf("the source of no address is %s", got)
	}
}

// TestProgress: within each 10 seconds of waiting 100 bytes have to move.
func TestProgress(t *testing.T) {
	t.Parallel()
	type step struct {
		bytes int64
		took  time.Duration
		left  time.Duration
	}
	for name, c := range map[string]struct {
		least int64
		steps []step
	}{
		"nothing moves":          {100, []step{{0, 4 * time.Second, 6 * time.Second}, {0, 6 * time.Second, 0}}},
		"too little moves":       {100, []step{{50, 4 * time.Second, 6 * time.Second}, {49, 6 * time.Second, 0}}},
		"just enough moves":      {100, []step{{50, 4 * time.Second, 6 * time.Second}, {50, 6 * time.Second, 10 * time.Second}}},
		"much moves":             {100, []step{{5000, 9 * time.Second, 10 * time.Second}, {0, 9 * time.Second, time.Second}}},
		"any byte will do":       {0, []step{{0, 9 * time.Second, time.Second}, {1, time.Second, 10 * time.Second}}},
		"too late":               {100, []step{{0, 20 * time.Second, -10 * time.Second}}},
		"what is late but moves": {100, []step{{100, 20 * time.Second, 10 * time.Second}}},
	} {
		p := Progress{Pace: Pace{Stall: 10 * time.Second, Least: c.least}}
		for i, s := range c.steps {
			if p.Moved(s.bytes, s.took); p.Left() != s.left {
				t.Errorf("%s: %s are left after step %d, want %s", name, p.Left(), i, s.left)
			}
		}
	}
}

func TestPulse(t *testing.T) {
	t.Parallel()
	p, start := Pulse{Every: time.Second}, time.Now()
	for _, c := range []struct {
		after  time.Duration
		events int
		tell   bool
	}{{0, 1, true}, {1, 0, false}, {time.Second - 1, 0, false}, {time.Second, 3, true}, {time.Hour, 1, true}} {
		if events, tell := p.Beat(start.Add(c.after)); events != c.events || tell != c.tell {
			t.Errorf("after %s: %d, %v, want %d, %v", c.after, events, tell, c.events, c.tell)
		}
	}
}

func BenchmarkRates(b *testing.B) {
	r, now := NewRates[netip.Prefix](1<<14), time.Now()
	source := Source(netip.MustParseAddr("192.0.2.7"))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.Take(source, 1_000_000, 1_000_000, now)
		}
	})
}
