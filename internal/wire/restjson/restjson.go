// Package restjson is the codec of the REST-JSON protocol, which Access Analyzer speaks: method and path name the
// operation, labels in the path and parameters of the query are members of its input beside those of the JSON
// object in the body. It knows no operation.
//
//	PUT /analyzer/{analyzerName}/archive-rule
//	Content-Type: application/json
//
//	{"ruleName":"ours","filter":{"isPublic":{"eq":["false"]}}}
//
// Reading is strict, as in package json11: what the operation does not ask for is refused.
//
// Source: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
package restjson

import (
	"net/url"
	"strconv"
	"strings"

	"crossgrant/internal/wire/json11"
)

// MediaType is that of requests and answers.
const MediaType = "application/json"

// Path is the pattern of an operation's path: segments of text, and labels such as {analyzerName}.
type Path []string

// NewPath returns the pattern that text writes.
func NewPath(text string) Path { return strings.Split(strings.TrimPrefix(text, "/"), "/") }

// Match returns the labels of a path as it was sent, with its escapes; ok is false if it is not one of the pattern.
// A label is not empty.
func (p Path) Match(escaped string) (labels map[string]string, ok bool) {
	segments := NewPath(escaped)
	if len(segments) != len(p) {
		return nil, false
	}
	labels = map[string]string{}
	for i, segment := range segments {
		name, label := p.label(i)
		if !label {
			if segment != name {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(segment)
		if err != nil || value == "" {
			return nil, false
		}
		labels[name] = value
	}
	return labels, true
}

// label returns the name of a label, or the text of a segment that is none.
func (p Path) label(i int) (name string, label bool) {
	name, label = strings.CutPrefix(p[i], "{")
	return strings.TrimSuffix(name, "}"), label
}

// Literals returns how many segments of the pattern are no labels. Of several that match, the one with most counts.
func (p Path) Literals() int {
	n := 0
	for i := range p {
		if _, label := p.label(i); !label {
			n++
		}
	}
	return n
}

// Input reads the members of a request. Those of the body are read with the methods of the Reader.
type Input struct {
	*json11.Reader
	labels map[string]string
	query  url.Values
	asked  map[string]bool // parameters of the query
}

// NewInput returns the input that consists of labels, query and body. The error is a SerializationException.
func NewInput(labels map[string]string, query url.Values, body []byte) (*Input, error) {
	r, err := json11.NewReader(body)
	if err != nil {
		return nil, err
	}
	return &Input{Reader: r, labels: labels, query: query, asked: map[string]bool{}}, nil
}

// Label returns the value of a label.
func (in *Input) Label(name string, rules ...json11.Rule) string {
	value := in.labels[name]
	in.Check(name, value, rules...)
	return value
}

// Query returns the value of an optional parameter of the query, or "" if it was not sent.
func (in *Input) Query(name string, rules ...json11.Rule) string {
	values := in.QueryList(name, rules...)
	switch len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	default:
		in.Refuse(name, json11.BadValue)
		return ""
	}
}

// RequiredQuery returns the value of a parameter of the query that must be sent.
func (in *Input) RequiredQuery(name string, rules ...json11.Rule) string {
	if len(in.query[name]) == 0 {
		in.Refuse(name, json11.Missing)
	}
	return in.Query(name, rules...)
}

// QueryInt returns the value of an optional integer between least and most in the query, or absent.
func (in *Input) QueryInt(name string, absent, least, most int) int {
	text := in.Query(name)
	if text == "" {
		return absent
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		in.Refuse(name, json11.BadValue)
	case n < least:
		in.Refuse(name, json11.TooSmall)
	case n > most:
		in.Refuse(name, json11.TooLarge)
	}
	return n
}

// QueryList returns the values of a parameter of the query that is a list, in order.
func (in *Input) QueryList(name string, rules ...json11.Rule) []string {
	in.asked[name] = true
	for _, value := range in.query[name] {
		in.Check(name, value, rules...)
	}
	return in.query[name]
}

// RequiredQueryList is QueryList for a parameter that must be sent.
func (in *Input) RequiredQueryList(name string, rules ...json11.Rule) []string {
	if len(in.query[name]) == 0 {
		in.Refuse(name, json11.Missing)
	}
	return in.QueryList(name, rules...)
}

// Err returns nil, a SerializationException, or a *json11.Violation. It must be called once everything has been
// read, because it refuses what nobody asked for. The parameters of a signature are not among that.
func (in *Input) Err() error {
	for name := range in.query {
		if !in.asked[name] && !strings.HasPrefix(strings.ToLower(name), "x-amz-") {
			in.Refuse(name, json11.BadValue)
		}
	}
	return in.Reader.Err()
}
