package metrics

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"crossgrant/internal/audit"
	"crossgrant/internal/blob"
	"crossgrant/internal/fsck"
	"crossgrant/internal/meta"
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

// met counts a request that met something corrupt. Records have the text of an error, in which the ones that say so
// stand.
func (m *Metrics) met(r *audit.Record) {
	if r.Fault != "" && (strings.Contains(r.Fault, blob.ErrCorrupt.Error()) || strings.Contains(r.Fault, meta.ErrCorrupt.Error())) {
		m.Corruption("read")
	}
}
