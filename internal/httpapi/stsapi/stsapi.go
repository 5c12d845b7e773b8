// Package stsapi is the table of operations of the AWS Security Token Service.
//
// GetCallerIdentity and AssumeRole are here. What AWS has beyond them is answered with NotImplemented,
// and so are the parameters of AssumeRole that concern MFA, session tags, source identity and context
// assertions: none of them is ignored.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/
package stsapi

import (
	"context"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/policy"
	"crossgrant/internal/sts"
	"crossgrant/internal/wire/query"
)

// protocol is STS on the wire.
var protocol = queryapi.Protocol{
	Name:       "sts",
	Version:    "2011-06-15",
	Namespace:  "https://sts.amazonaws.com/doc/2011-06-15/",
	ShowValues: true,
	Known:      known,
}

// Roles finds roles with their trust policies; package access does.
type Roles interface {
	// Role returns the role of this ARN, or nil if there is none: it must not be told apart from one that
	// refuses the caller. A ValidationError says that roleARN is not the ARN of a role.
	Role(ctx context.Context, roleARN string) (*sts.Role, error)
}

// New returns the API over service.
func New(service *sts.Service, roles Roles) *queryapi.Service {
	a := &api{service, roles}
	return queryapi.New(protocol, a.getCallerIdentity(), a.assumeRole())
}

type api struct {
	sts   *sts.Service
	roles Roles
}

type callerIdentity struct{ Arn, UserId, Account string }

// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func (a *api) getCallerIdentity() httpapi.Operation {
	return queryapi.Row[struct{}]{
		Name:      "GetCallerIdentity",
		Decode:    func(*httpapi.Call, *query.Reader) (*struct{}, error) { return new(struct{}), nil },
		Unchecked: "no permissions are required, and no policy can deny it",
		Run: func(_ context.Context, c *httpapi.Call, _ *struct{}) (any, error) {
			return &callerIdentity{Arn: c.Caller.ARN, UserId: c.Caller.UserID(), Account: string(c.Caller.Account)}, nil
		},
	}.Operation(protocol)
}

// assumeRoleInput is AssumeRole's input.
type assumeRoleInput struct {
	roleARN     string
	sessionName string
	externalID  string // empty if it was not passed: the shortest one has two characters
	duration    time.Duration
	policy      string
	policyARNs  []string

	role *sts.Role // nil if there is none
}

// Rules of AssumeRole's parameters, from the API's model.
var (
	arnRules = []query.Rule{
		query.Length(20, 2048),
		query.Pattern(`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD]+`),
	}
	sessionNameRules = []query.Rule{query.Length(2, 64), query.Pattern(`[\w+=,.@-]*`)}
	externalIDRules  = []query.Rule{query.Length(2, 1224), query.Pattern(`[\w+=,.@:\/-]*`)}
	policyRules      = []query.Rule{query.Length(1, 131072), query.Pattern(`[\u0009\u000A\u000D\u0020-\u00FF]+`)}
)

const (
	minDuration = 900   // seconds
	maxDuration = 43200 // seconds
)

// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func (a *api) assumeRole() httpapi.Operation {
	return queryapi.Row[assumeRoleInput]{
		Name:   "AssumeRole",
		Decode: decodeAssumeRole,
		Load: func(ctx context.Context, c *httpapi.Call, in *assumeRoleInput) (err error) {
			if c.Caller.Kind == policy.Root {
				return apierr.AccessDenied("Roles may not be assumed by root accounts.")
			}
			in.role, err = a.roles.Role(ctx, in.roleARN)
			return err
		},
		Checks: checkAssumeRole,
		Run:    a.runAssumeRole,
	}.Operation(protocol)
}

func decodeAssumeRole(_ *httpapi.Call, q *query.Reader) (*assumeRoleInput, error) {
	in := &assumeRoleInput{
		roleARN:     q.Required("RoleArn", arnRules...),
		sessionName: q.Required("RoleSessionName", sessionNameRules...),
		externalID:  q.String("ExternalId", externalIDRules...),
		duration:    time.Duration(q.Int("DurationSeconds", 0, minDuration, maxDuration)) * time.Second,
		policy:      q.String("Policy", policyRules...),
	}
	for _, item := range q.List("PolicyArns", sts.MaxPolicyARNs) {
		in.policyARNs = append(in.policyARNs, item.Required("arn", arnRules...))
	}
	q.NotBuilt("Tags", "TransitiveTagKeys", "SourceIdentity", "SerialNumber", "TokenCode", "ProvidedContexts")
	_, err := sts.ParseRoleARN(in.roleARN)
	return in, err
}

// checkAssumeRole asks for sts:AssumeRole on the role. A role that does not exist is one whose trust
// policy says nothing, so that the answer is that of a role which refuses the caller.
func checkAssumeRole(_ *httpapi.Call, in *assumeRoleInput) []access.Check {
	account, _ := sts.ParseRoleARN(in.roleARN) // decodeAssumeRole has seen to it
	trust := sts.NoTrust(in.roleARN)
	if in.role != nil {
		trust = in.role.Trust
	}
	return []access.Check{{
		Action: "sts:AssumeRole", Resource: in.roleARN, Owner: account, Policy: trust, Keys: in.conditionKeys,
	}}
}

// conditionKeys adds the keys of AssumeRole.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
func (in *assumeRoleInput) conditionKeys(k *policy.Context) {
	k.Set("sts:RoleSessionName", in.sessionName)
	if in.externalID != "" {
		k.Set("sts:ExternalId", in.externalID)
	}
	if in.role == nil {
		return
	}
	for _, tag := range in.role.Tags {
		k.Set("aws:ResourceTag/"+tag.Key, tag.Value)
		k.Set("iam:ResourceTag/"+tag.Key, tag.Value)
	}
}

type credentials struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }

type assumedRoleUser struct{ AssumedRoleId, Arn string }

type assumeRoleResult struct {
	AssumedRoleUser assumedRoleUser
	Credentials     credentials
	// PackedPolicySize is there only if session policies were passed.
	PackedPolicySize *int `xml:",omitempty"`
}

func (a *api) runAssumeRole(ctx context.Context, c *httpapi.Call, in *assumeRoleInput) (any, error) {
	if in.role == nil {
		// Only a decision that takes silence for consent could lead here.
		return nil, apierr.AccessDenied("User: " + c.Caller.ARN + " is not authorized to perform: sts:AssumeRole on resource: " + in.roleARN)
	}
	duration, err := in.role.Duration(in.duration, c.Caller.Temporary())
	if err != nil {
		return nil, err
	}
	issued, err := a.sts.Issue(ctx, sts.Request{
		Session: in.role.Session(in.sessionName, c.Caller.ARN), Duration: duration, Policy: in.policy, PolicyARNs: in.policyARNs,
	})
	if err != nil {
		return nil, err
	}
	result := &assumeRoleResult{
		AssumedRoleUser: assumedRoleUser{AssumedRoleId: issued.Session.UserID(), Arn: issued.Session.ARN()},
		Credentials: credentials{
			AccessKeyId: string(issued.Session.AccessKeyID), SecretAccessKey: issued.Session.Secret,
			SessionToken: issued.SessionToken, Expiration: query.Time(issued.Session.Expires),
		},
	}
	if in.policy != "" || len(in.policyARNs) > 0 {
		result.PackedPolicySize = &issued.PackedSize
	}
	return result, nil
}
