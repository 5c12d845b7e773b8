package s3blob_test

import (
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/dustin/go-humanize"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/s3blob"
)

// BenchmarkStore writes and reads blobs at the service that CROSSGRANT_TEST_BLOBS names, else in this program's own S3 in memory.
func BenchmarkStore(b *testing.B) {
	var s *s3blob.Store
	if url := os.Getenv(testBlobs); url != "" {
		var err error
		s, err = s3blob.Open(b.Context(), url, s3blob.Options{})
		must(b, err)
		b.Cleanup(func() { _ = s.Close() })
	} else {
		w := newWorld(b, nil)
		s = w.open(b, s3blob.Options{Credentials: w.credentials})
	}
	for _, size := range []int{4 << 10, 128 << 10, 16 << 20} {
		for _, clients := range []int{1, 8} {
			name := fmt.Sprintf("%s/%d", humanize.IBytes(uint64(size)), clients)
			data := content(size)
			b.Run("write/"+name, func(b *testing.B) {
				var ids []blob.ID
				made := make(chan blob.ID, b.N)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				share(b, clients, func() error {
					id, err := write(b.Context(), s, data)
					made <- id
					return err
				})
				b.StopTimer()
				close(made)
				for id := range made {
					ids = append(ids, id)
				}
				must(b, s.Delete(b.Context(), ids...))
			})
			b.Run("read/"+name, func(b *testing.B) {
				id, err := write(b.Context(), s, data)
				must(b, err)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				share(b, clients, func() error {
					r, err := s.Open(b.Context(), id, 0, int64(size))
					if err != nil {
						return err
					}
					defer r.Close()
					_, err = io.Copy(io.Discard, r)
					return err
				})
				must(b, s.Delete(b.Context(), id))
			})
		}
	}
}

// share has so many goroutines do the rounds of a benchmark.
func share(b *testing.B, clients int, round func() error) {
	b.ResetTimer()
	errs := make(chan error, clients)
	for n := range clients {
		go func() {
			for i := n; i < b.N; i += clients {
				if err := round(); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range clients {
		must(b, <-errs)
	}
}
