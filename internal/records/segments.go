package records

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"crossgrant/internal/meta"
)

// Numbers of the fields with segments.
const (
	objectSegments protowire.Number = 10
	partSegments   protowire.Number = 5
)

// SegmentsOf returns the segments of the record of an Object or, if parts is set, of a Part, whose other fields, such as
// inline bytes, are passed over. An error wraps meta.ErrCorrupt.
func SegmentsOf(parts bool, value []byte) (segments []*Segment, err error) {
	field := objectSegments
	if parts {
		field = partSegments
	}
	rest, err := Fields(value)
	if err != nil {
		return nil, fmt.Errorf("decode segments: %w", err)
	}
	for len(rest) > 0 {
		number, kind, n := protowire.ConsumeField(rest)
		if n < 0 {
			return nil, fmt.Errorf("decode segments: %w: %w", protowire.ParseError(n), meta.ErrCorrupt)
		}
		if number == field && kind == protowire.BytesType {
			_, _, tag := protowire.ConsumeTag(rest)
			text, _ := protowire.ConsumeBytes(rest[tag:])
			segment := new(Segment)
			if err := proto.Unmarshal(text, segment); err != nil {
				return nil, fmt.Errorf("decode segments: %w: %w", err, meta.ErrCorrupt)
			}
			segments = append(segments, segment)
		}
		rest = rest[n:]
	}
	return segments, nil
}
