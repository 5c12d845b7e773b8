package event

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"crossgrant/internal/jsonwrite"
)

// document writes the body of a request that is a setting, as a member of requestParameters: that of PutBucketPolicy as
// bucketPolicy, others under the name of their root element. What is not well-formed is left out, and so are the
// keys and parts that a request lists.
func (e *event) document(to *jsonwrite.Object, n *names) {
	r := e.record
	if len(r.Document) == 0 || r.Operation == "DeleteObjects" || r.Operation == "CompleteMultipartUpload" {
		return
	}
	if r.Operation == "PutBucketPolicy" {
		var compact bytes.Buffer
		if isObject(r.Document) && json.Compact(&compact, r.Document) == nil {
			to.Raw("bucketPolicy", compact.Bytes())
		}
		return
	}
	root, err := parseXML(r.Document)
	if err != nil || !n.add(root.name) || e.hidesACL() && root.name == "AccessControlPolicy" {
		return
	}
	to.Key(root.name)
	to.Text = root.append(to.Text, e.foreign)
}

// isObject reports whether a text is one JSON object, in which no object has a member twice: readers of the log would
// not agree on which one counts.
func isObject(text []byte) bool {
	d := json.NewDecoder(bytes.NewReader(text))
	if !bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) || unique(d, 0) != nil {
		return false
	}
	_, err := d.Token()
	return errors.Is(err, io.EOF)
}

// unique reads a value, in which no object may have a member twice.
func unique(d *json.Decoder, depth int) error {
	token, err := d.Token()
	open, isOpen := token.(json.Delim)
	if err != nil || !isOpen {
		return err
	}
	if depth == maxDepth {
		return errors.New("too deep")
	}
	seen := map[json.Token]bool{}
	for d.More() {
		if open == '{' {
			name, err := d.Token()
			if err != nil || seen[name] {
				return cmp.Or(err, errors.New("member twice"))
			}
			seen[name] = true
		}
		if err := unique(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token() // that closes it
	return err
}

// The limits of what a document may be made of: S3's settings are far smaller.
const (
	maxDepth    = 16
	maxElements = 20000 // a bucket's largest setting has 1,000 rules
	maxToken    = 16 << 10
)

// element is an element of XML. Its names are as they are written, with prefixes.
type element struct {
	name       string
	attributes []attribute
	children   []*element
	text       strings.Builder
}

type attribute struct{ name, value string }

// parseXML reads a document of one root element. It knows no entities but the five of XML, refuses document types and
// processing instructions, and gives up on what is deeper, longer or of more elements than any setting is.
func parseXML(text []byte) (*element, error) {
	input := &rationed{Reader: bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))}
	p := parser{tokens: xml.NewDecoder(input)}
	for {
		input.left = maxToken
		// RawToken keeps prefixes, and leaves it to us to see that tags match.
		token, err := p.tokens.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = p.take(token)
		}
		if err != nil {
			return nil, err
		}
	}
	if p.root == nil || len(p.open) > 0 {
		return nil, errors.New("document without a whole root element")
	}
	return p.root, nil
}

type parser struct {
	tokens *xml.Decoder
	root   *element
	open   []*element // root first
	count  int
}

func (p *parser) take(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		if len(p.open) == 0 || p.open[len(p.open)-1].name != written(t.Name) {
			return fmt.Errorf("element %s ends where it is not open", t.Name.Local)
		}
		p.open = p.open[:len(p.open)-1]
	case xml.CharData:
		if len(p.open) > 0 {
			p.open[len(p.open)-1].text.Write(t)
		} else if len(bytes.TrimSpace(t)) > 0 {
			return errors.New("text outside of the root element")
		}
	case xml.ProcInst:
		if t.Target != "xml" || p.root != nil {
			return fmt.Errorf("processing instruction %s", t.Target)
		}
	case xml.Directive:
		return errors.New("document type")
	}
	return nil
}

func (p *parser) start(t xml.StartElement) error {
	p.count += 1 + len(t.Attr)
	if p.count > maxElements || len(p.open) >= maxDepth {
		return errors.New("too many elements, or too deep")
	}
	e := &element{name: written(t.Name)}
	for _, a := range t.Attr {
		e.attributes = append(e.attributes, attribute{written(a.Name), a.Value})
	}
	switch {
	case len(p.open) > 0:
		parent := p.open[len(p.open)-1]
		parent.children = append(parent.children, e)
	case p.root != nil:
		return errors.New("second root element")
	default:
		p.root = e
	}
	p.open = append(p.open, e)
	return nil
}

// written returns a name as it stands in the document.
func written(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// rationed is a text of which left bytes may be read: package encoding/xml takes many times the room of a tag.
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
