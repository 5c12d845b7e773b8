package query

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"crossgrant/internal/apierr"
)

// List renders a list: each element as <member>. An empty list renders as an empty element, as
// clients expect, so it is a struct and not a slice.
type List[T any] struct {
	Members []T `xml:"member"`
}

// Empty is the result of an operation whose result has no members, but an element of its own.
type Empty struct{}

// Response renders the answer of operation in namespace. result becomes the element
// <OperationResult>; nil is for operations that have none. Characters that XML cannot hold become
// U+FFFD.
func Response(namespace, operation string, result any, requestID string) ([]byte, error) {
	return document(namespace, operation+"Response", func(e *xml.Encoder) error {
		if result != nil {
			if err := e.EncodeElement(result, start(operation+"Result")); err != nil {
				return fmt.Errorf("render answer of %s: %w", operation, err)
			}
		}
		return e.EncodeElement(struct{ RequestId string }{requestID}, start("ResponseMetadata"))
	})
}

// Error renders err in namespace. An error that does not belong to the API is an InternalFailure,
// whose text tells nothing, and S3's SlowDown is a ServiceUnavailable.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
func Error(namespace string, err error, requestID string) (status int, body []byte) {
	failure := apierr.From(err)
	code, message := failure.Code, failure.Message
	switch code {
	case "InternalError":
		code, message = "InternalFailure", "The request processing has failed because of an unknown error, exception or failure."
	case "SlowDown":
		code = "ServiceUnavailable"
	}
	type element struct{ Type, Code, Message string }
	body, renderErr := document(namespace, "ErrorResponse", func(e *xml.Encoder) error {
		sender := "Sender"
		if failure.Status >= http.StatusInternalServerError {
			sender = "Receiver"
		}
		if err := e.EncodeElement(element{sender, code, message}, start("Error")); err != nil {
			return err
		}
		return e.EncodeElement(requestID, start("RequestId"))
	})
	if renderErr != nil {
		panic(renderErr) // strings cannot fail to be encoded into memory
	}
	return failure.Status, body
}

// Time renders a time as the protocol writes it: ISO 8601, whole seconds, UTC.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// EscapeDocument encodes a policy document for an answer as RFC 3986 has it: everything but
// unreserved characters becomes %XX.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html
func EscapeDocument(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

// document renders a root element with a namespace and the content that fill writes.
func document(namespace, name string, fill func(*xml.Encoder) error) ([]byte, error) {
	var b bytes.Buffer
	e := xml.NewEncoder(&b)
	root := start(name)
	root.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}}
	if err := e.EncodeToken(root); err != nil {
		return nil, err
	}
	if err := fill(e); err != nil {
		return nil, err
	}
	if err := e.EncodeToken(root.End()); err != nil {
		return nil, err
	}
	if err := e.Flush(); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

func start(name string) xml.StartElement { return xml.StartElement{Name: xml.Name{Local: name}} }
