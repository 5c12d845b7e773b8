package migrate

import "context"

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
