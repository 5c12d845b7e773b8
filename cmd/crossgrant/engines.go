package main

import (
	"context"
	"log/slog"
	"strings"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/embedded"
	blobmemory "crossgrant/internal/blob/memory"
	"crossgrant/internal/blob/s3blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/pebble"
	"crossgrant/internal/meta/postgres"
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

// parseEngines returns the engines that two URLs name; without that of blobs if blobsURL is empty. Metadata and blobs belong
// together: both are kept in files, or on the network, or both are forgotten.
func parseEngines(metaURL, blobsURL string) (engines, error) {
	var e engines
	metaKind, err := e.parseMeta(metaURL)
	if err != nil || blobsURL == "" {
		return e, err
	}
	blobsKind, err := e.parseBlobs(blobsURL)
	if err != nil {
		return engines{}, err
	}
	if metaKind != blobsKind {
		return engines{}, usagef("--meta and --blobs go together: pebble: with files:, postgres:// with s3://, or memory: with memory:")
	}
	return e, nil
}

// kind tells which engines go together.
type kind string

const (
	inFiles   kind = "files"
	inMemory  kind = "memory"
	onNetwork kind = "network"
)

func (e *engines) parseMeta(url string) (kind, error) {
	switch scheme, path, _ := strings.Cut(url, ":"); {
	case scheme == "pebble":
		e.meta = func(dir string, reserve int64, log *slog.Logger) (meta.Engine, error) {
			return openPebble(orPath(path, dir), reserve, log)
		}
		return inFiles, nil
	case scheme == "memory" && path == "":
		e.meta = func(string, int64, *slog.Logger) (meta.Engine, error) { return memory.New(), nil }
		return inMemory, nil
	case scheme == "postgres" || scheme == "postgresql":
		if err := postgres.CheckURL(url); err != nil {
			return "", usagef("--meta: %v", err)
		}
		e.shared = true
		e.meta = func(string, int64, *slog.Logger) (meta.Engine, error) {
			return postgres.Open(context.Background(), url, postgres.Options{})
		}
		return onNetwork, nil
	default:
		// The rest of the URL may hold a password.
		return "", usagef("--meta: there is no engine %q: use pebble: or pebble:DIR, postgres://HOST/DATABASE, or memory: to keep nothing", scheme)
	}
}

func (e *engines) parseBlobs(url string) (kind, error) {
	switch scheme, path, _ := strings.Cut(url, ":"); {
	case scheme == "files":
		e.blobs = func(dir string, log *slog.Logger) (blob.Store, error) {
			return embedded.Open(orPath(path, dir), embedded.Options{Log: log})
		}
		return inFiles, nil
	case scheme == "memory" && path == "":
		e.blobs = func(string, *slog.Logger) (blob.Store, error) { return blobmemory.New(), nil }
		return inMemory, nil
	case scheme == "s3":
		if _, err := s3blob.ParseURL(url); err != nil {
			return "", usagef("--blobs: %v", err)
		}
		e.blobs = func(_ string, log *slog.Logger) (blob.Store, error) {
			return s3blob.Open(context.Background(), url, s3blob.Options{Log: log})
		}
		return onNetwork, nil
	default:
		return "", usagef("--blobs: there is no engine %q: use files: or files:DIR, s3://BUCKET?endpoint=URL, or memory: to keep nothing", scheme)
	}
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
