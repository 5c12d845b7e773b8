package crash_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/pebble"
	"crossgrant/internal/records"
)

// checkFolder wants the blobs in a data folder, whose server has ended, to be those that its records name.
func checkFolder(data string) error {
	s, err := pebble.OpenSnapshot(filepath.Join(data, "meta"), pebble.Options{})
	if err != nil {
		return err
	}
	named := map[string]bool{}
	err = s.View(context.Background(), func(r meta.Reader) error { return blobsNamed(r, named) })
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	there := map[string]bool{} // by ID: a blob that is being moved has two names
	err = filepath.WalkDir(filepath.Join(data, "blobs"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if len(d.Name()) == 16 {
			return inPack(path, there)
		}
		there[d.Name()] = true
		return nil
	})
	if err != nil {
		return err
	}
	return sameBlobs(there, named)
}

// inPack adds the blobs that a pack has: those whose extents begin with a header. Its name, the page and the size are
// the ID. It knows no more of packs than what is written of them.
func inPack(path string, there map[string]bool) error {
	const page = 4096
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for at := 0; at+64 <= len(data); at += page {
		if header := data[at:]; bytes.HasPrefix(header, []byte("xgrant\x001")) {
			there[fmt.Sprintf("%s%08x%x", filepath.Base(path), at/page, header[20:24])] = true
		}
	}
	return nil
}

// sameBlobs wants the blobs that are there to be those that are named.
func sameBlobs(there, named map[string]bool) error {
	for id := range there {
		if !named[id] {
			return fmt.Errorf("no record names the blob %s", id)
		}
	}
	for id := range named {
		if !there[id] {
			return fmt.Errorf("the blob %s, which a record names, is missing", id)
		}
	}
	return nil
}

// blobsNamed collects the blobs that records name. None may be garbage or being written.
func blobsNamed(r meta.Reader, named map[string]bool) error {
	for _, scan := range []func() (from, to []byte){keys.AllGarbage, keys.AllWriting} {
		from, to := scan()
		it := r.Scan(from, to)
		if it.Next() {
			return errors.Join(fmt.Errorf("the key %q is left", it.Key()), it.Close())
		}
		if err := it.Close(); err != nil {
			return err
		}
	}
	for _, naming := range keys.AllNaming() {
		it := r.Scan(naming.From, naming.To)
		for it.Next() {
			segments, err := records.SegmentsOf(naming.Parts, it.Value())
			if err != nil {
				return errors.Join(err, it.Close())
			}
			for _, s := range segments {
				if named[s.Blob] {
					return errors.Join(fmt.Errorf("two records name the blob %s", s.Blob), it.Close())
				}
				named[s.Blob] = true
			}
		}
		if err := it.Close(); err != nil {
			return err
		}
	}
	return nil
}
