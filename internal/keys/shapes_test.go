package keys

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestShapesAreTheList holds that the shapes are those that the package comment lists.
func TestShapesAreTheList(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("keys.go")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, line := range regexp.MustCompile(`(?m)^//\t('.*?)(  +| +[A-Z]|  *kind letter).*$`).FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, strings.TrimSpace(line[1]))
	}
	have := slices.Clone(Shapes)
	slices.Sort(have)
	slices.Sort(listed)
	for _, s := range listed {
		if !slices.Contains(have, s) {
			t.Errorf("the list has %q and Shapes has not", s)
		}
	}
	for _, s := range have {
		if !slices.Contains(listed, s) {
			t.Errorf("Shapes has %q and the list has not", s)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	bucket := BucketID{0, 1, 2, 3, 4, 5, 6, 0xff}
	for _, c := range []struct {
		key  []byte
		want string
	}{
		{Member("380701114427", "De\x00vs", "Ann"), "'I' account 'm' group\\0 user|380701114427|de\x00vs|ann"},
		{Version(bucket, "a\x00b", VersionID{19: 7}), "'V' bucket-id key\\0 version|" + string(bucket[:]) + "|a\x00b|" + strings.Repeat("\x00", 19) + "\x07"},
		{Part("id", 258), "'P' upload-id\\0 number|id|\x01\x02"},
		{RootFeatures("o-abc"), "'R' org\\0 'f'|o-abc"},
		{EntityCount("380701114427", UserKind), "'I' account 'c' kind|380701114427|u"},
		{append(EntityCount("380701114427", UserKind), 'x'), ""},
		{[]byte("I380701114427u"), ""},
		{[]byte("I3807"), ""},
		{[]byte("@x"), ""},
		{nil, ""},
		{[]byte("Ro-abc"), ""},
	} {
		form, parts, err := Split(c.key)
		got := strings.Join(append([]string{form}, parts...), "|")
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%q: got %q (%v), want %q", c.key, got, err, c.want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(Part("id", 258))
	f.Add(Version(BucketID{}, "a", VersionID{}))
	f.Fuzz(func(t *testing.T, key []byte) {
		if _, parts, err := Split(key); err == nil && len(strings.Join(parts, "")) > len(key) {
			t.Errorf("%q has more in its parts %q than it has", key, parts)
		}
	})
}
