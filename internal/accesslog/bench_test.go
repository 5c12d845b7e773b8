package accesslog

import (
	"testing"

	"crossgrant/internal/audit"
)

// usual is a record of usual size.
func usual(w *world, bucket string) *audit.Record {
	r := w.get("R123456789012345")
	r.Bucket, r.UserAgent, r.Host, r.Authentication = bucket, "aws-cli/2.0", "127.0.0.1:9000", "AuthHeader"
	r.HostID = "s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234="
	r.CallerARN = "arn:aws:iam::111111111111:user/ann"
	return r
}

// BenchmarkWants is what access logs cost each request: one to a bucket with logging, and one to another.
func BenchmarkWants(b *testing.B) {
	w := newWorld(b, nil)
	for _, bucket := range []string{"walnut", "logs"} {
		b.Run(bucket, func(b *testing.B) {
			r := usual(w, bucket)
			b.ReportAllocs()
			for b.Loop() {
				if w.log.Wants(r) != (bucket == "walnut") {
					b.Fatal("wants the wrong ones")
				}
			}
		})
	}
}

// BenchmarkRead is what an entry of the journal costs the reader: one that leaves a line, and one that does not.
func BenchmarkRead(b *testing.B) {
	for _, bucket := range []string{"walnut", "logs"} {
		b.Run(bucket, func(b *testing.B) {
			w := newWorld(b, nil)
			const n = 1000
			r := usual(w, bucket)
			for range n {
				w.keep(r)
			}
			w.flush()
			b.ReportAllocs()
			for b.Loop() {
				w.log.gathered = nil
				if _, err := w.log.read(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/entry")
		})
	}
}
