package journal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

const (
	// trimInterval is how often old segments are looked for.
	trimInterval = time.Minute
	// collectShared is how often what was kept and not settled is looked for in a store that servers share, where none looks
	// when it starts: what a server that is gone has left is in the journal after two looks.
	collectShared = 10 * time.Second
	// trimBatch is how many segments one transaction removes at most.
	trimBatch = 64
)

// Trim removes the segments that are too old or too many.
func (j *Journal) Trim(ctx context.Context) error {
	for {
		removed, err := j.trim(ctx)
		if err != nil || removed < trimBatch {
			return err
		}
	}
}

// trim removes the oldest segments, at most trimBatch, and returns how many.
func (j *Journal) trim(ctx context.Context) (removed int, err error) {
	lost := 0
	err = j.store.Update(meta.Freeing(ctx), func(tx meta.Tx) error {
		removed, lost = 0, 0
		state, err := readState(tx)
		if err != nil {
			return err
		}
		read, err := j.readByAll(tx)
		if err != nil {
			return err
		}
		old := uint64(max(j.opts.Now().Add(-j.opts.Age).UnixNano(), 0))
		oldest, err := headers(tx, 0, math.MaxUint64, trimBatch)
		if err != nil {
			return err
		}
		for _, h := range oldest {
			late := h.sequence > read
			if h.sequence >= old && state.Bytes <= j.opts.Size || late && state.Bytes <= overdue*j.opts.Size {
				break
			}
			if late {
				lost += int(h.about.Entries)
			}
			state.Entries -= h.about.Entries
			state.Bytes -= h.about.Bytes
			removed++
			if err := errors.Join(tx.Delete(keys.JournalSegment(h.sequence)), tx.Delete(keys.JournalContent(h.sequence))); err != nil {
				return err
			}
		}
		if removed == 0 {
			return nil
		}
		return records.Put(tx, keys.JournalState(), state)
	})
	if err == nil && lost > 0 {
		j.opts.Meter.JournalDropped(lost)
		j.opts.Log.Error("request records dropped", "records", lost, "reason", "a reader has not read them, and there is no room")
	}
	return removed, err
}

// readByAll returns the sequence of the last segment that all registered readers have read.
func (j *Journal) readByAll(r meta.Reader) (uint64, error) {
	least := uint64(math.MaxUint64)
	for _, name := range j.opts.Readers {
		read, err := readTo(r, name)
		if err != nil {
			return 0, err
		}
		least = min(least, read)
	}
	return least, nil
}

// header is a segment without its content.
type header struct {
	sequence uint64
	about    *records.JournalSegment
}

// headers returns the segments from one sequence up to, and without, another, at most so many; 0: all.
func headers(r meta.Reader, from, to uint64, most int) (out []header, err error) {
	it := r.Scan(keys.JournalSegments(from, to))
	for it.Next() && (most == 0 || len(out) < most) {
		h := header{about: new(records.JournalSegment)}
		if h.sequence, err = keys.ParseJournalSegment(it.Key()); err == nil {
			err = records.Unmarshal(it.Value(), h.about)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read the journal: %w", err), it.Close())
		}
		out = append(out, h)
	}
	return slices.Clip(out), it.Close()
}
