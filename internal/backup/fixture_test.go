package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"crossgrant/internal/apierr"
	"crossgrant/internal/backup"
	"crossgrant/internal/blob"
	"crossgrant/internal/blob/embedded"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/pebble"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
)

const (
	account    = ids.AccountID("111111111111")
	bucketName = "walnut"

	testInline  = 64  // bytes
	testMinPart = 100 // bytes
)

// folder is a data folder with one bucket, and what makes backups of it.
type folder struct {
	t       testing.TB
	dir     string
	store   *meta.Store
	blobs   *watchedBlobs
	box     *seal.Box
	objects *objects.Service
	bucket  keys.BucketID
	source  backup.Source
	backups *backup.Service
	closed  bool
}

// watchedBlobs tells when a blob is read whole, as backups do.
type watchedBlobs struct {
	blob.Linker
	before func(id blob.ID) error // nil: nothing happens
	read   atomic.Int64
}

func (w *watchedBlobs) OpenWhole(ctx context.Context, id blob.ID) (io.ReadCloser, int64, error) {
	w.read.Add(1)
	if w.before != nil {
		if err := w.before(id); err != nil {
			return nil, 0, err
		}
	}
	return w.Linker.OpenWhole(ctx, id)
}

// newFolder makes a data folder.
func newFolder(t testing.TB, id string) *folder {
	t.Helper()
	box, err := seal.Load(filepath.Join(t.TempDir(), "master.json"))
	if err != nil {
		t.Fatal(err)
	}
	f := openFolder(t, t.TempDir(), box, id)
	if err := f.store.Update(t.Context(), func(tx meta.Tx) error {
		return records.Put(tx, keys.Account(account), &records.Account{Id: string(account), CanonicalId: canonical})
	}); err != nil {
		t.Fatal(err)
	}
	if err := f.objects.CreateBucket(t.Context(), objects.NewBucket{Name: bucketName, Account: account, Canonical: ids.CanonicalUserID(canonical), Region: "eu-west-1"}); err != nil {
		t.Fatal(err)
	}
	f.findBucket()
	return f
}

var canonical = strings.Repeat("1", 64)

// openFolder opens the data folder dir, and makes it ready as a server does.
func openFolder(t testing.TB, dir string, box *seal.Box, id string) *folder {
	t.Helper()
	engine, err := pebble.Open(filepath.Join(dir, "meta"), pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := embedded.Open(filepath.Join(dir, "blobs"), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &folder{t: t, dir: dir, store: meta.New(engine), blobs: &watchedBlobs{Linker: blobs}, box: box}
	f.objects = objects.New(f.store, f.blobs, objects.Options{
		Keys: &sse.Keyring{Master: box}, InlineLimit: testInline, MinPart: testMinPart, Log: slog.New(slog.DiscardHandler),
	})
	if err := f.objects.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.objects.Start()
	f.source = backup.Source{
		Checkpoint: f.store.Checkpoint,
		OpenState:  openState,
		Blobs:      f.blobs, Pin: f.objects.Pin, ID: func() (string, error) { return id, nil }, Seal: box.Seal,
		MasterKey: func() ([]byte, error) { return []byte("master key"), nil },
		Scratch:   filepath.Join(dir, "checkpoint"),
	}
	f.backups = backup.New(f.source)
	t.Cleanup(f.close)
	return f
}

func openState(dir string) (backup.State, error) {
	s, err := pebble.OpenSnapshot(dir, pebble.Options{})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (f *folder) close() {
	if f.closed {
		return
	}
	f.closed = true
	f.backups.Close()
	f.objects.Close()
	if err := errors.Join(f.blobs.Close(), f.store.Close()); err != nil {
		f.t.Error(err)
	}
}

func (f *folder) findBucket() {
	f.t.Helper()
	err := f.store.View(f.t.Context(), func(r meta.Reader) error {
		var b records.Bucket
		if err := records.Get(r, keys.Bucket(bucketName), &b); err != nil {
			return err
		}
		f.bucket = keys.BucketID(b.Id)
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) object(key string) objects.NewObject {
	return objects.NewObject{Bucket: f.bucket, BucketName: bucketName, Key: key, Length: -1, Object: &records.Object{Owner: "o"}}
}

func (f *folder) put(key, body string) {
	f.t.Helper()
	if _, err := f.objects.Put(f.t.Context(), f.object(key), strings.NewReader(body)); err != nil {
		f.t.Fatalf("put %q: %v", key, err)
	}
}

func (f *folder) delete(key string) {
	f.t.Helper()
	if _, err := f.objects.Delete(f.t.Context(), objects.Deletion{Bucket: f.bucket, BucketName: bucketName, Key: key}); err != nil {
		f.t.Fatalf("delete %q: %v", key, err)
	}
}

// upload begins an upload and uploads parts.
func (f *folder) upload(key string, parts ...string) (id string, listed []objects.CompletedPart) {
	f.t.Helper()
	u := &records.Upload{Key: key, Owner: "o"}
	if err := f.objects.CreateUpload(f.t.Context(), f.bucket, bucketName, u, nil); err != nil {
		f.t.Fatal(err)
	}
	for i, body := range parts {
		p, err := f.objects.PutPart(f.t.Context(), f.object(key), u.Id, i+1, strings.NewReader(body))
		if err != nil {
			f.t.Fatal(err)
		}
		listed = append(listed, objects.CompletedPart{Number: i + 1, ETag: p.Etag})
	}
	return u.Id, listed
}

func (f *folder) complete(key, upload string, listed []objects.CompletedPart) {
	f.t.Helper()
	n := f.object(key)
	n.Object = nil
	if _, err := f.objects.CompleteUpload(f.t.Context(), n, upload, listed); err != nil {
		f.t.Fatal(err)
	}
}

// read returns the content of an object; ok is false if there is none.
func (f *folder) read(key string) (content string, ok bool) {
	f.t.Helper()
	o, err := f.objects.Get(f.t.Context(), f.bucket, key, "")
	if apierr.Is(err, "NoSuchKey") {
		return "", false
	}
	if err != nil {
		f.t.Fatalf("get %q: %v", key, err)
	}
	r, err := f.objects.Open(f.t.Context(), objects.Source{Bucket: f.bucket, Key: key, Object: o}, 0, o.Size)
	if err != nil {
		f.t.Fatalf("open %q: %v", key, err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		f.t.Fatalf("read %q: %v", key, err)
	}
	return string(text), true
}

// contents returns all objects.
func (f *folder) contents() map[string]string {
	f.t.Helper()
	all := map[string]string{}
	from, to := keys.Objects(f.bucket, "")
	var found []string
	err := f.store.View(f.t.Context(), func(r meta.Reader) error {
		it := r.Scan(from, to)
		for it.Next() {
			key, err := keys.ParseObject(it.Key())
			if err != nil {
				return errors.Join(err, it.Close())
			}
			found = append(found, key)
		}
		return it.Close()
	})
	if err != nil {
		f.t.Fatal(err)
	}
	for _, key := range found {
		all[key], _ = f.read(key)
	}
	return all
}

// metadata returns all keys and values but those of garbage and of what was being written.
func (f *folder) metadata() map[string]string {
	f.t.Helper()
	all := map[string]string{}
	err := f.store.View(f.t.Context(), func(r meta.Reader) error {
		it := r.Scan([]byte{0}, nil)
		for it.Next() {
			if k := it.Key()[0]; k != 'G' && k != 'W' {
				all[string(it.Key())] = string(it.Value())
			}
		}
		return it.Close()
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

// order is a backup to the target to.
func order(to string) backup.Order { return backup.Order{To: to} }

func (f *folder) backup(o backup.Order) *backup.Result {
	f.t.Helper()
	r, err := f.backups.Run(f.t.Context(), o, nil)
	if err != nil {
		f.t.Fatalf("backup: %v", err)
	}
	return r
}

// restore makes a data folder of a snapshot and opens it.
func (f *folder) restore(target string, id int) *folder {
	f.t.Helper()
	dir := f.t.TempDir()
	if err := restoreTo(f.t.Context(), target, id, dir); err != nil {
		f.t.Fatalf("restore: %v", err)
	}
	restored := openFolder(f.t, dir, f.box, "restored")
	restored.findBucket()
	return restored
}

func restoreTo(ctx context.Context, target string, id int, dir string) (err error) {
	r, err := backup.NewRestoration(target, id)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	blobs, err := embedded.Open(filepath.Join(dir, "blobs"), embedded.Options{})
	if err != nil {
		return err
	}
	if err := errors.Join(r.Blobs(ctx, blobs, nil), blobs.Close()); err != nil {
		return err
	}
	return r.Metadata(ctx, filepath.Join(dir, "meta"), nil)
}

// verify wants a target without problems.
func verify(t testing.TB, target string) {
	t.Helper()
	if problems := problemsIn(t, target); len(problems) > 0 {
		t.Errorf("verify: %+v", problems)
	}
}

func problemsIn(t testing.TB, target string) (problems []backup.Problem) {
	t.Helper()
	if _, err := backup.Verify(t.Context(), target, func(p backup.Problem) { problems = append(problems, p) }, nil); err != nil {
		t.Fatalf("verify: %v", err)
	}
	return problems
}

func wantContents(t testing.TB, got, want map[string]string) {
	t.Helper()
	if !maps.Equal(got, want) {
		for key, text := range want {
			if got[key] != text {
				t.Errorf("%s: %d bytes, want %d", key, len(got[key]), len(text))
			}
		}
		for key := range got {
			if _, ok := want[key]; !ok {
				t.Errorf("%s is there", key)
			}
		}
	}
}

// big returns n bytes that differ by name and place.
func big(name string, n int) string {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%s-%d ", name, i)
	}
	return b.String()[:n]
}

// filesBelow returns the files below dir, without the lock, relative to it.
func filesBelow(t testing.TB, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "lock" {
			return err
		}
		name, err := filepath.Rel(dir, path)
		names = append(names, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// copyTree copies what is below from, as it is at the moment.
func copyTree(t testing.TB, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}
