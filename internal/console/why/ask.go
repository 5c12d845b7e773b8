package why

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"crossgrant/internal/console/page"
	"crossgrant/internal/explain"
)

// contextKey is a condition key of a question, with its values as they are typed: separated by commas.
type contextKey struct{ Key, Values string }

// askURL is the address of a question.
func askURL(principal, action, resource string, keys []contextKey) string {
	q := url.Values{}
	for name, value := range map[string]string{"principal": principal, "action": action, "resource": resource} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for _, k := range keys {
		q.Add("key", k.Key)
		q.Add("value", k.Values)
	}
	return page.Path("why", "ask") + "?" + q.Encode()
}

// commonActions are offered while an action is typed.
var commonActions = []string{
	"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:ListAllMyBuckets", "s3:GetObjectVersion", "s3:DeleteObjectVersion",
	"s3:ListBucketVersions", "s3:GetObjectAcl", "s3:PutObjectAcl", "s3:GetObjectTagging", "s3:PutObjectTagging", "s3:GetBucketPolicy", "s3:PutBucketPolicy",
	"s3:GetBucketAcl", "s3:PutBucketAcl", "s3:GetBucketLocation", "s3:PutBucketVersioning", "s3:CreateBucket", "s3:DeleteBucket", "s3:AbortMultipartUpload",
	"s3:BypassGovernanceRetention", "s3:PutLifecycleConfiguration", "s3:PutEncryptionConfiguration", "sts:AssumeRole", "iam:CreateUser", "iam:ListUsers", "iam:GetUser",
	"iam:CreateAccessKey", "iam:CreateRole", "iam:PassRole", "iam:PutUserPolicy", "iam:AttachUserPolicy", "iam:AttachRolePolicy", "iam:CreatePolicy",
	"organizations:ListAccounts", "organizations:CreateAccount", "cloudtrail:LookupEvents", "access-analyzer:ListFindings",
}

// commonKeys are offered while a condition key is typed.
var commonKeys = []string{
	"aws:SourceIp", "aws:SecureTransport", "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:CurrentTime", "aws:UserAgent", "aws:Referer", "aws:PrincipalTag/",
	"aws:SourceVpce", "s3:x-amz-acl", "s3:x-amz-server-side-encryption", "s3:x-amz-grant-full-control", "s3:x-amz-grant-read", "s3:prefix", "s3:delimiter", "s3:max-keys", "s3:VersionId",
	"s3:RequestObjectTag/", "s3:x-amz-storage-class", "s3:x-amz-content-sha256", "s3:TlsVersion", "sts:ExternalId", "sts:RoleSessionName",
}

// leastRows is how many rows for condition keys there are at least.
const leastRows = 3

// question is the page.
type question struct {
	Principal, Action, Resource string
	Keys                        []contextKey
	Actions, Names              []string
	Asked                       bool
	Report                      *explain.Report
	// First is the check to look at, Others are those that were asked as well.
	First    *Told
	Others   []*Told
	Headline string
	// Half says that only one's own half was told.
	Half    bool
	Unknown []string
	Problem *page.Problem
}

// explainAccess is the input of ExplainAccess.
type explainAccess struct {
	Principal, Action string
	Resource          string         `json:",omitempty"`
	Context           []contextEntry `json:",omitempty"`
}

type contextEntry struct {
	Key    string
	Values []string
}

func showAsk(ctx context.Context, v *page.Visit) (*page.View, error) {
	q := question{
		Principal: strings.TrimSpace(v.Query("principal")), Action: strings.TrimSpace(v.Query("action")), Resource: resourceOf(strings.TrimSpace(v.Query("resource"))),
		Actions: commonActions, Names: commonKeys,
	}
	values := v.Request.URL.Query()["value"]
	for i, key := range v.Request.URL.Query()["key"] {
		if key = strings.TrimSpace(key); key != "" {
			k := contextKey{Key: key}
			if i < len(values) {
				k.Values = values[i]
			}
			q.Keys = append(q.Keys, k)
		}
	}
	if q.Principal == "" {
		q.Principal = v.Session.Current().ARN
	}
	if q.Action != "" {
		q.Asked = true
		q.Problem = v.Problem(q.ask(ctx, v))
	}
	for len(q.Keys) < leastRows || q.Keys[len(q.Keys)-1].Key != "" {
		q.Keys = append(q.Keys, contextKey{})
	}
	return &page.View{Title: "May I …?", Template: "why-ask", Data: &q}, nil
}

// resourceOf returns the ARN of what is typed as BUCKET or BUCKET/KEY.
func resourceOf(text string) string {
	if text == "" || text == "*" || strings.HasPrefix(text, "arn:") {
		return text
	}
	return "arn:aws:s3:::" + strings.TrimPrefix(text, "s3://")
}

func (q *question) ask(ctx context.Context, v *page.Visit) error {
	in := explainAccess{Principal: q.Principal, Action: q.Action, Resource: q.Resource}
	for _, k := range q.Keys {
		e := contextEntry{Key: k.Key}
		for value := range strings.SplitSeq(k.Values, ",") {
			e.Values = append(e.Values, strings.TrimSpace(value))
		}
		in.Context = append(in.Context, e)
	}
	var r explain.Report
	if err := v.AWS.Ask(ctx, "ExplainAccess", &in, &r); err != nil {
		return err
	}
	q.Report = &r
	q.First, q.Others = decisive(tell(&r, v.Account()))
	q.Headline = headline(&r)
	q.Half = len(r.Checks) == 0
	for i := range r.Checks {
		q.Half = q.Half || r.Checks[i].Effect == ""
		for _, u := range r.Checks[i].Unknown {
			if !slices.Contains(q.Unknown, u.Key) {
				q.Unknown = append(q.Unknown, u.Key)
			}
		}
	}
	return nil
}

// Outcome is the class of the answer.
func (q *question) Outcome() string {
	switch {
	case q.Report == nil:
		return ""
	case q.Half:
		return "info"
	case q.Report.Allowed:
		return "good"
	default:
		return "bad"
	}
}

// HasKeys reports whether the question has condition keys, or would need some.
func (q *question) HasKeys() bool {
	return len(q.Keys) > 0 && q.Keys[0].Key != "" || len(q.Unknown) > 0
}
