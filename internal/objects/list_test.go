package objects

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// fill puts a record without content under each key.
func (f *fixture) fill(b keys.BucketID, names []string) {
	f.t.Helper()
	err := f.store.Update(ctx(f.t), func(tx meta.Tx) error {
		for _, name := range names {
			if err := records.Put(tx, keys.Object(b, name), &records.Object{Owner: name}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// entries returns the entries of a page in order, common prefixes in brackets.
func (page ListPage) entries() []string {
	var names []string
	for _, o := range page.Objects {
		names = append(names, o.Key)
	}
	for _, p := range page.Prefixes {
		names = append(names, p+"]")
	}
	slices.Sort(names)
	return names
}

func TestList(t *testing.T) {
	f := newFixture(t)
	f.fill(f.bucket, []string{"a", "photos/1", "photos/2", "photos/x/3", "photos0", "z/1", "z/2"})
	f.fill(f.createBucket("other", bob), []string{"a", "b"})
	for _, test := range []struct {
		q         ListQuery
		want      string
		last      string
		truncated bool
	}{
		{ListQuery{Max: 1000}, "a photos/1 photos/2 photos/x/3 photos0 z/1 z/2", "z/2", false},
		{ListQuery{Max: 7}, "a photos/1 photos/2 photos/x/3 photos0 z/1 z/2", "z/2", false},
		{ListQuery{Max: 2}, "a photos/1", "photos/1", true},
		{ListQuery{Max: 0}, "", "", false},
		{ListQuery{Max: 9, After: "photos/1"}, "photos/2 photos/x/3 photos0 z/1 z/2", "z/2", false},
		{ListQuery{Max: 9, After: "photos/15"}, "photos/2 photos/x/3 photos0 z/1 z/2", "z/2", false},
		{ListQuery{Max: 9, After: "zzz"}, "", "", false},
		{ListQuery{Max: 9, Prefix: "photos"}, "photos/1 photos/2 photos/x/3 photos0", "photos0", false},
		{ListQuery{Max: 9, Prefix: "photos", After: "a"}, "photos/1 photos/2 photos/x/3 photos0", "photos0", false},
		{ListQuery{Max: 9, Prefix: "photos", After: "z"}, "", "", false},
		{ListQuery{Max: 9, Prefix: "none"}, "", "", false},
		{ListQuery{Max: 9, Delimiter: "/"}, "a photos/] photos0 z/]", "z/", false},
		{ListQuery{Max: 4, Delimiter: "/"}, "a photos/] photos0 z/]", "z/", false},
		{ListQuery{Max: 2, Delimiter: "/"}, "a photos/]", "photos/", true},
		{ListQuery{Max: 2, Delimiter: "/", After: "photos/"}, "photos0 z/]", "z/", false},
		{ListQuery{Max: 2, Delimiter: "/", After: "photos/1"}, "photos0 z/]", "z/", false},
		{ListQuery{Max: 2, Delimiter: "/", After: "photo"}, "photos/] photos0", "photos0", true},
		{ListQuery{Max: 9, Delimiter: "/", Prefix: "photos/"}, "photos/1 photos/2 photos/x/]", "photos/x/", false},
		{ListQuery{Max: 9, Delimiter: "/", Prefix: "photos/", After: "photos/"}, "photos/1 photos/2 photos/x/]", "photos/x/", false},
		{ListQuery{Max: 9, Delimiter: "tos"}, "a photos] z/1 z/2", "z/2", false},
	} {
		test.q.Bucket = f.bucket
		page, err := f.List(ctx(t), test.q)
		if got := strings.Join(page.entries(), " "); err != nil || got != test.want || page.Last != test.last || page.Truncated != test.truncated {
			t.Errorf("%+v:\ngot  %s (last %q, truncated %v), %v\nwant %s (last %q, truncated %v)",
				test.q, got, page.Last, page.Truncated, err, test.want, test.last, test.truncated)
		}
	}
	if page, err := f.List(ctx(t), ListQuery{Bucket: keys.BucketID{9}, Max: 5}); err != nil || page.Last != "" {
		t.Errorf("a bucket that is not there: %v, %v", page, err)
	}
}

// TestListedRecords wants records without their content.
func TestListedRecords(t *testing.T) {
	f := newFixture(t)
	o, _ := f.multipart("k")
	page, err := f.List(ctx(t), ListQuery{Bucket: f.bucket, Max: 1})
	if err != nil {
		t.Fatal(err)
	}
	got := page.Objects[0].Object
	if got.Owner != o.Owner || got.Size != o.Size || got.Parts != 3 || string(got.Etag) != string(o.Etag) || got.Modified != o.Modified {
		t.Errorf("got %v, want %v", got, o)
	}
	if got.Inline != nil || got.Segments != nil || got.PartSizes != nil {
		t.Errorf("got content: %v", got)
	}
}

// TestListCost wants the moves of a page not to depend on the number of keys under its common prefixes.
func TestListCost(t *testing.T) {
	f := newFixture(t)
	var names []string
	for dir := range 20 {
		for file := range 500 {
			names = append(names, fmt.Sprintf("dir%02d/%04d", dir, file))
		}
	}
	f.fill(f.bucket, names)
	for _, test := range []struct {
		q    ListQuery
		want int64 // moves at most
	}{
		{ListQuery{Max: 1000, Delimiter: "/"}, 21},
		{ListQuery{Max: 10, Delimiter: "/"}, 11},
		{ListQuery{Max: 10, Delimiter: "/", After: "dir03/0007"}, 11},
		{ListQuery{Max: 10, Prefix: "dir19/", After: "dir19/0400"}, 11},
		{ListQuery{Max: 1}, 2},
	} {
		test.q.Bucket = f.bucket
		f.engine.moves.Store(0)
		if _, err := f.List(ctx(t), test.q); err != nil {
			t.Fatal(err)
		}
		if got := f.engine.moves.Load(); got > test.want {
			t.Errorf("%+v took %d moves, want at most %d", test.q, got, test.want)
		}
	}
}

// naiveList is List by definition.
func naiveList(names []string, q ListQuery) (want []string, truncated bool) {
	for _, name := range names { // in order
		if !strings.HasPrefix(name, q.Prefix) {
			continue
		}
		entry := name
		if i := strings.Index(name[len(q.Prefix):], q.Delimiter); q.Delimiter != "" && i >= 0 {
			entry = name[:len(q.Prefix)+i+len(q.Delimiter)] + "]"
		}
		if strings.TrimSuffix(entry, "]") <= q.After || slices.Contains(want, entry) {
			continue
		}
		if len(want) == q.Max {
			return want, true
		}
		want = append(want, entry)
	}
	return want, false
}

// TestListModel compares List, page by page, with its definition over random keys.
func TestListModel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func(most int) string {
		const letters = "ab/\x00ÿ"
		runes := []rune(letters)
		var b strings.Builder
		for range random.IntN(most + 1) {
			b.WriteRune(runes[random.IntN(len(runes))])
		}
		return b.String()
	}
	f := newFixture(t)
	for round := range 300 {
		bucket := keys.BucketID{0xff, byte(round >> 8), byte(round)}
		var names []string
		for range random.IntN(40) {
			names = append(names, word(6)+"a")
		}
		slices.Sort(names)
		names = slices.Compact(names)
		f.fill(bucket, names)
		for range 20 {
			q := ListQuery{Bucket: bucket, Prefix: word(2), Delimiter: word(2), After: word(4), Max: 1 + random.IntN(6)}
			for {
				want, truncated := naiveList(names, q)
				page, err := f.List(ctx(t), q)
				slices.Sort(want)
				if got := page.entries(); err != nil || !slices.Equal(got, want) || page.Truncated != truncated {
					t.Fatalf("keys %q, query %+v:\ngot  %q, truncated %v, %v\nwant %q, truncated %v", names, q, got, page.Truncated, err, want, truncated)
				}
				if !truncated {
					break
				}
				q.After = page.Last
			}
		}
	}
}

// TestCorruptRecord wants a record that cannot be decoded to be an error, not a missing object.
func TestCorruptRecord(t *testing.T) {
	f := newFixture(t)
	for _, value := range []string{"", "\x01\xff", "\x01\x0a\x05ab", "\x02", "\x01\x0a\x01\xff"} {
		if err := f.store.Update(ctx(t), func(tx meta.Tx) error {
			return tx.Put(keys.Object(f.bucket, "k"), []byte(value))
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := f.List(ctx(t), ListQuery{Bucket: f.bucket, Max: 1}); !errors.Is(err, meta.ErrCorrupt) {
			t.Errorf("list of %q: %v", value, err)
		}
		if _, err := f.Get(ctx(t), f.bucket, "k", ""); !errors.Is(err, meta.ErrCorrupt) {
			t.Errorf("get of %q: %v", value, err)
		}
		if _, err := f.Put(ctx(t), f.object("k"), strings.NewReader("x")); !errors.Is(err, meta.ErrCorrupt) {
			t.Errorf("put over %q: %v", value, err)
		}
	}
}
