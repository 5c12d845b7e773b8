package pebble

import (
	"context"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/meta"
)

// TestVerifyLeavesOutWhatIsBeingWritten holds that a table that the database does not have yet is not called damaged while
// the engine is open, and is in a folder that nobody has open.
func TestVerifyLeavesOutWhatIsBeingWritten(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	files := vfs.NewMem()
	e := open(t, Options{FS: files})
	if err := e.Update(ctx, func(tx meta.Tx) error { return tx.Put([]byte("k"), []byte("v")) }); err != nil {
		t.Fatal(err)
	}
	if err := e.current.Load().db.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := writeSynced(files, "db/999999.sst", []byte("begun")); err != nil {
		t.Fatal(err)
	}
	read := func(int) error { return nil }
	var found []meta.Damage
	tell := func(d meta.Damage) { found = append(found, d) }
	if err := e.Verify(ctx, read, tell); err != nil || len(found) > 0 {
		t.Errorf("while it is open: found %v, %v", found, err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := VerifyFolder(ctx, "db", Options{FS: files}, read, tell); err != nil || len(found) != 1 || found[0].File != "999999.sst" {
		t.Errorf("when it is closed: found %v, %v", found, err)
	}
}
