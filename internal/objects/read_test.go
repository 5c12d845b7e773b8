package objects

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"crossgrant/internal/blob"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// multipart makes an object of two parts in blobs and an inline one, and returns it with its content.
func (f *fixture) multipart(key string) (*records.Object, string) {
	f.t.Helper()
	bodies := []string{big(key+"1", 150), big(key+"2", 130), big(key+"3", 20)}
	id := f.upload(key)
	var list []CompletedPart
	for i, body := range bodies {
		list = append(list, f.part(key, id, i+1, body))
	}
	o, err := f.CompleteUpload(ctx(f.t), f.object(key), id, list)
	if err != nil {
		f.t.Fatal(err)
	}
	return o, strings.Join(bodies, "")
}

func TestOpenRanges(t *testing.T) {
	f := newFixture(t)
	o, want := f.multipart("k")
	if len(o.Segments) != 2 || len(o.Inline) != 20+16 {
		t.Fatalf("got %v", o)
	}
	for offset := 0; offset <= len(want); offset += 7 {
		for end := offset; end <= len(want); end += 11 {
			got, err := f.read(o, int64(offset), int64(end-offset))
			if err != nil || got != want[offset:end] {
				t.Fatalf("range [%d, %d) is %q, %v", offset, end, got, err)
			}
		}
	}
	r, err := f.Open(ctx(t), o, 0, o.Size)
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(r, []byte(want)); err != nil {
		t.Error(err)
	}
	if err := errors.Join(r.Close(), r.Close()); err != nil {
		t.Error(err)
	}
	for _, bad := range [][2]int64{{-1, 1}, {0, -1}, {0, o.Size + 1}, {o.Size + 1, 0}, {1, 1<<63 - 1}} {
		if _, err := f.Open(ctx(t), o, bad[0], bad[1]); err == nil {
			t.Errorf("range %v was opened", bad)
		}
	}
	listed := &records.Object{Size: 5}
	if _, err := f.Open(ctx(t), listed, 0, 5); !errors.Is(err, meta.ErrCorrupt) {
		t.Errorf("a record without content: %v", err)
	}
}

// TestReadOfReplaced wants readers that were opened to stay good, and others to say that the bytes are
// gone.
func TestReadOfReplaced(t *testing.T) {
	f := newFixture(t)
	o, want := f.multipart("k")
	reading, err := f.Open(ctx(t), o, 0, o.Size)
	if err != nil {
		t.Fatal(err)
	}
	f.put("k", "new")
	if err := f.sweep(ctx(t)); err != nil {
		t.Fatal(err)
	}
	if got := len(f.blobs.existing()); got != 2 {
		t.Errorf("%d blobs are left for the reader, want 2", got)
	}
	if _, err := f.Open(ctx(t), o, 0, o.Size); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("open of what is garbage: %v", err)
	}
	if got, err := io.ReadAll(reading); string(got) != want || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	if err := reading.Close(); err != nil {
		t.Error(err)
	}
	f.checkClean()
	for _, length := range []int64{10, o.Size} {
		if _, err := f.Open(ctx(t), o, 0, length); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("open of what was deleted: %v", err)
		}
	}
	if len(f.sweeper.holders) != 0 {
		t.Errorf("still held: %v", f.sweeper.holders)
	}
	if f.content("k") != "new" {
		t.Error("the new object cannot be read")
	}
}

// TestSweeperWaitsForReaders wants the background sweeper to delete blobs when the last reader is done.
func TestSweeperWaitsForReaders(t *testing.T) {
	f := newFixture(t)
	deleted := make(chan bool, 10)
	f.blobs.fail(func(call string) error {
		if call == "Delete" {
			deleted <- true
		}
		return nil
	})
	f.Start()
	defer f.Close()
	o, _ := f.multipart("k")
	one, err := f.Open(ctx(t), o, 0, o.Size)
	if err != nil {
		t.Fatal(err)
	}
	two, err := f.Open(ctx(t), o, 0, o.Size)
	if err != nil {
		t.Fatal(err)
	}
	other := f.put("other", big("x", 100))
	f.put("k", "new")
	one.Close()
	f.put("other", "new")
	<-deleted // that of "other"; those of "k" are held
	if got := len(f.blobs.existing()); got < 2 {
		t.Errorf("%d blobs exist", got)
	}
	two.Close()
	<-deleted
	<-deleted
	f.Close()
	f.blobs.fail(nil)
	f.checkClean()
	if _, err := f.Open(ctx(t), other, 0, 100); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}
