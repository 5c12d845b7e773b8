package json11

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// maxDepth bounds how deep objects and arrays may be nested; no request of a service needs more.
const maxDepth = 16

type kind int

const (
	nullKind kind = iota
	boolKind
	numberKind
	stringKind
	arrayKind
	objectKind
)

// value is a JSON value.
type value struct {
	kind    kind
	text    string // of a string, a number or a boolean
	items   []value
	members map[string]value
}

// integer returns a number without fraction and exponent that is one.
func (v value) integer() (int, bool) {
	n, err := strconv.Atoi(v.text)
	return n, err == nil
}

var (
	errTwice = malformed("A member is given more than once.")
	errDeep  = malformed("The request is nested too deeply.")
	errJSON  = malformed("The request body is not valid JSON.")
)

// parse reads one JSON value and nothing after it. Unlike encoding/json alone it refuses members that
// are given twice, and bytes that are no UTF-8.
func parse(body []byte) (value, error) {
	if !utf8.Valid(body) {
		return value{}, errJSON
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	v, err := parseValue(d, 0)
	if err == nil {
		if _, end := d.Token(); !errors.Is(end, io.EOF) {
			err = errJSON
		}
	}
	switch err {
	case nil, errTwice, errDeep:
		return v, err
	default:
		return value{}, errJSON.Because(err)
	}
}

func parseValue(d *json.Decoder, depth int) (value, error) {
	token, err := d.Token()
	if err != nil {
		return value{}, err
	}
	return parseToken(d, token, depth)
}

func parseToken(d *json.Decoder, token json.Token, depth int) (value, error) {
	switch t := token.(type) {
	case nil:
		return value{}, nil
	case bool:
		return value{kind: boolKind, text: strconv.FormatBool(t)}, nil
	case json.Number:
		return value{kind: numberKind, text: t.String()}, nil
	case string:
		return value{kind: stringKind, text: t}, nil
	}
	if depth == maxDepth {
		return value{}, errDeep
	}
	if token == json.Delim('[') {
		return parseArray(d, depth+1)
	}
	return parseObject(d, depth+1)
}

func parseArray(d *json.Decoder, depth int) (value, error) {
	v := value{kind: arrayKind}
	for d.More() {
		item, err := parseValue(d, depth)
		if err != nil {
			return value{}, err
		}
		v.items = append(v.items, item)
	}
	_, err := d.Token()
	return v, err
}

func parseObject(d *json.Decoder, depth int) (value, error) {
	v := value{kind: objectKind, members: map[string]value{}}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return value{}, err
		}
		name, _ := token.(string) // the decoder lets nothing else through
		if _, twice := v.members[name]; twice {
			return value{}, errTwice
		}
		if v.members[name], err = parseValue(d, depth); err != nil {
			return value{}, err
		}
	}
	_, err := d.Token()
	return v, err
}
