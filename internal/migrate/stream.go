package migrate

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/meta"
)

// entry is a key with its value.
type entry struct{ key, value []byte }

// page is a row of entries.
type page struct {
	entries []entry
	next    []byte // the first key that may follow it; nil: none does
}

// viewPages is how many pages are read in one View: an engine that is far away brings entries by as many as their size lets
// it, once it knows that, and a database does not have to keep one state for hours.
const viewPages = 100

// readAll sends the pages of an end, from a key on, to pages, which it closes. It is one page ahead of who receives them.
func (m *migration) readAll(ctx context.Context, e End, from []byte, pages chan<- page) error {
	defer close(pages)
	if len(from) == 0 {
		from = []byte{0}
	}
	for from != nil {
		err := e.Store.View(ctx, func(r meta.Reader) (err error) {
			from, err = m.readPages(ctx, r, from, pages) // what was sent is not sent again, if the engine runs this again
			return err
		})
		if err != nil {
			return fmt.Errorf("read %s: %w", e.Name, err)
		}
	}
	return nil
}

// readPages sends some pages, and returns where the next one begins; nil: there is none.
func (m *migration) readPages(ctx context.Context, r meta.Reader, from []byte, pages chan<- page) ([]byte, error) {
	it := r.Scan(from, nil)
	there := it.Next()
	for range viewPages {
		var p page
		for n, size := 0, 0; there && n < m.Keys && size < m.Bytes; n++ {
			size += len(it.Key()) + len(it.Value())
			if !isApart(it.Key()) {
				p.entries = append(p.entries, entry{bytes.Clone(it.Key()), bytes.Clone(it.Value())})
			}
			there = it.Next()
		}
		if there {
			p.next = bytes.Clone(it.Key())
		} else if err := it.Close(); err != nil {
			return from, err // there may be more
		}
		select {
		case pages <- p:
			from = p.next
		case <-ctx.Done():
			return from, errors.Join(ctx.Err(), it.Close())
		}
		if !there {
			return nil, nil
		}
	}
	return from, it.Close()
}

// stream is the entries of an end in the order of their keys.
type stream struct {
	pages   chan page
	failed  chan error
	entries []entry
	ended   bool
}

// stream reads an end from a key on, until ctx ends.
func (m *migration) stream(ctx context.Context, e End, from []byte) *stream {
	s := &stream{pages: make(chan page), failed: make(chan error, 1)}
	go func() { s.failed <- m.readAll(ctx, e, from, s.pages) }()
	return s
}

// peek returns the next entry, or nil at the end.
func (s *stream) peek() (*entry, error) {
	for len(s.entries) == 0 && !s.ended {
		p, ok := <-s.pages
		if !ok {
			s.ended = true
			return nil, <-s.failed
		}
		s.entries = p.entries
	}
	if s.ended {
		return nil, nil
	}
	return &s.entries[0], nil
}

func (s *stream) pop() { s.entries = s.entries[1:] }

// stop waits until nothing is read any more. The context of the stream has ended, or is about to.
func (s *stream) stop() {
	for range s.pages {
	}
}
