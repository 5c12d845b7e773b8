package sse

import (
	"bytes"
	"crypto/rand"
	"io"
	"testing"
)

func BenchmarkSealInline4KiB(b *testing.B) {
	k, content := benchKey(b), make([]byte, 4<<10)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		run, err := k.Run(make([]byte, SaltSize))
		if err != nil {
			b.Fatal(err)
		}
		run.Seal(content)
	}
}

func BenchmarkOpenInline4KiB(b *testing.B) {
	k := benchKey(b)
	run, err := k.Run(make([]byte, SaltSize))
	if err != nil {
		b.Fatal(err)
	}
	sealed := run.Seal(make([]byte, 4<<10))
	b.SetBytes(4 << 10)
	b.ReportAllocs()
	for b.Loop() {
		run, err := k.Run(make([]byte, SaltSize))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := run.Open(sealed, 4<<10, 0, 4<<10); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrite8MiB(b *testing.B) {
	run, content, _ := testRun(b, 1, 8<<20)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		w := run.Writer(io.Discard)
		for rest := content; len(rest) > 0; rest = rest[128<<10:] {
			if _, err := w.Write(rest[:128<<10]); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead8MiB(b *testing.B)        { benchmarkRead(b, 0, 8<<20) }
func BenchmarkReadRangeOf4KiB(b *testing.B) { benchmarkRead(b, 5<<20+1000, 4<<10) }

func benchmarkRead(b *testing.B, offset, length int64) {
	run, content, stored := testRun(b, 1, 8<<20)
	from, count := run.Stored(int64(len(content)), offset, length)
	b.SetBytes(length)
	b.ReportAllocs()
	for b.Loop() {
		r := run.Reader(io.NopCloser(bytes.NewReader(stored[from:][:count])), int64(len(content)), offset, length)
		if n, err := io.Copy(io.Discard, struct{ io.Reader }{r}); err != nil || n != length {
			b.Fatal(n, err)
		}
		r.Close()
	}
}

func benchKey(b *testing.B) *Key {
	b.Helper()
	k, err := NewKey(rand.Reader, 1)
	if err != nil {
		b.Fatal(err)
	}
	return k
}
