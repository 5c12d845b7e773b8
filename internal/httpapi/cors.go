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

// share returns the headers by which the answer to c is shared; nil for none. Pages of the console may read all answers
// of S3, whatever the rules of a bucket are.
func (p *Pipeline) share(ctx context.Context, service Service, c *Call) http.Header {
	if service.Name() == "s3" && p.fromConsole(c.HTTP) {
		return consoleShare(c.HTTP)
	}
	s, ok := service.(Sharer)
	if !ok || c.HTTP.Header.Get("Origin") == "" || c.HTTP.Method == http.MethodOptions {
		return nil
	}
	return CrossOrigin(c.HTTP, s.CORS(ctx, c))
}

// consoleMethods are those that the pages of the console use, and consoleExposes the headers of answers that they read.
const (
	consoleMethods = "GET, HEAD, PUT, POST, DELETE"
	consoleExposes = "ETag, x-amz-request-id, x-amz-version-id, x-amz-checksum-crc32, x-amz-checksum-crc32c, x-amz-checksum-crc64nvme, " +
		"x-amz-checksum-sha1, x-amz-checksum-sha256, x-amz-checksum-type, Content-Length, Content-Range"
)

// consolePreflightAge is for how long browsers may keep the answer to a preflight request, in seconds.
const consolePreflightAge = "3000"

// fromConsole reports whether a page of the console sent r: from another origin, as the console has a port of its own.
func (p *Pipeline) fromConsole(r *http.Request) bool {
	return p.console != nil && r.Header.Get("Origin") != "" && p.console(r)
}

// isPreflight reports whether r is the preflight request of a browser.
//
// Source: https://fetch.spec.whatwg.org/#cors-preflight-request
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

// consoleShare returns the headers of an answer to a page of the console. It brings presigned requests, and never cookies.
//
// Source: https://fetch.spec.whatwg.org/#http-responses
func consoleShare(r *http.Request) http.Header {
	h := http.Header{}
	h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	h.Set("Vary", "Origin")
	if !isPreflight(r) {
		h.Set("Access-Control-Expose-Headers", consoleExposes)
		return h
	}
	h.Set("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
	h.Set("Access-Control-Allow-Methods", consoleMethods)
	if asked := cors.ParseHeaders(strings.Join(r.Header.Values("Access-Control-Request-Headers"), ",")); len(asked) > 0 {
		h.Set("Access-Control-Allow-Headers", strings.Join(asked, ", "))
	}
	h.Set("Access-Control-Max-Age", consolePreflightAge)
	return h
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
