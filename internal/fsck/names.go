package fsck

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// names compares the blobs that there are with those that are named: by a record, or as to be written or deleted.
//
// Both sets can be large. So that neither has to be held in memory, each is kept as sums of the IDs, which are
// random: one for each of 256 partitions. Only where the sums differ are the IDs themselves compared, as many
// partitions at a time as fit.
type names struct {
	counting bool // records are being read for the first time
	walker   Walker
	here     [256]sum // the blobs that there were before the records were read
	named    [256]sum
	bytes    int64 // of them
	suspects []suspect
	err      error
}

// sum stands for a set of IDs of one partition.
type sum struct {
	n    int64
	a, b uint64
}

func (s *sum) add(id blob.ID) {
	var raw [16]byte
	hex.Decode(raw[:], []byte(id)) // it was checked
	s.n++
	s.a += binary.BigEndian.Uint64(raw[:8])
	s.b += binary.BigEndian.Uint64(raw[8:])
}

func partition(id blob.ID) int {
	var raw [1]byte
	hex.Decode(raw[:], []byte(id[:2]))
	return int(raw[0])
}

// suspect is a blob that is not named once.
type suspect struct {
	id     blob.ID
	key    []byte // of the record that was the last to name it; nil if none does
	times  int
	doomed bool // one of its names says that it is to be deleted
}

// listed is the most IDs of which the names are compared at a time: about 100 MB.
const listed = 1 << 20

// list notes which blobs there are. It comes before the snapshot of the records is made: every blob that it finds
// was named by then, or never will be.
func (n *names) list(ctx context.Context, store blob.Store) error {
	n.counting = true
	n.walker, _ = store.(Walker)
	if n.walker == nil {
		return nil
	}
	return n.walker.Walk(ctx, func(id blob.ID, size int64) error {
		n.here[partition(id)].add(id)
		n.bytes += size
		return ctx.Err()
	})
}

// record notes that a record names a blob.
func (n *names) record(id blob.ID) {
	if n.counting {
		n.named[partition(id)].add(id)
	}
}

// waiting notes that a blob is about to be written or deleted. It may not be there.
func (n *names) waiting(store blob.Store, id blob.ID) {
	if !n.counting || n.walker == nil {
		return
	}
	switch there, err := exists(context.Background(), store, id); {
	case err != nil:
		n.err = errors.Join(n.err, err)
	case there:
		n.named[partition(id)].add(id)
	}
}

func exists(ctx context.Context, store blob.Store, id blob.ID) (bool, error) {
	r, err := store.Open(ctx, id, 0, 0)
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, r.Close()
}

// compare finds the blobs that are not named, or named twice, in the snapshot that all records were read from.
func (n *names) compare(ctx context.Context, r *run, reader meta.Reader) error {
	n.counting = false
	if n.walker == nil || n.err != nil {
		return n.err
	}
	for from := 0; from < 256; {
		var some [256]bool
		total, to := int64(0), from
		for ; to < 256 && (total == 0 || total+n.here[to].n+n.named[to].n <= listed); to++ {
			if n.here[to] != n.named[to] {
				some[to] = true
				total += n.here[to].n + n.named[to].n
			}
		}
		if total > 0 {
			if err := n.compareSome(ctx, r, reader, &some); err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

// naming is what names one blob.
type naming struct {
	here   bool
	times  int
	doomed bool
	key    []byte
}

// compareSome compares the IDs of some partitions.
func (n *names) compareSome(ctx context.Context, r *run, reader meta.Reader, some *[256]bool) error {
	all := map[blob.ID]*naming{}
	at := func(id blob.ID) *naming {
		if all[id] == nil {
			all[id] = new(naming)
		}
		return all[id]
	}
	err := n.walker.Walk(ctx, func(id blob.ID, _ int64) error {
		if some[partition(id)] {
			at(id).here = true
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	err = r.eachName(ctx, reader, func(id blob.ID, key []byte, doomed bool) {
		if id.Check() == nil && some[partition(id)] {
			m := at(id)
			m.times++
			m.doomed = m.doomed || doomed
			if !doomed {
				m.key = key
			}
		}
	})
	if err != nil {
		return err
	}
	for id, m := range all {
		if m.here && m.times == 0 || m.times > 1 {
			n.suspects = append(n.suspects, suspect{id, m.key, m.times, m.doomed})
		}
	}
	slices.SortFunc(n.suspects, func(a, b suspect) int { return cmp.Compare(a.id, b.id) })
	return nil
}

// eachName calls fn with every blob that is named, and the key of what names it.
func (r *run) eachName(ctx context.Context, reader meta.Reader, fn func(id blob.ID, key []byte, doomed bool)) error {
	for _, letter := range []byte{'O', 'V', 'P', 'G', 'W'} {
		err := r.scan(ctx, reader, []byte{letter}, []byte{letter + 1}, func(key, value []byte) error {
			if letter == 'G' || letter == 'W' {
				fn(blob.ID(key[1:]), key, true)
				return nil
			}
			for _, s := range segmentsOf(letter, value) {
				fn(blob.ID(s.Blob), key, false)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// segmentsOf returns the segments of a version or a part; nil if the record cannot be read.
func segmentsOf(letter byte, value []byte) []*records.Segment {
	if letter == 'P' {
		p := new(records.Part)
		if records.Unmarshal(value, p) != nil {
			return nil
		}
		return p.Segments
	}
	o := new(records.Object)
	if records.Unmarshal(value, o) != nil {
		return nil
	}
	return o.Segments
}

// settle repairs and reports the blobs that are not named once. A blob that nothing names stays so: its ID was
// drawn once, and its name was recorded before it could be listed.
func (n *names) settle(ctx context.Context, r *run) error {
	for _, s := range n.suspects {
		var err error
		if s.times == 0 {
			err = n.orphan(ctx, r, s.id)
		} else {
			err = n.ambiguous(ctx, r, s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (n *names) orphan(ctx context.Context, r *run, id blob.ID) error {
	if there, err := exists(ctx, r.opts.Blobs, id); err != nil || !there {
		return err // it was deleted meanwhile
	}
	if len(r.damage) > 0 {
		// What names it may lie where the metadata cannot be read.
		r.found(Finding{Kind: Orphan, At: "blob " + string(id), What: "no record that can be read names it"})
		return nil
	}
	f := Finding{Kind: Orphan, At: "blob " + string(id), What: "nothing names it", Repair: "remove it", Repaired: r.opts.Repair}
	if r.opts.Repair {
		if err := r.opts.Blobs.Delete(ctx, id); err != nil {
			return fmt.Errorf("remove blob %s: %w", id, err)
		}
	}
	r.found(f)
	return nil
}

// ambiguous reports a blob that has several names. One that is to be deleted and has a record is kept.
func (n *names) ambiguous(ctx context.Context, r *run, s suspect) error {
	f := Finding{Kind: Reference, At: "blob " + string(s.id), What: fmt.Sprintf("it is named %d times", s.times)}
	if s.key != nil {
		if _, parts, err := keys.Split(s.key); err == nil {
			f.Bucket, f.Key, f.VersionID = r.owner(s.key, parts, nil)
		}
	}
	doomed := [][]byte{keys.Garbage(string(s.id)), keys.Writing(string(s.id))}
	if s.doomed && s.key != nil {
		f.What = "a record names it, and it is to be deleted"
		f.Repair = "keep it"
	}
	still := false
	change := func(tx meta.Reader, remove func([]byte) error) error {
		still = !s.doomed
		if s.key != nil && s.doomed {
			value, err := tx.Get(s.key)
			if errors.Is(err, meta.ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			for _, segment := range segmentsOf(s.key[0], value) {
				still = still || segment.Blob == string(s.id)
			}
		}
		if !still || remove == nil {
			return nil
		}
		still = false
		for _, key := range doomed {
			if _, err := tx.Get(key); err == nil {
				still = true
				if err := remove(key); err != nil {
					return err
				}
			}
		}
		return nil
	}
	var err error
	if r.opts.Repair && f.Repair != "" {
		err = r.opts.Store.Update(ctx, func(tx meta.Tx) error { return change(tx, tx.Delete) })
		f.Repaired = true
	} else {
		err = r.opts.Store.View(ctx, func(tx meta.Reader) error { return change(tx, nil) })
	}
	if err == nil && still {
		r.found(f)
	}
	return err
}
