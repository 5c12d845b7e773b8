package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"crossgrant/internal/durable"
	"crossgrant/internal/meta"
	"crossgrant/internal/migrate"
	"crossgrant/internal/seal"
)

// withEnds opens both ends of a migration, alone, calls do, and closes them.
func (c *migrateCommand) withEnds(ctx context.Context, o *migrate.Options, do func() error) (err error) {
	source, err := c.source(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.close()) }()
	o.From = migrate.End{Name: endName(c.Data, c.Meta, c.Blobs), Store: source.store, Blobs: source.blobs}
	if c.ToData == "" {
		return do()
	}
	target, err := c.target()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.close()) }()
	o.To = migrate.End{Name: endName(c.ToData, c.ToMeta, c.ToBlobs), Store: target.store, Blobs: target.blobs}
	return do()
}

// source opens the source, which must be there, with its master key.
func (c *migrateCommand) source(ctx context.Context) (*dataFolder, error) {
	e, err := parseEngines(c.Meta, c.Blobs)
	if err != nil {
		return nil, err
	}
	if err := prepareFolder(c.Data, false); err != nil {
		return nil, err
	}
	if err := embeddedThere(c.Data, c.Meta, c.Blobs); err != nil {
		return nil, err
	}
	e.master = c.MasterKey
	if _, err := os.Stat(c.masterKey()); err != nil {
		return nil, fmt.Errorf("name the master key of the source with --master-key: %w", err)
	}
	folder, err := openFolder(c.Data, e, false)
	if err != nil {
		return nil, stopFirst(err)
	}
	err = folder.store.View(ctx, func(r meta.Reader) error {
		format, err := migrate.Format(r)
		if errors.Is(err, meta.ErrNotFound) {
			return fmt.Errorf("nothing was ever stored in %s: name the source with --data, --meta and --blobs", endName(c.Data, c.Meta, c.Blobs))
		}
		if err != nil {
			return err
		}
		_, err = checkFormat(r, "the source", []byte(format), folder.box, fmt.Errorf("%s is not the master key of the source", c.masterKey()))
		return err
	})
	if err != nil {
		return nil, errors.Join(err, folder.close())
	}
	return folder, nil
}

// masterKey returns the file with the master key of the source.
func (c *migrateCommand) masterKey() string {
	return orPath(c.MasterKey, filepath.Join(c.Data, masterFile))
}

// target opens the target, and makes it with the master key of the source if it is not there.
func (c *migrateCommand) target() (*dataFolder, error) {
	e, err := parseEngines(c.ToMeta, c.ToBlobs)
	if err != nil {
		return nil, usagef("%s", strings.NewReplacer("--meta", "--to-meta", "--blobs", "--to-blobs").Replace(err.Error()))
	}
	if err := c.apart(); err != nil {
		return nil, err
	}
	begin := !c.VerifyOnly && !c.GiveUp
	if err := prepareFolder(c.ToData, begin); err != nil {
		return nil, err
	}
	if !begin {
		if err := embeddedThere(c.ToData, c.ToMeta, c.ToBlobs); err != nil {
			return nil, err
		}
	}
	if err := installKey(c.ToData, c.masterKey()); err != nil {
		return nil, err
	}
	folder, err := openFolder(c.ToData, e, begin)
	return folder, stopFirst(err)
}

// apart returns an error if the two ends have something in common.
func (c *migrateCommand) apart() error {
	place := func(engine, folder, name string) string {
		if scheme, path, _ := strings.Cut(engine, ":"); scheme == "pebble" || scheme == "files" {
			return absolute(orPath(path, filepath.Join(folder, name)))
		}
		return engine
	}
	switch {
	case absolute(c.Data) == absolute(c.ToData):
		return usagef("--to-data: %s is the data folder of the source", c.ToData)
	case place(c.Meta, c.Data, metaDir) == place(c.ToMeta, c.ToData, metaDir):
		return usagef("--to-meta: that is the metadata of the source")
	case place(c.Blobs, c.Data, blobsDir) == place(c.ToBlobs, c.ToData, blobsDir):
		return usagef("--to-blobs: those are the large objects of the source")
	}
	return nil
}

// embeddedThere returns an error unless what engines keep in folders is there: an engine makes what is missing.
func embeddedThere(data, metaURL, blobsURL string) error {
	for _, part := range []struct{ engine, url, name string }{{"pebble", metaURL, metaDir}, {"files", blobsURL, blobsDir}} {
		scheme, path, _ := strings.Cut(part.url, ":")
		if scheme != part.engine {
			continue
		}
		dir := orPath(path, filepath.Join(data, part.name))
		if _, err := os.Stat(dir); err != nil {
			return fmt.Errorf("there is no %s: name the folder where it is; one in which no server was ever started has nothing to move: %w", dir, err)
		}
	}
	return nil
}

// installKey copies a master key into a data folder, in which there may be no other.
func installKey(data, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read master key: %w", err)
	}
	if _, err := seal.Parse(text); err != nil {
		return fmt.Errorf("read master key %s: %w", file, err)
	}
	lock, err := lockFolder(data) // which makes it a data folder
	if err != nil {
		return stopFirst(err)
	}
	defer lock.Close()
	path := filepath.Join(data, masterFile)
	there, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return durable.WriteFile(path, text)
	case err != nil:
		return fmt.Errorf("read master key: %w", err)
	case !bytes.Equal(there, text):
		return fmt.Errorf("%s is another master key than %s: name another data folder, or remove what is left in it", path, file)
	}
	return nil
}

// stopFirst says in err, if another process has a folder, what to do.
func stopFirst(err error) error {
	if errors.Is(err, errLocked) {
		return fmt.Errorf("%w: stop the server first; nothing may use either end", err)
	}
	return err
}

// endName is how people are told of one end: without what may be secret in a URL.
func endName(data, metaURL, blobsURL string) string {
	if metaURL == "pebble:" && blobsURL == "files:" {
		return absolute(data)
	}
	return withoutSecrets(metaURL) + " with " + withoutSecrets(blobsURL)
}

// withoutSecrets returns scheme, host and path of a URL.
func withoutSecrets(engine string) string {
	scheme, _, _ := strings.Cut(engine, ":")
	if scheme == "pebble" || scheme == "files" {
		return engine
	}
	u, err := url.Parse(engine)
	if err != nil || u.Opaque != "" {
		return scheme + ":"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// absolute returns a path that does not depend on where the program was started, as far as the system tells.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}
