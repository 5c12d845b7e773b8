package packs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/disk"
)

// category is what Pebble's file systems account writes under.
const category = vfs.WriteCategoryUnspecified

// New begins a blob: in a pack if its size is known and small enough.
func (s *Store) New(ctx context.Context, size int64) (blob.Writer, error) {
	if size < 0 || size > s.limit {
		return s.large.New(ctx, size)
	}
	if err := s.gate.Enter(ctx); err != nil {
		return nil, err
	}
	defer s.gate.Leave()
	p, l, err := s.reserve(uint32(size))
	if err != nil {
		return nil, fmt.Errorf("make room for a blob: %w", disk.Translate(l.id(), err))
	}
	return &writer{store: s, pack: p, at: l, file: p.file.use()}, nil
}

// Create begins the blob id in the other store.
func (s *Store) Create(ctx context.Context, id blob.ID) (blob.Writer, error) {
	if err := s.free(ctx, id); err != nil {
		return nil, err
	}
	return s.large.Create(ctx, id)
}

// Link makes the blob to of the bytes of from. Those in a pack are one blob's only.
func (s *Store) Link(ctx context.Context, from, to blob.ID) error {
	switch err := s.find(ctx, from); {
	case err == nil:
		return fmt.Errorf("blob %s: %w", from, blob.ErrNoLink)
	case !errors.Is(err, errNoPack):
		return err
	}
	if err := s.free(ctx, to); err != nil {
		return err
	}
	return s.large.Link(ctx, from, to)
}

// free returns an error unless no blob in a pack has the ID.
func (s *Store) free(ctx context.Context, id blob.ID) error {
	err := s.find(ctx, id)
	switch {
	case errors.Is(err, errNoPack):
		return nil
	case err == nil:
		err = fmt.Errorf("blob %s: %w", id, fs.ErrExist)
	}
	return err
}

// find returns nil if a blob is in a pack, errNoPack if its ID names none, or why it cannot be read.
func (s *Store) find(ctx context.Context, id blob.ID) error {
	r, err := s.reader(ctx, id)
	if err != nil {
		return err
	}
	return r.Close()
}

// writer writes one extent.
type writer struct {
	store *Store
	pack  *pack
	at    location
	file  *file // nil after the end
	// written is how many bytes came.
	written int64
	// failed is the first error of Write. A blob that lacks bytes is never committed, even if later ones could be
	// written.
	failed error
}

func (w *writer) ID() blob.ID { return w.at.id() }

func (w *writer) Write(p []byte) (int, error) {
	if w.file == nil {
		return 0, w.errEnded()
	}
	if w.failed != nil {
		return 0, w.failed
	}
	if int64(len(p)) > int64(w.at.size)-w.written {
		w.failed = blob.CheckSize(w.ID(), w.written+int64(len(p)), int64(w.at.size)) // the next extent begins there
		return 0, w.failed
	}
	n, err := w.file.WriteAt(p, w.at.content()+w.written)
	w.written += int64(n)
	if err != nil {
		w.failed = disk.Translate(w.ID(), err)
	}
	return n, w.failed
}

func (w *writer) errEnded() error {
	return fmt.Errorf("blob %s was committed, aborted or deleted before", w.ID())
}

// Commit writes the header, and syncs the pack.
func (w *writer) Commit() error {
	if w.file == nil {
		return w.errEnded()
	}
	defer w.Abort()
	if w.failed != nil {
		return w.failed
	}
	if err := blob.CheckSize(w.ID(), w.written, int64(w.at.size)); err != nil {
		return err
	}
	header := w.at.header()
	if _, err := w.file.WriteAt(header[:], w.at.offset()); err != nil {
		return disk.Translate(w.ID(), err)
	}
	if err := w.pack.synced.Wait(); err != nil {
		return disk.Translate(w.ID(), err)
	}
	if !w.store.commit(w.pack, w.at) {
		return fmt.Errorf("blob %s was deleted, or the pack that it is in failed", w.ID())
	}
	w.end()
	return nil
}

// commit makes a blob, whose bytes are durable unless the pack failed, visible.
func (s *Store) commit(p *pack, l location) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.waiting[l] != writing || p.failed {
		return false
	}
	p.waiting[l] = committed
	p.live++
	return true
}

func (w *writer) end() {
	w.file.release()
	w.file = nil
}

// Abort makes the extent zeros. That needs no sync: until the pack is sealed what is left after a crash is found.
func (w *writer) Abort() {
	if w.file == nil {
		return
	}
	defer w.end()
	err := w.file.zero(w.at.offset(), w.at.end())
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if err == nil {
		w.store.leave(w.pack, w.at)
		return
	}
	w.pack.waiting[w.at] = left // nobody is told of it
	w.pack.left++
}

// Settle says that durable records name the blobs.
func (s *Store) Settle(ids ...blob.ID) {
	if others := s.settle(ids); len(others) > 0 {
		s.large.Settle(others...)
	}
}

// settle settles those in packs, and returns the others.
func (s *Store) settle(ids []blob.ID) (others []blob.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if id.Check() != nil {
			continue
		}
		l := locate(id)
		p := s.open[l.pack]
		switch {
		case p == nil: // or it is one of a sealed pack, of which the other store knows nothing
			others = append(others, id)
		case p.waiting[l] == committed:
			s.leave(p, l)
		}
	}
	return others
}
