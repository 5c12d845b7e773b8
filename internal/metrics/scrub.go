package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"crossgrant/internal/fsck"
)

var _ fsck.Meter = (*Metrics)(nil)

// scrubMetrics count what the scrub verifies and finds.
type scrubMetrics struct {
	bytes       prometheus.Counter
	corruptions *prometheus.CounterVec
}

func newScrubMetrics() scrubMetrics {
	return scrubMetrics{
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "crossgrant_scrub_bytes_total", Help: "Bytes of blobs and of files of the metadata that the scrub has read.",
		}),
		corruptions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crossgrant_corruptions_total", Help: "What was found wrong, by kind: by the scrub (file, record, reference, count, blob, orphan), or by a request that read it (read). " +
				"The log names bucket, key and version.",
		}, []string{"kind"}),
	}
}

// Scrubbed counts bytes that the scrub has read.
func (m *Metrics) Scrubbed(bytes int) { m.scrub.bytes.Add(float64(bytes)) }

// Corruption counts something that the scrub has found wrong.
func (m *Metrics) Corruption(kind string) { m.scrub.corruptions.WithLabelValues(kind).Inc() }
