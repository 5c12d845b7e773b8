package fsck

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"hash/maphash"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// names compares what there is with what is named: the blobs, and their entries under keys.Blob, with the records that
// name them; and the contents that lie beside records.
//
// These sets can be large. So that none has to be held in memory, each is kept as sums of hashes of the IDs, which
// themselves may be neighbours: one for each of 256 partitions. Only where sums differ are the IDs compared, as many
// partitions at a time as fit.
type names struct {
	counting bool  // records are being read for the first time
	here     tally // the blobs that there were when the records were about to be read
	named    tally // those that are named
	listed   tally // those with an entry under keys.Blob
	lists    tally // those that are named and have such an entry; those of format 3 have none
	contents tally // what lies under keys.Content
	beside   tally // what records say lies there
	bytes    int64 // of the blobs
	suspects []suspect
	err      error
}

// tally stands for a set of IDs.
type tally [256]sum

// sum stands for the IDs of one partition.
type sum struct {
	n    int64
	a, b uint64
}

// raw is an ID.
type raw [16]byte

// seeds are those of two hashes.
var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func (id raw) partition() int { return int(maphash.Bytes(seeds[0], id[:]) >> 56) }

func (t *tally) add(id raw) {
	a, b := maphash.Bytes(seeds[0], id[:]), maphash.Bytes(seeds[1], id[:])
	s := &t[a>>56]
	s.n++
	s.a += a
	s.b += b
}

// rawOf returns the bytes of the ID of a blob; ok is false if it is none.
func rawOf(id string) (r raw, ok bool) {
	if blob.ID(id).Check() != nil {
		return r, false
	}
	_, err := hex.Decode(r[:], []byte(id))
	return r, err == nil
}

// list notes which blobs there are.
func (n *names) list(ctx context.Context, store blob.Store) error {
	n.counting = true
	if store == nil {
		return nil
	}
	return store.Walk(ctx, func(id blob.ID, size int64) error {
		if r, ok := rawOf(string(id)); ok {
			n.here.add(r)
			n.bytes += size
		}
		return ctx.Err()
	})
}

// record notes that a record names a blob; hasEntry says whether the blob has an entry under keys.Blob.
func (n *names) record(id string, hasEntry bool) {
	r, ok := rawOf(id)
	if !n.counting || !ok {
		return
	}
	n.named.add(r)
	if hasEntry {
		n.lists.add(r)
	}
}

// entry notes an entry under keys.Blob.
func (n *names) entry(id string) {
	if r, ok := rawOf(id); n.counting && ok {
		n.listed.add(r)
	}
}

// content notes what lies under keys.Content.
func (n *names) content(place raw) {
	if n.counting {
		n.contents.add(place)
	}
}

// besides notes that a record says that its content lies under keys.Content.
func (n *names) besides(place raw) {
	if n.counting {
		n.beside.add(place)
	}
}

// waiting notes that a blob is about to be written or deleted. It may not be there.
func (n *names) waiting(ctx context.Context, store blob.Store, id string) {
	r, ok := rawOf(id)
	if !n.counting || !ok || store == nil {
		return
	}
	switch there, err := exists(ctx, store, blob.ID(id)); {
	case err != nil:
		n.err = errors.Join(n.err, err)
	case there:
		n.named.add(r)
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

// listedAtOnce is the most IDs that are compared at a time: about 100 MB.
const listedAtOnce = 1 << 20

// compare finds what is not named once, in the snapshot that all records were read from.
func (n *names) compare(ctx context.Context, r *run, reader meta.Reader) error {
	n.counting = false
	if n.err != nil {
		return n.err
	}
	for from := 0; from < 256; {
		some := partitions{}
		total, to := int64(0), from
		for ; to < 256 && (total == 0 || total+n.size(to) <= listedAtOnce); to++ {
			if n.differ(r, to) {
				some[to] = true
				total += n.size(to)
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

type partitions [256]bool

func (n *names) size(p int) int64 {
	return n.here[p].n + n.named[p].n + n.listed[p].n + n.contents[p].n + n.beside[p].n
}

func (n *names) differ(r *run, p int) bool {
	return r.opts.Blobs != nil && n.here[p] != n.named[p] || n.listed[p] != n.lists[p] || n.contents[p] != n.beside[p]
}

// naming is what is known of one ID.
type naming struct {
	there  bool   // the blob, or the content, is there
	listed bool   // a blob has an entry under keys.Blob
	doomed bool   // a blob is to be deleted
	times  int    // how many records name it
	key    []byte // of the last of them
}

// compareSome compares the IDs of some partitions.
func (n *names) compareSome(ctx context.Context, r *run, reader meta.Reader, some *partitions) error {
	blobs, contents := namings{some, map[raw]*naming{}}, namings{some, map[raw]*naming{}}
	if r.opts.Blobs != nil {
		err := r.opts.Blobs.Walk(ctx, func(id blob.ID, _ int64) error {
			if m := blobs.of(string(id)); m != nil {
				m.there = true
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	if err := r.noteAll(ctx, reader, blobs, contents); err != nil {
		return err
	}
	n.suspects = append(append(n.suspects, blobs.suspects(blobKind)...), contents.suspects(contentKind)...)
	return nil
}

// noteAll notes what the metadata names.
func (r *run) noteAll(ctx context.Context, reader meta.Reader, blobs, contents namings) error {
	for _, naming := range keys.AllNaming() {
		err := r.scan(ctx, reader, naming.From, naming.To, func(key, value []byte) error {
			segments, content := named(naming.Parts, value)
			for _, s := range segments {
				blobs.of(s.Blob).named(key)
			}
			if len(content) > 0 {
				contents.at(content).named(key)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	ofBlob := func(id []byte) *naming { return blobs.of(string(id)) }
	for _, ids := range []struct {
		all  func() (from, to []byte)
		at   func(id []byte) *naming
		note func(m *naming)
	}{
		{keys.AllGarbage, ofBlob, func(m *naming) { m.doomed = true }},
		{keys.AllWriting, ofBlob, func(m *naming) { m.doomed = true }},
		{keys.AllBlobs, ofBlob, func(m *naming) { m.listed = true }},
		{keys.AllContents, contents.at, func(m *naming) { m.there = true }},
	} {
		from, to := ids.all()
		err := r.scan(ctx, reader, from, to, func(key, _ []byte) error {
			if m := ids.at(key[1:]); m != nil {
				ids.note(m)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *naming) named(key []byte) {
	if m != nil {
		m.times++
		m.key = bytes.Clone(key)
	}
}

// namings are those of the IDs of some partitions.
type namings struct {
	some *partitions
	all  map[raw]*naming
}

// of returns the naming of a blob; nil if it is not looked at.
func (n namings) of(id string) *naming {
	if r, ok := rawOf(id); ok {
		return n.at(r[:])
	}
	return nil
}

func (n namings) at(id []byte) *naming {
	if len(id) != len(raw{}) || !n.some[raw(id).partition()] {
		return nil
	}
	m := n.all[raw(id)]
	if m == nil {
		m = new(naming)
		n.all[raw(id)] = m
	}
	return m
}

// named returns what a version, or a part, names: its segments, and the place of its content beside it; nothing if the
// record cannot be read.
func named(part bool, value []byte) (segments []*records.Segment, content []byte) {
	if part {
		p := new(records.Part)
		if records.Unmarshal(value, p) != nil {
			return nil, nil
		}
		return p.Segments, nil
	}
	o := new(records.Object)
	if records.Unmarshal(value, o) != nil {
		return nil, nil
	}
	return o.Segments, o.Content
}

// contentKey returns the key of the content that lies beside a record.
func contentKey(place []byte) ([]byte, error) {
	p, err := keys.ParsePlace(place)
	if err != nil {
		return nil, err
	}
	return keys.Content(p), nil
}
