package pebble

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	pebbledb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/meta"
)

var _ meta.Verifier = (*Engine)(nil)

// Verify reads every file of the folder in full and tells which are damaged. The engine may be used meanwhile: files
// that are removed meanwhile are left out, and tables that are made, and of the log what is written meanwhile.
func (e *Engine) Verify(ctx context.Context, read func(n int) error, found func(meta.Damage)) error {
	var bounds map[string][2][]byte
	err := e.with(func(in *instance) (err error) {
		bounds, err = boundsOf(in.db)
		return err
	})
	if err != nil {
		return fmt.Errorf("list tables: %w", translate(err))
	}
	return verifyFolder(ctx, e.opts.FS, e.dir, bounds, read, found)
}

// VerifyFolder is Verify of a folder that no engine has open. Of damaged tables the keys are not known.
func VerifyFolder(ctx context.Context, dir string, opts Options, read func(n int) error, found func(meta.Damage)) error {
	return verifyFolder(ctx, opts.withDefaults().FS, dir, nil, read, found)
}

// VerifyLogs verifies, of a folder that no engine has open, what opening it replaces or refuses: the logs, the manifest
// and the options. renewed says that nothing is lost by a damage, and that the file is written anew, or not needed.
func VerifyLogs(dir string, opts Options, found func(d meta.Damage, renewed bool)) error {
	return checkLogs(opts.withDefaults().FS, dir, func(int) error { return nil }, found)
}

func verifyFolder(ctx context.Context, files vfs.FS, dir string, bounds map[string][2][]byte, read func(n int) error, found func(meta.Damage)) error {
	if err := verifyLogs(files, dir, read, found); err != nil {
		return err
	}
	c := &tableCheck{files: files, dir: dir, options: readerOptions(files), read: read, bounds: bounds, found: found}
	names, err := files.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.file(ctx, name); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	return nil
}

// verifyLogs is checkLogs of a folder that may be in use. What is found because a log or manifest was replaced
// between two looks is not found again; what is missing each time is.
func verifyLogs(files vfs.FS, dir string, read func(n int) error, found func(meta.Damage)) error {
	var last []meta.Damage
	var err error
	for range 3 {
		last = nil
		err = checkLogs(files, dir, read, func(d meta.Damage, _ bool) { last = append(last, d) })
		if err == nil && len(last) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, d := range last {
		found(d)
	}
	return err
}

// file verifies one file. What has a name that Pebble does not give, and what says everything by its name, has to be
// empty.
func (c *tableCheck) file(ctx context.Context, name string) error {
	switch {
	case strings.HasSuffix(name, ".sst"):
		if _, ok := c.bounds[name]; c.bounds != nil && !ok {
			return nil // it is being written, or was not needed any more when this began
		}
		return c.table(ctx, name)
	case summed.MatchString(name), name == sumsFile:
		return nil // checkLogs
	case strings.HasPrefix(name, "marker."), name == "LOCK":
		info, err := c.files.Stat(c.files.PathJoin(c.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && info.Size() != 0 {
			c.found(meta.Damage{File: name, What: fmt.Sprintf("it has %d bytes, and none are written", info.Size())})
		}
		return err
	case strings.HasPrefix(name, "temporary."), strings.HasSuffix(name, ".dbtmp"):
		return nil // what is being written
	}
	c.found(meta.Damage{File: name, What: "it does not belong there"})
	return nil
}

// boundsOf returns the keys of all tables by name, half-open.
func boundsOf(db *pebbledb.DB) (map[string][2][]byte, error) {
	levels, err := db.SSTables()
	if err != nil {
		return nil, err
	}
	bounds := map[string][2][]byte{}
	for _, level := range levels {
		for _, t := range level {
			name := fmt.Sprintf("%06d.sst", uint64(t.BackingSSTNum))
			from, to := t.Smallest.UserKey, append(bytes.Clone(t.Largest.UserKey), 0)
			if b, ok := bounds[name]; ok { // of a table that was cut in two
				if bytes.Compare(b[0], from) < 0 {
					from = b[0]
				}
				if bytes.Compare(b[1], to) > 0 {
					to = b[1]
				}
			}
			bounds[name] = [2][]byte{from, to}
		}
	}
	return bounds, nil
}
