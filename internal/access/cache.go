package access

import "sync"

// cache keeps what was read from the store under its key. It never keeps a value that was read before
// a drop of any key and stored after it: such a value may be from before the change. It is safe for
// concurrent use.
type cache[K comparable, V any] struct {
	max int

	mu sync.RWMutex
	// entries has at most max entries. drops counts the drops so far; a value that was loaded while
	// drops was lower than it is now is not kept.
	entries map[K]V
	drops   uint64
}

func newCache[K comparable, V any](max int) *cache[K, V] {
	return &cache[K, V]{max: max, entries: map[K]V{}}
}

// get returns the value of key, which load reads from the store if it is not kept. Several callers may
// load the same key at once: a caller that waited for another one's load could be given a value from
// before its own request began.
func (c *cache[K, V]) get(key K, load func() (V, error)) (V, error) {
	c.mu.RLock()
	v, ok := c.entries[key]
	drops := c.drops
	c.mu.RUnlock()
	if ok {
		return v, nil
	}
	v, err := load()
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drops != drops {
		return v, nil
	}
	if len(c.entries) >= c.max {
		c.evictLocked()
	}
	c.entries[key] = v
	return v, nil
}

// drop forgets key.
func (c *cache[K, V]) drop(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	delete(c.entries, key)
}

// evictLocked forgets a sixteenth of the entries, whichever the map yields first, so that the cost of
// a full cache is spread over many loads. c.mu must be held.
func (c *cache[K, V]) evictLocked() {
	n := c.max/16 + 1
	for key := range c.entries {
		if n == 0 {
			return
		}
		delete(c.entries, key)
		n--
	}
}
