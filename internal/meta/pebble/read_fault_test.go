package pebble

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"crossgrant/internal/meta"
)

// TestUpdateThatCannotReadIsUnavailable makes the tables unreadable for a while: a transaction that asks for a key in
// them says that the engine cannot read now, and reads when it can again.
func TestUpdateThatCannotReadIsUnavailable(t *testing.T) {
	t.Parallel()
	disk := vfs.NewMem()
	e := open(t, Options{FS: disk, memTableBytes: 64 << 10})
	if err := set(e, "key", strings.Repeat("v", 700)); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil { // the log becomes a table when it is opened
		t.Fatal(err)
	}
	toggle := &errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if strings.HasSuffix(op.Path, ".sst") && op.Kind == errorfs.OpFileReadAt {
			return errorfs.ErrInjected
		}
		return nil
	})}
	e = open(t, Options{FS: errorfs.Wrap(disk, toggle), memTableBytes: 64 << 10})
	defer e.Close()
	read := func() error {
		return e.Update(context.Background(), func(tx meta.Tx) error {
			_, err := tx.Get([]byte("key"))
			return err
		})
	}
	toggle.On()
	if err := read(); !errors.Is(err, meta.ErrUnavailable) || !errors.Is(err, errorfs.ErrInjected) {
		t.Errorf("Update = %v, want that it is unavailable, and why", err)
	}
	toggle.Off()
	if err := read(); err != nil {
		t.Errorf("when the disk works again Update = %v", err)
	}
}
