package pebble

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"runtime"
	"sync"
	"syscall"
	"time"

	pebbledb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
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

	// Present are the first bytes of keys that are looked for only where they are: no filters are kept of their tables.
	Present []byte
	// ReserveBytes is the free space that only what gives space back may use, besides what the engine itself
	// needs; 0 means that all may use all.
	ReserveBytes int64
	// MaxTables bounds the tables that are open at a time; 0 means a quarter of the files that the process may
	// have open, at most 8,000.
	MaxTables int

	memTableBytes uint64        // for tests; 0 means 8 MiB
	patience      time.Duration // for tests; 0 means two seconds
}

// config returns the settings of a database on files. Its cache is the caller's to set.
func (o Options) config(files vfs.FS, log logger) *pebbledb.Options {
	older := bloom.FilterPolicy(filterBits)
	config := &pebbledb.Options{
		FS:                 files,
		MemTableSize:       o.memTableBytes,
		Comparer:           pebbledb.DefaultComparer, // bytewise
		FormatMajorVersion: format,
		Logger:             log,
		EventListener: &pebbledb.EventListener{
			BackgroundError: log.background,
			// The default is fatal. A damaged table fails the reads that need it, no others.
			DataCorruption: func(info pebbledb.DataCorruptionInfo) { log.Errorf("%s", info) },
		},
	}
	config.Experimental.SpanPolicyFunc = cutBySpace
	config.Local.ReadaheadConfig = readahead()
	for level := range config.Levels {
		config.TargetFileSizes[level] = min(int64(smallTable)<<level, largeTable)
		config.Levels[level].BlockSize = tableBlock
		// A transaction often asks for a key that does not exist yet; the filter spares the disk.
		config.Levels[level].FilterPolicy = newFilter(o.Present)
	}
	// Tables that an older program made have these.
	config.Filters = map[string]pebbledb.FilterPolicy{older.Name(): older}
	return config
}

// readahead has the system read ahead of a listing, further each time. By itself Pebble opens the table anew to tell the
// system that it is read in order, for each page of a listing.
func readahead() *pebbledb.ReadaheadConfig {
	config := objstorageprovider.NewReadaheadConfig()
	config.Set(objstorageprovider.FadviseSequential, objstorageprovider.SysReadahead)
	return config
}

// readerOptions returns the settings of who reads the tables of a database.
func readerOptions(files vfs.FS) sstable.ReaderOptions {
	opts := Options{FS: files}.withDefaults()
	return opts.config(files, opts.logger(newHealth(opts.patience))).MakeReaderOptions()
}

// withDefaults returns o with what it leaves open.
func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = defaultCache
	}
	if o.memTableBytes == 0 {
		o.memTableBytes = defaultMemTable
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxTables == 0 {
		o.MaxTables = maxTables()
	}
	if o.patience == 0 {
		o.patience = patience
	}
	return o
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

// maxTables is the default of MaxTables. To open a table for a read costs as much as the read; one that is open takes a few
// kilobytes. The Go runtime has raised the limit to what the process may have.
func maxTables() int {
	const most, least = 8000, 4
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return most
	}
	return int(max(least, min(most, limit.Cur/4)))
}

// fileCache returns what keeps at most MaxTables tables open. The caller has a reference to it.
func (o Options) fileCache() *pebbledb.FileCache {
	return pebbledb.NewFileCache(min(runtime.GOMAXPROCS(0), o.MaxTables), o.MaxTables)
}

// logger passes Pebble's messages on.
type logger struct {
	health *health
	log    *slog.Logger
	errors *throttle
}

var _ pebbledb.Logger = logger{}

// logger returns what passes on the messages of a database with this health.
func (o Options) logger(h *health) logger {
	return logger{health: h, log: o.Log, errors: new(throttle)}
}

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

// background says err, unless errors like it were said just now.
func (l logger) background(err error) {
	t := l.errors
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); now.Sub(t.last) >= quiet {
		l.Errorf("background: %v (%d errors since the last such line)", err, t.held)
		t.last, t.held = now, 0
		return
	}
	t.held++
}

// Fatalf gives the instance up, unless what is said is that a file is missing or has another size: that
// damage is still there when the folder is opened again, and concerns the reads that need the file.
// It returns, and Pebble goes on; but nothing that it does reaches the disk any more.
func (l logger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if callerRole() == damageFinder {
		l.background(err)
		return
	}
	l.log.Error(err.Error())
	_ = l.health.fail(err)
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

// writeSynced makes a file with this content. Its name is durable once the folder is synced.
func writeSynced(files vfs.FS, name string, content []byte) error {
	f, err := files.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
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
