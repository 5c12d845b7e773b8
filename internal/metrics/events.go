package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"crossgrant/internal/notify"
)

var _ notify.Meter = (*Metrics)(nil)

// eventMetrics count event notifications, by the ARN of their destination, of which the operator configures a
// few.
type eventMetrics struct {
	queued                     *prometheus.GaugeVec
	delivered, failed, dropped *prometheus.CounterVec
}

func newEventMetrics() eventMetrics {
	return eventMetrics{
		queued: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "crossgrant_events_queued", Help: "Events that wait to be delivered, by destination.",
		}, []string{"destination"}),
		delivered: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crossgrant_events_delivered_total", Help: "Events that their webhook took, by destination.",
		}, []string{"destination"}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crossgrant_event_deliveries_failed_total", Help: "Attempts to deliver an event that failed, by destination.",
		}, []string{"destination"}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crossgrant_events_dropped_total", Help: "Events that were given up, by destination and reason.",
		}, []string{"destination", "reason"}),
	}
}

// EventsQueued says how many events wait for a destination.
func (m *Metrics) EventsQueued(destination string, count int) {
	m.events.queued.WithLabelValues(destination).Set(float64(count))
}

// EventDelivered counts an event that was taken.
func (m *Metrics) EventDelivered(destination string) {
	m.events.delivered.WithLabelValues(destination).Inc()
}

// EventFailed counts an attempt to deliver that failed.
func (m *Metrics) EventFailed(destination string) {
	m.events.failed.WithLabelValues(destination).Inc()
}

// EventsDropped counts events that were given up.
func (m *Metrics) EventsDropped(destination, reason string, count int) {
	m.events.dropped.WithLabelValues(destination, reason).Add(float64(count))
}
