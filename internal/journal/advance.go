package journal

import (
	"context"
	"errors"
	"math"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Position returns the sequence of the segment that a reader has read last; 0 if it has read none.
func (j *Journal) Position(ctx context.Context, reader string) (read uint64, err error) {
	err = j.store.View(ctx, func(r meta.Reader) (err error) {
		read, err = readTo(r, reader)
		return err
	})
	return read, err
}

// After returns the segment that follows a sequence; nil if there is none yet. Readers share what was read last. Of a segment that cannot be read it
// returns the sequence, so that a reader can go on after it, and an error that wraps meta.ErrCorrupt.
func (j *Journal) After(ctx context.Context, sequence uint64) (batch *Batch, err error) {
	err = j.store.View(ctx, func(r meta.Reader) error {
		batch = nil
		next, err := headers(r, sequence+1, math.MaxUint64, 1)
		if err != nil || len(next) == 0 {
			return err
		}
		batch, err = j.recent.get(next[0].sequence, func() (*Batch, error) { return j.batch(r, next[0].sequence) })
		if errors.Is(err, meta.ErrCorrupt) {
			batch = &Batch{Sequence: next[0].sequence}
		}
		return err
	})
	return batch, err
}

// ErrRead says that segments have been read by the reader before, on another server.
var ErrRead = errors.New("journal: the segments have been read")

// Advance notes in a transaction that a reader has read all segments after from, up to and with to. What is done about
// them in the same transaction is done once. It returns ErrRead unless from is the position of the reader: somebody else has
// read some of them.
func Advance(tx meta.Tx, reader string, from, to uint64) error {
	read, err := readTo(tx, reader)
	if err != nil {
		return err
	}
	if read != from || to < from {
		return ErrRead
	}
	return records.Put(tx, keys.JournalReader(reader), &records.JournalReader{Read: to})
}

// readTo returns the position of a reader.
func readTo(r meta.Reader, reader string) (uint64, error) {
	record := new(records.JournalReader)
	err := records.Get(r, keys.JournalReader(reader), record)
	if errors.Is(err, meta.ErrNotFound) {
		return 0, nil
	}
	return record.Read, err
}

// Follow calls take with the segments after a sequence, one after the other, as long as more says so and there are any; it
// reports whether more has ended it. A segment that cannot be read is lost, and logged as what: take gets it without
// entries, and others go on.
func (j *Journal) Follow(ctx context.Context, after uint64, what string, more func() bool, take func(*Batch) error) (stopped bool, err error) {
	for more() {
		batch, err := j.After(ctx, after)
		if batch != nil && errors.Is(err, meta.ErrCorrupt) {
			j.opts.Log.Error(what, "fault", err.Error())
			err = nil
		}
		if err != nil || batch == nil {
			return false, err
		}
		if err := take(batch); err != nil {
			return false, err
		}
		after = batch.Sequence
	}
	return true, nil
}
