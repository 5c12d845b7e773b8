package main

import (
	_ "embed"
	"fmt"
	"math"
	"strings"
	"text/template"

	"crossgrant/bench/scale/capacity"
	"crossgrant/bench/scale/chart"
	"crossgrant/internal/access"
)

// source is the document without its figures.
//
//go:embed SCALE.md.tmpl
var source string

// figures is all that the document tells.
type figures struct {
	Hot               []hot
	FillRandom, Fill  float64 // of ranges: by random keys, and by keys in order
	ByServers         []hit
	ByChanges, BySize []hit
	Rows              rowFigures
	Stores            []store // by what lies in records
	Cold              store   // as the last, with as many round trips more as the caches of the program cost
	Postgres          []capacity.Row
	Classes           []capacity.Class
	Requests          []capacity.Request
	Assumed           capacity.Assumptions
	Capacity          access.Capacity
	Background        background
}

// documents computes everything, and returns the files that tell it, by their names in the repository.
func documents() (map[string]string, error) {
	f := figures{Hot: runAll(), ByServers: hitsByServers(), ByChanges: hitsByChanges(), BySize: hitsBySize(), Rows: computeRows()}
	f.FillRandom, f.Fill = fills()
	f.Stores = stores(f.FillRandom, 0)
	cold := stores(f.FillRandom, f.extra("at random", servers))
	f.Cold = cold[len(cold)-1]
	f.Postgres, f.Classes, f.Requests, f.Assumed, f.Capacity = capacity.Rows, capacity.Classes, capacity.Requests, capacity.Assumed, access.Capacities()
	f.Background = computeBackground(f.Stores)
	var text strings.Builder
	t, err := template.New("SCALE.md").Option("missingkey=error").Funcs(functions).Parse(source)
	if err == nil {
		err = t.Execute(&text, &f)
	}
	if err != nil {
		return nil, fmt.Errorf("write the document: %w", err)
	}
	return map[string]string{
		"docs/SCALE.md":           text.String(),
		"docs/scale/hot.svg":      drawHot(f.Hot),
		"docs/scale/hottest.svg":  drawHottest(f.Hot),
		"docs/scale/ranges.svg":   drawRanges(f.FillRandom),
		"docs/scale/hits.svg":     drawHits(f.ByServers),
		"docs/scale/changes.svg":  drawChanges(f.ByChanges),
		"docs/scale/sizes.svg":    drawSizes(f.BySize),
		"docs/scale/stamps.svg":   drawStamps(),
		"docs/scale/usage.svg":    drawUsage(),
		"docs/scale/machines.svg": drawMachines(),
	}, nil
}

// extra returns the round trips that a spread adds to the mean request.
func (f *figures) extra(spread string, servers int) float64 {
	for _, h := range f.ByServers {
		if h.Spread == spread && h.Servers == servers {
			return h.Extra
		}
	}
	panic(fmt.Sprintf("scale: %s over %d servers was not computed", spread, servers))
}

// Hits returns the hits of a spread over servers.
func (f *figures) Hits(spread string, servers int) (found hit) {
	for _, h := range f.ByServers {
		if h.Spread == spread && h.Servers == servers {
			found = h
		}
	}
	return found
}

// At returns what became of a population.
func (f *figures) At(name string) hot { return find(f.Hot, name) }

// functions are those of the document.
var functions = template.FuncMap{
	"short":   chart.Short,
	"percent": chart.Percent,
	"whole":   func(v float64) string { return grouped(math.Round(v)) },
	"up":      func(v float64) string { return grouped(math.Ceil(v)) },
	"one":     func(v float64) string { return fmt.Sprintf("%.1f", v) },
	"two":     func(v float64) string { return fmt.Sprintf("%.2f", v) },
	"micro":   func(v float64) string { return fmt.Sprintf("%.0f", v*1e6) },
	"float":   func(v int) float64 { return float64(v) },
	"number":  func(v int) string { return grouped(float64(v)) },
	"times":   func(a, b float64) float64 { return a * b },
	"over":    func(a, b float64) float64 { return a / b },
	"bytes":   size,
}

// grouped writes a whole number with commas.
func grouped(v float64) string {
	text := fmt.Sprintf("%.0f", v)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// size writes bytes with a decimal unit.
func size(v float64) string {
	text := chart.Short(v)
	if unit := text[len(text)-1]; unit >= '0' && unit <= '9' {
		return text + " B"
	}
	return text[:len(text)-1] + " " + text[len(text)-1:] + "B"
}
