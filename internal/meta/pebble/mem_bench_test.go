package pebble

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/meta"
)

// BenchmarkUpdate measures what a transaction costs that does what the PUT of a small object does, in memory.
func BenchmarkUpdate(b *testing.B) {
	e, err := Open("dir", Options{FS: vfs.NewMem()})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	if err := set(e, "Bbucket", "record"); err != nil {
		b.Fatal(err)
	}
	record, content := make([]byte, 300), make([]byte, 4<<10)
	b.ReportAllocs()
	for n := uint64(0); b.Loop(); n++ {
		err := e.Update(context.Background(), func(tx meta.Tx) error {
			key := binary.BigEndian.AppendUint64([]byte("Obucket!object/"), n*0x9E3779B97F4A7C15)
			if _, err := tx.GetMany([][]byte{[]byte("Bbucket"), key}); err != nil {
				return err
			}
			if err := tx.Put(binary.BigEndian.AppendUint64([]byte("c"), n), content); err != nil {
				return err
			}
			return tx.Put(key, record)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
