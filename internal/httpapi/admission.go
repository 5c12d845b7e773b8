package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/conns"
	"crossgrant/internal/ids"
	"crossgrant/internal/limits"
)

// Bounds say how much is worked on at once. 0 stands for no bound.
type Bounds struct {
	// Requests is how many requests are worked on at once, once it is known who asks.
	Requests int
	// Uploads is how many of them have a body that S3 reads as it comes, and hold buffers for it.
	Uploads int
	// Documents is how many bodies of more than smallBody are held in memory at once: those of the services that
	// sign them whole, before it is known who asks, and the documents and lists of S3. None has more than 4 MiB.
	Documents int
	// Patience is how long a request waits for others to end.
	Patience time.Duration
	// RatePerSource is how many requests a second one source may send, as limits.Source defines it.
	RatePerSource int
}

// smallBody is the size in bytes of a body that any request may hold in memory.
const smallBody = 16 << 10

// maxRates is how many accounts, and how many sources, have their rate remembered at once.
const maxRates = 16 << 10

// Reasons for which requests are turned away.
const (
	reasonSpare       = conns.ReasonConnections
	reasonRequests    = "requests"
	reasonUploads     = "uploads"
	reasonDocuments   = "documents"
	reasonSourceRate  = "rate per source"
	reasonAccountRate = "rate per account"
)

// Admission decides which requests are worked on. There are three places where it is asked: when a request arrives,
// of which only the source is known; before a body is read that has to be held whole; and when it is known who
// asks. From then on what counts is the account, of whoever asks; all that are anonymous count as one more. An account
// that floods the server has most of its own requests turned away, and finds that others are served.
type Admission struct {
	bounds    Bounds
	requests  *limits.Gate[ids.AccountID]
	uploads   *limits.Gate[ids.AccountID]
	documents *limits.Gate[netip.Prefix]
	sources   *limits.Rates[netip.Prefix]
	accounts  *limits.Rates[ids.AccountID]
	meter     conns.Meter
}

// NewAdmission returns an Admission with these bounds.
func NewAdmission(b Bounds, meter conns.Meter) *Admission {
	a := &Admission{
		bounds: b, meter: meter,
		sources: limits.NewRates[netip.Prefix](maxRates), accounts: limits.NewRates[ids.AccountID](maxRates),
	}
	// As many may wait as are worked on, within the patience of all.
	if b.Requests > 0 {
		a.requests = limits.NewGate[ids.AccountID](b.Requests, b.Requests)
	}
	if b.Uploads > 0 {
		a.uploads = limits.NewGate[ids.AccountID](b.Uploads, b.Uploads)
	}
	if b.Documents > 0 {
		a.documents = limits.NewGate[netip.Prefix](b.Documents, b.Documents)
	}
	return a
}

// InFlight returns how many requests are worked on.
func (a *Admission) InFlight() int { return used(a.requests) }

// Uploads returns how many of them are uploads.
func (a *Admission) Uploads() int { return used(a.uploads) }

func used(g *limits.Gate[ids.AccountID]) int {
	if g == nil {
		return 0
	}
	return g.Used()
}

// admitted is what a call holds of the gates.
type admitted struct {
	account                   ids.AccountID
	source                    netip.Prefix
	request, upload, document bool
	retryAfter                string // of the answer, in seconds; empty: none
}

// arrive asks for a request of which only the source is known.
func (a *Admission) arrive(c *Call) error {
	if a == nil {
		return nil
	}
	if c.received.conn.IsSpare() {
		return a.shed(c, reasonSpare, time.Second)
	}
	if a.bounds.RatePerSource > 0 {
		rate := a.bounds.RatePerSource
		if wait := a.sources.Take(limits.Source(c.Source), rate, rate, c.Time); wait > 0 {
			return a.shed(c, reasonSourceRate, wait)
		}
	}
	return nil
}

// read asks for a request whose body is going to be held in memory, maybe before it is known who asks.
func (a *Admission) read(c *Call) error {
	if a == nil || a.documents == nil || c.admitted.document {
		return nil
	}
	c.admitted.source = limits.Source(c.Source)
	err := a.documents.Enter(c.HTTP.Context(), c.admitted.source, a.bounds.Patience)
	c.admitted.document = err == nil
	return a.refusal(c, reasonDocuments, err)
}

// enter asks for a request of which is known who sends it, and whether S3 reads a body.
func (a *Admission) enter(ctx context.Context, c *Call) error {
	if a == nil {
		return nil
	}
	if rate := c.Caller.RequestRate; rate > 0 {
		burst := c.Caller.RequestBurst
		if burst == 0 {
			burst = rate
		}
		if wait := a.accounts.Take(c.Caller.Account, rate, burst, c.Time); wait > 0 {
			return a.shed(c, reasonAccountRate, wait)
		}
	}
	c.admitted.account = c.Caller.Account
	if a.requests != nil {
		err := a.requests.Enter(ctx, c.Caller.Account, a.bounds.Patience)
		if c.admitted.request = err == nil; err != nil {
			return a.refusal(c, reasonRequests, err)
		}
	}
	if a.uploads != nil && c.received.more && isS3(c.Record.Service) {
		err := a.uploads.Enter(ctx, c.Caller.Account, a.bounds.Patience)
		c.admitted.upload = err == nil
		return a.refusal(c, reasonUploads, err)
	}
	return nil
}

// leave gives back what the call holds.
func (a *Admission) leave(c *Call) {
	if a == nil {
		return
	}
	if c.admitted.upload {
		a.uploads.Leave(c.admitted.account)
	}
	if c.admitted.request {
		a.requests.Leave(c.admitted.account)
	}
	if c.admitted.document {
		a.documents.Leave(c.admitted.source)
	}
}

// refusal returns the error for one of a gate.
func (a *Admission) refusal(c *Call, reason string, err error) error {
	if errors.Is(err, limits.ErrBusy) {
		return a.shed(c, reason, time.Second)
	}
	return err
}

// shed turns a call away, which may come again after a while.
func (a *Admission) shed(c *Call, reason string, after time.Duration) error {
	return c.TurnAway(reason, after, tooMuch(c.Record.Service, strings.HasPrefix(reason, "rate")))
}

// TurnAway records that a call is turned away because of a bound, tells the client to come again after a while, and
// returns err. It is for operations with bounds of their own.
func (c *Call) TurnAway(reason string, after time.Duration, err error) error {
	if a := c.pipeline.admission; a != nil {
		a.meter.Shed(reason)
	}
	c.Record.Shed = reason
	c.admitted.retryAfter = strconv.FormatInt(int64((after+time.Second-1)/time.Second), 10)
	return err
}

// faultPause is after how many seconds a client may ask again what failed because the storage does.
const faultPause = "1"

// turned returns the error to answer a call with that failed with err, and sets the headers of the answer if it was
// turned away, or the storage fails. A client that stalled is told so, whatever failed because of it.
func (c *Call) turned(w http.ResponseWriter, err error) error {
	if c.admitted.retryAfter != "" {
		w.Header()["Retry-After"] = []string{c.admitted.retryAfter}
	} else if apierr.IsFault(err) && apierr.From(err).Status == http.StatusServiceUnavailable {
		w.Header()["Retry-After"] = []string{faultPause}
	}
	if c.received.phase.Load() == stalled {
		return errStalled
	}
	return err
}

// tooMuch returns the error for a request that is turned away: because of its rate, or because the server is busy.
// S3 has one for both. The code that IAM and STS are documented to send is ThrottlingException, the one they send
// is Throttling (observed in many reports, such as the last source; clients know both).
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html,
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html,
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListRoots.html,
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html,
// https://github.com/gruntwork-io/cloud-nuke/issues/371
func tooMuch(service string, rate bool) *apierr.Error {
	switch {
	case service == "organizations" && rate:
		return apierr.New(http.StatusBadRequest, "TooManyRequestsException",
			"You have sent too many requests in too short a period of time. The quota helps protect against denial-of-service attacks. Try again later.")
	case (service == "iam" || service == "sts") && rate:
		return apierr.New(http.StatusBadRequest, "Throttling", "Rate exceeded")
	case service == cloudTrail && rate:
		return apierr.New(http.StatusBadRequest, "ThrottlingException", "Rate exceeded")
	case service == "organizations" || service == "iam" || service == "sts" || service == cloudTrail:
		return apierr.New(http.StatusServiceUnavailable, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
	default:
		return apierr.SlowDown("Please reduce your request rate.")
	}
}

// errStalled is the error for a client that does not send its body.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var errStalled = apierr.New(http.StatusBadRequest, "RequestTimeout",
	"Your socket connection to the server was not read from or written to within the timeout period.")
