// Package audit is the stream of request records: one Record for each request that the server
// answered or refused, made in one place, read by any number of readers.
//
// A Record carries no secret: no secret key, session token, signature or policy text of the request.
package audit

import (
	"time"

	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
)

// Record is what is known of one request when it has been answered.
type Record struct {
	RequestID string
	Time      time.Time     // when the request was accepted, UTC
	Duration  time.Duration // until the last byte was answered

	Service   string // "s3", "iam", "sts"
	Operation string // AWS's name; empty if no operation was recognised
	Method    string
	Path      string // as sent, without the query, which may hold credentials
	SourceIP  string
	UserAgent string
	Host      string

	Authentication string // "AuthHeader", "QueryString", "POST" (a browser form), or empty for an anonymous request
	AccessKeyID    ids.AccessKeyID
	CallerARN      string // empty if anonymous or not authenticated
	CallerAccount  ids.AccountID
	CallerID       string // aws:userid

	Bucket        string
	Key           string
	ResourceOwner ids.AccountID       // account that owns the bucket, role or other resource
	ObjectOwner   ids.CanonicalUserID // owner of the object addressed, where one exists

	Status    int
	ErrorCode string // AWS's code; empty on success
	BytesIn   int64  // of the body, as sent
	BytesOut  int64  // of the answer's body

	// Decisions are the answers to the operation's checks, in the order in which they were asked,
	// up to and including the first denial. Empty if the request failed before it was judged.
	Decisions []Decision
	// Fault is the internal error behind a 5xx answer, or what failed outside, such as a webhook; it is for
	// the operator's log only.
	Fault string
}

// Decision is the answer to one check.
type Decision struct {
	// Action is empty where the request was refused before an action was judged, as for another bucket
	// owner than the expected one.
	Action   string
	Resource string
	// Explanation has the decision; its reasons and misses are there for denials.
	authz.Explanation
}

// Reader receives every record, in the order in which requests end. Record is called from the
// goroutine of the request, after the answer was sent: it must be quick and safe for concurrent use,
// and must not change the record or keep its slices.
type Reader interface{ Record(*Record) }

// Stream hands each record to all of its readers. Readers are given when it is made, so that it
// needs no lock.
type Stream struct{ readers []Reader }

// NewStream returns a stream with these readers.
func NewStream(readers ...Reader) *Stream { return &Stream{readers: readers} }

// Publish hands r to every reader.
func (s *Stream) Publish(r *Record) {
	for _, reader := range s.readers {
		reader.Record(r)
	}
}
