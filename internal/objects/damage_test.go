package objects

import (
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"crossgrant/internal/blob"
)

// TestSegmentsHaveTheChecksumOfWhatIsStored holds it for objects, parts and copies.
func TestSegmentsHaveTheChecksumOfWhatIsStored(t *testing.T) {
	f := newFixture(t)
	o, _ := f.multipart("parts")
	single := f.put("one", big("one", 300))
	copied, err := f.Copy(ctx(t), f.object("copy"), single)
	if err != nil {
		t.Fatal(err)
	}
	segments := append(append(o.Segments, single.Segments...), copied.Segments...)
	if len(segments) != 4 {
		t.Fatalf("got %v", segments)
	}
	for _, segment := range segments {
		size := segment.Size + 16 // one package
		r, err := f.blobs.Open(ctx(t), blob.ID(segment.Blob), 0, size)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := io.ReadAll(r)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if want := crc32.Checksum(stored, crc32.MakeTable(crc32.Castagnoli)); err != nil || segment.Crc32C == nil || *segment.Crc32C != want {
			t.Errorf("segment %v: want checksum %08x (%v)", segment, want, err)
		}
	}
}

// TestDamagedSegmentsAreNotRead holds that what lies beside a segment that was found damaged is read as before.
func TestDamagedSegmentsAreNotRead(t *testing.T) {
	f := newFixture(t)
	o, want := f.multipart("k")
	o.Segments[1].Damaged = 1
	if got, err := f.read(o, 0, 150); err != nil || got != want[:150] {
		t.Errorf("the sound segment: %q, %v", got, err)
	}
	_, err := f.read(o, 149, 2)
	e := wantCode(t, err, "InternalError")
	if !strings.Contains(e.Message, "damaged") {
		t.Errorf("message %q", e.Message)
	}
}

// TestDamagedSegmentsAreNotCopied holds that a copy that would move no byte is refused as one that reads would be.
func TestDamagedSegmentsAreNotCopied(t *testing.T) {
	f := newFixture(t)
	o := f.put("k", big("one", 300))
	o.Segments[0].Damaged = 1
	_, err := f.Copy(ctx(t), f.object("copy"), o)
	wantCode(t, err, "InternalError")
	_, err = f.Head(ctx(t), f.bucket, "copy", "")
	wantCode(t, err, "NoSuchKey")
}
