package trailjson

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"time"
)

// JSON returns the members of the JSON object that an operation was asked with, or answers, and those of more, which
// stood elsewhere in the request, as text or lists of it; nil if there are none. A text that is no JSON object has none. Times may be numbers, in
// seconds since 1970, which become text.
//
// Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
func (m *Members) JSON(operation string, text []byte, more map[string]any) []byte {
	object := map[string]any{}
	if len(text) > 0 {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&object); err != nil {
			object = map[string]any{}
		}
	}
	out := m.object(object, operation, 0)
	elsewhere := make(map[string]any, len(more))
	for name, value := range more {
		if text, ok := value.(string); ok {
			value = typed(m.kinds[name], text)
		}
		elsewhere[name] = value
	}
	maps.Copy(out, m.object(elsewhere, operation, 0))
	return encode(out)
}

// object returns the members of a structure: of the member parent, or of what the operation of this name takes. A member that is null counts as not sent.
func (m *Members) object(object map[string]any, parent string, depth int) map[string]any {
	out := make(map[string]any, len(object))
	for name, value := range object {
		if k, ok := m.shown(name); ok && value != nil {
			if told, ok := m.value(value, parent, name, k, depth); ok {
				out[lower(name)] = told
			}
		}
	}
	return out
}

// value returns what is written of the value of a member of parent; false if that is nested too deeply.
func (m *Members) value(value any, parent, name string, k kind, depth int) (any, bool) {
	if depth++; depth > maxDepth {
		return nil, false
	}
	text, _ := value.(string)
	if mark, veiled := m.veil(parent, name, text); veiled {
		return mark, true
	}
	switch v := value.(type) {
	case json.Number:
		return m.number(v, k), true
	case []any:
		items := make([]any, 0, len(v))
		for _, item := range v {
			if told, ok := m.value(item, parent, name, k, depth); ok {
				items = append(items, told)
			}
		}
		return items, true
	case map[string]any:
		if k != mapping {
			return m.object(v, name, depth), true
		}
		entries := make(map[string]any, len(v))
		for key, entry := range v {
			if told, ok := m.value(entry, parent, name, plain, depth); ok {
				entries[key] = told
			}
		}
		return entries, true
	}
	return value, true
}

// maxTime is the end of the year 9999, in seconds since 1970.
const maxTime = 253402300799

// number returns a number as it is written, or as text if it is a time.
func (m *Members) number(n json.Number, k kind) any {
	if k != moment {
		return n
	}
	seconds, err := n.Float64()
	if err != nil || math.Abs(seconds) > maxTime {
		return n
	}
	return m.clock(time.UnixMilli(int64(seconds * 1000)))
}
