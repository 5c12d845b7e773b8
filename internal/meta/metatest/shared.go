package metatest

import (
	"context"
	"sync"

	"crossgrant/internal/meta"
)

// Shared is an engine as several servers share it: a meta.Remote over one that is in memory, for tests of what is done in
// shared stores. Each server has a meta.Store of its own over it. Transactions are carried out one after the other.
type Shared struct {
	meta.Engine

	mu        sync.Mutex // held while something is read or written
	revisions map[string]int64
	last      int64
	fail      error
}

var _ meta.Remote = (*Shared)(nil)

// NewShared returns a Shared over engine.
func NewShared(engine meta.Engine) *Shared {
	return &Shared{Engine: engine, revisions: map[string]int64{}}
}

// Fail makes all calls fail with err, until it is called with nil.
func (s *Shared) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// Read implements meta.Remote.
func (s *Shared) Read(ctx context.Context, keys [][]byte) ([]meta.Versioned, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return nil, s.fail
	}
	found := make([]meta.Versioned, len(keys))
	err := s.Engine.View(ctx, func(r meta.Reader) error {
		values, err := r.GetMany(keys)
		for i, value := range values {
			if value != nil {
				found[i] = meta.Versioned{Value: value, Revision: s.revisions[string(keys[i])]}
			}
		}
		return err
	})
	return found, err
}

// View implements meta.Engine.
func (s *Shared) View(ctx context.Context, fn func(meta.Reader) error) error {
	s.mu.Lock()
	fail := s.fail
	s.mu.Unlock()
	if fail != nil {
		return fail
	}
	return s.Engine.View(ctx, fn)
}

// Update implements meta.Engine.
func (s *Shared) Update(ctx context.Context, fn func(meta.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	var written *noting
	err := s.Engine.Update(ctx, func(tx meta.Tx) error {
		written = &noting{Tx: tx}
		return fn(written)
	})
	if err == nil && written != nil {
		for _, key := range written.keys {
			s.last++
			s.revisions[key] = s.last
		}
	}
	return err
}

// noting is a transaction that notes what it writes.
type noting struct {
	meta.Tx
	keys []string
}

func (n *noting) Put(key, value []byte) error {
	n.keys = append(n.keys, string(key))
	return n.Tx.Put(key, value)
}

func (n *noting) Delete(key []byte) error {
	n.keys = append(n.keys, string(key))
	return n.Tx.Delete(key)
}
