package httpapi

import (
	"context"
	"net/http"
	"strings"

	"crossgrant/internal/cors"
	"crossgrant/internal/records"
)

// Sharer is a Service whose answers browsers hand to pages of other origins.
type Sharer interface {
	// CORS returns the rules by which the answer to c is shared; nil for none. It is asked as soon as the
	// service is known: before the request takes effect, and also for one that could not be authenticated,
	// so that a page can read why it was refused.
	CORS(ctx context.Context, c *Call) *records.CORS
}

// share returns the headers by which the answer to c is shared; nil for none.
func share(ctx context.Context, service Service, c *Call) http.Header {
	s, ok := service.(Sharer)
	if !ok || c.HTTP.Header.Get("Origin") == "" || c.HTTP.Method == http.MethodOptions {
		return nil
	}
	return CrossOrigin(c.HTTP, s.CORS(ctx, c))
}

// CrossOrigin returns the headers with which r, a preflight request or an actual one, is answered under
// rules, which may be nil; it returns nil if none of them matches.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html#cors-eval-criteria
func CrossOrigin(r *http.Request, rules *records.CORS) http.Header {
	q := cors.Request{
		Origin: r.Header.Get("Origin"), Method: r.Header.Get("Access-Control-Request-Method"),
		Headers: cors.ParseHeaders(strings.Join(r.Header.Values("Access-Control-Request-Headers"), ",")),
	}
	if q.Method == "" {
		q.Method = r.Method
	}
	var h http.Header
	for _, one := range cors.Match(corsRules(rules), &q) {
		if h == nil {
			h = http.Header{}
		}
		h.Set(one.Name, one.Value)
	}
	return h
}

// corsRules returns stored rules as package cors has them.
func corsRules(stored *records.CORS) []cors.Rule {
	rules := make([]cors.Rule, len(stored.GetRules()))
	for i, r := range stored.GetRules() {
		rules[i] = cors.Rule{ID: r.Id, Origins: r.Origins, Methods: r.Methods, Headers: r.Headers, Expose: r.Expose, MaxAge: -1}
		if r.MaxAge != nil {
			rules[i].MaxAge = *r.MaxAge
		}
	}
	return rules
}
