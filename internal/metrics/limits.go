package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"crossgrant/internal/conns"
)

var _ conns.Meter = (*Metrics)(nil)

// limitMetrics count what the bounds of the server turn away and cut off.
type limitMetrics struct{ shed, slow *prometheus.CounterVec }

func newLimitMetrics() limitMetrics {
	return limitMetrics{
		shed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crossgrant_requests_shed_total", Help: "Requests, and connections before any request, that were turned away, by the bound that they met.",
		}, []string{"reason"}),
		slow: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crossgrant_slow_clients_total", Help: "Connections that were ended because their client did not move, by what was to move (headers, body, answer).",
		}, []string{"while"}),
	}
}

// Shed counts what was turned away.
func (m *Metrics) Shed(reason string) { m.limits.shed.WithLabelValues(reason).Inc() }

// SlowClient counts a connection that was ended because its client did not move.
func (m *Metrics) SlowClient(while string) { m.limits.slow.WithLabelValues(while).Inc() }

// Gauge has a number read whenever it is asked for. name is that of the metric without its prefix. It panics if there
// is one already.
func (m *Metrics) Gauge(name, help string, value func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(
		prometheus.GaugeOpts{Name: "crossgrant_" + name, Help: help}, func() float64 { return float64(value()) }))
}
