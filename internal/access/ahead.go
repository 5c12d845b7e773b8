package access

import (
	"context"
	"fmt"
	"sync"

	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
)

// Subject is what a request is about, as far as it shows before anybody is believed.
type Subject struct {
	AccessKeyID ids.AccessKeyID // empty: none
	Bucket      string          // empty: none
	// Operation tells apart what reads different things; any text.
	Operation string
	// More returns what else the request will read of the store, given its bucket, and a range of it or nil. It is asked
	// only if the bucket is kept. Nil: nothing.
	More func(b *Bucket) (keys [][]byte, of *meta.Range)
}

// Ahead reads in one round trip what a request, about which about tells, will most likely need of a store that is shared: the stamps by which
// what is kept is judged to hold, and what the subject names. It has to be called when the request begins, and everything
// else with the context that it returns. In a store that is not shared it does nothing. What is not guessed right costs round trips,
// and no more.
func (a *Access) Ahead(ctx context.Context, about func() Subject) (context.Context, error) {
	if !a.store.Shared() {
		return ctx, nil
	}
	subject := about()
	guess := guessed{subject.AccessKeyID, subject.Bucket, subject.Operation}
	if _, err := ids.ParseAccessKeyID(string(guess.key)); err != nil {
		guess.key = "" // nobody has it, and nothing of its length is kept
	}
	wanted := a.guesses.of(guess)
	var of *meta.Range
	if subject.More != nil && subject.Bucket != "" {
		if b := a.buckets.peek(subject.Bucket); b != nil {
			var more [][]byte
			more, of = subject.More(b)
			wanted = append(wanted, more...)
		}
	}
	ctx, err := a.store.AheadRange(ctx, wanted, of)
	if err != nil {
		return ctx, fmt.Errorf("read ahead: %w", err)
	}
	seen := &view{ahead: meta.AheadOf(ctx), missed: func(keys [][]byte) { a.guesses.add(guess, keys) }}
	return context.WithValue(ctx, viewKey{}, seen), nil
}

// peek returns what is kept under key, whether it holds or not; the zero value for nothing.
func (c *cache[K, V]) peek(key K) (v V) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if e := c.entries[key]; e != nil {
		return e.value
	}
	return v
}

// guessed is what a guess is about.
type guessed struct {
	key       ids.AccessKeyID
	bucket    string
	operation string
}

// How many guesses are kept, and how many stamps one has: more than any request needs.
const (
	maxGuesses = 1 << 15
	maxGuess   = 24
)

// guesses are the stamps that requests alike had to read before. The zero value has none.
type guesses struct {
	mu    sync.RWMutex
	known map[guessed][][]byte
}

// of returns the stamps for a request; the slice is the caller's to append to.
func (g *guesses) of(about guessed) [][]byte {
	g.mu.RLock()
	defer g.mu.RUnlock()
	known := g.known[about]
	return known[:len(known):len(known)]
}

// add notes stamps that a request had to read.
func (g *guesses) add(about guessed, stamps [][]byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known == nil {
		g.known = map[guessed][][]byte{}
	}
	had, ok := g.known[about]
	if !ok && len(g.known) >= maxGuesses {
		for one := range g.known { // whichever the map yields first
			delete(g.known, one)
			break
		}
	}
	merged := merge(had, stamps)
	if len(merged) > maxGuess {
		merged = merge(nil, stamps[:min(len(stamps), maxGuess)])
	}
	g.known[about] = merged
}

// merge returns a new slice with what is in either, each once.
func merge(had, more [][]byte) [][]byte {
	merged := make([][]byte, 0, len(had)+len(more))
	known := make(map[string]bool, len(had)+len(more))
	for _, list := range [][][]byte{had, more} {
		for _, key := range list {
			if !known[string(key)] {
				known[string(key)] = true
				merged = append(merged, key)
			}
		}
	}
	return merged
}
