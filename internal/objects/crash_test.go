package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"crossgrant/internal/apierr"
	"crossgrant/internal/blob"
	"crossgrant/internal/blob/embedded"
	"crossgrant/internal/disktest"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/pebble"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
)

// onDisk is a Service whose metadata and blobs are on one disk, and what it told about the keys that each writer has
// for itself.
type onDisk struct {
	*Service
	t     *testing.T
	disk  disktest.Disk
	store *meta.Store
	blobs blob.Linker
	box   *seal.Box

	mu sync.Mutex // protects states
	// states are what a key may hold now: one content after a write was acknowledged, two during a write. "" is none.
	states map[string][]string
}

// openDisk opens the service on a disk and recovers it.
func openDisk(t *testing.T, disk disktest.Disk, box *seal.Box, states map[string][]string) *onDisk {
	t.Helper()
	engine, err := pebble.Open("/data/meta", pebble.Options{FS: disk})
	if err != nil {
		t.Fatal(err)
	}
	d := &onDisk{t: t, disk: disk, store: meta.New(engine), box: box, states: states}
	if d.blobs, err = embedded.Open("/data/blobs", embedded.Options{FS: disk, PackBytes: 256 << 10}); err != nil {
		t.Fatal(err)
	}
	d.Service = New(d.store, d.blobs, Options{
		Keys: &sse.Keyring{Master: box}, InlineLimit: testInline, MinPart: testMinPart, MaxObject: testMaxBody,
	})
	if err := d.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *onDisk) close() {
	d.Close()
	if err := errors.Join(d.blobs.Close(), d.store.Close()); err != nil {
		d.t.Error(err)
	}
}

// change runs do, which is to make content what key holds.
func (d *onDisk) change(key, content string, do func() error) {
	d.mu.Lock()
	before := d.states[key]
	if before == nil {
		before = []string{""}
	}
	d.states[key] = append(slices.Clone(before), content)
	d.mu.Unlock()
	if err := do(); err != nil {
		d.t.Errorf("%s: %v", key, err)
		return
	}
	d.mu.Lock()
	d.states[key] = []string{content}
	d.mu.Unlock()
}

func (d *onDisk) object(key string) NewObject {
	return NewObject{BucketName: bucketName, Key: key, Length: -1, Object: &records.Object{Owner: "o"}}
}

func (d *onDisk) put(key, content string) {
	d.change(key, content, func() error {
		_, err := d.Put(context.Background(), d.object(key), strings.NewReader(content))
		return err
	})
}

func (d *onDisk) remove(key string) {
	d.change(key, "", func() error {
		_, err := d.Delete(context.Background(), Deletion{BucketName: bucketName, Key: key})
		return err
	})
}

func (d *onDisk) copy(from, to string) {
	o, err := d.Get(context.Background(), keys.BucketID{}, from, "")
	if err != nil {
		d.t.Error(err)
		return
	}
	d.mu.Lock()
	content := d.states[from][0]
	d.mu.Unlock()
	d.change(to, content, func() error {
		_, err := d.Copy(context.Background(), d.object(to), Source{Key: from, Object: o})
		return err
	})
}

// multipart uploads content in two parts; every other one is aborted.
func (d *onDisk) multipart(key, content string, abort bool) {
	u := &records.Upload{Key: key, Owner: "o"}
	if err := d.CreateUpload(context.Background(), keys.BucketID{}, bucketName, u, nil); err != nil {
		d.t.Error(err)
		return
	}
	var list []CompletedPart
	half := len(content) / 2
	for i, part := range []string{content[:half], content[half:]} {
		p, err := d.PutPart(context.Background(), d.object(key), u.Id, i+1, strings.NewReader(part))
		if err != nil {
			d.t.Error(err)
			return
		}
		list = append(list, CompletedPart{Number: i + 1, ETag: p.Etag})
	}
	if abort {
		if err := d.AbortUpload(context.Background(), keys.BucketID{}, key, u.Id); err != nil {
			d.t.Error(err)
		}
		return
	}
	d.change(key, content, func() error {
		_, err := d.CompleteUpload(context.Background(), d.object(key), u.Id, list)
		return err
	})
}

// work does a bit of everything with keys of its own, and says so after each step.
func (d *onDisk) work(writer int, step chan<- struct{}) {
	for i := range 6 {
		a, b := fmt.Sprintf("%d/a", writer), fmt.Sprintf("%d/b", writer)
		content := big(fmt.Sprintf("%d-%d", writer, i), 300+i*9000)
		d.put(a, content)
		step <- struct{}{}
		d.copy(a, b)
		step <- struct{}{}
		d.multipart(b, content, i%2 == 0)
		step <- struct{}{}
		if i%3 == 1 {
			d.remove(a)
		} else {
			d.put(a, "small")
		}
		step <- struct{}{}
		if writer == 0 {
			if err := d.sweep(context.Background()); err != nil {
				d.t.Error(err)
			}
		}
	}
}

// cut cuts the power. It returns the disk and what was told until then.
func (d *onDisk) cut(percent int, rng *rand.Rand) (disktest.Disk, map[string][]string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.disk.Cut(percent, rng), maps.Clone(d.states)
}

// check wants each key to hold what it may, whole, and no blob to be left over.
func (d *onDisk) check() {
	d.t.Helper()
	for key, states := range d.states {
		if got := d.content(key); !slices.Contains(states, got) {
			d.t.Errorf("%s holds %.20q (%d bytes), which is none of %d states", key, got, len(got), len(states))
		} else {
			d.states[key] = []string{got}
		}
	}
	if err := d.sweep(d.t.Context()); err != nil {
		d.t.Error(err)
	}
	named := map[blob.ID]bool{}
	err := d.store.View(d.t.Context(), func(r meta.Reader) error {
		it := r.Scan(keys.AllBlobs())
		for it.Next() {
			named[blob.ID(it.Key()[1:])] = true
		}
		return it.Close()
	})
	if err != nil {
		d.t.Error(err)
	}
	err = d.blobs.Walk(d.t.Context(), func(id blob.ID, _ int64) error {
		if !named[id] {
			d.t.Errorf("blob %s is left over", id)
		}
		delete(named, id)
		return nil
	})
	if err != nil || len(named) > 0 {
		d.t.Errorf("%d blobs that are named are not there, %v", len(named), err)
	}
}

// content returns what a key holds, "" if nothing.
func (d *onDisk) content(key string) string {
	d.t.Helper()
	o, err := d.Get(d.t.Context(), keys.BucketID{}, key, "")
	if apierr.Is(err, "NoSuchKey") {
		return ""
	}
	if err != nil {
		d.t.Error(err)
		return "an error"
	}
	r, err := d.Open(d.t.Context(), Source{Key: key, Object: o}, 0, o.Size)
	if err != nil {
		d.t.Errorf("%s: %v", key, err)
		return "an error"
	}
	defer r.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, r); err != nil {
		d.t.Errorf("%s: %v", key, err)
	}
	return b.String()
}

// TestPowerCut cuts the power at random moments of concurrent writes of all kinds, with metadata and blobs on one disk
// that keeps some of what was not synced; and once more after it has recovered.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	for round := range 12 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(uint64(round), 7))
			d := openDisk(t, disktest.New(), box, map[string][]string{})
			err := d.store.Update(t.Context(), func(tx meta.Tx) error {
				return records.Put(tx, keys.Bucket(bucketName), &records.Bucket{Name: bucketName, Id: make([]byte, 8)})
			})
			if err != nil {
				t.Fatal(err)
			}
			const writers = 3
			step := make(chan struct{})
			var wg sync.WaitGroup
			for writer := range writers {
				wg.Go(func() { d.work(writer, step) })
			}
			for range rng.IntN(writers * 20) {
				<-step
			}
			left, states := d.cut(rng.IntN(101), rng)
			go func() {
				for range step {
				}
			}()
			wg.Wait()
			close(step)
			d.close()
			for range 2 {
				d = openDisk(t, left, box, states)
				d.check()
				left, states = d.cut(rng.IntN(101), rng)
				d.close()
			}
		})
	}
}
