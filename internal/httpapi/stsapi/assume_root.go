package stsapi

import (
	"context"
	"fmt"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/orgs"
	"crossgrant/internal/policy"
	"crossgrant/internal/sts"
	"crossgrant/internal/wire/query"
)

// RootAccess knows which accounts manage the root users of others; package orgs does.
type RootAccess interface {
	// RootAccess returns the features of their organization by which account may act as the root user of
	// member; none if it may not.
	RootAccess(ctx context.Context, account, member ids.AccountID) (enabled []string, err error)
}

type assumeRootInput struct {
	member   ids.AccountID
	task     *managed.Policy
	duration time.Duration

	allowed bool // read before the checks
}

type assumeRootResult struct {
	Credentials    credentials
	SourceIdentity string `xml:",omitempty"`
}

// assumeRoot makes a session of the root user of a member account, which a task policy limits. AWS has it on
// regional endpoints only; which endpoint a client means cannot be told here.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html
func (a *api) assumeRoot() httpapi.Operation {
	return queryapi.Row[assumeRootInput]{
		Name:   "AssumeRoot",
		Decode: decodeAssumeRoot,
		Load: func(ctx context.Context, c *httpapi.Call, in *assumeRootInput) error {
			if c.Caller.Kind == policy.Root {
				return apierr.AccessDenied("User: " + c.Caller.ARN + " is not authorized to perform: sts:AssumeRoot on resource: " + arn.Root(in.member).String())
			}
			enabled, err := a.RootAccess.RootAccess(ctx, c.Caller.Account, in.member)
			in.allowed = orgs.AllowsRootTask(enabled, in.task.Name)
			return err
		},
		Checks: checkAssumeRoot,
		Run:    a.runAssumeRoot,
	}.Operation(protocol)
}

func decodeAssumeRoot(_ *httpapi.Call, q *query.Reader) (in *assumeRootInput, err error) {
	in = &assumeRootInput{duration: duration(q, 0, sts.MaxAssumedRoot)}
	target := q.Required("TargetPrincipal", query.Length(12, 2048))
	task := q.Required("TaskPolicyArn.arn", arnRules...)
	if in.member, err = sts.ParseRootTarget(target); err != nil {
		return in, err
	}
	policy, ok := managed.Lookup(task)
	if !ok || policy.Path != managed.RootTaskPath {
		return in, query.Invalid(task + " is not a policy that can be used for AssumeRoot")
	}
	in.task = policy
	return in, nil
}

// checkAssumeRoot asks for sts:AssumeRoot on the root user of the member account. That the organization gave the
// caller's account access to it is like a trust policy of that user, so that the caller's own policies have to
// allow it and the policies that bind either account can deny it.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
func checkAssumeRoot(c *httpapi.Call, in *assumeRootInput) []access.Check {
	root := arn.Root(in.member).String()
	trust := sts.NoTrust(root)
	if in.allowed {
		trust = rootTrust(root, c.Caller.Account)
	}
	return []access.Check{{
		Action: "sts:AssumeRoot", Resource: root, Owner: in.member, Policy: trust, BothSides: true,
		Keys: func(k *policy.Context) { k.Set("sts:TaskPolicyArn", in.task.ARN()) },
	}}
}

// rootTrust is the trust that an organization's features stand for.
func rootTrust(root string, account ids.AccountID) *authz.Source {
	text := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + string(account) + `"},"Action":"sts:AssumeRoot"}}`
	document, err := policy.Parse(policy.Trust, []byte(text), policy.Stored())
	if err != nil {
		return &authz.Source{Name: root, Fault: fmt.Errorf("parse trust of root user: %w", err)}
	}
	return &authz.Source{Name: root, Document: document}
}

func (a *api) runAssumeRoot(ctx context.Context, c *httpapi.Call, in *assumeRootInput) (any, error) {
	session := sts.Session{Kind: sts.AssumedRoot, Account: in.member, IssuedTo: c.Caller.ARN}
	if c.Caller.Session != nil {
		session.SourceIdentity = c.Caller.Session.SourceIdentity
	}
	if in.duration == 0 {
		in.duration = sts.MaxAssumedRoot
	}
	issued, err := a.sts.Issue(ctx, sts.Request{Session: session, Duration: in.duration, PolicyARNs: []string{in.task.ARN()}})
	if err != nil {
		return nil, err
	}
	return &assumeRootResult{showCredentials(issued), session.SourceIdentity}, nil
}
