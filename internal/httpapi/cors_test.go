package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crossgrant/internal/authz"
)

// TestConsole holds that pages of the console, and nobody else's, may call S3 from their origin: signed or not, allowed
// or denied.
func TestConsole(t *testing.T) {
	t.Parallel()
	const origin = "http://example.com:9001"
	for name, c := range map[string]struct {
		authorizer     Authorizer
		method, origin string
		asks           string // the method that a preflight request asks for
		status         int
		shared         bool
	}{
		"preflight":             {method: "OPTIONS", origin: origin, asks: "PUT", status: 200, shared: true},
		"of another origin":     {method: "OPTIONS", origin: "http://evil.example", asks: "PUT", status: 200},
		"no preflight":          {method: "OPTIONS", origin: origin, status: 200, shared: true},
		"GET":                   {method: "GET", origin: origin, status: 200, shared: true},
		"PUT":                   {method: "PUT", origin: origin, status: 200, shared: true},
		"GET of another origin": {method: "GET", origin: "http://evil.example", status: 200},
		"GET without an origin": {method: "GET", status: 200},
		"null":                  {method: "GET", origin: "null", status: 200},
		"denied":                {authorizer: everyone{}, method: "GET", origin: origin, status: 403, shared: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.authorizer == nil {
				c.authorizer = everyone{decision: authz.Decision{Effect: authz.Allow}}
			}
			p, records := newPipeline(t, c.authorizer, row(done))
			p.console = func(r *http.Request) bool { return r.Header.Get("Origin") == origin }
			r := httptest.NewRequest(c.method, "http://example.com:9000/b/k", nil)
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			if c.asks != "" {
				r.Header.Set("Access-Control-Request-Method", c.asks)
				r.Header.Set("Access-Control-Request-Headers", "content-type,X-Amz-Acl")
			}
			w := httptest.NewRecorder()
			p.ServeHTTP(w, r)
			h := w.Header()
			if w.Code != c.status || len(*records) != 1 {
				t.Errorf("answer %d, want %d; %d records", w.Code, c.status, len(*records))
			}
			want := ""
			if c.shared {
				want = c.origin
			}
			if got := h.Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("shared with %q, want %q", got, want)
			}
			if _, ok := h["Access-Control-Allow-Credentials"]; ok {
				t.Error("it is shared with credentials")
			}
			if !c.shared {
				return
			}
			if !strings.Contains(h.Get("Vary"), "Origin") {
				t.Errorf("Vary is %q", h.Get("Vary"))
			}
			if c.asks != "" && (h.Get("Access-Control-Allow-Methods") != consoleMethods || h.Get("Access-Control-Allow-Headers") != "content-type, x-amz-acl" || h.Get("Access-Control-Max-Age") == "" || w.Body.Len() != 0) {
				t.Errorf("preflight: %v, body %q", h, w.Body)
			}
			if c.asks == "" && !strings.Contains(h.Get("Access-Control-Expose-Headers"), "ETag") {
				t.Errorf("exposed: %q", h.Get("Access-Control-Expose-Headers"))
			}
		})
	}
}
