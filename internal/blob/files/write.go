package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/disk"
)

// category is what Pebble's file systems account writes under.
const category = vfs.WriteCategoryUnspecified

// New begins a blob.
func (s *Store) New(ctx context.Context, size int64) (blob.Writer, error) {
	id := blob.NewID() // no blob has it, in any place
	return s.create(ctx, id, size, func() (*entry, error) { return s.claimNew(id) })
}

// Create begins the blob id.
func (s *Store) Create(ctx context.Context, id blob.ID) (blob.Writer, error) {
	return s.create(ctx, id, -1, func() (*entry, error) { return s.claim(id) })
}

func (s *Store) create(ctx context.Context, id blob.ID, size int64, claim func() (*entry, error)) (blob.Writer, error) {
	if err := s.gate.Enter(ctx, id); err != nil {
		return nil, err
	}
	defer s.gate.Leave()
	e, err := claim()
	if err != nil {
		return nil, err
	}
	f, err := s.fs.Create(s.new(id), category)
	if err != nil {
		s.unstage(id, e)
		return nil, disk.Translate(id, err)
	}
	return &writer{store: s, id: id, entry: e, file: f, size: size}, nil
}

// claimNew takes an ID that no blob has in its place.
func (s *Store) claimNew(id blob.ID) (*entry, error) {
	e := s.stage(id)
	if e == nil {
		return nil, fmt.Errorf("blob %s: %w", id, fs.ErrExist)
	}
	return e, nil
}

// claim takes an ID that is not in use.
func (s *Store) claim(id blob.ID) (*entry, error) {
	e, err := s.claimNew(id)
	if err != nil {
		return nil, err
	}
	// Looked for only now that nobody else can be writing it.
	_, err = s.fs.Stat(s.place(id))
	if errors.Is(err, fs.ErrNotExist) {
		return e, nil
	}
	if err == nil {
		err = fs.ErrExist
	}
	s.unstage(id, e)
	return nil, fmt.Errorf("blob %s: %w", id, err)
}

// writer writes one file under new.
type writer struct {
	store *Store
	id    blob.ID
	entry *entry
	file  vfs.File // nil after the end
	// size is the number of bytes that there have to be, -1 for any, and written that of those that came.
	size, written int64
	// failed is the first error of Write. A blob that lacks bytes is never committed, even if later
	// ones could be written.
	failed error
}

func (w *writer) ID() blob.ID { return w.id }

func (w *writer) Write(p []byte) (int, error) {
	if w.file == nil {
		return 0, w.errEnded()
	}
	if w.failed != nil {
		return 0, w.failed
	}
	n, err := w.file.Write(p)
	w.written += int64(n)
	if err != nil {
		w.failed = disk.Translate(w.id, err)
	}
	return n, w.failed
}

func (w *writer) errEnded() error {
	return fmt.Errorf("blob %s was committed, aborted or deleted before", w.id)
}

// Commit syncs the bytes, then the entry.
func (w *writer) Commit() error {
	if w.file == nil {
		return w.errEnded()
	}
	defer w.Abort()
	if w.failed != nil {
		return w.failed
	}
	if err := blob.CheckSize(w.id, w.written, w.size); err != nil {
		return err
	}
	if err := w.file.SyncData(); err != nil {
		return disk.Translate(w.id, err)
	}
	if err := w.store.entries.Wait(); err != nil {
		return disk.Translate(w.id, err)
	}
	if !w.store.commit(w.id, w.entry) {
		return fmt.Errorf("blob %s was deleted, or the folder that it is in failed", w.id)
	}
	// The bytes are synced: what closing the file may still report is of no consequence to them.
	_ = w.file.Close()
	w.file = nil
	return nil
}

func (w *writer) Abort() {
	if w.file == nil {
		return
	}
	_ = w.file.Close()
	w.file = nil
	if w.store.end(w.id, w.entry, writing) {
		// What cannot be removed now is removed by the next Recover.
		_ = w.store.fs.Remove(w.store.new(w.id))
		w.store.unstage(w.id, w.entry)
	}
}

// Link makes the blob to a second name of the file of from. Files are never written once they are committed,
// so that nobody can tell the two apart.
func (s *Store) Link(ctx context.Context, from, to blob.ID) error {
	if err := s.gate.Enter(ctx, from, to); err != nil {
		return err
	}
	defer s.gate.Leave()
	e, err := s.claim(to)
	if err != nil {
		return err
	}
	if err := s.link(from, to, e); err != nil {
		// As with Abort.
		_ = s.fs.Remove(s.new(to))
		s.unstage(to, e)
		return err
	}
	return nil
}

func (s *Store) link(from, to blob.ID, e *entry) error {
	err := s.find(from, func(name string) error { return s.fs.Link(name, s.new(to)) })
	switch {
	case errors.Is(err, syscall.EMLINK), errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EOPNOTSUPP), errors.Is(err, syscall.EXDEV):
		return fmt.Errorf("link blob %s: %w: %w", from, blob.ErrNoLink, err)
	case err != nil:
		return disk.Translate(from, err)
	}
	if err := s.entries.Wait(); err != nil {
		return disk.Translate(to, err)
	}
	if !s.commit(to, e) {
		return fmt.Errorf("blob %s was deleted, or the folder that it is in failed", to)
	}
	return nil
}

// find calls use with the name of a blob. It may be moved meanwhile, which leaves it a name in its place.
func (s *Store) find(id blob.ID, use func(name string) error) error {
	switch e, state := s.stageOf(id); {
	case e == nil:
	case state == writing || state == ended:
		return fs.ErrNotExist
	default:
		if err := use(s.new(id)); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return use(s.place(id))
}
