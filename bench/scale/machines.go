package main

import (
	"fmt"

	"crossgrant/bench/scale/capacity"
	"crossgrant/bench/scale/chart"
)

// limits are the sizes up to which content lies in the record that are compared; the program has 64 KiB.
var limits = []float64{0, 4 << 10, 64 << 10}

// limitNow is that of the program.
const limitNow = 64 << 10

// store is what a store takes with content in the record up to a limit.
type store struct {
	Limit string
	capacity.PerObject
	capacity.Machines
	Ranges float64 // at 10¹² objects
	capacity.Cost
}

func stores(fill, extra float64) (all []store) {
	for _, limit := range limits {
		s := store{PerObject: capacity.Objects(limit), Cost: capacity.Mean(capacity.Assumed, limit, extra)}
		s.Machines = capacity.Need(capacity.Assumed, limit, rate, 1e12, extra)
		s.Limit = fmt.Sprintf("%.0f KiB", limit/1024)
		if limit == 0 {
			s.Limit = "nothing"
		}
		s.Ranges = rangesOf(1e12, s.PerObject.Sharded, fill)
		all = append(all, s)
	}
	return all
}

// drawRanges draws how many ranges hold so many objects.
func drawRanges(fill float64) string {
	l := &chart.Lines{
		Title: "Ranges of the database",
		Caption: fmt.Sprintf("Ranges of %d MiB that are %s full on average, as those that random keys fill. Before replicas.",
			splitSize>>20, chart.Percent(fill)),
		X:     chart.Axis{Label: "objects", Log: true, Min: 1e6, Max: 1e12, Text: chart.Power},
		Y:     chart.Axis{Label: "ranges", Log: true, Min: 1, Max: 1e8, Text: chart.Power},
		Marks: []chart.Mark{{Value: rate / splitLoad, Name: "10⁶ requests a second need as many, at 2,500 each"}},
	}
	for i, limit := range limits {
		s := chart.Series{Name: fmt.Sprintf("content ≤ %.0f KiB in records", limit/1024), Colour: i, Dashed: i == 1}
		if limit == 0 {
			s.Name = "no content in records"
		}
		for n := 1e6; n <= 1.01e12; n *= 10 {
			s.X, s.Y = append(s.X, n), append(s.Y, rangesOf(n, capacity.Objects(limit).Sharded, fill))
		}
		l.Series = append(l.Series, s)
	}
	return l.SVG()
}

// drawMachines draws how many machines there are on the road to 10⁶ requests a second over 10¹² objects.
func drawMachines() string {
	l := &chart.Lines{
		Title: "Machines on the way to 10⁶ requests a second over 10¹² objects",
		Caption: "A million objects for each request a second. Database: content ≤ 64 KiB in records, and ≤ 4 KiB (dashed).\n" +
			"Permissions cached; what is measured and what is assumed is told in the text.",
		X: chart.Axis{Label: "requests a second", Log: true, Min: 1e3, Max: 1e6},
		Y: chart.Axis{Label: "machines", Log: true, Min: 1, Max: 1e4},
	}
	series := []chart.Series{
		{Name: "blob store", Colour: 4}, {Name: "database, ≤ 64 KiB", Colour: 1}, {Name: "database, ≤ 4 KiB", Colour: 1, Dashed: true},
		{Name: "servers", Colour: 0},
	}
	for _, r := range rates {
		now, small := capacity.Need(capacity.Assumed, limitNow, r, r*1e6, 0), capacity.Need(capacity.Assumed, 4<<10, r, r*1e6, 0)
		for i, n := range []float64{now.BlobMachines, now.Database, small.Database, now.Servers} {
			series[i].X, series[i].Y = append(series[i].X, r), append(series[i].Y, n)
		}
	}
	l.Series = series
	return l.SVG()
}
