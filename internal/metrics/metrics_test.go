package metrics

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
)

func TestMetricsCountRequestsAndDenials(t *testing.T) {
	t.Parallel()
	m := New()
	m.Record(&audit.Record{Service: "s3", Operation: "GetObject", Status: 200, BytesOut: 5, Duration: time.Millisecond})
	m.Record(&audit.Record{Service: "s3", Operation: "GetObject", Status: 403, ErrorCode: "AccessDenied", Decisions: []audit.Decision{
		{Explanation: authz.Explanation{Decision: authz.Decision{By: authz.Finding{Layer: authz.IdentityPolicy}}}},
	}})
	m.Record(&audit.Record{Service: "s3", Operation: "GetObject", Status: 500, Fault: "blob: corrupt", Corrupt: true})
	m.Lifecycle("removed", 3)
	m.Lifecycle("removed", 2)
	m.Shed("requests")
	m.SlowClient("body")
	m.Gauge("connections", "Connections that are open.", func() int { return 7 })
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/-/metrics", nil))
	for _, want := range []string{
		`crossgrant_requests_total{operation="GetObject",service="s3",status="200"} 1`,
		`crossgrant_denials_total{layer="identity-based policy",service="s3"} 1`,
		`crossgrant_body_bytes_total{direction="out"} 5`,
		`crossgrant_lifecycle_total{what="removed"} 5`,
		`crossgrant_requests_shed_total{reason="requests"} 1`,
		`crossgrant_slow_clients_total{while="body"} 1`,
		`crossgrant_connections 7`,
		`crossgrant_corruptions_total{kind="read"} 1`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}
