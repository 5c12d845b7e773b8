package managed

import (
	"testing"

	"crossgrant/internal/policy"
)

// BenchmarkParse is what the first use of a policy costs.
func BenchmarkParse(b *testing.B) {
	for _, name := range []string{"AmazonS3FullAccess", "ReadOnlyAccess"} {
		p, _ := Lookup(prefix + name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.parse()
			}
		})
	}
}

// BenchmarkEvaluate is what a decision by a policy costs, of an action that is evaluated here.
func BenchmarkEvaluate(b *testing.B) {
	for _, name := range []string{"AmazonS3FullAccess", "ReadOnlyAccess"} {
		document, _ := Document(prefix + name)
		q := policy.NewQuery(&policy.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket/key"})
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				document.Evaluate(&q)
			}
		})
	}
}
