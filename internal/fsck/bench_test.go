package fsck

import (
	"fmt"
	"testing"
)

// BenchmarkRun verifies the metadata, alone and with the blobs, of objects half of which lie in their records.
func BenchmarkRun(b *testing.B) {
	w := newWorld(b)
	for i := range 2000 {
		w.object(fmt.Sprintf("many/%04d", i), 500+1000*(i%2), nil)
	}
	for _, test := range []struct {
		name  string
		blobs bool
	}{{"metadata", false}, {"blobs", true}} {
		b.Run(test.name, func(b *testing.B) {
			opts := Options{Store: w.store, Keys: w.keyring, Found: func(f Finding) { b.Errorf("found %v", f) }}
			if test.blobs {
				opts.Blobs = w.blobs
			}
			b.ReportAllocs()
			for b.Loop() {
				s, err := Run(b.Context(), opts)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(s.Records), "records")
			}
		})
	}
}
