package json11

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"crossgrant/internal/apierr"
)

// Time renders a time as the protocol does: seconds since 1970 UTC, with milliseconds. The zero time is
// left out of answers by omitzero.
type Time time.Time

// IsZero reports whether t is the zero time.
func (t Time) IsZero() bool { return time.Time(t).IsZero() }

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Time(t).UnixMilli())/1000, 'f', -1, 64), nil
}

// Response renders the answer of operation. A nil result is an operation without output, whose answer has
// no body.
func Response(operation string, result any) ([]byte, error) {
	if result == nil {
		return nil, nil
	}
	body, err := marshal(result)
	if err != nil {
		return nil, fmt.Errorf("render answer of %s: %w", operation, err)
	}
	return body, nil
}

// Error renders err; code is that of the header x-amzn-ErrorType as well. The codes of other protocols
// get JSON's form: a denial is AccessDeniedException, with status 400, and S3's SlowDown is a
// ServiceUnavailable (https://docs.aws.amazon.com/organizations/latest/APIReference/CommonErrors.html). An error that does not belong to
// the API gets the code internal, and a text that tells nothing.
//
// Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization
func Error(err error, internal string) (status int, code string, body []byte) {
	failure := apierr.From(err)
	code, status = failure.Code, failure.Status
	message := failure.Message
	switch code {
	case "AccessDenied":
		code, status = "AccessDeniedException", http.StatusBadRequest
	case "SlowDown":
		code = "ServiceUnavailable"
	case "InternalError":
		code, message = internal, "The request processing has failed because of an unknown error, exception or failure."
	}
	var b bytes.Buffer
	b.WriteByte('{')
	member(&b, "__type", code)
	b.WriteByte(',')
	member(&b, "Message", message)
	for _, detail := range failure.Detail {
		b.WriteByte(',')
		member(&b, detail.Name, detail.Value)
	}
	b.WriteByte('}')
	return status, code, b.Bytes()
}

func member(b *bytes.Buffer, name, value string) {
	for i, text := range []string{name, value} {
		if i > 0 {
			b.WriteByte(':')
		}
		encoded, err := marshal(text)
		if err != nil {
			panic(err) // strings cannot fail to be encoded into memory
		}
		b.Write(encoded)
	}
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
