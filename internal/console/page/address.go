package page

import (
	"net/url"
	"strings"
)

// Local returns to if it is a path of the console, or else "/": nobody is led elsewhere.
func Local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(to, "//") || strings.HasPrefix(u.Path, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}

// Path returns a path of the console, with the parts escaped, such as Path("buckets", name).
func Path(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		// A part of dots would be taken for the way up.
		escaped := url.PathEscape(part)
		if part == "." || part == ".." {
			escaped = strings.ReplaceAll(part, ".", "%2E")
		}
		b.WriteString("/" + escaped)
	}
	return b.String()
}

// Query returns a path with a query of names and values in turn; those without a value are left out.
func Query(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
