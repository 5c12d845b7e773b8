package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"crossgrant/internal/blob"
	"crossgrant/internal/durable"
)

// Restoration makes a data folder of a snapshot. It is closed by who opened it.
type Restoration struct {
	t *target
	m *manifest

	chunks sync.Pool
	meter  meter[Progress]
}

// restorers is how many blobs are copied at a time.
const restorers = 8

// NewRestoration opens a snapshot of the target dir; id 0 is the newest one.
func NewRestoration(dir string, id int) (_ *Restoration, err error) {
	t, err := openForReading(dir)
	if err != nil {
		return nil, err
	}
	r := &Restoration{t: t}
	r.chunks.New = newChunk
	if r.m, err = t.choose(id); err == nil {
		err = t.checkList(r.m)
	}
	if err != nil {
		return nil, errors.Join(err, t.close())
	}
	r.meter.at.AllBlobs, r.meter.at.AllBytes = r.m.Blobs.Count, r.m.Blobs.Bytes+r.m.info().MetadataBytes
	return r, nil
}

func (t *target) choose(id int) (*manifest, error) {
	whole, _, err := t.snapshots()
	if err != nil {
		return nil, err
	}
	if len(whole) == 0 {
		return nil, fmt.Errorf("there is no finished snapshot in %s", t.dir)
	}
	if id == 0 {
		id = whole[len(whole)-1]
	}
	for _, known := range whole {
		if known == id {
			return t.readManifest(id)
		}
	}
	return nil, fmt.Errorf("there is no snapshot %d in %s: see crossgrant backup list", id, t.dir)
}

// Info returns the snapshot as it is listed.
func (r *Restoration) Info() Info { return r.m.info() }

// MasterKey returns the file with the master key that is included, or nil. An error wraps ErrDamaged.
func (r *Restoration) MasterKey() ([]byte, error) {
	if r.m.MasterKey == nil {
		return nil, nil
	}
	path := filepath.Join(r.t.snapshot(r.m.ID), masterName)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	if sumOf(text) != r.m.MasterKey.SHA256 {
		return nil, fmt.Errorf("%s: %w", path, ErrDamaged)
	}
	return text, nil
}

// Opens reports whether a master key, of which open is that of seal.Box, opens everything that is sealed in the snapshot.
func (r *Restoration) Opens(open func(sealed, context []byte) ([]byte, error)) bool {
	_, err := open(r.m.KeyCheck, []byte(keyCheck))
	return err == nil
}

// Metadata makes the folder dir, which must not exist, and copies the metadata there, durably. Each byte is verified: an
// error wraps ErrDamaged if one is not what was backed up.
func (r *Restoration) Metadata(ctx context.Context, dir string, tell func(Progress)) error {
	r.meter.tell = tell
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("restore metadata: %w", err)
	}
	for _, f := range r.m.Metadata {
		if err := r.metadataFile(ctx, dir, &f); err != nil {
			return fmt.Errorf("restore metadata %s: %w", f.Name, err)
		}
	}
	return errors.Join(durable.SyncDir(dir), durable.SyncDir(filepath.Dir(dir)))
}

func (r *Restoration) metadataFile(ctx context.Context, dir string, f *file) (err error) {
	to, err := os.OpenFile(filepath.Join(dir, f.Name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if err := r.copy(ctx, to, r.t.pooled(f.SHA256), f.Size, f.SHA256); err != nil {
		return err
	}
	return to.Sync()
}

// copy copies a file of the target, and verifies it.
func (r *Restoration) copy(ctx context.Context, to io.Writer, path string, size int64, sum string) error {
	chunk := r.chunks.Get().(*[]byte)
	defer r.chunks.Put(chunk)
	return copyVerified(ctx, to, path, size, sum, *chunk, func(n int) {
		r.meter.count(func(at *Progress) {
			at.Bytes += int64(n)
			at.Copied += int64(n)
		})
	})
}

// Blobs copies the blobs into a new store, which was not recovered, durably. Errors are those of Metadata.
func (r *Restoration) Blobs(ctx context.Context, store blob.Store, tell func(Progress)) error {
	r.meter.tell = tell
	list, err := openList(r.t.list(r.m.ID))
	if err != nil {
		return err
	}
	defer list.close()
	none := func(_ context.Context, ids []blob.ID) ([]bool, error) { return make([]bool, len(ids)), nil }
	if err := store.Recover(ctx, none); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	entries := make(chan *entry)
	var done sync.WaitGroup
	var restored atomic.Int64
	for range restorers {
		done.Go(func() {
			for e := range entries {
				if err := r.blob(ctx, store, e); err != nil {
					cancel(fmt.Errorf("restore blob %s: %w", e.id, err))
					return
				}
				restored.Add(1)
			}
		})
	}
	err = feed(ctx, list, entries)
	close(entries)
	done.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err == nil && restored.Load() != int64(r.m.Blobs.Count) {
		err = fmt.Errorf("%s: %w", r.t.list(r.m.ID), ErrDamaged) // since it was opened
	}
	return err
}

// feed sends the entries of a list.
func feed(ctx context.Context, list *listReader, entries chan<- *entry) error {
	for {
		e, err := list.next()
		if err != nil || e == nil {
			return err
		}
		select {
		case entries <- e:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (r *Restoration) blob(ctx context.Context, store blob.Store, e *entry) error {
	w, err := store.Create(ctx, blob.ID(e.id))
	if err != nil {
		return err
	}
	defer w.Abort()
	if err := r.copy(ctx, w, r.t.blob(e.id), e.size, e.sum); err != nil {
		return err
	}
	if err := w.Commit(); err != nil {
		return err
	}
	store.Settle(blob.ID(e.id)) // the metadata comes after all blobs, and without it there is no data folder
	r.meter.set(func(at *Progress) { at.Blobs++ })
	return nil
}

// Close gives the target back.
func (r *Restoration) Close() error { return r.t.close() }
