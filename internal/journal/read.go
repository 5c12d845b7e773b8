package journal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Batch is the entries of one segment, in the order in which they were appended. Several readers may have it at once: none
// of them changes it.
type Batch struct {
	Sequence uint64
	Entries  [][]byte
}

// batch reads the content of a segment. It is empty if that was removed just now.
func (j *Journal) batch(r meta.Reader, sequence uint64) (*Batch, error) {
	content := new(records.JournalContent)
	err := records.Get(r, keys.JournalContent(sequence), content)
	if errors.Is(err, meta.ErrNotFound) {
		return &Batch{Sequence: sequence}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read segment %d of the journal: %w", sequence, err)
	}
	text, err := j.decoder.DecodeAll(content.Zstd, nil)
	b := &Batch{Sequence: sequence}
	if err == nil {
		b.Entries, err = Split(text)
	}
	if err != nil {
		return nil, fmt.Errorf("read segment %d of the journal: %w: %w", sequence, err, meta.ErrCorrupt)
	}
	return b, nil
}

// Join appends an entry to others that Split takes apart: it stands behind its length.
func Join(text, entry []byte) []byte {
	return append(binary.AppendUvarint(text, uint64(len(entry))), entry...)
}

// Split returns the entries that were joined, which are parts of text.
func Split(text []byte) (entries [][]byte, err error) {
	for len(text) > 0 {
		n, width := binary.Uvarint(text)
		if width <= 0 || n > uint64(len(text)-width) {
			return nil, errors.New("an entry has no end")
		}
		end := width + int(n)
		entries = append(entries, text[width:end:end])
		text = text[end:]
	}
	return entries, nil
}

// slack is how much later than a segment's sequence an entry of it may have been appended: as much as the clocks of
// servers may differ.
const slack = time.Minute

// firstWindow is how far back the first look of Latest goes.
const firstWindow = 10 * time.Minute

// Latest calls fn with the entries of all segments that may have entries of times from and up to to, the latest
// segment first and its latest entry first, until fn returns false or an error. Entries of other times are among them.
// Those that were appended later than within after their time may not be.
func (j *Journal) Latest(ctx context.Context, from, to time.Time, within time.Duration, fn func(entry []byte) (more bool, err error)) error {
	least := sequenceAt(from.Add(-slack))
	width := firstWindow
	first, err := j.first(ctx)
	if err != nil {
		return err
	}
	least = max(least, first)
	for end := sequenceAt(earlier(to, j.opts.Now()).Add(within + slack)); end > least; {
		begin := max(least, end-min(end, uint64(width)))
		more, err := j.window(ctx, begin, end, from, to, fn)
		if err != nil || !more {
			return err
		}
		end = begin
		width *= 2
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// first returns the sequence of the first segment; that of none that there could be if there is none.
func (j *Journal) first(ctx context.Context) (uint64, error) {
	first := uint64(math.MaxUint64)
	err := j.store.View(ctx, func(r meta.Reader) error {
		some, err := headers(r, 0, math.MaxUint64, 1)
		if len(some) > 0 {
			first = some[0].sequence
		}
		return err
	})
	return first, err
}

func sequenceAt(t time.Time) uint64 { return uint64(max(t.UnixNano(), 0)) }

// window is Latest for the segments within a range of sequences. It reports whether fn wants more.
func (j *Journal) window(ctx context.Context, begin, end uint64, from, to time.Time, fn func([]byte) (bool, error)) (bool, error) {
	var within []header
	err := j.store.View(ctx, func(r meta.Reader) (err error) {
		within, err = headers(r, begin, end, 0)
		return err
	})
	if err != nil {
		return false, err
	}
	for _, h := range slices.Backward(within) {
		if h.about.Last < from.UnixNano() || h.about.First > to.UnixNano() {
			continue
		}
		var batch *Batch
		err := j.store.View(ctx, func(r meta.Reader) (err error) {
			batch, err = j.batch(r, h.sequence)
			return err
		})
		if err != nil {
			return false, err
		}
		for _, entry := range slices.Backward(batch.Entries) {
			if more, err := fn(entry); err != nil || !more {
				return false, err
			}
		}
	}
	return true, nil
}
