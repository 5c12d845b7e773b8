package access

import (
	"context"
	"sync"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// cache keeps what was read from the store, and forgets it when one of the keys that it was read from is
// written: exactly those values, because the keys are noted as they are read. It never keeps a value of
// which a key was written while it was read. It is safe for concurrent use.
type cache[K comparable, V any] struct {
	store *meta.Store
	max   int

	mu sync.RWMutex
	// entries has at most max entries. users tells for a key of the store which entries were read from
	// it.
	entries map[K]*entry[V]
	users   map[string]map[K]bool
	// loads are those under way.
	loads map[*load]bool
}

type entry[V any] struct {
	value V
	// reads are the keys of the store that value was read from.
	reads []string
	// stamps has the revisions of their stamps, in a store that is shared.
	stamps stamps
}

// load is one reading of a value: the keys that it has read so far, and their stamps.
type load struct {
	store  *meta.Store
	reads  []string
	stamps stamps
	// snapshot, if it is not nil, is what all is read from, also the parts: see settled.
	snapshot meta.Reader
	// written are the keys that were written since the load began; all says that any may have been. Its
	// cache's mu guards both.
	written map[string]bool
	all     bool
}

// forgetter is a cache of any type.
type forgetter interface {
	forget(written []string)
	forgetAll()
}

func newCache[K comparable, V any](store *meta.Store, max int) *cache[K, V] {
	return &cache[K, V]{
		store: store, max: max, entries: map[K]*entry[V]{}, users: map[string]map[K]bool{}, loads: map[*load]bool{},
	}
}

// get returns the value of key, which read makes if it is not kept. Several callers may read the same
// value at once: a caller that waited for another one's could be given a value from before its own
// request began. part is the load that the value becomes a part of; nil if there is none.
//
// In a store that is shared, what is kept holds as long as the request that ctx belongs to has seen the same stamps (see Remembered).
func (c *cache[K, V]) get(ctx context.Context, key K, part *load, read func(l *load) (V, error)) (V, error) {
	if part != nil && part.snapshot != nil {
		return read(part)
	}
	c.mu.RLock()
	kept := c.entries[key]
	c.mu.RUnlock()
	if kept != nil {
		same, err := kept.stamps.hold(ctx, c.store)
		if err != nil {
			return *new(V), err
		}
		if same {
			part.add(kept.reads, kept.stamps)
			return kept.value, nil
		}
	}
	once := func(l *load) (V, error) {
		if l.snapshot != nil {
			return read(l)
		}
		c.mu.Lock()
		c.loads[l] = true
		c.mu.Unlock()
		v, err := read(l)
		c.end(key, l, v, err)
		return v, err
	}
	if part == nil {
		return settled(ctx, c.store, once)
	}
	l := &load{store: c.store}
	v, err := once(l)
	part.add(l.reads, l.stamps)
	return v, err
}

// end keeps what a load has read, unless it failed or one of its keys was written meanwhile.
func (c *cache[K, V]) end(key K, l *load, v V, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.loads, l)
	if err != nil || l.overtaken() || l.stamps.torn() {
		return
	}
	if len(c.entries) >= c.max {
		c.evictLocked()
	}
	c.dropLocked(key)
	c.entries[key] = &entry[V]{v, l.reads, l.stamps}
	for _, k := range l.reads {
		if c.users[k] == nil {
			c.users[k] = map[K]bool{}
		}
		c.users[k][key] = true
	}
}

// forget drops the values that were read from any of the keys, and keeps those that are being read from
// being kept.
func (c *cache[K, V]) forget(written []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for l := range c.loads {
		l.overtake(written)
	}
	for _, k := range written {
		for key := range c.users[k] {
			c.dropLocked(key)
		}
	}
}

// forgetAll drops every value, and keeps those that are being read from being kept.
func (c *cache[K, V]) forgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for l := range c.loads {
		l.all = true
	}
	clear(c.entries)
	clear(c.users)
}

// dropLocked forgets one value. c.mu must be held.
func (c *cache[K, V]) dropLocked(key K) {
	e := c.entries[key]
	if e == nil {
		return
	}
	delete(c.entries, key)
	for _, k := range e.reads {
		delete(c.users[k], key)
		if len(c.users[k]) == 0 {
			delete(c.users, k)
		}
	}
}

// evictLocked forgets a sixteenth of the entries, whichever the map yields first, so that the cost of
// a full cache is spread over many loads. c.mu must be held.
func (c *cache[K, V]) evictLocked() {
	n := c.max/16 + 1
	for key := range c.entries {
		if n == 0 {
			return
		}
		c.dropLocked(key)
		n--
	}
}

// view runs fn on one snapshot of the store and notes the keys that it reads. In a store that is shared, what fn reads is
// read with its stamps, and of one snapshot if they say so in the end: see settled.
func (l *load) view(ctx context.Context, fn func(meta.Reader) error) error {
	switch {
	case l.snapshot != nil:
		return fn(noting{l.snapshot, l})
	case l.store.Shared():
		return fn(noting{stampReader{ctx, l}, l})
	}
	return l.store.View(ctx, func(r meta.Reader) error { return fn(noting{r, l}) })
}

// add notes keys that a part of the value was read from, with their stamps. It does nothing for a nil load.
func (l *load) add(reads []string, seen stamps) {
	if l != nil {
		l.reads = append(l.reads, reads...)
		l.stamps.join(seen)
	}
}

func (l *load) overtake(written []string) {
	if l.written == nil {
		l.written = map[string]bool{}
	}
	for _, k := range written {
		l.written[k] = true
	}
}

func (l *load) overtaken() bool {
	if l.all {
		return true
	}
	for _, k := range l.reads {
		if l.written[k] {
			return true
		}
	}
	return false
}

// noting is a reader that notes which keys are read.
type noting struct {
	meta.Reader
	load *load
}

// Get implements meta.Reader.
func (n noting) Get(key []byte) ([]byte, error) {
	n.load.reads = append(n.load.reads, string(key))
	return n.Reader.Get(key)
}

// GetMany implements meta.Reader.
func (n noting) GetMany(keys [][]byte) ([][]byte, error) {
	for _, key := range keys {
		n.load.reads = append(n.load.reads, string(key))
	}
	return n.Reader.GetMany(keys)
}

// Scan panics: a value that was read from a range would have to be forgotten when any key of it is
// written, those that did not exist included, and nothing here needs that.
func (n noting) Scan(_, _ []byte) meta.Iterator {
	panic("access: what is kept must not be read from a range")
}

// forget tells every cache what was written, parts before what is made of them. The other way round, a value
// that is made in between, from a part that is not forgotten yet, would be kept: its load begins after its
// cache was told. This way it is being loaded, or kept, when its cache is told.
//
// Objects, which are most of what is written, have no part in anything that is kept. A nil written says that any
// key may have changed.
func (a *Access) forget(written [][]byte) {
	if written == nil {
		for _, c := range a.caches {
			c.forgetAll()
		}
		return
	}
	var names []string
	for _, key := range written {
		if !keys.OfObjects(key) {
			names = append(names, string(key))
		}
	}
	if names == nil {
		return
	}
	for _, c := range a.caches {
		c.forget(names)
	}
}
