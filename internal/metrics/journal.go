package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"crossgrant/internal/journal"
)

var _ journal.Meter = (*Metrics)(nil)

// journalMetrics count what is kept of requests.
type journalMetrics struct{ records, bytes, dropped prometheus.Counter }

func newJournalMetrics() journalMetrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	return journalMetrics{
		records: counter("crossgrant_request_records_total", "Request records that were kept."),
		bytes:   counter("crossgrant_request_records_bytes_total", "Bytes of request records, as stored."),
		dropped: counter("crossgrant_request_records_dropped_total", "Request records that were given up because the store did not keep up, or a reader."),
	}
}

// JournalWrote counts a segment.
func (m *Metrics) JournalWrote(entries, bytes int) {
	m.journal.records.Add(float64(entries))
	m.journal.bytes.Add(float64(bytes))
}

// JournalDropped counts entries that were given up.
func (m *Metrics) JournalDropped(entries int) { m.journal.dropped.Add(float64(entries)) }
