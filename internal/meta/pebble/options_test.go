package pebble

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/meta"
)

// TestTablesKeepSpacesApart fills the engine with keys of two spaces, of which one comes in order, and looks
// whether any table holds keys of both.
func TestTablesKeepSpacesApart(t *testing.T) {
	t.Parallel()
	e := open(t, Options{FS: vfs.NewMem(), memTableBytes: 64 << 10})
	defer e.Close()
	value := []byte(strings.Repeat("v", 700))
	for i := range uint64(1000) {
		err := e.Update(context.Background(), func(tx meta.Tx) error {
			if err := tx.Put(fmt.Appendf(nil, "O%d", i*0x9E3779B97F4A7C15), nil); err != nil {
				return err
			}
			return tx.Put(binary.BigEndian.AppendUint64([]byte("c"), i), value)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	levels, err := e.current.Load().db.SSTables()
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	for _, level := range levels {
		for _, table := range level {
			tables++
			if first, last := table.Smallest.UserKey, table.Largest.UserKey; first[0] != last[0] {
				t.Errorf("a table holds keys from %q to %q", first, last)
			}
		}
	}
	if tables < 2 {
		t.Errorf("%d tables were written, want several", tables)
	}
}
