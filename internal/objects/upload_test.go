package objects

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

func TestUploadLifecycle(t *testing.T) {
	f := newFixture(t)
	u := &records.Upload{Key: "k", InitiatorArn: "arn", Metadata: &records.Metadata{ContentType: "text/plain"}}
	if err := f.CreateUpload(ctx(t), f.bucket, bucketName, u); err != nil {
		t.Fatal(err)
	}
	got, err := f.Upload(ctx(t), f.bucket, "k", u.Id)
	if err != nil || got.InitiatorArn != "arn" || got.Created == 0 || got.Metadata.ContentType != "text/plain" {
		t.Errorf("got %v, %v", got, err)
	}
	for _, miss := range [][2]string{{"other", u.Id}, {"k", "x" + u.Id[1:]}, {"k", ""}, {"k", strings.Repeat("x", 9000)}} {
		_, err := f.Upload(ctx(t), f.bucket, miss[0], miss[1])
		wantDetail(t, wantCode(t, err, "NoSuchUpload"), "UploadId", miss[1])
		wantCode(t, f.AbortUpload(ctx(t), f.bucket, miss[0], miss[1]), "NoSuchUpload")
	}
	f.part("k", u.Id, 1, big("one", 500))
	f.part("k", u.Id, 2, "two")
	if err := f.AbortUpload(ctx(t), f.bucket, "k", u.Id); err != nil {
		t.Error(err)
	}
	wantCode(t, f.AbortUpload(ctx(t), f.bucket, "k", u.Id), "NoSuchUpload")
	f.checkClean()
	if got := f.blobs.existing(); len(got) != 0 {
		t.Errorf("blobs %v exist", got)
	}
}

func TestParts(t *testing.T) {
	f := newFixture(t)
	id := f.upload("k")
	for _, number := range []int{0, -1, 10_001} {
		_, err := f.PutPart(ctx(t), f.object("k"), id, number, strings.NewReader("x"))
		e := wantCode(t, err, "InvalidArgument")
		wantDetail(t, e, "ArgumentName", "partNumber", "ArgumentValue", fmt.Sprint(number))
		if want := "Part number must be an integer between 1 and 10000, inclusive"; e.Message != want {
			t.Errorf("message %q, want %q", e.Message, want)
		}
	}
	for _, number := range []int{10_000, 300, 1, 2, 255, 2} { // 2 is replaced
		f.part("k", id, number, big(fmt.Sprint(number), 200))
	}
	other := f.upload("k")
	f.part("k", other, 5, "x")
	for _, test := range []struct {
		after, max int
		want       string
		truncated  bool
	}{
		{0, 1000, "[1 2 255 300 10000]", false},
		{0, 5, "[1 2 255 300 10000]", false},
		{0, 4, "[1 2 255 300]", true},
		{2, 2, "[255 300]", true},
		{100, 1000, "[255 300 10000]", false},
		{9999, 1, "[10000]", false},
		{10_000, 1, "[]", false},
		{70_000, 1, "[]", false},
		{0, 0, "[]", false},
	} {
		parts, truncated, err := f.Parts(ctx(t), PartQuery{Upload: id, After: test.after, Max: test.max})
		var got []int32
		for _, p := range parts {
			got = append(got, p.Number)
			if p.Size != 200 || len(p.Etag) != 16 || p.Modified == 0 {
				t.Errorf("got %v", p)
			}
		}
		if fmt.Sprint(got) != test.want || truncated != test.truncated || err != nil {
			t.Errorf("after %d, max %d: got %v, %v, %v; want %s, %v", test.after, test.max, got, truncated, err, test.want, test.truncated)
		}
	}
	f.checkClean()
}

func TestPartRefused(t *testing.T) {
	f := newFixture(t)
	id := f.upload("k")
	n := f.object("k")
	n.Length = 3
	_, err := f.PutPart(ctx(t), n, id, 1, strings.NewReader("xx"))
	wantCode(t, err, "IncompleteBody")
	_, err = f.PutPart(ctx(t), f.object("other"), id, 1, strings.NewReader("xx"))
	wantCode(t, err, "NoSuchUpload")
	_, err = f.CopyPart(ctx(t), f.object("k"), id, 1, &records.Object{Size: 1 << 40}, 0, testMaxBody+1)
	wantCode(t, err, "InvalidRequest")
	if parts, _, err := f.Parts(ctx(t), PartQuery{Upload: id, Max: 9}); len(parts) != 0 || err != nil {
		t.Errorf("got %v, %v", parts, err)
	}
}

// TestPartOfEndedUpload wants a part whose upload ends while its body comes to leave nothing.
func TestPartOfEndedUpload(t *testing.T) {
	for _, size := range []int{10, 500} {
		for name, end := range map[string]func(f *fixture, id string, list []CompletedPart) error{
			"aborted": func(f *fixture, id string, _ []CompletedPart) error {
				return f.AbortUpload(ctx(t), f.bucket, "k", id)
			},
			"completed": func(f *fixture, id string, list []CompletedPart) error {
				_, err := f.CompleteUpload(ctx(t), f.object("k"), id, list)
				return err
			},
			"deleted with its bucket": func(f *fixture, _ string, _ []CompletedPart) error {
				return f.DeleteBucket(ctx(t), f.bucket, bucketName)
			},
		} {
			f := newFixture(t)
			id := f.upload("k")
			list := []CompletedPart{f.part("k", id, 1, big("one", 500))}
			body := &hook{Reader: strings.NewReader(big("two", size)), before: func() {
				if err := end(f, id, list); err != nil {
					t.Error(err)
				}
			}}
			_, err := f.PutPart(ctx(t), f.object("k"), id, 2, body)
			if e := wantCode(t, err, "NoSuchUpload"); e != nil {
				t.Log(name, e)
			}
			f.checkClean()
		}
	}
}

// hook is a reader that calls before once, before it is read.
type hook struct {
	*strings.Reader
	before func()
}

func (h *hook) Read(b []byte) (int, error) {
	if h.before != nil {
		h.before()
		h.before = nil
	}
	return h.Reader.Read(b)
}

func TestCopyPart(t *testing.T) {
	f := newFixture(t)
	src, want := f.multipart("source")
	id := f.upload("k")
	var list []CompletedPart
	for i, r := range [][2]int64{{0, 140}, {140, 150}, {290, 10}} {
		p, err := f.CopyPart(ctx(t), f.object("k"), id, i+1, src, r[0], r[1])
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, CompletedPart{Number: i + 1, ETag: p.Etag})
	}
	if _, err := f.CompleteUpload(ctx(t), f.object("k"), id, list); err != nil {
		t.Fatal(err)
	}
	if f.content("k") != want {
		t.Error("the content is another one")
	}
	f.checkClean()
}

// uploadEntries returns key#n for the n-th upload of key, and common prefixes in brackets, in order.
func uploadEntries(page UploadPage, order map[string]int) []string {
	var names []string
	for _, u := range page.Uploads {
		names = append(names, fmt.Sprintf("%s#%d", u.Key, order[u.Id]))
	}
	for _, p := range page.Prefixes {
		names = append(names, p+"]")
	}
	slices.Sort(names)
	return names
}

func TestUploads(t *testing.T) {
	f := newFixture(t)
	order, ids := map[string]int{}, map[string]string{}
	count := map[string]int{}
	for _, key := range []string{"b/2", "a", "b/1", "b", "b/1", "b0", "a", "a", "c\x00d"} {
		id := f.upload(key)
		count[key]++
		order[id] = count[key]
		ids[fmt.Sprintf("%s#%d", key, count[key])] = id
	}
	for _, test := range []struct {
		q         UploadQuery
		want      string
		next      string // key, and number of the upload marker
		truncated bool
	}{
		{UploadQuery{Max: 1000}, "a#1 a#2 a#3 b#1 b/1#1 b/1#2 b/2#1 b0#1 c\x00d#1", "c\x00d#1", false},
		{UploadQuery{Max: 2}, "a#1 a#2", "a#2", true},
		{UploadQuery{Max: 0}, "", "", false},
		{UploadQuery{Max: 2, KeyMarker: "a", UploadIDMarker: ids["a#2"]}, "a#3 b#1", "b#1", true},
		{UploadQuery{Max: 2, KeyMarker: "a"}, "b#1 b/1#1", "b/1#1", true},
		{UploadQuery{Max: 9, UploadIDMarker: ids["a#2"], Prefix: "a"}, "a#1 a#2 a#3", "a#3", false},
		{UploadQuery{Max: 9, Prefix: "b/"}, "b/1#1 b/1#2 b/2#1", "b/2#1", false},
		{UploadQuery{Max: 9, Prefix: "b/", KeyMarker: "b0"}, "", "", false},
		{UploadQuery{Max: 9, Prefix: "b", Delimiter: "/"}, "b#1 b/] b0#1", "b0#1", false},
		{UploadQuery{Max: 4, Delimiter: "/"}, "a#1 a#2 a#3 b#1", "b#1", true},
		{UploadQuery{Max: 5, Delimiter: "/"}, "a#1 a#2 a#3 b#1 b/]", "b/", true},
		{UploadQuery{Max: 5, Delimiter: "/", KeyMarker: "b/"}, "b0#1 c\x00d#1", "c\x00d#1", false},
		{UploadQuery{Max: 5, Delimiter: "/", KeyMarker: "b/1", UploadIDMarker: ids["b/1#1"]}, "b0#1 c\x00d#1", "c\x00d#1", false},
		{UploadQuery{Max: 5, KeyMarker: "zz"}, "", "", false},
	} {
		test.q.Bucket = f.bucket
		page, err := f.Uploads(ctx(t), test.q)
		got := strings.Join(uploadEntries(page, order), " ")
		next := page.NextKeyMarker
		if page.NextUploadIDMarker != "" {
			next += fmt.Sprintf("#%d", order[page.NextUploadIDMarker])
		}
		if err != nil || got != test.want || next != test.next || page.Truncated != test.truncated {
			t.Errorf("%+v:\ngot  %q (next %q, truncated %v), %v\nwant %q (next %q, truncated %v)",
				test.q, got, next, page.Truncated, err, test.want, test.next, test.truncated)
		}
	}
	if page, err := f.Uploads(ctx(t), UploadQuery{Bucket: keys.BucketID{1}, Max: 9}); err != nil || len(page.Uploads) > 0 {
		t.Errorf("a bucket that is not there: %v, %v", page, err)
	}
}

// TestUploadsModel compares Uploads, page by page, with its definition over random keys.
func TestUploadsModel(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	word := func(most int) string {
		var b strings.Builder
		for range random.IntN(most + 1) {
			b.WriteByte("a/\x00\x01"[random.IntN(4)])
		}
		return b.String()
	}
	for range 60 {
		f := newFixture(t)
		order, count := map[string]int{}, map[string]int{}
		var names []string
		for range random.IntN(25) {
			key := word(4) + "a"
			count[key]++
			order[f.upload(key)] = count[key]
			names = append(names, key)
		}
		slices.Sort(names)
		for range 10 {
			q := UploadQuery{Bucket: f.bucket, Prefix: word(1), Delimiter: word(1), Max: 1 + random.IntN(4)}
			var got, want []string
			for number, key := range names {
				if i := strings.Index(strings.TrimPrefix(key, q.Prefix), q.Delimiter); !strings.HasPrefix(key, q.Prefix) {
					continue
				} else if q.Delimiter != "" && i >= 0 {
					want = append(want, key[:len(q.Prefix)+i+len(q.Delimiter)]+"]")
				} else {
					want = append(want, fmt.Sprintf("%s#%d", key, number-slices.Index(names, key)+1))
				}
			}
			slices.Sort(want)
			want = slices.Compact(want)
			for {
				page, err := f.Uploads(ctx(t), q)
				if err != nil || len(page.Uploads)+len(page.Prefixes) > q.Max {
					t.Fatalf("%+v: %v, %v", q, page, err)
				}
				got = append(got, uploadEntries(page, order)...)
				if !page.Truncated {
					break
				}
				q.KeyMarker, q.UploadIDMarker = page.NextKeyMarker, page.NextUploadIDMarker
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("keys %q, query %+v:\ngot  %q\nwant %q", names, q, got, want)
			}
		}
	}
}

// TestUploadsCost wants the moves of a page not to depend on the uploads under its common prefixes.
func TestUploadsCost(t *testing.T) {
	f := newFixture(t)
	for range 200 {
		f.upload(fmt.Sprintf("dir%d/%d", rand.IntN(4), rand.IntN(1000)))
	}
	f.engine.moves.Store(0)
	if _, err := f.Uploads(ctx(t), UploadQuery{Bucket: f.bucket, Delimiter: "/", Max: 1000}); err != nil {
		t.Fatal(err)
	}
	if got := f.engine.moves.Load(); got > 5 {
		t.Errorf("the page took %d moves, want at most 5", got)
	}
}
