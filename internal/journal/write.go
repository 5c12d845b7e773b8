package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"crossgrant/internal/background"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// maxSpare is how many texts of segments are kept to be used again, where segments come quickly.
const maxSpare = 4

// Settled is Flush, and in a store that servers share it waits until the others have written what was appended before it was
// called as well: each does within twice Options.Flush, unless it cannot write.
func (j *Journal) Settled(ctx context.Context) error {
	if j.store.Shared() && !background.Sleep(ctx, 2*j.opts.Flush) {
		return ctx.Err()
	}
	return j.Flush(ctx)
}

// Flush writes what was appended before it was called. What the store does not take waits for the next time.
func (j *Journal) Flush(ctx context.Context) error {
	j.flushing.Lock()
	defer j.flushing.Unlock()
	j.mu.Lock()
	taken, dropped := j.pending, j.dropped
	j.pending, j.dropped = nil, 0
	j.mu.Unlock()
	if dropped > 0 {
		j.opts.Meter.JournalDropped(dropped)
		j.opts.Log.Error("request records dropped", "records", dropped, "reason", "there are more than can be written")
	}
	for i, s := range taken {
		if err := j.write(ctx, s); err != nil {
			j.mu.Lock()
			j.pending = slices.Concat(taken[i:], j.pending)
			j.mu.Unlock()
			return err
		}
		j.mu.Lock()
		j.size -= len(s.text)
		if cap(s.text) >= maxSegment && cap(s.text) <= 2*maxSegment && len(j.spare) < maxSpare {
			j.spare = append(j.spare, s.text[:0])
		}
		j.room.Broadcast()
		j.mu.Unlock()
	}
	return nil
}

// write writes one segment, also when the server ends meanwhile.
func (j *Journal) write(ctx context.Context, s *segment) error {
	content := &records.JournalContent{Zstd: j.encoder.EncodeAll(s.text, nil)}
	about := &records.JournalSegment{First: s.first, Last: s.last, Entries: int64(s.entries), Bytes: int64(len(content.Zstd))}
	err := j.store.Update(context.WithoutCancel(ctx), func(tx meta.Tx) error {
		for _, request := range s.kept {
			if err := tx.Delete(keys.JournalKept(request)); err != nil {
				return err
			}
		}
		state, err := readState(tx)
		if err != nil {
			return err
		}
		state.Last = max(uint64(max(j.opts.Now().UnixNano(), 0)), state.Last+1)
		state.Entries += about.Entries
		state.Bytes += about.Bytes
		return errors.Join(
			records.Put(tx, keys.JournalState(), state),
			records.Put(tx, keys.JournalSegment(state.Last), about),
			records.Put(tx, keys.JournalContent(state.Last), content),
		)
	})
	if err != nil {
		return fmt.Errorf("write a segment of %d entries: %w", s.entries, err)
	}
	j.opts.Meter.JournalWrote(s.entries, int(about.Bytes))
	return nil
}

// readState reads what the journal has in all: nothing at first.
func readState(r meta.Reader) (*records.JournalState, error) {
	state := new(records.JournalState)
	err := records.Get(r, keys.JournalState(), state)
	if errors.Is(err, meta.ErrNotFound) {
		return state, nil
	}
	return state, err
}
