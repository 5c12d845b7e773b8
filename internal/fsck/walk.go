package fsck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

const (
	// batch is how many keys one iterator walks over: an iterator keeps files and memory tables from being freed,
	// a snapshot does not.
	batch = 10_000
	// progressEvery is how often Options.Progress is called within a stage.
	progressEvery = time.Second
)

// run is one pass over everything.
type run struct {
	opts    Options
	summary Summary
	// buckets are the names of all buckets by their IDs: about 100 bytes each.
	buckets map[string]string
	// uploads are all uploads in progress by their IDs.
	uploads map[string]upload
	// damage is what the engine found in its files, in the order of the keys.
	damage []meta.Damage
	// unread says that this pass met records that cannot be read, or not in full: what they name is not known.
	unread bool
	names  names
	// told are the findings that were reported and not repaired: they are not reported by each pass again.
	told map[Finding]bool
	// progressed is when Options.Progress was called last, and stage what with.
	progressed time.Time
	stage      string
}

// upload is where an upload in progress is.
type upload struct {
	bucket keys.BucketID
	key    string
}

func newRun(opts Options) *run {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Progress == nil {
		opts.Progress = func(Progress) {}
	}
	if opts.Pace == nil {
		opts.Pace = func(ctx context.Context, _ int) error { return ctx.Err() }
	}
	return &run{opts: opts, buckets: map[string]string{}, uploads: map[string]upload{}, told: map[Finding]bool{}}
}

// all verifies the files, the records unless after is set, and the blobs of the records whose keys come after it. passed is
// called with what after is to be for who goes on: when the records are done, and with each key whose blobs are.
func (r *run) all(ctx context.Context, after []byte, passed func(after []byte) error) error {
	if err := r.files(ctx); err != nil {
		return err
	}
	if len(r.damage) > 0 {
		r.opts.Repair = false
	}
	if len(after) > 0 {
		if err := r.opts.Store.View(ctx, func(reader meta.Reader) error { return r.learn(ctx, reader) }); err != nil {
			return err
		}
	} else {
		if err := r.repairAll(ctx); err != nil {
			return err
		}
		after = contentRanges()[0].From
		if err := passed(after); err != nil {
			return err
		}
	}
	if r.opts.Blobs == nil {
		return nil
	}
	return r.contents(ctx, after, passed)
}

// progress tells how far the run is: at the beginning of each stage, and then now and then.
func (r *run) progress(p Progress) {
	if now := r.opts.Now(); p.Stage != r.stage || now.Sub(r.progressed) >= progressEvery {
		r.stage, r.progressed = p.Stage, now
		r.opts.Progress(p)
	}
}

// metadata verifies all records, and the names of blobs, in one snapshot.
func (r *run) metadata(ctx context.Context) error {
	var found, counts [][]byte // keys of what is wrong, and of what has a wrong count
	r.summary.Records, r.names, r.unread = 0, names{}, false
	if err := r.names.list(ctx, r.opts.Blobs); err != nil {
		return err
	}
	err := r.opts.Store.View(ctx, func(reader meta.Reader) error {
		if err := r.learn(ctx, reader); err != nil {
			return err
		}
		r.tellDamage()
		err := r.scan(ctx, reader, nil, nil, func(key, value []byte) error {
			r.summary.Records++
			r.progress(Progress{Stage: "records", Done: r.summary.Records})
			if key[0] != 'c' { // the content was read with the files
				if err := r.opts.Pace(ctx, len(key)+len(value)); err != nil {
					return err
				}
			}
			e := r.verify(ctx, reader, key, value)
			switch {
			case errors.Is(e.err, meta.ErrCorrupt) && len(r.damage) > 0:
				return nil // what it refers to lies where damage was found: nothing can be said of it
			case e.err != nil:
				return e.err
			case e.counts():
				counts = append(counts, bytes.Clone(key))
			case len(e.problems) > 0:
				found = append(found, bytes.Clone(key))
			}
			return nil
		})
		if err != nil {
			return err
		}
		return r.names.compare(ctx, r, reader)
	})
	if err != nil {
		return err
	}
	// Counts come last: what is counted may be repaired before.
	for _, key := range slices.Concat(found, counts) {
		if err := r.settle(ctx, key); err != nil {
			return err
		}
	}
	return r.names.settle(ctx, r)
}

// repairAll verifies the records again as long as a repair may have changed what another record refers to.
func (r *run) repairAll(ctx context.Context) error {
	for range maxPasses {
		before := r.summary.Repaired
		if err := r.metadata(ctx); err != nil {
			return err
		}
		if r.summary.Repaired == before {
			return nil
		}
	}
	return nil
}

// maxPasses is more than the records are deep.
const maxPasses = 5

// learn reads the names of buckets and the uploads, which other records lie under by an ID.
func (r *run) learn(ctx context.Context, reader meta.Reader) error {
	from, to := keys.AllBuckets()
	err := r.scan(ctx, reader, from, to, func(key, value []byte) error {
		b := new(records.Bucket)
		if records.Unmarshal(value, b) != nil {
			r.unread = true
			return nil
		}
		r.buckets[string(b.Id)] = string(key[1:])
		return nil
	})
	if err != nil {
		return err
	}
	from, to = keys.AllUploads()
	return r.scan(ctx, reader, from, to, func(key, _ []byte) error {
		if object, id, err := keys.ParseUpload(key); err == nil {
			r.uploads[id] = upload{keys.BucketID(key[1:]), object}
		}
		return nil
	})
}

// scan calls fn with every entry of a range, but for those that lie where the engine found damage before. Key and
// value are good until fn returns.
func (r *run) scan(ctx context.Context, reader meta.Reader, from, to []byte, fn func(key, value []byte) error) error {
	for _, part := range r.around(from, to) {
		for from := part[0]; ; {
			if err := ctx.Err(); err != nil {
				return err
			}
			last, n, err := r.scanSome(reader, from, part[1], fn)
			if err != nil {
				return err
			}
			if n < batch {
				break
			}
			from = append(last, 0)
		}
	}
	return nil
}

// scanSome walks over up to batch entries, and returns the last key and how many there were.
func (r *run) scanSome(reader meta.Reader, from, to []byte, fn func(key, value []byte) error) (last []byte, n int, err error) {
	it := reader.Scan(from, to)
	for n < batch && it.Next() {
		last = append(last[:0], it.Key()...)
		n++
		if err := fn(it.Key(), it.Value()); err != nil {
			return last, n, errors.Join(err, it.Close())
		}
	}
	return last, n, it.Close()
}

// verify verifies one entry. What it returns is good as long as key and value are.
func (r *run) verify(ctx context.Context, reader meta.Reader, key, value []byte) *entry {
	e := &entry{run: r, ctx: ctx, r: reader, key: key, value: value}
	form, parts, err := keys.Split(key)
	e.parts = parts
	row, ok := rows[form]
	if err != nil || !ok {
		e.parts, r.unread = nil, true
		e.wrong(Record, "no program that is known writes such a key")
		return e
	}
	if row.message == nil {
		row.check(e, nil)
		return e
	}
	m := row.message(e)
	if m == nil {
		return e
	}
	if err := records.Unmarshal(value, m); err != nil {
		r.unread = true
		e.wrong(Record, "its record cannot be decoded: %v", err)
		return e
	}
	if proto.Size(m) != len(value)-1 || hasUnknown(m.ProtoReflect()) {
		r.unread = true
		e.wrong(Record, "its record is not as this program writes it")
	}
	row.check(e, m)
	return e
}

// hasUnknown reports whether a record, or one in it, has fields that this program does not know.
func hasUnknown(m protoreflect.Message) bool {
	if len(m.GetUnknown()) > 0 {
		return true
	}
	unknown := false
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case field.IsMap():
			if field.MapValue().Message() != nil {
				v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
					unknown = hasUnknown(v.Message())
					return !unknown
				})
			}
		case field.Message() == nil:
		case field.IsList():
			for i, list := 0, v.List(); i < list.Len() && !unknown; i++ {
				unknown = hasUnknown(list.Get(i).Message())
			}
		default:
			unknown = hasUnknown(v.Message())
		}
		return !unknown
	})
	return unknown
}

// settle repairs the problems of an entry, if that is asked for, and reports them. The entry is verified again
// for that, as it is now: what is no longer wrong is not reported.
func (r *run) settle(ctx context.Context, key []byte) error {
	var e *entry
	verify := func(reader meta.Reader) error {
		value, err := reader.Get(key)
		if errors.Is(err, meta.ErrNotFound) {
			e = new(entry)
			return nil
		}
		if err != nil {
			return err
		}
		e = r.verify(ctx, reader, key, value)
		return e.err
	}
	if !r.opts.Repair {
		if err := r.opts.Store.View(ctx, verify); err != nil {
			return err
		}
		for _, p := range e.problems {
			r.found(e.finding(p))
		}
		return nil
	}
	err := r.opts.Store.Update(ctx, func(tx meta.Tx) error {
		if err := verify(tx); err != nil {
			return err
		}
		for _, p := range e.problems {
			if err := apply(tx, p.writes); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("repair %q: %w", key, err)
	}
	for _, p := range e.problems {
		f := e.finding(p)
		f.Repaired = len(p.writes) > 0
		r.found(f)
	}
	return nil
}

func apply(tx meta.Tx, writes []write) error {
	for _, w := range writes {
		var err error
		if w.value == nil {
			err = tx.Delete(w.key)
		} else {
			err = tx.Put(w.key, w.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// quoted returns a key of the metadata store as findings show it.
func quoted(key []byte) string { return strconv.QuoteToASCII(string(key)) }
