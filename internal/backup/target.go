package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"crossgrant/internal/durable"
	"crossgrant/internal/limits"
)

// Names in a target.
const (
	lockName      = "lock"
	bindingName   = "backup.json"
	snapshotsName = "snapshots"
	filesName     = "files"
	blobsName     = "blobs"
	tmpName       = "tmp"
	manifestName  = "manifest.json"
	listName      = "blobs.txt"
	masterName    = "master.json"
)

// binding is backup.json.
type binding struct {
	Format int
	Folder string // the data folder
}

// target is an open target. Several may read it at a time, or one write.
type target struct {
	dir  string
	lock *os.File // nil if there is none, as in a copy of a target
}

// openForBackup opens the target dir of the data folder id, and makes it if it is missing or empty.
func openForBackup(dir, id string, adopt bool) (*target, error) {
	if err := checkTarget(dir); err != nil {
		return nil, err
	}
	if err := durable.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("make target: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make target private: %w", err)
	}
	t := &target{dir: dir}
	if err := t.take(os.O_CREATE|os.O_RDWR, syscall.LOCK_EX); err != nil {
		return nil, err
	}
	if err := t.prepare(id, adopt); err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

// checkTarget returns an error if there is something in dir that is not a target.
func checkTarget(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open target: %w", err)
	}
	for _, e := range entries {
		switch e.Name() {
		case bindingName:
			return nil
		case lockName, tmpName, "lost+found":
		default:
			return fmt.Errorf("%s is not a backup target, and not empty: name another folder with --to", dir)
		}
	}
	return nil
}

// openForReading opens the target dir.
func openForReading(dir string) (*target, error) {
	t := &target{dir: dir}
	if err := t.take(os.O_RDONLY, syscall.LOCK_SH); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if _, err := t.readBinding(); err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

// take takes the lock of the target.
func (t *target) take(flag, how int) error {
	f, err := os.OpenFile(filepath.Join(t.dir, lockName), flag, 0o600)
	if err != nil {
		return fmt.Errorf("lock target: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("the target %s is in use by another process", t.dir)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	t.lock = f
	return nil
}

func (t *target) close() error {
	if t.lock == nil {
		return nil
	}
	return t.lock.Close()
}

func (t *target) readBinding() (*binding, error) {
	text, err := os.ReadFile(filepath.Join(t.dir, bindingName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not a backup target: there is no %s in it: %w", t.dir, bindingName, err)
	}
	b := new(binding)
	if err == nil {
		err = decode(text, b)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(t.dir, bindingName), err)
	}
	return b, nil
}

// prepare binds a new target to the data folder, makes its folders and empties tmp.
func (t *target) prepare(id string, adopt bool) error {
	if err := os.RemoveAll(t.tmp()); err != nil {
		return fmt.Errorf("clear target: %w", err)
	}
	if err := os.Mkdir(t.tmp(), 0o700); err != nil {
		return fmt.Errorf("prepare target: %w", err)
	}
	b, err := t.readBinding()
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && b.Folder != id && adopt:
		if err := t.bind(id); err != nil {
			return err
		}
	case err != nil:
		return err
	case b.Folder != id:
		return fmt.Errorf("%s has the backups of another data folder: name another target with --to, or, to go on there with this folder, which may have been restored from it, add --adopt", t.dir)
	}
	for _, name := range []string{snapshotsName, filesName, blobsName} {
		if err := os.MkdirAll(filepath.Join(t.dir, name), 0o700); err != nil {
			return fmt.Errorf("prepare target: %w", err)
		}
	}
	for i := range 256 {
		for _, name := range []string{filesName, blobsName} {
			if err := os.MkdirAll(filepath.Join(t.dir, name, shard(i)), 0o700); err != nil {
				return fmt.Errorf("prepare target: %w", err)
			}
		}
	}
	return errors.Join(durable.SyncDir(filepath.Join(t.dir, filesName)), durable.SyncDir(filepath.Join(t.dir, blobsName)), durable.SyncDir(t.dir))
}

// bind records whose target this is.
func (t *target) bind(id string) error {
	text, err := encode(binding{formatVersion, id})
	if err == nil {
		err = t.write(filepath.Join(t.dir, bindingName), text)
	}
	if err != nil {
		return fmt.Errorf("bind target: %w", err)
	}
	return nil
}

// write makes the file path, in the target, hold text, durably and at once.
func (t *target) write(path string, text []byte) error {
	staged := filepath.Join(t.tmp(), filepath.Base(path))
	f, err := os.OpenFile(staged, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(staged, path); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(path))
}

// shard is the name of the i-th of 256 folders.
func shard(i int) string { return fmt.Sprintf("%02x", i) }

func (t *target) tmp() string { return filepath.Join(t.dir, tmpName) }

func (t *target) snapshot(id int) string {
	return filepath.Join(t.dir, snapshotsName, strconv.Itoa(id))
}

// pooled is the path of a file of the metadata with this SHA-256.
func (t *target) pooled(sum string) string { return filepath.Join(t.dir, filesName, sum[:2], sum) }

// blob is the path of a blob.
func (t *target) blob(id string) string { return filepath.Join(t.dir, blobsName, id[:2], id) }

// snapshots returns the IDs of the snapshots, oldest first, and of what was left of some that were not finished.
func (t *target) snapshots() (whole, partial []int, err error) {
	entries, err := os.ReadDir(filepath.Join(t.dir, snapshotsName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("list snapshots: %w", err)
	}
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil || id < 1 || strconv.Itoa(id) != e.Name() {
			return nil, nil, fmt.Errorf("there is %q among the snapshots of %s, which is none", e.Name(), t.dir)
		}
		switch _, err := os.Stat(filepath.Join(t.snapshot(id), manifestName)); {
		case err == nil:
			whole = append(whole, id)
		case errors.Is(err, fs.ErrNotExist):
			partial = append(partial, id)
		default:
			return nil, nil, fmt.Errorf("list snapshots: %w", err)
		}
	}
	slices.Sort(whole)
	slices.Sort(partial)
	return whole, partial, nil
}

// copyVerified copies a file of a target to to, through chunk, and calls passed with the number of bytes of each chunk.
// The error wraps ErrDamaged if it is not what was written.
func copyVerified(ctx context.Context, to io.Writer, path string, size int64, sum string, chunk []byte, passed func(n int)) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	hash := sha256.New()
	// Neither side may take over the copying: each chunk is counted.
	n, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(to, hash)}, new(limits.Throughput).Reader(ctx, from, passed), chunk)
	if err != nil {
		return err
	}
	if n != size || hex.EncodeToString(hash.Sum(nil)) != sum {
		return fmt.Errorf("%s: %w", path, ErrDamaged)
	}
	return nil
}
