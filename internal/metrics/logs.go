package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"crossgrant/internal/accesslog"
)

var _ accesslog.Meter = (*Metrics)(nil)

// logMetrics count the deliveries of server access logs.
type logMetrics struct{ objects, lines, refused, dropped prometheus.Counter }

func newLogMetrics() logMetrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	return logMetrics{
		objects: counter("crossgrant_access_log_objects_total", "Objects of access logs that were delivered."),
		lines:   counter("crossgrant_access_log_lines_total", "Lines of access logs that were delivered."),
		refused: counter("crossgrant_access_log_deliveries_refused_total", "Deliveries of access logs that their bucket refused, or that failed."),
		dropped: counter("crossgrant_access_log_lines_dropped_total", "Lines of access logs that were given up."),
	}
}

// LogDelivered counts a log object of so many lines.
func (m *Metrics) LogDelivered(lines int) {
	m.logs.objects.Inc()
	m.logs.lines.Add(float64(lines))
}

// LogRefused counts a delivery that was refused or failed.
func (m *Metrics) LogRefused() { m.logs.refused.Inc() }

// LogDropped counts lines that were given up.
func (m *Metrics) LogDropped(lines int) { m.logs.dropped.Add(float64(lines)) }
