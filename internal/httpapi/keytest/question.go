// Package keytest is for the tests that hold what services ask of authorization against AWS's service
// references: the actions, the forms of the resources, and the condition keys that each question is judged
// with. A service's test is a Table of its operations. The package knows no service.
package keytest

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// Question is a check that was asked, with all condition keys that it was judged with.
type Question struct {
	Action, Resource string
	Keys             policy.Context
}

// Asking is an authorizer that keeps what it is asked. It is for one goroutine.
type Asking struct {
	*access.Access
	asked []Question
}

// Authorize implements httpapi.Authorizer.
func (a *Asking) Authorize(ctx context.Context, caller *access.Caller, check *access.Check, request *policy.Context) (authz.Explanation, error) {
	q, watched := Question{Action: check.Action, Resource: check.Resource}, *check
	// The keys of the check are the last to be added, so that the context is complete after them.
	watched.Keys = func(k *policy.Context) {
		if check.Keys != nil {
			check.Keys(k)
		}
		q.Keys = *k
	}
	d, err := a.Access.Authorize(ctx, caller, &watched, request)
	// What was found out about the check stays with it: it decides what the caller is told.
	keys := check.Keys
	*check = watched
	check.Keys = keys
	a.asked = append(a.asked, q)
	return d, err
}

// Taken returns what was asked since it was called before.
func (a *Asking) Taken() []Question {
	asked := a.asked
	a.asked = nil
	return asked
}
