package postgres

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// puts are keys that get values.
type puts struct {
	keys, values [][]byte
	revisions    []int64 // that are expected of the keys; nil if nothing is
}

func (p *puts) add(key string, value []byte) {
	p.keys, p.values = append(p.keys, []byte(key)), append(p.values, value)
}

// changes are the writes of a transaction, by what has to be true for each.
type changes struct {
	fresh, known, blind      puts
	deleteKnown, deleteBlind puts
	reads                    [][]byte // keys that were used, and are not made sure of by their write
}

// sort tells writes apart. Rows are written in the order of their keys, so that transactions that wait for each other are rare.
func (t *tx) sort() (c changes) {
	confirmed := t.s != nil
	for _, key := range slices.Sorted(maps.Keys(t.writes)) {
		w := t.writes[key]
		revision, used := t.used[key]
		used = used && !confirmed
		switch {
		case !used && w.deleted:
			c.deleteBlind.add(key, nil)
		case !used:
			c.blind.add(key, w.value)
		case revision == 0 && w.deleted:
			c.reads = append(c.reads, []byte(key))
		case revision == 0:
			c.fresh.add(key, w.value)
		case w.deleted:
			c.deleteKnown.add(key, nil)
			c.deleteKnown.revisions = append(c.deleteKnown.revisions, revision)
		default:
			c.known.add(key, w.value)
			c.known.revisions = append(c.known.revisions, revision)
		}
	}
	if !confirmed {
		for _, key := range slices.Sorted(maps.Keys(t.used)) {
			if _, written := t.writes[key]; !written {
				c.reads = append(c.reads, []byte(key))
			}
		}
	}
	return c
}

// calls are the statements that make the changes, with the revision that all that is put gets.
func (c *changes) calls(t *tx, revision int64) (calls []call) {
	add := func(s statement, keys [][]byte, params ...param) {
		if len(keys) > 0 {
			calls = append(calls, call{statement: s, params: append([]param{blobs(keys)}, params...)})
		}
	}
	add(insertNew, c.fresh.keys, blobs(c.fresh.values), number(revision))
	add(swapKnown, c.known.keys, blobs(c.known.values), numbers(c.known.revisions), number(int64(len(c.known.keys))), number(revision))
	add(putBlind, c.blind.keys, blobs(c.blind.values), number(revision))
	add(deleteKnown, c.deleteKnown.keys, numbers(c.deleteKnown.revisions), number(int64(len(c.deleteKnown.keys))))
	add(deleteBlind, c.deleteBlind.keys)
	if len(c.reads) > 0 {
		calls = append(calls, call{statement: checkReads, params: t.reads(c.reads)})
	}
	return calls
}

// commit makes the writes durable and visible, in one round trip. It does not end with the context of the caller, which would
// leave open what came of it, but with the time that a commit has.
func (t *tx) commit() error {
	if t.err != nil {
		return t.err
	}
	if len(t.writes) == 0 {
		return t.commitReads()
	}
	c := t.sort()
	fresh := t.s == nil
	if fresh {
		if t.s, t.err = t.engine.open(t.ctx, false); t.err != nil {
			t.err = t.settle(t.err)
			return t.err
		}
	}
	var calls []call
	if fresh {
		calls = append(append(calls, call{statement: beginWrite}), t.firstChecks()...)
	}
	calls = append(calls, c.calls(t, 1+rand.Int64N(math.MaxInt64))...)
	t.s.wrote = true
	deadline := t.s.link.now().Add(t.engine.timeout)
	calls = append(calls, call{statement: beforeDeadline, params: []param{moment(deadline)}}, call{statement: commit})
	return t.finish(t.s.exchange(context.WithoutCancel(t.ctx), calls...))
}

// commitReads ends a transaction that wrote nothing. One that read in the database has read what is serializable only if it
// commits.
func (t *tx) commitReads() error {
	if t.s == nil {
		return nil
	}
	return t.finish(t.s.exchange(context.WithoutCancel(t.ctx), call{statement: commit}))
}

// finish says what came of a commit. After the connection was lost, or gave no answer in time, that is not known until the
// deadline of the commit has passed.
func (t *tx) finish(err error) error {
	late := isLate(err)
	unknown := lost(err) && !is(err, readOnlyServer) || is(err, ambiguous)
	if late || lost(err) {
		t.s.discard() // with a clock that was wrong, if it was late
	}
	if unknown && len(t.writes) > 0 {
		t.engine.unsettled()
		err = fmt.Errorf("whether the commit was done is not known: %w", err)
	}
	err = translate(context.WithoutCancel(t.ctx), err)
	t.engine.health.note(err, len(t.writes) > 0)
	return err
}
