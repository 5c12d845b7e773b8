package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/admin"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// withObjects makes a data folder with an account, a bucket "b", and objects in it: large, which lies in a blob, and
// small.
func withObjects(t *testing.T) (data string) {
	t.Helper()
	data = filepath.Join(t.TempDir(), "data")
	if status, _, stderr := crossgrant(t, "account", "create", "logs", "--id", "111122223333", "--data", data); status != 0 {
		t.Fatal(stderr)
	}
	e, err := parseEngines("pebble:", "files:")
	if err != nil {
		t.Fatal(err)
	}
	e.log = slog.New(slog.DiscardHandler)
	folder, err := openFolder(data, e, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := folder.close(); err != nil {
			t.Error(err)
		}
	}()
	account := new(records.Account)
	if err := folder.store.View(t.Context(), func(r meta.Reader) error { return records.Get(r, keys.Account("111122223333"), account) }); err != nil {
		t.Fatal(err)
	}
	service := objects.New(folder.store, folder.blobs, objects.Options{Keys: &sse.Keyring{Master: folder.box}})
	canonical := account.CanonicalId
	if err := service.CreateBucket(t.Context(), objects.NewBucket{Name: "bucket", Account: "111122223333", Canonical: ids.CanonicalUserID(canonical), Region: "us-east-1"}); err != nil {
		t.Fatal(err)
	}
	b := new(records.Bucket)
	if err := folder.store.View(t.Context(), func(r meta.Reader) error { return records.Get(r, keys.Bucket("bucket"), b) }); err != nil {
		t.Fatal(err)
	}
	for key, size := range map[string]int{"large": 200_000, "small": 100, "packed": 100_000} {
		length := int64(-1)
		if key == "packed" { // what is to lie in a pack has to say how long it is
			length = int64(size)
		}
		n := objects.NewObject{Bucket: keys.BucketID(b.Id), BucketName: "bucket", Key: key, Length: length, Object: &records.Object{Owner: canonical, OwnerAccount: "111122223333"}}
		if _, err := service.Put(t.Context(), n, io.LimitReader(endless{}, int64(size))); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// blobPaths returns the paths of all blobs.
func blobPaths(t *testing.T, data string) (paths []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(data, blobsDir, "?", "?", "*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d blobs, %v", len(paths), err)
	}
	return paths
}

// flip changes a byte of a file.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[at] ^= 4
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFsck(t *testing.T) {
	t.Parallel()
	data := withObjects(t)
	expect := func(status int, want ...string) string {
		t.Helper()
		got, stdout, stderr := crossgrant(t, append([]string{"fsck", "--data", data}, want[1:]...)...)
		if got != status || !strings.Contains(stdout+stderr, want[0]) {
			t.Errorf("status %d, %s%s; want %d, %s", got, stdout, stderr, status, want[0])
		}
		return stdout
	}
	expect(0, "0 findings")
	path := blobPaths(t, data)[0]
	flip(t, path, 100_000)
	expect(exitFailure, `blob bucket bucket key "large" version null: package 1 of a run is not what was written`)
	out := expect(exitFailure, `"Bucket":"bucket","Key":"large"`, "--json")
	var line admin.FsckLine
	if err := json.Unmarshal([]byte(strings.Split(out, "\n")[0]), &line); err != nil || line.Finding.Key != "large" {
		t.Errorf("%s: %v", out, err)
	}
	expect(exitRepaired, "repaired: mark it as damaged", "--repair")
	expect(exitFailure, "it was marked as damaged on")
	flip(t, path, 100_000)
	expect(exitRepaired, "repaired: take the mark off", "--repair")
	orphan := filepath.Join(filepath.Dir(path), filepath.Base(path)[:2]+strings.Repeat("0", 30))
	if err := os.WriteFile(orphan, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(exitFailure, "orphan: nothing names it")
	expect(exitRepaired, "repaired: remove it", "--repair")
	if _, err := os.Stat(orphan); err == nil {
		t.Error("the orphan is still there")
	}
	expect(0, "0 findings")
	expect(exitUsage, "memory:", "--meta", "memory:")
}

// TestFsckOfPacks flips bytes in the extent of a blob that lies in a pack: of its header, its content and what is behind it.
func TestFsckOfPacks(t *testing.T) {
	t.Parallel()
	data := withObjects(t)
	paths, err := filepath.Glob(filepath.Join(data, blobsDir, "packs", "?", "*"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%d packs, %v", len(paths), err)
	}
	for _, at := range []int{0, 10, 20, 40, 63, 64, 70_000, 100_000} {
		flip(t, paths[0], at)
		for _, args := range [][]string{nil, {"--repair"}} {
			_, out, _ := crossgrant(t, append([]string{"fsck", "--data", data}, args...)...)
			if !strings.Contains(out, `blob bucket bucket key "packed" version null: `) || !strings.Contains(out, "1 findings") {
				t.Errorf("with another byte at %d: %s", at, out)
			}
		}
		flip(t, paths[0], at)
		if status, out, _ := crossgrant(t, "fsck", "--data", data, "--repair"); status != exitRepaired {
			t.Errorf("with the byte at %d as it was: %s", at, out)
		}
	}
	if status, out, _ := crossgrant(t, "fsck", "--data", data); status != 0 {
		t.Errorf("in the end: %s", out)
	}
}

// TestFsckMakesNothing holds that where something is not there fsck says so, and makes none of it.
func TestFsckMakesNothing(t *testing.T) {
	t.Parallel()
	sound := withObjects(t)
	for name, c := range map[string]struct {
		spoil func(data string) error
		args  []string
		want  string
	}{
		"no folder":      {spoil: os.RemoveAll, want: "there is no data folder"},
		"empty folder":   {spoil: func(data string) error { return errors.Join(os.RemoveAll(data), os.Mkdir(data, 0o700)) }, want: "is not a data folder"},
		"another folder": {spoil: func(data string) error { return os.Remove(filepath.Join(data, lockFile)) }, want: "is not a data folder"},
		"no metadata":    {spoil: func(data string) error { return os.RemoveAll(filepath.Join(data, metaDir)) }, want: "name its folder with --meta"},
		"other metadata": {args: []string{"--meta", "pebble:" + filepath.Join(t.TempDir(), "none")}, want: "name its folder with --meta"},
		"no blobs":       {spoil: func(data string) error { return os.RemoveAll(filepath.Join(data, blobsDir)) }, want: "name their folder with --blobs"},
		"other blobs":    {args: []string{"--blobs", "files:" + filepath.Join(t.TempDir(), "none")}, want: "name their folder with --blobs"},
		"no master key":  {spoil: func(data string) error { return os.Remove(filepath.Join(data, masterFile)) }, want: "without it nothing can be read"},
		"nothing but key": {spoil: func(data string) error {
			return errors.Join(os.RemoveAll(filepath.Join(data, metaDir)), os.RemoveAll(filepath.Join(data, blobsDir)))
		}, want: "name its folder with --meta"},
	} {
		data := filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(data, os.DirFS(sound)); err != nil {
			t.Fatal(err)
		}
		if c.spoil != nil {
			if err := c.spoil(data); err != nil {
				t.Fatal(err)
			}
		}
		before := filesIn(t, data)
		status, stdout, stderr := crossgrant(t, append([]string{"fsck", "--repair", "--data", data}, c.args...)...)
		if status != exitFailure || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: status %d, %s%s", name, status, stdout, stderr)
		}
		if after := filesIn(t, data); !slices.Equal(after, before) {
			t.Errorf("%s: there was %q, and is %q", name, before, after)
		}
		for _, arg := range c.args {
			if path := pathOf(arg); path != "" {
				if _, err := os.Stat(path); err == nil {
					t.Errorf("%s: %s was made", name, path)
				}
			}
		}
	}
}

// TestFsckWithoutServer holds that a folder that only commands were used with is verified as it is.
func TestFsckWithoutServer(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	if status, _, stderr := crossgrant(t, "account", "create", "a", "--data", data); status != 0 {
		t.Fatal(stderr)
	}
	for _, args := range [][]string{nil, {"--repair"}} {
		status, stdout, stderr := crossgrant(t, append([]string{"fsck", "--data", data}, args...)...)
		if status != 0 || !strings.Contains(stdout, "0 blobs of 0 bytes verified: 0 findings") {
			t.Errorf("status %d, %s%s", status, stdout, stderr)
		}
		if _, err := os.Stat(filepath.Join(data, blobsDir)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a folder of blobs was made: %v", err)
		}
	}
}

// TestHasBlobs holds that a blob is found however the metadata has to do with it.
func TestHasBlobs(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("0", 32)
	record := func(m proto.Message) []byte {
		value, err := records.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	segments := []*records.Segment{{Blob: id, Size: 1}}
	small, large := record(&records.Object{Size: 1, Inline: []byte("x")}), record(&records.Object{Size: 1, Segments: segments})
	for name, c := range map[string]struct {
		key, value []byte
		want       bool
		corrupt    bool
	}{
		"an account":       {key: keys.Account("111122223333"), value: []byte("x")},
		"a small object":   {key: keys.Object(keys.BucketID{}, "k"), value: small},
		"a large object":   {key: keys.Object(keys.BucketID{}, "k"), value: large, want: true},
		"a large version":  {key: keys.Version(keys.BucketID{}, "k", keys.VersionID{}), value: large, want: true},
		"a large part":     {key: keys.Part("u", 1), value: record(&records.Part{Size: 1, Segments: segments}), want: true},
		"a damaged record": {key: keys.Part("u", 1), value: []byte{9}, corrupt: true},
		"a blob":           {key: keys.Blob(id), want: true},
		"garbage":          {key: keys.Garbage(id), want: true},
		"a blob, begun":    {key: keys.Writing(id), want: true},
	} {
		store := meta.New(memory.New())
		err := store.Update(t.Context(), func(tx meta.Tx) error { return tx.Put(c.key, c.value) })
		if err != nil {
			t.Fatal(err)
		}
		err = store.View(t.Context(), func(r meta.Reader) error {
			got, err := hasBlobs(r)
			if err == nil && got != c.want {
				t.Errorf("%s: %t", name, got)
			}
			return err
		})
		if errors.Is(err, meta.ErrCorrupt) != c.corrupt || err != nil && !c.corrupt {
			t.Errorf("%s: %v", name, err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}

// filesIn returns the paths of all that is below a folder, if it is there.
func filesIn(t *testing.T, dir string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return paths
}

// TestEveryFileOfAFolder holds that damage in any file of a data folder is found by fsck.
func TestEveryFileOfAFolder(t *testing.T) {
	t.Parallel()
	data := withObjects(t)
	err := filepath.WalkDir(data, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil || len(content) == 0 {
			return err // its name says everything, or nothing
		}
		for _, at := range []int{0, len(content) / 3, len(content) / 2, len(content) - 1} {
			copied := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(copied, os.DirFS(data)); err != nil {
				return err
			}
			name, err := filepath.Rel(data, path)
			if err != nil {
				return err
			}
			flip(t, filepath.Join(copied, name), at)
			status, stdout, stderr := crossgrant(t, "fsck", "--data", copied, "--quiet")
			want := filepath.Base(name)
			if status != exitFailure && status != exitRepaired || !strings.Contains(stdout+stderr, want) {
				t.Errorf("byte %d of %s: status %d, %s%s", at, name, status, stdout, stderr)
			}
			if err := os.RemoveAll(copied); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestFsckOfARunningServer has the server verify its own folder.
func TestFsckOfARunningServer(t *testing.T) {
	t.Parallel()
	short, err := os.MkdirTemp("", "cg") // short enough for the admin socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(short) })
	data := filepath.Join(short, "d")
	if err := os.CopyFS(data, os.DirFS(withObjects(t))); err != nil {
		t.Fatal(err)
	}
	stop := startServer(t, data)
	defer stop()
	status, stdout, stderr := crossgrant(t, "fsck", "--data", data)
	if status != 0 || !strings.Contains(stdout, "2 blobs of 300000 bytes verified: 0 findings") {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
	flip(t, blobPaths(t, data)[0], 5)
	status, stdout, stderr = crossgrant(t, "fsck", "--data", data, "--repair")
	if status != exitRepaired || !strings.Contains(stdout, `key "large"`) {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
}

// startServer runs a server on a folder until the function that it returns is called.
func startServer(t *testing.T, data string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	status := make(chan int, 1)
	var log bytes.Buffer
	go func() {
		status <- run(ctx, []string{"serve", "--data", data, "--listen", "127.0.0.1:0"}, streams{w, &log})
		w.Close()
	}()
	line := make([]byte, 200)
	if n, err := r.Read(line); err != nil || !strings.Contains(string(line[:n]), "is ready") {
		t.Fatalf("%s, %v: %s", line[:n], err, log.String())
	}
	go io.Copy(io.Discard, r)
	return func() {
		cancel()
		if got := <-status; got != 0 {
			t.Errorf("the server ended with status %d: %s", got, log.String())
		}
	}
}
