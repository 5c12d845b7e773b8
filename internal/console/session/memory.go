package session

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// most is how many sessions there are in memory; of more, the one that was used longest ago ends.
const most = 10_000

// memory is a Shelf in memory.
type memory struct {
	now func() time.Time

	// mu protects what follows.
	mu sync.Mutex
	// sessions are found by the hash of their token; order has the one that was used last at its front.
	sessions map[ID]*list.Element
	order    list.List // of *kept
}

// kept is a session as it is kept.
type kept struct {
	id          ID
	sealed      []byte
	used, began time.Time
}

func newMemory(now func() time.Time) *memory {
	return &memory{now: now, sessions: map[ID]*list.Element{}}
}

// Put implements Shelf.
func (m *memory) Put(_ context.Context, id ID, sealed []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sessions[id] = m.order.PushFront(&kept{id: id, sealed: sealed, used: m.now(), began: m.now()})
	for m.order.Len() > most || m.order.Len() > 0 && m.over(m.order.Back().Value.(*kept)) {
		m.drop(m.order.Back())
	}
	return nil
}

// Get implements Shelf.
func (m *memory) Get(_ context.Context, id ID) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.sessions[id]
	if e == nil {
		return nil, nil
	}
	k := e.Value.(*kept)
	if m.over(k) {
		m.drop(e)
		return nil, nil
	}
	k.used = m.now()
	m.order.MoveToFront(e)
	return k.sealed, nil
}

// Change implements Shelf.
func (m *memory) Change(_ context.Context, id ID, change func([]byte) ([]byte, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.sessions[id]
	if e == nil {
		return nil
	}
	k := e.Value.(*kept)
	sealed, err := change(k.sealed)
	if err == nil {
		k.sealed = sealed
	}
	return err
}

// Drop implements Shelf.
func (m *memory) Drop(_ context.Context, id ID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.sessions[id]; e != nil {
		m.drop(e)
	}
	return nil
}

func (m *memory) over(k *kept) bool {
	now := m.now()
	return now.Sub(k.used) >= Idle || now.Sub(k.began) >= Longest
}

func (m *memory) drop(e *list.Element) {
	delete(m.sessions, m.order.Remove(e).(*kept).id)
}
