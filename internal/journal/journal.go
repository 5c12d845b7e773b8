// Package journal is an append-only stream of entries with times, in segments, and its readers. It is what request
// records are kept in; what they are and who may see them it does not know.
//
//	Append -> memory -> segment (compressed, one transaction, within Options.Flush) -> readers, queries -> removed
//
// Appending never waits for the disk and never fails a request: what a crash loses is less than Options.Flush, and
// what finds no room in memory, because the store does not keep up, is dropped and counted, unless Options.Wait says
// that it waits for room. The entry of a change is not lost at all: Keep writes it in the transaction of the change, and it
// stays under a key of its own until the segment that has it, as it is when the request has ended, commits (kept.go).
//
// A segment has a sequence, by which segments are in the order of their transactions, on one server or on many. It
// is a time as well: that of the transaction in nanoseconds since 1970, or one more than the last. So what
// was appended at some time is found without an index: it lies in a segment from that time on.
//
// The transaction that writes a segment reads the last sequence (records.JournalState) and writes its own in place of it.
// Transactions are serializable, so of two servers that write at once the second has a higher sequence, or begins anew;
// and whoever sees a segment sees all that have lower ones. Nothing appears behind a reader that has gone on, however far the clocks of
// servers are apart: one whose clock is behind takes one more than the last.
//
// Segments are removed, the oldest first, when they are older than Options.Age or all of them larger than
// Options.Size. What a registered reader has not read yet stays, up to overdue times that size.
package journal

import (
	"context"
	"encoding/binary"
	"log/slog"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"crossgrant/internal/background"
	"crossgrant/internal/meta"
)

// Meter counts what becomes of entries; package metrics does.
type Meter interface {
	// JournalWrote says that a segment of so many entries and bytes, as stored, was written.
	JournalWrote(entries, bytes int)
	// JournalDropped says that entries are given up, or removed before a reader has read them.
	JournalDropped(entries int)
}

// Options adjusts a Journal.
type Options struct {
	// Flush is how long an entry waits in memory at most; 0 means half a second, so that it is durable within one.
	Flush time.Duration
	// Age is how long a segment is kept; 0 means seven days.
	Age time.Duration
	// Size is how many bytes of segments, as stored, are kept; 0 means a gibibyte.
	Size int64
	// Wait says that Append waits for room rather than give an entry up.
	Wait bool
	// Readers are the names of those who read every entry in turn.
	Readers []string
	Meter   Meter
	// Exclusive lets one server at a time remove segments and collect what was kept, of those that share the store; nil:
	// there is one server. Each writes its own segments.
	Exclusive background.Exclusive
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives what fails; nil means slog.Default.
	Log *slog.Logger
}

const (
	defaultFlush = time.Second / 2
	defaultAge   = 7 * 24 * time.Hour
	defaultSize  = 1 << 30
	// maxSegment is how many bytes of entries, before they are compressed, a segment has at most, unless it is one
	// entry.
	maxSegment = 1 << 20
	// MaxEntry is the size of the largest entry, in bytes: with what compression may add it holds within
	// meta.MaxValue.
	MaxEntry = 3 << 20
	// maxPending is how many bytes of entries may wait in memory.
	maxPending = 16 << 20
	// overdue is how many times Options.Size may be kept for a reader that does not come on.
	overdue = 4
)

// Journal is the stream. It is safe for concurrent use.
type Journal struct {
	store *meta.Store
	opts  Options
	full  chan struct{} // wakes the worker before Options.Flush is over

	encoder *zstd.Encoder
	decoder *zstd.Decoder
	recent  recent

	flushing sync.Mutex // held while segments are written

	// unsettled are the requests whose kept entries were there at the last look and belonged to no segment;
	// protected by flushing.
	unsettled map[string]bool

	mu sync.Mutex // protects what follows
	// pending are the segments that are not written yet, the last of which still grows; size are their bytes.
	pending []*segment
	size    int
	dropped int
	spare   [][]byte  // of segments that were written, to be used again
	room    sync.Cond // signals that there is more room, or that the journal is closed
	closed  bool

	writer, keeper background.Worker
}

// segment is entries on their way to the store.
type segment struct {
	first, last int64 // of their times, in nanoseconds since 1970
	entries     int
	text        []byte
	kept        []string // requests of entries that are kept under keys of their own
}

// New returns a Journal over store. Nothing is written before Start, but by Flush.
func New(store *meta.Store, opts Options) *Journal {
	if opts.Flush == 0 {
		opts.Flush = defaultFlush
	}
	if opts.Age == 0 {
		opts.Age = defaultAge
	}
	if opts.Size == 0 {
		opts.Size = defaultSize
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(maxSegment))
	if err != nil {
		panic(err) // the options are constants
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*MaxEntry))
	if err != nil {
		panic(err)
	}
	j := &Journal{store: store, opts: opts, full: make(chan struct{}, 1), encoder: encoder, decoder: decoder}
	j.room.L = &j.mu
	return j
}

// Start begins to write and to remove segments, until Close. It is called at most once.
func (j *Journal) Start() {
	j.writer.Start(j.writeAll)
	j.keeper.Start(func(ctx context.Context) { j.opts.Exclusive.Run(ctx, "journal", j.keepRoom) })
}

// Close writes what waits and ends the work.
func (j *Journal) Close() {
	j.keeper.Close()
	j.writer.Close()
	j.mu.Lock()
	j.closed = true
	j.room.Broadcast()
	j.mu.Unlock()
	if err := j.Flush(context.Background()); err != nil {
		j.opts.Log.Error("write the journal of requests", "fault", err.Error())
	}
	j.decoder.Close()
}

// Append adds an entry with its time, of which text is copied. It reports whether there is room for it.
func (j *Journal) Append(at time.Time, text []byte) bool { return j.append(at, text, "") }

// append is Append for an entry that was kept for a request; empty: it was not.
func (j *Journal) append(at time.Time, text []byte, kept string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.opts.Wait && !j.closed && len(text) <= MaxEntry && j.size+len(text) > maxPending {
		j.wake()
		j.room.Wait()
	}
	if len(text) > MaxEntry || j.size+len(text) > maxPending {
		j.dropped++
		return false
	}
	s := j.growing(len(text) + binary.MaxVarintLen32)
	before := len(s.text)
	s.add(at.UnixNano(), text)
	j.size += len(s.text) - before
	if kept != "" {
		s.kept = append(s.kept, kept)
	}
	return true
}

// add adds an entry with its time.
func (s *segment) add(at int64, text []byte) {
	if s.entries == 0 || at < s.first {
		s.first = at
	}
	s.last = max(s.last, at)
	s.entries++
	s.text = Join(s.text, text)
}

// wake lets the worker write before Options.Flush is over.
func (j *Journal) wake() {
	select {
	case j.full <- struct{}{}:
	default:
	}
}

// growing returns the segment that takes so many bytes more. j.mu must be held.
func (j *Journal) growing(n int) *segment {
	if len(j.pending) > 0 {
		last := j.pending[len(j.pending)-1]
		if len(last.text)+n <= maxSegment {
			return last
		}
		j.wake()
	}
	s := new(segment)
	if last := len(j.spare) - 1; last >= 0 && len(j.pending) > 0 { // the first one of a quiet second is small
		s.text, j.spare = j.spare[last], j.spare[:last]
	}
	j.pending = append(j.pending, s)
	return s
}

// writeAll writes what was appended, again and again.
func (j *Journal) writeAll(ctx context.Context) {
	flush := time.NewTicker(j.opts.Flush)
	defer flush.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-flush.C:
		case <-j.full:
		}
		background.Complain(ctx, j.opts.Log, "write the journal of requests", j.Flush(ctx))
	}
}

// keepRoom removes what is old, and takes in what was kept and not settled, again and again.
func (j *Journal) keepRoom(ctx context.Context) {
	every := trimInterval
	if j.store.Shared() {
		every = collectShared
	}
	for trimmed := time.Now(); background.Sleep(ctx, every); {
		if time.Since(trimmed) >= trimInterval {
			background.Complain(ctx, j.opts.Log, "remove old segments of the journal of requests", j.Trim(ctx))
			trimmed = time.Now()
		}
		background.Complain(ctx, j.opts.Log, "take kept entries into the journal of requests", j.collect(ctx))
	}
}
