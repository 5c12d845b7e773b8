package fsck

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// meter remembers what it is told.
type meter struct {
	mu    sync.Mutex
	bytes int
	kinds []string
}

func (m *meter) Scrubbed(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes += n
}

func (m *meter) Corruption(kind string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kinds = append(m.kinds, kind)
}

// scrubber returns a scrubber of the world, its meter and its log.
func (w *world) scrubber(interval time.Duration) (*Scrubber, *meter, *bytes.Buffer) {
	m, log := new(meter), new(bytes.Buffer)
	w.remove(keys.Scrub(keys.BlobScrub))
	return NewScrubber(ScrubOptions{
		Options:  Options{Store: w.store, Blobs: w.blobs, Keys: w.keyring},
		Interval: interval, Meter: m, Log: slog.New(slog.NewTextHandler(log, nil)),
	}), m, log
}

// current returns the current version of an object.
func (w *world) current(key string) *records.Object {
	w.Helper()
	return must(w.objects.Get(w.ctx, w.bucket, key, ""))
}

// damage changes a byte of the blob of an object, or removes the blob.
func (w *world) damage(key string, lose bool) {
	w.Helper()
	id := blob.ID(w.current(key).Segments[0].Blob)
	var stored []byte
	w.must(w.blobs.Walk(w.ctx, func(other blob.ID, size int64) error {
		if other == id {
			stored = must(io.ReadAll(must(w.blobs.Open(w.ctx, id, 0, size))))
		}
		return nil
	}))
	w.must(w.blobs.Delete(w.ctx, id))
	if !lose {
		stored[len(stored)/2] ^= 1
		w.fill(id, stored)
	}
}

// TestDamagedContent holds that damage is found and told for the right object: with its key at hand, with a KMS key
// that is disabled, and with a customer's key that nobody has here; and that reads of what was marked say so.
func TestDamagedContent(t *testing.T) {
	t.Parallel()
	for _, lose := range []bool{false, true} {
		w := newWorld(t)
		must(w.kms.SetEnabled(w.ctx, w.kmsKey.ID, false))
		if found := w.run(false); len(found) > 0 {
			t.Fatalf("a sound world: %v", found)
		}
		damaged := []string{"customer", "dsse", "kms", "large"}
		for _, key := range damaged {
			w.damage(key, lose)
		}
		s, m, log := w.scrubber(time.Hour)
		w.must(s.Pass(w.ctx))
		for _, key := range damaged {
			if !strings.Contains(log.String(), "bucket=walnut key="+key+" version="+objects.VersionID(w.current(key))) {
				t.Errorf("the scrub does not tell of %s: %s", key, log)
			}
		}
		if got := strings.Join(m.kinds, " "); got != "blob blob blob blob" || m.bytes == 0 {
			t.Errorf("counted %s, %d bytes", got, m.bytes)
		}
		for _, repair := range []bool{false, true, false} {
			found := w.run(repair)
			var got []string
			for _, f := range found {
				if f.Kind == Blob && f.Bucket == "walnut" && f.VersionID != "" {
					got = append(got, f.Key)
				}
			}
			if strings.Join(got, " ") != strings.Join(damaged, " ") {
				t.Errorf("lose %t: found %v", lose, found)
			}
		}
		o := w.current("large")
		_, err := w.objects.Open(w.ctx, objects.Source{Bucket: w.bucket, Key: "large", Object: o}, 0, o.Size)
		if err == nil || !strings.Contains(err.Error(), "found damaged") {
			t.Errorf("a read of what is marked: %v", err)
		}
		// The owner writes one again and deletes the other; then those two are well.
		w.object("large", 4000, nil)
		for _, key := range []string{"large", "kms"} {
			version := objects.VersionID(o)
			if key == "kms" {
				version = objects.VersionID(w.current(key))
			}
			must(w.objects.Delete(w.ctx, objects.Deletion{Bucket: w.bucket, BucketName: "walnut", Key: key, Version: version}))
		}
		if found := w.run(false); len(found) != 2 {
			t.Errorf("after the owner did what he can: %v", found)
		}
	}
}

// TestScrubGoesOn holds that a pass that was interrupted goes on behind what it has kept, and that passes begin when
// they are due.
func TestScrubGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, _, log := w.scrubber(time.Hour)
	w.write(keys.Scrub(keys.BlobScrub), &records.ScrubProgress{Started: 2, Finished: 1, After: keys.Object(w.bucket, "kms"), Bytes: 7})
	w.damage("customer", false) // before the place
	w.must(s.Pass(w.ctx))
	if strings.Contains(log.String(), "key=customer") {
		t.Errorf("what was done before was done again: %s", log)
	}
	p := must(s.progress(w.ctx))
	if p.Finished <= p.Started || p.Bytes < 7+6000 {
		t.Errorf("kept %v", p)
	}
	w.must(s.Pass(w.ctx))
	if !strings.Contains(log.String(), "key=customer") {
		t.Errorf("the next pass does not begin at the beginning: %s", log)
	}
}

// TestScrubTellsOnce holds that what a pass has found is not told again when it goes on after it was interrupted.
func TestScrubTellsOnce(t *testing.T) {
	t.Parallel()
	sound := newWorld(t)
	sound.damage("customer", false)
	sound.damage("kms", false)
	sound.remove(keys.BucketOf(accountA, "walnut"))
	for last := range 1000 {
		w := sound.copy(t)
		s, m, log := w.scrubber(time.Hour)
		ctx, stop := context.WithCancel(w.ctx)
		commits := 0
		s.opts.Now = func() time.Time { // is asked when a content is verified
			if commits++; commits == last {
				stop()
			}
			return time.Now()
		}
		err := s.Pass(ctx)
		stop()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		finished := err == nil
		w.must(s.Pass(w.ctx))
		want := 4
		if finished {
			want = 8 // those of two passes
		}
		if p := must(s.progress(w.ctx)); len(m.kinds) != want || p.Findings != 4 {
			t.Fatalf("interrupted at %d: told %v and kept %v: %s", last, m.kinds, p, log)
		}
		if finished && last > 0 {
			return
		}
	}
}

func TestScrubIsDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s, m, _ := w.scrubber(time.Hour)
		s.Start()
		defer s.Close()
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		m.mu.Lock()
		early := m.bytes
		m.mu.Unlock()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		m.mu.Lock()
		defer m.mu.Unlock()
		if early != 0 || m.bytes == 0 {
			t.Errorf("%d bytes before an hour, %d after", early, m.bytes)
		}
	})
}

// TestScrubLetsAStartBe holds that a pass that was not finished goes on a while after the start.
func TestScrubLetsAStartBe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s, m, _ := w.scrubber(time.Hour)
		w.write(keys.Scrub(keys.BlobScrub), &records.ScrubProgress{Started: 2, Finished: 1})
		read := func() int {
			synctest.Wait()
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.bytes
		}
		s.Start()
		defer s.Close()
		time.Sleep(59 * time.Second)
		early := read()
		time.Sleep(2 * time.Second)
		if late := read(); early != 0 || late == 0 {
			t.Errorf("%d bytes within a minute, %d after", early, late)
		}
	})
}

func TestScrubKeepsToItsRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		busy := 3
		s := NewScrubber(ScrubOptions{Rate: 1000, Busy: func() bool { busy--; return busy >= 0 }})
		pace := s.pacer()
		began := time.Now()
		for range 10 {
			if err := pace(t.Context(), 500); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("5,000 bytes took %s", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := pace(ctx, 500); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// TestScrubWaitsForManyRecords holds that records are not waited for one by one.
func TestScrubWaitsForManyRecords(t *testing.T) {
	t.Parallel()
	for _, rate := range []int64{0, 32 << 20} {
		asked := 0
		s := NewScrubber(ScrubOptions{Rate: rate, Busy: func() bool { asked++; return false }})
		pace := s.pacer()
		for range 30_000 {
			if err := pace(t.Context(), 100); err != nil {
				t.Fatal(err)
			}
		}
		if asked != 2 {
			t.Errorf("rate %d: it asked %d times whether to wait while it read 3 MB", rate, asked)
		}
	}
}

// TestWhileOthersWrite holds that nothing is found, and nothing harmed by repairs, while objects are written, copied,
// uploaded in parts and deleted.
func TestWhileOthersWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.objects.Start()
	defer w.objects.Close()
	ctx, stop := context.WithCancel(w.ctx)
	var writers sync.WaitGroup
	for _, key := range []string{"a", "b", "c"} {
		writers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				w.churn(key, 900*(1+i%5))
			}
		})
	}
	for i := range 20 {
		for _, f := range w.run(i%2 == 1) {
			t.Errorf("found %v", f)
		}
	}
	stop()
	writers.Wait()
	for _, f := range w.run(false) {
		t.Errorf("afterwards found %v", f)
	}
}

// churn writes, uploads, copies and deletes an object.
func (w *world) churn(key string, size int) {
	n := objects.NewObject{Bucket: w.bucket, BucketName: "walnut", Key: key, Length: -1}
	o := must(w.objects.Put(w.ctx, n, body(size)))
	u := &records.Upload{Key: key, Encryption: &records.Encryption{Algorithm: sse.AES256}}
	w.must(w.objects.CreateUpload(w.ctx, w.bucket, "walnut", u, nil))
	p := must(w.objects.PutPart(w.ctx, n, u.Id, 1, body(size)))
	must(w.objects.CompleteUpload(w.ctx, n, u.Id, []objects.CompletedPart{{Number: 1, ETag: p.Etag}}))
	if _, err := w.objects.Copy(w.ctx, n, objects.Source{Bucket: w.bucket, Key: key, Object: o}); err != nil && !errors.Is(err, blob.ErrNotFound) {
		w.Error(err)
	}
	must(w.objects.Delete(w.ctx, objects.Deletion{Bucket: w.bucket, BucketName: "walnut", Key: key, Version: objects.VersionID(o)}))
	must(w.objects.Delete(w.ctx, objects.Deletion{Bucket: w.bucket, BucketName: "walnut", Key: key}))
}
