package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"crossgrant/internal/durable"
)

// listMetadata returns the files of a checkpoint, without checksums.
func listMetadata(dir string) ([]file, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list checkpoint: %w", err)
	}
	files := make([]file, 0, len(entries))
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, fmt.Errorf("list checkpoint: %w", err)
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("list checkpoint: %s is not a file", e.Name())
		}
		files = append(files, file{Name: e.Name(), Size: info.Size(), Modified: info.ModTime().UnixNano()})
	}
	return files, nil
}

// copyMetadata copies the files of a checkpoint that are not in the target.
//
// A file that has name, size and time of modification of one of the snapshot before is that file: within a data folder
// files are written once, and one that was restored or copied was written at another time.
func (r *run) copyMetadata(ctx context.Context, checkpoint string, files []file) error {
	type identity struct {
		name           string
		size, modified int64
	}
	known := map[identity]string{}
	if r.before != nil {
		for _, f := range r.before.Metadata {
			known[identity{f.Name, f.Size, f.Modified}] = f.SHA256
		}
	}
	changed := map[string]bool{}
	for _, f := range files {
		f.SHA256 = known[identity{f.Name, f.Size, f.Modified}]
		if f.SHA256 == "" || !r.t.has(&f) {
			if err := r.copyMetadataFile(ctx, filepath.Join(checkpoint, f.Name), &f); err != nil {
				return fmt.Errorf("copy metadata %s: %w", f.Name, err)
			}
			changed[filepath.Dir(r.t.pooled(f.SHA256))] = true
		}
		r.man.Metadata = append(r.man.Metadata, f)
		r.done(0, f.Size)
	}
	for dir := range changed {
		if err := durable.SyncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// has reports whether the target has a file of that content.
func (t *target) has(f *file) bool {
	info, err := os.Stat(t.pooled(f.SHA256))
	return err == nil && info.Size() == f.Size
}

// copyMetadataFile copies a file to where its content says, and sets its checksum. One that is there is replaced.
func (r *run) copyMetadataFile(ctx context.Context, path string, f *file) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	staged := filepath.Join(r.t.tmp(), "metadata")
	n, sum, err := r.copyFile(ctx, from, staged, io.Discard)
	if err != nil {
		return err
	}
	if n != f.Size {
		return errors.New("the file has changed")
	}
	r.result.CopiedFiles++
	r.result.CopiedBytes += n
	f.SHA256 = sum
	return os.Rename(staged, r.t.pooled(sum))
}
