package backup

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"crossgrant/internal/blob"
	"crossgrant/internal/durable"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// list is the path of the list of blobs of a snapshot.
func (t *target) list(id int) string { return filepath.Join(t.snapshot(id), listName) }

// known opens the lists of blobs that are in the target: those of the snapshot before, and of what was not finished.
func (r *run) known() (_ *merge, err error) {
	var readers []*listReader
	defer func() {
		if err != nil {
			closeLists(readers)
		}
	}()
	if r.before != nil {
		l, err := openList(r.t.list(r.before.ID))
		if err != nil {
			return nil, err
		}
		readers = append(readers, l)
	}
	for _, id := range r.partial {
		l, err := openList(r.t.list(id))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		l.torn = true
		readers = append(readers, l)
	}
	return newMerge(readers)
}

// copyBlobs copies the blobs that are not in the target, and writes the list of all.
func (r *run) copyBlobs(ctx context.Context, all *references) error {
	known, err := r.known()
	if err != nil {
		return err
	}
	defer known.close()
	list, err := createList(r.t.list(r.man.ID))
	if err != nil {
		return err
	}
	defer list.file.Close()
	for i := range 256 {
		refs, err := all.shard(i)
		if err != nil {
			return err
		}
		if err := r.copyShard(ctx, i, refs, known, list); err != nil {
			return err
		}
	}
	if err := list.finish(); err != nil {
		return err
	}
	r.man.Blobs = list.blobsFile
	return nil
}

// copyShard copies the blobs of one folder.
func (r *run) copyShard(ctx context.Context, i int, refs []reference, known *merge, list *listWriter) error {
	if len(refs) == 0 {
		return nil
	}
	dir := filepath.Join(r.t.dir, blobsName, shard(i))
	names, err := namesIn(dir)
	if err != nil {
		return err
	}
	there := make(map[string]bool, len(names))
	for _, name := range names {
		there[name] = true
	}
	for len(refs) > 0 {
		n := min(len(refs), batchSize)
		if err := r.copyBatch(ctx, dir, refs[:n], known, there, list); err != nil {
			return err
		}
		refs = refs[n:]
	}
	return nil
}

// copyBatch copies those of a batch that are not there, makes them durable, and passes them.
func (r *run) copyBatch(ctx context.Context, dir string, refs []reference, known *merge, there map[string]bool, list *listWriter) error {
	last := string(refs[len(refs)-1].blob())
	entries := make([]entry, 0, len(refs))
	copied := refs[:0] // those that entries are of
	var missing []int
	for _, ref := range refs {
		id := string(ref.blob())
		found, err := known.find(id)
		switch has := found != nil && there[id]; {
		case err != nil:
			return err
		case ref.damaged && !has:
			r.result.Damaged++ // there is nothing to copy, and who reads the object is told
			r.done(1, ref.size)
			continue
		case has:
			r.done(1, ref.size)
		default:
			missing = append(missing, len(copied))
		}
		e := entry{id: id}
		if found != nil {
			e = *found
		}
		entries, copied = append(entries, e), append(copied, ref)
	}
	if err := r.copyAll(ctx, copied, entries, missing); err != nil {
		return err
	}
	if len(missing) > 0 {
		if err := durable.SyncDir(dir); err != nil {
			return err
		}
	}
	if err := list.add(entries); err != nil {
		return fmt.Errorf("write list of blobs: %w", err)
	}
	r.passed.Store(&last)
	return ctx.Err()
}

// copyAll copies the missing ones of refs, several at a time, and completes their entries.
func (r *run) copyAll(ctx context.Context, refs []reference, entries []entry, missing []int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next := make(chan int)
	errs := make([]error, copiers)
	var done sync.WaitGroup
	for c := range min(copiers, len(missing)) {
		done.Go(func() {
			for i := range next {
				if errs[c] = r.copyBlob(ctx, &refs[i], &entries[i]); errs[c] != nil {
					cancel()
					return
				}
			}
		})
	}
feed:
	for _, i := range missing {
		select {
		case next <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	done.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, i := range missing {
		r.result.CopiedBytes += entries[i].size
	}
	r.result.CopiedBlobs += len(missing)
	return ctx.Err()
}

// copyBlob copies one blob. e has its ID and, if an earlier snapshot has the blob, its checksum.
func (r *run) copyBlob(ctx context.Context, ref *reference, e *entry) (err error) {
	from, size, err := r.source.Blobs.OpenWhole(ctx, blob.ID(e.id))
	if err != nil {
		return fmt.Errorf("a blob that the metadata names cannot be read, run crossgrant fsck: %w", err)
	}
	defer from.Close()
	if !ref.mayHave(size) {
		return fmt.Errorf("blob %s has %d bytes, which is not what %d bytes are stored as, run crossgrant fsck: %w", e.id, size, ref.size, blob.ErrCorrupt)
	}
	staged := filepath.Join(r.t.tmp(), e.id)
	crc := crc32.New(castagnoli)
	n, sum, err := r.copyFile(ctx, struct{ io.Reader }{from}, staged, crc)
	switch {
	case err != nil:
		return fmt.Errorf("copy blob %s: %w", e.id, err)
	case n != size:
		return fmt.Errorf("blob %s has %d bytes, not %d, run crossgrant fsck: %w", e.id, n, size, blob.ErrCorrupt)
	case ref.summed && crc.Sum32() != ref.sum:
		return fmt.Errorf("blob %s is not what was written, run crossgrant fsck: %w", e.id, blob.ErrCorrupt)
	case e.sum != "" && (e.sum != sum || e.size != n):
		return fmt.Errorf("blob %s is not what was backed up before, run crossgrant fsck: %w", e.id, blob.ErrCorrupt)
	}
	if err := os.Rename(staged, r.t.blob(e.id)); err != nil {
		return fmt.Errorf("copy blob %s: %w", e.id, err)
	}
	e.size, e.sum = n, sum
	r.done(1, ref.size)
	return nil
}

// namesIn returns the names in a folder, in order.
func namesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list folder: %w", err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}
