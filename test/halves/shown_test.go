package halves_test

import (
	"slices"
	"strings"
)

// look is an answer, or the part of one that is about one request, that somebody was given.
type look struct {
	asker   *principal
	api     string
	request *made // that it tells of; nil if there is none, or it is not known
	sent    string
	said    map[mark]bool // marks in what was sent
	status  int
	text    string
}

// row is something of another account that AWS shows.
type row struct {
	shows string
	in    []string // APIs; nil: all
	page  string
	// shown reports whether m is it, and the look is of somebody whom AWS shows it.
	shown func(w *world, l *look, m mark) bool
}

// The APIs.
const (
	ofS3         = "s3"
	ofSTS        = "sts"
	explanation  = "ExplainRequest"
	listing      = "ListRequests"
	supposition  = "ExplainAccess"
	reaching     = "ListAccess"
	previewing   = "PreviewAccess"
	decoding     = "DecodeAuthorizationMessage"
	analysis     = "access-analyzer"
	simulation   = "simulator"
	advice       = "advisor"
	eventHistory = "LookupEvents"
	logFile      = "log file"
)

// rows are all that an account may be told of another one.
var rows = []row{
	{
		shows: "to everybody what they sent themselves: in this request, in the one asked about, or when they arranged what they have",
		page:  "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html (requestParameters)",
		shown: func(w *world, l *look, m mark) bool {
			return l.said[m] || w.words[l.asker.account][m] || l.caller() && strings.Contains(l.request.text, m.text)
		},
	},
	{
		shows: "to a session its own ARN",
		in:    []string{ofS3, ofSTS, analysis, simulation, advice, supposition, previewing},
		page:  "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html",
		shown: func(_ *world, l *look, m mark) bool { return strings.Contains(l.asker.arn, m.text) },
	},
	{
		shows: "to who asks, in the event of it, what was answered",
		in:    []string{eventHistory, logFile},
		page:  "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html (responseElements, errorMessage)",
		shown: func(_ *world, l *look, m mark) bool {
			return l.caller() && strings.Contains(strings.ToLower(l.request.answer.text()), strings.ToLower(m.text))
		},
	},
	{
		shows: "to the owner of a bucket or role, in the event of it, who asks: the account, and the unique ID with the name of the session",
		in:    []string{eventHistory, logFile},
		page:  "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-receive-logs-from-multiple-accounts.html and cloudtrail-event-reference-user-identity.html (AWSAccount)",
		shown: func(_ *world, l *look, m mark) bool {
			of := l.owner() && m.owner == l.request.caller.account && (m.class == "account" || m.class == "uniqueid")
			return of || l.owner() && m.class == "session" && strings.Contains(l.request.caller.arn, m.text)
		},
	},
	{
		shows: "to the owner of a bucket, in the event of what its own policy, or one of its organization for resources, denied, what the caller was told",
		in:    []string{eventHistory, logFile},
		page:  "testdata/observed/list-owners-copy.json of package event (errorMessage)",
		shown: func(_ *world, l *look, m mark) bool {
			return l.owner() && deniedByResource(l) && (strings.Contains(l.request.caller.arn, m.text) || l.inside() && organizationARN(m, "rcp"))
		},
	},
	{
		shows: "to who asks, in the event of it, whose the bucket is, unless its own account refused",
		in:    []string{eventHistory, logFile},
		page:  "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-receive-logs-from-multiple-accounts.html#cloudtrail-receive-logs-from-multiple-accounts-bucket-owner-redaction",
		shown: func(_ *world, l *look, m mark) bool {
			return l.caller() && m.class == "account" && m.owner == l.request.owner && (l.request.answer.status != 403 || deniedByResource(l))
		},
	},
	{
		shows: "to the owner of a bucket or role, in the event of it, what was asked; no metadata",
		in:    []string{eventHistory, logFile},
		page:  "https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html (requestParameters, userAgent)",
		shown: func(_ *world, l *look, m mark) bool {
			return l.owner() && m.class != "accesskey" && m.class != "meta" && strings.Contains(l.request.text, m.text)
		},
	},
	{
		shows: "to who is denied the condition keys of its request: its account's place in the organization",
		in:    []string{decoding},
		page:  "https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html (the values of condition keys in the context of the user's request)",
		shown: func(_ *world, l *look, m mark) bool {
			return l.inside() && l.caller() && (m.class == "organization" || m.class == "unit")
		},
	},
	{
		shows: "to the owner of a bucket the canonical user ID of who asks",
		in:    []string{explanation},
		page:  "https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html (Requester)",
		shown: func(w *world, l *look, m mark) bool {
			return (l.owner() || l.source()) && m.class == "canonical" && m.owner == l.request.caller.account
		},
	},
	{
		shows: "to the owner of a bucket who asks: the ARN, with the account",
		in:    []string{explanation, listing},
		page:  "https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html (Requester)",
		shown: func(_ *world, l *look, m mark) bool {
			return (l.owner() || l.source()) && strings.Contains(l.request.caller.arn, m.text)
		},
	},
	{
		shows: "to the owner of a bucket what was asked: the key, the query, and the headers that access logs have",
		in:    []string{explanation, listing},
		page:  "https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html (Key, Request-URI, Referer, User-Agent)",
		shown: func(_ *world, l *look, m mark) bool {
			return l.owner() && m.class != "accesskey" && strings.Contains(l.request.target, m.text)
		},
	},
	{
		shows: "to the account of a role what was passed for a session of it: name, policy and tags",
		in:    []string{explanation, listing, decoding, supposition, eventHistory, logFile},
		page:  "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html",
		shown: func(_ *world, l *look, m mark) bool {
			return l.caller() && strings.Contains(l.request.caller.chosenText, m.text) || strings.Contains(l.asker.chosenText, m.text)
		},
	},
	{
		shows: "to who assumes a role the unique ID of the role and the keys of the session",
		in:    []string{ofSTS},
		page:  "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (AssumedRoleUser)",
		shown: func(_ *world, l *look, m mark) bool { return l.status == 200 && m.class == "uniqueid" },
	},
	{
		shows: "to members of an organization the ARN of its policy that denies explicitly",
		in:    []string{ofS3, ofSTS},
		page:  "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
		shown: func(_ *world, l *look, m mark) bool {
			return l.inside() && organizationARN(m, "scp", "rcp") && l.status == 403
		},
	},
	{
		shows: "to the account whose request a service control policy denies the ARN of that",
		in:    []string{explanation, listing, supposition, decoding, reaching, previewing},
		page:  "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
		shown: func(_ *world, l *look, m mark) bool {
			return l.asker.account == accountB && organizationARN(m, "scp") && (l.request == nil || l.caller())
		},
	},
	{
		shows: "to the owner of what a resource control policy denies the ARN of that",
		in:    []string{explanation, listing, supposition, reaching, previewing},
		page:  "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
		shown: func(_ *world, l *look, m mark) bool {
			return l.asker.account == accountA && organizationARN(m, "rcp") && (l.request == nil || l.owner())
		},
	},
	{
		shows: "to who may read an ACL, or list a bucket, owners, grantees and keys",
		in:    []string{ofS3},
		page:  "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html and API_ListObjectsV2.html",
		shown: func(_ *world, l *look, m mark) bool {
			return l.status == 200 && slices.Contains([]string{"canonical", "accountname", "key", "bucket"}, m.class)
		},
	},
	{
		shows: "to the owner of a bucket what objects of others are in it: the keys, and the canonical user IDs of the owners",
		in:    []string{reaching, previewing},
		page:  "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html (FetchOwner)",
		shown: func(_ *world, l *look, m mark) bool {
			return l.status == 200 && (m.class == "key" || m.class == "canonical" && strings.Contains(l.text, `"Owner":"`+m.text+`"`))
		},
	},
	{
		shows: "to who may read the tags of an object the tags",
		in:    []string{ofS3},
		page:  "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html",
		shown: func(_ *world, l *look, m mark) bool {
			return l.status == 200 && strings.Contains(l.sent, "?tagging") && (m.class == "tagkey" || m.class == "tagvalue")
		},
	},
	{
		shows: "to everybody whose an access key is",
		in:    []string{ofSTS},
		page:  "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html",
		shown: func(_ *world, l *look, m mark) bool {
			return m.class == "account" && strings.Contains(l.sent, "Action=GetAccessKeyInfo")
		},
	},
	{
		shows: "to the management account what its analyzer of the organization finds in the members: resources, their owners, and principals and conditions of their policies",
		in:    []string{analysis},
		page:  "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-concepts.html (zone of trust) and access-analyzer-findings-view.html",
		shown: func(_ *world, l *look, m mark) bool {
			return l.asker.account == accountM && l.status == 200 &&
				slices.Contains([]string{"account", "canonical", "bucket", "role", "path", "value"}, m.class)
		},
	},
}

// deniedByResource reports whether the answer says that a policy of what was asked for, or one of its organization for it, denied.
func deniedByResource(l *look) bool {
	text := l.request.answer.text()
	return strings.Contains(text, "resource-based policy") || strings.Contains(text, "resource control policy")
}

// inside reports whether the asker is in the organization.
func (l *look) inside() bool { return l.asker.account == accountA || l.asker.account == accountB }

// caller, owner and source report whether the look is of a request of the asker's account, about something of it, and one
// that copies something of it.
func (l *look) caller() bool { return l.request != nil && l.request.caller.account == l.asker.account }
func (l *look) owner() bool  { return l.request != nil && l.request.owner == l.asker.account }
func (l *look) source() bool { return l.request != nil && l.request.source == l.asker.account }

// organizationARN reports whether a mark is of the ARN of a policy of one of these classes.
func organizationARN(m mark, classes ...string) bool {
	return m.owner == accountM && slices.Contains(append(classes, "organization", "account"), m.class)
}
