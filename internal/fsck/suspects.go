package fsck

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// What a suspect is.
const (
	blobKind = iota
	contentKind
)

// suspect is a blob or a content that is not named once.
type suspect struct {
	naming
	kind int
	id   raw
}

func (s *suspect) blob() blob.ID { return blob.ID(hex.EncodeToString(s.id[:])) }

// suspects returns those of n that are not named once, in the order of their IDs.
func (n namings) suspects(kind int) (out []suspect) {
	for id, m := range n.all {
		if m.times > 1 || m.times == 0 && (m.there && !m.doomed || m.listed) || m.times > 0 && m.doomed {
			out = append(out, suspect{*m, kind, id})
		}
	}
	slices.SortFunc(out, func(a, b suspect) int { return bytes.Compare(a.id[:], b.id[:]) })
	return out
}

// settle repairs and reports what is not named once.
func (n *names) settle(ctx context.Context, r *run) error {
	for _, s := range n.suspects {
		if err := r.settleSuspect(ctx, &s); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) settleSuspect(ctx context.Context, s *suspect) error {
	switch {
	case (len(r.damage) > 0 || r.unread) && s.times == 0:
		// What names it may lie where the metadata cannot be read, or be a record that cannot.
		return nil
	case s.kind == contentKind && s.times == 0:
		return r.stray(ctx, keys.Content(mustPlace(s.id[:])), "no record says that its content lies there")
	case s.times > 1:
		return r.ambiguous(ctx, s)
	case s.times == 1:
		return r.doomed(ctx, s)
	}
	if s.listed {
		// First, so that a blob is not removed that is named.
		if err := r.stray(ctx, keys.Blob(string(s.blob())), "no record names this blob"); err != nil {
			return err
		}
	}
	if s.there && !s.doomed {
		return r.orphan(ctx, s)
	}
	return nil
}

func mustPlace(id []byte) keys.Place {
	p, err := keys.ParsePlace(id)
	if err != nil {
		panic(err) // it has the right length
	}
	return p
}

// stray reports an entry that nothing leads to, and removes it.
func (r *run) stray(ctx context.Context, key []byte, what string) error {
	f := Finding{Kind: Reference, At: quoted(key), What: what, Repair: "remove the entry", Repaired: r.opts.Repair}
	there := false
	err := r.opts.Store.View(ctx, func(reader meta.Reader) error {
		_, err := reader.Get(key)
		there = err == nil
		if errors.Is(err, meta.ErrNotFound) {
			err = nil
		}
		return err
	})
	if err == nil && there && r.opts.Repair {
		err = r.opts.Store.Update(ctx, func(tx meta.Tx) error { return tx.Delete(key) })
	}
	if err == nil && there {
		r.found(f)
	}
	return err
}

// orphan reports a blob that nothing names, and removes it. That nothing named it in the snapshot is not enough: it may
// have come into being since, for blobs are listed outside of it. Then it has an entry now, or is to be deleted, or is
// gone already; in this order it goes through them, so that they are looked for in it.
//
// In a store that servers share it is not looked for: what another server is about to name has none of these. The servers
// themselves search for orphans, among blobs that are old enough.
func (r *run) orphan(ctx context.Context, s *suspect) error {
	if r.opts.Store.Shared() {
		return nil
	}
	id := s.blob()
	known := false
	err := r.opts.Store.View(ctx, func(reader meta.Reader) error {
		of := [][]byte{keys.Garbage(string(id)), keys.Writing(string(id))}
		if !s.listed {
			of = append(of, keys.Blob(string(id)))
		}
		got, err := reader.GetMany(of)
		known = slices.ContainsFunc(got, func(value []byte) bool { return value != nil })
		return err
	})
	if err != nil || known {
		return err
	}
	if there, err := exists(ctx, r.opts.Blobs, id); err != nil || !there {
		return err
	}
	if r.opts.Repair {
		if err := r.opts.Blobs.Delete(ctx, id); err != nil {
			return fmt.Errorf("remove blob %s: %w", id, err)
		}
	}
	r.found(Finding{Kind: Orphan, At: "blob " + string(id), What: "nothing names it", Repair: "remove it", Repaired: r.opts.Repair})
	return nil
}

// ambiguous reports a blob or content that several records name: when one of them goes, the others lose it.
func (r *run) ambiguous(ctx context.Context, s *suspect) error {
	still, err := r.stillNames(ctx, s)
	if err != nil || !still {
		return err
	}
	f := Finding{Kind: Reference, At: "blob " + string(s.blob()), What: fmt.Sprintf("%d records name it", s.times)}
	if s.kind == contentKind {
		f.At = quoted(keys.Content(mustPlace(s.id[:])))
	}
	r.whose(&f, s.key)
	r.found(f)
	return nil
}

// stillNames reports whether the record that was found last to name s still does.
func (r *run) stillNames(ctx context.Context, s *suspect) (still bool, err error) {
	err = r.opts.Store.View(ctx, func(reader meta.Reader) (err error) {
		still, err = s.isNamed(reader)
		return err
	})
	return still, err
}

func (s *suspect) isNamed(reader meta.Reader) (bool, error) {
	value, err := reader.Get(s.key)
	if errors.Is(err, meta.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	segments, content := named(s.key[0] == 'P', value)
	if s.kind == contentKind {
		return bytes.Equal(content, s.id[:]), nil
	}
	return slices.ContainsFunc(segments, func(segment *records.Segment) bool { return segment.Blob == string(s.blob()) }), nil
}

// doomed reports a blob that is to be deleted although a record names it, and keeps it.
func (r *run) doomed(ctx context.Context, s *suspect) error {
	found := false
	change := func(reader meta.Reader, remove func(key []byte) error) error {
		found = false
		named, err := s.isNamed(reader)
		if err != nil || !named {
			return err
		}
		for _, key := range [][]byte{keys.Garbage(string(s.blob())), keys.Writing(string(s.blob()))} {
			_, err := reader.Get(key)
			if errors.Is(err, meta.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			found = true
			if err := remove(key); err != nil {
				return err
			}
		}
		return nil
	}
	var err error
	if r.opts.Repair {
		err = r.opts.Store.Update(ctx, func(tx meta.Tx) error { return change(tx, tx.Delete) })
	} else {
		err = r.opts.Store.View(ctx, func(reader meta.Reader) error { return change(reader, func([]byte) error { return nil }) })
	}
	if err != nil || !found {
		return err
	}
	f := Finding{Kind: Reference, At: "blob " + string(s.blob()), What: "a record names it, and it is to be deleted", Repair: "keep it", Repaired: r.opts.Repair}
	r.whose(&f, s.key)
	r.found(f)
	return nil
}

// whose says in f whose content an entry of the metadata belongs to.
func (r *run) whose(f *Finding, key []byte) {
	if _, parts, err := keys.Split(key); err == nil {
		f.Bucket, f.Key, f.VersionID = r.owner(key, parts, nil)
	}
}
