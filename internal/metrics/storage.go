package metrics

import "github.com/prometheus/client_golang/prometheus"

// Storage tells how the storage fares: condition returns how often the metadata had to be opened
// again, and why nothing can be written, or nil.
func (m *Metrics) Storage(condition func() (reopened int64, err error)) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "crossgrant_storage_available", Help: "1 if the storage takes what is to be written, 0 if it is full or fails.",
		}, func() float64 {
			if _, err := condition(); err != nil {
				return 0
			}
			return 1
		}),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "crossgrant_storage_reopened_total", Help: "How often the metadata was opened again after the storage had failed.",
		}, func() float64 {
			reopened, _ := condition()
			return float64(reopened)
		}),
	)
}
