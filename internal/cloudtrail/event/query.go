package event

import (
	"iter"
	"net/url"
	"strings"
)

// parameters iterates over the parameters of a query, as sent: names and values, decoded, in their order. Those that
// cannot be decoded are left out. A semicolon is part of a value, as it is for S3.
func parameters(query string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for len(query) > 0 {
			var part string
			part, query, _ = strings.Cut(query, "&")
			name, value, _ := strings.Cut(part, "=")
			name, err := url.QueryUnescape(name)
			if err != nil || name == "" {
				continue
			}
			if value, err = url.QueryUnescape(value); err == nil && !yield(name, value) {
				return
			}
		}
	}
}

// parameter returns the first value of a parameter of a query; empty if it has none.
func parameter(query, name string) string {
	for n, value := range parameters(query) {
		if n == name {
			return value
		}
	}
	return ""
}
