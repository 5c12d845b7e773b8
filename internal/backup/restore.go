package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"crossgrant/internal/blob"
	"crossgrant/internal/durable"
)

// Restoration makes a data folder of a snapshot. It is closed by who opened it.
type Restoration struct {
	t *target
	m *manifest

	chunks sync.Pool

	mu sync.Mutex // protects the fields below, and is held while tell runs
	at Progress
	// pace says when tell is called.
	pace pacer
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
	r.at.AllBlobs, r.at.AllBytes = r.m.Blobs.Count, r.m.Blobs.Bytes+r.m.info().MetadataBytes
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
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("restore metadata: %w", err)
	}
	for _, f := range r.m.Metadata {
		if err := r.metadataFile(ctx, dir, &f, tell); err != nil {
			return fmt.Errorf("restore metadata %s: %w", f.Name, err)
		}
	}
	return errors.Join(durable.SyncDir(dir), durable.SyncDir(filepath.Dir(dir)))
}

func (r *Restoration) metadataFile(ctx context.Context, dir string, f *file, tell func(Progress)) (err error) {
	to, err := os.OpenFile(filepath.Join(dir, f.Name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if err := r.copy(ctx, to, r.t.pooled(f.SHA256), f.Size, f.SHA256, tell); err != nil {
		return err
	}
	return to.Sync()
}

// copy copies a file of the target, and verifies it.
func (r *Restoration) copy(ctx context.Context, to io.Writer, path string, size int64, sum string, tell func(Progress)) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	hash := sha256.New()
	told := func(n int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.at.Bytes += int64(n)
		r.at.Copied += int64(n)
		if tell != nil && r.pace.due() {
			tell(r.at)
		}
	}
	chunk := r.chunks.Get().(*[]byte)
	defer r.chunks.Put(chunk)
	n, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(to, hash)}, &limited{ctx, from, &limiter{}, told}, *chunk)
	if err != nil {
		return err
	}
	if n != size || hex.EncodeToString(hash.Sum(nil)) != sum {
		return fmt.Errorf("%s: %w", path, ErrDamaged)
	}
	return nil
}

// Blobs copies the blobs into a new store, which was not recovered, durably. Errors are those of Metadata.
func (r *Restoration) Blobs(ctx context.Context, store blob.Store, tell func(Progress)) error {
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
				if err := r.blob(ctx, store, e, tell); err != nil {
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

func (r *Restoration) blob(ctx context.Context, store blob.Store, e *entry, tell func(Progress)) error {
	w, err := store.Create(ctx, blob.ID(e.id))
	if err != nil {
		return err
	}
	defer w.Abort()
	if err := r.copy(ctx, w, r.t.blob(e.id), e.size, e.sum, tell); err != nil {
		return err
	}
	if err := w.Commit(); err != nil {
		return err
	}
	store.Settle(blob.ID(e.id)) // the metadata comes after all blobs, and without it there is no data folder
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at.Blobs++
	return nil
}

// Close gives the target back.
func (r *Restoration) Close() error { return r.t.close() }

// pacer says when progress is to be told.
type pacer struct{ last time.Time }

func (p *pacer) due() bool {
	now := time.Now()
	if p.last.IsZero() {
		p.last = now
	}
	if now.Sub(p.last) < tellEvery {
		return false
	}
	p.last = now
	return true
}
