package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"crossgrant/internal/blob"
	"crossgrant/internal/durable"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/migrate"
	"crossgrant/internal/seal"
)

// Names in a data folder, beside admin.sock.
const (
	lockFile   = "lock"
	masterFile = "master.json" // unless --master-key names another one
	metaDir    = "meta"
	blobsDir   = "blobs"
)

// formatFact is the version of the layout of keys and records; sealFact a value that only the folder's
// own master key opens.
const (
	formatFact = keys.FormatFact
	sealFact   = "master-key-check"
)

// errLocked says that another process has the data folder open.
var errLocked = errors.New("the data folder is in use")

// dataFolder is an open data folder. One process at a time has it.
type dataFolder struct {
	dir    string
	master string // the file with the master key
	store  *meta.Store
	blobs  blob.Store // nil if it was opened without
	box    *seal.Box
	lock   *os.File
}

// openFolder opens the data folder dir with the engines e, and makes it if create is set. The error
// wraps errLocked if another process has it. check must be called before the store is used, and close
// at the end.
func openFolder(dir string, e engines, create bool) (*dataFolder, error) {
	if err := prepareFolder(dir, create); err != nil {
		return nil, err
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	d := &dataFolder{dir: dir, master: orPath(e.master, filepath.Join(dir, masterFile)), lock: lock}
	if err := d.open(e); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// prepareFolder sees to it that dir is there and private.
func prepareFolder(dir string, create bool) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && create:
		if err := durable.MkdirAll(dir); err != nil {
			return fmt.Errorf("make data folder: %w", err)
		}
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no data folder %s: name one with --data, or start a server first", dir)
	case err != nil:
		return fmt.Errorf("open data folder: %w", err)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "lost+found" })
	if _, err := os.Stat(filepath.Join(dir, lockFile)); err != nil && len(entries) > 0 {
		return fmt.Errorf("%s is not a data folder, and not empty: name another one with --data", dir)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("make data folder private: %w", err)
	}
	return nil
}

// lockFolder takes the folder's lock, which the system gives back when the process ends, however it
// ends.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%s: %w by another process", dir, errLocked)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// open opens what is in the folder.
func (d *dataFolder) open(e engines) error {
	if _, err := os.Stat(filepath.Join(d.dir, metaDir)); err == nil && !e.shared {
		if _, err := os.Stat(d.master); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is missing, and without it no secret key can be read: restore it from a backup", d.master)
		}
	}
	if !e.shared {
		if err := d.loadMaster(); err != nil {
			return err
		}
	}
	engine, err := e.meta(filepath.Join(d.dir, metaDir), e.reserve, e.log)
	if err != nil {
		return fmt.Errorf("open metadata: %w", err)
	}
	d.store = meta.New(engine)
	d.store.StampWrites(keys.StampedBy)
	if e.shared {
		if err := d.loadShared(); err != nil {
			return err
		}
	}
	if e.blobs == nil {
		return nil
	}
	blobs, err := e.blobs(filepath.Join(d.dir, blobsDir), e.log)
	if err != nil {
		// d.blobs stays nil: what an engine returns beside an error is not to be closed.
		return fmt.Errorf("open blobs: %w", err)
	}
	d.blobs = blobs
	return nil
}

// loadMaster reads the master key, which it makes if there is none.
func (d *dataFolder) loadMaster() (err error) {
	d.box, err = seal.Load(d.master)
	return err
}

// loadShared is loadMaster where other servers may have made the master key: then it makes none.
func (d *dataFolder) loadShared() error {
	if _, err := os.Stat(d.master); errors.Is(err, fs.ErrNotExist) {
		var sealed [][]byte
		if sealed, err = d.store.Read(context.Background(), [][]byte{keys.Meta(sealFact)}); err != nil {
			return fmt.Errorf("read master key check: %w", err)
		}
		if sealed[0] != nil {
			return fmt.Errorf("there is no %s: copy it from another server of this store, or name it with --master-key", d.master)
		}
	}
	return d.loadMaster()
}

// check compares the format of the data, and its master key, with what this program can read. It records both in
// a new folder, and in an older one that its format is that of this program from now on: older programs would
// take what this one writes for something else. The format of a store that servers share is raised only when all of them can
// read the new one (package servers). A store that is being moved, or was, is refused.
func (d *dataFolder) check(ctx context.Context) error {
	return d.store.Update(ctx, func(tx meta.Tx) error {
		if err := migrate.Servable(tx); err != nil {
			return err
		}
		format, err := tx.Get(keys.Meta(formatFact))
		if errors.Is(err, meta.ErrNotFound) {
			return d.sign(tx)
		}
		if err != nil {
			return err
		}
		name, strange := "the data folder", fmt.Errorf("%s is not the master key of this data folder: restore it from a backup", d.master)
		if d.store.Shared() {
			name, strange = "the store", fmt.Errorf("%s is not the master key of this store: copy it from another server of the store, or name it with --master-key", d.master)
		}
		if n, err := checkFormat(tx, name, format, d.box, strange); err != nil || n == keys.Format || d.store.Shared() {
			return err
		}
		return putFormat(tx)
	})
}

// checkFormat returns the number of a format, which is that of what r reads, or an error that calls it name if this program
// cannot read it, and strange if box does not have its master key.
func checkFormat(r meta.Reader, name string, format []byte, box *seal.Box, strange error) (int, error) {
	n, err := strconv.Atoi(string(format))
	if err != nil || n > keys.Format {
		return 0, fmt.Errorf("%s has format %s and this program reads up to %d: use a newer crossgrant", name, format, keys.Format)
	}
	sealed, err := r.Get(keys.Meta(sealFact))
	if err != nil {
		return 0, fmt.Errorf("read master key check: %w", err)
	}
	if _, err := box.Open(sealed, []byte(sealFact)); err != nil {
		return 0, strange
	}
	return n, nil
}

func putFormat(tx meta.Tx) error {
	return tx.Put(keys.Meta(formatFact), []byte(strconv.Itoa(keys.Format)))
}

// sign records format and master key in a new store.
func (d *dataFolder) sign(tx meta.Tx) error {
	sealed, err := d.box.Seal([]byte("crossgrant"), []byte(sealFact))
	if err != nil {
		return err
	}
	if err := tx.Put(keys.Meta(sealFact), sealed); err != nil {
		return err
	}
	return putFormat(tx)
}

// close closes what open opened, in reverse order.
func (d *dataFolder) close() error {
	var errs []error
	if d.blobs != nil {
		errs = append(errs, d.blobs.Close())
	}
	if d.store != nil {
		errs = append(errs, d.store.Close())
	}
	return errors.Join(append(errs, d.lock.Close())...)
}
