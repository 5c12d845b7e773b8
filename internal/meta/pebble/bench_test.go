package pebble

import (
	"context"
	"encoding/binary"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"crossgrant/internal/meta"
)

// countSyncs returns the operating system's files and a counter of the syncs of log files.
func countSyncs() (vfs.FS, *atomic.Int64) {
	var syncs atomic.Int64
	return errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if isSync(op) && strings.HasSuffix(op.Path, ".log") {
			syncs.Add(1)
		}
		return nil
	})), &syncs
}

func openOnDisk(b *testing.B) (*Engine, *atomic.Int64) {
	files, syncs := countSyncs()
	e, err := Open(b.TempDir(), Options{FS: files})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	})
	return e, syncs
}

// putNew adds key number n with a value of 4 KiB, after a look whether it is there, as a PUT of a
// small object does.
func putNew(e *Engine, n int64, value []byte) error {
	return e.Update(context.Background(), func(tx meta.Tx) error {
		key := binary.BigEndian.AppendUint64([]byte("object/"), uint64(n)*0x9E3779B97F4A7C15)
		if _, err := tx.GetMany([][]byte{key}); err != nil {
			return err
		}
		return tx.Put(key, value)
	})
}

// BenchmarkUpdateParallel reports how many commits share one sync of the log, by the number of
// goroutines that write.
func BenchmarkUpdateParallel(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run("writers="+strconv.Itoa(writers), func(b *testing.B) {
			e, syncs := openOnDisk(b)
			value := make([]byte, 4<<10)
			var next atomic.Int64
			b.SetParallelism(max(1, writers/runtime.GOMAXPROCS(0)))
			before := syncs.Load()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := putNew(e, next.Add(1), value); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/float64(max(1, syncs.Load()-before)), "commits/sync")
		})
	}
}

// BenchmarkView reads one small record, also with eight goroutines that keep
// committing, to show that a View does not wait for their syncs.
func BenchmarkView(b *testing.B) {
	for _, writers := range []int{0, 8} {
		b.Run("writers="+strconv.Itoa(writers), func(b *testing.B) {
			e, _ := openOnDisk(b)
			if err := set(e, "record", "value"); err != nil {
				b.Fatal(err)
			}
			var stop atomic.Bool
			var next atomic.Int64
			var wg sync.WaitGroup
			value := make([]byte, 4<<10)
			for range writers {
				wg.Go(func() {
					for !stop.Load() {
						if err := putNew(e, next.Add(1), value); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			key := []byte("record")
			for b.Loop() {
				err := e.View(context.Background(), func(r meta.Reader) error { _, err := r.Get(key); return err })
				if err != nil {
					b.Fatal(err)
				}
			}
			stop.Store(true)
			wg.Wait()
		})
	}
}
