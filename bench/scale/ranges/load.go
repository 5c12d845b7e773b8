package ranges

import "slices"

// Load is how the requests of a step were spread.
type Load struct {
	Requests, Ranges int
	// Hottest is the share of all requests that met one range.
	Hottest float64
	// Ratio is how many times the load of a mean range the hottest has.
	Ratio float64
}

// load returns the load of the step so far.
func (s *Store) load() Load {
	l := Load{Ranges: len(s.ranges)}
	most := 0
	for _, p := range s.ranges {
		l.Requests += len(p.asked)
		most = max(most, len(p.asked))
	}
	if l.Requests > 0 {
		l.Hottest = float64(most) / float64(l.Requests)
		l.Ratio = l.Hottest * float64(l.Ranges)
	}
	return l
}

// Loads returns the average load of each range, as shares of all, the highest first.
func (s *Store) Loads() []float64 {
	var loads []float64
	total := 0.0
	for _, p := range s.ranges {
		loads = append(loads, p.load)
		total += p.load
	}
	slices.SortFunc(loads, func(a, b float64) int {
		if a > b {
			return -1
		}
		return 1
	})
	for i := range loads {
		loads[i] /= total
	}
	return loads
}

// Counts is what became of the ranges so far.
type Counts struct{ Ranges, SizeSplits, LoadSplits, Merges int }

// Counts returns them.
func (s *Store) Counts() Counts {
	return Counts{len(s.ranges), s.sizeSplits, s.loadSplits, s.merges}
}

// Fill returns how full ranges are: all bytes by those that as many ranges of the largest size would hold.
func (s *Store) Fill() float64 {
	var bytes int64
	for _, p := range s.ranges {
		bytes += p.bytes
	}
	return float64(bytes) / float64(int64(len(s.ranges))*s.opts.MaxSize)
}
