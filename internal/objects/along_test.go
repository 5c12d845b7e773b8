package objects

import (
	"errors"
	"strings"
	"testing"

	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// TestNothingAlongWithLeftovers: what belongs to the change that a request makes is not written with the removal of what it
// leaves behind when it is refused, which is no change that it makes, and which may be later than its end.
func TestNothingAlongWithLeftovers(t *testing.T) {
	f := newFixture(t)
	f.blobs.fail(func(call string) error {
		if call == "Delete" {
			return errInjected
		}
		return nil
	})
	told := 0
	along := meta.Along(ctx(t), func(meta.Tx) error { told++; return nil })
	refused := errors.New("refused")
	n := f.object("k")
	n.Guard = func(*records.Object) error { return refused }
	if _, err := f.Put(along, n, strings.NewReader(big("x", 500))); !errors.Is(err, refused) {
		t.Fatalf("Put = %v", err)
	}
	if told != 0 {
		t.Errorf("a request that changed nothing is told of %d times", told)
	}
	n.Guard = nil
	if _, err := f.Put(along, n, strings.NewReader(big("x", 500))); err != nil || told == 0 {
		t.Errorf("Put = %v, told of %d times", err, told)
	}
	f.blobs.fail(nil)
	if err := f.Recover(ctx(t)); err != nil {
		t.Fatal(err)
	}
}
