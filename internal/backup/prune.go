package backup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"crossgrant/internal/blob"
	"crossgrant/internal/durable"
)

// tidy removes the snapshots that are not to be kept, and then what no snapshot names. The manifest goes first: what is
// left if this is interrupted is no snapshot, and is removed next time.
func (r *run) tidy() error {
	whole, partial, err := r.t.snapshots()
	if err != nil {
		return err
	}
	if r.order.Keep > 0 && len(whole) > r.order.Keep {
		r.result.Removed = whole[:len(whole)-r.order.Keep]
		whole = whole[len(whole)-r.order.Keep:]
	}
	for _, id := range r.result.Removed {
		if err := r.t.unmake(id); err != nil {
			return err
		}
	}
	if len(r.result.Removed)+len(partial) == 0 {
		return nil
	}
	// Those that are not needed any more, to know what is in the target, but still to find what they were the last to
	// name, go when that is gone.
	if err := r.t.collect(whole); err != nil {
		return fmt.Errorf("the snapshot is made, but what is not needed any more was not removed: %w", err)
	}
	for _, id := range append(partial, r.result.Removed...) {
		if err := os.RemoveAll(r.t.snapshot(id)); err != nil {
			return fmt.Errorf("remove snapshot %d: %w", id, err)
		}
	}
	return durable.SyncDir(filepath.Join(r.t.dir, snapshotsName))
}

// unmake removes the manifest of a snapshot.
func (t *target) unmake(id int) error {
	if err := os.Remove(filepath.Join(t.snapshot(id), manifestName)); err != nil {
		return fmt.Errorf("remove snapshot %d: %w", id, err)
	}
	return durable.SyncDir(t.snapshot(id))
}

// collect removes the files that none of the snapshots names. If one of them is damaged, nothing is removed: it does not
// tell any more what it names.
func (t *target) collect(snapshots []int) error {
	files := map[string]bool{}
	var readers []*listReader
	defer func() { closeLists(readers) }()
	for _, id := range snapshots {
		m, err := t.readManifest(id)
		if err == nil {
			err = t.checkList(m)
		}
		if err != nil {
			return err
		}
		for _, f := range m.Metadata {
			files[f.SHA256] = true
		}
		l, err := openList(t.list(id))
		if err != nil {
			return err
		}
		readers = append(readers, l)
	}
	named, err := newMerge(readers)
	if err != nil {
		return err
	}
	for i := range 256 {
		err := errors.Join(
			removeFrom(filepath.Join(t.dir, filesName, shard(i)), func(name string) (bool, error) { return files[name] || !isSum(name), nil }),
			removeFrom(filepath.Join(t.dir, blobsName, shard(i)), func(name string) (bool, error) {
				if blob.ID(name).Check() != nil {
					return true, nil // nothing of ours
				}
				found, err := named.find(name)
				return found != nil, err
			}),
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// removeFrom removes the files of a folder that are not to be kept. keep is asked in the order of their names.
func removeFrom(dir string, keep func(name string) (bool, error)) error {
	names, err := namesIn(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		kept, err := keep(name)
		if err != nil {
			return err
		}
		if kept {
			continue
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("remove what is not needed: %w", err)
		}
	}
	return nil
}
