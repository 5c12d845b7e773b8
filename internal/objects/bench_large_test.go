package objects

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"sync"
	"syscall"
	"testing"
	"time"

	"crossgrant/internal/blob/embedded"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/pebble"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
)

// BenchmarkLarge measures PUT and GET of large objects as the server does them, without the protocol: metadata
// in Pebble and blobs in files, both durable, by one client and by 32. cpu-ms/op is the time of the processor that
// the whole process took, in and out of the kernel.
func BenchmarkLarge(b *testing.B) {
	for _, size := range []int{128 << 10, 16 << 20} {
		for _, clients := range []int{1, 32} {
			b.Run(fmt.Sprintf("Put/%dKiB/%d", size>>10, clients), func(b *testing.B) { benchLargePut(b, size, clients) })
			b.Run(fmt.Sprintf("Get/%dKiB/%d", size>>10, clients), func(b *testing.B) { benchLargeGet(b, size, clients) })
		}
	}
}

func benchLargePut(b *testing.B, size, clients int) {
	s, n := newLargeService(b)
	content := make([]byte, size)
	rand.Read(content)
	concurrently(b, size, clients, func(client, i int) error {
		n := n
		n.Key, n.Length = fmt.Sprintf("%d/%d", client, i%16), int64(size)
		_, err := s.Put(context.Background(), n, bytes.NewReader(content))
		return err
	})
}

func benchLargeGet(b *testing.B, size, clients int) {
	s, n := newLargeService(b)
	content := make([]byte, size)
	rand.Read(content)
	const keep = 8
	for i := range keep {
		n.Key = fmt.Sprint(i)
		if _, err := s.Put(b.Context(), n, bytes.NewReader(content)); err != nil {
			b.Fatal(err)
		}
	}
	concurrently(b, size, clients, func(client, i int) error {
		key := fmt.Sprint((client + i) % keep)
		o, err := s.Get(context.Background(), n.Bucket, key, "")
		if err != nil {
			return err
		}
		r, err := s.Open(context.Background(), Source{Bucket: n.Bucket, Key: key, Object: o}, 0, int64(size))
		if err != nil {
			return err
		}
		if got, err := io.Copy(struct{ io.Writer }{io.Discard}, r); err != nil || got != int64(size) {
			return fmt.Errorf("read %d bytes: %w", got, err)
		}
		return r.Close()
	})
}

// concurrently runs do b.N times in all, by several clients, and reports what it cost.
func concurrently(b *testing.B, size, clients int, do func(client, i int) error) {
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var wg sync.WaitGroup
	before := processorTime(b)
	b.ResetTimer()
	for client := range clients {
		wg.Go(func() {
			for i := client; i < b.N; i += clients {
				if err := do(client, i/clients); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// processorTime is the time that the process has run for.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func newLargeService(b *testing.B) (*Service, NewObject) {
	b.Helper()
	box, err := seal.New()
	if err != nil {
		b.Fatal(err)
	}
	blobs, err := embedded.Open(b.TempDir(), embedded.Options{})
	if err != nil {
		b.Fatal(err)
	}
	engine, err := pebble.Open(b.TempDir(), pebble.Options{})
	if err != nil {
		b.Fatal(err)
	}
	store := meta.New(engine)
	b.Cleanup(func() { store.Close(); blobs.Close() })
	s := New(store, blobs, Options{Keys: &sse.Keyring{Master: box}})
	if err := s.Recover(b.Context()); err != nil {
		b.Fatal(err)
	}
	s.Start()
	b.Cleanup(s.Close)
	n := NewObject{BucketName: bucketName, Key: "k", Length: -1, Object: &records.Object{Owner: "o"}}
	err = store.Update(b.Context(), func(tx meta.Tx) error {
		return records.Put(tx, keys.Bucket(bucketName), &records.Bucket{Name: bucketName, Id: n.Bucket[:]})
	})
	if err != nil {
		b.Fatal(err)
	}
	return s, n
}
