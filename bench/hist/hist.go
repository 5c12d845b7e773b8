// Package hist counts latencies in a histogram of fixed size, whose relative error is below one in 128.
//
// The buckets are log-linear: values below 256 have one each, and every power of two above them is cut
// into 128 of equal width. Recording allocates nothing, so recording does not disturb what is measured.
package hist

import (
	"encoding/json"
	"math/bits"
	"time"
)

const (
	subBits = 7            // 128 buckets for each power of two
	linear  = 2 << subBits // values below have a bucket each
	maxBits = 42           // values of 2^42 ns (73 minutes) and more share the last bucket
	buckets = (maxBits-subBits)<<subBits + 1
)

// Histogram counts durations. The zero value is empty. It is for one goroutine.
type Histogram struct {
	counts [buckets]uint64
	total  uint64
	sum    time.Duration
	max    time.Duration
}

// Record counts d; a negative one counts as zero.
func (h *Histogram) Record(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(uint64(d))]++
	h.total++
	h.sum += d
	h.max = max(h.max, d)
}

// Add counts everything that o has counted.
func (h *Histogram) Add(o *Histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.total += o.total
	h.sum += o.sum
	h.max = max(h.max, o.max)
}

// Count returns how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.total }

// Max returns the longest one, exactly.
func (h *Histogram) Max() time.Duration { return h.max }

// Mean returns the mean, exactly; zero of nothing.
func (h *Histogram) Mean() time.Duration {
	if h.total == 0 {
		return 0
	}
	return h.sum / time.Duration(h.total)
}

// Quantile returns the least duration that at least the share q of all, within 0 and 1, does not exceed,
// rounded up to the end of its bucket but never above Max; zero of nothing.
func (h *Histogram) Quantile(q float64) time.Duration {
	want := uint64(q * float64(h.total))
	if float64(want) < q*float64(h.total) {
		want++
	}
	want = max(want, 1)
	var seen uint64
	for i, n := range h.counts {
		if seen += n; seen >= want {
			return min(time.Duration(upper(i)), h.max)
		}
	}
	return h.max
}

// MarshalJSON writes the counts by the upper ends of their buckets, in nanoseconds, those of zero left out.
func (h *Histogram) MarshalJSON() ([]byte, error) {
	type pair [2]uint64
	pairs := []pair{}
	for i, n := range h.counts {
		if n > 0 {
			pairs = append(pairs, pair{upper(i), n})
		}
	}
	return json.Marshal(pairs)
}

// bucket returns the index of the bucket of v.
func bucket(v uint64) int {
	if v < linear {
		return int(v)
	}
	exponent := bits.Len64(v) - subBits - 1
	return min(exponent<<subBits+int(v>>exponent), buckets-1)
}

// upper returns the greatest value of the bucket i.
func upper(i int) uint64 {
	if i < linear {
		return uint64(i)
	}
	exponent := i>>subBits - 1
	return uint64(i-exponent<<subBits+1)<<exponent - 1
}
