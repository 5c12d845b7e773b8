// Package audit is the stream of request records: one Record for each request that the server
// answered or refused, made in one place, read by any number of readers.
//
// A Record carries no secret: no secret key, password, session token, signature or code. Of what is asked it has what
// CloudTrail shows, documents of policies included, which are told to those only who get events of the request.
package audit

import (
	"errors"
	"time"

	"crossgrant/internal/authz"
	"crossgrant/internal/blob"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
)

// Record is what is known of one request when it has been answered.
type Record struct {
	RequestID string
	HostID    string        // x-amz-id-2
	Time      time.Time     // when the request was accepted, UTC
	Duration  time.Duration // until the last byte was answered
	// TurnAround is the time from the last byte of the request that was read to the first of the answer.
	TurnAround time.Duration

	Service   string // "s3", "iam", "sts"
	Operation string // AWS's name; empty if no operation was recognised
	Method    string
	Path      string // as sent, without the query
	Query     string // of requests to S3 and to websites, as sent but for the values that prove who asks, which are redacted
	Protocol  string // such as "HTTP/1.1"
	SourceIP  string
	UserAgent string
	Referer   string
	Host      string
	// TLSVersion is such as "TLSv1.3", CipherSuite a name of the IANA registry; empty without TLS.
	TLSVersion, CipherSuite string

	Authentication string // "AuthHeader", "QueryString", "POST" (a browser form), or empty for an anonymous request
	AccessKeyID    ids.AccessKeyID
	CallerARN      string // empty if anonymous or not authenticated
	CallerAccount  ids.AccountID
	CallerID       string // aws:userid; whoever an identity provider vouches for: provider, audience and subject
	// CallerEntityID is the unique ID of the user, or of the role of a session; empty for a root user.
	CallerEntityID ids.UniqueID
	// Region is the one that the request was signed for; empty if it was not authenticated.
	Region string
	// CallerCanonicalID is the canonical user ID of the caller's account.
	CallerCanonicalID ids.CanonicalUserID

	Bucket        string
	Key           string
	ResourceOwner ids.AccountID       // account that owns the bucket, role or other resource
	ObjectOwner   ids.CanonicalUserID // owner of the object addressed, where one exists

	// ObjectSize is the size in bytes of the object addressed, or made; nil where there is none.
	ObjectSize *int64
	// RequestACL is the ACL that the request sets by headers: the canned one, or "grants"; empty if none.
	RequestACL string
	// Source is what a copy copies; nil if the request is none.
	Source *Source
	// Deleted are the keys that DeleteObjects was asked to delete, with what became of each.
	Deleted []Deleted

	Status    int
	ErrorCode string // AWS's code; empty on success
	// Shed is the bound that the request was turned away for, which is no fault; empty for all others.
	Shed     string
	BytesIn  int64 // of the body, as sent
	BytesOut int64 // of the answer's body

	// Decisions are the answers to the operation's checks, in the order in which they were asked,
	// up to and including the first denial. Empty if the request failed before it was judged.
	Decisions []Decision
	// byACL is what ByACL reports of a record that was kept, whose decisions are left out.
	byACL bool
	// ErrorMessage is what the answer says beside ErrorCode.
	ErrorMessage string
	// Session is what is told of the caller's session; nil for long-term credentials and anonymous requests.
	Session *Session
	// SignIn is what is told of an attempt to sign in; nil for other requests.
	SignIn *SignIn
	// Parameters and Elements are, for services other than S3, what was asked and, of an operation that changes
	// something, what was answered: JSON objects as CloudTrail writes them, without secrets. Nil: nothing.
	Parameters, Elements []byte
	// Headers are, for S3, those of the request that say what is asked, and Answered those of the answer that
	// say what was done, without secrets, their names in lower case.
	Headers, Answered []Header
	// Document is, for S3, the body of a request that is a setting or a list of what to do; nil for others, and
	// for one of more than MaxDocument bytes.
	Document []byte
	// Organizations are, of the accounts that get the event of the request, those that are in an organization with trails
	// at the time of the change that it makes, or else when it ends: a member that leaves does not take its last events
	// out of them. They are known of records that come from the journal, and of those with Kept.
	Organizations []Organization

	// Kept are the readers of the journal for which the record, as far as it was known, was kept in the transaction of a
	// change that the request made; 0: it was not.
	Kept Readers
	// Fault is the internal error behind a 5xx answer, or what failed outside, such as a webhook; it is for
	// the operator's log only.
	Fault string
	// Corrupt says that something stored was found to be corrupt.
	Corrupt bool
}

// MaxDocument is the size of the largest Document that is kept, in bytes: CloudTrail leaves out what is larger.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
const MaxDocument = 100 << 10

// Header is a header of a request or an answer.
type Header struct{ Name, Value string }

// Organization is the organization of an account, with its management account.
type Organization struct {
	Account    ids.AccountID
	ID         ids.OrganizationID
	Management ids.AccountID
}

// Session is what is told of the session of a caller.
type Session struct {
	Issued time.Time
	MFA    bool // the caller showed to have an MFA device when the session began
	// IssuerType is "Role", "IAMUser" or "Root": what the session is of, with its name, unique ID and ARN; name and
	// ID are empty for a root user, or are those of whom the session is of.
	IssuerType, IssuerName string
	IssuerID               ids.UniqueID
	IssuerARN              string
	// Provider is the identity provider, if one vouched for the caller, and ProviderKeys what it said.
	Provider       string
	ProviderKeys   []Header
	SourceIdentity string
	Console        bool // it began with a password
}

// SignIn is what is told of an attempt to sign in: to which account, as whom, and how. What somebody typed who is not
// known is not in it: it may be a password.
type SignIn struct {
	Account ids.AccountID // empty if there is none: then nobody is told
	Root    bool          // as the root user
	// UserName, UserID and UserARN are of the IAM user; empty if there is none of the name that was given.
	UserName string
	UserID   ids.UniqueID
	UserARN  string
	// Page is the address of the page that sent the request, or else of the server, without a query.
	Page string
	// MFA says that a code of an MFA device was looked at, and MFADevice is the serial number of the one that showed it.
	MFA       bool
	MFADevice string
	// Succeeded says that credentials were issued, and Replaced that the password was replaced.
	Succeeded, Replaced bool
}

// Failed records the error behind the answer, in place of an earlier one.
func (r *Record) Failed(err error) {
	r.Fault = err.Error()
	r.Corrupt = r.Corrupt || errors.Is(err, blob.ErrCorrupt) || errors.Is(err, meta.ErrCorrupt)
}

// Source is the source of a copy.
type Source struct {
	Bucket, Key string
	VersionID   string // as asked for; empty: the current version
	Size        *int64 // nil if there is no such object
}

// Deleted is one key of DeleteObjects.
type Deleted struct {
	Key       string
	VersionID string // as asked for; empty: none
	Size      *int64 // nil if nothing was removed
	Status    int    // that a request for this key alone would have been answered with
	ErrorCode string // empty on success
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
