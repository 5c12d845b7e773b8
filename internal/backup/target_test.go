package backup_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/backup"
	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// A byte that has changed, anywhere, is found, for the snapshots that need it, and is never restored.
func TestFlippedByte(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "a")
	f.put("large", big("l", 1000))
	f.put("small", "small")
	target := t.TempDir()
	o := order(target)
	o.WithMasterKey = true
	f.backup(o)
	f.put("another", big("a", 1000))
	f.backup(order(target))
	for _, name := range filesBelow(t, target) {
		path := filepath.Join(target, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{0, len(whole) / 2, len(whole) - 1} {
			if at < 0 || at >= len(whole) {
				continue // empty
			}
			damaged := slices.Clone(whole)
			damaged[at] ^= 0x20
			write(t, path, damaged)
			checkDamaged(t, target, name, at == 0)
		}
		if len(whole) > 0 {
			write(t, path, whole[:len(whole)-1])
			checkDamaged(t, target, name, false)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		checkDamaged(t, target, name, false)
		write(t, path, whole)
	}
	verify(t, target)
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// checkDamaged wants the file to be found damaged, and, if restore is set, a snapshot that cannot be restored.
func checkDamaged(t *testing.T, target, name string, restore bool) {
	t.Helper()
	manifest := strings.HasSuffix(name, "manifest.json")
	var problems []backup.Problem
	_, err := backup.Verify(t.Context(), target, func(p backup.Problem) { problems = append(problems, p) }, nil)
	if err == nil && len(problems) == 0 {
		// Without its manifest a snapshot is none.
		if _, missing := os.Stat(filepath.Join(target, name)); !manifest || missing == nil {
			t.Errorf("%s: nothing was found", name)
		}
		return
	}
	if err != nil {
		if name != "backup.json" {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	if problems[0].Path != name || len(problems) > 1 && !manifest {
		t.Errorf("%s: found %+v", name, problems)
	}
	if !restore || strings.HasSuffix(name, "master.json") {
		return
	}
	for _, id := range problems[0].Snapshots {
		if err := restoreTo(t.Context(), target, id, t.TempDir()); err == nil || !errors.Is(err, backup.ErrDamaged) && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: snapshot %d was restored: %v", name, id, err)
		}
	}
}

// An earlier snapshot that is damaged does not keep the next backup from being made, and nothing is removed then.
func TestDamagedBefore(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "a")
	f.put("large", big("l", 1000))
	target := t.TempDir()
	f.backup(order(target))
	write(t, filepath.Join(target, "snapshots", "1", "blobs.txt"), []byte("damaged\n"))
	made := f.backup(order(target))
	if made.CopiedBlobs != 1 {
		t.Errorf("%d blobs were copied, want the one that the list named", made.CopiedBlobs)
	}
	wantContents(t, f.restore(target, 2).contents(), f.contents())
	f.delete("large")
	f.backup(order(target))
	o := order(target)
	o.Keep = 4
	f.backup(o)
	o.Keep = 3
	write(t, filepath.Join(target, "snapshots", "4", "blobs.txt"), []byte("damaged\n"))
	if _, err := f.backups.Run(t.Context(), o, nil); err == nil || !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("snapshots were removed beside a damaged one: %v", err)
	}
	if n := len(filesBelow(t, filepath.Join(target, "blobs"))); n != 1 {
		t.Errorf("%d blobs are left, want 1", n)
	}
}

// A blob of which the target has lost the file is copied again, and must be what it was.
func TestLostBlob(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "a")
	f.put("large", big("l", 1000))
	target := t.TempDir()
	f.backup(order(target))
	lost := filesBelow(t, filepath.Join(target, "blobs"))[0]
	if err := os.Remove(filepath.Join(target, "blobs", lost)); err != nil {
		t.Fatal(err)
	}
	if made := f.backup(order(target)); made.CopiedBlobs != 1 {
		t.Errorf("%d blobs were copied, want 1", made.CopiedBlobs)
	}
	verify(t, target)
	if err := os.Remove(filepath.Join(target, "blobs", lost)); err != nil {
		t.Fatal(err)
	}
	id := filepath.Base(lost)
	path := pathOf(t, f, id)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[0]++
	write(t, path, text)
	for _, to := range []string{target, t.TempDir()} {
		if _, err := f.backups.Run(t.Context(), order(to), nil); !errors.Is(err, blob.ErrCorrupt) {
			t.Errorf("a blob that has changed was backed up: %v", err)
		}
	}
	write(t, path, text[:50])
	if _, err := f.backups.Run(t.Context(), order(t.TempDir()), nil); !errors.Is(err, blob.ErrCorrupt) {
		t.Errorf("a blob that is cut off was backed up: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := f.backups.Run(t.Context(), order(t.TempDir()), nil); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a missing blob was backed up: %v", err)
	}
}

// pathOf returns the file of a blob, once it has been moved to its place.
func pathOf(t *testing.T, f *folder, id string) string {
	t.Helper()
	for range 400 { // a blob that is moved while the folders are listed may be found in none of them, or in two
		var found []string
		for _, name := range filesBelow(t, filepath.Join(f.dir, "blobs")) {
			if filepath.Base(name) == id {
				found = append(found, filepath.Join(f.dir, "blobs", name))
			}
		}
		if len(found) == 1 && filepath.Base(filepath.Dir(found[0])) != "new" {
			return found[0]
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("blob %s has no file in its place", id)
	return ""
}

// What was found damaged does not keep the rest from being backed up, and what the target has of it stays there.
func TestFoundDamaged(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "a")
	f.put("saved", big("s", 1000))
	target := t.TempDir()
	f.backup(order(target))
	f.put("lost", big("l", 1000))
	f.put("good", big("g", 1000))
	for _, key := range []string{"saved", "lost"} {
		var o records.Object
		err := f.store.Update(t.Context(), func(tx meta.Tx) error {
			if err := records.Get(tx, keys.Object(f.bucket, key), &o); err != nil {
				return err
			}
			o.Segments[0].Damaged = 1
			return records.Put(tx, keys.Object(f.bucket, key), &o)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(pathOf(t, f, o.Segments[0].Blob)); err != nil {
			t.Fatal(err)
		}
	}
	o := order(target)
	o.Keep = 1
	if made := f.backup(o); made.Damaged != 1 || made.Blobs != 2 || made.CopiedBlobs != 1 {
		t.Errorf("%+v", made)
	}
	verify(t, target)
	if text, ok := f.restore(target, 2).read("good"); !ok || text != big("g", 1000) {
		t.Errorf("the good object has %d bytes", len(text))
	}
}

// A target belongs to one data folder.
func TestOtherFoldersTarget(t *testing.T) {
	t.Parallel()
	f, other := newFolder(t, "a"), newFolder(t, "b")
	f.put("mine", big("m", 1000))
	other.put("theirs", big("t", 1000))
	target := t.TempDir()
	f.backup(order(target))
	before := filesBelow(t, target)
	if _, err := other.backups.Run(t.Context(), order(target), nil); err == nil || !strings.Contains(err.Error(), "another data folder") {
		t.Errorf("backup into the target of another folder: %v", err)
	}
	if after := filesBelow(t, target); !slices.Equal(before, after) {
		t.Errorf("the target has %v, had %v", after, before)
	}
	o := order(target)
	o.Adopt = true
	other.backup(o)
	if _, err := f.backups.Run(t.Context(), order(target), nil); err == nil {
		t.Error("the target belongs to two folders")
	}
	wantContents(t, f.restore(target, 1).contents(), f.contents())
	verify(t, target)
}

// What is restored goes on in the same target and copies nothing that is there.
func TestRestoredGoesOn(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "a")
	fill(f)
	target := t.TempDir()
	f.backup(order(target))
	f.put("lost", big("x", 5000))
	f.backup(order(target))
	restored := f.restore(target, 2)
	o := order(target)
	o.Adopt = true
	if made := restored.backup(o); made.CopiedBlobs != 0 || made.ID != 3 {
		t.Errorf("%+v", made)
	}
	wantContents(t, restored.restore(target, 3).contents(), f.contents())
	verify(t, target)
}

func TestNotATarget(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "a")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "thesis.txt"), []byte("all of it"))
	if _, err := f.backups.Run(t.Context(), order(dir), nil); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a folder of somebody became a target: %v", err)
	}
	if _, err := f.backups.Run(t.Context(), order("relative"), nil); err == nil {
		t.Error("a relative path was taken")
	}
	for _, missing := range []string{dir, filepath.Join(dir, "none")} {
		if _, err := backup.List(missing); err == nil {
			t.Errorf("%s was listed", missing)
		}
	}
	target := t.TempDir()
	f.backup(order(target))
	for _, id := range []int{2, -1} {
		if _, err := backup.NewRestoration(target, id); err == nil {
			t.Errorf("there is a snapshot %d", id)
		}
	}
}

// A master key that was rotated after it was copied does not open everything.
func TestMasterKey(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "a")
	target := t.TempDir()
	o := order(target)
	o.WithMasterKey = true
	f.backup(o)
	f.backup(order(target))
	for id, want := range map[int]string{1: "master key", 2: ""} {
		r, err := backup.NewRestoration(target, id)
		if err != nil {
			t.Fatal(err)
		}
		if key, err := r.MasterKey(); err != nil || string(key) != want {
			t.Errorf("snapshot %d: %q, %v, want %q", id, key, err, want)
		}
		if !r.Opens(f.box.Open) || r.Opens(newFolder(t, "b").box.Open) {
			t.Errorf("snapshot %d does not tell its master key from others", id)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
