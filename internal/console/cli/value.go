package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// JSON writes a value of the SDK, such as a configuration of a bucket, as the CLI takes and shows it, indented. What is
// not set is left out.
func JSON(value any) string {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text(plain(reflect.ValueOf(value), false))), "", "  "); err != nil {
		return ""
	}
	return b.String()
}

// ValueError is what is wrong with a text that Parse was given, and in which line, counted from 1.
type ValueError struct {
	Line int
	Text string
}

func (e *ValueError) Error() string { return fmt.Sprintf("Line %d: %s", e.Line, e.Text) }

// Parse reads into a value of the SDK what JSON writes: members have the names of AWS's model, and one that is unknown or
// there twice is an error, never left out. Dates are ISO 8601, a day or a moment. An error is a *ValueError.
func Parse(document string, into any) error {
	d := json.NewDecoder(strings.NewReader(document))
	d.UseNumber()
	r := reader{d, document}
	if err := r.read(reflect.ValueOf(into).Elem(), ""); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return r.wrong("There is something after the end of the document.")
	}
	return nil
}

type reader struct {
	*json.Decoder
	document string
}

func (r *reader) wrong(format string, args ...any) error {
	at := min(int(r.InputOffset()), len(r.document))
	return &ValueError{1 + strings.Count(r.document[:at], "\n"), fmt.Sprintf(format, args...)}
}

// token returns the next token. where names what it is of.
func (r *reader) token(where string) (json.Token, error) {
	t, err := r.Token()
	var wrong *json.SyntaxError
	switch {
	case err == nil:
		return t, nil
	case errors.As(err, &wrong):
		at := min(max(int(wrong.Offset)-1, 0), len(r.document))
		return nil, &ValueError{1 + strings.Count(r.document[:at], "\n"), "This is not JSON: " + err.Error() + "."}
	default:
		return nil, r.wrong("The document ends too early, within %s.", named(where))
	}
}

func named(where string) string {
	if where == "" {
		return "the document"
	}
	return where
}

func (r *reader) read(v reflect.Value, where string) error {
	switch {
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return r.read(v.Elem(), where)
	case v.Type() == reflect.TypeFor[time.Time]():
		return r.moment(v, where)
	case v.Kind() == reflect.Struct:
		return r.members(v, where)
	case v.Kind() == reflect.Slice:
		return r.list(v, where)
	}
	t, err := r.token(where)
	if err != nil {
		return err
	}
	switch got := t.(type) {
	case string:
		if v.Kind() == reflect.String {
			v.SetString(got)
			return nil
		}
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(got)
			return nil
		}
	case json.Number:
		if v.CanInt() {
			n, err := strconv.ParseInt(got.String(), 10, v.Type().Bits())
			if err != nil {
				return r.wrong("%s has to be a whole number.", named(where))
			}
			v.SetInt(n)
			return nil
		}
	}
	return r.wrong("%s has to be %s.", named(where), kinds[v.Kind()])
}

var kinds = map[reflect.Kind]string{
	reflect.String: "a text", reflect.Bool: "true or false", reflect.Int32: "a number", reflect.Int64: "a number",
}

func (r *reader) moment(v reflect.Value, where string) error {
	t, err := r.token(where)
	if err != nil {
		return err
	}
	typed, _ := t.(string)
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if moment, err := time.Parse(layout, typed); err == nil {
			v.Set(reflect.ValueOf(moment.UTC()))
			return nil
		}
	}
	return r.wrong("%s has to be a date, such as 2030-01-31 or 2030-01-31T00:00:00Z.", named(where))
}

func (r *reader) list(v reflect.Value, where string) error {
	t, err := r.token(where)
	if err != nil {
		return err
	}
	if t != json.Delim('[') {
		return r.wrong("%s has to be a list.", named(where))
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for r.More() {
		item := reflect.New(v.Type().Elem()).Elem()
		if err := r.read(item, where); err != nil {
			return err
		}
		v.Set(reflect.Append(v, item))
	}
	_, err = r.token(where)
	return err
}

func (r *reader) members(v reflect.Value, where string) error {
	t, err := r.token(where)
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return r.wrong("%s has to be an object: {…}.", named(where))
	}
	var known, seen []string
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && f.Name != "ResultMetadata" {
			known = append(known, f.Name)
		}
	}
	for r.More() {
		t, err := r.token(where)
		if err != nil {
			return err
		}
		name, _ := t.(string)
		switch {
		case !slices.Contains(known, name):
			return r.wrong("%s has no member %q. It may have %s.", named(where), name, strings.Join(known, ", "))
		case slices.Contains(seen, name):
			return r.wrong("%s has %s twice.", named(where), name)
		}
		seen = append(seen, name)
		if err := r.read(v.FieldByName(name), name); err != nil {
			return err
		}
	}
	_, err = r.token(where)
	return err
}
