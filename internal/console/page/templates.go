package page

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

//go:embed templates/*.html
var templateFiles embed.FS

// base returns the frame of pages, and the parts that sections use.
func (s *Site) base() *template.Template {
	return template.Must(template.New("").Funcs(s.functions()).Option("missingkey=error").ParseFS(templateFiles, "templates/*.html"))
}

// section returns the templates of a section, which has the parts of the base.
func (s *Site) section(section Section) *template.Template {
	t := template.Must(s.frame.Clone())
	for _, folder := range section.Templates {
		t = template.Must(t.ParseFS(folder, "*.html"))
	}
	return t
}

// functions are those that templates call.
func (s *Site) functions() template.FuncMap {
	return template.FuncMap{
		"asset": s.assets.url,
		// path and query make addresses of the console: {{path "buckets" .Name}}, {{query (path "buckets" .Name) "prefix" .Prefix}}.
		"path":  Path,
		"query": Query,
		// icon shows a symbol of assets/icons.svg, which says nothing to screen readers.
		"icon": func(name string) template.HTML {
			return template.HTML(`<svg class="icon" aria-hidden="true"><use href="` + s.assets.url("icons.svg") + `#` + template.HTMLEscapeString(name) + `"/></svg>`)
		},
		"time":   showTime,
		"size":   func(n any) string { return humanize.IBytes(uint64(max(number(n), 0))) },
		"count":  func(n any) string { return humanize.Comma(number(n)) },
		"plural": func(n any, one, many string) string { return plural(number(n), one, many) },
		"json":   ShowJSON,
		"dict":   dict,
		"list":   func(items ...any) []any { return items },
		"join":   strings.Join,
		"lower":  strings.ToLower,
		"text":   text,
		"frame":  func(v *Visit, data any) *Frame { return &Frame{v, data} },
	}
}

// showTime shows a moment, in UTC, as a time element. A nil or zero one is a dash.
func showTime(moment any) template.HTML {
	var t time.Time
	switch m := moment.(type) {
	case time.Time:
		t = m
	case *time.Time:
		if m != nil {
			t = *m
		}
	}
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	return template.HTML(`<time datetime="` + t.Format(time.RFC3339) + `">` + t.Format("2006-01-02 15:04:05") + ` UTC</time>`)
}

// number returns an integer of any type, or what a pointer to one points to; 0 for nil.
func number(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int32:
		return int64(n)
	case int64:
		return n
	case *int32:
		if n != nil {
			return int64(*n)
		}
	case *int64:
		if n != nil {
			return *n
		}
	}
	return 0
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return humanize.Comma(n) + " " + many
}

// ShowJSON indents a JSON document; what is none stays as it is.
func ShowJSON(document string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(document), "", "  ") != nil {
		return document
	}
	return b.String()
}

// text is a text, or what a pointer to one points to; "" for nil.
func text(s any) string {
	switch s := s.(type) {
	case nil:
		return ""
	case *string:
		if s == nil {
			return ""
		}
		return *s
	default:
		return fmt.Sprint(s)
	}
}

// dict makes a map of names and values in turn, for templates that take several.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: %d arguments", len(pairs))
	}
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: argument %d is no text", i)
		}
		out[name] = pairs[i+1]
	}
	return out, nil
}
