package backup

import (
	"sync"
	"time"
)

// meter counts what is done, and tells it now and then. Its methods are safe for concurrent use.
type meter[T any] struct {
	// tell is called with what was counted so far; nil: never.
	tell func(T)
	mu   sync.Mutex // protects the fields below, and is held while tell runs
	at   T
	// told is when it was told last; at first, when there was something to tell.
	told time.Time
}

// set changes what was counted.
func (m *meter[T]) set(change func(at *T)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.at)
}

// count is set, and tells if it is time.
func (m *meter[T]) count(change func(at *T)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.at)
	if m.tell == nil {
		return
	}
	now := time.Now()
	if m.told.IsZero() {
		m.told = now
	}
	if now.Sub(m.told) >= tellEvery {
		m.told = now
		m.tell(m.at)
	}
}
