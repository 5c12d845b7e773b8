package objects

import (
	"testing"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// contents returns the keys of all contents that lie beside records.
func (f *fixture) contents() (found [][]byte) {
	f.t.Helper()
	from, to := keys.AllContents()
	err := f.store.View(ctx(f.t), func(r meta.Reader) (err error) {
		found, err = meta.Keys(r, from, to, meta.All)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return found
}

// TestContentStaysWhereItIs holds that what changes a record, or moves it among versions, does not touch the content
// beside it, and that Head does not read it.
func TestContentStaysWhereItIs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	err := f.UpdateBucket(ctx(t), bucketName, func(b *records.Bucket, _ *records.Account) error {
		b.Versioning = VersioningEnabled
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f.put("k", text(testInline))
	before := f.contents()
	if len(before) != 1 {
		t.Fatalf("%d contents lie beside records, want 1", len(before))
	}
	first := VersionID(f.get("k"))
	f.put("k", text(3))
	err = f.UpdateObject(ctx(t), f.record(), "k", first, Origin{}, func(o *records.Object) error {
		o.LegalHold = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if after := f.contents(); len(after) != 1 || string(after[0]) != string(before[0]) {
		t.Errorf("the content moved from %q to %q", before, after)
	}
	o, err := f.Head(ctx(t), f.bucket, "k", first)
	if err != nil || o.Inline != nil || !o.LegalHold {
		t.Errorf("Head read %d bytes of content, legal hold %t, %v", len(o.GetInline()), o.GetLegalHold(), err)
	}
	if o, err = f.Get(ctx(t), f.bucket, "k", first); err != nil {
		t.Fatal(err)
	}
	if got, err := f.read(o, 0, testInline); err != nil || got != text(testInline) {
		t.Errorf("read %q, %v", got, err)
	}
}
