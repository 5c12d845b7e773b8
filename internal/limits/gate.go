package limits

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrBusy says that a gate let nobody in within the time that was given, or that too many wait before it.
var ErrBusy = errors.New("limits: too much is under way")

// appetite is how many times the free slots one key may hold: a key alone gets at most appetite of appetite+1
// slots, and whoever comes next finds some free, however greedy the others are. It is the dynamic threshold of
// switches that share a buffer.
//
// Source: https://doi.org/10.1109/90.664262 (Choudhury and Hahne, Dynamic Queue Length Thresholds, 1998)
const appetite = 8

// Gate lets through as many as it has slots. Whoever finds none waits: first come, first served within a key, and
// the keys in turn, so that a key with a thousand waiters and one with a single waiter are served alike. Where too
// many wait, the newest of the key with most waiters is turned away.
//
// All methods are safe for concurrent use.
type Gate[K comparable] struct {
	slots, room int

	mu   sync.Mutex
	used int
	// keys has those that hold slots or wait, and a few that did.
	keys    map[K]*share[K]
	waiting int
	turns   int       // length of the ring
	next    *share[K] // ring of the keys that wait, at the one whose turn is next; nil: nobody waits
}

// known is how many keys a gate remembers although they may have nothing, so that it does not make them anew for every
// request.
const known = 256

// share is what one key has of a gate.
type share[K comparable] struct {
	key        K
	held       int
	queue      []*waiter // oldest first
	prev, turn *share[K] // in the ring, while queue is not empty
}

// waiter is told by a value in done: true if it was let in.
type waiter struct{ done chan bool }

// NewGate returns a gate with so many slots, at least one, before which at most room wait.
func NewGate[K comparable](slots, room int) *Gate[K] {
	return &Gate[K]{slots: max(slots, 1), room: room, keys: map[K]*share[K]{}}
}

// Enter takes a slot for key and returns nil; the slot is given back by Leave. It waits for one at most as long as
// patience, and as ctx lasts: ErrBusy or the error of ctx.
func (g *Gate[K]) Enter(ctx context.Context, key K, patience time.Duration) error {
	g.mu.Lock()
	s := g.share(key)
	if len(s.queue) == 0 && g.fits(s) {
		s.held++
		g.used++
		g.mu.Unlock()
		return nil
	}
	w := g.enqueue(s, patience)
	g.mu.Unlock()
	if w == nil {
		return ErrBusy
	}
	return g.wait(ctx, s, w, patience)
}

// Leave gives back a slot that Enter took for key.
func (g *Gate[K]) Leave(key K) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.keys[key]
	s.held--
	g.used--
	g.drop(s)
	if g.next != nil {
		g.serve()
	}
}

// Used returns how many slots are taken.
func (g *Gate[K]) Used() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.used
}

// Waiting returns how many wait.
func (g *Gate[K]) Waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waiting
}

// wait waits until w is told, or gives up.
func (g *Gate[K]) wait(ctx context.Context, s *share[K], w *waiter, patience time.Duration) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	err := ErrBusy
	select {
	case in := <-w.done:
		return entered(in)
	case <-timer.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	g.mu.Lock()
	for i, one := range s.queue {
		if one == w {
			g.take(s, i)
			g.drop(s)
			g.mu.Unlock()
			return err
		}
	}
	g.mu.Unlock()
	// It was told in the meantime.
	return entered(<-w.done)
}

func entered(in bool) error {
	if in {
		return nil
	}
	return ErrBusy
}

// share returns what key has. The caller holds mu, and drops the share if it stays empty.
func (g *Gate[K]) share(key K) *share[K] {
	s := g.keys[key]
	if s == nil {
		s = &share[K]{key: key}
		g.keys[key] = s
	}
	return s
}

// drop forgets a share that has nothing, if many are known. The caller holds mu.
func (g *Gate[K]) drop(s *share[K]) {
	if len(g.keys) > known && s.held == 0 && len(s.queue) == 0 {
		delete(g.keys, s.key)
	}
}

// fits reports whether a key may have one slot more. The caller holds mu.
func (g *Gate[K]) fits(s *share[K]) bool { return s.held < appetite*(g.slots-g.used) }

// enqueue returns a new waiter of s, or nil if there is no room for it. The caller holds mu.
func (g *Gate[K]) enqueue(s *share[K], patience time.Duration) *waiter {
	if patience <= 0 || g.waiting >= g.room && !g.makeRoom(s) {
		g.drop(s)
		return nil
	}
	w := &waiter{make(chan bool, 1)}
	s.queue = append(s.queue, w)
	g.waiting++
	if len(s.queue) == 1 {
		g.join(s)
	}
	return w
}

// makeRoom turns away the newest waiter of the key that has most of them, if those are more than s would have, and
// reports whether there was one. The caller holds mu.
func (g *Gate[K]) makeRoom(s *share[K]) bool {
	longest := g.next
	if longest == nil {
		return false
	}
	for o := longest.turn; o != g.next; o = o.turn {
		if len(o.queue) > len(longest.queue) {
			longest = o
		}
	}
	if len(longest.queue) <= len(s.queue)+1 {
		return false
	}
	g.take(longest, len(longest.queue)-1).done <- false
	return true
}

// serve lets in who waits, the keys in turn, as long as one may have a slot. The caller holds mu, and somebody waits.
func (g *Gate[K]) serve() {
	for s, tried := g.next, 0; g.next != nil && g.used < g.slots && tried < g.turns; tried++ {
		after := s.turn
		if g.fits(s) {
			s.held++
			g.used++
			g.next = after
			g.take(s, 0).done <- true
			tried = -1
		}
		s = after
	}
}

// take removes a waiter from the queue of s. The caller holds mu.
func (g *Gate[K]) take(s *share[K], i int) *waiter {
	w := s.queue[i]
	s.queue = append(s.queue[:i], s.queue[i+1:]...)
	g.waiting--
	if len(s.queue) == 0 {
		s.queue = nil
		g.part(s)
	}
	return w
}

// join puts a key that begins to wait into the ring, as the last in turn. The caller holds mu.
func (g *Gate[K]) join(s *share[K]) {
	g.turns++
	if g.next == nil {
		g.next, s.prev, s.turn = s, s, s
		return
	}
	s.turn, s.prev = g.next, g.next.prev
	s.prev.turn, s.turn.prev = s, s
}

// part takes a key out of the ring. The caller holds mu.
func (g *Gate[K]) part(s *share[K]) {
	g.turns--
	if s.turn == s {
		g.next = nil
	} else {
		s.prev.turn, s.turn.prev = s.turn, s.prev
		if g.next == s {
			g.next = s.turn
		}
	}
	s.prev, s.turn = nil, nil
}
