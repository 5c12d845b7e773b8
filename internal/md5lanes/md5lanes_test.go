package md5lanes

import (
	"bytes"
	"crypto/md5"
	"encoding"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"testing"

	"crossgrant/internal/md5lanes/kernel"
)

// TestForm holds the form in which crypto/md5 gives out its state, which the package takes apart.
func TestForm(t *testing.T) {
	t.Parallel()
	h := md5.New()
	h.Write(bytes.Repeat([]byte("a"), 70))
	got, err := h.(encoding.BinaryAppender).AppendBinary(make([]byte, 0, 200))
	if err != nil {
		t.Fatal(err)
	}
	if string(got[:len(form)]) != form || string(got[len(form)+16:][:7]) != "aaaaaa\x00" || len(got) != formSize {
		t.Errorf("the form is %x", got)
	}
	if got[len(got)-1] != 70 {
		t.Errorf("the form ends with a length of %d, want 70", got[len(got)-1])
	}
	var form [formSize]byte
	copy(form[:], got)
	if n := buffered(&form); n != 6 {
		t.Errorf("%d bytes begin a block, want 6", n)
	}
}

// hashAll hashes streams at the same time, each cut into chunks.
func hashAll(p *Pool, streams [][][]byte) [][]byte {
	sums := make([][]byte, len(streams))
	var all sync.WaitGroup
	for i, chunks := range streams {
		all.Go(func() {
			d := New()
			var done sync.WaitGroup
			for _, chunk := range chunks {
				done.Add(1)
				p.Add(d, chunk, &done)
				done.Wait()
			}
			sums[i] = d.Sum()
		})
	}
	all.Wait()
	return sums
}

// random returns n bytes.
func random(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// TestTogether compares every number of lanes, with chunks of all kinds of lengths, with crypto/md5.
func TestTogether(t *testing.T) {
	t.Parallel()
	if !fast {
		t.Skip("this processor has no lanes")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= lanes; n++ {
		for range 40 {
			jobs := make([]job, n)
			want := make([]*Digest, n)
			for i := range jobs {
				jobs[i].digest, want[i] = New(), New()
			}
			for range 3 {
				for i := range jobs {
					jobs[i].chunk = random(rng, []int{0, 1, 63, 64, 65, 128, 1000, 4096, rng.IntN(3000)}[rng.IntN(9)])
					want[i].Write(jobs[i].chunk)
				}
				together(jobs)
			}
			for i := range jobs {
				if got, want := jobs[i].digest.Sum(), want[i].Sum(); !bytes.Equal(got, want) {
					t.Fatalf("lane %d of %d: %x, want %x", i, n, got, want)
				}
			}
		}
	}
}

func TestPool(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	var p Pool
	for _, n := range []int{1, 2, 3, 15, 16, 17, 50} {
		streams := make([][][]byte, n)
		want := make([][]byte, n)
		for i := range streams {
			h := md5.New()
			for range rng.IntN(8) {
				chunk := random(rng, rng.IntN(20000))
				streams[i] = append(streams[i], chunk)
				h.Write(chunk)
			}
			want[i] = h.Sum(nil)
		}
		for i, got := range hashAll(&p, streams) {
			if !bytes.Equal(got, want[i]) {
				t.Errorf("stream %d of %d: %x, want %x", i, n, got, want[i])
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) != 0 {
		t.Errorf("%d chunks wait for ever", len(p.waiting))
	}
}

// FuzzTogether compares lanes of which each is a piece of the input with crypto/md5.
func FuzzTogether(f *testing.F) {
	f.Add([]byte("abc"), uint64(7))
	f.Add(bytes.Repeat([]byte("x"), 3000), uint64(1))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		if !fast {
			t.Skip("this processor has no lanes")
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		jobs := make([]job, 1+rng.IntN(lanes))
		want := make([]*Digest, len(jobs))
		for i := range jobs {
			before := data[:rng.IntN(len(data)+1)]
			from := rng.IntN(len(data) + 1)
			jobs[i] = job{digest: New(), chunk: data[from:]}
			want[i] = New()
			jobs[i].digest.Write(before)
			want[i].Write(before)
			want[i].Write(data[from:])
		}
		together(jobs)
		for i := range jobs {
			if got, want := jobs[i].digest.Sum(), want[i].Sum(); !bytes.Equal(got, want) {
				t.Errorf("lane %d of %d: %x, want %x", i, len(jobs), got, want)
			}
		}
	})
}

// TestGenerated wants the kernel to be what gen writes.
func TestGenerated(t *testing.T) {
	t.Parallel()
	got, err := os.ReadFile("kernel_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	if want := kernel.Source(); string(got) != want {
		t.Error("kernel_amd64.s is not what gen writes: run go generate")
	}
}

// BenchmarkPool hashes 16 MiB in chunks of 256 KiB for each of several streams.
func BenchmarkPool(b *testing.B) {
	chunk := make([]byte, 256<<10)
	for _, streams := range []int{1, 2, 4, 8, 16, 32} {
		b.Run(fmt.Sprint(streams), func(b *testing.B) {
			var p Pool
			b.SetBytes(16 << 20)
			before := processorTime(b)
			var all sync.WaitGroup
			for s := range streams {
				all.Go(func() {
					for i := s; i < b.N; i += streams {
						d := New()
						var done sync.WaitGroup
						for range 64 {
							done.Add(1)
							p.Add(d, chunk, &done)
							done.Wait()
						}
						d.Sum()
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(processorTime(b)-before)/1e6/float64(b.N), "cpu-ms/op")
		})
	}
}

// processorTime is the time in nanoseconds that the process has run for.
func processorTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
