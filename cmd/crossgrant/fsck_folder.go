package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// there returns an error unless all of the folder is there, but for the blobs. What is opened is made if it is missing: of metadata that
// begins anew, nothing that is stored would be named, and a repair would remove it.
func (c *fsckCommand) there() error {
	if _, err := os.Stat(c.Data); errors.Is(err, fs.ErrNotExist) {
		return prepareFolder(c.Data, false)
	}
	for _, part := range []struct{ path, hint string }{
		{filepath.Join(c.Data, lockFile), c.Data + " is not a data folder: name another one with --data"},
		{c.metadata(), "the metadata is elsewhere, or lost: name its folder with --meta, or restore it from a backup"},
		{orPath(c.MasterKey, filepath.Join(c.Data, masterFile)), "without it nothing can be read: restore it from a backup"},
	} {
		switch _, err := os.Stat(part.path); {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("there is no %s: %s", part.path, part.hint)
		case err != nil:
			return fmt.Errorf("open data folder: %w", err)
		}
	}
	return nil
}

// withoutBlobs reports whether there is no folder of blobs, which is so where no server was ever started. If there is none
// and the metadata has to do with blobs, that is an error.
func (c *fsckCommand) withoutBlobs(ctx context.Context) (bool, error) {
	switch _, err := os.Stat(c.blobs()); {
	case err == nil:
		return false, nil
	case !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("open data folder: %w", err)
	}
	missing := fmt.Errorf("there is no %s: the large objects are elsewhere, or lost: name their folder with --blobs, or restore it from a backup", c.blobs())
	lock, err := lockFolder(c.Data)
	if err != nil {
		return false, locked(err)
	}
	defer lock.Close()
	state, err := openState(c.metadata())
	if err != nil {
		return false, errors.Join(missing, err)
	}
	found := false
	err = state.View(ctx, func(r meta.Reader) (err error) {
		found, err = hasBlobs(r)
		return err
	})
	if err := errors.Join(err, state.Close()); err != nil {
		return false, errors.Join(missing, err)
	}
	if found {
		return false, missing
	}
	return true, nil
}

// hasBlobs reports whether metadata has to do with any blob: it names one, or one is to be deleted or was being written.
func hasBlobs(r meta.Reader) (bool, error) {
	for _, all := range []func() (from, to []byte){keys.AllBlobs, keys.AllGarbage, keys.AllWriting} {
		it := r.Scan(all())
		found := it.Next()
		if err := it.Close(); err != nil || found {
			return found, err
		}
	}
	for _, naming := range keys.AllNaming() {
		it := r.Scan(naming.From, naming.To)
		for it.Next() {
			segments, err := records.SegmentsOf(naming.Parts, it.Value())
			if err != nil || len(segments) > 0 {
				return true, errors.Join(err, it.Close())
			}
		}
		if err := it.Close(); err != nil {
			return false, err
		}
	}
	return false, nil
}

// metadata returns the folder of the metadata, and blobs that of the blobs.
func (c *fsckCommand) metadata() string {
	return orPath(pathOf(c.Meta), filepath.Join(c.Data, metaDir))
}

func (c *fsckCommand) blobs() string {
	return orPath(pathOf(c.Blobs), filepath.Join(c.Data, blobsDir))
}
