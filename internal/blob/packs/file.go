package packs

import (
	"container/list"
	"errors"
	"io/fs"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob/disk"
)

// file is an open file that several have, who read it at the same time. The last one closes it.
type file struct {
	vfs.File
	users atomic.Int32
}

// newFile returns f for one user.
func newFile(f vfs.File) *file {
	shared := &file{File: f}
	shared.users.Store(1)
	return shared
}

// use adds a user. The caller is one, or holds Store.mu while one is.
func (f *file) use() *file {
	f.users.Add(1)
	return f
}

// release ends the use.
func (f *file) release() {
	if f.users.Add(-1) == 0 {
		_ = f.Close() // what was written was synced, or is not relied on
	}
}

// size returns the size of the file in bytes.
func (f *file) size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// zero makes a range zeros, and gives its space back. It is the file beneath that knows whether it can.
func (f *file) zero(from, to int64) error {
	if from >= to {
		return nil
	}
	return disk.Zero(f.File, from, to-from)
}

// cached is how many files of sealed packs are kept open.
const cached = 256

// cache has the files of sealed packs that were used last, open for reading. The zero value is empty.
type cache struct {
	files map[packID]*list.Element
	order list.List // of cacheEntry, what was used last first
}

type cacheEntry struct {
	pack packID
	file *file
}

// get returns a file for one more user, nil if it is not there.
func (c *cache) get(id packID) *file {
	at := c.files[id]
	if at == nil {
		return nil
	}
	c.order.MoveToFront(at)
	return at.Value.(cacheEntry).file.use()
}

// add takes a file over from a user of it, unless one is there.
func (c *cache) add(id packID, f *file) {
	if c.files[id] != nil {
		f.release()
		return
	}
	if c.files == nil {
		c.files = map[packID]*list.Element{}
	}
	c.files[id] = c.order.PushFront(cacheEntry{id, f})
	if c.order.Len() > cached {
		c.remove(c.order.Back().Value.(cacheEntry).pack)
	}
}

func (c *cache) remove(id packID) {
	if at := c.files[id]; at != nil {
		c.order.Remove(at)
		delete(c.files, id)
		at.Value.(cacheEntry).file.release()
	}
}

func (c *cache) clear() {
	for id := range c.files {
		c.remove(id)
	}
}

// forReading returns the file of a pack, or errNoPack. The caller releases it. A pack that is sealed has its place before
// it is no longer among the open ones.
func (s *Store) forReading(id packID) (*file, error) {
	s.mu.Lock()
	if p := s.open[id]; p != nil {
		defer s.mu.Unlock()
		return p.file.use(), nil
	}
	f := s.cache.get(id)
	s.mu.Unlock()
	if f != nil {
		return f, nil
	}
	opened, err := s.fs.Open(s.place(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoPack
	}
	if err != nil {
		return nil, err
	}
	f = newFile(opened)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cache.add(id, f.use())
	return f, nil
}

// forChange returns the file of a pack, open for writing, or errNoPack. The caller releases it, and holds removals, so
// that the file is not removed before it is opened, which would make it anew.
func (s *Store) forChange(id packID) (*file, error) {
	s.mu.Lock()
	if p := s.open[id]; p != nil {
		defer s.mu.Unlock()
		return p.file.use(), nil
	}
	s.mu.Unlock()
	_, err := s.fs.Stat(s.place(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoPack
	}
	if err != nil {
		return nil, err
	}
	f, err := s.fs.OpenReadWrite(s.place(id), category)
	if err != nil {
		return nil, err
	}
	return newFile(f), nil
}
