package iamapi

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/simulator"
	"crossgrant/internal/wire/query"
)

// Numbers of members of the simulator's lists. AWS tells none; these keep one request's work bounded.
const (
	maxSimulatedPolicies  = 100
	maxSimulatedNames     = 1000 // actions, and resources
	maxSimulatedContext   = 1000
	maxSimulatedKeyValues = 1000
)

// simulateInput is the input of the simulator's operations, of which each uses a part.
type simulateInput struct {
	simulator.Request
	kind   keys.Kind // of the source
	target iam.Target
}

// simulations returns the rows of the policy simulator.
func (a *api) simulations() []httpapi.Operation {
	return []httpapi.Operation{
		a.custom("SimulateCustomPolicy", decodeSimulation, a.simulate),
		a.custom("GetContextKeysForCustomPolicy", func(*query.Reader, *simulateInput) {}, a.contextKeys),
		a.principal("SimulatePrincipalPolicy", decodeSimulation, a.simulate),
		a.principal("GetContextKeysForPrincipalPolicy", func(*query.Reader, *simulateInput) {}, a.contextKeys),
	}
}

type simulateRun func(ctx context.Context, c *httpapi.Call, in *simulateInput) (result any, err error)

// custom makes an operation about policies that are passed, which has no resource.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
func (a *api) custom(name string, decode func(*query.Reader, *simulateInput), run simulateRun) httpapi.Operation {
	return queryapi.Row[simulateInput]{
		Name: name,
		Decode: func(_ *httpapi.Call, q *query.Reader) (*simulateInput, error) {
			in := &simulateInput{}
			in.Policies = q.RequiredStrings("PolicyInputList", maxSimulatedPolicies, documentRules...)
			decode(q, in)
			return in, nil
		},
		Checks: func(*httpapi.Call, *simulateInput) []access.Check {
			return []access.Check{{Action: "iam:" + name, Resource: "*"}}
		},
		Run: run,
	}.Operation(protocol)
}

// principal makes an operation about the policies of a user, group or role, which is its resource. One of
// another account belongs to that account.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
func (a *api) principal(name string, decode func(*query.Reader, *simulateInput), run simulateRun) httpapi.Operation {
	return queryapi.Row[simulateInput]{
		Name: name,
		Decode: func(_ *httpapi.Call, q *query.Reader) (*simulateInput, error) {
			in := &simulateInput{}
			text := q.Required("PolicySourceArn", arnRules...)
			in.Policies = q.Strings("PolicyInputList", maxSimulatedPolicies, documentRules...)
			decode(q, in)
			source, kind, err := iam.ParseEntityARN(text)
			in.Source, in.kind = &source, kind
			return in, err
		},
		Load: a.loadSource,
		Checks: func(_ *httpapi.Call, in *simulateInput) []access.Check {
			return []access.Check{{
				Action: "iam:" + name, Resource: in.Source.String(), Owner: ids.AccountID(in.Source.Account),
				Keys: func(k *policy.Context) { resourceTags(k, in.target.Tags, in.kind) },
			}}
		},
		Run: run,
	}.Operation(protocol)
}

// loadSource reads what authorization needs to know of the source. What has its name but not its path is
// not the source.
func (a *api) loadSource(ctx context.Context, c *httpapi.Call, in *simulateInput) error {
	if ids.AccountID(in.Source.Account) != c.Caller.Account {
		return nil
	}
	target, err := a.iam.Target(ctx, c.Caller.Account, in.kind, in.Source.Name())
	if err == nil && target.ARN == in.Source.String() {
		in.target = target
	}
	return err
}

// decodeSimulation reads what both simulations have in common.
func decodeSimulation(q *query.Reader, in *simulateInput) {
	in.Boundaries = q.Strings("PermissionsBoundaryPolicyInputList", maxSimulatedPolicies, documentRules...)
	in.Actions = q.RequiredStrings("ActionNames", maxSimulatedNames, actionNameRules...)
	in.Resources = q.Strings("ResourceArns", maxSimulatedNames, resourceNameRules...)
	in.ResourcePolicy = q.String("ResourcePolicy", documentRules...)
	in.ResourceOwner = q.String("ResourceOwner", resourceNameRules...)
	in.Caller = q.String("CallerArn", resourceNameRules...)
	in.ResourceHandling = q.String("ResourceHandlingOption", handlingRules...)
	for _, item := range q.List("ContextEntries", maxSimulatedContext) {
		in.Context = append(in.Context, simulator.ContextEntry{
			Key:    item.Required("ContextKeyName", contextKeyRules...),
			Type:   item.String("ContextKeyType", query.Enum(simulator.Types()...)),
			Values: item.Strings("ContextKeyValues", maxSimulatedKeyValues),
		})
	}
	p := page(q)
	in.Max, in.Marker = p.Max, p.Marker
}

func (a *api) simulate(ctx context.Context, c *httpapi.Call, in *simulateInput) (any, error) {
	in.Account, in.CanonicalID = c.Caller.Account, c.Caller.CanonicalID
	p, err := a.simulator.Simulate(ctx, &in.Request)
	if err != nil {
		return nil, err
	}
	return &simulateResult{listOf(p.Results, evaluationOf), pageOf(p.Marker)}, nil
}

func (a *api) contextKeys(ctx context.Context, _ *httpapi.Call, in *simulateInput) (any, error) {
	names, err := a.simulator.ContextKeys(ctx, in.Source, in.Policies)
	return &contextKeysResult{query.List[string]{Members: names}}, err
}
