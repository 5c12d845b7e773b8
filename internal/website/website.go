// Package website is the configuration of a bucket that is a website, and what follows from it for a
// request: which object it means, and where it is sent instead. It reads no object and knows no
// permissions.
//
// A request to a website is looked at in this order:
//
//	RedirectAllRequestsTo                 sends everything away
//	routing rules without an error code   the first whose prefix the key has
//	the object                            of the key, or of the index document if the key names a folder
//	routing rules with an error code      the first that has the status of the error, and its prefix, if any
//	the error document
//
// Sources:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/IndexDocumentSupport.html
package website

import (
	"net/url"
	"strconv"
	"strings"
)

// Config is the website of a bucket. The tags name the elements of its XML form.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_WebsiteConfiguration.html
type Config struct {
	Index *IndexDocument `element:"IndexDocument"`
	Error *ErrorDocument `element:"ErrorDocument"`
	All   *RedirectAll   `element:"RedirectAllRequestsTo"`
	Rules *RoutingRules  `element:"RoutingRules"`
}

// IndexDocument says what is served for a folder.
type IndexDocument struct {
	Suffix string `element:"Suffix,required"` // of the key; without a slash
}

// ErrorDocument says what is served with an error of the class 4XX.
type ErrorDocument struct {
	Key string `element:"Key,required"`
}

// RedirectAll sends every request to another host.
type RedirectAll struct {
	Host     string  `element:"HostName,required"`
	Protocol *string `element:"Protocol"`
}

// RoutingRules are the rules by which some requests are sent elsewhere, in order.
type RoutingRules struct {
	Rules []Rule `element:"RoutingRule"`
}

// Rule is one routing rule; without a condition, it is for all requests.
type Rule struct {
	Condition *Condition `element:"Condition"`
	Redirect  *Redirect  `element:"Redirect,required"`
}

// Condition says which requests a rule is for. One of its members is there, or both are and have to hold.
type Condition struct {
	Prefix *string `element:"KeyPrefixEquals"`
	Code   *string `element:"HttpErrorCodeReturnedEquals"` // a status of 4XX or 5XX
}

// Redirect says what of a URL is replaced; what is absent stays.
type Redirect struct {
	Protocol *string `element:"Protocol"` // http or https
	Host     *string `element:"HostName"`
	// At most one of these two: the one replaces the prefix that the rule's condition has, the other the
	// whole key.
	ReplacePrefix *string `element:"ReplaceKeyPrefixWith"`
	ReplaceKey    *string `element:"ReplaceKeyWith"`
	Code          *string `element:"HttpRedirectCode"` // a status of 3XX; absent: 301
}

// Request is what a redirect is made of.
type Request struct {
	Protocol string // http or https
	Host     string // with its port, if it has one
	Key      string // the path without its first slash, decoded
	Query    string // as sent, without the question mark
}

// Target is where a request is sent.
type Target struct {
	Status   int
	Location string
}

// Before returns where q is sent whatever is there; ok is false if it is not sent anywhere.
func (c *Config) Before(q *Request) (to Target, ok bool) {
	if c.All != nil {
		r := Redirect{Protocol: c.All.Protocol, Host: &c.All.Host}
		return r.target(q, ""), true
	}
	for _, r := range c.rules() {
		if r.code() == "" && strings.HasPrefix(q.Key, r.prefix()) {
			return r.Redirect.target(q, r.prefix()), true
		}
	}
	return Target{}, false
}

// After returns where q is sent because it failed with this status; ok is false if it is not sent anywhere.
func (c *Config) After(q *Request, status int) (to Target, ok bool) {
	for _, r := range c.rules() {
		if r.code() == strconv.Itoa(status) && strings.HasPrefix(q.Key, r.prefix()) {
			return r.Redirect.target(q, r.prefix()), true
		}
	}
	return Target{}, false
}

// Document returns the key of the object that a request for key means: key itself, or the index document of
// the folder that it names.
func (c *Config) Document(key string) string {
	if key == "" || strings.HasSuffix(key, "/") {
		return key + c.Index.Suffix
	}
	return key
}

// Folder returns the key of the index document that key is sent to if there is no object of that name, and
// where it is sent; ok is false if key names a folder already.
func (c *Config) Folder(key string) (index string, to Target, ok bool) {
	if key == "" || strings.HasSuffix(key, "/") {
		return "", Target{}, false
	}
	location := escapeKey("/" + key + "/")
	if rest, found := strings.CutPrefix(location, "//"); found {
		location = "/%2F" + rest // two slashes would begin the name of another host
	}
	return key + "/" + c.Index.Suffix, Target{302, location}, true
}

func (c *Config) rules() []Rule {
	if c.Rules == nil {
		return nil
	}
	return c.Rules.Rules
}

// prefix returns the prefix of r's condition; empty if it has none.
func (r *Rule) prefix() string {
	if r.Condition == nil || r.Condition.Prefix == nil {
		return ""
	}
	return *r.Condition.Prefix
}

// code returns the error code of r's condition; empty if it has none.
func (r *Rule) code() string {
	if r.Condition == nil || r.Condition.Code == nil {
		return ""
	}
	return *r.Condition.Code
}

// target returns where q is sent, whose key begins with prefix. What replaces a key is taken as it is, so
// that it may have a query or a fragment; what is left of the key is escaped. The query of the request goes
// along: sources disagree, and who is sent on usually wants it.
func (r *Redirect) target(q *Request, prefix string) Target {
	to := Target{Status: 301}
	if r.Code != nil {
		to.Status, _ = strconv.Atoi(*r.Code)
	}
	protocol, host, path := q.Protocol, q.Host, escapeKey("/"+q.Key)
	if r.Protocol != nil {
		protocol = *r.Protocol
	}
	if r.Host != nil {
		host = *r.Host
	}
	switch {
	case r.ReplaceKey != nil:
		path = "/" + *r.ReplaceKey
	case r.ReplacePrefix != nil:
		path = "/" + *r.ReplacePrefix + escapeKey(strings.TrimPrefix(q.Key, prefix))
	}
	if q.Query != "" {
		path = withQuery(path, q.Query)
	}
	to.Location = Printable(protocol + "://" + host + path)
	return to
}

// withQuery adds a query to a path that may have one, and a fragment, already.
func withQuery(path, query string) string {
	path, fragment, found := strings.Cut(path, "#")
	if found {
		fragment = "#" + fragment
	}
	if strings.Contains(path, "?") {
		return path + "&" + query + fragment
	}
	return path + "?" + query + fragment
}

func escapeKey(key string) string { return (&url.URL{Path: key}).EscapedPath() }

// Printable returns text with every byte escaped that does not belong into a header.
func Printable(text string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c > ' ' && c < 0x7f {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}
