package simulator

import (
	"context"
	"errors"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
)

// simulation is a request made ready: all that its decisions have in common.
type simulation struct {
	caller policy.Principal
	keys   policy.Context // of the caller
	given  []contextValue
	// request has the keys of the caller and those that were given, which all decisions have. Of given,
	// overriding are those that a resource has as well.
	request    policy.Context
	overriding []contextValue
	// unfilled are the condition keys that the policies use and request has not.
	unfilled  []string
	identity  authz.Layer
	boundary  *authz.Layer
	scps      []authz.Layer
	resource  *authz.Source // the policy of every resource; nil: none
	owner     ids.AccountID // of resources whose ARN does not tell
	resources []string
}

func (s *Simulator) prepare(ctx context.Context, r *Request) (*simulation, error) {
	sim := &simulation{resources: r.Resources}
	if len(r.Resources) == 0 {
		sim.resources = []string{"*"}
	}
	for _, step := range []func() error{
		func() error { return checkNames(r.Actions, sim.resources) },
		func() error { return checkHandling(r.ResourceHandling, sim.resources) },
		func() error { return s.who(ctx, sim, r) },
		func() error { return sim.policies(r) },
		func() (err error) { sim.owner, err = resourceOwner(r.ResourceOwner, sim.caller.Account); return err },
		func() (err error) { sim.given, err = contextValues(r.Context); return err },
		func() error { sim.fill(); return nil },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return sim, nil
}

// checkNames refuses what is no action or no ARN. Actions and resources need not exist.
//
// Source: the message about resources is one that users report,
// https://github.com/aws-containers/amazon-ecs-exec-checker/issues/35
func checkNames(actions, resources []string) error {
	for _, action := range actions {
		service, name, ok := strings.Cut(action, ":")
		if !ok || service == "" || name == "" || strings.ContainsAny(action, "*? \t\r\n") || strings.Contains(name, ":") {
			return invalid("Invalid Input Actions: %s is not the name of an API operation with its service, such as iam:CreateUser.", action)
		}
	}
	for _, resource := range resources {
		if _, err := arn.Parse(resource); err != nil && resource != "*" {
			return invalid("ResourceNames are not in a valid ARN format: %s.", resource)
		}
	}
	return nil
}

// errCaller refuses a simulation without a user whom a resource policy could name.
//
// Source: observed, https://blog.scottlogic.com/2025/07/10/automated-iam-policy-simulator-testing.html
var errCaller = invalid("Invalid caller - Caller must be an IAM user in this context.")

// who finds out who is simulated, and with which policies: the caller that was given acts, but as if it had
// the policies of the source.
func (s *Simulator) who(ctx context.Context, sim *simulation, r *Request) error {
	source := &access.Entity{Principal: policy.Principal{Kind: policy.User, Account: r.Account, CanonicalID: r.CanonicalID}}
	if r.Source != nil {
		entity, err := s.source(ctx, *r.Source)
		if err != nil {
			return err
		}
		source = entity
	}
	sim.identity, sim.boundary, sim.scps = source.Policies, source.Boundary, source.SCPs
	sim.caller, sim.keys = source.Principal, policy.Over(&source.Keys)
	// Simulation of resource-based policies is not supported for roles, and needs a user otherwise.
	if r.ResourcePolicy != "" && (source.Principal.Kind != policy.User || r.Caller == "" && source.Principal.ARN == "") {
		return errCaller
	}
	if r.Caller == "" || r.Caller == source.Principal.ARN {
		return nil
	}
	caller, err := s.user(ctx, r)
	if err != nil {
		return err
	}
	known := access.EntityKeys(&caller, nil)
	sim.caller, sim.keys = caller, policy.Over(&known)
	if caller.Account != source.Principal.Account {
		sim.scps = nil
	}
	return nil
}

// user returns the user that Caller names. One that is not there, or is of another account, is a user all the
// same, of which nothing is known but the ARN.
func (s *Simulator) user(ctx context.Context, r *Request) (policy.Principal, error) {
	name, kind, err := iam.ParseEntityARN(r.Caller)
	if err != nil || kind != keys.UserKind {
		return policy.Principal{}, errCaller
	}
	unknown := policy.Principal{
		Kind: policy.User, Account: ids.AccountID(name.Account), ARN: r.Caller, EntityARN: r.Caller, Name: name.Name(),
	}
	if unknown.Account != r.Account {
		return unknown, nil
	}
	unknown.CanonicalID = r.CanonicalID
	entity, err := s.entities.Entity(ctx, name)
	if errors.Is(err, meta.ErrNotFound) {
		return unknown, nil
	}
	if err != nil {
		return policy.Principal{}, err
	}
	return entity.Principal, nil
}

// resourceOwner returns the account that owns resources whose ARN does not tell.
//
// Source: the message is one that users report, https://github.com/boto/botocore/issues/1346
func resourceOwner(text string, callers ids.AccountID) (ids.AccountID, error) {
	if text == "" {
		return callers, nil
	}
	if id, err := ids.ParseAccountID(text); err == nil {
		return id, nil
	}
	if a, err := arn.Parse(text); err == nil {
		if id, err := ids.ParseAccountID(a.Account); err == nil && a == arn.Root(id) {
			return id, nil
		}
	}
	return "", invalid("'%s' is not a valid as a Resource Owner.", text)
}
