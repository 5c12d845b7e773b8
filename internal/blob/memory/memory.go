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
}

var (
	_ blob.Linker = (*Store)(nil)
	_ blob.Writer = (*writer)(nil)
)

// New returns an empty store.
func New() *Store {
	return &Store{staged: map[blob.ID]*writer{}, blobs: map[blob.ID][]byte{}}
}

// Create begins the blob id.
func (s *Store) Create(ctx context.Context, id blob.ID) (blob.Writer, error) {
	if err := s.enter(ctx, id); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if _, ok := s.blobs[id]; ok || s.staged[id] != nil {
		return nil, fmt.Errorf("create blob %s: %w", id, fs.ErrExist)
	}
	w := &writer{store: s, id: id}
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
	s.blobs[to] = data
	return nil
}

// Delete removes the blob id.
func (s *Store) Delete(ctx context.Context, id blob.ID) error {
	if err := s.enter(ctx, id); err != nil {
		return err
	}
	defer s.mu.Unlock()
	delete(s.staged, id)
	delete(s.blobs, id)
	return nil
}

// Close drops the blobs. Open readers stay good.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	clear(s.staged)
	clear(s.blobs)
	return nil
}

// enter checks what every call checks. If it returns nil the caller holds mu.
func (s *Store) enter(ctx context.Context, id blob.ID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := id.Check(); err != nil {
		return err
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
	data  bytes.Buffer
}

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
	delete(w.store.staged, w.id)
	w.store.blobs[w.id] = w.data.Bytes()
	return nil
}

func (w *writer) Abort() {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if w.store.staged[w.id] == w {
		delete(w.store.staged, w.id)
	}
}
