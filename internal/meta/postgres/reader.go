package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"crossgrant/internal/meta"
)

// attempts is how often the first exchange of a transaction, of which nobody has seen anything yet, is tried.
const attempts = 8

// reader reads a transaction that begins with the first read, in the same round trip. It is a meta.Reader.
type reader struct {
	engine *Engine
	ctx    context.Context
	begin  statement // beginRead or beginWrite
	// once says that the first exchange is all there is, so that the transaction ends with it.
	once bool
	// opening, if it is not nil, yields calls that go before the first read.
	opening func() []call
	s       *session // nil before the first read
	err     error    // why nothing can be read any more
}

var _ meta.Planner = (*reader)(nil)

// ask carries out the calls that build returns. It may call build again, for what the calls yielded before is of no worth.
func (r *reader) ask(build func() []call) error {
	if r.err != nil {
		return r.err
	}
	if r.s == nil {
		r.err = r.start(build)
	} else {
		r.err = r.settle(r.s.exchange(r.ctx, build()...))
	}
	return r.err
}

// start is the first exchange.
func (r *reader) start(build func() []call) (err error) {
	for range attempts {
		if r.s, err = r.engine.open(r.ctx, r.once); err != nil {
			return r.settle(err)
		}
		calls := []call{{statement: r.begin}}
		if r.opening != nil {
			calls = append(calls, r.opening()...)
		}
		calls = append(calls, build()...)
		if r.once {
			calls = append(calls, call{statement: commit})
		}
		err = r.s.exchange(r.ctx, calls...)
		if err == nil {
			return r.settle(nil)
		}
		switch {
		case r.ctx.Err() != nil || pgconn.Timeout(err):
			return r.settle(err)
		case lost(err):
			r.s.discard()
		case is(err, serialization, deadlock):
			r.s.done()
		default:
			return r.settle(err)
		}
	}
	return r.settle(err)
}

// settle translates what came of an exchange and tells the health of it.
func (r *reader) settle(err error) error {
	if lost(err) && r.ctx.Err() == nil {
		r.s.discard()
	}
	if r.begin == beginRead && r.ctx.Err() == nil && is(err, serialization, deadlock) {
		return fmt.Errorf("%w: this View cannot be serialized with what was written meanwhile, another can: %w", meta.ErrUnavailable, err)
	}
	err = translate(r.ctx, err)
	r.engine.health.note(err, false)
	return err
}

// end gives back what the reader has.
func (r *reader) end() { r.s.done() }

func (r *reader) Get(key []byte) ([]byte, error) {
	found, err := r.GetMany([][]byte{key})
	if err != nil {
		return nil, err
	}
	if found[0] == nil {
		return nil, meta.ErrNotFound
	}
	return found[0], nil
}

func (r *reader) GetMany(keys [][]byte) ([][]byte, error) {
	values := make([][]byte, len(keys))
	if len(keys) == 0 {
		return values, r.err
	}
	found, err := r.versions(keys)
	if err != nil {
		return nil, err
	}
	for i, v := range found {
		values[i] = v.Value
	}
	return values, nil
}

// versions returns the values and revisions of keys, in their order. Each value is a copy of its own.
func (r *reader) versions(keys [][]byte) (versions []meta.Versioned, err error) {
	read := r.reading(keys, &versions)
	err = r.ask(func() []call { return []call{read()} })
	if err != nil {
		return nil, err
	}
	return versions, nil
}

// reading builds the call that sets versions to the values and revisions of keys.
func (r *reader) reading(keys [][]byte, versions *[]meta.Versioned) func() call {
	places := make(map[string][]int, len(keys))
	for i, key := range keys {
		places[string(key)] = append(places[string(key)], i)
	}
	return func() call {
		*versions = make([]meta.Versioned, len(keys))
		return call{statement: readKeys, params: []param{blobs(keys)}, row: func(row [][]byte) error {
			revision, err := revisionOf(row[2])
			if err != nil {
				return err
			}
			for _, place := range places[string(row[0])] {
				(*versions)[place] = meta.Versioned{Value: copyOf(row[1]), Revision: revision}
			}
			return nil
		}}
	}
}

// revisionOf decodes a revision.
func revisionOf(column []byte) (int64, error) {
	if len(column) != 8 {
		return 0, fmt.Errorf("%w: a revision of %d bytes", meta.ErrCorrupt, len(column))
	}
	return int64(binary.BigEndian.Uint64(column)), nil
}

func (r *reader) Scan(from, to []byte) meta.Iterator { return r.ScanPlan(from, to, meta.Plan{}) }

// ScanPlan implements meta.Planner.
func (r *reader) ScanPlan(from, to []byte, plan meta.Plan) meta.Iterator {
	return newIterator(r, bytes.Clone(from), bytes.Clone(to), plan)
}

// copyOf returns a copy of b that is not nil even if b is.
func copyOf(b []byte) []byte { return append(make([]byte, 0, len(b)), b...) }
