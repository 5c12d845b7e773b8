package apierr

import "errors"

// Fault is a failure of what keeps the data, which passes. Full reports whether it is that there is no room.
type Fault interface {
	error
	Full() bool
}

// IsFault reports whether err is or wraps a Fault.
func IsFault(err error) bool {
	var fault Fault
	return errors.As(err, &fault)
}

// SlowDown asks the caller to try again later. Code and status are those of S3's error table, and SDKs repeat a
// request that is answered so, less and less often; the other services render the code as the one that
// is theirs, ServiceUnavailable.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html,
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
func SlowDown(message string) *Error { return &Error{Code: "SlowDown", Status: 503, Message: message} }

// fromFault returns what a caller is told of a fault. AWS has no error for a service that is full: the status is
// that of RFC 4918, which says that the server cannot store what it was sent, and which SDKs do not repeat.
//
// Source: https://www.rfc-editor.org/rfc/rfc4918#section-11.5
func fromFault(err error) *Error {
	var fault Fault
	switch {
	case !errors.As(err, &fault):
		return nil
	case fault.Full():
		return New(507, "InsufficientStorage", "The server has no room to store what the request needs to store.").Because(err)
	}
	return SlowDown("The server cannot read or write its storage at present. Please try again.").Because(err)
}
