package declarative

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxDepth is how deep objects and lists may lie in each other.
const maxDepth = 16

// object is a JSON object. err is what was found to be wrong with it.
type object struct {
	members map[string]any
	err     error
}

// parse reads a text that is one JSON object, in which no member is there twice.
func parse(text string) (*object, error) {
	d := json.NewDecoder(strings.NewReader(text))
	v, err := value(d, 0)
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not JSON: something follows the object")
	}
	members, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("not an object")
	}
	return &object{members: members}, nil
}

func value(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, errors.New("too deep")
	}
	switch t {
	case json.Delim('{'):
		return members(d, depth+1)
	case json.Delim('['):
		return items(d, depth+1)
	default:
		return t, nil
	}
}

func members(d *json.Decoder, depth int) (any, error) {
	out := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := t.(string)
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("%q is there twice", name)
		}
		if out[name], err = value(d, depth); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return out, err
}

func items(d *json.Decoder, depth int) (any, error) {
	out := []any{}
	for d.More() {
		v, err := value(d, depth)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	_, err := d.Token()
	return out, err
}

// only notes an error unless all members have one of these names.
func (o *object) only(names ...string) *object {
	for name := range o.members {
		if !slices.Contains(names, name) && o.err == nil {
			o.err = fmt.Errorf("%q is not known", name)
		}
	}
	return o
}

// object returns the member of this name, which must be an object.
func (o *object) object(name string) (*object, error) {
	if o.err != nil {
		return nil, o.err
	}
	members, ok := o.members[name].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is not an object", name)
	}
	return &object{members: members}, nil
}
