package pebble

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"syscall"
	"time"

	pebbledb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/meta"
)

// format is the version of the files. A folder of an older version is upgraded when it is opened, and
// older programs then refuse it, so a new version is chosen here and not by a new release of Pebble.
const format = pebbledb.FormatValueSeparation

// Defaults, in bytes. The log and the memory table hold whole small objects, which is why they are
// larger than Pebble's own defaults: a batch of half a memory table takes a slower path. Pebble takes the
// memory tables out of the cache, of which one is being written and one flushed under load: what they leave
// has to hold the filters and indexes of all tables that are in use. What is in them is also what a start
// after a kill reads from the log.
const (
	defaultCache    = 64 << 20
	defaultMemTable = 8 << 20
	// smallTable and largeTable are the sizes of tables, from the newest level to the oldest. Pebble's own
	// begin at 2 MiB: each is a file to be made durable, of which a memory table would become eight.
	smallTable = 8 << 20
	largeTable = 64 << 20
	// tableBlock is what is read at once. A small object would fill a block of 4 KiB, Pebble's own default,
	// so that the index had an entry for each.
	tableBlock = 16 << 10
)

// Options are the settings of an engine; the zero value is good.
type Options struct {
	// FS is the file system, nil for that of the operating system.
	FS vfs.FS
	// CacheBytes bounds the cache of table blocks and the memory tables, together; 0 means 64 MiB.
	CacheBytes int64
	// Log receives what Pebble has to say (errors, and at debug level its work); nil discards it.
	Log *slog.Logger

	memTableBytes uint64 // for tests; 0 means 8 MiB
}

// config returns the settings of the database of e.
func (o Options) config(e *Engine) *pebbledb.Options {
	log := logger{engine: e, log: o.Log}
	if log.log == nil {
		log.log = slog.New(slog.DiscardHandler)
	}
	config := &pebbledb.Options{
		FS:                 o.FS,
		CacheSize:          o.CacheBytes,
		MemTableSize:       o.memTableBytes,
		Comparer:           pebbledb.DefaultComparer, // bytewise
		FormatMajorVersion: format,
		Logger:             log,
		EventListener: &pebbledb.EventListener{
			BackgroundError: new(throttle).reporter(log),
			WALCreated: func(info pebbledb.WALCreateInfo) {
				if info.Err != nil { // the last words: see Failure in the package comment
					log.Errorf("make the next log file: %v", info.Err)
				}
			},
			// The default is fatal. A damaged table fails the reads that need it, no others.
			DataCorruption: func(info pebbledb.DataCorruptionInfo) { log.Errorf("%s", info) },
		},
	}
	if config.FS == nil {
		config.FS = vfs.Default
	}
	if config.CacheSize == 0 {
		config.CacheSize = defaultCache
	}
	if config.MemTableSize == 0 {
		config.MemTableSize = defaultMemTable
	}
	config.Experimental.SpanPolicyFunc = cutBySpace
	for level := range config.Levels {
		config.TargetFileSizes[level] = min(int64(smallTable)<<level, largeTable)
		config.Levels[level].BlockSize = tableBlock
		// A transaction often asks for a key that does not exist yet; the filter spares the disk.
		config.Levels[level].FilterPolicy = bloom.FilterPolicy(10)
	}
	return config
}

// cutBySpace tells Pebble to end a table where the first byte of the keys changes, which tells what the keys are
// about. Values that are written in the order of their keys then lie in tables that overlap with no others, and
// are not merged over and over; with a table that also held keys of another space they would be.
func cutBySpace(from []byte) (policy pebbledb.SpanPolicy, end []byte, err error) {
	if len(from) == 0 || from[0] == 0xff {
		return policy, nil, nil
	}
	return policy, []byte{from[0] + 1}, nil
}

// logger passes Pebble's messages on.
type logger struct {
	engine *Engine
	log    *slog.Logger
}

var _ pebbledb.Logger = logger{}

func (l logger) Infof(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug(fmt.Sprintf(format, args...))
	}
}

func (l logger) Errorf(format string, args ...any) {
	l.log.Error(fmt.Sprintf(format, args...))
}

// quiet is how long a throttle holds back what would only repeat what was said.
const quiet = 10 * time.Second

// throttle bounds what background errors say. Pebble tries a flush or a compaction that failed again at
// once and without end: on a full disk that is a thousand errors a second, which differ only in the
// number of a file.
type throttle struct {
	mu   sync.Mutex // protects the fields below
	last time.Time  // of the last line
	held int        // errors since then
}

// reporter returns a listener that passes on to log one error each quiet, with the number of those
// before it that it held back.
func (t *throttle) reporter(log logger) func(error) {
	return func(err error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if now := time.Now(); now.Sub(t.last) >= quiet {
			log.Errorf("background: %v (%d errors since the last such line)", err, t.held)
			t.last, t.held = now, 0
			return
		}
		t.held++
	}
}

// Fatalf stops the engine and panics, for Pebble must not run on. In a call of ours the panic becomes
// an error (see append and openDB); in the background it ends the process.
func (l logger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	l.log.Error(err.Error())
	panic(l.engine.fail(err, true))
}

// asError returns what was recovered from a panic as an error.
func asError(recovered any) error {
	if err, ok := recovered.(error); ok {
		return err
	}
	return fmt.Errorf("%v", recovered)
}

// translate marks errors that say that stored bytes are damaged with meta.ErrCorrupt.
func translate(err error) error {
	if pebbledb.IsCorruptionError(err) && !errors.Is(err, meta.ErrCorrupt) {
		return fmt.Errorf("%w: %w", meta.ErrCorrupt, err)
	}
	return err
}

// lockDir takes the lock that keeps other processes, and other engines of this one, out of dir.
func lockDir(files vfs.FS, dir string) (*pebbledb.Lock, error) {
	lock, err := pebbledb.LockDirectory(dir, files)
	if err == nil {
		return lock, nil
	}
	// A lock that is held shows as EAGAIN or EACCES of fcntl, or, within this process, as an error
	// without a type. An error about the lock file itself has a path.
	var path *fs.PathError
	var errno syscall.Errno
	if errors.As(err, &path) || errors.As(err, &errno) && errno != syscall.EAGAIN && errno != syscall.EACCES {
		return nil, fmt.Errorf("lock metadata folder: %w", err)
	}
	return nil, fmt.Errorf("metadata folder %s is in use by another process", dir)
}

// makeDir makes dir and its missing parents, readable by the owner only, and syncs their entries.
func makeDir(files vfs.FS, dir string) error {
	parents := []string{files.PathDir(dir)} // of each folder to make, and of dir in any case
	for child := dir; ; child = files.PathDir(child) {
		_, err := files.Stat(child)
		if err == nil || files.PathDir(child) == child {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		parents = append(parents, files.PathDir(child))
	}
	if err := files.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, parent := range parents {
		if err := syncDir(files, parent); err != nil {
			return err
		}
	}
	return nil
}

func syncDir(files vfs.FS, dir string) error {
	d, err := files.OpenDir(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}
