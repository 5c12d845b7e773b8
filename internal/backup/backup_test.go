package backup_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"crossgrant/internal/backup"
	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// fill puts objects of all kinds.
func fill(f *folder) {
	for i := range 20 {
		f.put(fmt.Sprintf("small-%d", i), big("s", i))
		f.put(fmt.Sprintf("large-%d", i), big(fmt.Sprint("l", i), 1000+i))
	}
	id, parts := f.upload("joined", big("one", 200_000), big("two", 300), big("end", 10))
	f.complete("joined", id, parts)
	f.upload("unfinished", big("p", 500))
	f.put("replaced", big("before", 5000))
	f.put("replaced", big("after", 6000))
	f.put("deleted", big("d", 5000))
	f.delete("deleted")
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "a")
	fill(f)
	target := filepath.Join(t.TempDir(), "new", "target")
	wanted, metadata := f.contents(), f.metadata()
	made := f.backup(order(target))
	if made.ID != 1 || made.Blobs == 0 || made.CopiedBlobs != made.Blobs || made.CopiedBytes != made.BlobBytes+made.MetadataBytes {
		t.Errorf("made %+v", made)
	}
	f.put("later", "not in the backup")
	restored := f.restore(target, 0)
	wantContents(t, restored.contents(), wanted)
	if got := restored.metadata(); !maps.Equal(got, metadata) {
		t.Errorf("the metadata has %d keys, want the same %d", len(got), len(metadata))
	}
	checkBlobs(t, restored)
	restored.put("new", big("n", 5000))
	verify(t, target)
	info, err := os.Stat(target)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("target: %v, %v, want mode 0700", info.Mode(), err)
	}
	if _, err := os.Stat(f.source.Scratch); err == nil {
		t.Error("the checkpoint is left")
	}
}

// checkBlobs wants the blobs to be those that are named.
func checkBlobs(t *testing.T, f *folder) {
	t.Helper()
	named := 0
	err := f.store.View(t.Context(), func(r meta.Reader) error {
		for _, naming := range keys.AllNaming() {
			it := r.Scan(naming.From, naming.To)
			for it.Next() {
				segments, err := records.SegmentsOf(naming.Parts, it.Value())
				if err != nil {
					return err
				}
				named += len(segments)
			}
			if err := it.Close(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	there := 0
	if err := f.blobs.Walk(t.Context(), func(blob.ID, int64) error { there++; return nil }); err != nil || there != named {
		t.Errorf("%d blobs are named and %d are there, %v", named, there, err)
	}
}

// The second backup copies what is new and nothing else.
func TestIncremental(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "a")
	fill(f)
	target := t.TempDir()
	first := f.backup(order(target))
	f.blobs.read.Store(0)
	second := f.backup(order(target))
	if second.CopiedBlobs != 0 || f.blobs.read.Load() != 0 || second.Blobs != first.Blobs {
		t.Errorf("without a change %d blobs were copied and %d read: %+v", second.CopiedBlobs, f.blobs.read.Load(), second)
	}
	// Log, manifest, options and markers; no table.
	if second.CopiedBytes > 64<<10 {
		t.Errorf("without a change %d bytes were copied", second.CopiedBytes)
	}
	f.put("new", big("new", 100_000))
	f.delete("large-3")
	third := f.backup(order(target))
	if third.CopiedBlobs != 1 || third.CopiedBytes < 100_000 || third.CopiedBytes > 200_000 || third.Blobs != first.Blobs {
		t.Errorf("after one more object: %+v", third)
	}
	if infos, err := backup.List(target); err != nil || len(infos) != 3 || infos[0] != first.Info || infos[2] != third.Info {
		t.Errorf("listed %+v, %v", infos, err)
	}
	verify(t, target)
	for id, has := range map[int]bool{1: true, 3: false} {
		restored := f.restore(target, id)
		if _, ok := restored.read("large-3"); ok != has {
			t.Errorf("snapshot %d has large-3: %t", id, ok)
		}
		if _, ok := restored.read("new"); ok == has {
			t.Errorf("snapshot %d has new: %t", id, ok)
		}
	}
}

// Only the newest snapshots are kept, and none of them misses anything.
func TestKeep(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "a")
	target := t.TempDir()
	want := map[int]map[string]string{}
	for i := range 5 {
		f.put(fmt.Sprint("stays-", i), big(fmt.Sprint("s", i), 5000))
		f.put("changes", big(fmt.Sprint("c", i), 6000))
		o := order(target)
		o.Keep = 2
		made := f.backup(o)
		want[made.ID] = f.contents()
		if i >= 2 && (len(made.Removed) != 1 || made.Removed[0] != i-1) {
			t.Errorf("backup %d removed %v", made.ID, made.Removed)
		}
	}
	infos, err := backup.List(target)
	if err != nil || len(infos) != 2 || infos[0].ID != 4 || infos[1].ID != 5 {
		t.Fatalf("%+v, %v", infos, err)
	}
	verify(t, target)
	for _, i := range infos {
		wantContents(t, f.restore(target, i.ID).contents(), want[i.ID])
	}
	// Six blobs in the last snapshot, five in the one before, of which five are the same.
	if n := len(filesBelow(t, filepath.Join(target, "blobs"))); n != 7 {
		t.Errorf("%d blobs are left, want 7", n)
	}
}

// Objects that are deleted or replaced while the backup runs are in it, and are gone from the folder afterwards.
func TestDeletedWhileCopied(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "a")
	fill(f)
	want := f.contents()
	var once sync.Once
	f.blobs.before = func(blob.ID) error {
		once.Do(func() {
			for i := range 20 {
				f.delete(fmt.Sprint("large-", i))
				f.put(fmt.Sprint("small-", i), big("new", 5000))
			}
			f.delete("joined")
			time.Sleep(2 * time.Second) // the sweeper has begun by then, and would have deleted what is not pinned
		})
		return nil
	}
	target := t.TempDir()
	f.backup(order(target))
	wantContents(t, f.restore(target, 0).contents(), want)
	for garbage(t, f) {
		time.Sleep(50 * time.Millisecond)
	}
	checkBlobs(t, f)
}

// garbage reports whether there are blobs that are to be deleted.
func garbage(t *testing.T, f *folder) (found bool) {
	t.Helper()
	from, to := keys.AllGarbage()
	err := f.store.View(t.Context(), func(r meta.Reader) error {
		it := r.Scan(from, to)
		found = it.Next()
		return it.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Two objects are always written one after the other: no snapshot has the second without the first, none lacks
// what was acknowledged before the backup began, and none has what was written after it ended.
func TestConsistentWhileWritten(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "a")
	target := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	var mu sync.Mutex
	acknowledged := map[string]int{} // by writer
	for w := range 4 {
		name := fmt.Sprint("w", w)
		writers.Go(func() {
			for i := 1; ctx.Err() == nil; i++ {
				f.put(name+"-first", big(fmt.Sprintf("%s/%d", name, i), 10+i%3*2000))
				id, parts := f.upload(name+"-second", big(fmt.Sprintf("%s/%d", name, i), 300), "end")
				f.complete(name+"-second", id, parts)
				mu.Lock()
				acknowledged[name] = i
				mu.Unlock()
				f.put(name+"-gone", big("x", 3000))
				f.delete(name + "-gone")
			}
		})
	}
	for range 6 {
		mu.Lock()
		before := maps.Clone(acknowledged)
		mu.Unlock()
		made := f.backup(order(target))
		mu.Lock()
		after := maps.Clone(acknowledged)
		mu.Unlock()
		restored := f.restore(target, made.ID)
		for w := range 4 {
			name := fmt.Sprint("w", w)
			first, second := round(restored, name+"-first", name), round(restored, name+"-second", name)
			if first < second || first > second+1 || second < before[name] || first > after[name]+2 {
				t.Errorf("snapshot %d, %s: first %d, second %d; acknowledged %d before and %d after", made.ID, name, first, second, before[name], after[name])
			}
		}
		restored.close()
	}
	stop()
	writers.Wait()
	verify(t, target)
}

// round returns the number of the round in which an object was written; 0 if it is not there.
func round(f *folder, key, name string) (n int) {
	text, ok := f.read(key)
	if !ok {
		return 0
	}
	if _, err := fmt.Sscanf(strings.TrimPrefix(text, name+"/"), "%d", &n); err != nil {
		f.t.Errorf("%s: %.20q: %v", key, text, err)
	}
	return n
}

// A backup that fails leaves the earlier snapshots as they were, and the next one goes on where it ended.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "a")
	target := t.TempDir()
	f.put("first", big("f", 5000))
	f.backup(order(target))
	for i := range 400 {
		f.put(fmt.Sprint("o-", i), big(fmt.Sprint(i), 1000))
	}
	broken := errors.New("the disk is gone")
	f.blobs.read.Store(0)
	f.blobs.before = func(blob.ID) error {
		if f.blobs.read.Load() > 300 {
			return broken
		}
		return nil
	}
	if _, err := f.backups.Run(t.Context(), order(target), nil); !errors.Is(err, broken) {
		t.Fatalf("backup: %v", err)
	}
	if infos, err := backup.List(target); err != nil || len(infos) != 1 {
		t.Errorf("%+v, %v, want one snapshot", infos, err)
	}
	if _, err := os.Stat(f.source.Scratch); err == nil {
		t.Error("the checkpoint is left")
	}
	verify(t, target)
	f.blobs.before = nil
	made := f.backup(order(target))
	if made.CopiedBlobs == 0 || made.CopiedBlobs > 250 {
		t.Errorf("the next backup copied %d blobs, although about 300 of 400 were copied before", made.CopiedBlobs)
	}
	wantContents(t, f.restore(target, 0).contents(), f.contents())
	if n := len(filesBelow(t, filepath.Join(target, "snapshots"))); n != 4 {
		t.Errorf("%d files in the folders of snapshots, want 4: what was interrupted is removed", n)
	}
	verify(t, target)
}

// What a target is at any moment of a backup has the earlier snapshot, and the next backup can be made there.
func TestStoppedAtAnyMoment(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "a")
	target := t.TempDir()
	f.put("first", big("f", 5000))
	f.backup(order(target))
	for i := range 5 {
		f.put(fmt.Sprint("o-", i), big(fmt.Sprint(i), 1000))
	}
	var mu sync.Mutex
	var moments []string
	f.blobs.before = func(blob.ID) error {
		mu.Lock()
		defer mu.Unlock()
		moments = append(moments, copyTree(t, target))
		return nil
	}
	f.backup(order(target))
	f.blobs.before = nil
	for _, moment := range moments {
		if infos, err := backup.List(moment); err != nil || len(infos) != 1 {
			t.Errorf("%+v, %v, want one snapshot", infos, err)
		}
		verify(t, moment)
		f.backup(order(moment))
		wantContents(t, f.restore(moment, 0).contents(), f.contents())
		verify(t, moment)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "a")
	fill(f)
	ctx, cancel := context.WithCancel(t.Context())
	f.blobs.before = func(blob.ID) error { cancel(); return nil }
	target := t.TempDir()
	if _, err := f.backups.Run(ctx, order(target), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	f.blobs.before = func(blob.ID) error { f.backups.Stop(); return nil }
	if _, err := f.backups.Run(t.Context(), order(target), nil); err == nil || !strings.Contains(err.Error(), "the server is ending") {
		t.Errorf("stopped: %v", err)
	}
	if infos, err := backup.List(target); err != nil || len(infos) != 0 {
		t.Errorf("%+v, %v, want no snapshot", infos, err)
	}
}

// One backup at a time is made of a folder, and into a target.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	f, other := newFolder(t, "a"), newFolder(t, "a")
	fill(f)
	target := t.TempDir()
	var once sync.Once
	f.blobs.before = func(blob.ID) error {
		once.Do(func() {
			if _, err := f.backups.Run(t.Context(), order(t.TempDir()), nil); !errors.Is(err, backup.ErrRunning) {
				t.Errorf("a second backup of the folder: %v", err)
			}
			if _, err := other.backups.Run(t.Context(), order(target), nil); err == nil || !strings.Contains(err.Error(), "in use") {
				t.Errorf("a second backup into the target: %v", err)
			}
			if _, err := backup.List(target); err == nil || !strings.Contains(err.Error(), "in use") {
				t.Errorf("list while a backup is made: %v", err)
			}
		})
		return nil
	}
	f.backup(order(target))
}
