package bootstrap

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Document is a policy document as JSON text. In the file it is a mapping, whose order is kept, or a
// string that is taken as it is.
type Document string

// UnmarshalYAML makes JSON of a YAML value. Whether it is a policy is for others to say.
func (d *Document) UnmarshalYAML(node ast.Node) error {
	var value any
	if err := yaml.NodeToValue(node, &value, yaml.UseOrderedMap()); err != nil {
		return err
	}
	if text, ok := value.(string); ok {
		*d = Document(text)
		return nil
	}
	if _, ok := value.(yaml.MapSlice); !ok {
		return errors.New("a document is a mapping or a string with JSON")
	}
	var out bytes.Buffer
	if err := writeJSON(&out, value); err != nil {
		return err
	}
	*d = Document(out.String())
	return nil
}

// writeJSON appends value, as the YAML library returns it, as JSON.
func writeJSON(out *bytes.Buffer, value any) error {
	switch v := value.(type) {
	case yaml.MapSlice:
		return writeObject(out, v)
	case []any:
		out.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				out.WriteByte(',')
			}
			if err := writeJSON(out, item); err != nil {
				return err
			}
		}
		out.WriteByte(']')
		return nil
	default:
		return writeScalar(out, v)
	}
}

func writeObject(out *bytes.Buffer, m yaml.MapSlice) error {
	out.WriteByte('{')
	for i, item := range m {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := writeScalar(out, fmt.Sprint(item.Key)); err != nil {
			return err
		}
		out.WriteByte(':')
		if err := writeJSON(out, item.Value); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	return nil
}

// writeScalar leaves '<', '>' and '&' as they are: nobody shows a policy in HTML as it is, and people
// compare documents.
func writeScalar(out *bytes.Buffer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	out.Truncate(out.Len() - 1) // the line end that Encode adds
	return nil
}
