package objects

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// listDecoder decodes the records of one page, of which it loads what lists and lifecycles need and nothing
// else: a page has up to a thousand records, and decoding each of them whole was most of its cost.
type listDecoder struct {
	room    int              // how many objects it made room for last
	objects []records.Object // room for those that come next
	bytes   []byte           // room for what they hold
	// What an object has in common with the one before it, as most have their owner, is kept once.
	owner, class, algorithm string
}

// How many records a listDecoder makes room for at once, and how many bytes of entity tags and version IDs for each:
// most lists are short, and none has more than a thousand.
const (
	leastRoom    = 8
	mostRoom     = 128
	bytesForEach = 48
)

// listedField sets a field of an object from its wire form; exactly one of the two is not nil.
type listedField struct {
	number func(o *records.Object, v uint64)
	bytes  func(d *listDecoder, o *records.Object, v []byte) error
}

// listedFields are the fields that are loaded, by their numbers in records.proto: what lists tell, and what
// lifecycles judge.
var listedFields = [...]listedField{
	1:  {bytes: func(d *listDecoder, o *records.Object, v []byte) error { return share(&d.owner, &o.Owner, v) }},
	3:  {number: func(o *records.Object, v uint64) { o.Size = int64(v) }},
	4:  {number: func(o *records.Object, v uint64) { o.Modified = int64(v) }},
	5:  {bytes: func(d *listDecoder, o *records.Object, v []byte) error { o.Etag = d.keep(v); return nil }},
	6:  {number: func(o *records.Object, v uint64) { o.Parts = int32(v) }},
	11: {bytes: (*listDecoder).checksum},
	13: {bytes: func(d *listDecoder, o *records.Object, v []byte) error { return share(&d.class, &o.StorageClass, v) }},
	14: {number: func(o *records.Object, v uint64) { o.WrittenUnderEnforced = protowire.DecodeBool(v) }},
	15: {bytes: (*listDecoder).tag},
	16: {bytes: func(d *listDecoder, o *records.Object, v []byte) error { o.Version = d.keep(v); return nil }},
	17: {number: func(o *records.Object, v uint64) { o.NullVersion = protowire.DecodeBool(v) }},
	18: {number: func(o *records.Object, v uint64) { o.DeleteMarker = protowire.DecodeBool(v) }},
	19: {number: func(o *records.Object, v uint64) { o.Superseded = int64(v) }},
	20: {bytes: (*listDecoder).retention},
	21: {number: func(o *records.Object, v uint64) { o.LegalHold = protowire.DecodeBool(v) }},
	23: {number: func(o *records.Object, v uint64) { o.RestoredUntil = int64(v) }},
}

// listCut is how many bytes of a record lists read at least, which has all of it but for long metadata and the content
// at its end.
const listCut = 768

// errCut says that a record was cut where it says what is listed.
var errCut = errors.New("objects: the record was cut")

// decode returns listedFields of the object whose record is value.
func (d *listDecoder) decode(value []byte) (*records.Object, error) {
	o, _, err := d.decodeUntil(value, 0)
	return o, err
}

// decodeCut is decode of a record of which a list may have read the first listCut bytes only, or errCut. What is missing of the
// content is not missed if it is the last field, as it is after a field of a higher number.
func (d *listDecoder) decodeCut(value []byte) (*records.Object, error) {
	if len(value) != listCut {
		return d.decode(value)
	}
	o, whole, err := d.decodeUntil(value, inlineField)
	if whole || err != nil {
		return nil, errCut // an error, too, may be that of the cut
	}
	return o, nil
}

// decodeUntil decodes the fields of a record before the field of number last, if that follows one of a higher number; 0: all. whole says
// that it came to the end.
func (d *listDecoder) decodeUntil(value []byte, last protowire.Number) (o *records.Object, whole bool, err error) {
	rest, err := records.Fields(value)
	if err != nil {
		return nil, false, err
	}
	if len(d.objects) == 0 {
		d.room = min(max(2*d.room, leastRoom), mostRoom)
		d.objects = make([]records.Object, d.room)
	}
	o = &d.objects[0]
	d.objects = d.objects[1:]
	highest := protowire.Number(0)
	for len(rest) > 0 {
		number, _, _ := protowire.ConsumeTag(rest)
		if number == last && highest > last {
			return o, false, nil
		}
		highest = max(highest, number)
		n, err := d.field(o, rest)
		if err != nil {
			return nil, false, fmt.Errorf("decode %T: %w: %w", o, err, meta.ErrCorrupt)
		}
		rest = rest[n:]
	}
	return o, true, nil
}

// field takes the field that rest begins with, and returns its length.
func (d *listDecoder) field(o *records.Object, rest []byte) (int, error) {
	number, wire, tag := protowire.ConsumeTag(rest)
	if tag < 0 {
		return 0, protowire.ParseError(tag)
	}
	var f listedField
	if int(number) < len(listedFields) {
		f = listedFields[number]
	}
	var n int
	var err error
	switch {
	case f.number != nil && wire == protowire.VarintType:
		var v uint64
		if v, n = protowire.ConsumeVarint(rest[tag:]); n >= 0 {
			f.number(o, v)
		}
	case f.bytes != nil && wire == protowire.BytesType:
		var v []byte
		if v, n = protowire.ConsumeBytes(rest[tag:]); n >= 0 {
			err = f.bytes(d, o, v)
		}
	case f.number != nil || f.bytes != nil:
		err = fmt.Errorf("field %d has wire type %d", number, wire)
	default:
		n = protowire.ConsumeFieldValue(number, wire, rest[tag:])
	}
	if n < 0 {
		err = protowire.ParseError(n)
	}
	return tag + n, err
}

// keep returns a copy of v. A value of the store is good only until the iterator moves.
func (d *listDecoder) keep(v []byte) []byte {
	if cap(d.bytes)-len(d.bytes) < len(v) {
		d.bytes = make([]byte, 0, max(d.room*bytesForEach, len(v)))
	}
	from := len(d.bytes)
	d.bytes = append(d.bytes, v...)
	return d.bytes[from:len(d.bytes):len(d.bytes)]
}

func (d *listDecoder) tag(o *records.Object, v []byte) error {
	o.Tags = append(o.Tags, new(records.Tag))
	return proto.Unmarshal(v, o.Tags[len(o.Tags)-1])
}

func (d *listDecoder) retention(o *records.Object, v []byte) error {
	if o.Retention == nil {
		o.Retention = new(records.Retention)
	}
	return proto.UnmarshalOptions{Merge: true}.Unmarshal(v, o.Retention)
}

// checksum loads how the checksum of an object was made, which lists tell, and not its value.
func (d *listDecoder) checksum(o *records.Object, v []byte) error {
	if o.Checksum == nil {
		o.Checksum = new(records.Checksum)
	}
	for len(v) > 0 {
		number, wire, tag := protowire.ConsumeTag(v)
		if tag < 0 {
			return protowire.ParseError(tag)
		}
		n := protowire.ConsumeFieldValue(number, wire, v[tag:])
		if n < 0 {
			return protowire.ParseError(n)
		}
		switch value := v[tag : tag+n]; {
		case number == 1 && wire == protowire.BytesType:
			text, _ := protowire.ConsumeBytes(value)
			if err := share(&d.algorithm, &o.Checksum.Algorithm, text); err != nil {
				return err
			}
		case number == 3 && wire == protowire.VarintType:
			composite, _ := protowire.ConsumeVarint(value)
			o.Checksum.Composite = protowire.DecodeBool(composite)
		case number == 1 || number == 3:
			return fmt.Errorf("field %d of a checksum has wire type %d", number, wire)
		}
		v = v[tag+n:]
	}
	return nil
}

// share sets field to v, and to the same string as last if they are equal.
func share(last, field *string, v []byte) error {
	if *last != string(v) {
		if !utf8.Valid(v) {
			return errors.New("a string is not UTF-8")
		}
		*last = string(v)
	}
	*field = *last
	return nil
}
