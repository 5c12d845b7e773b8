package metrics

import "github.com/prometheus/client_golang/prometheus"

// trailMetrics count what becomes of the events of trails, and what is forgotten of event histories.
type trailMetrics struct {
	files, events, refused, dropped prometheus.Counter
	waitingFiles, waitingBytes      prometheus.Gauge
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
	}
}

func (t *trailMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{t.files, t.events, t.refused, t.dropped, t.waitingFiles, t.waitingBytes}
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
