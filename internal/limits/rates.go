package limits

import (
	"hash/maphash"
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
	seed   maphash.Seed
	shards [shards]rateShard[K]
}

// shards is how many locks the buckets are divided among.
const shards = 16

type rateShard[K comparable] struct {
	mu      sync.Mutex
	most    int
	buckets map[K]*bucket[K]
	newest  *bucket[K] // ring, from the latest used to the one before
}

// bucket is the tokens of one key.
type bucket[K comparable] struct {
	key          K
	tokens       float64
	at           time.Time // when tokens was right
	newer, older *bucket[K]
}

// NewRates returns buckets for at most this many keys, at least one for each lock.
func NewRates[K comparable](most int) *Rates[K] {
	r := &Rates[K]{seed: maphash.MakeSeed()}
	for i := range r.shards {
		r.shards[i].most, r.shards[i].buckets = max(most/shards, 1), map[K]*bucket[K]{}
	}
	return r
}

// Take takes a token from the bucket of key, which holds burst of them, at least one, and gets rate of them each
// second, more than 0. It returns 0, or how long it takes until there is a token again: then none was taken.
func (r *Rates[K]) Take(key K, rate, burst int, now time.Time) time.Duration {
	s := &r.shards[maphash.Comparable(r.seed, key)%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[key]
	if b == nil {
		b = s.add(key, float64(max(burst, 1)), now)
	} else if s.newest != b {
		s.unlink(b)
		s.link(b)
	}
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

// Len returns how many buckets are kept.
func (r *Rates[K]) Len() int {
	n := 0
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		n += len(s.buckets)
		s.mu.Unlock()
	}
	return n
}

// add keeps a new bucket. The caller holds mu.
func (s *rateShard[K]) add(key K, tokens float64, now time.Time) *bucket[K] {
	if len(s.buckets) >= s.most {
		oldest := s.newest.newer
		s.unlink(oldest)
		delete(s.buckets, oldest.key)
	}
	b := &bucket[K]{key: key, tokens: tokens, at: now}
	s.buckets[key] = b
	s.link(b)
	return b
}

// link puts a bucket into the ring as the latest used. The caller holds mu.
func (s *rateShard[K]) link(b *bucket[K]) {
	if s.newest == nil {
		b.newer, b.older = b, b
	} else {
		b.older, b.newer = s.newest, s.newest.newer
		b.older.newer, b.newer.older = b, b
	}
	s.newest = b
}

// unlink takes a bucket out of the ring. The caller holds mu.
func (s *rateShard[K]) unlink(b *bucket[K]) {
	if b.newer == b {
		s.newest = nil
		return
	}
	b.newer.older, b.older.newer = b.older, b.newer
	if s.newest == b {
		s.newest = b.older
	}
}
