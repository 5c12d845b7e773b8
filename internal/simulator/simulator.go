// Package simulator answers what requests would be allowed if they were made: it puts together what the
// policy simulator of IAM is told, and package authz decides, as it does for requests. Nothing here
// compares a policy with a request for itself. It speaks Go: no HTTP, no XML, and no authorization, which
// the pipeline has done.
//
// Errors that callers are meant to see are *apierr.Error: InvalidInput, and NoSuchEntity for a principal
// that is not there.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html,
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
package simulator

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
)

// Entities tells what applies to a user, group or role; package access does. The error wraps
// meta.ErrNotFound if nothing has exactly that ARN.
type Entities interface {
	Entity(ctx context.Context, name arn.ARN) (*access.Entity, error)
}

// Simulator is the policy simulator. It is safe for concurrent use.
type Simulator struct{ entities Entities }

// New returns the simulator of these entities.
func New(entities Entities) *Simulator { return &Simulator{entities} }

// Request is what is to be simulated. Of its parts, Actions must have a member.
type Request struct {
	// Account is that of whoever asks, and CanonicalID its canonical user ID. Of other accounts nothing
	// is read.
	Account     ids.AccountID
	CanonicalID ids.CanonicalUserID
	// Source is the user, group or role of Account whose policies take part; nil: none.
	Source *arn.ARN
	// Policies are documents of identity policies that take part as well.
	Policies []string
	// Boundaries is at most one document, which takes the place of the boundary of Source.
	Boundaries []string
	Actions    []string
	// Resources are ARNs or "*", which is what none means.
	Resources []string
	// ResourcePolicy is the document of a policy that every resource has; empty: none.
	ResourcePolicy string
	// ResourceOwner is the account that owns resources whose ARN does not tell: an account ID or the ARN
	// of its root user. Empty means the simulated caller's account.
	ResourceOwner string
	// Caller is the ARN of the user that is simulated; empty means Source.
	Caller string
	// Context are condition keys of the request.
	Context []ContextEntry
	// ResourceHandling names a scenario of EC2, or is empty.
	ResourceHandling string
	// Max is the largest number of results, 0 for DefaultPage; Marker is that of the page before.
	Max    int
	Marker string
}

// Simulate returns the results for a page of the actions, in the order in which they are given.
func (s *Simulator) Simulate(ctx context.Context, r *Request) (*Page, error) {
	sim, err := s.prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	return sim.page(r)
}

// ContextKeys returns the condition keys that the policies of source and these documents use, as they are
// first written; source may be nil. The boundary of source is not among its policies.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForPrincipalPolicy.html
func (s *Simulator) ContextKeys(ctx context.Context, source *arn.ARN, documents []string) ([]string, error) {
	layer, err := identityLayer("PolicyInputList", documents)
	if err != nil {
		return nil, err
	}
	if source != nil {
		entity, err := s.source(ctx, *source)
		if err != nil {
			return nil, err
		}
		layer = slices.Concat(entity.Policies, layer)
	}
	return keysOf(layer), nil
}

// source returns the entity whose policies are simulated, or NoSuchEntity.
func (s *Simulator) source(ctx context.Context, name arn.ARN) (*access.Entity, error) {
	entity, err := s.entities.Entity(ctx, name)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, apierr.New(http.StatusNotFound, "NoSuchEntity", "The %s with name %s cannot be found.", name.Type(), name.Name())
	}
	return entity, err
}

func invalid(format string, args ...any) error {
	return apierr.New(http.StatusBadRequest, "InvalidInput", format, args...)
}
