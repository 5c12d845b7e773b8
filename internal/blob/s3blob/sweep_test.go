package s3blob_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/blobtest"
)

// TestShared uses one bucket by two engines, as two servers do.
func TestShared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	first, second := w.open(t, w.options()), w.open(t, w.options())
	must(t, first.Recover(t.Context(), blobtest.Names()))
	staged, err := first.New(t.Context(), 400_000)
	must(t, err)
	defer staged.Abort()
	if _, err := staged.Write(content(200_000)); err != nil {
		t.Fatal(err)
	}
	unnamed, named := written(t, first, content(1000)), written(t, first, content(400_000))

	// The second one starts: it removes nothing, and can read what the first one wrote.
	must(t, second.Recover(t.Context(), blobtest.Names(named)))
	wantBlob(t, second, unnamed, content(1000))
	wantBlob(t, second, named, content(400_000))
	// What is not named yet may be named soon: it is not told of.
	wantWalk(t, second, map[blob.ID]int64{named: 400_000})
	wantWalk(t, first, nil)
	// Once it is so old that it will not be, it is.
	swept, err := second.SweepOrphans(t.Context(), blobtest.Names())
	if want := (blob.Swept{Blobs: 2}); err != nil || swept != want {
		t.Errorf("a sweep of what is young: %+v, %v", swept, err)
	}
	if _, err := staged.Write(content(200_000)); err != nil {
		t.Fatal(err)
	}
	must(t, staged.Commit())
	must(t, second.Delete(t.Context(), named))
	for _, s := range []blob.Store{first, second} {
		if _, err := s.Open(t.Context(), named, 0, 1); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("a blob that the other server deleted: %v", err)
		}
	}
}

func wantWalk(t *testing.T, s blob.Store, want map[blob.ID]int64) {
	t.Helper()
	got := map[blob.ID]int64{}
	must(t, s.Walk(t.Context(), func(id blob.ID, size int64) error { got[id] = size; return nil }))
	if !maps.Equal(got, want) {
		t.Errorf("Walk tells of %v, want %v", got, want)
	}
}

// TestSweepOrphans looks for what a server left that ended two days ago.
func TestSweepOrphans(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	dead := w.open(t, w.options())
	w.ago.Store(int64(48 * time.Hour))
	orphans := []blob.ID{written(t, dead, content(1000)), written(t, dead, content(400_000)), written(t, dead, nil)}
	kept := written(t, dead, content(2000))
	staged, err := dead.New(t.Context(), -1)
	must(t, err)
	if _, err := staged.Write(content(400_000)); err != nil {
		t.Fatal(err)
	}
	// What is no blob stays as it is.
	others := []string{"a/b/00/x", "a/b/ff/" + strings.Repeat("0", 32), "a/c", "zz/" + strings.Repeat("0", 32)}
	for _, key := range others {
		_, err := w.client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key})
		must(t, err)
		_, err = w.client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String(bucket), Key: &key})
		must(t, err)
	}
	w.ago.Store(0)
	young := written(t, dead, content(10))

	s := w.open(t, w.options())
	must(t, s.Recover(t.Context(), blobtest.Names(kept)))
	wantWalk(t, s, map[blob.ID]int64{orphans[0]: 1000, orphans[1]: 400_000, orphans[2]: 0, kept: 2000})
	failure := errors.New("no answer")
	refuse := func(context.Context, []blob.ID) ([]bool, error) { return nil, failure }
	if _, err := s.SweepOrphans(t.Context(), refuse); !errors.Is(err, failure) {
		t.Errorf("a sweep that gets no answer: %v", err)
	}
	// One that is read when it is swept goes when its reader is closed.
	reader, err := s.Open(t.Context(), orphans[2], 0, 0)
	must(t, err)
	swept, err := s.SweepOrphans(t.Context(), blobtest.Names(kept))
	if want := (blob.Swept{Blobs: 5, Orphans: 2, Bytes: 401_000, Uploads: 1}); err != nil || swept != want {
		t.Errorf("swept %+v, %v, want %+v", swept, err, want)
	}
	must(t, reader.Close())
	must(t, s.Delete(t.Context(), orphans[2])) // so that the object is certain to be gone
	var want []string
	for _, id := range []blob.ID{kept, young} {
		want = append(want, "a/b/"+string(id[:2])+"/"+string(id))
	}
	want = append(want, others...)
	slices.Sort(want)
	if keys := w.keys(t); !slices.Equal(keys, want) {
		t.Errorf("the sweep left %v, want %v", keys, want)
	}
	if n := w.uploads(t); n != len(others) {
		t.Errorf("the sweep left %d uploads, want the %d that are not of blobs", n, len(others))
	}
	if _, err := staged.Write(content(400_000)); err == nil && staged.Commit() == nil {
		t.Error("a writer whose upload was swept committed")
	}
	if again, err := s.SweepOrphans(t.Context(), blobtest.Names(kept)); err != nil || again != (blob.Swept{Blobs: 2}) {
		t.Errorf("the next sweep finds %+v, %v", again, err)
	}
}

// TestSweepAsksTheClock checks that nothing is taken for old where the service does not say what time it is.
func TestSweepAsksTheClock(t *testing.T) {
	t.Parallel()
	w, f, s := newFaulty(t)
	w.ago.Store(int64(48 * time.Hour))
	id := written(t, s, nil)
	s.Settle(id)
	f.with(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header()["Date"] = nil
		return false
	})
	if _, err := s.SweepOrphans(t.Context(), blobtest.Names()); err == nil {
		t.Error("a sweep does without the time")
	}
	f.with(nil)
	wantBlob(t, s, id, nil)
}

// TestLongWrite checks that what was begun so long ago that it may be taken for an orphan soon is not committed.
func TestLongWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	opts := w.options()
	opts.OrphanAge = 1
	s := w.open(t, opts)
	if _, err := write(t.Context(), s, content(10)); err == nil || len(w.keys(t)) > 0 {
		t.Errorf("a write that took too long: %v, and there are %v", err, w.keys(t))
	}
}
