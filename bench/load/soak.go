package load

import (
	"context"
	"io"
	"time"
)

// Soak is mixed load of objects of several sizes, minute by minute.
type Soak struct {
	session *session
	do      step
}

// soakSizes are the sizes of objects in a soak: of a thousand objects so many have each, the rest the first.
var soakSizes = [3]struct {
	bytes int
	share uint64
}{{4 << 10, 0}, {128 << 10, 98}, {16 << 20, 2}}

// NewSoak prepares what is read.
func NewSoak(ctx context.Context, e *Endpoint, clients int, o Options, progress io.Writer) (*Soak, error) {
	contents := map[int]*content{}
	for _, size := range soakSizes {
		contents[size.bytes] = newContent(size.bytes)
	}
	s := &Soak{session: newSession(e, o, contents, clients, progress)}
	var rounds [len(soakSizes)]round
	for i, size := range soakSizes {
		r, err := beginMixed(ctx, s.session, size.bytes)
		if err != nil {
			return nil, err
		}
		rounds[i] = r
	}
	s.do = func(w *worker, n uint64) error { return rounds[soakSize(mix(n)%1000)].do(w, n) }
	return s, nil
}

// soakSize returns which size a number below 1,000 stands for.
func soakSize(n uint64) int {
	for i, size := range soakSizes {
		if n < size.share {
			return i
		}
		n -= size.share
	}
	return 0
}

// Run puts load on for a while.
func (s *Soak) Run(ctx context.Context, clients int, duration time.Duration) (*Measurement, error) {
	return run(ctx, s.session.Endpoint, s.session.workers[:clients], demand{duration: duration}, s.do)
}
