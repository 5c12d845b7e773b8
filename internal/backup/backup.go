// Package backup makes consistent copies of a data folder while it is used, and makes data folders of them.
//
// A backup target is a folder of plain files, which can be copied with any tool and may lie on any file system:
//
//	backup.json                    which data folder is backed up here
//	snapshots/N/manifest.json      snapshot N, a number that only grows: what it consists of
//	snapshots/N/blobs.txt          its blobs: one line each, SHA-256, size in bytes and ID, in order of their IDs
//	snapshots/N/master.json        the master key, if it was asked for
//	files/<2 digits>/<sha-256>     a file of the metadata, by its content
//	blobs/<2 digits>/<id>          what is stored of a blob
//	lock                           locked by who uses the target
//	tmp/                           what is being copied
//
// # Snapshots
//
// A snapshot is the metadata in one state, and every blob that the metadata names in that state. The state is that of a
// checkpoint (meta.Checkpointer), taken after the service of objects was told to keep all blobs (Source.Pin). From then on
// blobs that become garbage stay until they are copied. Blobs are copied in the order of their IDs, so that what was
// passed is freed again, and nothing but a position has to be remembered.
//
// Blobs never change, and their IDs are drawn at random: one that an earlier snapshot names is in the target and is not
// copied again. The files of the metadata are kept under their own SHA-256, so that it does not matter that their
// names are used again after a restore. No file belongs to a snapshot: one is removed when no snapshot names it any more.
//
// # Durability
//
// Everything is synced before the manifest, which is written last and by a rename. A snapshot without a manifest is not
// one: its list of blobs spares the next backup to copy them again, and then it is removed. All lists and manifests carry
// SHA-256 sums; Verify reads everything and compares.
package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"crossgrant/internal/blob"
	"crossgrant/internal/durable"
	"crossgrant/internal/meta"
)

// State reads the metadata of a checkpoint.
type State interface {
	View(ctx context.Context, fn func(meta.Reader) error) error
	Close() error
}

// Source is the data folder that is backed up.
type Source struct {
	// Checkpoint is that of meta.Store.
	Checkpoint func(ctx context.Context, dir string) error
	// OpenState opens what Checkpoint made. It does not change a file, but may add some.
	OpenState func(dir string) (State, error)
	Blobs     blob.Store
	// Pin is that of objects.Service.
	Pin func(held func(blob.ID) bool) (release func())
	// ID tells the data folder from others, also from one that was restored from its backup.
	ID func() (string, error)
	// Seal is that of seal.Box.
	Seal func(plaintext, context []byte) ([]byte, error)
	// MasterKey returns the file with the master key.
	MasterKey func() ([]byte, error)
	// Scratch is a folder that exists only while a backup runs, on the file system of the metadata.
	Scratch string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Order says what backup to make.
type Order struct {
	// To is the target, an absolute path.
	To string
	// Keep is the number of snapshots to keep, the newest ones; 0 keeps all.
	Keep int
	// Rate bounds what is copied, in bytes per second; 0 means no bound.
	Rate int64
	// WithMasterKey adds the master key.
	WithMasterKey bool
	// Adopt takes over the target of another data folder.
	Adopt bool
}

// Progress is how far a backup, or a restore, has come.
type Progress struct {
	Blobs, AllBlobs int
	Bytes, AllBytes int64 // of the content of blobs, before encryption, and of files
	// Copied is how many bytes were copied.
	Copied int64
}

// Result is a backup that was made.
type Result struct {
	Info
	CopiedBlobs int
	CopiedFiles int
	// CopiedBytes is what was copied to the target, but for lists and manifest.
	CopiedBytes int64
	// Damaged is the number of blobs that are not in the snapshot because they were found damaged before.
	Damaged int `json:",omitempty"`
	// Removed are the snapshots that were removed.
	Removed []int `json:",omitempty"`
}

// ErrRunning says that a backup is being made.
var ErrRunning = errors.New("a backup is under way: wait for its end")

// Service makes backups of one data folder, one at a time. Its methods are safe for concurrent use.
type Service struct {
	source Source
	turn   sync.Mutex // held while a backup runs
	ctx    context.Context
	stop   context.CancelFunc
}

// New returns a Service for source.
func New(source Source) *Service {
	if source.Now == nil {
		source.Now = time.Now
	}
	s := &Service{source: source}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// Recover removes what a backup left that was under way when the server ended. It is called before Run.
func (s *Service) Recover() error {
	if err := os.RemoveAll(s.source.Scratch); err != nil {
		return fmt.Errorf("remove what a backup left: %w", err)
	}
	return nil
}

// Stop ends the backup that is under way and lets no other begin. It does not wait.
func (s *Service) Stop() { s.stop() }

// Close is Stop, and waits.
func (s *Service) Close() {
	s.stop()
	s.turn.Lock()
	defer s.turn.Unlock()
}

// Run makes a backup, which is durable when Run returns nil. tell is called now and then, from one goroutine at a time. An
// error leaves the snapshots that are there as they were.
func (s *Service) Run(ctx context.Context, o Order, tell func(Progress)) (*Result, error) {
	if !s.turn.TryLock() {
		return nil, ErrRunning
	}
	defer s.turn.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.ctx, func() { cancel(errors.New("the server is ending")) })()
	r, err := s.run(ctx, &o, tell)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("the backup was stopped: %w", context.Cause(ctx))
	}
	return r, err
}

func (s *Service) run(ctx context.Context, o *Order, tell func(Progress)) (_ *Result, err error) {
	if !filepath.IsAbs(o.To) {
		return nil, fmt.Errorf("the target %q is not an absolute path", o.To)
	}
	id, err := s.source.ID()
	if err != nil {
		return nil, err
	}
	t, err := openForBackup(o.To, id, o.Adopt)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	if err := s.Recover(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Recover()) }()
	if err := durable.MkdirAll(s.source.Scratch); err != nil {
		return nil, fmt.Errorf("make folder for the checkpoint: %w", err)
	}
	r, err := newRun(s, t, o, id, tell)
	if err != nil {
		return nil, err
	}
	if err := r.make(ctx); err != nil {
		return nil, err
	}
	return r.result, r.tidy()
}
