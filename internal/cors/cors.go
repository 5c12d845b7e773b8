// Package cors is cross-origin resource sharing as S3 does it: the rules of a bucket, which of them
// speaks for a request, and the headers by which the answer tells a browser so. It sends nothing and reads
// no request: what it needs to know of one is a Request.
//
// The first rule counts of which an origin, a method and, for every header that is asked for, a header
// match. An actual request is judged as its preflight is, by the Access-Control-Request-… headers where it
// has them; it is answered all the same if no rule matches, only without the headers. Origins are compared
// byte by byte, names of headers ignoring case; one asterisk in either stands for any text, also for none.
//
// Sources:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html and the answers of S3 that
// tests/aws/services/s3/test_s3_cors.snapshot.json of https://github.com/localstack/localstack recorded
package cors

import (
	"slices"
	"strconv"
	"strings"
)

// Rule is one rule of a bucket, as it was put.
type Rule struct {
	ID      string
	Origins []string // never empty; each with one asterisk at most
	Methods []string // never empty; some of Methods
	Headers []string // of requests; each with one asterisk at most
	Expose  []string // headers of answers, without asterisks
	// MaxAge is for how many seconds a browser may keep the answer to a preflight request; -1: not said.
	MaxAge int32
}

// Methods are the methods that a rule may allow.
var Methods = []string{"GET", "PUT", "HEAD", "POST", "DELETE"}

// Request is what rules are compared with.
type Request struct {
	Origin string
	// Method is that of Access-Control-Request-Method; without that header, the request's own.
	Method string
	// Headers are the names in Access-Control-Request-Headers, in their order; see ParseHeaders.
	Headers []string
}

// ParseHeaders returns the names in a value of Access-Control-Request-Headers, in lower case.
func ParseHeaders(value string) []string {
	var names []string
	for name := range strings.SplitSeq(value, ",") {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Header is one header of an answer.
type Header struct{ Name, Value string }

// varying are the headers of requests that the headers of an answer depend on.
const varying = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"

// Match returns the headers of the answer to q, as the first rule that matches has them; nil if none does.
func Match(rules []Rule, q *Request) []Header {
	for i := range rules {
		if origin, ok := rules[i].match(q); ok {
			return rules[i].headers(q, origin)
		}
	}
	return nil
}

// match reports whether r matches q, and with which of its origins.
func (r *Rule) match(q *Request) (origin string, ok bool) {
	if !slices.Contains(r.Methods, q.Method) {
		return "", false
	}
	for _, name := range q.Headers {
		allows := func(pattern string) bool { return like(strings.ToLower(pattern), name) }
		if !slices.ContainsFunc(r.Headers, allows) {
			return "", false
		}
	}
	for _, pattern := range r.Origins {
		if like(pattern, q.Origin) {
			return pattern, true
		}
	}
	return "", false
}

// headers returns the headers of an answer that r allows. A rule for every origin says so, and takes no
// cookies along; any other names the origin that asked.
func (r *Rule) headers(q *Request, origin string) []Header {
	all := make([]Header, 0, 7)
	if origin == "*" {
		all = append(all, Header{"Access-Control-Allow-Origin", "*"})
	} else {
		all = append(all, Header{"Access-Control-Allow-Origin", q.Origin}, Header{"Access-Control-Allow-Credentials", "true"})
	}
	all = append(all, Header{"Access-Control-Allow-Methods", strings.Join(r.Methods, ", ")})
	if len(q.Headers) > 0 {
		all = append(all, Header{"Access-Control-Allow-Headers", strings.Join(q.Headers, ", ")})
	}
	if len(r.Expose) > 0 {
		all = append(all, Header{"Access-Control-Expose-Headers", strings.Join(r.Expose, ", ")})
	}
	if r.MaxAge >= 0 {
		all = append(all, Header{"Access-Control-Max-Age", strconv.Itoa(int(r.MaxAge))})
	}
	return append(all, Header{"Vary", varying})
}

// like reports whether text matches a pattern that has one asterisk at most.
func like(pattern, text string) bool {
	before, after, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == text
	}
	return len(text) >= len(before)+len(after) && strings.HasPrefix(text, before) && strings.HasSuffix(text, after)
}
