// Package memory is a blob engine that keeps everything in memory and forgets it on Close. It is the
// engine of tests.
package memory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"crossgrant/internal/blob"
)

// errEnded answers the use of a writer after its end, or after its blob was deleted.
var errEnded = errors.New("blob: write has ended")

// Store is a blob.Store in memory.
type Store struct {
	mu     sync.Mutex // protects the fields below
	closed bool
	staged map[blob.ID]*writer
	// blobs has the committed blobs, whose bytes never change, so that readers need no lock.
	blobs map[blob.ID][]byte
	// unsettled are those of blobs that were not settled; true if it was before a Crash, so that Recover asks.
	unsettled map[blob.ID]bool
}

var (
	_ blob.Linker = (*Store)(nil)
	_ blob.Writer = (*writer)(nil)
)

// New returns an empty store.
func New() *Store {
	return &Store{staged: map[blob.ID]*writer{}, blobs: map[blob.ID][]byte{}, unsettled: map[blob.ID]bool{}}
}

// Crash makes the store what a durable one would be if the process ended now and began anew. Recover comes next.
func (s *Store) Crash() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.staged)
	for id := range s.unsettled {
		s.unsettled[id] = true
	}
}

// Recover keeps or removes what was not settled before the last Crash.
func (s *Store) Recover(ctx context.Context, named blob.Named) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	var ids []blob.ID
	for id, left := range s.unsettled {
		if left {
			ids = append(ids, id)
		}
	}
	s.mu.Unlock()
	keep, err := named(ctx, ids)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if keep[i] {
			s.Settle(id)
		} else if err := s.Delete(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// Settle marks the blobs as settled.
func (s *Store) Settle(ids ...blob.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		delete(s.unsettled, id)
	}
}

// New begins a blob.
func (s *Store) New(ctx context.Context, size int64) (blob.Writer, error) {
	return s.create(ctx, blob.NewID(), size)
}

// Create begins the blob id.
func (s *Store) Create(ctx context.Context, id blob.ID) (blob.Writer, error) {
	return s.create(ctx, id, -1)
}

func (s *Store) create(ctx context.Context, id blob.ID, size int64) (blob.Writer, error) {
	if err := s.enter(ctx, id); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if _, ok := s.blobs[id]; ok || s.staged[id] != nil {
		return nil, fmt.Errorf("create blob %s: %w", id, fs.ErrExist)
	}
	w := &writer{store: s, id: id, size: size}
	s.staged[id] = w
	return w, nil
}

// Open returns a reader of a range.
func (s *Store) Open(ctx context.Context, id blob.ID, offset, length int64) (io.ReadCloser, error) {
	if err := s.enter(ctx, id); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if offset < 0 || length < 0 {
		return nil, fmt.Errorf("open blob %s: %d bytes from %d is no range", id, length, offset)
	}
	data, ok := s.blobs[id]
	if !ok {
		return nil, blob.ErrNotFound
	}
	if size := int64(len(data)); offset > size || length > size-offset {
		return nil, fmt.Errorf("open blob %s: %w: %d bytes from %d of %d", id, blob.ErrCorrupt, length, offset, size)
	}
	return reader{bytes.NewReader(data[offset : offset+length])}, nil
}

// OpenWhole returns a reader of the blob, and its size.
func (s *Store) OpenWhole(ctx context.Context, id blob.ID) (io.ReadCloser, int64, error) {
	if err := s.enter(ctx, id); err != nil {
		return nil, 0, err
	}
	defer s.mu.Unlock()
	data, ok := s.blobs[id]
	if !ok {
		return nil, 0, fmt.Errorf("open blob %s: %w", id, blob.ErrNotFound)
	}
	return reader{bytes.NewReader(data)}, int64(len(data)), nil
}

// Link makes the blob to of the bytes of from.
func (s *Store) Link(ctx context.Context, from, to blob.ID) error {
	if err := to.Check(); err != nil {
		return err
	}
	if err := s.enter(ctx, from); err != nil {
		return err
	}
	defer s.mu.Unlock()
	data, ok := s.blobs[from]
	if !ok {
		return fmt.Errorf("link blob %s: %w", from, blob.ErrNotFound)
	}
	if _, ok := s.blobs[to]; ok || s.staged[to] != nil {
		return fmt.Errorf("link blob %s: %w", to, fs.ErrExist)
	}
	s.blobs[to], s.unsettled[to] = data, false
	return nil
}

// Delete removes blobs.
func (s *Store) Delete(ctx context.Context, ids ...blob.ID) error {
	if err := s.enter(ctx, ids...); err != nil {
		return err
	}
	defer s.mu.Unlock()
	for _, id := range ids {
		delete(s.staged, id)
		delete(s.blobs, id)
		delete(s.unsettled, id)
	}
	return nil
}

// Walk tells of the settled blobs.
func (s *Store) Walk(ctx context.Context, fn func(id blob.ID, size int64) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	sizes := map[blob.ID]int64{}
	for id, data := range s.blobs {
		if _, ok := s.unsettled[id]; !ok {
			sizes[id] = int64(len(data))
		}
	}
	s.mu.Unlock()
	for id, size := range sizes {
		if err := errors.Join(ctx.Err(), fn(id, size)); err != nil {
			return err
		}
	}
	return nil
}

// Close drops the blobs. Open readers stay good.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	clear(s.staged)
	clear(s.blobs)
	clear(s.unsettled)
	return nil
}

// enter checks what every call checks. If it returns nil the caller holds mu.
func (s *Store) enter(ctx context.Context, ids ...blob.ID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, id := range ids {
		if err := id.Check(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return fmt.Errorf("blob store: %w", fs.ErrClosed)
	}
	return nil
}

// reader is a bytes.Reader, with its WriteTo, that can be closed.
type reader struct {
	*bytes.Reader
}

func (reader) Close() error { return nil }

// writer collects one blob. It is alive as long as it is the one staged under its ID.
type writer struct {
	store *Store
	id    blob.ID
	size  int64 // that it has to have; -1: any
	data  bytes.Buffer
}

func (w *writer) ID() blob.ID { return w.id }

func (w *writer) Write(p []byte) (int, error) {
	w.store.mu.Lock()
	alive := w.store.staged[w.id] == w
	w.store.mu.Unlock()
	if !alive {
		return 0, errEnded
	}
	return w.data.Write(p)
}

func (w *writer) Commit() error {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if w.store.staged[w.id] != w {
		return errEnded
	}
	if err := blob.CheckSize(w.id, int64(w.data.Len()), w.size); err != nil {
		return err
	}
	delete(w.store.staged, w.id)
	w.store.blobs[w.id], w.store.unsettled[w.id] = w.data.Bytes(), false
	return nil
}

func (w *writer) Abort() {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if w.store.staged[w.id] == w {
		delete(w.store.staged, w.id)
	}
}
