package restjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"crossgrant/internal/apierr"
)

// Time renders a time as the protocol does in bodies whose model asks for iso8601. The zero time is left out of
// answers by omitzero.
type Time time.Time

// IsZero reports whether t is the zero time.
func (t Time) IsZero() bool { return time.Time(t).IsZero() }

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000Z"`), nil
}

// Response renders the answer of operation; a nil result is an empty object.
func Response(operation string, result any) ([]byte, error) {
	if result == nil {
		return []byte("{}"), nil
	}
	body, err := marshal(result)
	if err != nil {
		return nil, fmt.Errorf("render answer of %s: %w", operation, err)
	}
	return body, nil
}

// Field is a member that an error is about.
type Field struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

// Rejected is an error that names the members it is about, in its list fieldList.
type Rejected struct {
	Failure *apierr.Error
	Fields  []Field
}

// Error describes the failure for a log.
func (r *Rejected) Error() string { return r.Failure.Error() }

// Unwrap returns the failure.
func (r *Rejected) Unwrap() error { return r.Failure }

// forbidden are the errors about credentials that a service of this protocol answers with 403, and those of the
// JSON 1.1 protocol with 400.
//
// Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/CommonErrors.html
var forbidden = map[string]bool{
	"AccessDenied": true, "ExpiredTokenException": true, "IncompleteSignatureException": true, "InvalidSignatureException": true,
	"MissingAuthenticationTokenException": true, "UnrecognizedClientException": true,
}

// Error renders err; code is that of the header x-amzn-ErrorType. The codes of other protocols get this one's form.
// An error that does not belong to the API is an InternalServerException, and its text tells nothing.
//
// Source: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization
func Error(err error) (status int, code string, body []byte) {
	failure := apierr.From(err)
	code, status = failure.Code, failure.Status
	message := failure.Message
	if forbidden[code] {
		status = http.StatusForbidden
	}
	switch code {
	case "AccessDenied":
		code = "AccessDeniedException"
	case "SlowDown":
		code, status = "ThrottlingException", http.StatusTooManyRequests
	case "InternalError":
		code, message = "InternalServerException", "The request processing has failed because of an unknown error, exception or failure."
	}
	members := map[string]any{"message": message}
	for _, detail := range failure.Detail {
		members[detail.Name] = detail.Value
	}
	var rejected *Rejected
	if errors.As(err, &rejected) {
		members["fieldList"] = rejected.Fields
	}
	body, err = marshal(members)
	if err != nil {
		panic(err) // strings cannot fail to be encoded into memory
	}
	return status, code, body
}

// marshal encodes without escaping what only HTML gives a meaning.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
