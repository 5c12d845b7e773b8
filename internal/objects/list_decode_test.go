package objects

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// unlisted are the fields that a list has no use for.
var unlisted = []protoreflect.Name{
	"owner_account", "metadata", "acl", "inline", "segments", "part_sizes", "encryption", "upload", "legal_hold_set", "part_checksums", "content",
}

// TestListDecoder compares what is loaded of records, the fullest among them, with what Protocol Buffers decode. A
// new field has to be loaded, or to be named above.
func TestListDecoder(t *testing.T) {
	t.Parallel()
	full := &records.Object{
		Owner: "aa", OwnerAccount: "111111111111", Size: 5 << 40, Modified: 1_700_000_000_000_000_000, Etag: []byte("0123456789abcdef"), Parts: 3,
		Metadata: &records.Metadata{}, Acl: []*records.Grant{{CanonicalId: "bb"}}, Inline: []byte("content"),
		Segments: []*records.Segment{{Blob: "b"}}, Checksum: &records.Checksum{Algorithm: "CRC32", Value: []byte("1234"), Composite: true},
		PartSizes: []int64{1, 2, 3}, StorageClass: "GLACIER", WrittenUnderEnforced: true,
		Tags: []*records.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}, Version: []byte("a place among versions"), NullVersion: true,
		DeleteMarker: true, Superseded: 7, Retention: &records.Retention{Until: 9}, LegalHold: true, Encryption: &records.Encryption{Algorithm: "AES256"},
		RestoredUntil: 11, Upload: "u", LegalHoldSet: true, PartChecksums: []*records.Checksum{{Algorithm: "CRC32"}}, Content: []byte("place"),
	}
	fields := full.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		if !full.ProtoReflect().Has(fields.Get(i)) {
			t.Errorf("the test does not set %s", fields.Get(i).Name())
		}
	}
	var d listDecoder
	for _, o := range []*records.Object{full, {}, {Owner: "aa", Size: 1}, {Owner: "cc", Etag: []byte("x"), Checksum: &records.Checksum{Algorithm: "SHA1"}}, full} {
		value, err := records.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.decode(value)
		if err != nil {
			t.Fatal(err)
		}
		clear(value) // what is loaded outlives the value
		want := proto.CloneOf(o)
		for _, name := range unlisted {
			want.ProtoReflect().Clear(fields.ByName(name))
		}
		if want.Checksum != nil {
			want.Checksum.Value = nil
		}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("got other than was written (-want +got):\n%s", diff)
		}
	}
}

// FuzzListDecoder holds that no bytes are taken for a record that Protocol Buffers refuse, but for what is wrong in
// fields that are not loaded, and that what is taken is the same.
func FuzzListDecoder(f *testing.F) {
	for _, o := range []*records.Object{{Owner: "aa", Size: 1, Etag: []byte("x")}, {Checksum: &records.Checksum{Algorithm: "SHA1", Composite: true}}, {Tags: []*records.Tag{{Key: "a"}}}} {
		value, err := records.Marshal(o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		var d listDecoder
		got, err := d.decode(value)
		if err != nil {
			if !errors.Is(err, meta.ErrCorrupt) {
				t.Errorf("error %v is not meta.ErrCorrupt", err)
			}
			return
		}
		want := new(records.Object)
		if records.Unmarshal(value, want) != nil {
			return
		}
		if got.Owner != want.Owner || got.Size != want.Size || string(got.Etag) != string(want.Etag) || len(got.Tags) != len(want.Tags) ||
			got.GetChecksum().GetAlgorithm() != want.GetChecksum().GetAlgorithm() || !proto.Equal(got.Retention, want.Retention) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
