package sse

import (
	"testing"

	"crossgrant/internal/records"
	"crossgrant/internal/seal"
)

// BenchmarkDraw measures what the key of a new object costs (SSE-S3).
func BenchmarkDraw(b *testing.B) {
	ring, place := benchRing(b), Place{Key: "folder/object"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ring.Draw(b.Context(), &records.Encryption{Algorithm: AES256}, nil, place); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpenKey measures what the key of an object costs that is read (SSE-S3).
func BenchmarkOpenKey(b *testing.B) {
	ring, place := benchRing(b), Place{Key: "folder/object"}
	e := &records.Encryption{Algorithm: AES256}
	if _, err := ring.Draw(b.Context(), e, nil, place); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ring.Open(b.Context(), e, nil, place); err != nil {
			b.Fatal(err)
		}
	}
}

func benchRing(b *testing.B) *Keyring {
	b.Helper()
	box, err := seal.New()
	if err != nil {
		b.Fatal(err)
	}
	return &Keyring{Master: box}
}
