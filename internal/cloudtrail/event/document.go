package event

import (
	"bytes"
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
		// What is not an object is no policy.
		var compact bytes.Buffer
		if err := json.Compact(&compact, r.Document); err == nil && bytes.HasPrefix(compact.Bytes(), []byte("{")) {
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
