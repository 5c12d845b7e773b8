package pebble

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// errFenced is what the operations of an instance that was given up end in.
var errFenced = errors.New("the opening of the metadata folder is over")

// Pauses between the attempts of one operation, and after each failure of those that Pebble repeats
// itself: it would do so at once and without end.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = 500 * time.Millisecond
)

// fence is the file system of one instance. What fails in a way that Pebble cannot live with, it does not
// tell Pebble (see verdict); and once it is shut nothing of the instance reaches the disk, so that
// another instance can open the folder.
type fence struct {
	vfs.FS
	health *health
	report func(error) // of failures that pass, which are many alike
	// gate holds a token while Pebble applies a batch.
	gate chan struct{}

	// mu is held for reading while an operation that changes the disk runs; it protects over.
	mu   sync.RWMutex
	over bool
	shut chan struct{} // closed when over is set

	listing sync.Mutex // protects the fields below
	files   map[*fencedFile]bool
	pause   time.Duration // after the next failure that Pebble is told
	closing bool          // no batch is applied any more, nor will be
}

func newFence(base vfs.FS, h *health, report func(error)) *fence {
	return &fence{
		FS: base, health: h, report: report, gate: make(chan struct{}, 1), shut: make(chan struct{}), files: map[*fencedFile]bool{},
	}
}

// Shut lets nothing more reach the disk. It waits for what is under way.
func (f *fence) Shut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.over {
		f.over = true
		close(f.shut)
	}
}

// CloseFiles closes what Pebble has left open. What reads on ends in an error.
func (f *fence) CloseFiles() {
	f.listing.Lock()
	files := f.files
	f.files = map[*fencedFile]bool{}
	f.listing.Unlock()
	for file := range files {
		_ = file.File.Close()
	}
}

// once runs op unless the fence is shut.
func (f *fence) once(op func() error) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.over {
		return errFenced
	}
	return op()
}

// do runs op as an operation of kind k, and does with its failure what verdictOf says.
func (f *fence) do(k kind, op func() error) error {
	err := f.once(op)
	if err == nil {
		return nil
	}
	v := verdictOf(k, f.caller())
	if v == again && errors.Is(err, errFenced) {
		v = never
	}
	switch v {
	case ignore:
		return nil
	case tell:
		return err
	case tellLater:
		f.tellLater(err)
		return err
	case tellWhenIdle:
		return f.whenIdle(err)
	case again:
		return f.retry(op, err)
	default:
		f.park(err)
		return nil // never reached
	}
}

// tellLater waits, for Pebble repeats the work at once when it is told err.
func (f *fence) tellLater(err error) {
	f.health.stall(err)
	f.wait(f.nextPause())
}

// retry runs op until it succeeds.
func (f *fence) retry(op func() error, err error) error {
	f.health.hold()
	defer f.health.release()
	f.report(err)
	began := time.Now()
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		if time.Since(began) >= f.health.patience {
			f.health.warn(err)
		}
		f.wait(pause)
		if err = f.once(op); err == nil {
			return nil
		}
		if errors.Is(err, errFenced) {
			f.park(err)
		}
	}
}

// whenIdle fails the instance with err, the failure of a sync of the log, and returns it when Pebble
// applies no batch, nor will. If Pebble does not come to that, err is told to nobody.
func (f *fence) whenIdle(err error) error {
	_ = f.health.fail(err)
	if f.isClosing() {
		return err
	}
	timer := time.NewTimer(f.health.patience)
	defer timer.Stop()
	select {
	case f.gate <- struct{}{}: // for good
		f.setClosing()
		return err
	case <-timer.C:
		f.park(err)
		return nil // never reached
	}
}

// park fails the instance and stops the calling goroutine for ever: what it would do with err ends the
// process. It holds none of the locks that readers need.
func (f *fence) park(err error) {
	_ = f.health.fail(err)
	f.health.parked.Add(1)
	select {}
}

// wait waits for d, or until the fence is shut.
func (f *fence) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.shut:
		time.Sleep(firstPause) // Pebble's repetitions are over soon, but not at once
	}
}

func (f *fence) nextPause() time.Duration {
	f.listing.Lock()
	defer f.listing.Unlock()
	f.pause = min(max(firstPause, 2*f.pause), lastPause)
	return f.pause
}

// worked says that an operation whose failures make pauses has succeeded.
func (f *fence) worked() {
	f.listing.Lock()
	defer f.listing.Unlock()
	f.pause = 0
}

func (f *fence) isClosing() bool {
	f.listing.Lock()
	defer f.listing.Unlock()
	return f.closing
}

func (f *fence) setClosing() {
	f.listing.Lock()
	defer f.listing.Unlock()
	f.closing = true
}

// caller returns who asks for an operation that failed. While the instance closes nothing can be hurt.
func (f *fence) caller() role {
	r := callerRole()
	if r == logWriter && f.isClosing() {
		return careful
	}
	return r
}

// file returns what op opens, fenced. It is listed before Shut returns, so that CloseFiles, which comes after, finds it.
func (f *fence) file(k kind, op func() (vfs.File, error)) (vfs.File, error) {
	var file *fencedFile
	err := f.do(k, func() error {
		opened, err := op()
		if err != nil {
			return err
		}
		file = &fencedFile{File: opened, fence: f}
		f.listing.Lock()
		defer f.listing.Unlock()
		f.files[file] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	return file, nil
}

func (f *fence) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return f.file(making, func() (vfs.File, error) { return f.FS.Create(name, category) })
}

// ReuseForWrite renames and opens a file. When it is tried again it may have been renamed.
func (f *fence) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return f.file(making, func() (vfs.File, error) {
		if _, err := f.FS.Stat(from); errors.Is(err, os.ErrNotExist) {
			return f.FS.OpenReadWrite(to, category)
		}
		return f.FS.ReuseForWrite(from, to, category)
	})
}

func (f *fence) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return f.file(making, func() (vfs.File, error) { return f.FS.OpenReadWrite(name, category, opts...) })
}

func (f *fence) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	return f.file(reading, func() (vfs.File, error) { return f.FS.Open(name, opts...) })
}

func (f *fence) OpenDir(name string) (vfs.File, error) {
	return f.file(reading, func() (vfs.File, error) { return f.FS.OpenDir(name) })
}

func (f *fence) Link(from, to string) error {
	return f.do(making, func() error { return f.FS.Link(from, to) })
}

func (f *fence) Remove(name string) error {
	return f.do(removing, func() error { return f.FS.Remove(name) })
}

func (f *fence) RemoveAll(name string) error {
	return f.do(removing, func() error { return f.FS.RemoveAll(name) })
}

func (f *fence) Rename(from, to string) error {
	return f.do(making, func() error { return f.FS.Rename(from, to) })
}

func (f *fence) MkdirAll(dir string, perm os.FileMode) error {
	return f.do(making, func() error { return f.FS.MkdirAll(dir, perm) })
}

// Lock does nothing: the engine holds the lock of the folder for all of its instances.
func (f *fence) Lock(string) (io.Closer, error) { return unlocked{}, nil }

func (f *fence) Unwrap() vfs.FS { return f.FS }

type unlocked struct{}

func (unlocked) Close() error { return nil }

// fencedFile is a file of an instance.
type fencedFile struct {
	vfs.File
	fence *fence
}

// Write writes all of p. When it is tried again it goes on where it was.
func (w *fencedFile) Write(p []byte) (done int, err error) {
	err = w.fence.do(writing, func() error {
		n, err := w.File.Write(p[done:])
		done += n
		return err
	})
	return done, err
}

func (w *fencedFile) WriteAt(p []byte, offset int64) (done int, err error) {
	err = w.fence.do(writing, func() error {
		n, err := w.File.WriteAt(p[done:], offset+int64(done))
		done += n
		return err
	})
	return done, err
}

func (w *fencedFile) Sync() error     { return w.sync(w.File.Sync) }
func (w *fencedFile) SyncData() error { return w.sync(w.File.SyncData) }

func (w *fencedFile) SyncTo(length int64) (whole bool, err error) {
	err = w.sync(func() error {
		whole, err = w.File.SyncTo(length)
		return err
	})
	return whole, err
}

func (w *fencedFile) sync(op func() error) error {
	err := w.fence.do(syncing, op)
	if err == nil {
		w.fence.worked()
	}
	return err
}

func (w *fencedFile) Stat() (info vfs.FileInfo, err error) {
	err = w.fence.do(reading, func() (err error) {
		info, err = w.File.Stat()
		return err
	})
	return info, err
}

func (w *fencedFile) Preallocate(offset, length int64) error {
	return w.fence.once(func() error { return w.File.Preallocate(offset, length) })
}

func (w *fencedFile) Close() error {
	w.fence.listing.Lock()
	left := w.fence.files[w]
	delete(w.fence.files, w)
	w.fence.listing.Unlock()
	if !left {
		return nil // CloseFiles was first
	}
	err := w.File.Close()
	if err == nil {
		return nil
	}
	switch verdictOf(closing, w.fence.caller()) { // it is not closed twice
	case ignore:
		return nil
	case tellLater:
		w.fence.tellLater(err)
	}
	return err
}
