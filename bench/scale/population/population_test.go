package population

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"crossgrant/internal/keys"
)

var start = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func TestKeysAreOfTheLayout(t *testing.T) {
	forms := map[string]bool{"'O' bucket-id key": true, "'c' sequence random": true, "'j' 'k' request": true}
	for _, p := range All() {
		r := rand.New(rand.NewPCG(1, 2))
		for i := range 1000 {
			key := p.Write(r, start.Add(time.Duration(i)*time.Second))
			if form, _, err := keys.Split(key); err != nil || !forms[form] {
				t.Fatalf("%s: key %q has form %q, %v", p.Name, key, form, err)
			}
		}
	}
}

func TestKeysDependOnTheSeedOnly(t *testing.T) {
	first, second := All(), All()
	for i := range first {
		a, b := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(1, 2))
		for n := range 100 {
			at := start.Add(time.Duration(n) * time.Second)
			if one, other := first[i].Write(a, at), second[i].Write(b, at); !bytes.Equal(one, other) {
				t.Fatalf("%s: %q and %q", first[i].Name, one, other)
			}
		}
	}
}

// TestWhatIsOrderedByTime says of which populations a later key sorts after all earlier ones.
func TestWhatIsOrderedByTime(t *testing.T) {
	ordered := map[string]bool{
		"ordered by time (UUIDv7)": true, "a counter": true, "content by time (space c)": true, "kept records by request ID (j k)": true,
	}
	for _, p := range All() {
		r := rand.New(rand.NewPCG(1, 2))
		var last []byte
		grows := true
		for i := range 1000 {
			key := p.Write(r, start.Add(time.Duration(i)*time.Second))
			grows = grows && bytes.Compare(last, key) < 0
			last = key
		}
		if grows != ordered[p.Name] {
			t.Errorf("%s: in the order of time: %v, want %v", p.Name, grows, ordered[p.Name])
		}
	}
}
