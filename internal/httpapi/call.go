package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
	"crossgrant/internal/sigv4"
	"crossgrant/internal/sts"
	"crossgrant/internal/wire/formdata"
)

// Call is one request on its way through the pipeline. It belongs to one goroutine.
type Call struct {
	// ID is the request ID that the answer, the record and the log carry.
	ID string
	// HostID is the second ID that S3 sends, x-amz-id-2.
	HostID string
	// Time is when the request was accepted.
	Time time.Time
	// HTTP is the request. Its Body must not be read: see Body.
	HTTP *http.Request
	// Region is the region of this server.
	Region string
	// Source is the client's address.
	Source netip.Addr
	// Caller is who asks; never nil: anonymous if the request is not signed.
	Caller *access.Caller
	// Signed is what the request's signature said; nil if the request is not signed.
	Signed *sigv4.Signed
	// Body is the payload: decoded from aws-chunked, and verified against the signature when it is
	// read to its end, at which an error is returned instead of io.EOF if it does not match. Nothing
	// may be made of the payload before that.
	Body io.Reader
	// Length is the number of bytes of Body, or -1 if the client did not say.
	Length int64
	// Trailer returns the trailing headers, verified; valid when Body has been read to its end.
	Trailer func() http.Header
	// Upload is the browser form that is posted, of which Body is the file; nil for other requests.
	Upload *formdata.Form
	// Bucket and Key are what S3's router found in path and host; empty elsewhere.
	Bucket, Key string
	// AcceptsCharge says that the request declares with x-amz-request-payer that its caller pays. S3's
	// router sets it, and every check of the request has it.
	AcceptsCharge bool
	// Record is the request's record; operations add to it what only they know.
	Record audit.Record

	// recording protects what of Record is written while a transaction may keep it: an operation that does several
	// things at a time commits one of them while it is asked about another.
	recording sync.Mutex

	whole    []byte
	query    url.Values
	form     url.Values
	context  policy.Context
	pipeline *Pipeline
	received *received
	// charged says that a check was allowed because the caller declared that it pays.
	charged bool
	denial  denial
	// shared are the headers by which the answer is shared with a page of another origin; nil for none.
	shared http.Header
	// admitted is what the call holds of the gates of the pipeline's Admission.
	admitted admitted
}

// Query returns the parameters of the request's query string, parsed once; nil if there is none.
func (c *Call) Query() url.Values {
	if c.query == nil && c.HTTP.URL.RawQuery != "" {
		c.query = c.HTTP.URL.Query()
	}
	return c.query
}

// Form returns the parameters of a query-protocol request: those of its query string and those of
// its body, which the pipeline has read and verified. It is empty for S3.
func (c *Call) Form() url.Values { return c.form }

// Whole returns the body of a request of a query or JSON service, which the pipeline has read and verified; nil for S3.
func (c *Call) Whole() []byte { return c.whole }

// Keys returns the condition keys that every check of the request has, but for those of its resource. They must not be
// changed.
func (c *Call) Keys() *policy.Context { return &c.context }

// ActAs makes caller the one that the request is authorized and recorded for, in place of whoever signed it. It
// is for operations whose parameters show who asks, which need no signature.
func (c *Call) ActAs(caller *access.Caller) {
	c.identify(caller)
	c.context = globalKeys(c)
}

// identify makes caller the one who asks, and records it.
func (c *Call) identify(caller *access.Caller) {
	c.Caller = caller
	c.Record.AccessKeyID = caller.AccessKeyID
	c.Record.CallerARN = caller.ARN
	c.Record.CallerAccount = caller.Account
	c.Record.CallerID = caller.UserID()
	c.Record.CallerEntityID = caller.EntityID
	c.Record.CallerCanonicalID = caller.CanonicalID
	c.Record.Session = session(caller)
}

// Authorize asks whether the caller may do what check says, adds the decision to the record, and
// returns nil or an AccessDenied error with AWS's message.
func (c *Call) Authorize(ctx context.Context, check *access.Check) error {
	check.AcceptsCharge = c.AcceptsCharge
	d, err := c.pipeline.authorizer.Authorize(ctx, c.Caller, check, &c.context)
	if err != nil {
		return err
	}
	c.recordDecision(check, d)
	if d.Allowed() {
		b := check.Bucket
		c.charged = c.charged || b != nil && b.RequesterPays && c.Caller.Account != b.Owner
		return nil
	}
	failure := access.Denied(c.Caller, check, &d.Decision)
	c.denial = denial{failure, *check, d.Decision}
	return failure
}

// recordDecision adds to the record what was decided on a check.
func (c *Call) recordDecision(check *access.Check, d authz.Explanation) {
	c.recording.Lock()
	defer c.recording.Unlock()
	if c.Record.ResourceOwner == "" {
		c.Record.ResourceOwner = check.ResourceOwner(c.Caller)
	}
	c.Record.Decisions = append(c.Record.Decisions, audit.Decision{Action: check.Action, Resource: check.Resource, Explanation: d})
}

// denial is the check that was denied last.
type denial struct {
	err      *apierr.Error
	check    access.Check
	decision authz.Decision
}

// messageHeader is the header of an answer with the encoded authorization message about a denial. AWS has none:
// there some operations of services that are not here have it in the text of the error.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
const messageHeader = "x-crossgrant-authorization-message"

// authorizationMessage returns the encoded message about err; empty if it is not the denial of a check, or if
// there is no message for this caller.
func (c *Call) authorizationMessage(err error) (string, error) {
	var failure *apierr.Error
	if c.pipeline.messages == nil || c.denial.err == nil || !errors.As(err, &failure) || failure != c.denial.err {
		return "", nil
	}
	m := access.NewMessage(c.Caller, &c.denial.check, &c.denial.decision, &c.context)
	if m == nil {
		return "", nil
	}
	text, err := m.Encode(sts.MaxMessageText)
	if errors.Is(err, access.ErrNoRoom) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return c.pipeline.messages.EncodeMessage(c.Caller.Account, text)
}

// Anew returns a function that takes back the decisions that are recorded from now on. A transaction that may
// be run again calls it first, so that it leaves none of its earlier run behind.
func (c *Call) Anew() func() {
	before := len(c.Record.Decisions)
	return func() {
		c.recording.Lock()
		defer c.recording.Unlock()
		c.Record.Decisions = c.Record.Decisions[:before]
	}
}

// Refuse adds to the record that a setting of layer refused what check asks, whatever policies and ACLs
// say of it, and returns err. check has only a resource where nothing was asked yet.
func (c *Call) Refuse(check *access.Check, layer authz.LayerKind, setting authz.Setting, err error) error {
	c.recording.Lock()
	defer c.recording.Unlock()
	c.Record.Decisions = append(c.Record.Decisions, audit.Decision{
		Action: check.Action, Resource: check.Resource, Explanation: authz.Explanation{Decision: authz.Refused(layer, setting)},
	})
	return err
}

// ReadBody reads the whole verified payload, at most limit bytes; a longer one is refused with
// tooLarge.
func (c *Call) ReadBody(limit int64, tooLarge error) ([]byte, error) {
	if c.Length > limit {
		return nil, tooLarge
	}
	if limit > smallBody && (c.Length < 0 || c.Length > smallBody) {
		if err := c.pipeline.admission.read(c); err != nil {
			return nil, err
		}
	}
	b, err := io.ReadAll(io.LimitReader(c.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, tooLarge
	}
	return b, nil
}
