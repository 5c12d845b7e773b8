package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"crossgrant/internal/accounts"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
)

// smallStore is the service of objects over embedded storage on this machine's disk, wired as in the server, with
// one bucket.
type smallStore struct {
	*wired
	bucket  *records.Bucket
	content []byte
}

func newSmallStore(b *testing.B) *smallStore {
	b.Helper()
	folder := openEmbedded(b, b.TempDir())
	b.Cleanup(func() { folder.close() })
	s := serveSmall(b, folder)
	b.Cleanup(s.objects.Close)
	return s
}

// openEmbedded opens a folder with the engines of the program.
func openEmbedded(b testing.TB, dir string) *dataFolder {
	b.Helper()
	e, err := parseEngines("pebble:", "files:")
	check(b, err)
	folder, err := openFolder(dir, e, true)
	check(b, err)
	return folder
}

// serveSmall makes the services over an open folder that is new.
func serveSmall(b testing.TB, folder *dataFolder) *smallStore {
	b.Helper()
	command := &serveCommand{Region: "us-east-1"}
	w, err := command.wire(b.Context(), new(config), folder, slog.New(slog.DiscardHandler))
	check(b, err)
	s := &smallStore{wired: w, content: make([]byte, 4<<10)}
	s.objects.Start()
	rand.Read(s.content)
	s.bucket = s.makeBucket(b, folder.store)
	return s
}

// makeBucket makes an account and a bucket of it.
func (s *smallStore) makeBucket(b testing.TB, store *meta.Store) *records.Bucket {
	b.Helper()
	account, _, err := s.accounts.Create(b.Context(), accounts.NewAccount{Name: "bench"})
	check(b, err)
	check(b, s.objects.CreateBucket(b.Context(), objects.NewBucket{
		Name: "bench", Account: account.ID, Canonical: account.CanonicalID, Region: "us-east-1", Ownership: "BucketOwnerEnforced",
	}))
	made := new(records.Bucket)
	check(b, store.View(b.Context(), func(r meta.Reader) error { return records.Get(r, keys.Bucket("bench"), made) }))
	return made
}

func (s *smallStore) id() keys.BucketID { return keys.BucketID(s.bucket.Id) }

// smallKey spreads keys over the bucket, so that they do not come in order.
func smallKey(i int64) string { return fmt.Sprintf("object/%016x", uint64(i)*0x9E3779B97F4A7C15) }

func (s *smallStore) put(i int64) error {
	_, err := s.objects.Put(context.Background(), objects.NewObject{
		Bucket: s.id(), BucketName: s.bucket.Name, Key: smallKey(i), Length: int64(len(s.content)), Algorithm: "CRC64NVME",
		Object: &records.Object{
			Owner: s.bucket.CanonicalId, OwnerAccount: s.bucket.Account, WrittenUnderEnforced: true,
			Metadata: &records.Metadata{ContentType: "application/octet-stream"},
		},
		Guard:  func(*records.Object) error { return nil },
		Origin: objects.Origin{Event: "ObjectCreated:Put"},
	}, bytes.NewReader(s.content))
	return err
}

func (s *smallStore) get(i int64) error {
	key := smallKey(i)
	o, err := s.objects.Get(context.Background(), s.id(), key, "")
	if err != nil {
		return err
	}
	r, err := s.objects.Open(context.Background(), objects.Source{Bucket: s.id(), Key: key, Object: o}, 0, o.Size)
	if err != nil {
		return err
	}
	if n, err := io.Copy(io.Discard, r); err != nil || n != o.Size {
		return fmt.Errorf("read %d bytes of %d: %w", n, o.Size, err)
	}
	return r.Close()
}

func (s *smallStore) head(i int64) error {
	_, err := s.objects.Head(context.Background(), s.id(), smallKey(i), "")
	return err
}

func (s *smallStore) delete(i int64) error {
	_, err := s.objects.Delete(context.Background(), objects.Deletion{
		Bucket: s.id(), BucketName: s.bucket.Name, Key: smallKey(i),
		Guard:  func(*records.Object) error { return nil },
		Origin: objects.Origin{Event: "ObjectRemoved:"},
	})
	return err
}

// fill puts objects 0 to n-1.
func (s *smallStore) fill(b testing.TB, n int64) {
	b.Helper()
	shared(b, 64, n, s.put)
}

// shared calls do for 0 to n-1 from so many goroutines.
func shared(b testing.TB, goroutines int, n int64, do func(i int64) error) {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for i := next.Add(1) - 1; i < n; i = next.Add(1) - 1 {
				if err := do(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// cpuTime is the processor time that this process has used.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	check(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSmall measures what the storage of one object of 4 KiB costs, beneath the protocol: every PUT and
// DELETE is durable when it returns. It reports the processor time of an operation, of all threads, which is what
// bounds a busy machine.
func BenchmarkSmall(b *testing.B) {
	for _, clients := range []int{1, 32} {
		b.Run(fmt.Sprintf("PUT/clients=%d", clients), func(b *testing.B) {
			s := newSmallStore(b)
			s.measure(b, clients, s.put)
		})
		b.Run(fmt.Sprintf("GET/clients=%d", clients), func(b *testing.B) {
			s := newSmallStore(b)
			s.fill(b, 2000)
			s.measure(b, clients, func(i int64) error { return s.get(i % 2000) })
		})
		b.Run(fmt.Sprintf("HEAD/clients=%d", clients), func(b *testing.B) {
			s := newSmallStore(b)
			s.fill(b, 2000)
			s.measure(b, clients, func(i int64) error { return s.head(i % 2000) })
		})
		b.Run(fmt.Sprintf("DELETE/clients=%d", clients), func(b *testing.B) {
			s := newSmallStore(b)
			s.fill(b, int64(b.N))
			s.measure(b, clients, s.delete)
		})
	}
}

// measure calls do for 0 to b.N-1 from so many goroutines and reports the processor time of each.
func (s *smallStore) measure(b *testing.B, clients int, do func(i int64) error) {
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime(b)
	shared(b, clients, int64(b.N), do)
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
}
