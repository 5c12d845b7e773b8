package objects

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/records"
)

// modelVersion is a version in the model: the newest of a key comes first.
type modelVersion struct {
	id, body string
	marker   bool
	hold     bool
}

// model is what versioning means, written down as plainly as can be.
type model struct {
	versioning string
	keys       map[string][]modelVersion
}

func (m *model) put(key string, v modelVersion) {
	list := m.keys[key]
	if v.id == NullVersion {
		list = slices.DeleteFunc(list, func(v modelVersion) bool { return v.id == NullVersion })
	}
	m.keys[key] = append([]modelVersion{v}, list...)
}

func (m *model) index(key, id string) int {
	return slices.IndexFunc(m.keys[key], func(v modelVersion) bool { return v.id == id })
}

func (m *model) remove(key, id string) {
	if i := m.index(key, id); i >= 0 {
		m.keys[key] = slices.Delete(m.keys[key], i, i+1)
	}
}

// current returns the body of the current version; ok is false if there is none or it is a delete marker.
func (m *model) current(key string) (body string, ok bool) {
	list := m.keys[key]
	if len(list) == 0 || list[0].marker {
		return "", false
	}
	return list[0].body, true
}

// TestVersionsAgainstModel compares random histories of a few keys with the model: what every version reads
// as, what listings show page by page, and that no blob is left behind.
func TestVersionsAgainstModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			h := &history{t: t, f: newFixture(t), rand: rand.New(rand.NewPCG(seed, 7)), model: model{keys: map[string][]modelVersion{}}}
			for step := range 120 {
				h.step(step)
				if step%8 == 0 {
					h.compare()
				}
			}
			h.compare()
			h.f.checkClean()
		})
	}
}

// history is a run of random changes, made in the service and in the model.
type history struct {
	t     *testing.T
	f     *fixture
	rand  *rand.Rand
	model model
}

func (h *history) key() string { return []string{"a", "a/b", "a/b\x00", "a/c", "é"}[h.rand.IntN(5)] }

// someID is the ID of some version of key, or one that it has not.
func (h *history) someID(key string) string {
	if list := h.model.keys[key]; len(list) > 0 && h.rand.IntN(8) > 0 {
		return list[h.rand.IntN(len(list))].id
	}
	return NullVersion
}

func (h *history) step(step int) {
	key := h.key()
	switch h.rand.IntN(10) {
	case 0:
		h.setVersioning([]string{VersioningEnabled, VersioningSuspended}[h.rand.IntN(2)])
	case 1, 2, 3, 4:
		h.put(key, big(fmt.Sprint(key, step), []int{3, 500}[h.rand.IntN(2)]))
	case 5, 6:
		h.deleteKey(key)
	case 7:
		h.hold(key, h.someID(key))
	default:
		h.deleteVersion(key, h.someID(key))
	}
}

func (h *history) setVersioning(status string) {
	err := h.f.UpdateBucket(ctx(h.t), bucketName, func(b *records.Bucket, _ *records.Account) error {
		b.Versioning = status
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.model.versioning = status
}

func (h *history) put(key, body string) {
	o := h.f.put(key, body)
	id := VersionID(o)
	if wantNull := h.model.versioning != VersioningEnabled; wantNull != (id == NullVersion) {
		h.t.Fatalf("version %s in a bucket whose versioning is %q", id, h.model.versioning)
	}
	h.model.put(key, modelVersion{id: id, body: body})
}

func (h *history) deleteKey(key string) {
	got, err := h.f.Delete(ctx(h.t), Deletion{Bucket: h.f.bucket, BucketName: bucketName, Key: key})
	if err != nil {
		h.t.Fatal(err)
	}
	if h.model.versioning == "" {
		h.model.remove(key, NullVersion)
		return
	}
	h.model.put(key, modelVersion{id: got.VersionID, marker: true})
}

func (h *history) deleteVersion(key, id string) {
	_, err := h.f.Delete(ctx(h.t), Deletion{Bucket: h.f.bucket, BucketName: bucketName, Key: key, Version: id, Bypass: true})
	i := h.model.index(key, id)
	if held := i >= 0 && h.model.keys[key][i].hold; held != apierr.Is(err, "AccessDenied") || err != nil && !held {
		h.t.Fatalf("delete version %s of %q: %v, held: %v", id, key, err, held)
	}
	if err == nil {
		h.model.remove(key, id)
	}
}

// hold puts a version under a legal hold, or ends that.
func (h *history) hold(key, id string) {
	i := h.model.index(key, id)
	if i < 0 || h.model.keys[key][i].marker {
		return
	}
	v := &h.model.keys[key][i]
	v.hold = !v.hold
	if err := h.f.SetLegalHold(ctx(h.t), h.f.record(), key, id, v.hold, func(*records.Object) error { return nil }); err != nil {
		h.t.Fatal(err)
	}
}

// compare compares everything that can be read.
func (h *history) compare() {
	h.t.Helper()
	var want, wantKeys []string
	var names []string
	for key := range h.model.keys {
		names = append(names, key)
	}
	slices.Sort(names)
	for _, key := range names {
		for i, v := range h.model.keys[key] {
			want = append(want, fmt.Sprintf("%q %s current=%v marker=%v", key, v.id, i == 0, v.marker))
			if !v.marker {
				h.compareBody(key, v.id, v.body)
			}
		}
		if body, ok := h.model.current(key); ok {
			wantKeys = append(wantKeys, key)
			h.compareBody(key, "", body)
		}
	}
	for _, page := range []int{1, 3, 1000} {
		if got := h.listVersions(page); !slices.Equal(got, want) {
			h.t.Fatalf("pages of %d: got\n%s\nwant\n%s", page, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	list, err := h.f.List(ctx(h.t), ListQuery{Bucket: h.f.bucket, Max: 1000})
	var gotKeys []string
	for _, o := range list.Objects {
		gotKeys = append(gotKeys, o.Key)
	}
	if err != nil || !slices.Equal(gotKeys, wantKeys) {
		h.t.Fatalf("list: got %q, %v, want %q", gotKeys, err, wantKeys)
	}
}

func (h *history) compareBody(key, id, want string) {
	h.t.Helper()
	o, err := h.f.Get(ctx(h.t), h.f.bucket, key, id)
	if err != nil {
		h.t.Fatalf("get version %q of %q: %v", id, key, err)
	}
	if got, err := h.f.read(o, 0, o.Size); err != nil || got != want {
		h.t.Fatalf("version %q of %q has %d bytes, %v, want %d others", id, key, len(got), err, len(want))
	}
}

// listVersions lists all versions, page by page.
func (h *history) listVersions(max int) []string {
	h.t.Helper()
	var out []string
	q := VersionQuery{Bucket: h.f.bucket, Max: max}
	for {
		page, err := h.f.ListVersions(ctx(h.t), q)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, v := range page.Versions {
			out = append(out, fmt.Sprintf("%q %s current=%v marker=%v", v.Key, VersionID(v.Object), v.Current, v.Object.DeleteMarker))
		}
		if !page.Truncated {
			return out
		}
		q.KeyMarker, q.VersionMarker = page.NextKeyMarker, page.NextVersionMarker
	}
}

// TestListVersionsRollsUp holds that common prefixes are found, counted and jumped over in both ranges.
func TestListVersionsRollsUp(t *testing.T) {
	t.Parallel()
	h := &history{t: t, f: newFixture(t), model: model{keys: map[string][]modelVersion{}}}
	h.setVersioning(VersioningEnabled)
	for _, key := range []string{"a", "b/1", "b/2", "b/2", "c/1", "d"} {
		h.put(key, "x")
	}
	for _, key := range []string{"b/1", "c/1"} {
		h.deleteKey(key)
	}
	for max, want := range map[int]string{1000: "a b/ c/ d", 1: "a | b/ | c/ | d", 2: "a b/ | c/ d"} {
		var pages []string
		q := VersionQuery{Bucket: h.f.bucket, Delimiter: "/", Max: max}
		for {
			page, err := h.f.ListVersions(ctx(t), q)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, v := range page.Versions {
				names = append(names, v.Key)
			}
			names = append(names, page.Prefixes...)
			slices.Sort(names)
			pages = append(pages, strings.Join(names, " "))
			if !page.Truncated {
				break
			}
			q.KeyMarker, q.VersionMarker = page.NextKeyMarker, page.NextVersionMarker
		}
		if got := strings.Join(pages, " | "); got != want {
			t.Errorf("pages of %d: got %s, want %s", max, got, want)
		}
	}
}

// TestListVersionsGoesOnAfterRemovedMarker holds that a page goes on where the marker was, whatever became of
// that version meanwhile.
func TestListVersionsGoesOnAfterRemovedMarker(t *testing.T) {
	t.Parallel()
	h := &history{t: t, f: newFixture(t), model: model{keys: map[string][]modelVersion{}}}
	h.setVersioning(VersioningEnabled)
	for i := range 3 {
		h.put("k", fmt.Sprint(i))
	}
	versions := slices.Clone(h.model.keys["k"])
	for i, marker := range versions[:2] {
		h.deleteVersion("k", marker.id)
		page, err := h.f.ListVersions(ctx(t), VersionQuery{Bucket: h.f.bucket, KeyMarker: "k", VersionMarker: marker.id, Max: 10})
		if err != nil || len(page.Versions) != 2-i || VersionID(page.Versions[0].Object) != versions[i+1].id || !page.Versions[0].Current {
			t.Errorf("after version %d was removed: %+v, %v", i, page, err)
		}
	}
}

// TestVersionsSortWhenTheClockGoesBack holds that the last write is the current version even so.
func TestVersionsSortWhenTheClockGoesBack(t *testing.T) {
	t.Parallel()
	h := &history{t: t, f: newFixture(t), model: model{keys: map[string][]modelVersion{}}}
	h.put("k", "before")
	h.setVersioning(VersioningEnabled)
	now := h.f.opts.Now()
	for i := range 3 {
		h.f.opts.Now = func() time.Time { return now.Add(-time.Duration(i) * time.Hour) }
		h.put("k", fmt.Sprint(i))
	}
	h.deleteKey("k")
	h.compare()
}

// TestRetention holds the rules of retention: what may be changed, and what removes a version.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
func TestRetention(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(mode string, days int) *records.Retention {
		return &records.Retention{Mode: mode, Until: now.AddDate(0, 0, days).UnixNano()}
	}
	for _, c := range []struct {
		old, new *records.Retention
		weakens  bool
	}{
		{nil, at(Governance, 1), false},
		{at(Governance, -1), nil, false},
		{at(Compliance, -1), at(Governance, 1), false},
		{at(Governance, 2), at(Governance, 3), false},
		{at(Governance, 2), at(Compliance, 2), true},
		{at(Governance, 2), at(Compliance, 1), true},
		{at(Governance, 2), at(Governance, 1), true},
		{at(Governance, 2), nil, true},
		{at(Compliance, 2), at(Compliance, 3), false},
		{at(Compliance, 2), at(Compliance, 1), true},
		{at(Compliance, 2), at(Governance, 3), true},
		{at(Compliance, 2), nil, true},
	} {
		if got := Weakens(c.old, c.new, now); got != c.weakens {
			t.Errorf("%v to %v: weakens is %v", c.old, c.new, got)
		}
	}
	for _, c := range []struct {
		o          *records.Object
		kept, held bool // without and with bypass
	}{
		{&records.Object{}, false, false},
		{&records.Object{LegalHold: true}, true, true},
		{&records.Object{Retention: at(Governance, 1)}, true, false},
		{&records.Object{Retention: at(Compliance, 1)}, true, true},
		{&records.Object{Retention: at(Compliance, 0)}, false, false},
		{&records.Object{Retention: at(Governance, 1), LegalHold: true}, true, true},
	} {
		if kept, held := Protected(c.o, now, false), Protected(c.o, now, true); kept != c.kept || held != c.held {
			t.Errorf("%v: protected is %v, with bypass %v", c.o, kept, held)
		}
	}
}

// TestDefaultRetention holds that a version gets the default retention of its bucket at the time of its
// making, and keeps one of its own; also where the transaction runs again.
func TestDefaultRetention(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	now := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	f.opts.Now = func() time.Time { return now }
	lock := func(l *records.ObjectLock) {
		err := f.UpdateBucket(ctx(t), bucketName, func(b *records.Bucket, _ *records.Account) error {
			b.Versioning, b.ObjectLock = VersioningEnabled, l
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	own := &records.Retention{Mode: Compliance, Until: 1}
	for _, c := range []struct {
		lock *records.ObjectLock
		own  *records.Retention
		want *records.Retention
	}{
		{&records.ObjectLock{}, nil, nil},
		{&records.ObjectLock{Mode: Governance, Days: 2}, nil, &records.Retention{Mode: Governance, Until: now.AddDate(0, 0, 2).UnixNano()}},
		{&records.ObjectLock{Mode: Compliance, Years: 1}, nil, &records.Retention{Mode: Compliance, Until: now.AddDate(1, 0, 0).UnixNano()}},
		{&records.ObjectLock{Mode: Governance, Days: 2}, own, own},
	} {
		lock(c.lock)
		n := f.object("k")
		n.Object.Retention = c.own
		o, err := f.Put(ctx(t), n, bytes.NewReader(nil))
		if err != nil || o.Retention.GetMode() != c.want.GetMode() || o.Retention.GetUntil() != c.want.GetUntil() {
			t.Errorf("%v and %v: got %v, %v, want %v", c.lock, c.own, o.GetRetention(), err, c.want)
		}
	}
	lock(nil)
	n := f.object("k")
	n.Object.Retention = own
	_, err := f.Put(ctx(t), n, bytes.NewReader(nil))
	wantCode(t, err, "InvalidRequest")
	f.checkClean()
}
