// Package files is the embedded blob store: a folder with a file for each blob.
//
//	staging/<id>            a blob that is being written
//	<i>/<d>/<id>            a committed blob, under the first two digits of its ID
//
// A blob is written under staging, synced, and moved to its place by a rename, after which the folder
// is synced: a committed blob survives power loss, its directory entry included, and one that is not
// committed is never visible under its place. Folders are mode 0700 and files 0600.
package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"crossgrant/internal/blob"
	"crossgrant/internal/durable"
)

const digits = "0123456789abcdef"

// Store is a blob.Store in a folder. It belongs to one process at a time, which the metadata engine
// beside it sees to.
type Store struct {
	dir string
	mu  sync.RWMutex // held for reading while a call runs, for writing by Close
	// closed is protected by mu.
	closed bool
}

var _ blob.Linker = (*Store)(nil)

// errClosed says that the store was closed.
var errClosed = errors.New("blob: store is closed")

// Open opens the store in the folder dir, making it and its 256 subfolders, durable, if they are
// missing. What is left in staging was never committed and is removed.
func Open(dir string) (*Store, error) {
	s := &Store{dir: dir}
	staging := filepath.Join(dir, "staging")
	if err := durable.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("make blob folder: %w", err)
	}
	if err := os.RemoveAll(staging); err != nil {
		return nil, fmt.Errorf("clear staged blobs: %w", err)
	}
	if err := os.MkdirAll(staging, 0o700); err != nil {
		return nil, fmt.Errorf("make blob folder: %w", err)
	}
	for _, i := range digits {
		for _, d := range digits {
			if err := os.MkdirAll(filepath.Join(dir, string(i), string(d)), 0o700); err != nil {
				return nil, fmt.Errorf("make blob folder: %w", err)
			}
		}
		if err := durable.SyncDir(filepath.Join(dir, string(i))); err != nil {
			return nil, err
		}
	}
	if err := durable.SyncDir(dir); err != nil {
		return nil, err
	}
	return s, nil
}

// Create begins the blob id.
func (s *Store) Create(ctx context.Context, id blob.ID) (blob.Writer, error) {
	if err := s.begin(ctx, id); err != nil {
		return nil, err
	}
	defer s.mu.RUnlock()
	f, err := os.OpenFile(s.staged(id), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, translate(id, err)
	}
	w := &writer{store: s, id: id, file: f}
	// Looked for only now that nobody else can be writing it.
	if _, err := os.Lstat(s.place(id)); err == nil {
		w.Abort()
		return nil, fmt.Errorf("blob: %s exists", id)
	}
	return w, nil
}

// Open returns a reader of a range of the blob. It is an *os.File behind a limit, so that io.Copy to a
// connection can be done by the kernel.
func (s *Store) Open(ctx context.Context, id blob.ID, offset, length int64) (io.ReadCloser, error) {
	if err := s.begin(ctx, id); err != nil {
		return nil, err
	}
	defer s.mu.RUnlock()
	f, err := os.Open(s.place(id))
	if err != nil {
		return nil, translate(id, err)
	}
	info, err := f.Stat()
	if err == nil && (offset < 0 || length < 0 || offset > info.Size()-length) {
		err = fmt.Errorf("blob %s has %d bytes, not %d from %d: %w", id, info.Size(), length, offset, blob.ErrCorrupt)
	}
	if err == nil {
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &reader{io.LimitedReader{R: f, N: length}, f, id}, nil
}

// Delete removes the blob, durably: the caller forgets that there was something to delete when Delete
// has returned, so that nobody would find a file that power loss brought back.
func (s *Store) Delete(ctx context.Context, id blob.ID) error {
	if err := s.begin(ctx, id); err != nil {
		return err
	}
	defer s.mu.RUnlock()
	for _, path := range []string{s.staged(id), s.place(id)} {
		err := os.Remove(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return translate(id, err)
		}
		if err := durable.SyncDir(filepath.Dir(path)); err != nil {
			return err
		}
	}
	return nil
}

// Link makes the blob to a second name of the file of from. Files are never written once they have their
// name, so that nobody can tell the two apart.
func (s *Store) Link(ctx context.Context, from, to blob.ID) error {
	if err := to.Check(); err != nil {
		return err
	}
	if err := s.begin(ctx, from); err != nil {
		return err
	}
	defer s.mu.RUnlock()
	place := s.place(to)
	err := os.Link(s.place(from), place)
	switch {
	case errors.Is(err, syscall.EMLINK), errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EOPNOTSUPP), errors.Is(err, syscall.EXDEV):
		return fmt.Errorf("link blob %s: %w: %w", from, blob.ErrNoLink, err)
	case err != nil:
		return translate(from, err)
	}
	if err := durable.SyncDir(filepath.Dir(place)); err != nil {
		return errors.Join(err, os.Remove(place))
	}
	return nil
}

// Close waits for running calls. Readers and writers that are open stay good.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// begin checks that a call may run and, if it returns nil, holds s.mu for reading.
func (s *Store) begin(ctx context.Context, id blob.ID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := id.Check(); err != nil {
		return err
	}
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return errClosed
	}
	return nil
}

func (s *Store) staged(id blob.ID) string { return filepath.Join(s.dir, "staging", string(id)) }

func (s *Store) place(id blob.ID) string {
	return filepath.Join(s.dir, string(id[:1]), string(id[1:2]), string(id))
}

// reader reads a range of a file. A file that ends before the range does is corrupt.
type reader struct {
	io.LimitedReader
	file *os.File
	id   blob.ID
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.LimitedReader.Read(p)
	if err == io.EOF && r.N > 0 {
		err = r.short()
	}
	return n, err
}

// WriteTo copies the range to w; to a TCP connection the kernel does it, from file to socket.
func (r *reader) WriteTo(w io.Writer) (int64, error) {
	var n int64
	var err error
	if to, ok := w.(io.ReaderFrom); ok {
		n, err = to.ReadFrom(&r.LimitedReader)
	} else {
		n, err = io.Copy(struct{ io.Writer }{w}, &r.LimitedReader)
	}
	if err == nil && r.N > 0 {
		err = r.short()
	}
	return n, err
}

func (r *reader) short() error {
	return fmt.Errorf("blob %s ends %d bytes early: %w", r.id, r.N, blob.ErrCorrupt)
}

func (r *reader) Close() error { return r.file.Close() }

// writer writes one staged file.
type writer struct {
	store *Store
	id    blob.ID
	file  *os.File
	ended bool
	// failed is the first error of Write. A blob that lacks bytes is never committed, even if later
	// ones could be written.
	failed error
}

func (w *writer) Write(p []byte) (int, error) {
	if w.failed != nil {
		return 0, w.failed
	}
	n, err := w.file.Write(p)
	if err != nil {
		w.failed = translate(w.id, err)
	}
	return n, w.failed
}

// Commit syncs the bytes, then moves the file to its place, then syncs the folder: in this order no
// crash leaves a name without its bytes.
func (w *writer) Commit() error {
	if w.ended {
		return fmt.Errorf("blob %s was committed or aborted before", w.id)
	}
	defer w.Abort()
	if w.failed != nil {
		return w.failed
	}
	if err := w.file.Sync(); err != nil {
		return translate(w.id, err)
	}
	place := w.store.place(w.id)
	if err := os.Rename(w.store.staged(w.id), place); err != nil {
		return translate(w.id, err)
	}
	if err := durable.SyncDir(filepath.Dir(place)); err != nil {
		return errors.Join(err, os.Remove(place))
	}
	w.ended = true
	// The bytes are synced: what closing the file may still report is of no consequence to them.
	w.file.Close()
	return nil
}

func (w *writer) Abort() {
	if w.ended {
		return
	}
	w.ended = true
	w.file.Close()
	// What cannot be removed now is removed when the store is opened next.
	os.Remove(w.store.staged(w.id))
}

// translate words an error of the file system in the terms of package blob.
func translate(id blob.ID, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("blob %s: %w", id, blob.ErrNotFound)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("blob %s: %w: %w", id, blob.ErrNoSpace, err)
	default:
		return fmt.Errorf("blob %s: %w", id, err)
	}
}
