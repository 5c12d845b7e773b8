package postgres

import (
	"bytes"
	"context"

	"crossgrant/internal/meta"
)

// ReadRange implements meta.Remote.
func (e *Engine) ReadRange(ctx context.Context, keys [][]byte, of meta.Range) (found []meta.Versioned, entries []meta.Entry, whole bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, false, err
	}
	if err := e.enter(); err != nil {
		return nil, nil, false, err
	}
	defer e.running.Done()
	r := &reader{engine: e, ctx: ctx, begin: beginRead, once: true}
	defer r.end()
	it := newIterator(r, bytes.Clone(of.From), bytes.Clone(of.To), of.Plan)
	it.beside = r.reading(keys, &found)
	if !it.Next() && it.start == nil && it.err == nil {
		found, err = r.versions(keys) // the range is empty by itself
		return found, nil, true, err
	}
	if it.err == nil && len(it.batch) > 0 {
		entries = make([]meta.Entry, len(it.batch))
		for i, e := range it.batch {
			entries[i] = meta.Entry{Key: e.key, Value: e.value, Revision: e.revision}
		}
	}
	if err := it.Close(); err != nil {
		return nil, nil, false, err
	}
	return found, entries, it.last, nil
}
