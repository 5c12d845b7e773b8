// Package records holds the messages that are the values of the metadata store (records.proto) and
// their encoding: one format byte, then the message in Protocol Buffers' wire form.
package records

//go:generate protoc --go_out=.. --go_opt=module=crossgrant/internal -I.. ../records/records.proto

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/meta"
)

// format1 begins every record: Protocol Buffers, not compressed.
const format1 = 1

// Marshal encodes m as a value of the metadata store.
func Marshal(m proto.Message) ([]byte, error) {
	b, err := proto.MarshalOptions{}.MarshalAppend([]byte{format1}, m)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", m, err)
	}
	return b, nil
}

// Fields returns the fields of a record in Protocol Buffers' wire form, for readers that need few of them; they
// are part of value. The error wraps meta.ErrCorrupt.
func Fields(value []byte) ([]byte, error) {
	if len(value) == 0 || value[0] != format1 {
		return nil, fmt.Errorf("unknown format of a record: %w", meta.ErrCorrupt)
	}
	return value[1:], nil
}

// Unmarshal decodes value into m. It returns an error that wraps meta.ErrCorrupt if value is not a
// record of that type.
func Unmarshal(value []byte, m proto.Message) error {
	fields, err := Fields(value)
	if err != nil {
		return fmt.Errorf("decode %T: %w", m, err)
	}
	if err := proto.Unmarshal(fields, m); err != nil {
		return fmt.Errorf("decode %T: %w: %w", m, err, meta.ErrCorrupt)
	}
	return nil
}

// Get reads the record of key into m. The error wraps meta.ErrNotFound or meta.ErrCorrupt.
func Get(r meta.Reader, key []byte, m proto.Message) error {
	value, err := r.Get(key)
	if err != nil {
		return err
	}
	return Unmarshal(value, m)
}

// Put writes m as the record of key.
func Put(tx meta.Tx, key []byte, m proto.Message) error {
	value, err := Marshal(m)
	if err != nil {
		return err
	}
	return tx.Put(key, value)
}
