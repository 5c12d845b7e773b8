package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"crossgrant/internal/cloudtrail/delivery"
	"crossgrant/internal/cloudtrail/history"
)

var (
	_ delivery.Meter = (*Metrics)(nil)
	_ history.Meter  = (*Metrics)(nil)
)

// trailMetrics count what becomes of the events of trails, and what is forgotten of event histories.
type trailMetrics struct {
	files, events, refused, dropped prometheus.Counter
	waitingFiles, waitingBytes      prometheus.Gauge
	kept, forgotten                 prometheus.Counter // of event histories
}

func newTrailMetrics() trailMetrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	return trailMetrics{
		files:        counter("crossgrant_trail_files_total", "Log files of trails that were delivered."),
		events:       counter("crossgrant_trail_events_total", "Events in log files that were delivered."),
		refused:      counter("crossgrant_trail_refused_total", "Deliveries of log and digest files that were refused or failed."),
		dropped:      counter("crossgrant_trail_events_dropped_total", "Events that were given up because their bucket refuses them."),
		waitingFiles: gauge("crossgrant_trail_waiting_files", "Log files that wait to be delivered."),
		waitingBytes: gauge("crossgrant_trail_waiting_bytes", "Bytes of log files that wait to be delivered, as stored."),
		kept:         counter("crossgrant_event_history_events_total", "Events that were added to the event histories of accounts."),
		forgotten:    counter("crossgrant_event_history_dropped_total", "Events that were given up, or removed from a full event history before they were 90 days old."),
	}
}

func (t *trailMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{t.files, t.events, t.refused, t.dropped, t.waitingFiles, t.waitingBytes, t.kept, t.forgotten}
}

// TrailDelivered counts a log file of so many events.
func (m *Metrics) TrailDelivered(events int) {
	m.trails.files.Inc()
	m.trails.events.Add(float64(events))
}

// TrailRefused counts a delivery that was refused or failed.
func (m *Metrics) TrailRefused() { m.trails.refused.Inc() }

// TrailDropped counts events that were given up.
func (m *Metrics) TrailDropped(events int) { m.trails.dropped.Add(float64(events)) }

// TrailWaiting tells how many log files wait, and their bytes.
func (m *Metrics) TrailWaiting(files, bytes int64) {
	m.trails.waitingFiles.Set(float64(files))
	m.trails.waitingBytes.Set(float64(bytes))
}

// HistoryKept counts events that were added to event histories.
func (m *Metrics) HistoryKept(events int) { m.trails.kept.Add(float64(events)) }

// HistoryDropped counts events that were given up, or removed before their time.
func (m *Metrics) HistoryDropped(events int) { m.trails.forgotten.Add(float64(events)) }
