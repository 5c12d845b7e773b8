package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"crossgrant/bench/scale/capacity"
	"crossgrant/bench/scale/chart"
	"crossgrant/bench/scale/population"
	"crossgrant/bench/scale/ranges"
	"crossgrant/bench/scale/zipf"
)

// What is simulated of the ranges: of the requests of each minute so many as stand for all of them.
const (
	rate       = 1e6 // requests a second
	steps      = 40
	stepLength = time.Minute
	samples    = 8_000  // requests of a step that are simulated
	writes     = 0.2    // share of requests that write a new key
	before     = 60_000 // keys that are there at the beginning, each standing for many
	settled    = 20     // the last steps, of which means are told
)

// Thresholds of CockroachDB, as documented: requests a second, bytes.
const (
	splitLoad = 2500
	splitSize = 512 << 20
	mergeSize = 128 << 20
)

// objectRow is the row of an object whose content is a blob, and objectBytes the bytes of the rows that one written key
// stands for in the simulation.
var (
	objectRow   = capacity.Sharded(capacity.KeyBytes, capacity.BlobRecordBytes)
	objectBytes = int64(rate * writes * stepLength.Seconds() * objectRow / (samples * writes))
)

// hot is what became of one population.
type hot struct {
	Name string
	// Shares are the shares of all requests that met the hottest range, by step.
	Shares []float64
	// Share is the mean of the settled steps, Worst the highest of all.
	Share, Worst float64
	// PerSecond is the requests a second that meet the hottest range, of 10⁶.
	PerSecond float64
	// Ratio is how many times the load of a mean range it has.
	Ratio float64
	ranges.Counts
}

// begin is when the simulation begins: an hour changes within it.
var begin = time.Date(2026, 11, 27, 12, 45, 0, 0, time.UTC)

// table is a population on its way into a store.
type table struct {
	population.Population
	store   *ranges.Store
	r       *rand.Rand
	keys    []string // in the order in which they were written
	popular *zipf.Zipf
	order   []int // which of the first keys is the most popular, and so on
}

// newTable returns a table with the keys of the day before the simulation begins.
func newTable(p population.Population) *table {
	t := &table{Population: p, r: rand.New(rand.NewPCG(20261127, 1))}
	t.store = ranges.New(ranges.Options{MaxSize: splitSize, MinSize: mergeSize, MaxLoad: splitLoad * samples / rate})
	for i := range before {
		t.write(begin.Add(-time.Duration(before-i) * 24 * time.Hour / before))
		if i%1000 == 999 {
			t.store.Step()
		}
	}
	t.popular, t.order = zipf.New(before, 0.5), t.r.Perm(before)
	return t
}

func (t *table) write(at time.Time) {
	key := string(t.Write(t.r, at))
	t.keys = append(t.keys, key)
	t.store.Write(key, objectBytes)
}

// request writes a new key or reads one that is there.
func (t *table) request(at time.Time) {
	switch {
	case t.r.Float64() < writes:
		t.write(at)
	case t.Recent:
		back := int(t.r.ExpFloat64() * float64(len(t.keys)) / 20)
		t.store.Read(t.keys[max(0, len(t.keys)-1-back)])
	default:
		t.store.Read(t.keys[t.order[t.popular.Draw(t.r)]])
	}
}

// run sends the requests of all steps to the keys of a population.
func run(p population.Population) hot {
	t, h := newTable(p), hot{Name: p.Name}
	for step := range steps {
		for i := range samples {
			t.request(begin.Add(time.Duration(step)*stepLength + time.Duration(i)*stepLength/samples))
		}
		l := t.store.Step()
		h.Shares = append(h.Shares, l.Hottest)
		h.Worst = max(h.Worst, l.Hottest)
		if step >= steps-settled {
			h.Share += l.Hottest / settled
			h.Ratio += l.Ratio / settled
		}
	}
	h.PerSecond, h.Counts = h.Share*rate, t.store.Counts()
	return h
}

// runAll runs all populations.
func runAll() (all []hot) {
	for _, p := range population.All() {
		all = append(all, run(p))
	}
	return all
}

// find returns the result of a population.
func find(all []hot, name string) hot {
	return all[slices.IndexFunc(all, func(h hot) bool { return h.Name == name })]
}

// drawHot draws the shares over time of some populations.
func drawHot(all []hot) string {
	minutes := make([]float64, steps)
	for i := range minutes {
		minutes[i] = float64(i + 1)
	}
	l := &chart.Lines{
		Title: "How much of all requests meets one range",
		Caption: fmt.Sprintf("10⁶ requests a second, %g %% of them writes of new keys. Ranges split at %s requests a second, and at %d MiB.\n"+
			"Minute 15 begins a new hour, and with it a new prefix for names that begin with the date.", 100*writes, grouped(splitLoad), splitSize>>20),
		X:     chart.Axis{Label: "minutes", Max: steps},
		Y:     chart.Axis{Label: "share of all requests, hottest range", Log: true, Min: 0.001, Max: 1, Text: chart.Percent},
		Marks: []chart.Mark{{Value: splitLoad / rate, Name: "split threshold: 2,500 requests a second"}},
	}
	l.X.Ticks = []float64{0, 5, 10, 15, 20, 25, 30, 35, 40}
	labels := []string{"random names", "many buckets", "host, then date", "date, then host", "a counter", "counter, 64 shards"}
	names := []string{
		"random names (UUIDv4, hashes)", "many buckets, Zipf 1.1, named in all ways", "host, then date", "date, then host", "a counter",
		"a counter, bucket in 64 shards",
	}
	for i, name := range names {
		h := find(all, name)
		l.Series = append(l.Series, chart.Series{Name: labels[i], X: minutes, Y: h.Shares, Colour: i, Dashed: i%2 == 1})
	}
	return l.SVG()
}

// drawHottest draws the requests on the hottest range of each population.
func drawHottest(all []hot) string {
	b := &chart.Bars{
		Title:   "Requests a second on the hottest range, of 10⁶",
		Caption: fmt.Sprintf("Mean of the last %d minutes, after all splits. Lower is better: one range is the work of one node.", settled),
		Axis:    chart.Axis{Label: "requests a second, hottest range", Log: true, Min: 1e3, Max: 1e6},
		Marks:   []chart.Mark{{Value: splitLoad, Name: "split threshold"}},
	}
	for _, h := range all {
		colour := 0
		if h.PerSecond > 4*splitLoad {
			colour = 1
		}
		label := fmt.Sprintf("%s, %s of all", chart.Short(h.PerSecond), chart.Percent(h.Share))
		b.Rows = append(b.Rows, chart.Bar{Name: h.Name, Value: h.PerSecond, Label: label, Colour: colour})
	}
	return b.SVG()
}

// fills returns how full ranges are that are filled with keys in random order, and with keys in order, if only size splits
// them.
func fills() (random, inOrder float64) {
	fill := func(key func(i int) string) float64 {
		s := ranges.New(ranges.Options{MaxSize: 1000})
		for i := range 20_000 {
			s.Write(key(i), 10)
			if i%2 == 1 {
				s.Step()
			}
		}
		return s.Fill()
	}
	r := rand.New(rand.NewPCG(20261127, 2))
	return fill(func(int) string { return fmt.Sprintf("%016x", r.Uint64()) }), fill(func(i int) string { return fmt.Sprintf("%016x", i) })
}

// rangesOf returns how many ranges hold objects of so many bytes each.
func rangesOf(objects, bytes, fill float64) float64 {
	return math.Ceil(objects * bytes / (fill * splitSize))
}
