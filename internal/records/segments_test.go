package records

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/meta"
)

func TestSegments(t *testing.T) {
	t.Parallel()
	segments := []*Segment{{Blob: "a", Size: 1, Salt: []byte("s")}, {Blob: "b", Size: 2}}
	object, err := Marshal(&Object{Owner: "o", Inline: make([]byte, 5000), Segments: segments, Parts: 2})
	if err != nil {
		t.Fatal(err)
	}
	part, err := Marshal(&Part{Number: 7, Segments: segments, Inline: []byte("i")})
	if err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func() ([]*Segment, error){
		"object": func() ([]*Segment, error) { return SegmentsOf(false, object) },
		"part":   func() ([]*Segment, error) { return SegmentsOf(true, part) },
	} {
		got, err := read()
		if err != nil || len(got) != 2 || !proto.Equal(got[0], segments[0]) || !proto.Equal(got[1], segments[1]) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, segments)
		}
	}
	for _, damaged := range [][]byte{nil, {}, {2}, object[:len(object)-1], {1, 0x52, 5, 1}, {1, 0x52, 1, 0xff}} {
		if _, err := SegmentsOf(false, damaged); !errors.Is(err, meta.ErrCorrupt) {
			t.Errorf("%x: %v, want ErrCorrupt", damaged, err)
		}
	}
}
