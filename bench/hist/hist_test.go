package hist

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestBuckets proves that buckets follow each other without a gap, and are at most one in 128 wide.
func TestBuckets(t *testing.T) {
	t.Parallel()
	for i := range buckets - 1 {
		end := upper(i)
		if bucket(end) != i || bucket(end+1) != i+1 {
			t.Fatalf("bucket %d ends at %d, but %d is in %d and %d in %d", i, end, end, bucket(end), end+1, bucket(end+1))
		}
		if i > 0 {
			if begin := upper(i-1) + 1; (end-begin)*128 > begin {
				t.Fatalf("bucket %d from %d to %d is too wide", i, begin, end)
			}
		}
	}
	if got := bucket(1 << 63); got != buckets-1 {
		t.Errorf("the greatest values are in bucket %d, want %d", got, buckets-1)
	}
}

// TestQuantiles compares with the exact quantiles of the same values.
func TestQuantiles(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var both [2]Histogram
	var values []time.Duration
	for i := range 20000 {
		v := time.Duration(random.ExpFloat64() * 1e6)
		values = append(values, v)
		both[i%2].Record(v)
	}
	h := &both[0]
	h.Add(&both[1])
	slices.Sort(values)
	for _, q := range []float64{0, 0.001, 0.5, 0.9, 0.99, 0.999, 1} {
		exact := values[max(int(q*float64(len(values))+0.999999), 1)-1]
		if got := h.Quantile(q); got < exact || float64(got) > float64(exact)*129/128+1 {
			t.Errorf("quantile %v is %v, want %v", q, got, exact)
		}
	}
	if h.Count() != 20000 || h.Max() != values[len(values)-1] {
		t.Errorf("count %d and max %v, want 20000 and %v", h.Count(), h.Max(), values[len(values)-1])
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	var h Histogram
	if h.Quantile(0.99) != 0 || h.Mean() != 0 || h.Max() != 0 {
		t.Errorf("an empty histogram has quantile %v, mean %v, max %v", h.Quantile(0.99), h.Mean(), h.Max())
	}
	h.Record(-time.Second)
	if h.Count() != 1 || h.Quantile(1) != 0 {
		t.Errorf("a negative duration counts as %v", h.Quantile(1))
	}
}
