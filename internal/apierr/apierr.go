// Package apierr is the one error type that crosses the API boundary.
//
// An Error is born where a failure is understood, in the terms of the AWS API reference; the wire
// codecs only render it. Any other error that reaches a codec is an internal error: its text goes
// to the log and never to the caller.
package apierr

import (
	"cmp"
	"errors"
	"fmt"
)

// Error is a failure in the terms of the AWS API reference.
type Error struct {
	Code     string   // documented for the operation, such as "NoSuchBucket"
	Status   int      // HTTP status, 304 or 400-599
	Message  string   // sent to the caller: no causes, paths or secrets
	Recorded string   // Message as records may have it, where that repeats what the caller sent; empty: as it is
	Detail   []Detail // extra response elements, in the order in which they are rendered
	Header   []Detail // extra response headers
	cause    error    // logged with the request id, never sent
}

// Detail is an extra element of an error response, such as BucketName. Where an element may be
// repeated, several details have the same name.
type Detail struct{ Name, Value string }

// New returns an Error with a message that is formatted as by fmt.Sprintf.
func New(status int, code, format string, args ...any) *Error {
	return &Error{Code: code, Status: status, Message: fmt.Sprintf(format, args...)}
}

// Error describes the failure for a log, with its cause.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s (%d): %s", e.Code, e.Status, e.Message)
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Record returns the message as records have it.
func (e *Error) Record() string { return cmp.Or(e.Recorded, e.Message) }

// Unwrap returns the cause, which may be nil.
func (e *Error) Unwrap() error { return e.cause }

// With returns a copy of e with one more detail.
func (e *Error) With(name, value string) *Error {
	c := *e
	c.Detail = append(append([]Detail(nil), e.Detail...), Detail{name, value})
	return &c
}

// WithHeader returns a copy of e with one more response header.
func (e *Error) WithHeader(name, value string) *Error {
	c := *e
	c.Header = append(append([]Detail(nil), e.Header...), Detail{name, value})
	return &c
}

// Because returns a copy of e that carries cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// From returns err as an *Error: itself if it is or wraps one, what it says of a Fault, else an internal error
// that hides it.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if e = fromFault(err); e != nil {
		return e
	}
	return New(500, "InternalError", "We encountered an internal error. Please try again.").Because(err)
}

// Is reports whether err is or wraps an *Error with this code.
func Is(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// AccessDenied is the denial of all services that use the query or REST-XML protocol.
func AccessDenied(message string) *Error {
	return &Error{Code: "AccessDenied", Status: 403, Message: message}
}

// NotImplemented refuses an operation, parameter or header that exists on AWS and is not built here.
// Code and status are those of S3's error table:
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
func NotImplemented(what string) *Error {
	return New(501, "NotImplemented", "A header or parameter you provided implies functionality that is not implemented: %s", what)
}
