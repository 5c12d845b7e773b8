// Package ranges is a model of a database that keeps one ordered table in ranges of keys: it splits ranges that are large
// and ranges that are busy, and merges those that are small and idle, as CockroachDB says that it does. It has no replicas
// and no nodes: what it tells is how much of the load meets one range, which one replica, the leaseholder, answers for.
//
// Sources:
// https://www.cockroachlabs.com/docs/stable/load-based-splitting
// https://www.cockroachlabs.com/docs/stable/architecture/distribution-layer#range-splits
// https://www.cockroachlabs.com/docs/stable/hash-sharded-indexes
package ranges

import (
	"cmp"
	"slices"
)

// Options are the thresholds of a Store.
type Options struct {
	// MaxSize and MinSize are the sizes above which a range is split in the middle, and below which it is merged with a
	// neighbour if that is not too much, in bytes.
	MaxSize, MinSize int64
	// MaxLoad is the number of requests of a step above which a range is split by load; 0 means never. Ranges are merged
	// only if they have less than half of it together.
	MaxLoad float64
}

// Balance is the largest share of the load that one side of a split by load may have: a point that does not divide it
// better is none.
const Balance = 0.75

// smoothing is the weight of the last step in the average of loads.
const smoothing = 0.5

// Store is the table. It is not safe for concurrent use.
type Store struct {
	opts   Options
	ranges []*piece // in the order of their keys
	// what happened so far
	sizeSplits, loadSplits, merges int
}

// piece is a range: the keys from its first, which is inclusive, to that of the next.
type piece struct {
	from  string
	keys  []sized
	bytes int64
	asked []string // the keys of this step's requests, in the order of time
	load  float64  // requests of a step, averaged
}

// sized is a key with the bytes of its row.
type sized struct {
	key   string
	bytes int64
}

// New returns a store of one range.
func New(opts Options) *Store { return &Store{opts: opts, ranges: []*piece{{}}} }

// Write adds a row, which counts as a request.
func (s *Store) Write(key string, bytes int64) {
	p := s.of(key)
	p.keys = append(p.keys, sized{key, bytes})
	p.bytes += bytes
	p.asked = append(p.asked, key)
}

// Read counts a request for a key.
func (s *Store) Read(key string) {
	p := s.of(key)
	p.asked = append(p.asked, key)
}

// of returns the range of a key.
func (s *Store) of(key string) *piece {
	at, found := slices.BinarySearchFunc(s.ranges, key, func(p *piece, key string) int { return cmp.Compare(p.from, key) })
	if !found {
		at--
	}
	return s.ranges[at]
}

// Step ends a step of time: it returns the load of it, and splits and merges ranges because of it.
func (s *Store) Step() Load {
	l := s.load()
	for _, p := range s.ranges {
		p.load += smoothing * (float64(len(p.asked)) - p.load)
	}
	s.split()
	s.merge()
	for _, p := range s.ranges {
		p.asked = nil
	}
	return l
}

// split divides ranges until none is too large, and each that is too busy once.
func (s *Store) split() {
	var after []*piece
	for _, p := range s.ranges {
		parts := []*piece{p}
		if s.opts.MaxLoad > 0 && p.load > s.opts.MaxLoad {
			if at := divide(p.asked); at != "" && at > p.from {
				parts = p.cut(at)
				s.loadSplits++
			}
		}
		for len(parts) > 0 {
			first := parts[0]
			parts = parts[1:]
			at := ""
			if first.bytes > s.opts.MaxSize {
				at = first.middle()
			}
			if at == "" {
				after = append(after, first)
				continue
			}
			parts = append(first.cut(at), parts...)
			s.sizeSplits++
		}
	}
	s.ranges = after
}

// middle returns the key in the middle of a range, by bytes, at which it can be cut; empty if there is none.
func (p *piece) middle() string {
	if len(p.keys) < 2 {
		return ""
	}
	slices.SortFunc(p.keys, func(a, b sized) int { return cmp.Compare(a.key, b.key) })
	var sum int64
	for _, k := range p.keys {
		if sum += k.bytes; sum > p.bytes/2 && k.key > p.from {
			return k.key
		}
	}
	return ""
}

// cut returns the two ranges that a range becomes.
func (p *piece) cut(at string) []*piece {
	left, right := &piece{from: p.from}, &piece{from: at}
	side := func(key string) *piece {
		if key < at {
			return left
		}
		return right
	}
	for _, k := range p.keys {
		of := side(k.key)
		of.keys = append(of.keys, k)
		of.bytes += k.bytes
	}
	for _, key := range p.asked {
		of := side(key)
		of.asked = append(of.asked, key)
	}
	if n := len(p.asked); n > 0 {
		left.load = p.load * float64(len(left.asked)) / float64(n)
		right.load = p.load - left.load
	}
	return []*piece{left, right}
}

// divide returns the key that divides requests, given in the order of time, best; empty if none does well enough.
// Candidates are what was asked for first, and are judged by what was asked for later: so a range at whose end all rows are
// written has none, wherever it is cut.
func divide(asked []string) string {
	half := len(asked) / 2
	candidates, later := slices.Clone(asked[:half]), slices.Clone(asked[half:])
	slices.Sort(candidates)
	slices.Sort(later)
	best, share := "", Balance
	for _, key := range slices.Compact(candidates) {
		left, _ := slices.BinarySearch(later, key)
		larger := float64(max(left, len(later)-left)) / float64(len(later))
		if larger < share {
			best, share = key, larger
		}
	}
	return best
}

// merge joins neighbours that are small and idle.
func (s *Store) merge() {
	after := s.ranges[:1]
	for _, p := range s.ranges[1:] {
		last := after[len(after)-1]
		small := min(last.bytes, p.bytes) < s.opts.MinSize && last.bytes+p.bytes < s.opts.MaxSize/2
		if small && (s.opts.MaxLoad == 0 || last.load+p.load < s.opts.MaxLoad/2) {
			last.keys = append(last.keys, p.keys...)
			last.bytes += p.bytes
			last.load += p.load
			s.merges++
			continue
		}
		after = append(after, p)
	}
	s.ranges = after
}
