package fsck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// contentBatch is how many records one snapshot gives of whose blobs are verified then.
const contentBatch = 256

// contentRanges returns the ranges of the keys of what has content in blobs, in the order of the keys.
func contentRanges() []keys.Naming {
	all := keys.AllNaming()
	slices.SortFunc(all, func(a, b keys.Naming) int { return bytes.Compare(a.From, b.From) })
	return all
}

// content is what lies in blobs of a version or a part.
type content struct {
	at    []byte // key of the metadata
	value []byte
	// record is an Object or a Part.
	record     proto.Message
	segments   []*records.Segment
	encryption *records.Encryption // nil: it lies in the clear
	place      sse.Place
	clear      bool
}

// contents verifies the blobs of all records whose keys come after a key; passed is called with each key that is
// done.
func (r *run) contents(ctx context.Context, after []byte, passed func(key []byte) error) error {
	for _, naming := range contentRanges() {
		from, to := naming.From, naming.To
		if bytes.Compare(after, from) >= 0 {
			from = append(bytes.Clone(after), 0)
		}
		for bytes.Compare(from, to) < 0 {
			some, next, err := r.someContents(ctx, from, to)
			if err != nil {
				return err
			}
			for _, c := range some {
				if err := r.verifyContent(ctx, c); err != nil {
					return err
				}
				if err := passed(c.at); err != nil {
					return err
				}
			}
			from = next
		}
	}
	return nil
}

// errEnough ends a scan.
var errEnough = errors.New("enough")

// someContents returns the first contents of a range, and where to go on.
func (r *run) someContents(ctx context.Context, from, to []byte) (some []*content, next []byte, err error) {
	next = to
	err = r.opts.Store.View(ctx, func(reader meta.Reader) error {
		some, next = nil, to
		n := 0
		return r.scan(ctx, reader, from, to, func(key, value []byte) error {
			if n++; len(some) == contentBatch || n == batch {
				next = bytes.Clone(key)
				return errEnough
			}
			if c := r.contentOf(reader, key, value); c != nil {
				some = append(some, c)
			}
			return nil
		})
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return some, next, err
}

// contentOf returns what lies in blobs of a record; nil if nothing does.
func (r *run) contentOf(reader meta.Reader, key, value []byte) *content {
	_, parts, err := keys.Split(key)
	if err != nil {
		return nil
	}
	c := new(content)
	if key[0] != 'P' {
		o := new(records.Object)
		if records.Unmarshal(value, o) != nil || len(o.Segments) == 0 {
			return nil
		}
		c.at, c.value = bytes.Clone(key), bytes.Clone(value)
		c.record, c.segments, c.encryption, c.clear = o, o.Segments, o.Encryption, o.Encryption == nil
		c.place = sse.Place{Bucket: keys.BucketID([]byte(parts[0])), Key: parts[1]}
		return c
	}
	p := new(records.Part)
	if records.Unmarshal(value, p) != nil || len(p.Segments) == 0 {
		return nil
	}
	u, ok := r.uploads[parts[0]]
	upload := new(records.Upload)
	if !ok || records.Get(reader, keys.Upload(u.bucket, u.key, parts[0]), upload) != nil {
		return nil // how it is encrypted is not known, so neither is what is stored
	}
	c.at, c.value = bytes.Clone(key), bytes.Clone(value)
	c.record, c.segments = p, p.Segments
	c.place = sse.Place{Bucket: u.bucket, Key: u.key}
	c.encryption, c.clear = upload.Encryption, upload.Encryption == nil
	return c
}

// fault is what is wrong with a segment.
type fault struct {
	segment int
	what    string
	// certain says that its bytes are lost or others; else they could not be read.
	certain bool
}

// verifyContent verifies the blobs of a record, and repairs and reports what is wrong with them.
func (r *run) verifyContent(ctx context.Context, c *content) error {
	k, err := r.keyOf(ctx, c)
	if err != nil {
		return err
	}
	var faults []fault
	var sound []int // that are marked as damaged
	for i, s := range c.segments {
		err := r.verifySegment(ctx, c, k, s)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			// A second look: memory and cables err as well.
			err = r.verifySegment(ctx, c, k, s)
		}
		switch {
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			certain := errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrCorrupt)
			faults = append(faults, fault{i, err.Error(), certain})
		case s.Damaged != 0:
			sound = append(sound, i)
		}
		r.summary.Blobs++
		r.summary.Bytes += s.Size
	}
	r.progress(Progress{Stage: "blobs", Done: r.summary.Bytes, Total: r.names.bytes})
	if len(faults)+len(sound) == 0 {
		return nil
	}
	return r.settleContent(ctx, c, faults, sound)
}

// keyOf returns the key of a content; nil if it lies in the clear, or the key is not at hand. One that does not open
// is a finding about the record.
func (r *run) keyOf(ctx context.Context, c *content) (*sse.Key, error) {
	if c.encryption == nil {
		return nil, nil
	}
	k, err := r.opts.Keys.Open(ctx, c.encryption, nil, c.place)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, nil
	}
	return k, nil
}

// settleContent marks the segments that have faults, takes the mark off those that are sound, if that is asked for,
// and reports both, unless the record was changed meanwhile.
func (r *run) settleContent(ctx context.Context, c *content, faults []fault, sound []int) error {
	changed := false
	current := func(reader meta.Reader) error {
		value, err := reader.Get(c.at)
		if err != nil && !errors.Is(err, meta.ErrNotFound) {
			return err
		}
		changed = !bytes.Equal(value, c.value)
		return nil
	}
	var err error
	if r.opts.Repair {
		now := r.opts.Now().UnixNano()
		err = r.opts.Store.Update(ctx, func(tx meta.Tx) error {
			if err := current(tx); err != nil || changed {
				return err
			}
			marked := proto.Clone(c.record)
			segments := marked.(interface{ GetSegments() []*records.Segment }).GetSegments()
			for _, f := range faults {
				if f.certain && segments[f.segment].Damaged == 0 {
					segments[f.segment].Damaged = now
				}
			}
			for _, i := range sound {
				segments[i].Damaged = 0
			}
			return records.Put(tx, c.at, marked)
		})
	} else {
		err = r.opts.Store.View(ctx, current)
	}
	if err != nil || changed {
		return err
	}
	for _, f := range faults {
		r.found(r.faultFinding(c, f))
	}
	for _, i := range sound {
		f := r.contentFinding(c, i)
		f.What, f.Repair, f.Repaired = "it is marked as damaged, and is what was written", "take the mark off", r.opts.Repair
		r.found(f)
	}
	return nil
}

func (r *run) faultFinding(c *content, f fault) Finding {
	out := r.contentFinding(c, f.segment)
	out.What = f.what
	switch s := c.segments[f.segment]; {
	case !f.certain:
	case s.Damaged != 0:
		// Nothing is left to be done but by the owner of the object.
		out.What += fmt.Sprintf("; it was marked as damaged on %s", time.Unix(0, s.Damaged).UTC().Format(time.RFC3339))
	default:
		out.Repair, out.Repaired = "mark it as damaged, so that reads say so", r.opts.Repair
	}
	return out
}

// contentFinding returns a finding about a segment of a content.
func (r *run) contentFinding(c *content, segment int) Finding {
	f := Finding{Kind: Blob, At: "blob " + c.segments[segment].Blob}
	if _, parts, err := keys.Split(c.at); err == nil {
		f.Bucket, f.Key, f.VersionID = r.owner(c.at, parts, c.value)
	}
	return f
}
