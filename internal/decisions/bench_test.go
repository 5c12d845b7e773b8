package decisions

import (
	"testing"

	"crossgrant/internal/audit"
)

// BenchmarkRecord is what it costs a request to be kept with its explanation, and not to be kept.
func BenchmarkRecord(b *testing.B) {
	t := new(testing.T)
	for name, r := range map[string]*audit.Record{"allowed": upload(t, start, "mine/x"), "denied": upload(t, start, "x")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				text, err := encode(nil, r, true, len(r.Decisions), nil)
				if err != nil {
					b.Fatal(err)
				}
				size = len(text)
			}
			b.ReportMetric(float64(size), "bytes")
		})
	}
	b.Run("not kept", func(b *testing.B) {
		s := &Service{opts: Options{}}
		r := upload(t, start, "mine/x")
		b.ReportAllocs()
		for b.Loop() {
			s.Record(r)
		}
	})
}
