package why

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/console/page"
	"crossgrant/internal/explain"
)

// found is a request on record, as the API crossgrant answers it.
type found struct {
	RequestID string `json:"RequestId"`
	Time      time.Time
	Outcome   string
	Service   string
	Operation string
	Status    int
	ErrorCode string
	Caller    struct {
		ARN         string `json:"Arn"`
		Account     string `json:"AccountId"`
		AccessKeyID string `json:"AccessKeyId"`
	}
	SourceIP      string `json:"SourceIp"`
	UserAgent     string
	Bucket, Key   string
	ResourceOwner string
	Report        *explain.Report
	Unexplained   int

	// account is the one that looks.
	account string
}

// Denied reports whether anything that the request asked was denied.
func (f *found) Denied() bool { return f.Outcome == denied }

// Who is the caller in short.
func (f *found) Who() string {
	if f.Caller.ARN == "" {
		return "anonymous"
	}
	return links{f.account}.short(f.Caller.ARN)
}

// Action is that of the check that decided, or the operation if the request was not judged.
func (f *found) Action() string {
	if c := f.check(); c != nil {
		return c.Action
	}
	return f.Operation
}

// Resource is what that was about.
func (f *found) Resource() string {
	switch c := f.check(); {
	case c != nil:
		return strings.TrimPrefix(c.Resource, "arn:aws:s3:::")
	case f.Key != "":
		return f.Bucket + "/" + f.Key
	default:
		return f.Bucket
	}
}

// check is the first check that denied, or the first one.
func (f *found) check() *explain.Explanation {
	if f.Report == nil || len(f.Report.Checks) == 0 {
		return nil
	}
	for i := range f.Report.Checks {
		if f.Report.Checks[i].Effect != explain.Allowed {
			return &f.Report.Checks[i]
		}
	}
	return &f.Report.Checks[0]
}

// Reason tells why in words.
func (f *found) Reason() string {
	if f.Report == nil {
		return unjudged(f)
	}
	text := headline(f.Report)
	for _, outcome := range []string{"Denied: ", "Allowed: "} {
		if rest, cut := strings.CutPrefix(text, outcome); cut && rest != "" {
			return strings.ToUpper(rest[:1]) + rest[1:]
		}
	}
	return text
}

// unjudged tells why a request has no report.
func unjudged(f *found) string {
	switch f.ErrorCode {
	case "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException":
		return "Nobody has the access key that the request was signed with, so no policy was asked."
	case "SignatureDoesNotMatch", "IncompleteSignature", "InvalidSignatureException", "IncompleteSignatureException":
		return "The signature does not match the secret key, so no policy was asked."
	case "RequestTimeTooSkewed", "RequestExpired", "ExpiredToken", "ExpiredTokenException":
		return "The request, or its credentials, had expired, so no policy was asked."
	case "":
		return "Only the outcome of the request was kept."
	default:
		return "It was refused with " + f.ErrorCode + " before any policy was asked, or only its outcome was kept."
	}
}

// Outcomes.
const (
	allowed = "allowed"
	denied  = "denied"
)

// listRequests is the input of ListRequests.
type listRequests struct {
	Principal string `json:",omitempty"`
	Bucket    string `json:",omitempty"`
	Action    string `json:",omitempty"`
	Outcome   string `json:",omitempty"`
	// From and To are seconds since 1970, to the millisecond.
	From  json.Number `json:",omitempty"`
	To    json.Number `json:",omitempty"`
	Limit int         `json:",omitempty"`
}

// seconds writes a moment as the API reads it. up rounds up to the next millisecond.
func seconds(t time.Time, up bool) json.Number {
	if up {
		t = t.Add(time.Millisecond - 1)
	}
	milli := t.UnixMilli()
	return json.Number(strconv.FormatFloat(float64(milli)/1000, 'f', -1, 64))
}

// onPage is how many requests a page has.
const onPage = 50

// periods are how far back the list goes.
var periods = []struct {
	Value, Text string
	Lasts       time.Duration
}{
	{"1h", "last hour", time.Hour}, {"24h", "last 24 hours", 24 * time.Hour}, {"7d", "last 7 days", 7 * 24 * time.Hour}, {"30d", "last 30 days", 30 * 24 * time.Hour}, {"all", "all that is on record", 0},
}

// requestList is the page.
type requestList struct {
	Outcome, Principal, Bucket, Action, Since, From, To string
	Periods                                             any
	Requests                                            []found
	// More says that there may be more, though no page of them can be named.
	More        bool
	Next, First string
	Problem     *page.Problem
	// Narrowed says that the list is not the one that the page begins with.
	Narrowed bool
}

func showRequests(ctx context.Context, v *page.Visit) (*page.View, error) {
	l := requestList{
		Outcome: v.Query("outcome"), Principal: strings.TrimSpace(v.Query("principal")), Bucket: strings.TrimSpace(v.Query("bucket")),
		Action: strings.TrimSpace(v.Query("action")), Since: v.Query("since"), From: v.Query("from"), To: v.Query("to"), Periods: periods,
	}
	if !v.Request.URL.Query().Has("outcome") {
		l.Outcome = denied
	}
	if l.Since == "" {
		l.Since = "24h"
	}
	l.Narrowed = l.Principal != "" || l.Bucket != "" || l.Action != "" || l.From != "" || l.To != ""
	l.Problem = v.Problem(l.find(ctx, v))
	return &page.View{Title: "Decisions", Template: "why-requests", Data: &l}, nil
}

// find reads the requests of the page.
func (l *requestList) find(ctx context.Context, v *page.Visit) error {
	in := listRequests{Principal: l.Principal, Bucket: l.Bucket, Action: l.Action, Limit: onPage}
	if l.Outcome == denied || l.Outcome == allowed {
		in.Outcome = l.Outcome
	}
	for _, p := range periods {
		if p.Value == l.Since && p.Lasts > 0 {
			in.From = seconds(v.Now().Add(-p.Lasts), false)
		}
	}
	from, to, err := moments(&l.From, &l.To)
	if err != nil {
		return err
	}
	if !from.IsZero() {
		in.From = seconds(from, false)
	}
	if !to.IsZero() {
		in.To = seconds(to, false)
	}
	after := v.Query("after")
	if at, err := time.Parse(time.RFC3339Nano, v.Query("before")); err == nil {
		in.To = seconds(at, true)
		l.First = l.address("", "")
	}
	var out struct {
		Requests []found
		More     bool
	}
	if err := v.AWS.Ask(ctx, "ListRequests", &in, &out); err != nil {
		return err
	}
	// A page begins where the one before it ended, to the millisecond.
	if i := slices.IndexFunc(out.Requests, func(f found) bool { return f.RequestID == after }); i >= 0 {
		out.Requests = out.Requests[i+1:]
	}
	for i := range out.Requests {
		out.Requests[i].account = v.Account()
	}
	l.Requests = out.Requests
	if n := len(out.Requests); out.More && n > 0 {
		last := &out.Requests[n-1]
		l.Next = l.address(last.Time.Format(time.RFC3339Nano), last.RequestID)
	} else {
		l.More = out.More
	}
	return nil
}

// address is that of the list, from an entry on.
func (l *requestList) address(before, after string) string {
	to := page.Query("/why/requests", "principal", l.Principal, "bucket", l.Bucket, "action", l.Action, "since", l.Since, "from", l.From, "to", l.To, "before", before, "after", after)
	join := "?"
	if strings.Contains(to, "?") {
		join = "&"
	}
	return to + join + page.Query("", "outcome", l.outcomeOrAny())[1:]
}

func (l *requestList) outcomeOrAny() string {
	if l.Outcome == "" {
		return "any"
	}
	return l.Outcome
}

// moments reads what the two fields of a period have. One that has no time is emptied: it shows none but times.
func moments(from, to *string) (begin, end time.Time, err error) {
	if begin, err = moment(*from); err != nil {
		*from = ""
		return begin, end, err
	}
	if end, err = moment(*to); err != nil {
		*to = ""
	}
	return begin, end, err
}

// moment reads what a field for a date and time has, in UTC; the zero time if it is empty.
func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, page.Invalid("%q is not a date and time, such as 2026-11-27T09:00.", text)
}
