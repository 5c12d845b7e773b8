package restxml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"crossgrant/internal/apierr"
)

// Present is a field for an element that is known and not built: it takes any content and says only
// that the element was there, so that the operation can refuse it by name.
type Present bool

var presentType = reflect.TypeFor[Present]()

// Malformed returns the error for a body that is not the document it should be. cause is for the log.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
func Malformed(cause error) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "MalformedXML",
		"The XML you provided was not well-formed or did not validate against our published schema").Because(cause)
}

// Decode reads the document in body, whose root element is named root, into the struct that v points
// to. The error is Malformed.
//
// Fields are tagged `element:"Name"`, or `element:"Name,required"` if the element must be there. A
// field of type string, bool, int or int64 takes the element's text; a struct takes its children; a
// pointer is nil if the element is absent; a slice takes elements that may be repeated, in order;
// Present takes anything. A string field of a struct that is tagged `element:"@type"` takes the attribute
// xsi:type of the struct's element; all other attributes but namespace declarations are refused. Strings are
// taken with the white space around them, numbers and booleans
// without. Decode panics if v has a field of any other type.
func Decode(body []byte, root string, v any) error { return DecodeIn(Namespace, body, root, v) }

// DecodeIn is Decode for documents of another namespace than S3's.
func DecodeIn(namespace string, body []byte, root string, v any) error {
	input := &rationed{Reader: bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))}
	d := decoder{tokens: xml.NewDecoder(input), input: input, namespace: namespace}
	if err := d.document(root, reflect.ValueOf(v).Elem()); err != nil {
		return Malformed(err)
	}
	return nil
}

// The limits of what a document may be made of. Package encoding/xml takes many times the room of a tag
// for each of its attributes and for each element that is open, and bodies of some megabytes are read
// before it is known who sends them.
const (
	maxToken = 64 << 10 // bytes of one tag, text or comment
	maxDepth = 32       // of elements inside a Present
)

// decoder reads a document token by token.
type decoder struct {
	tokens    *xml.Decoder
	input     *rationed
	namespace string
}

// next returns the next token; it is good until the one after it is read.
func (d *decoder) next() (xml.Token, error) {
	d.input.left = maxToken
	return d.tokens.Token()
}

// rationed is a text of which left bytes may be read.
type rationed struct {
	*bytes.Reader
	left int
}

// ReadByte is what package encoding/xml reads with.
func (r *rationed) ReadByte() (byte, error) {
	if r.left == 0 {
		return 0, fmt.Errorf("token of more than %d bytes", maxToken)
	}
	r.left--
	return r.Reader.ReadByte()
}

// document reads the whole text: one root element, and nothing beside it but an XML declaration,
// comments and white space.
func (d *decoder) document(root string, v reflect.Value) error {
	first, found := true, false
	for {
		token, err := d.next()
		if errors.Is(err, io.EOF) && found {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.ProcInst:
			if t.Target != "xml" || !first {
				return fmt.Errorf("processing instruction %q", t.Target)
			}
		case xml.StartElement:
			if found || t.Name.Local != root {
				return fmt.Errorf("element %s in place of %s", t.Name.Local, root)
			}
			found = true
			if err := d.element(t, v); err != nil {
				return err
			}
		default:
			if err := d.filler(token); err != nil {
				return err
			}
		}
		first = false
	}
}

// filler accepts what may stand between elements.
func (d *decoder) filler(token xml.Token) error {
	switch t := token.(type) {
	case xml.Comment:
		return nil
	case xml.CharData:
		if len(bytes.TrimSpace(t)) == 0 {
			return nil
		}
		return fmt.Errorf("text between elements at byte %d", d.tokens.InputOffset())
	default:
		return fmt.Errorf("%T at byte %d", token, d.tokens.InputOffset())
	}
}

// element reads the element that begins with start into v, to its end.
func (d *decoder) element(start xml.StartElement, v reflect.Value) error {
	if err := d.checkName(start, v); err != nil {
		return err
	}
	switch {
	case v.Type() == presentType:
		v.SetBool(true)
		return d.skip()
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.element(start, v.Elem())
	case v.Kind() == reflect.Struct:
		return d.children(start, v)
	}
	text, err := d.text(start)
	if err != nil {
		return err
	}
	return setText(v, start.Name.Local, text)
}

// skip reads to the end of an element that has begun.
func (d *decoder) skip() error {
	for depth := 1; depth > 0; {
		token, err := d.next()
		if err != nil {
			return err
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
		if depth > maxDepth {
			return fmt.Errorf("elements nested deeper than %d", maxDepth)
		}
	}
	return nil
}

// typeAttribute is the attribute that tells which of several types an element has.
var typeAttribute = xml.Name{Space: "http://www.w3.org/2001/XMLSchema-instance", Local: "type"}

// checkName refuses elements of foreign namespaces, and attributes but the type if v has room for it.
func (d *decoder) checkName(start xml.StartElement, v reflect.Value) error {
	if s := start.Name.Space; s != "" && s != d.namespace {
		return fmt.Errorf("element %s of namespace %q", start.Name.Local, s)
	}
	typed := false
	for _, a := range start.Attr {
		if a.Name == typeAttribute && v.Kind() == reflect.Struct && !typed {
			if i := fieldNamed(v.Type(), "@type"); i >= 0 {
				v.Field(i).SetString(a.Value)
				typed = true
				continue
			}
		}
		if a.Name.Space != "xmlns" && a.Name != (xml.Name{Local: "xmlns"}) {
			return fmt.Errorf("attribute %s of %s", a.Name.Local, start.Name.Local)
		}
	}
	return nil
}

// children reads the children of the element that begins with start into the fields of v.
func (d *decoder) children(start xml.StartElement, v reflect.Value) error {
	seen := make([]bool, v.NumField())
	for {
		token, err := d.next()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.EndElement:
			return missing(start, v.Type(), seen)
		case xml.StartElement:
			i := fieldNamed(v.Type(), t.Name.Local)
			if i < 0 {
				return fmt.Errorf("unknown element %s in %s", t.Name.Local, start.Name.Local)
			}
			field := v.Field(i)
			if field.Kind() == reflect.Slice {
				field.Set(reflect.Append(field, reflect.Zero(field.Type().Elem())))
				field = field.Index(field.Len() - 1)
			} else if seen[i] {
				return fmt.Errorf("element %s repeated in %s", t.Name.Local, start.Name.Local)
			}
			seen[i] = true
			if err := d.element(t, field); err != nil {
				return err
			}
		default:
			if err := d.filler(token); err != nil {
				return err
			}
		}
	}
}

// text reads the text of an element that has no children.
func (d *decoder) text(start xml.StartElement) (string, error) {
	var b strings.Builder
	for {
		token, err := d.next()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.EndElement:
			return b.String(), nil
		case xml.CharData:
			b.Write(t)
		case xml.Comment:
		default:
			return "", fmt.Errorf("%T in %s", token, start.Name.Local)
		}
	}
}

// setText puts an element's text into a field.
func setText(v reflect.Value, name, text string) error {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		// S3 takes the capitals of its own examples beside the forms of XML Schema:
		// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html
		b, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(text)))
		if err != nil {
			return fmt.Errorf("%s is no boolean: %w", name, err)
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%s is no number: %w", name, err)
		}
		v.SetInt(n)
	default:
		panic("restxml: element " + name + " has a field of type " + v.Type().String())
	}
	return nil
}

// fieldNamed returns the index of the field for the element with this name, or -1.
func fieldNamed(t reflect.Type, name string) int {
	for i := range t.NumField() {
		if tag, _, _ := strings.Cut(t.Field(i).Tag.Get("element"), ","); tag == name {
			return i
		}
	}
	return -1
}

// missing returns an error if a required element was not seen.
func missing(start xml.StartElement, t reflect.Type, seen []bool) error {
	for i := range seen {
		name, option, _ := strings.Cut(t.Field(i).Tag.Get("element"), ",")
		if option == "required" && !seen[i] {
			return fmt.Errorf("element %s missing in %s", name, start.Name.Local)
		}
	}
	return nil
}
