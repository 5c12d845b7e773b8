package restxml

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"crossgrant/internal/apierr"
)

const declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// Document is an XML document that is being written. Elements are written in the order of the calls;
// Open and Close nest. It is made by New.
type Document struct {
	buf  []byte
	open []string
}

// New begins a document whose root element has this name and S3's namespace.
func New(root string) *Document { return NewIn(Namespace, root) }

// NewIn begins a document of another namespace than S3's; of none if that is empty.
func NewIn(namespace, root string) *Document {
	d := &Document{buf: make([]byte, 0, 512), open: []string{root}}
	if namespace != "" {
		namespace = ` xmlns="` + namespace + `"`
	}
	d.buf = append(d.buf, declaration+"<"+root+namespace+">"...)
	return d
}

// Open begins an element that holds others.
func (d *Document) Open(name string) {
	d.begin(name)
	d.open = append(d.open, name)
}

// OpenTyped is Open for an element that says by an attribute which of several types it has.
func (d *Document) OpenTyped(name, xsiType string) {
	d.buf = append(d.buf, "<"+name+` xmlns:xsi="`+typeAttribute.Space+`" xsi:type="`+xsiType+`">`...)
	d.open = append(d.open, name)
}

// Close ends the element that Open began last.
func (d *Document) Close() {
	last := len(d.open) - 1
	d.end(d.open[last])
	d.open = d.open[:last]
}

// Grow makes room for size more bytes.
func (d *Document) Grow(size int) { d.buf = slices.Grow(d.buf, size) }

// Text writes an element that holds a string. Characters that XML 1.0 cannot carry are written as
// references, as S3 does; strict parsers refuse them, which is what encoding-type=url is for.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html#object-key-xml-related-constraints
func (d *Document) Text(name, value string) {
	d.begin(name)
	d.buf = appendEscaped(d.buf, value)
	d.end(name)
}

// Value writes text into the element that is open, for elements that hold nothing else.
func (d *Document) Value(value string) { d.buf = appendEscaped(d.buf, value) }

// TextIf is Text unless value is empty.
func (d *Document) TextIf(name, value string) {
	if value != "" {
		d.Text(name, value)
	}
}

// Int writes an element that holds a number.
func (d *Document) Int(name string, value int64) {
	d.begin(name)
	d.buf = strconv.AppendInt(d.buf, value, 10)
	d.end(name)
}

// Bool writes an element that holds true or false.
func (d *Document) Bool(name string, value bool) { d.Text(name, strconv.FormatBool(value)) }

// Time writes an element that holds a timestamp, as Time writes it.
func (d *Document) Time(name string, value time.Time) {
	d.begin(name)
	d.buf = appendTime(d.buf, value)
	d.end(name)
}

// Bytes ends all open elements, the root included, and returns the document, which must not be
// written to afterwards.
func (d *Document) Bytes() []byte {
	for len(d.open) > 0 {
		d.Close()
	}
	return d.buf
}

func (d *Document) begin(name string) {
	d.buf = append(append(append(d.buf, '<'), name...), '>')
}

func (d *Document) end(name string) {
	d.buf = append(append(append(d.buf, '<', '/'), name...), '>')
}

// Error returns the document of an error: its details stand between message and request ID.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses
func Error(e *apierr.Error, requestID, hostID string) []byte {
	d := &Document{buf: []byte(declaration)}
	d.Open("Error")
	d.failure(e)
	d.Text("RequestId", requestID)
	d.Text("HostId", hostID)
	return d.Bytes()
}

// WrappedError returns the document of an error of S3 Control, in which it is one element beside the IDs.
//
// Source: the protocol of S3 Control is restXml without noErrorWrapping,
// https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html#error-response-serialization
func WrappedError(e *apierr.Error, requestID, hostID string) []byte {
	d := &Document{buf: []byte(declaration)}
	d.Open("ErrorResponse")
	d.Open("Error")
	d.failure(e)
	d.Close()
	d.Text("RequestId", requestID)
	d.Text("HostId", hostID)
	return d.Bytes()
}

// failure writes what is told of an error.
func (d *Document) failure(e *apierr.Error) {
	d.Text("Code", e.Code)
	d.Text("Message", e.Message)
	for _, detail := range e.Detail {
		d.Text(detail.Name, detail.Value)
	}
}

// Time returns t as S3 writes it in XML: UTC, whole seconds with three decimals that are zero. The
// fraction is left out so that a listing and the Last-Modified header of an object agree.
func Time(t time.Time) string { return string(appendTime(nil, t)) }

func appendTime(dst []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(dst, "2006-01-02T15:04:05"), ".000Z"...)
}

// URLEncode returns s as encoding-type=url has it: UTF-8, each byte percent-encoded but letters,
// digits and "-_.*/". S3 was seen to write a space as a plus sign; "%20" is read by clients that take plus
// signs for spaces and by those that do not, and is what https://github.com/ceph/s3-tests asks for.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html (encoding-type), observed on S3
// on 2026-09-14, https://github.com/brekkylab/backlot/issues/178
func URLEncode(s string) string {
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, len(s)+16)
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '_', c == '.', c == '*', c == '/':
			out = append(out, c)
		default:
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(out)
}

// appendEscaped appends the text of an element. A carriage return is written as a reference because
// parsers would make it a line feed. Bytes that are not UTF-8 become U+FFFD.
func appendEscaped(dst []byte, s string) []byte {
	for {
		n := plainPrefix(s)
		dst = append(dst, s[:n]...)
		if s = s[n:]; s == "" {
			return dst
		}
		r, size := utf8.DecodeRuneInString(s)
		dst = appendRune(dst, r)
		s = s[size:]
	}
}

// plainPrefix returns the length of what s begins with that is written as it is: it ends before the first byte
// that has to be looked at.
func plainPrefix(s string) int {
	for i := range len(s) {
		if !plain[s[i]] {
			return i
		}
	}
	return len(s)
}

// plain tells the bytes that stand for a character of their own that needs no reference.
var plain = func() (table [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		table[c] = true
	}
	for _, c := range []byte(`&<>"`) {
		table[c] = false
	}
	table['\t'], table['\n'] = true, true
	return table
}()

// appendRune appends one character.
func appendRune(dst []byte, r rune) []byte {
	switch {
	case r == '&':
		return append(dst, "&amp;"...)
	case r == '<':
		return append(dst, "&lt;"...)
	case r == '>':
		return append(dst, "&gt;"...)
	case r == '"':
		return append(dst, "&quot;"...)
	case r < ' ' && r != '\t' && r != '\n', r == 0xfffe, r == 0xffff:
		return append(strconv.AppendInt(append(dst, "&#x"...), int64(r), 16), ';')
	}
	return utf8.AppendRune(dst, r) // U+FFFD for a byte that is not UTF-8
}
