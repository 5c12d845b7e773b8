package chart

import (
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestTexts(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{Short(0), "0"}, {Short(0.25), "0.25"}, {Short(999), "999"}, {Short(1000), "1k"}, {Short(1.5e6), "1.5M"}, {Short(2e12), "2T"},
		{Percent(0.125), "12.5 %"}, {Power(1e12), "10¹²"}, {Power(0.001), "10⁻³"}, {Power(1), "10⁰"},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}

func TestShare(t *testing.T) {
	linear, log := Axis{Min: 10, Max: 30}, Axis{Min: 1, Max: 100, Log: true}
	for _, test := range []struct{ got, want float64 }{
		{linear.share(20), 0.5}, {linear.share(99), 1}, {linear.share(0), 0}, {log.share(10), 0.5}, {log.share(0.001), 0},
	} {
		if test.got != test.want {
			t.Errorf("%v, want %v", test.got, test.want)
		}
	}
	if ticks := log.ticks(); !slices.Equal(ticks, []float64{1, 10, 100}) {
		t.Errorf("ticks %v", ticks)
	}
}

func TestApart(t *testing.T) {
	got := apart([]float64{50, 52, 10, 99}, 10, 0, 100)
	if want := []float64{50, 60, 10, 99}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	got = apart([]float64{99, 100}, 10, 0, 100)
	if want := []float64{90, 100}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestDocuments looks that what is drawn is XML, has every name, and says what is hostile as text.
func TestDocuments(t *testing.T) {
	lines := &Lines{
		Title: "<lines> & more", Caption: "two\nlines", X: Axis{Label: "x", Min: 0, Max: 10}, Y: Axis{Label: "y", Log: true, Min: 1, Max: 1000},
		Series: []Series{
			{Name: "a<b", X: []float64{0, 10}, Y: []float64{1, 1000}},
			{Name: "second", X: []float64{0, 10}, Y: []float64{1, 990}, Dashed: true},
		},
		Marks: []Mark{{100, "limit"}},
	}
	bars := &Bars{
		Title: "bars", Axis: Axis{Label: "v", Min: 0, Max: 1},
		Rows: []Bar{{"one", 0.5, "half", 1}, {"two", 0, "none", 2}}, Marks: []Mark{{0.7, "most"}},
	}
	for svg, names := range map[string][]string{
		lines.SVG(): {"<lines> & more", "two", "lines", "a<b", "second", "limit", "↑ y", "x →"},
		bars.SVG():  {"bars", "one", "two", "half", "none", "most", "v →"},
	} {
		texts := textsOf(t, svg)
		for _, name := range names {
			if !slices.Contains(texts, name) {
				t.Errorf("%q is not drawn", name)
			}
		}
	}
}

func textsOf(t *testing.T, svg string) (texts []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return texts
		}
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := token.(xml.CharData); ok {
			texts = append(texts, string(data))
		}
	}
}
