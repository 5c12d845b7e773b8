package iamapi

import (
	"context"
	"encoding/base64"
	"maps"
	"slices"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/query"
)

// accountReports returns the rows that tell what an account has, and when its keys were used.
func (a *api) accountReports() []httpapi.Operation {
	return []httpapi.Operation{
		wholeRow("GetAccountSummary", func(*query.Reader, *wholeInput) {}, a.accountSummary),
		wholeRow("GetAccountAuthorizationDetails", decodeDetails, a.authorizationDetails),
		wholeRow("GenerateCredentialReport", func(*query.Reader, *wholeInput) {}, a.generateCredentialReport),
		wholeRow("GetCredentialReport", func(*query.Reader, *wholeInput) {}, a.credentialReport),
		a.accessKeyLastUsed(),
	}
}

// wholeInput is the input of operations about the whole account.
type wholeInput struct {
	filter []iam.DetailKind
	page   iam.Page
}

type wholeRun func(ctx context.Context, account ids.AccountID, in *wholeInput) (result any, err error)

// wholeRow makes an operation about the whole account, which has no resource.
func wholeRow(name string, decode func(*query.Reader, *wholeInput), run wholeRun) httpapi.Operation {
	return queryapi.Row[wholeInput]{
		Name: name,
		Decode: func(_ *httpapi.Call, q *query.Reader) (*wholeInput, error) {
			in := new(wholeInput)
			decode(q, in)
			return in, nil
		},
		Checks: func(*httpapi.Call, *wholeInput) []access.Check {
			return []access.Check{{Action: "iam:" + name, Resource: "*"}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *wholeInput) (any, error) {
			return run(ctx, c.Caller.Account, in)
		},
	}.Operation(protocol)
}

type summaryEntry struct {
	Key   string `xml:"key"`
	Value int    `xml:"value"`
}

type summaryResult struct {
	SummaryMap struct {
		Entries []summaryEntry `xml:"entry"`
	}
}

// accountSummary tells numbers and quotas by name.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
func (a *api) accountSummary(ctx context.Context, account ids.AccountID, _ *wholeInput) (any, error) {
	summary, err := a.iam.Summary(ctx, account)
	result := &summaryResult{}
	for _, name := range slices.Sorted(maps.Keys(summary)) {
		result.SummaryMap.Entries = append(result.SummaryMap.Entries, summaryEntry{name, summary[name]})
	}
	return result, err
}

type reportStateResult struct {
	State       string
	Description string `xml:",omitempty"`
}

// generateCredentialReport answers what AWS does: that a report is begun, or that there is one already.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/iam_example_iam_GenerateCredentialReport_section.html
func (a *api) generateCredentialReport(ctx context.Context, account ids.AccountID, _ *wholeInput) (any, error) {
	made, err := a.reports.GenerateCredentials(ctx, account)
	if !made {
		return &reportStateResult{State: "COMPLETE"}, err
	}
	return &reportStateResult{"STARTED", "No report exists. Starting a new report generation task"}, err
}

type credentialReportResult struct{ Content, ReportFormat, GeneratedTime string }

// credentialReport answers the report as a blob, which the protocol writes in base 64.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetCredentialReport.html
func (a *api) credentialReport(ctx context.Context, account ids.AccountID, _ *wholeInput) (any, error) {
	content, generated, err := a.reports.Credentials(ctx, account)
	return &credentialReportResult{base64.StdEncoding.EncodeToString(content), "text/csv", query.Time(generated)}, err
}

// keyInput is the input of GetAccessKeyLastUsed.
type keyInput struct {
	id     ids.AccessKeyID
	known  bool   // the account has this key
	user   string // whose it is; empty: the root user's
	target iam.Target
}

type keyUseShape struct {
	LastUsedDate string `xml:",omitempty"`
	ServiceName  string
	Region       string
}

type keyUseResult struct {
	UserName          string `xml:",omitempty"`
	AccessKeyLastUsed keyUseShape
}

// accessKeyLastUsed is the row of GetAccessKeyLastUsed, which is about the user whose key it is. Of a key that
// the account does not have nobody is told whether another account has it: it is asked for on "*", and is not
// there.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html
func (a *api) accessKeyLastUsed() httpapi.Operation {
	return queryapi.Row[keyInput]{
		Name: "GetAccessKeyLastUsed",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*keyInput, error) {
			return &keyInput{id: ids.AccessKeyID(q.Required("AccessKeyId", accessKeyRules...))}, nil
		},
		Load: a.loadKey,
		Checks: func(_ *httpapi.Call, in *keyInput) []access.Check {
			return []access.Check{{
				Action: "iam:GetAccessKeyLastUsed", Resource: in.target.ARN,
				Keys: func(k *policy.Context) { resourceTags(k, in.target.Tags, keys.UserKind) },
			}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *keyInput) (any, error) {
			return a.keyUse(ctx, c.Caller.Account, in)
		},
	}.Operation(protocol)
}

func (a *api) loadKey(ctx context.Context, c *httpapi.Call, in *keyInput) (err error) {
	in.target = iam.Target{ARN: "*"}
	in.user, in.known, err = a.iam.AccessKeyOwner(ctx, c.Caller.Account, in.id)
	switch {
	case err != nil || !in.known:
		return err
	case in.user == "":
		in.target = iam.Target{ARN: arn.Root(c.Caller.Account).String()}
		return nil
	}
	in.target, err = a.iam.Target(ctx, c.Caller.Account, keys.UserKind, in.user)
	return err
}

func (a *api) keyUse(ctx context.Context, account ids.AccountID, in *keyInput) (any, error) {
	if !in.known {
		return nil, iam.NoSuchKey(in.id)
	}
	u, err := a.reports.Key(ctx, account, in.id)
	if err != nil {
		return nil, err
	}
	shape := keyUseShape{ServiceName: "N/A", Region: "N/A"}
	if u.Used != 0 {
		shape = keyUseShape{timeOf(u.Used), u.Service, u.Region}
	}
	return &keyUseResult{in.user, shape}, nil
}
