package trailjson

import (
	"reflect"
	"strings"
	"time"
)

// Result returns the members of the result of a query-protocol operation, a structure that package encoding/xml is to
// write, whose lists are structures with the elements "member"; nil if there are none. What is written in another way,
// such as a map, is left out: no operation has it whose answer is told.
func (m *Members) Result(result any) []byte {
	object, _ := m.reflected(reflect.ValueOf(result), "", "").(map[string]any)
	return encode(object)
}

// reflected returns what is written of the value of a member of parent; nil for nothing.
func (m *Members) reflected(v reflect.Value, parent, name string) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return m.reflected(v.Elem(), parent, name)
		}
	case reflect.String:
		if mark, veiled := m.veil(parent, name, v.String()); veiled {
			return mark
		}
		at, err := time.Parse(time.RFC3339, v.String())
		if m.kinds[name] == moment && err == nil {
			return m.clock(at)
		}
		return v.String()
	case reflect.Int, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Bool:
		return v.Bool()
	case reflect.Struct:
		if list, ok := items(v); ok {
			out := make([]any, 0, list.Len())
			for i := range list.Len() {
				out = append(out, m.reflected(list.Index(i), parent, name))
			}
			return out
		}
		object := map[string]any{}
		m.fields(v, name, object)
		return object
	}
	return nil
}

// items returns the slice that a list consists of; false if v is no list.
func items(v reflect.Value) (reflect.Value, bool) {
	if v.NumField() != 1 || v.Field(0).Kind() != reflect.Slice {
		return v, false
	}
	tag, _, _ := strings.Cut(v.Type().Field(0).Tag.Get("xml"), ",")
	return v.Field(0), tag == listed
}

// fields puts the members of a structure, which is the member name, into object.
func (m *Members) fields(v reflect.Value, name string, object map[string]any) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("xml"), ",")
		if f.Anonymous && tag == "" {
			m.fields(v.Field(i), name, object)
			continue
		}
		if tag == "" {
			tag = f.Name
		}
		if _, ok := m.shown(tag); !ok || options == "omitempty" && v.Field(i).IsZero() {
			continue
		}
		if told := m.reflected(v.Field(i), name, tag); told != nil {
			object[lower(tag)] = told
		}
	}
}
