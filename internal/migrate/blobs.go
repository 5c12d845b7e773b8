package migrate

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"sync"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// namedIn returns what tells which blobs the metadata of a store names.
func namedIn(store *meta.Store) blob.Named {
	return func(ctx context.Context, ids []blob.ID) ([]bool, error) {
		named := make([]bool, len(ids))
		err := store.View(ctx, func(r meta.Reader) error {
			want := make([][]byte, len(ids))
			for i, id := range ids {
				want[i] = keys.Blob(string(id))
			}
			got, err := r.GetMany(want)
			for i, value := range got {
				named[i] = value != nil
			}
			return err
		})
		return named, err
	}
}

func (c *Counts) addBlob(s *records.Segment) {
	if s.Damaged != 0 {
		c.Damaged++
		return
	}
	c.Blobs++
	c.BlobBytes += s.Size
}

// copyBlobs copies those of segments' blobs that the target does not name yet, and returns them, durable and not settled.
// Those that were found damaged before are left out.
func (m *migration) copyBlobs(ctx context.Context, segments []*records.Segment) (copied []blob.ID, err error) {
	if len(segments) == 0 {
		return nil, nil
	}
	ids := make([]blob.ID, len(segments))
	for i, s := range segments {
		ids[i] = blob.ID(s.Blob)
	}
	there, err := namedIn(m.To.Store)(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", m.To.Name, err)
	}
	var missing []*records.Segment
	chosen := map[blob.ID]bool{}
	for i, s := range segments {
		if !there[i] && s.Damaged == 0 && !chosen[ids[i]] {
			chosen[ids[i]] = true
			missing, copied = append(missing, s), append(copied, ids[i])
		}
	}
	return copied, each(ctx, m.Parallel, missing, m.copyBlob)
}

// each calls do with each of all, several at a time, until one fails.
func each[T any](ctx context.Context, parallel int, all []T, do func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan T)
	var done sync.WaitGroup
	for range min(parallel, len(all)) {
		done.Go(func() {
			for one := range next {
				if err := do(ctx, one); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, one := range all {
		if ctx.Err() != nil {
			break
		}
		next <- one
	}
	close(next)
	done.Wait()
	return context.Cause(ctx)
}

// copyBlob copies one blob.
func (m *migration) copyBlob(ctx context.Context, s *records.Segment) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	id := blob.ID(s.Blob)
	from, size, err := m.From.Blobs.OpenWhole(ctx, id)
	if err != nil {
		return fmt.Errorf("a blob that the metadata names cannot be read, run crossgrant fsck: %w", err)
	}
	defer from.Close()
	if !mayHave(s, size) {
		return fmt.Errorf("blob %s has %d bytes, which is not what %d bytes are stored as, run crossgrant fsck: %w", id, size, s.Size, blob.ErrCorrupt)
	}
	w, err := m.create(ctx, id)
	if err != nil {
		return fmt.Errorf("copy blob %s: %w", id, err)
	}
	defer w.Abort()
	buffer := m.buffer.get()
	defer m.buffer.put(buffer)
	sum := crc32.New(castagnoli)
	n, err := io.CopyBuffer(io.MultiWriter(w, sum), m.limit.Reader(ctx, from, nil), buffer)
	switch {
	case err != nil:
		return fmt.Errorf("copy blob %s: %w", id, err)
	case n != size || s.Crc32C != nil && sum.Sum32() != *s.Crc32C:
		return fmt.Errorf("blob %s is not what was written, run crossgrant fsck: %w", id, blob.ErrCorrupt)
	}
	if err := w.Commit(); err != nil {
		return fmt.Errorf("copy blob %s: %w", id, err)
	}
	m.meter.count(func(done *Counts) { done.Blobs++; done.BlobBytes += s.Size })
	return nil
}

// create begins a blob in the target. One that is there is not named, and was left by an attempt that could not end it.
func (m *migration) create(ctx context.Context, id blob.ID) (blob.Writer, error) {
	w, err := m.To.Blobs.Create(ctx, id)
	if !errors.Is(err, fs.ErrExist) {
		return w, err
	}
	if err := m.To.Blobs.Delete(ctx, id); err != nil {
		return nil, err
	}
	return m.To.Blobs.Create(ctx, id)
}

// mayHave reports whether a segment may be stored as so many bytes.
func mayHave(s *records.Segment, stored int64) bool {
	if len(s.Salt) > 0 {
		return sse.IsStoredSize(stored, s.Size)
	}
	return stored == s.Size
}
