package migrate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"crossgrant/internal/blob"
	blobmemory "crossgrant/internal/blob/memory"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/metatest"
	"crossgrant/internal/migrate"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
)

const (
	account    = ids.AccountID("111111111111")
	bucketName = "walnut"
)

var canonical = strings.Repeat("1", 64)

// errFault is a failure that a test asked for.
var errFault = errors.New("it fails here")

// place is a pair of engines in memory that can fail.
type place struct {
	t      testing.TB
	engine *memory.Engine
	blobs  *blobmemory.Store
	shared bool // whether servers share it

	// failBefore and failAfter are at which of the next Updates errFault is returned, before it is carried out or after; 0: at
	// none. failBlob is the same of the Commit of blobs.
	failBefore, failAfter, failBlob atomic.Int64
	updates, commits                atomic.Int64
}

func newPlace(t testing.TB) *place {
	return &place{t: t, engine: memory.New(), blobs: blobmemory.New()}
}

// end returns the place as the end of a migration, after a crash.
func (p *place) end(name string) migrate.End {
	p.blobs.Crash()
	store := meta.New(failingMeta{p.engine, p})
	if p.shared {
		store = meta.New(metatest.NewShared(failingMeta{p.engine, p}))
		store.StampWrites(keys.StampedBy)
	}
	return migrate.End{Name: name, Store: store, Blobs: failingBlobs{p.blobs, p}}
}

type failingMeta struct {
	meta.Engine
	p *place
}

func (f failingMeta) Update(ctx context.Context, fn func(meta.Tx) error) error {
	n := f.p.updates.Add(1)
	if n == f.p.failBefore.Load() {
		return errFault
	}
	err := f.Engine.Update(ctx, fn)
	if err == nil && n == f.p.failAfter.Load() {
		return errFault
	}
	return err
}

type failingBlobs struct {
	blob.Store
	p *place
}

// Close leaves the blobs in memory.
func (f failingBlobs) Close() error { return nil }

func (f failingBlobs) Create(ctx context.Context, id blob.ID) (blob.Writer, error) {
	w, err := f.Store.Create(ctx, id)
	return failingWriter{w, f.p}, err
}

type failingWriter struct {
	blob.Writer
	p *place
}

func (f failingWriter) Commit() error {
	if f.p.commits.Add(1) == f.p.failBlob.Load() {
		return errFault
	}
	return f.Writer.Commit()
}

// failNowhere ends all failures, and counts anew.
func (p *place) failNowhere() {
	for _, n := range []*atomic.Int64{&p.failBefore, &p.failAfter, &p.failBlob, &p.updates, &p.commits} {
		n.Store(0)
	}
}

// metadata returns all keys and values, without the mark and what it holds back.
func (p *place) metadata() map[string]string {
	p.t.Helper()
	all := p.everything()
	delete(all, string(keys.Meta("migration")))
	delete(all, string(keys.Meta("format")))
	maps.DeleteFunc(all, func(key, _ string) bool { return keys.IsStamp([]byte(key)) })
	return all
}

func (p *place) everything() map[string]string {
	p.t.Helper()
	all := map[string]string{}
	err := p.engine.View(p.t.Context(), func(r meta.Reader) error {
		it := r.Scan([]byte{0}, nil)
		for it.Next() {
			all[string(it.Key())] = string(it.Value())
		}
		return it.Close()
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

// contents returns the bytes of all blobs that are settled.
func (p *place) contents() map[string]string {
	p.t.Helper()
	all := map[string]string{}
	err := p.blobs.Walk(p.t.Context(), func(id blob.ID, _ int64) error {
		r, _, err := p.blobs.OpenWhole(p.t.Context(), id)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(r)
		all[string(id)] = string(text)
		return errors.Join(err, r.Close())
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

// servable returns why a server may not use the place.
func (p *place) servable() error {
	return p.engine.View(p.t.Context(), migrate.Servable)
}

func (p *place) format() string { return p.everything()[string(keys.Meta("format"))] }

// furnish stores some of everything that names blobs, and other keys.
func (p *place) furnish() {
	p.t.Helper()
	ctx := p.t.Context()
	store := meta.New(p.engine)
	box, err := seal.Load(filepath.Join(p.t.TempDir(), "master.json"))
	if err != nil {
		p.t.Fatal(err)
	}
	err = store.Update(ctx, func(tx meta.Tx) error {
		for i := range 40 { // users, as far as keys are concerned
			if err := tx.Put(keys.Entity(account, keys.UserKind, fmt.Sprint("user", i)), bytes.Repeat([]byte{byte(i)}, i)); err != nil {
				return err
			}
		}
		return errors.Join(
			tx.Put(keys.Meta("format"), []byte("7")), tx.Put(keys.Meta("other"), nil), tx.Put([]byte{0xff, 0xff}, []byte("last")),
			records.Put(tx, keys.Account(account), &records.Account{Id: string(account), CanonicalId: canonical}),
		)
	})
	if err != nil {
		p.t.Fatal(err)
	}
	s := objects.New(store, p.blobs, objects.Options{Keys: &sse.Keyring{Master: box}, InlineLimit: 64, MinPart: 100, Log: slog.New(slog.DiscardHandler)})
	if err := s.CreateBucket(ctx, objects.NewBucket{Name: bucketName, Account: account, Canonical: ids.CanonicalUserID(canonical), Region: "eu-west-1"}); err != nil {
		p.t.Fatal(err)
	}
	var b records.Bucket
	if err := store.View(ctx, func(r meta.Reader) error { return records.Get(r, keys.Bucket(bucketName), &b) }); err != nil {
		p.t.Fatal(err)
	}
	object := func(key string) objects.NewObject {
		return objects.NewObject{Bucket: keys.BucketID(b.Id), BucketName: bucketName, Key: key, Length: -1, Object: &records.Object{Owner: "o"}}
	}
	for i := range 30 {
		if _, err := s.Put(ctx, object(fmt.Sprint("object", i)), strings.NewReader(strings.Repeat(fmt.Sprint(i), 10*i))); err != nil {
			p.t.Fatal(err)
		}
	}
	u := &records.Upload{Key: "large", Owner: "o"}
	if err := s.CreateUpload(ctx, keys.BucketID(b.Id), bucketName, u, nil); err != nil {
		p.t.Fatal(err)
	}
	for i := range 5 {
		if _, err := s.PutPart(ctx, object("large"), u.Id, i+1, strings.NewReader(strings.Repeat("part", 100))); err != nil {
			p.t.Fatal(err)
		}
	}
}

// options are those of a migration in small steps.
func options(from, to *place) migrate.Options {
	return migrate.Options{From: from.end("here"), To: to.end("there"), Keys: 7, Bytes: 4 << 10, Parallel: 3}
}

// wantEqual wants the same metadata and blobs in both.
func wantEqual(t testing.TB, a, b *place) {
	t.Helper()
	if !maps.Equal(a.metadata(), b.metadata()) {
		t.Errorf("the metadata differs: %d keys, %d keys", len(a.metadata()), len(b.metadata()))
	}
	if !maps.Equal(a.contents(), b.contents()) {
		t.Errorf("the blobs differ: %d, %d", len(a.contents()), len(b.contents()))
	}
}

// copy returns a copy of the place.
func (p *place) copy(t testing.TB) *place {
	t.Helper()
	c := newPlace(t)
	for key, value := range p.everything() {
		c.put([]byte(key), []byte(value))
	}
	for id, text := range p.contents() {
		c.putBlob(blob.ID(id), []byte(text))
	}
	return c
}

// put sets a key, or removes it if value is nil.
func (p *place) put(key, value []byte) {
	p.t.Helper()
	err := p.engine.Update(p.t.Context(), func(tx meta.Tx) error {
		if value == nil {
			return tx.Delete(key)
		}
		return tx.Put(key, value)
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) clear() {
	for key := range p.everything() {
		p.put([]byte(key), nil)
	}
	for id := range p.contents() {
		if err := p.blobs.Delete(p.t.Context(), blob.ID(id)); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *place) putBlob(id blob.ID, text []byte) {
	p.t.Helper()
	w, err := p.blobs.Create(p.t.Context(), id)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Commit()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.blobs.Settle(id)
}

// anyObject returns an object that has a blob.
func (p *place) anyObject() (key []byte, o *records.Object) {
	p.t.Helper()
	for key, value := range p.metadata() {
		o := new(records.Object)
		if key[0] == 'O' && records.Unmarshal([]byte(value), o) == nil && len(o.Segments) > 0 {
			return []byte(key), o
		}
	}
	p.t.Fatal("no object has a blob")
	return nil, nil
}

func (p *place) anyBlob() blob.ID {
	_, o := p.anyObject()
	return blob.ID(o.Segments[0].Blob)
}

// changeBlob changes the bytes of a blob.
func (p *place) changeBlob(change func([]byte) []byte) {
	p.t.Helper()
	id := p.anyBlob()
	text := p.contents()[string(id)]
	if err := p.blobs.Delete(p.t.Context(), id); err != nil {
		p.t.Fatal(err)
	}
	p.putBlob(id, change([]byte(text)))
}
