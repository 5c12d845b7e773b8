// Package metrics counts and times requests for Prometheus. It is a reader of the stream of request
// records: nothing else in the program measures requests. Beside them it counts what lifecycles do.
// What is delivered in the background is counted by the packages that deliver it.
package metrics

import (
	"net/http"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"crossgrant/internal/audit"
)

// Metrics collects from request records.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	denials  *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	bytes    *prometheus.CounterVec
	cycles   *prometheus.CounterVec
	events   eventMetrics
	logs     logMetrics
	scrub    scrubMetrics
	journal  journalMetrics
	trails   trailMetrics
	limits   limitMetrics

	// answered are the collectors of each kind of answer, and in and out those of bytes, so that a request does not
	// look for them by their labels.
	answered sync.Map // of *answered by kind
	in, out  prometheus.Counter
}

// kind is what tells answers apart, among the labels.
type kind struct {
	service, operation string
	status             int
}

// answered counts and times the answers of one kind.
type answered struct {
	requests prometheus.Counter
	seconds  prometheus.Observer
}

var _ audit.Reader = (*Metrics)(nil)

// New returns an empty Metrics. Labels have few values: operations and codes, never names of users,
// buckets or keys.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crossgrant_requests_total", Help: "Requests answered, by service, operation and status.",
		}, []string{"service", "operation", "status"}),
		denials: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crossgrant_denials_total", Help: "Requests denied by authorization, by service and the layer that decided.",
		}, []string{"service", "layer"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "crossgrant_request_duration_seconds", Help: "Time from accepting a request to the last byte of its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 16),
		}, []string{"service", "operation"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crossgrant_body_bytes_total", Help: "Bytes of request and answer bodies, by direction (in, out).",
		}, []string{"direction"}),
		cycles: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crossgrant_lifecycle_total", Help: "What the lifecycles of buckets have done, by kind: versions and uploads examined, " +
				"versions removed, delete markers made (marked), versions transitioned, uploads aborted, failures, passes over buckets.",
		}, []string{"what"}),
		events:  newEventMetrics(),
		logs:    newLogMetrics(),
		scrub:   newScrubMetrics(),
		journal: newJournalMetrics(),
		trails:  newTrailMetrics(),
		limits:  newLimitMetrics(),
	}
	m.in, m.out = m.bytes.WithLabelValues("in"), m.bytes.WithLabelValues("out")
	m.registry.MustRegister(m.requests, m.denials, m.seconds, m.bytes, m.cycles,
		m.events.queued, m.events.delivered, m.events.failed, m.events.dropped,
		m.logs.objects, m.logs.lines, m.logs.refused, m.logs.dropped,
		m.scrub.bytes, m.scrub.corruptions,
		m.journal.records, m.journal.bytes, m.journal.dropped,
		m.limits.shed, m.limits.slow,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(m.trails.collectors()...)
	return m
}

// Record counts one request.
func (m *Metrics) Record(r *audit.Record) {
	of := m.of(kind{r.Service, r.Operation, r.Status})
	of.requests.Inc()
	of.seconds.Observe(r.Duration.Seconds())
	m.in.Add(float64(r.BytesIn))
	m.out.Add(float64(r.BytesOut))
	if r.Corrupt {
		m.Corruption("read")
	}
	if n := len(r.Decisions); n > 0 && r.ErrorCode == "AccessDenied" {
		if last := &r.Decisions[n-1]; !last.Allowed() {
			m.denials.WithLabelValues(r.Service, last.By.Layer.String()).Inc()
		}
	}
}

// of returns the collectors of one kind of answer.
func (m *Metrics) of(k kind) *answered {
	if known, ok := m.answered.Load(k); ok {
		return known.(*answered)
	}
	made := &answered{
		requests: m.requests.WithLabelValues(k.service, k.operation, strconv.Itoa(k.status)),
		seconds:  m.seconds.WithLabelValues(k.service, k.operation),
	}
	m.answered.Store(k, made)
	return made
}

// Lifecycle counts what lifecycles have done.
func (m *Metrics) Lifecycle(what string, n int) { m.cycles.WithLabelValues(what).Add(float64(n)) }

// Handler serves what was collected.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
