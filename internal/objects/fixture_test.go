package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/blob"
	blobmemory "crossgrant/internal/blob/memory"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
)

const (
	alice = ids.AccountID("111111111111")
	bob   = ids.AccountID("222222222222")

	testInline  = 64  // bytes
	testApart   = 40  // bytes as they are stored: some inline content lies in records, some beside them
	testMinPart = 100 // bytes
	testMaxBody = 1 << 20
)

// fixture is a Service over memory, with one bucket, whose parts can be made to fail.
type fixture struct {
	*Service
	t      *testing.T
	engine *engine
	blobs  *trackedBlobs
	bucket keys.BucketID
	box    *seal.Box

	mu sync.Mutex
	// places are where objects were written: from a record alone it cannot be told. Protected by mu.
	places map[sse.Place]bool
}

const bucketName = "walnut"

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, engine: &engine{Engine: memory.New()}, blobs: newTrackedBlobs(), places: map[sse.Place]bool{}}
	var err error
	if f.box, err = seal.New(); err != nil {
		t.Fatal(err)
	}
	store := meta.New(f.engine)
	for _, account := range []ids.AccountID{alice, bob} {
		if err := store.Update(ctx(t), func(tx meta.Tx) error {
			return records.Put(tx, keys.Account(account), &records.Account{Id: string(account), CanonicalId: string(canonical(account))})
		}); err != nil {
			t.Fatal(err)
		}
	}
	f.Service = New(store, f.blobs, Options{
		Keys:        &sse.Keyring{Master: f.box, KMS: oneKMS{}},
		InlineLimit: testInline, ApartFrom: testApart,
		MinPart:   testMinPart,
		MaxObject: testMaxBody,
		Now:       newClock(),
		Log:       slog.New(slog.DiscardHandler),
	})
	f.bucket = f.createBucket(bucketName, alice)
	return f
}

// newClock returns a clock that goes on by a second each time it is read.
func newClock() func() time.Time {
	var ticks atomic.Int64
	return func() time.Time { return time.Unix(1_700_000_000+ticks.Add(1), 0) }
}

func (f *fixture) createBucket(name string, account ids.AccountID) keys.BucketID {
	f.t.Helper()
	if err := f.CreateBucket(ctx(f.t), NewBucket{Name: name, Account: account, Canonical: canonical(account), Region: "eu-west-1"}); err != nil {
		f.t.Fatal(err)
	}
	return f.bucketID(name)
}

func canonical(account ids.AccountID) ids.CanonicalUserID {
	return ids.CanonicalUserID(strings.Repeat(string(account[:1]), 64))
}

func (f *fixture) bucketID(name string) keys.BucketID {
	f.t.Helper()
	var id keys.BucketID
	err := f.store.View(ctx(f.t), func(r meta.Reader) error {
		b, err := existingBucket(r, name)
		if err == nil {
			id = keys.BucketID(b.Id)
		}
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}

// object is a NewObject for the fixture's bucket with a body of any length.
func (f *fixture) object(key string) NewObject {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.places[sse.Place{Bucket: f.bucket, Key: key}] = true
	return NewObject{Bucket: f.bucket, BucketName: bucketName, Key: key, Length: -1, Object: &records.Object{Owner: "o"}}
}

// record is the record of the fixture's bucket as far as it tells which bucket it is.
func (f *fixture) record() *records.Bucket { return &records.Bucket{Name: bucketName, Id: f.bucket[:]} }

func (f *fixture) put(key, body string) *records.Object {
	f.t.Helper()
	o, err := f.Put(ctx(f.t), f.object(key), strings.NewReader(body))
	if err != nil {
		f.t.Fatalf("put %q: %v", key, err)
	}
	return o
}

func (f *fixture) get(key string) *records.Object {
	f.t.Helper()
	o, err := f.Get(ctx(f.t), f.bucket, key, "")
	if err != nil {
		f.t.Fatalf("get %q: %v", key, err)
	}
	return o
}

// content reads all bytes of the object under key.
func (f *fixture) content(key string) string {
	f.t.Helper()
	o := f.get(key)
	b, err := f.read(o, 0, o.Size)
	if err != nil {
		f.t.Fatalf("read %q: %v", key, err)
	}
	return b
}

func (f *fixture) read(o *records.Object, offset, length int64) (string, error) {
	return f.readSource(f.source(o), offset, length)
}

func (f *fixture) readSource(src Source, offset, length int64) (string, error) {
	r, err := f.Service.Open(ctx(f.t), src, offset, length)
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), err
}

// upload begins an upload of key.
func (f *fixture) upload(key string) string {
	f.t.Helper()
	u := &records.Upload{Key: key, Owner: "uploader"}
	if err := f.CreateUpload(ctx(f.t), f.bucket, bucketName, u); err != nil {
		f.t.Fatal(err)
	}
	return u.Id
}

// part uploads a part and returns its line in the list of parts.
func (f *fixture) part(key, upload string, number int, body string) CompletedPart {
	f.t.Helper()
	p, err := f.PutPart(ctx(f.t), f.object(key), upload, number, strings.NewReader(body))
	if err != nil {
		f.t.Fatalf("part %d: %v", number, err)
	}
	return CompletedPart{Number: number, ETag: p.Etag, Checksum: p.GetChecksum().GetValue()}
}

// checkClean recovers, and wants that no key names a blob that is written or garbage, and that the blobs and the
// contents that exist are those that records name.
func (f *fixture) checkClean() {
	f.t.Helper()
	if err := f.Recover(ctx(f.t)); err != nil {
		f.t.Errorf("recover: %v", err)
	}
	named, keyed := map[blob.ID]bool{}, map[blob.ID]bool{}
	contents := map[string]int{} // by key: 1 for each that exists, 1 for each that a record names
	err := f.store.View(ctx(f.t), func(r meta.Reader) error {
		it := r.Scan([]byte{0}, nil)
		for it.Next() {
			var segments []*records.Segment
			switch it.Key()[0] {
			case 'W', 'G':
				f.t.Errorf("key %q is left", it.Key())
			case 'b':
				keyed[blob.ID(it.Key()[1:])] = true
			case 'O', 'V':
				var o records.Object
				if err := records.Unmarshal(it.Value(), &o); err != nil {
					return err
				}
				segments = o.Segments
				if len(o.Content) > 0 {
					contents["c"+string(o.Content)]++
				}
				if len(o.Content) > 0 && o.Inline != nil || len(o.Inline) >= testApart {
					f.t.Errorf("key %q has %d bytes in its record", it.Key(), len(o.Inline))
				}
			case 'c':
				contents[string(it.Key())]++
			case 'P':
				var p records.Part
				if err := records.Unmarshal(it.Value(), &p); err != nil {
					return err
				}
				segments = p.Segments
			}
			for _, s := range segments {
				named[blob.ID(s.Blob)] = true
			}
		}
		return it.Close()
	})
	if err != nil {
		f.t.Error(err)
	}
	for key, count := range contents {
		if count != 2 {
			f.t.Errorf("content %q lies there, or is named by a record, and not both once", key)
		}
	}
	if !maps.Equal(keyed, named) {
		f.t.Errorf("keys say that blobs %v are named, records name %v", slices.Collect(maps.Keys(keyed)), slices.Collect(maps.Keys(named)))
	}
	if got := f.blobs.walk(f.t); !maps.Equal(got, named) {
		f.t.Errorf("blobs %v are settled, records name %v", slices.Collect(maps.Keys(got)), slices.Collect(maps.Keys(named)))
	}
	if got := f.blobs.existing(); !maps.Equal(got, named) {
		f.t.Errorf("blobs %v exist, records name %v", slices.Collect(maps.Keys(got)), slices.Collect(maps.Keys(named)))
	}
}

func ctx(t testing.TB) context.Context { return t.Context() }

// big returns n bytes that differ by name and place.
func big(name string, n int) string {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%s-%d ", name, i)
	}
	return b.String()[:n]
}

// wantCode wants an *apierr.Error with this code, or no error if code is empty, and returns it.
func wantCode(t testing.TB, err error, code string) *apierr.Error {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("got %v, want no error", err)
		}
		return nil
	}
	if !apierr.Is(err, code) {
		t.Errorf("got %v, want %s", err, code)
		return &apierr.Error{}
	}
	return apierr.From(err)
}

// wantDetail wants the details name, value, name, value, …
func wantDetail(t testing.TB, e *apierr.Error, want ...string) {
	t.Helper()
	var got []string
	for _, d := range e.Detail {
		got = append(got, d.Name, d.Value)
	}
	if !slices.Equal(got, want) {
		t.Errorf("details of %s are %q, want %q", e.Code, got, want)
	}
}

var errInjected = errors.New("injected")

// engine is a metadata engine that counts the moves of its iterators and can fail updates.
type engine struct {
	meta.Engine
	moves atomic.Int64
	// onUpdate, if set, is asked before each Update; it returns the fault to inject.
	onUpdate func() fault
}

// fault is what goes wrong with an Update.
type fault int

const (
	noFault    fault = iota
	notDone          // an error, and nothing is written
	doneAnyway       // an error, although the writes are applied
	conflict         // meta.ErrConflict: the caller runs it again
)

func (e *engine) Update(ctx context.Context, fn func(meta.Tx) error) error {
	injected := noFault
	if e.onUpdate != nil {
		injected = e.onUpdate()
	}
	switch injected {
	case notDone:
		return errInjected
	case conflict:
		e.Engine.Update(ctx, func(tx meta.Tx) error { return errors.Join(fn(tx), errInjected) })
		return meta.ErrConflict
	}
	err := e.Engine.Update(ctx, fn)
	if err == nil && injected == doneAnyway {
		return errInjected
	}
	return err
}

func (e *engine) View(ctx context.Context, fn func(meta.Reader) error) error {
	return e.Engine.View(ctx, func(r meta.Reader) error { return fn(countingReader{r, &e.moves}) })
}

type countingReader struct {
	meta.Reader
	moves *atomic.Int64
}

func (r countingReader) Scan(from, to []byte) meta.Iterator {
	return countingIterator{r.Reader.Scan(from, to), r.moves}
}

type countingIterator struct {
	meta.Iterator
	moves *atomic.Int64
}

func (i countingIterator) Next() bool             { i.moves.Add(1); return i.Iterator.Next() }
func (i countingIterator) SeekGE(key []byte) bool { i.moves.Add(1); return i.Iterator.SeekGE(key) }

// trackedBlobs is a blob store that knows which blobs exist and can fail.
type trackedBlobs struct {
	blob.Store

	mu sync.Mutex // protects the fields below
	// on, if set, is asked before each call, with its name.
	on   func(call string) error
	live map[blob.ID]bool // committed and not deleted
	// links makes it a store that can link.
	links bool
}

// Link links where the test has it so.
func (b *trackedBlobs) Link(ctx context.Context, from, to blob.ID) error {
	if !b.links {
		return blob.ErrNoLink
	}
	if err := b.ask("Link"); err != nil {
		return err
	}
	if err := b.Store.(blob.Linker).Link(ctx, from, to); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.live[to] = true
	return nil
}

func newTrackedBlobs() *trackedBlobs {
	return &trackedBlobs{Store: blobmemory.New(), live: map[blob.ID]bool{}}
}

func (b *trackedBlobs) existing() map[blob.ID]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.live)
}

func (b *trackedBlobs) ask(call string) error {
	b.mu.Lock()
	on := b.on
	b.mu.Unlock()
	if on == nil {
		return nil
	}
	return on(call)
}

// fail makes calls ask on; nil ends it.
func (b *trackedBlobs) fail(on func(call string) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.on = on
}

func (b *trackedBlobs) New(ctx context.Context, size int64) (blob.Writer, error) {
	if err := b.ask("New"); err != nil {
		return nil, err
	}
	w, err := b.Store.New(ctx, size)
	if err != nil {
		return nil, err
	}
	return &trackedWriter{w, b, w.ID()}, nil
}

func (b *trackedBlobs) Create(ctx context.Context, id blob.ID) (blob.Writer, error) {
	if err := b.ask("Create"); err != nil {
		return nil, err
	}
	w, err := b.Store.Create(ctx, id)
	return &trackedWriter{w, b, id}, err
}

func (b *trackedBlobs) Open(ctx context.Context, id blob.ID, offset, length int64) (io.ReadCloser, error) {
	if err := b.ask("Open"); err != nil {
		return nil, err
	}
	return b.Store.Open(ctx, id, offset, length)
}

// Delete deletes blobs one by one, so that each can fail.
func (b *trackedBlobs) Delete(ctx context.Context, ids ...blob.ID) error {
	for _, id := range ids {
		if err := b.ask("Delete"); err != nil {
			return err
		}
		if err := b.Store.Delete(ctx, id); err != nil {
			return err
		}
		b.forget(id)
	}
	return nil
}

func (b *trackedBlobs) forget(id blob.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.live, id)
}

// Recover recovers what a crash left.
func (b *trackedBlobs) Recover(ctx context.Context, named blob.Named) error {
	return b.Store.Recover(ctx, func(ctx context.Context, ids []blob.ID) ([]bool, error) {
		if err := b.ask("Recover"); err != nil {
			return nil, err
		}
		keep, err := named(ctx, ids)
		for i, id := range ids {
			if err == nil && !keep[i] {
				b.forget(id)
			}
		}
		return keep, err
	})
}

// walk returns the settled blobs.
func (b *trackedBlobs) walk(t testing.TB) map[blob.ID]bool {
	settled := map[blob.ID]bool{}
	if err := b.Walk(ctx(t), func(id blob.ID, _ int64) error { settled[id] = true; return nil }); err != nil {
		t.Error(err)
	}
	return settled
}

type trackedWriter struct {
	blob.Writer
	store *trackedBlobs
	id    blob.ID
}

func (w *trackedWriter) Write(p []byte) (int, error) {
	if err := w.store.ask("Write"); err != nil {
		return 0, err
	}
	return w.Writer.Write(p)
}

func (w *trackedWriter) Commit() error {
	if err := w.store.ask("Commit"); err != nil {
		return err
	}
	if err := w.Writer.Commit(); err != nil {
		return err
	}
	w.store.mu.Lock()
	w.store.live[w.id] = true
	w.store.mu.Unlock()
	return w.store.ask("Committed")
}
