package clients_test

import (
	"bytes"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// files are the files of a folder, or the objects of a bucket: content by path, with slashes.
type files map[string][]byte

const mebibyte = 1 << 20

// randomBytes returns size bytes that follow from seed.
func randomBytes(seed uint64, size int) []byte {
	content := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(content)
	return content
}

// sample returns files with the names and sizes that clients and servers have trouble with. The largest
// is uploaded in parts by all clients.
func sample() files {
	return files{
		"empty":                          nil,
		"plain.txt":                      []byte("plain\n"),
		"folder/inside.txt":              []byte("inside\n"),
		"folder/deeper/inside.txt":       []byte("deeper inside\n"),
		"folder.txt":                     []byte("sorts before the folder\n"),
		"with space.txt":                 []byte("with a space\n"),
		"plus+and&equals=percent%41.txt": []byte("what URLs escape\n"),
		"quotes'(and)!brackets[1].txt":   []byte("what signatures escape\n"),
		"grüße/日本語.txt":                  []byte("not ASCII\n"),
		"inline.bin":                     randomBytes(1, 64<<10),
		"blob.bin":                       randomBytes(2, 64<<10+1),
		"parts.bin":                      randomBytes(3, 20*mebibyte+13),
	}
}

// write writes the files below dir.
func (f files) write(t *testing.T, dir string) {
	t.Helper()
	for name, content := range f {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// readFiles returns the files below dir.
func readFiles(t *testing.T, dir string) files {
	t.Helper()
	found := files{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		found[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// expect checks that the files are those that are wanted.
func (f files) expect(t *testing.T, what string, want files) {
	t.Helper()
	if got, want := slices.Sorted(maps.Keys(f)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
		t.Errorf("%s: there are\n%q\nwant\n%q", what, got, want)
	}
	for name, content := range want {
		if got, there := f[name]; there && !bytes.Equal(got, content) {
			t.Errorf("%s: %s has %d bytes that are not the %d that were sent", what, name, len(got), len(content))
		}
	}
}

// under returns the files with a prefix before their names.
func (f files) under(prefix string) files {
	out := files{}
	for name, content := range f {
		out[prefix+name] = content
	}
	return out
}
