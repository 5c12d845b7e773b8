package decisions

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/audit"
	"crossgrant/internal/explain"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// Viewer is who looks at records: an operator, or somebody of an account.
type Viewer struct {
	operator  bool
	account   ids.AccountID
	canonical ids.CanonicalUserID
}

// Operator sees everything.
var Operator = Viewer{operator: true}

// Of returns the viewer of an account.
func Of(account ids.AccountID, canonical ids.CanonicalUserID) Viewer {
	return Viewer{account: account, canonical: canonical}
}

// concerned reports whether a request has to do with the viewer's account: it made it, or owns what was asked for, or
// else something that had to be asked about, such as the source of a copy.
func (v Viewer) concerned(r *records.RequestRecord) bool {
	return v.operator || v.account != "" && (v.calls(r) || v.owns(r) || v.ownsPart(r))
}

func (v Viewer) ownsPart(r *records.RequestRecord) bool { return partOf(r, v.account) }

// partOf reports whether an account owns something that a request had to be asked about.
func partOf(r *records.RequestRecord, account ids.AccountID) bool {
	return slices.ContainsFunc(r.Decisions, func(d *records.RequestDecision) bool { return d.Owner == string(account) })
}

// most is how many records a query of the viewer looks at; 0: all.
func (v Viewer) most() int {
	if v.operator {
		return 0
	}
	return maxLooked
}

func (v Viewer) calls(r *records.RequestRecord) bool {
	return v.operator || r.CallerAccount == string(v.account)
}

func (v Viewer) owns(r *records.RequestRecord) bool {
	return v.operator || r.ResourceOwner == string(v.account)
}

// finds reports whether a record is of an account as far as the viewer sees it: that what was asked for is another
// account's is not told by a query for that account either.
func (v Viewer) finds(r *records.RequestRecord, account ids.AccountID) bool {
	return v.operator || account == "" || account == v.account || r.CallerAccount == string(account)
}

// view returns what the viewer is to an explanation.
func (v Viewer) view(e *explain.Explanation) explain.View {
	if v.operator {
		return explain.View{Operator: true}
	}
	return e.ViewOf(string(v.account), string(v.canonical))
}

// Request is a request on record, as a viewer sees it.
type Request struct {
	RequestID string `json:"RequestId"`
	Time      time.Time
	// Outcome is Allowed or Denied.
	Outcome   string
	Service   string
	Operation string `json:",omitempty"`
	Status    int
	ErrorCode string `json:",omitempty"`
	Caller    Caller
	SourceIP  string `json:"SourceIp"`
	UserAgent string `json:",omitempty"`
	Bucket    string `json:",omitempty"`
	Key       string `json:",omitempty"`
	// ResourceOwner is the account that owns what was asked for; empty if there is none, or it is not shown.
	ResourceOwner string `json:",omitempty"`
	// Report tells why; nil if the request was not judged, or only its outcome was kept. What would allow it is told
	// where one request is asked about.
	Report *explain.Report `json:",omitempty"`
	// Unexplained is how many more decisions there were, of which only the outcomes were kept.
	Unexplained int `json:",omitempty"`
	// Now is the outcome that a denied request would have with the policies as they are now: told to operators, where
	// one request is asked about and can be asked again.
	Now string `json:",omitempty"`
}

// Caller is who made a request. AccessKeyID is shown to its own account only.
type Caller struct {
	ARN         string `json:"Arn,omitempty"` // empty: anonymous, or not authenticated
	Account     string `json:"AccountId,omitempty"`
	AccessKeyID string `json:"AccessKeyId,omitempty"`
}

// About returns what a request was about, in one word.
func (r *Request) About() string {
	switch {
	case r.Bucket != "" && r.Key != "":
		return r.Bucket + "/" + r.Key
	case r.Bucket != "":
		return r.Bucket
	case r.Report != nil && len(r.Report.Checks) > 0:
		return r.Report.Checks[0].Resource
	}
	return "-"
}

// request returns a record as the viewer sees it. Who asks, from where and for what is seen by both accounts, as
// server access logs tell it to the bucket's owner.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
func (v Viewer) request(r *records.RequestRecord) (Request, error) {
	out := Request{
		RequestID: r.RequestId, Time: time.Unix(0, r.Time).UTC(), Outcome: outcome(r), Service: r.Service, Operation: r.Operation,
		Status: int(r.Status), ErrorCode: r.ErrorCode, Caller: Caller{ARN: r.CallerArn, Account: r.CallerAccount},
		SourceIP: r.SourceIp, UserAgent: string(r.UserAgent),
	}
	if v.calls(r) || v.owns(r) {
		out.Bucket, out.Key = string(r.Bucket), string(r.Key)
	}
	if v.calls(r) {
		out.Caller.AccessKeyID = string(r.AccessKeyId)
	}
	if v.owns(r) {
		out.ResourceOwner = r.ResourceOwner
	}
	checks, err := explanations(r)
	if len(checks) > 0 {
		out.Report = explain.NewReport(checks).For(v.view)
		out.Unexplained = len(r.Decisions) - len(checks)
	}
	return out, err
}

// explanations returns what is kept of why the first decisions of a request were made: of all of them, unless there
// are many, or of none.
func explanations(r *records.RequestRecord) ([]explain.Explanation, error) {
	var checks []explain.Explanation
	for _, d := range r.Decisions {
		if len(d.Explanation) == 0 {
			break
		}
		var e explain.Explanation
		if err := json.Unmarshal(d.Explanation, &e); err != nil {
			return nil, fmt.Errorf("read the explanation of request %s: %w: %w", r.RequestId, err, meta.ErrCorrupt)
		}
		checks = append(checks, e)
	}
	return checks, nil
}

// explanation returns what is kept of why a decision was made. What would allow it is found when somebody asks.
func explanation(r *audit.Record, d *audit.Decision, shown func(string) string) ([]byte, error) {
	return json.Marshal(explain.Of(d.Explanation, explain.Facts{
		Principal: policy.Principal{
			Kind: kindOf(r), Account: r.CallerAccount, CanonicalID: r.CallerCanonicalID, ARN: r.CallerARN, EntityARN: r.CallerARN, EntityID: r.CallerEntityID,
		},
		Action: d.Action, Resource: d.Resource, Owner: string(r.ResourceOwner), Shown: shown, WithoutRemedies: d.Input != nil,
	}))
}

// kindOf returns the kind of caller of a request that a setting refused, of which no more is known than its record.
func kindOf(r *audit.Record) policy.Kind {
	switch {
	case r.CallerAccount == "":
		return policy.Anonymous
	case r.CallerEntityID == "":
		return policy.Root
	case strings.HasPrefix(string(r.CallerEntityID), string(ids.Role)):
		return policy.RoleSession
	default:
		return policy.User
	}
}
