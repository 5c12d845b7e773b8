package packs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/disk"
)

// Open returns a reader of a range of the blob. It reads with one call as much as is asked for.
func (s *Store) Open(ctx context.Context, id blob.ID, offset, length int64) (io.ReadCloser, error) {
	r, err := s.reader(ctx, id)
	if errors.Is(err, errNoPack) {
		return s.large.Open(ctx, id, offset, length)
	}
	if err != nil {
		return nil, err
	}
	size := int64(r.at.size)
	if err = disk.CheckRange(id, size, offset, length); err == nil && offset+length == size {
		err = r.checkEnd()
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.Next, r.Left = r.at.content()+offset, length
	return r, nil
}

// OpenWhole returns a reader of the blob, and its size.
func (s *Store) OpenWhole(ctx context.Context, id blob.ID) (io.ReadCloser, int64, error) {
	if err := id.Check(); err != nil {
		return nil, 0, err
	}
	size := int64(locate(id).size)
	r, err := s.reader(ctx, id)
	if errors.Is(err, errNoPack) {
		return s.large.OpenWhole(ctx, id)
	}
	if err != nil {
		return nil, 0, err
	}
	if err := r.checkEnd(); err != nil {
		return nil, 0, errors.Join(err, r.Close())
	}
	r.Next, r.Left = r.at.content(), size
	return r, size, nil
}

// reader returns a reader of nothing of the blob, or errNoPack.
func (s *Store) reader(ctx context.Context, id blob.ID) (*reader, error) {
	if err := s.gate.Enter(ctx, id); err != nil {
		return nil, err
	}
	defer s.gate.Leave()
	at := locate(id)
	f, err := s.hold(at)
	if errors.Is(err, errNoPack) {
		return nil, err
	}
	if err != nil {
		return nil, disk.Translate(id, err)
	}
	return &reader{Section: disk.Section{File: f, ID: id}, store: s, at: at, file: f}, nil
}

// hold returns the file that a blob is in, whose bytes stay until unhold; errNoPack if it is in none, and ErrNotFound if
// it is not there.
func (s *Store) hold(l location) (*file, error) {
	f, err := s.forReading(l.pack)
	if err != nil {
		return nil, err
	}
	if !s.tryHold(l) {
		f.release()
		return nil, blob.ErrNotFound
	}
	// Whoever deletes it from here on leaves its bytes. Who has done so before has removed the header.
	if err := readHeader(f, l); err != nil {
		s.unhold(l, f)
		return nil, err
	}
	return f, nil
}

// tryHold holds a blob unless it is being written or deleted.
func (s *Store) tryHold(l location) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.open[l.pack]; p != nil && p.waiting[l] != absent && p.waiting[l] != committed {
		return false
	}
	if s.going[l] || s.doomed[l] {
		return false
	}
	s.held[l]++
	return true
}

// readHeader returns nil if the extent has its header, ErrNotFound if there is none, or ErrCorrupt.
func readHeader(f *file, l location) error {
	var h [headerSize]byte
	n, err := f.ReadAt(h[:], l.offset())
	if n < len(h) && err != io.EOF {
		return err
	}
	want := l.header()
	switch {
	case h == want:
		return nil
	case h == noHeader:
		return blob.ErrNotFound
	}
	return fmt.Errorf("the header of the extent is damaged: %w", blob.ErrCorrupt)
}

// reader reads a range of an extent.
type reader struct {
	disk.Section
	store *Store
	at    location
	file  *file // nil after Close
}

// checkEnd returns an error unless the rest of the last page is zeros, which no other checksum covers.
func (r *reader) checkEnd() error {
	var page [pageSize]byte
	from := r.at.content() + int64(r.at.size)
	n, err := r.file.ReadAt(page[:r.at.end()-from], from)
	if err != nil && err != io.EOF {
		return disk.Translate(r.ID, err)
	}
	if !isZero(page[:n]) {
		return fmt.Errorf("blob %s has something behind its end: %w", r.ID, blob.ErrCorrupt)
	}
	return nil
}

func isZero(p []byte) bool {
	var zero [pageSize]byte
	for len(p) > pageSize {
		if !bytes.Equal(p[:pageSize], zero[:]) {
			return false
		}
		p = p[pageSize:]
	}
	return bytes.Equal(p, zero[:len(p)])
}

func (r *reader) Read(p []byte) (int, error) {
	if r.file == nil && r.Left > 0 {
		return 0, errors.New("blob: reader is closed")
	}
	return r.Section.Read(p)
}

func (r *reader) Close() error {
	if r.file != nil {
		r.store.unhold(r.at, r.file)
		r.file = nil
	}
	return nil
}

// unhold ends hold. The last reader of a blob that was deleted has its bytes removed.
func (s *Store) unhold(l location, f *file) {
	f.release()
	s.mu.Lock()
	s.held[l]--
	last := s.held[l] == 0
	if last {
		delete(s.held, l)
	}
	doomed := last && s.doomed[l]
	s.mu.Unlock()
	if doomed {
		s.removeBytes(l)
	}
}
