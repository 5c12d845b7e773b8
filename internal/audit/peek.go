package audit

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"crossgrant/internal/meta"
)

// The numbers of the fields of records.RequestRecord and, sourceBucketField, of records.RequestSource that Peek reads.
const (
	serviceField      = 6
	callerField       = 21
	bucketField       = 26
	ownerField        = 28
	sourceField       = 32
	sourceBucketField = 1
	placesField       = 48
)

// Names is what an entry of the journal is about: its Service, its Bucket, and the Bucket of its Source; and which accounts
// it concerns: its CallerAccount and its ResourceOwner. Placed says that it has Organizations.
type Names struct {
	Service, Bucket, Source, Caller, Owner []byte
	Placed                                 bool
}

// Peek reads the names of an entry, of which they are parts. It takes a small part of the time that Decode takes, so
// that a reader can pass entries that mean nothing to it.
func Peek(entry []byte) (n Names, err error) {
	err = fields(entry, func(number protowire.Number, value []byte) error {
		switch number {
		case serviceField:
			n.Service = value
		case callerField:
			n.Caller = value
		case bucketField:
			n.Bucket = value
		case ownerField:
			n.Owner = value
		case placesField:
			n.Placed = true
		case sourceField:
			return fields(value, func(number protowire.Number, value []byte) error {
				if number == sourceBucketField {
					n.Source = value
				}
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return Names{}, fmt.Errorf("decode a request record: %w: %w", err, meta.ErrCorrupt)
	}
	return n, nil
}

// fields calls fn with each field of a message that is text, bytes or a message.
func fields(message []byte, fn func(protowire.Number, []byte) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if n = protowire.ConsumeFieldValue(number, kind, message); n < 0 {
			return protowire.ParseError(n)
		}
		if kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message)
			if err := fn(number, value); err != nil {
				return err
			}
		}
		message = message[n:]
	}
	return nil
}
