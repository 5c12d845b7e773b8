package sse

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"testing"
	"testing/iotest"

	"crossgrant/internal/blob"
)

// sizes are those where packages begin and end.
var sizes = []int{0, 1, 15, 16, 17, 4096, PackageSize - 1, PackageSize, PackageSize + 1, 2*PackageSize - 1, 2 * PackageSize, 2*PackageSize + 1, 5*PackageSize + 77}

// testRun returns a run with content of size bytes, and what is stored of it.
func testRun(t testing.TB, layers, size int) (r *Run, content, stored []byte) {
	t.Helper()
	k, err := NewKey(rand.Reader, layers)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = k.Run(make([]byte, SaltSize)); err != nil {
		t.Fatal(err)
	}
	content = make([]byte, size)
	rand.Read(content)
	return r, content, r.Seal(content)
}

// read reads a range of a run as a blob is read.
func read(r *Run, stored []byte, size, offset, length int64) ([]byte, error) {
	from, count := r.Stored(size, offset, length)
	if from+count > int64(len(stored)) {
		return nil, fmt.Errorf("not that many bytes: %w", blob.ErrCorrupt) // as blob.Store.Open
	}
	return io.ReadAll(r.Reader(io.NopCloser(bytes.NewReader(stored[from:][:count])), size, offset, length))
}

func TestRangesOfRuns(t *testing.T) {
	t.Parallel()
	for layers := 1; layers <= 2; layers++ {
		for _, size := range sizes {
			r, content, stored := testRun(t, layers, size)
			if got := r.StoredSize(int64(size)); got != int64(len(stored)) {
				t.Errorf("StoredSize(%d) = %d, want %d", size, got, len(stored))
			}
			for _, offset := range sizes {
				for _, length := range sizes {
					if offset+length > size {
						continue
					}
					want := content[offset:][:length]
					got, err := read(r, stored, int64(size), int64(offset), int64(length))
					if err != nil || !bytes.Equal(got, want) {
						t.Errorf("%d layers: Reader of %d from %d of %d: %d bytes, %v", layers, length, offset, size, len(got), err)
					}
					got, err = r.Open(stored, int64(size), int64(offset), int64(length))
					if err != nil || !bytes.Equal(got, want) {
						t.Errorf("%d layers: Open of %d from %d of %d: %d bytes, %v", layers, length, offset, size, len(got), err)
					}
				}
			}
		}
	}
}

// TestRangesReadOnlyTheirPackages holds that a range costs no more than the packages that it lies in.
func TestRangesReadOnlyTheirPackages(t *testing.T) {
	t.Parallel()
	r, _, _ := testRun(t, 1, 0)
	const size, stride = 5*PackageSize + 77, PackageSize + 16
	for _, c := range [][4]int64{ // offset, length, from, count
		{0, 0, 0, 0}, {3, 0, 0, 0}, {0, 1, 0, stride}, {PackageSize - 1, 1, 0, stride}, {PackageSize, 1, stride, stride},
		{PackageSize - 1, 2, 0, 2 * stride}, {5 * PackageSize, 77, 5 * stride, 77 + 16}, {size - 1, 1, 5 * stride, 77 + 16},
		{0, size, 0, 5*stride + 77 + 16},
	} {
		if from, count := r.Stored(size, c[0], c[1]); from != c[2] || count != c[3] {
			t.Errorf("Stored(%d, %d) = %d, %d, want %d, %d", c[0], c[1], from, count, c[2], c[3])
		}
	}
}

func TestWriterStoresWhatSealReturns(t *testing.T) {
	t.Parallel()
	random := mathrand.New(mathrand.NewPCG(1, 2))
	for layers := 1; layers <= 2; layers++ {
		for _, size := range sizes {
			for _, most := range []int{1 << 20, 128 << 10, PackageSize, 40_000, 3000} {
				r, content, want := testRun(t, layers, size)
				var got bytes.Buffer
				w := r.Writer(&got)
				for rest := content; len(rest) > 0; {
					n := min(len(rest), 1+random.IntN(most))
					if k, err := w.Write(rest[:n]); err != nil || k != n {
						t.Fatal(k, err)
					}
					rest = rest[n:]
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got.Bytes(), want) {
					t.Errorf("%d layers: %d bytes in pieces of up to %d are stored otherwise", layers, size, most)
				}
			}
		}
	}
}

func TestWriterReportsTheFirstError(t *testing.T) {
	t.Parallel()
	r, content, _ := testRun(t, 1, 3*PackageSize)
	broken := errors.New("broken")
	w := r.Writer(writerFunc(func([]byte) (int, error) { return 0, broken }))
	if _, err := w.Write(content); err != broken {
		t.Errorf("Write: %v", err)
	}
	if _, err := w.Write(content[:1]); err != broken {
		t.Errorf("second Write: %v", err)
	}
	if err := w.Close(); err != broken {
		t.Errorf("Close: %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// damages are what somebody who can change what is stored may do to it. stride is the stored size of a
// package, of which there are at least four.
var damages = map[string]func(stored []byte, stride int) []byte{
	"first bit":          func(s []byte, _ int) []byte { s[0] ^= 1; return s },
	"last bit":           func(s []byte, _ int) []byte { s[len(s)-1] ^= 1; return s },
	"bit in the middle":  func(s []byte, stride int) []byte { s[2*stride+5] ^= 1; return s },
	"one byte less":      func(s []byte, _ int) []byte { return s[:len(s)-1] },
	"one byte more":      func(s []byte, _ int) []byte { return append(s, 0) },
	"last package less":  func(s []byte, stride int) []byte { return s[:(len(s)-1)/stride*stride] },
	"first package less": func(s []byte, stride int) []byte { return s[stride:] },
	"packages swapped": func(s []byte, stride int) []byte {
		return append(append(bytes.Clone(s[stride:2*stride]), s[:stride]...), s[2*stride:]...)
	},
	"package repeated": func(s []byte, stride int) []byte {
		return append(append(bytes.Clone(s[:stride]), s[:stride]...), s[2*stride:]...)
	},
	"nothing": func([]byte, int) []byte { return nil },
}

// TestDamagedRuns holds that a reader gives out nothing but what was written at that place, whatever range is
// read, and an error for the rest.
func TestDamagedRuns(t *testing.T) {
	t.Parallel()
	for layers := 1; layers <= 2; layers++ {
		for _, size := range []int{4 * PackageSize, 4*PackageSize + 1} {
			for name, damage := range damages {
				r, content, stored := testRun(t, layers, size)
				damaged := damage(bytes.Clone(stored), int(r.StoredSize(PackageSize)))
				got, err := read(r, damaged, int64(size), 0, int64(size))
				if name == "one byte more" && err == nil {
					continue // what lies behind the run is not looked at
				}
				if !errors.Is(err, blob.ErrCorrupt) || !bytes.HasPrefix(content, got) {
					t.Errorf("%s: %d bytes, %v", name, len(got), err)
				}
				for offset := 0; offset < size; offset += PackageSize {
					length := min(PackageSize, size-offset)
					got, err := read(r, damaged, int64(size), int64(offset), int64(length))
					if err == nil && !bytes.Equal(got, content[offset:][:length]) || err != nil && !errors.Is(err, blob.ErrCorrupt) {
						t.Errorf("%s: range from %d: %d other bytes, %v", name, offset, len(got), err)
					}
				}
			}
		}
	}
}

// TestVerifyTellsOfEachPackageThatItRead holds that damage is known before anything is given out, wherever it is among
// the packages that are read first.
func TestVerifyTellsOfEachPackageThatItRead(t *testing.T) {
	t.Parallel()
	const size = (batch + 1) * PackageSize
	r, content, stored := testRun(t, 1, size)
	for index := range batch + 1 {
		damaged := bytes.Clone(stored)
		damaged[index*int(r.StoredSize(PackageSize))+5] ^= 1
		reader := r.Reader(io.NopCloser(bytes.NewReader(damaged)), size, 0, size)
		if err := reader.Verify(); errors.Is(err, blob.ErrCorrupt) != (index < batch) {
			t.Errorf("damage in package %d: Verify = %v", index, err)
		}
		got, err := io.ReadAll(reader)
		if !errors.Is(err, blob.ErrCorrupt) || !bytes.Equal(got, content[:index*PackageSize]) {
			t.Errorf("damage in package %d: read %d bytes, %v", index, len(got), err)
		}
	}
}

// TestRunsOfAnotherSize holds that a record cannot make a run shorter or longer than it is, where its end is
// read.
func TestRunsOfAnotherSize(t *testing.T) {
	t.Parallel()
	r, content, stored := testRun(t, 1, 3*PackageSize)
	for _, size := range []int{PackageSize, 2 * PackageSize, 3*PackageSize - 1, 3*PackageSize + 1} {
		got, err := read(r, append(bytes.Clone(stored), make([]byte, 100)...), int64(size), 0, int64(size))
		if !errors.Is(err, blob.ErrCorrupt) || !bytes.HasPrefix(content, got) {
			t.Errorf("as %d bytes: %d bytes, %v", size, len(got), err)
		}
		if _, err := r.Open(stored, int64(size), 0, 1); !errors.Is(err, blob.ErrCorrupt) {
			t.Errorf("as %d bytes: Open: %v", size, err)
		}
	}
}

func TestRunsDoNotOpenUnderOtherSalts(t *testing.T) {
	t.Parallel()
	k, err := NewKey(rand.Reader, 1)
	if err != nil {
		t.Fatal(err)
	}
	one, err := k.Run(bytes.Repeat([]byte{1}, SaltSize))
	if err != nil {
		t.Fatal(err)
	}
	two, err := k.Run(bytes.Repeat([]byte{2}, SaltSize))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := two.Open(one.Seal([]byte("content")), 7, 0, 7); !errors.Is(err, blob.ErrCorrupt) {
		t.Errorf("opened under another salt: %v", err)
	}
	if _, err := k.Run(nil); err == nil {
		t.Error("a run without a salt is accepted")
	}
}

func TestReaderPassesErrorsOn(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	r, _, stored := testRun(t, 1, 2*PackageSize)
	from := io.MultiReader(bytes.NewReader(stored[:PackageSize+100]), iotest.ErrReader(broken))
	got, err := io.ReadAll(r.Reader(io.NopCloser(from), 2*PackageSize, 0, 2*PackageSize))
	if err != broken || len(got) != PackageSize {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	closed := r.Reader(io.NopCloser(bytes.NewReader(stored)), 2*PackageSize, 0, 10)
	if err := errors.Join(closed.Close(), closed.Close()); err != nil {
		t.Error(err)
	}
	if _, err := closed.Read(make([]byte, 1)); err != errClosed {
		t.Errorf("Read after Close: %v", err)
	}
}

func TestReaderKeepsToTheContract(t *testing.T) {
	t.Parallel()
	r, content, stored := testRun(t, 2, 2*PackageSize+9)
	from, count := r.Stored(int64(len(content)), 5, 2*PackageSize)
	err := iotest.TestReader(r.Reader(io.NopCloser(bytes.NewReader(stored[from:][:count])), int64(len(content)), 5, 2*PackageSize), content[5:][:2*PackageSize])
	if err != nil {
		t.Error(err)
	}
}

// FuzzDamagedRun changes what is stored at random: no range may give out other bytes than were written.
func FuzzDamagedRun(f *testing.F) {
	f.Add(uint32(PackageSize+9), uint32(3), uint32(8), uint32(PackageSize), byte(1), uint32(0))
	f.Add(uint32(10), uint32(0), uint32(10), uint32(12), byte(0), uint32(7))
	f.Fuzz(func(t *testing.T, size, offset, length, at uint32, change byte, cut uint32) {
		size %= 3 * PackageSize
		offset %= size + 1
		length %= size - offset + 1
		r, content, stored := testRun(t, 1, int(size))
		if len(stored) > 0 {
			stored[int(at)%len(stored)] ^= change
			stored = stored[:len(stored)-int(cut)%(len(stored)+1)]
		}
		got, err := read(r, stored, int64(size), int64(offset), int64(length))
		if err == nil && !bytes.Equal(got, content[offset:][:length]) || !bytes.HasPrefix(content[offset:], got) {
			t.Errorf("%d other bytes, %v", len(got), err)
		}
	})
}
