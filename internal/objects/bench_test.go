package objects

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"testing"

	"crossgrant/internal/blob/embedded"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
)

// BenchmarkObjects measures what the service adds to its stores: metadata in memory, blobs in files. The
// bytes of a large object are made durable.
func BenchmarkObjects(b *testing.B) {
	for _, size := range []int{4 << 10, 8 << 20} {
		content := make([]byte, size)
		rand.Read(content)
		b.Run(fmt.Sprintf("Put/%dKiB", size>>10), func(b *testing.B) {
			s, n := newBenchService(b)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Put(b.Context(), n, bytes.NewReader(content)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("Get/%dKiB", size>>10), func(b *testing.B) {
			s, n := newBenchService(b)
			if _, err := s.Put(b.Context(), n, bytes.NewReader(content)); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				benchRead(b, s, n, 0, int64(size))
			}
		})
	}
	b.Run("Get/4KiBOf8192KiB", func(b *testing.B) {
		s, n := newBenchService(b)
		if _, err := s.Put(b.Context(), n, bytes.NewReader(make([]byte, 8<<20))); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(4 << 10)
		b.ReportAllocs()
		for b.Loop() {
			benchRead(b, s, n, 5<<20+1000, 4<<10)
		}
	})
}

func newBenchService(b *testing.B) (*Service, NewObject) {
	b.Helper()
	box, err := seal.New()
	if err != nil {
		b.Fatal(err)
	}
	blobs, err := embedded.Open(b.TempDir(), embedded.Options{})
	if err != nil {
		b.Fatal(err)
	}
	store := meta.New(memory.New())
	b.Cleanup(func() { store.Close(); blobs.Close() })
	s := New(store, blobs, Options{Keys: &sse.Keyring{Master: box}})
	if err := s.Recover(b.Context()); err != nil {
		b.Fatal(err)
	}
	s.Start()
	b.Cleanup(s.Close)
	n := NewObject{BucketName: bucketName, Key: "k", Length: -1, Algorithm: "CRC64NVME", Object: &records.Object{Owner: "o"}}
	err = store.Update(b.Context(), func(tx meta.Tx) error {
		return records.Put(tx, keys.Bucket(bucketName), &records.Bucket{Name: bucketName, Id: n.Bucket[:]})
	})
	if err != nil {
		b.Fatal(err)
	}
	return s, n
}

func benchRead(b *testing.B, s *Service, n NewObject, offset, length int64) {
	o, err := s.Get(b.Context(), n.Bucket, n.Key, "")
	if err != nil {
		b.Fatal(err)
	}
	r, err := s.Open(b.Context(), Source{Bucket: n.Bucket, Key: n.Key, Object: o}, offset, length)
	if err != nil {
		b.Fatal(err)
	}
	if read, err := io.Copy(io.Discard, struct{ io.Reader }{r}); err != nil || read != length {
		b.Fatal(read, err)
	}
	if err := r.Close(); err != nil {
		b.Fatal(err)
	}
}
