package load

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Options is how much of what is asked for.
type Options struct {
	Objects    uint64 // how many objects GET and HEAD choose from, of each size, as far as they take no more than 256 MiB
	Flat       uint64 // keys in the bucket that is listed flat
	Keys       uint64 // keys in the tree that is listed by prefix and with a delimiter
	Deletes    uint64 // objects that are deleted in a round at most
	Sequential bool   // keys in the order in which they are put, not spread
	Verify     bool   // compare bodies whole
}

// session is one endpoint and what lies there.
type session struct {
	*Endpoint
	options  Options
	progress io.Writer
	workers  []*worker
	contents map[int]*content
	ready    map[string]bool // what is prepared
	pools    map[int]*pool   // by size
}

// pool is the objects that PUT has made and DELETE has not: those numbered from deleted to put.
type pool struct{ deleted, put uint64 }

// The buckets that are used, and stay.
const (
	bucketObjects = "s3bench-objects"
	bucketFlat    = "s3bench-flat"
	bucketTree    = "s3bench-tree"
)

// preparers is how many clients prepare what is measured.
const preparers = 32

func newSession(e *Endpoint, o Options, contents map[int]*content, clients int, progress io.Writer) *session {
	s := &session{Endpoint: e, options: o, progress: progress, contents: contents, ready: map[string]bool{}, pools: map[int]*pool{}}
	for i := range max(clients, preparers) {
		s.workers = append(s.workers, newWorker(e, i, o.Verify))
	}
	return s
}

// once does what prepares something, if it was not done before.
func (s *session) once(what string, do func() error) error {
	if s.ready[what] {
		return nil
	}
	if err := do(); err != nil {
		return fmt.Errorf("%s: prepare %s: %w", s.Name, what, err)
	}
	s.ready[what] = true
	return nil
}

// bucket makes sure that a bucket is there.
func (s *session) bucket(name string) error {
	return s.once("bucket "+name, func() error {
		w := s.workers[0]
		w.start = time.Now()
		defer w.conn.Close()
		return w.createBucket(name)
	})
}

// fill does n steps that are not measured, from many clients, and tells how far it is. The first error ends it.
func (s *session) fill(ctx context.Context, what string, n uint64, do step) error {
	const tell = 5 * time.Second
	for done := uint64(0); done < n; {
		m, err := run(ctx, s.Endpoint, s.workers[:preparers], demand{duration: tell, limit: n - done}, func(w *worker, i uint64) error { return do(w, done+i) })
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if m.Errors > 0 {
			return fmt.Errorf("%d errors, the first: %s", m.Errors, m.FirstError)
		}
		if done += m.Operations; m.Elapsed >= tell || done == n && n >= 10000 {
			fmt.Fprintf(s.progress, "%s: %s: %d of %d\n", s.Name, what, done, n)
		}
	}
	return nil
}

// objects makes sure that there are objects of a size to read, and returns how many.
func (s *session) objects(ctx context.Context, size int) (uint64, names, error) {
	const most = 256 << 20
	n := max(min(s.options.Objects, most/uint64(max(size, 1))), 1)
	if s.Objects > 0 {
		n = s.Objects
	}
	name := spread(fmt.Sprintf("read-%d/", size))
	if err := s.bucket(bucketObjects); err != nil {
		return 0, nil, err
	}
	what := fmt.Sprintf("%d objects of %d bytes", n, size)
	return n, name, s.once(what, func() error {
		c := s.contents[size]
		return s.fill(ctx, what, n, func(w *worker, i uint64) error { return w.putObject(bucketObjects, name, i, c) })
	})
}

// keys makes sure that a bucket has the keys that listings are asked of.
func (s *session) keys(ctx context.Context, bucket string, name names, n uint64) error {
	if err := s.bucket(bucket); err != nil {
		return err
	}
	what := fmt.Sprintf("%d keys in %s", n, bucket)
	return s.once(what, func() error {
		return s.fill(ctx, what, n, func(w *worker, i uint64) error { return w.putObject(bucket, name, i, s.contents[listed]) })
	})
}

// listed is the size in bytes of objects that are there to be listed.
const listed = 16

// written returns the pool of a size, and how its keys are named.
func (s *session) written(size int) (*pool, names) {
	p := s.pools[size]
	if p == nil {
		p = &pool{}
		s.pools[size] = p
	}
	prefix := fmt.Sprintf("written-%d/", size)
	if s.options.Sequential {
		return p, sequential(prefix)
	}
	return p, spread(prefix)
}
