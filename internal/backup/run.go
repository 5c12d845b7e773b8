package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"crossgrant/internal/blob"
	"crossgrant/internal/durable"
	"crossgrant/internal/limits"
)

const (
	// chunkSize is how much is copied at a time, in bytes.
	chunkSize = 256 << 10
	// batchSize is the number of blobs after which the folder that holds them is synced; copiers is how many are copied at a
	// time.
	batchSize = 128
	copiers   = 4
	// tellEvery is how often progress is told.
	tellEvery = time.Second
)

// run is one backup.
type run struct {
	*Service
	t       *target
	order   *Order
	limiter limits.Throughput
	man     manifest
	result  *Result
	// before is the snapshot before this one; nil if there is none that can be read.
	before *manifest
	// partial are snapshots that were not finished.
	partial []int
	chunks  sync.Pool

	// passed is the ID of the last blob that is not needed any more, empty at the beginning.
	passed atomic.Pointer[string]

	meter meter[Progress]
}

func newRun(s *Service, t *target, o *Order, folder string, tell func(Progress)) (*run, error) {
	whole, partial, err := t.snapshots()
	if err != nil {
		return nil, err
	}
	r := &run{Service: s, t: t, order: o, limiter: limits.Throughput{Rate: o.Rate}, result: &Result{}, partial: partial, meter: meter[Progress]{tell: tell}}
	r.chunks.New = newChunk
	r.man = manifest{Format: formatVersion, ID: 1, Folder: folder}
	for _, ids := range [][]int{whole, partial} {
		if len(ids) > 0 {
			r.man.ID = max(r.man.ID, ids[len(ids)-1]+1)
		}
	}
	if len(whole) > 0 {
		// One that is damaged only means that more has to be copied.
		if before, err := t.readManifest(whole[len(whole)-1]); err == nil && t.checkList(before) == nil {
			r.before = before
		}
	}
	r.passed.Store(new(string))
	return r, nil
}

// make makes the snapshot.
func (r *run) make(ctx context.Context) (err error) {
	release := r.source.Pin(func(id blob.ID) bool { return string(id) > *r.passed.Load() })
	defer release()
	checkpoint := filepath.Join(r.source.Scratch, "meta")
	if err := r.source.Checkpoint(ctx, checkpoint); err != nil {
		return err
	}
	r.man.Created = r.source.Now().UTC()
	if r.man.KeyCheck, err = r.source.Seal([]byte(keyCheck), []byte(keyCheck)); err != nil {
		return err
	}
	// Before it is opened, which may add files.
	metadata, err := listMetadata(checkpoint)
	if err != nil {
		return err
	}
	all, err := r.references(ctx, checkpoint)
	if err != nil {
		return err
	}
	r.expect(all, metadata)
	if err := r.begin(); err != nil {
		return err
	}
	if err := r.copyBlobs(ctx, all); err != nil {
		return err
	}
	release()
	if err := r.copyMetadata(ctx, checkpoint, metadata); err != nil {
		return err
	}
	if r.order.WithMasterKey {
		if err := r.copyMasterKey(); err != nil {
			return err
		}
	}
	return r.finish()
}

// references collects what the metadata of a checkpoint names.
func (r *run) references(ctx context.Context, checkpoint string) (*references, error) {
	s, err := r.source.OpenState(checkpoint)
	if err != nil {
		return nil, err
	}
	all, err := scanReferences(ctx, s, filepath.Join(r.source.Scratch, "blobs"))
	if err := errors.Join(err, s.Close()); err != nil {
		return nil, err
	}
	return all, nil
}

// begin makes the folder of the snapshot, durably.
func (r *run) begin() error {
	dir := r.t.snapshot(r.man.ID)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	return durable.SyncDir(filepath.Dir(dir))
}

// finish writes the manifest: from then on the snapshot is one.
func (r *run) finish() error {
	if err := durable.SyncDir(r.t.snapshot(r.man.ID)); err != nil {
		return err
	}
	text, err := encode(&r.man)
	if err == nil {
		err = r.t.write(filepath.Join(r.t.snapshot(r.man.ID), manifestName), text)
	}
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	r.result.Info = r.man.info()
	return nil
}

// copyMasterKey adds the master key. It is read after the checkpoint was made, so that it opens all that is in it.
func (r *run) copyMasterKey() error {
	text, err := r.source.MasterKey()
	if err == nil {
		err = r.t.write(filepath.Join(r.t.snapshot(r.man.ID), masterName), text)
	}
	if err != nil {
		return fmt.Errorf("add master key: %w", err)
	}
	r.man.MasterKey = &file{Name: masterName, Size: int64(len(text)), SHA256: sumOf(text)}
	return nil
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// copyFile copies from to the file staged, synced, and to beside, and returns the number of bytes and their SHA-256. The
// folder is not synced.
func (r *run) copyFile(ctx context.Context, from io.Reader, staged string, beside io.Writer) (n int64, sum string, err error) {
	f, err := os.OpenFile(staged, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	hash := sha256.New()
	chunk := r.chunks.Get().(*[]byte)
	defer r.chunks.Put(chunk)
	// Neither side may take over the copying: each chunk is counted and bounded.
	reader := r.limiter.Reader(ctx, from, r.copied)
	n, err = io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(f, hash, beside)}, reader, *chunk)
	if err == nil {
		err = f.Sync()
	}
	return n, hex.EncodeToString(hash.Sum(nil)), err
}

// newChunk returns room for a chunk.
func newChunk() any {
	b := make([]byte, chunkSize)
	return &b
}

// expect says how much there is to do.
func (r *run) expect(all *references, metadata []file) {
	r.meter.set(func(at *Progress) {
		at.AllBlobs, at.AllBytes = all.count, all.bytes
		for _, f := range metadata {
			at.AllBytes += f.Size
		}
	})
}

// copied notes that bytes were copied.
func (r *run) copied(n int) { r.meter.count(func(at *Progress) { at.Copied += int64(n) }) }

// done notes that blobs, or files, are in the target.
func (r *run) done(blobs int, bytes int64) {
	r.meter.count(func(at *Progress) {
		at.Blobs += blobs
		at.Bytes += bytes
	})
}
