package picture

import (
	"cmp"
	"slices"
)

// span is what a link needs of a channel: from one place along it to another, and at each of the two ends the side
// to which it goes on.
type span struct {
	link     int
	trunk    string // spans with the same trunk share a lane, also where they overlap
	from, to int    // from <= to
	sideFrom int    // left or right; in a horizontal channel: up or down
	sideTo   int
}

// apart is how far two lines in one lane are from each other at least, in pixels.
const apart = 20

// pack gives each span a lane so that no two overlap that do not share a trunk, and returns the lane of each
// span, and how many there are. Lanes are ordered so that lines cross little.
func pack(spans []span) (lanes []int, n int) {
	trunks := trunksOf(spans)
	var ends []int // of each lane, where it is taken up to
	lanes = make([]int, len(spans))
	for _, t := range trunks {
		lane := slices.IndexFunc(ends, func(end int) bool { return end+apart <= t.from })
		if lane < 0 {
			lane = len(ends)
			ends = append(ends, 0)
		}
		ends[lane] = t.to
		for _, i := range t.spans {
			lanes[i] = lane
		}
	}
	untangle(spans, lanes, len(ends))
	return lanes, len(ends)
}

// trunk is one or more spans that share a lane.
type trunk struct {
	from, to int
	spans    []int
}

// trunksOf returns the trunks of some spans, in order of where they begin.
func trunksOf(spans []span) []*trunk {
	var all []*trunk
	named := map[string]*trunk{}
	for i, s := range spans {
		t := named[s.trunk]
		if s.trunk == "" || t == nil {
			t = &trunk{from: s.from, to: s.to}
			named[s.trunk] = t
			all = append(all, t)
		}
		t.from, t.to = min(t.from, s.from), max(t.to, s.to)
		t.spans = append(t.spans, i)
	}
	slices.SortStableFunc(all, func(a, b *trunk) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	return all
}

// tangled is how many spans are too many to look for crossings among them.
const tangled = 300

// untangle swaps neighbouring lanes as long as that removes crossings.
func untangle(spans []span, lanes []int, n int) {
	if len(spans) > tangled {
		return
	}
	by := make([][]int, n)
	for i, lane := range lanes {
		by[lane] = append(by[lane], i)
	}
	for range n {
		better := false
		for lane := 0; lane+1 < n; lane++ {
			a, b := by[lane], by[lane+1]
			if crossings(spans, b, a) < crossings(spans, a, b) {
				by[lane], by[lane+1], better = b, a, true
			}
		}
		if !better {
			break
		}
	}
	for lane, of := range by {
		for _, i := range of {
			lanes[i] = lane
		}
	}
}

// crossings returns how often lines of two neighbouring lanes cross, a being left of b: where one of a goes
// on to the right within one of b, or one of b to the left within one of a.
func crossings(spans []span, a, b []int) int {
	n := 0
	for _, i := range a {
		for _, j := range b {
			n += spans[i].meets(right, &spans[j]) + spans[j].meets(left, &spans[i])
		}
	}
	return n
}

// meets returns how many ends of s that go on to this side do so within other.
func (s *span) meets(side int, other *span) int {
	n := 0
	if s.sideFrom == side && other.from < s.from && s.from < other.to {
		n++
	}
	if s.sideTo == side && other.from < s.to && s.to < other.to {
		n++
	}
	return n
}
