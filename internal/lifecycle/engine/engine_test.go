package engine

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/background"
	"crossgrant/internal/keys"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
)

// TestWalkIsOnePass: whatever the sizes of pages, turns and batches, a pass looks at each version that some rule covers
// once, at no other one, and does to each what is due.
func TestWalkIsOnePass(t *testing.T) {
	t.Parallel()
	for _, sizes := range []Options{{}, {Page: 7, Turn: 1, Batch: 2, Workers: 2}, {Page: 1, Turn: 3, Batch: 1, Workers: 1}, {Page: 100, Turn: 2, Batch: 9}} {
		w := newWorld(t, sizes)
		for i := range 60 {
			for _, prefix := range []string{"a/", "b/", "c/"} {
				w.put(prefix + strconv.Itoa(i))
			}
		}
		w.configure(`rules {prefix:"a/" expiration {days:1}} rules {prefix:"c/1" expiration {days:1}} rules {prefix:"c/1" expiration{days:30}}`)
		w.advance(72 * time.Hour)
		restarts := 0
		for more, err := true, error(nil); more; restarts++ {
			w.restart()
			more, err = w.engine.round(t.Context())
			w.check(err)
		}
		if got, want := w.counted(), "examined 71, passes 1, removed 71"; got != want {
			t.Errorf("%+v: counted %s, want %s", sizes, got, want)
		}
		for _, v := range w.versions() {
			if strings.HasPrefix(v.Key, "a/") || strings.HasPrefix(v.Key, "c/1") {
				t.Errorf("%+v: %s is left", sizes, v.Key)
			}
		}
		if n := len(w.versions()); n != 180-71 {
			t.Errorf("%+v: %d are left", sizes, n)
		}
		if sizes.Page > 0 && sizes.Page < 50 && restarts < 5 {
			t.Errorf("%+v: %d rounds", sizes, restarts)
		}
	}
}

// TestBucketsTakeTurns: a bucket with much to do does not hold up another one.
func TestBucketsTakeTurns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{Page: 2, Turn: 1})
	for i := range 20 {
		w.put(strconv.Itoa(i))
	}
	w.configure(`rules {expiration {days:1}}`)
	large, largeName := w.bucket, bucketName
	w.check(w.CreateBucket(t.Context(), objects.NewBucket{Name: "zebra", Account: "111111111111", Canonical: "1111", Region: "r"}))
	small := new(records.Bucket)
	w.check(w.store.View(t.Context(), func(r meta.Reader) error { return records.Get(r, keys.Bucket("zebra"), small) }))
	w.bucket = keys.BucketID(small.Id)
	_, err := w.Put(t.Context(), objects.NewObject{Bucket: w.bucket, BucketName: "zebra", Key: "k", Object: &records.Object{}, Length: -1}, strings.NewReader("x"))
	w.check(err)
	l := &records.Lifecycle{Rules: []*records.LifecycleRule{{Id: "r", Enabled: true, Expiration: &records.LifecycleExpiration{Days: 1}}}}
	w.check(w.PutSetting(t.Context(), "zebra", keys.Lifecycle, l, func(*records.Bucket, *records.Account) error { return nil }))
	w.advance(72 * time.Hour)
	if more, err := w.engine.round(t.Context()); err != nil || !more {
		t.Fatalf("got %t, %v", more, err)
	}
	if left := len(w.versions()); left != 0 {
		t.Errorf("%d objects of the small bucket are left", left)
	}
	if w.bucket = large; len(w.versions()) != 18 {
		t.Errorf("%d objects of %s are left", len(w.versions()), largeName)
	}
}

// TestIdleBucketsLeaveTheIndex: a bucket whose rules are all disabled, or that is gone, costs nothing.
func TestIdleBucketsLeaveTheIndex(t *testing.T) {
	t.Parallel()
	indexed := func(w *world) bool {
		names, err := w.engine.names(t.Context(), []byte("X"), []byte("Y"))
		w.check(err)
		return len(names) > 0
	}
	w := newWorld(t, Options{})
	w.configure(`rules {id:"off" expiration {days:1}}`)
	if !indexed(w) {
		t.Error("a lifecycle that was put is not in the index")
	}
	w.pass()
	if indexed(w) {
		t.Error("a lifecycle without enabled rules is in the index")
	}
	w.configure(`rules {expiration {days:1}}`)
	w.pass()
	if !indexed(w) {
		t.Error("a lifecycle with an enabled rule is not in the index")
	}
	w.check(w.DeleteBucket(t.Context(), w.bucket, bucketName))
	if indexed(w) {
		t.Error("a bucket that is gone is in the index")
	}
}

// TestLifecyclesOfClosedAccountsRest: nothing is removed while the account is closed, neither by a pass that begins nor
// by what an earlier one found; what is due is done once it is open again.
func TestLifecyclesOfClosedAccountsRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{})
	setClosed := func(closed int64) {
		account := &records.Account{Id: "111111111111", CanonicalId: strings.Repeat("1", 64), Closed: closed}
		w.update(func(tx meta.Tx) error { return records.Put(tx, keys.Account("111111111111"), account) })
	}
	w.put("a")
	w.configure(`rules {expiration {days:1}}`)
	w.advance(72 * time.Hour)
	setClosed(1)
	w.pass()
	progress := new(records.LifecycleProgress)
	w.check(w.store.View(t.Context(), func(r meta.Reader) error { return records.Get(r, keys.LifecycleBucket(bucketName), progress) }))
	_, err := w.ApplyLifecycle(t.Context(), &objects.LifecycleBatch{
		Bucket: w.bucket, BucketName: bucketName, Configured: progress.Configured, Versions: []objects.LifecycleVersion{{Key: "a"}},
		Judge: func(*lifecycle.Version, bool) lifecycle.Action { return lifecycle.Action{Kind: lifecycle.Remove} },
	})
	if !errors.Is(err, objects.ErrLifecycleChanged) {
		t.Errorf("what was found earlier: %v", err)
	}
	if n := len(w.versions()); n != 1 {
		t.Errorf("%d versions are left in a closed account, want 1", n)
	}
	setClosed(0)
	w.pass()
	if n := len(w.versions()); n != 0 {
		t.Errorf("%d versions are left when it is open again", n)
	}
}

// TestFailuresAreAlone: what fails is counted, and the others of its batch are done.
func TestFailuresAreAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{Workers: 1})
	for _, key := range []string{"a", "b", "c"} {
		w.put(key)
	}
	w.configure(`rules {expiration {days:1}}`)
	w.advance(72 * time.Hour)
	w.engine.objects = failing{w, "b"}
	w.pass()
	if got, want := w.counted(), "examined 3, failed 1, passes 1, removed 2"; got != want {
		t.Errorf("counted %s, want %s", got, want)
	}
}

// failing cannot do anything about one key.
type failing struct {
	Objects
	key string
}

func (f failing) ApplyLifecycle(ctx context.Context, b *objects.LifecycleBatch) ([]lifecycle.Action, error) {
	for _, v := range b.Versions {
		if v.Key == f.key {
			return nil, errors.New("no")
		}
	}
	return f.Objects.ApplyLifecycle(ctx, b)
}

// TestEngineRuns: started, it finds by itself what is due, and ends when it is told to.
func TestEngineRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{Interval: time.Millisecond, Calendar: lifecycle.Calendar{Day: time.Millisecond}})
	for i := range 100 {
		w.put(strconv.Itoa(i))
	}
	w.configure(`rules {expiration {days:1}}`)
	w.engine.Start()
	w.advance(time.Second)
	for len(w.versions()) > 0 {
		background.Sleep(t.Context(), time.Millisecond)
	}
	w.engine.Close()
	w.put("k")
	w.advance(time.Second)
	w.engine.Close() // a second time, and nothing happens any more
	if len(w.versions()) != 1 {
		t.Error("an engine that was closed goes on")
	}
}
