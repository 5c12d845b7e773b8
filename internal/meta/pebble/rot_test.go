package pebble

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	pebbledb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"crossgrant/internal/meta"
)

// rotten is a folder whose files can be damaged.
type rotten struct {
	*testing.T
	fs   *vfs.MemFS
	dir  string
	want map[string]string
}

// newRotten makes a folder with tables, logs and a manifest of several edits, and closes it; or ends as a crash does,
// if crash is set.
func newRotten(t *testing.T, crash bool) *rotten {
	t.Helper()
	r := &rotten{T: t, fs: vfs.NewCrashableMem(), dir: "db", want: map[string]string{}}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 3 {
		e, err := Open(r.dir, Options{FS: r.fs})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			key, value := fmt.Sprintf("k%03d", random.IntN(100)), fmt.Sprintf("%d %d %x", round, i, random.Uint64())
			if i%10 == 0 {
				value += strings.Repeat("x", 700)
			}
			err := e.Update(t.Context(), func(tx meta.Tx) error { return tx.Put([]byte(key), []byte(value)) })
			if err != nil {
				t.Fatal(err)
			}
			r.want[key] = value
		}
		if crash && round == 2 {
			r.fs = r.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 0})
			e.Close() // of the files as they go on without us
			return r
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// files returns the files by name.
func (r *rotten) files() map[string][]byte {
	names, err := r.fs.List(r.dir)
	if err != nil {
		r.Fatal(err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		f, err := r.fs.Open(r.fs.PathJoin(r.dir, name))
		if err != nil {
			r.Fatal(err)
		}
		if all[name], err = io.ReadAll(f); err != nil {
			r.Fatal(err)
		}
		f.Close()
	}
	return all
}

// set sets one byte of a file.
func (r *rotten) set(name string, at int, b byte) {
	f, err := r.fs.OpenReadWrite(r.fs.PathJoin(r.dir, name), vfs.WriteCategoryUnspecified)
	if err == nil {
		_, err = f.WriteAt([]byte{b}, int64(at))
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		r.Fatal(err)
	}
}

// verify returns the files that are found damaged.
func (r *rotten) verify() (damaged []meta.Damage) {
	err := VerifyFolder(r.Context(), r.dir, Options{FS: r.fs}, func(int) error { return nil }, func(d meta.Damage) { damaged = append(damaged, d) })
	if err != nil {
		r.Fatal(err)
	}
	return damaged
}

// reads opens a copy of the folder, and wants what was written, or errors. It reports whether it could be opened.
func (r *rotten) reads(what string) (opened bool) {
	e, err := Open("copy", Options{FS: r.copy()})
	if err != nil {
		if !errors.Is(err, meta.ErrCorrupt) {
			r.Logf("%s: open: %v", what, err)
		}
		return false
	}
	defer e.Close()
	err = e.View(r.Context(), func(reader meta.Reader) error {
		for key, want := range r.want {
			got, err := reader.Get([]byte(key))
			if err == nil && string(got) != want {
				r.Errorf("%s: %s is %.40q, want %.40q", what, key, got, want)
			} else if err != nil && !errors.Is(err, meta.ErrCorrupt) {
				r.Errorf("%s: read %s: %v", what, key, err)
			}
		}
		return nil
	})
	if err != nil {
		r.Errorf("%s: %v", what, err)
	}
	return true
}

func (r *rotten) copy() *vfs.MemFS {
	to := vfs.NewMem()
	if err := to.MkdirAll("copy", 0o700); err != nil {
		r.Fatal(err)
	}
	for name, content := range r.files() {
		f, err := to.Create("copy/"+name, vfs.WriteCategoryUnspecified)
		if err == nil {
			_, err = f.Write(content)
		}
		if err != nil {
			r.Fatal(err)
		}
		f.Close()
	}
	return to
}

// TestEveryByteOfAClosedFolder holds that every byte that is changed is found, in the right file, and that nothing
// is read that was not written.
func TestEveryByteOfAClosedFolder(t *testing.T) {
	t.Parallel()
	r := newRotten(t, false)
	if d := r.verify(); len(d) > 0 {
		t.Fatalf("a sound folder: %v", d)
	}
	random := rand.New(rand.NewPCG(3, 4))
	bytesOf, opened, refused := map[string]int{}, 0, 0
	for name, content := range r.files() {
		for at, was := range content {
			r.set(name, at, was^byte(1<<random.IntN(8)))
			bytesOf[name]++
			if d := r.verify(); len(d) == 0 || d[0].File != name {
				t.Errorf("byte %d of %s (%d bytes): found %v", at, name, len(content), d)
			}
			if at%101 == 0 {
				if r.reads(fmt.Sprintf("byte %d of %s", at, name)) {
					opened++
				} else {
					refused++
				}
			}
			r.set(name, at, was)
		}
	}
	t.Logf("changed %v", bytesOf)
	if opened == 0 || refused == 0 {
		t.Errorf("%d damaged folders were opened, %d refused", opened, refused)
	}
	wantKinds(t, bytesOf, ".log", ".sst", "MANIFEST-", "OPTIONS-", sumsFile)
	if !r.reads("a sound folder") {
		t.Error("a sound folder was not opened")
	}
}

// TestMissingFileOfAClosedFolder holds that a log or a manifest that is missing is found, options are done without, and
// nothing is said where another program made a log. The folder opens without what is not needed, and nothing else.
func TestMissingFileOfAClosedFolder(t *testing.T) {
	t.Parallel()
	closed := newRotten(t, false)
	described, err := pebbledb.Peek(closed.dir, closed.fs)
	if err != nil {
		t.Fatal(err)
	}
	manifest := closed.fs.PathBase(described.ManifestFilename)
	removed := map[string]int{}
	for name := range closed.files() {
		if !summed.MatchString(name) {
			continue
		}
		r := &rotten{T: t, fs: closed.copy(), dir: "copy", want: closed.want}
		if err := r.fs.Remove(r.fs.PathJoin(r.dir, name)); err != nil {
			t.Fatal(err)
		}
		kind := strings.TrimRight(strings.TrimLeft(name, "0123456789"), "0123456789")
		removed[kind]++
		found := r.verify()
		e, err := Open(r.dir, Options{FS: r.fs})
		if err == nil {
			_ = e.Close()
		}
		switch {
		case kind == "OPTIONS-":
			if len(found) > 0 || err != nil {
				t.Errorf("without %s: found %v, Open = %v", name, found, err)
			}
		case len(found) != 1 || found[0].File != name:
			t.Errorf("without %s: found %v", name, found)
		case kind == "MANIFEST-" && name != manifest:
			if err != nil {
				t.Errorf("without the manifest before: Open = %v", err)
			}
		case !errors.Is(err, meta.ErrCorrupt):
			t.Errorf("without %s: Open = %v", name, err)
		}
	}
	if removed[".log"] == 0 || removed["MANIFEST-"] == 0 || removed["OPTIONS-"] == 0 {
		t.Errorf("removed %v", removed)
	}
	kept := sums{"000004.log": {1, 2}, "MANIFEST-000001": {3, 4}, "OPTIONS-000003": {5, 6}}
	if wrong := kept.compare(sums{"000005.log": {1, 2}, "MANIFEST-000001": {3, 4}}); wrong != nil {
		t.Errorf("with another log: %v", wrong)
	}
}

// TestHarmlessRot holds that damage of what nothing is read from any more, the logs and manifests that are kept to be
// used again, is told and does not keep the folder from being opened.
func TestHarmlessRot(t *testing.T) {
	t.Parallel()
	closed := newRotten(t, false)
	e, err := Open(closed.dir, Options{FS: closed.fs, memTableBytes: 32 << 10})
	if err != nil {
		t.Fatal(err)
	}
	writeMany(t, e) // more than a memory table, so that logs are done with
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	manifest, first := closed.needed()
	changed := map[string]int{}
	for name, content := range closed.files() {
		number, isLog := logNumber(name)
		isManifest := strings.HasPrefix(name, "MANIFEST-")
		if !isLog && !isManifest || len(content) == 0 {
			continue
		}
		harmless := isLog && number < first || isManifest && name != manifest
		changed[fmt.Sprintf("log=%t harmless=%t", isLog, harmless)]++
		r := &rotten{T: t, fs: closed.copy(), dir: "copy", want: closed.want}
		r.set(name, len(content)/2, content[len(content)/2]^0x10)
		var found []meta.Damage
		if err := VerifyLogs(r.dir, Options{FS: r.fs}, func(d meta.Damage, renewed bool) {
			if found = append(found, d); d.File != name || renewed != harmless {
				t.Errorf("%s: found %v, harmless: %t, want %t", name, d, renewed, harmless)
			}
		}); err != nil || len(found) != 1 || len(r.verify()) != 1 {
			t.Errorf("%s: found %v, %v, and %v", name, found, err, r.verify())
		}
		e, err := Open(r.dir, Options{FS: r.fs})
		if harmless != (err == nil) || !harmless && !errors.Is(err, meta.ErrCorrupt) {
			t.Errorf("%s, harmless: %t: Open = %v", name, harmless, err)
		}
		if err != nil {
			continue
		}
		for key, want := range r.want {
			if got := get(t, e, key); got != want {
				t.Errorf("%s: %s is %.40q, want %.40q", name, key, got, want)
			}
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if d := r.verify(); len(d) > 0 {
			t.Errorf("%s: after it was opened and closed: %v", name, d)
		}
	}
	if len(changed) != 4 {
		t.Errorf("changed %v", changed)
	}
}

// TestMissingManifest holds that the loss of the manifest is found without sums too.
func TestMissingManifest(t *testing.T) {
	t.Parallel()
	r := newRotten(t, true)
	described, err := pebbledb.Peek(r.dir, r.fs)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.fs.Remove(described.ManifestFilename); err != nil {
		t.Fatal(err)
	}
	name := r.fs.PathBase(described.ManifestFilename)
	if found := r.verify(); len(found) == 0 || found[0].File != name {
		t.Errorf("found %v", found)
	}
	if e, err := Open(r.dir, Options{FS: r.fs}); !errors.Is(err, meta.ErrCorrupt) {
		t.Errorf("Open without a manifest = %v, want ErrCorrupt", err)
		if err == nil {
			_ = e.Close()
		}
	}
}

// TestForeignFiles holds that no folder is called sound that has what the engine does not write, such as the files in which
// Pebble can keep values apart.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"000999.blob", "else"} {
		r := newRotten(t, false)
		if err := writeSynced(r.fs, r.fs.PathJoin(r.dir, name), nil); err != nil {
			t.Fatal(err)
		}
		if found := r.verify(); len(found) != 1 || found[0].File != name {
			t.Errorf("with %s: found %v", name, found)
		}
	}
}

// TestVerifyWithoutALook holds that a folder in which what is listed cannot be found is not called sound.
func TestVerifyWithoutALook(t *testing.T) {
	t.Parallel()
	r := newRotten(t, false)
	gone := errorfs.Wrap(r.fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpOpen && isLog(op) {
			return fs.ErrNotExist
		}
		return nil
	}))
	err := VerifyFolder(t.Context(), r.dir, Options{FS: gone}, func(int) error { return nil }, func(d meta.Damage) { t.Errorf("found %v", d) })
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("VerifyFolder = %v, want that a file does not exist", err)
	}
}

// needed returns the name of the manifest of the folder, and the number of the first log that it needs.
func (r *rotten) needed() (manifest string, firstLog uint64) {
	described, err := pebbledb.Peek(r.dir, r.fs)
	if err != nil {
		r.Fatal(err)
	}
	manifest = r.fs.PathBase(described.ManifestFilename)
	firstLog, err = checkManifest(r.fs, r.dir, manifest, func(int) error { return nil }, func(string, string, bool) {})
	if err != nil {
		r.Fatal(err)
	}
	return manifest, firstLog
}

// TestEveryByteAfterACrash holds the same of a folder that was not closed, but for the last chunk of the log, which
// nobody can tell from one that power loss cut off, and what lies behind it: reads never give what was not written
// before, but may lack the last change.
func TestEveryByteAfterACrash(t *testing.T) {
	t.Parallel()
	r := newRotten(t, true)
	if d := r.verify(); len(d) > 0 {
		t.Fatalf("a sound folder: %v", d)
	}
	current, first := r.needed()
	missed, bytesOf := map[string][2]int{}, map[string]int{}
	for name, content := range r.files() {
		bytesOf[name] = len(content)
		for at, was := range content {
			r.set(name, at, was^0x10)
			if d := r.verify(); len(d) == 0 {
				m, ok := missed[name]
				if !ok {
					m[0] = at
				}
				m[1] = at
				missed[name] = m
			}
			r.set(name, at, was)
		}
	}
	wantKinds(t, bytesOf, ".log", ".sst", "MANIFEST-", "OPTIONS-", current)
	for name, m := range missed {
		content := r.files()[name]
		switch {
		case strings.HasPrefix(name, "OPTIONS-"):
			// Nothing is read from it but the names of comparer and merger.
		case strings.HasPrefix(name, "MANIFEST-") && name != current:
			// Nothing reads it any more: it is removed when the next one is full.
		case strings.HasSuffix(name, ".log") && name < logName(first):
			// Nothing reads it any more, and it was about to be removed.
		case strings.HasSuffix(name, ".log"):
			if last := lastPromised(content); m[0] < last || last == 0 {
				t.Errorf("%s: changes of bytes %d to %d were not found, the last promise is of %d", name, m[0], m[1], last)
			}
		default:
			t.Errorf("%s of %d bytes: changes of bytes %d to %d were not found", name, len(content), m[0], m[1])
		}
	}
}

// wantKinds wants files with names like these to have bytes.
func wantKinds(t *testing.T, bytesOf map[string]int, kinds ...string) {
	t.Helper()
	for _, kind := range kinds {
		n := 0
		for name, size := range bytesOf {
			if strings.Contains(name, kind) {
				n += size
			}
		}
		if n == 0 {
			t.Errorf("no byte of a file like %s was changed: %v", kind, bytesOf)
		}
	}
}

// lastPromised returns the last place of a log up to which a chunk says that it was synced.
func lastPromised(content []byte) (last int) {
	for i := range content {
		for log := uint32(1); log < 30; log++ {
			if c, ok := chunkAt(content[i:min(len(content), i+logBlock)], log); ok {
				last = max(last, int(c.synced))
			}
		}
	}
	return last
}

// TestDamagedBlocksTellTheirKeys holds that of a damaged block the keys around it are told, and that all others can be
// read.
func TestDamagedBlocksTellTheirKeys(t *testing.T) {
	t.Parallel()
	files := vfs.NewMem()
	e, err := Open("db", Options{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		key, value := fmt.Appendf(nil, "key%05d", i), bytes.Repeat([]byte{byte(i)}, 100)
		if err := e.Update(t.Context(), func(tx meta.Tx) error { return tx.Put(key, value) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.current.Load().db.Flush(); err != nil {
		t.Fatal(err)
	}
	r, changed := &rotten{T: t, fs: files, dir: "db"}, 0
	for name, content := range r.files() {
		if strings.HasSuffix(name, ".sst") && len(content) > 4000 {
			r.set(name, len(content)/3, content[len(content)/3]^1)
			changed++
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if e, err = Open("db", Options{FS: files}); err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var damaged []meta.Damage
	if err := e.Verify(t.Context(), func(int) error { return nil }, func(d meta.Damage) { damaged = append(damaged, d) }); err != nil {
		t.Fatal(err)
	}
	if len(damaged) != 1 || changed != 1 || damaged[0].From == nil || damaged[0].To == nil {
		t.Fatalf("found %q", damaged)
	}
	d, lost := damaged[0], 0
	err = e.View(t.Context(), func(reader meta.Reader) error {
		for i := range 2000 {
			key := fmt.Appendf(nil, "key%05d", i)
			in := bytes.Compare(d.From, key) <= 0 && bytes.Compare(key, d.To) < 0
			_, err := reader.Get(key)
			if in {
				lost++
			}
			if in != errors.Is(err, meta.ErrCorrupt) || !in && err != nil {
				t.Errorf("%s, within %q to %q: %t: %v", key, d.From, d.To, in, err)
			}
		}
		return nil
	})
	if err != nil || lost == 0 || lost > 400 {
		t.Errorf("%d keys are lost (%v)", lost, err)
	}
}
