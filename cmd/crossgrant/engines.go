package main

import (
	"log/slog"
	"strings"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/embedded"
	blobmemory "crossgrant/internal/blob/memory"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/pebble"
)

// engines open the storage of a data folder. Each gets the directory that it uses unless its URL names
// another one. blobs is nil where only metadata is needed.
type engines struct {
	meta    func(dir string, reserve int64, log *slog.Logger) (meta.Engine, error)
	blobs   func(dir string, log *slog.Logger) (blob.Store, error)
	reserve int64        // bytes that only what deletes may use
	master  string       // file with the master key; empty: that of the data folder
	shared  bool         // other servers may use the same engines
	log     *slog.Logger // nil: nothing is logged
}

// parseEngines returns the engines that two URLs name. Metadata and blobs belong together: either both
// are kept or both are forgotten.
func parseEngines(metaURL, blobsURL string) (engines, error) {
	var e engines
	metaScheme, path, _ := strings.Cut(metaURL, ":")
	switch {
	case metaScheme == "pebble":
		e.meta = func(dir string, reserve int64, log *slog.Logger) (meta.Engine, error) {
			return openPebble(orPath(path, dir), reserve, log)
		}
	case metaScheme == "memory" && path == "":
		e.meta = func(string, int64, *slog.Logger) (meta.Engine, error) { return memory.New(), nil }
	default:
		// The rest of the URL may hold a password.
		return engines{}, usagef("--meta: there is no engine %q: use pebble: or pebble:DIR, or memory: to keep nothing", metaScheme)
	}
	blobsScheme, blobsPath, _ := strings.Cut(blobsURL, ":")
	switch {
	case blobsScheme == "files":
		e.blobs = func(dir string, log *slog.Logger) (blob.Store, error) {
			return embedded.Open(orPath(blobsPath, dir), embedded.Options{Log: log})
		}
	case blobsScheme == "memory" && blobsPath == "":
		e.blobs = func(string, *slog.Logger) (blob.Store, error) { return blobmemory.New(), nil }
	default:
		return engines{}, usagef("--blobs: there is no engine %q: use files: or files:DIR, or memory: to keep nothing", blobsScheme)
	}
	if (metaScheme == "memory") != (blobsScheme == "memory") {
		return engines{}, usagef("--meta memory: and --blobs memory: go together")
	}
	return e, nil
}

// pathOf returns what follows the scheme of the URL of an engine.
func pathOf(url string) string {
	_, path, _ := strings.Cut(url, ":")
	return path
}

func orPath(path, dir string) string {
	if path == "" {
		return dir
	}
	return path
}

// openPebble opens the embedded metadata engine.
func openPebble(dir string, reserve int64, log *slog.Logger) (meta.Engine, error) {
	return pebble.Open(dir, pebble.Options{ReserveBytes: reserve, Log: log, Present: keys.Present()})
}
