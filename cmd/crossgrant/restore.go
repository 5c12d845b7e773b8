package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"crossgrant/internal/backup"
	"crossgrant/internal/blob/embedded"
	"crossgrant/internal/durable"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/seal"
)

// restoreCommand makes a data folder of a snapshot.
type restoreCommand struct {
	outputFlag
	From      string `help:"Folder with the backups." required:"" placeholder:"DIR"`
	Snapshot  int    `help:"Number of the snapshot. Default: the newest one." placeholder:"N"`
	Data      string `help:"Data folder to make; it must be missing or empty." required:"" placeholder:"DIR"`
	MasterKey string `help:"master.json of the data folder that was backed up. Default: that of the snapshot, if it is included." placeholder:"FILE"`
}

// Run restores a snapshot. The file that makes a folder a data folder is written last, so that one that was not finished is
// not taken for one.
func (c *restoreCommand) Run(ctx context.Context, s streams) (err error) {
	r, err := backup.NewRestoration(c.From, c.Snapshot)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	key, box, err := c.masterKey(r)
	if err != nil {
		return err
	}
	if err := c.makeFolder(); err != nil {
		return err
	}
	if err := c.restore(ctx, s, r, box); err != nil {
		return fmt.Errorf("%s is not restored, remove it before you try again: %w", c.Data, err)
	}
	for _, f := range []struct {
		name string
		text []byte
	}{{masterFile, key}, {lockFile, nil}} {
		if err := durable.WriteFile(filepath.Join(c.Data, f.name), f.text); err != nil {
			return fmt.Errorf("finish data folder: %w", err)
		}
	}
	info := r.Info()
	return c.print(s.out, info, append(snapshotLines(info), [2]string{"Data", c.Data}))
}

// masterKey returns the master key, which opens everything in the snapshot, and its file.
func (c *restoreCommand) masterKey(r *backup.Restoration) ([]byte, *seal.Box, error) {
	var text []byte
	var err error
	name := "the master key in the backup"
	if c.MasterKey != "" {
		name = c.MasterKey
		if text, err = os.ReadFile(c.MasterKey); err != nil {
			return nil, nil, fmt.Errorf("read master key: %w", err)
		}
	} else if text, err = r.MasterKey(); err != nil {
		return nil, nil, err
	}
	if text == nil {
		return nil, nil, fmt.Errorf("snapshot %d has no master key, and without it nothing of it can be read: name master.json of the data folder that was backed up with --master-key", r.Info().ID)
	}
	box, err := seal.Parse(text)
	if err != nil {
		return nil, nil, fmt.Errorf("read master key %s: %w", name, err)
	}
	if !r.Opens(box.Open) {
		return nil, nil, fmt.Errorf("%s is not the master key of snapshot %d, or one from before it was rotated: name the master.json that was in use with --master-key", name, r.Info().ID)
	}
	return text, box, nil
}

// makeFolder makes the data folder, private and empty.
func (c *restoreCommand) makeFolder() error {
	entries, err := os.ReadDir(c.Data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open data folder: %w", err)
	}
	for _, e := range entries {
		if e.Name() != "lost+found" {
			return fmt.Errorf("%s is not empty: name a new folder with --data", c.Data)
		}
	}
	if err := durable.MkdirAll(c.Data); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	if err := os.Chmod(c.Data, 0o700); err != nil {
		return fmt.Errorf("make data folder private: %w", err)
	}
	return nil
}

// restore copies blobs and metadata, and reads from the metadata that this program and the master key belong to it.
func (c *restoreCommand) restore(ctx context.Context, s streams, r *backup.Restoration, box *seal.Box) error {
	tell := func(p backup.Progress) { tellProgress(s.err, "restore", p) }
	blobs, err := embedded.Open(filepath.Join(c.Data, blobsDir), embedded.Options{})
	if err != nil {
		return err
	}
	if err := errors.Join(r.Blobs(ctx, blobs, tell), blobs.Close()); err != nil {
		return err
	}
	dir := filepath.Join(c.Data, metaDir)
	if err := r.Metadata(ctx, dir, tell); err != nil {
		return err
	}
	state, err := openState(dir)
	if err != nil {
		return err
	}
	return errors.Join(state.View(ctx, func(r meta.Reader) error { return checkRestored(r, box) }), state.Close())
}

// checkRestored is dataFolder.check of metadata that is only read.
func checkRestored(r meta.Reader, box *seal.Box) error {
	format, err := r.Get(keys.Meta(formatFact))
	if err != nil {
		return fmt.Errorf("read format: %w", err)
	}
	_, err = checkFormat(r, "the backup", format, box, errors.New("the master key does not open what is sealed in the backup"))
	return err
}
