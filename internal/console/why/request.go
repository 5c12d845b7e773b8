package why

import (
	"context"
	"strconv"
	"time"

	"crossgrant/internal/console/page"
	"crossgrant/internal/explain"
	"crossgrant/internal/ids"
)

// A record is made within a second of the answer. fresh is how old a request is at most whose record may still come, and
// tries how often the page looks for it by itself.
const (
	fresh = 15 * time.Second
	tries = 5
)

// requestPage is the page of one request.
type requestPage struct {
	ID      string
	Request *found
	// First is the check to look at, Others are those that were asked as well.
	First  *Told
	Others []*Told
	// Headline is the verdict.
	Headline string
	// Why tells why there is no report.
	Why string
	// Absent says that there is no record. Again is where the page looks for it once more by itself; empty: it does not.
	Absent bool
	Again  string
	Try    int
	// When is the time in the ID.
	When time.Time
	// CallerTo and BucketTo are pages.
	CallerTo, BucketTo string
	// Who is the caller in short.
	Who     string
	Problem *page.Problem
}

func showRequest(ctx context.Context, v *page.Visit) (*page.View, error) {
	p := requestPage{ID: v.Path("id")}
	p.When, _ = ids.RequestTime(p.ID)
	in := struct {
		RequestID string `json:"RequestId"`
	}{p.ID}
	var out found
	err := v.AWS.Ask(ctx, "ExplainRequest", &in, &out)
	switch {
	case page.Code(err) == "NoSuchRequest":
		p.Absent = true
		p.Try, _ = strconv.Atoi(v.Query("try"))
		if !p.When.IsZero() && v.Now().Sub(p.When) < fresh && p.Try < tries {
			p.Again = page.Query(page.Path("why", "requests", p.ID), "try", strconv.Itoa(p.Try+1))
		}
	case err != nil:
		p.Problem = v.Problem(err)
	default:
		p.fill(&out, v.Account())
	}
	return &page.View{
		Title: "Request " + p.ID, Template: "why-request", Data: &p, Bare: v.Part(),
		Crumbs: []page.Crumb{{Text: "Decisions", To: "/why/requests"}, {Text: p.ID}},
	}, nil
}

func (p *requestPage) fill(f *found, account string) {
	p.Request = f
	l := links{account}
	p.CallerTo, p.Who = l.principal(f.Caller.ARN), l.short(f.Caller.ARN)
	if f.ResourceOwner == account && f.Bucket != "" && f.Operation != "CreateBucket" {
		p.BucketTo = page.Path("buckets", f.Bucket)
	}
	if f.Report == nil {
		p.Why = unjudged(f)
		return
	}
	p.Headline = headline(f.Report)
	p.First, p.Others = decisive(tell(f.Report, account))
}

// AskAgain is the question whether the request would be allowed with the policies of now; empty: it cannot be asked.
func (t *Told) AskAgain() string {
	if t.Principal.ARN == "" || t.Principal.Kind == "WebIdentity" {
		return ""
	}
	return askURL(t.Principal.ARN, t.Action, t.Resource, nil)
}

// Allowed reports whether the check was allowed.
func (t *Told) Allowed() bool { return t.Effect == explain.Allowed }
