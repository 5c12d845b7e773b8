// Package embedded is the blob engine that needs nothing but a folder: small blobs many to a file, large ones in files of
// their own.
package embedded

import (
	"errors"
	"log/slog"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/files"
	"crossgrant/internal/blob/packs"
)

// Options are the settings of an engine; the zero value is good.
type Options struct {
	// FS is the file system, nil for that of the operating system.
	FS vfs.FS
	// Log receives failures of work in the background; nil discards it.
	Log *slog.Logger
	// PackBytes is how large a file of small blobs becomes; 0 means 64 MiB.
	PackBytes int64
}

// Open opens the engine in the folder dir, making it if it is missing. Recover has to be called next.
func Open(dir string, opts Options) (blob.Linker, error) {
	large, err := files.Open(dir, files.Options{FS: opts.FS, Log: opts.Log})
	if err != nil {
		return nil, err
	}
	store, err := packs.Open(dir+"/packs", large, packs.Options{FS: opts.FS, Log: opts.Log, PackBytes: opts.PackBytes})
	if err != nil {
		return nil, errors.Join(err, large.Close())
	}
	return store, nil
}
