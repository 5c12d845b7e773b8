package objects

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Inline content beside its record
//
// A record is read, listed, changed and moved among versions more often than its content is read. Inline content
// of at least Options.ApartFrom bytes therefore lies under a key of its own, keys.Content, which the record names
// in Object.content. It is written with the record and removed with it, in one transaction, and never changed:
// a version that is retired, promoted or tagged takes its content along without touching it. Its key is of the time
// at which it was written, so that the store has nothing to merge it with, and never writes it again for what is
// written elsewhere.
//
// In memory, Object.inline has the content in either case. A record that is read in a transaction to be changed has
// not: then there is nothing to write but the record.
//
// In a store that is shared, where another key is another round trip, content lies in the record, at its end: a list that
// reads the beginnings of records leaves it out.

// setApart gives the inline content of o, which is new, a place of its own if it is large enough.
func (s *Service) setApart(o *records.Object) error {
	o.Content = nil
	if int64(len(o.Inline)) < s.opts.ApartFrom || s.store.Shared() {
		return nil
	}
	place := keys.Place{Sequence: uint64(s.opts.Now().UnixNano())}
	if err := s.draw(place.Random[:]); err != nil {
		return err
	}
	o.Content = place.Bytes()
	return nil
}

// putObject writes o under at, the key of a version, and its content beside it if that is new.
func putObject(tx meta.Tx, at []byte, o *records.Object) error {
	if len(o.Inline) < defaultApart && len(o.Content) == 0 || o.Inline == nil {
		return records.Put(tx, at, o)
	}
	inline := o.Inline
	o.Inline = nil
	value, err := records.Marshal(o)
	o.Inline = inline
	if err != nil {
		return err
	}
	if len(o.Content) == 0 {
		value = protowire.AppendTag(value, inlineField, protowire.BytesType)
		return tx.Put(at, protowire.AppendBytes(value, inline))
	}
	content, err := contentKey(o)
	if err != nil {
		return err
	}
	return errors.Join(tx.Put(content, inline), tx.Put(at, value))
}

// inlineField is the number of Object.inline.
const inlineField = 9

// release turns the blobs of o, whose record the transaction removes, into garbage, and removes its content where
// that lies beside it.
func release(tx meta.Tx, o *records.Object) error {
	if len(o.GetContent()) > 0 {
		content, err := contentKey(o)
		if err != nil {
			return err
		}
		if err := tx.Delete(content); err != nil {
			return err
		}
	}
	return releaseBlobs(tx, o.GetSegments())
}

// loadContent reads the content of o that lies beside its record, if there is any.
func loadContent(r meta.Reader, o *records.Object) error {
	if len(o.Content) == 0 {
		return nil
	}
	content, err := contentKey(o)
	if err != nil {
		return err
	}
	got, err := r.GetMany([][]byte{content})
	if err != nil {
		return err
	}
	if got[0] == nil {
		return fmt.Errorf("the content of the object is not in its place: %w", meta.ErrCorrupt)
	}
	o.Inline = got[0]
	return nil
}

func contentKey(o *records.Object) ([]byte, error) {
	place, err := keys.ParsePlace(o.Content)
	if err != nil {
		return nil, fmt.Errorf("place of the content of an object: %w: %w", err, meta.ErrCorrupt)
	}
	return keys.Content(place), nil
}
