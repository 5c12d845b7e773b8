package load

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// operation is one row of the table of what can be measured.
type operation struct {
	name  string
	sized bool // measured for each size; others use the smallest
	begin func(ctx context.Context, s *session, size int) (round, error)
}

// round is one round of an operation.
type round struct {
	do    step
	limit uint64 // as in demand
	// end, if not nil, is told how many steps were begun, and leaves what the next round expects.
	end func(ctx context.Context, begun uint64) error
}

var operations = []operation{
	{"PUT", true, beginPut},
	{"GET", true, beginGet},
	{"HEAD", false, beginHead},
	{"LIST", false, beginList},
	{"LIST-OBJECTS", false, beginListObjects},
	{"LIST-DELIMITER", false, beginListDelimiter},
	{"LIST-DEEP", false, beginListDeep},
	{"MIXED", false, beginMixed},
	{"DELETE", false, beginDelete},
}

// Operations returns the names of what can be measured, in the order in which it is.
func Operations() []string {
	var all []string
	for _, o := range operations {
		all = append(all, o.name)
	}
	return all
}

// keptBytes is how much of what PUT has made is kept for DELETE; more is removed after each round.
const keptBytes = 256 << 20

func beginPut(_ context.Context, s *session, size int) (round, error) {
	p, name := s.written(size)
	first, c := p.put, s.contents[size]
	return round{
		do: func(w *worker, n uint64) error { return w.putObject(bucketObjects, name, first+n, c) },
		end: func(ctx context.Context, begun uint64) error {
			p.put += begun
			return s.trim(ctx, p, name, size)
		},
	}, s.bucket(bucketObjects)
}

// trim deletes the oldest objects of a pool until no more than keptBytes are left.
func (s *session) trim(ctx context.Context, p *pool, name names, size int) error {
	kept := uint64(keptBytes / max(size, 1))
	if p.put-p.deleted <= kept {
		return nil
	}
	n, first := p.put-p.deleted-kept, p.deleted
	p.deleted += n
	return s.fill(ctx, "removing objects", n, func(w *worker, i uint64) error { return w.deleteObject(bucketObjects, name, first+i) })
}

func beginGet(ctx context.Context, s *session, size int) (round, error) {
	n, name, err := s.objects(ctx, size)
	c := s.contents[size]
	return round{do: func(w *worker, _ uint64) error { return w.getObject(bucketObjects, name, w.random.Uint64N(n), c) }}, err
}

func beginHead(ctx context.Context, s *session, size int) (round, error) {
	n, name, err := s.objects(ctx, size)
	return round{do: func(w *worker, _ uint64) error { return w.headObject(bucketObjects, name, w.random.Uint64N(n)) }}, err
}

func beginDelete(ctx context.Context, s *session, size int) (round, error) {
	p, name := s.written(size)
	if err := s.bucket(bucketObjects); err != nil {
		return round{}, err
	}
	if have := p.put - p.deleted; have < s.options.Deletes {
		n, first, c := s.options.Deletes-have, p.put, s.contents[size]
		p.put += n
		err := s.fill(ctx, "objects to delete", n, func(w *worker, i uint64) error { return w.putObject(bucketObjects, name, first+i, c) })
		if err != nil {
			return round{}, err
		}
	}
	first := p.deleted
	return round{
		limit: min(s.options.Deletes, p.put-p.deleted),
		do:    func(w *worker, n uint64) error { return w.deleteObject(bucketObjects, name, first+n) },
		end: func(_ context.Context, begun uint64) error {
			p.deleted += begun
			return s.gone(name, first)
		},
	}, nil
}

// gone proves that an object that was deleted is not there.
func (s *session) gone(name names, n uint64) error {
	w := s.workers[0]
	defer w.conn.Close()
	if s.Bare {
		return nil
	}
	w.start = time.Now()
	if err := w.headObject(bucketObjects, name, n); err == nil || !strings.Contains(err.Error(), "status 404") {
		return fmt.Errorf("%s: HEAD of a deleted object %s: %v, want status 404", s.Name, w.path, err)
	}
	return nil
}
