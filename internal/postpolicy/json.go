package postpolicy

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// object is a JSON object with its members in order, repeated ones included, so that none is read as another
// or lost.
type object []member

type member struct {
	name  string
	value any
}

// maxDepth is how deep lists and objects may be nested; a policy needs three.
const maxDepth = 8

// parseJSON reads a document into object, []any, string, json.Number, bool and nil.
func parseJSON(raw []byte) (any, error) {
	raw = plainEscapes(raw)
	if !utf8.Valid(raw) || !json.Valid(raw) {
		return nil, invalidJSON()
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return value(d, maxDepth)
}

// value reads the next value.
func value(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, invalidJSON().Because(err)
	}
	delimiter, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth == 0 {
		return nil, invalidJSON()
	}
	list, members := []any{}, object{}
	for d.More() {
		var name string
		if delimiter == '{' {
			token, err := d.Token()
			if err != nil {
				return nil, invalidJSON().Because(err)
			}
			name = token.(string) // the decoder takes nothing else in this place
		}
		v, err := value(d, depth-1)
		if err != nil {
			return nil, err
		}
		list, members = append(list, v), append(members, member{name, v})
	}
	if _, err := d.Token(); err != nil {
		return nil, invalidJSON().Because(err)
	}
	if delimiter == '{' {
		return members, nil
	}
	return list, nil
}

// plainEscapes replaces the two escapes that policies have and JSON has not: \$ is a dollar sign, \v a vertical
// tab. A backslash stands in strings only; elsewhere it makes the document invalid in either case.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html#sigv4-HTTPPOSTEscaping
func plainEscapes(raw []byte) []byte {
	if !bytes.Contains(raw, []byte(`\$`)) && !bytes.Contains(raw, []byte(`\v`)) {
		return raw
	}
	out := make([]byte, 0, len(raw)+16)
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' || i+1 == len(raw) {
			out = append(out, raw[i])
			continue
		}
		i++
		switch raw[i] {
		case '$':
			out = append(out, '$')
		case 'v':
			out = append(out, `\u000b`...)
		default:
			out = append(out, '\\', raw[i])
		}
	}
	return out
}
