package limits

import (
	"container/list"
	"sync"
	"time"
)

// Rates are token buckets by key, of which a fixed number is kept. The bucket that was not asked for the longest is
// forgotten for a new one, and is full when its key comes again. That changes nothing for a bucket that had the time
// to fill, which is its burst over its rate; so whoever comes from very many keys gains no more than the full
// buckets that each of them has anyway, and takes nothing from the others.
//
// All methods are safe for concurrent use.
type Rates[K comparable] struct {
	most int

	mu      sync.Mutex
	buckets map[K]*list.Element // of used
	used    list.List           // of *bucket[K], the latest used first
}

// bucket is the tokens of one key.
type bucket[K comparable] struct {
	key    K
	tokens float64
	at     time.Time // when tokens was right
}

// NewRates returns buckets for at most this many keys, at least one.
func NewRates[K comparable](most int) *Rates[K] {
	return &Rates[K]{most: max(most, 1), buckets: map[K]*list.Element{}}
}

// Take takes a token from the bucket of key, which holds burst of them, at least one, and gets rate of them each
// second, more than 0. It returns 0, or how long it takes until there is a token again: then none was taken.
func (r *Rates[K]) Take(key K, rate, burst int, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.buckets[key]
	if e == nil {
		e = r.add(key, float64(max(burst, 1)), now)
	}
	r.used.MoveToFront(e)
	b := e.Value.(*bucket[K])
	if passed := now.Sub(b.at); passed > 0 {
		b.tokens += passed.Seconds() * float64(rate)
		b.at = now
	}
	// Also where the burst was lowered.
	b.tokens = min(b.tokens, float64(max(burst, 1)))
	if b.tokens >= 1 {
		b.tokens--
		return 0
	}
	return max(time.Duration((1-b.tokens)/float64(rate)*float64(time.Second)), 1)
}

// add keeps a new bucket. The caller holds mu.
func (r *Rates[K]) add(key K, tokens float64, now time.Time) *list.Element {
	if len(r.buckets) >= r.most {
		delete(r.buckets, r.used.Remove(r.used.Back()).(*bucket[K]).key)
	}
	e := r.used.PushFront(&bucket[K]{key: key, tokens: tokens, at: now})
	r.buckets[key] = e
	return e
}
