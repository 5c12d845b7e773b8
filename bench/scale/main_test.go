package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommitted wants the files in the repository to be those that the program writes: make scale writes them anew.
func TestCommitted(t *testing.T) {
	files, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join("..", "..")
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
			continue
		}
		if string(got) != want {
			t.Errorf("%s is not what the program writes, from byte %d on: run make scale", name, differ(string(got), want))
		}
		if strings.HasSuffix(name, ".svg") && !strings.Contains(files["docs/SCALE.md"], strings.TrimPrefix(name, "docs/")) {
			t.Errorf("%s is not shown", name)
		}
	}
	there, err := filepath.Glob(filepath.Join(root, "docs", "scale", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range there {
		if _, ok := files["docs/scale/"+filepath.Base(path)]; !ok {
			t.Errorf("%s is written by nobody", path)
		}
	}
}

// differ returns the first place at which two texts differ.
func differ(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func TestNumbers(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{grouped(0), "0"}, {grouped(999), "999"}, {grouped(1000), "1,000"},
		{grouped(1234567), "1,234,567"}, {grouped(-1234), "-1,234"}, {grouped(-123), "-123"},
		{size(12), "12 B"}, {size(1.5e3), "1.5 kB"}, {size(1.07e18), "1.07 EB"},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}
