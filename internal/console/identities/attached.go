package identities

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// held is the policies of a user, group or role.
type held struct {
	Kind *kind
	Name string

	Attached        []types.AttachedPolicy
	AttachedProblem *page.Problem
	Inline          []string
	InlineProblem   *page.Problem
	// Fixed says that AWS's service manages them: they cannot be changed.
	Fixed bool
}

// policies returns the policies of one of the kind.
func (k *kind) policies(ctx context.Context, v *page.Visit, name string) *held {
	h := &held{Kind: k, Name: name}
	c := v.AWS.IAM()
	v.Together(func() {
		var err error
		h.Attached, err = whole(func(marker *string) ([]types.AttachedPolicy, *string, error) { return k.attached(ctx, c, name, marker) })
		h.AttachedProblem = v.Problem(err)
	}, func() {
		var err error
		h.Inline, err = whole(func(marker *string) ([]string, *string, error) { return k.inline(ctx, c, name, marker) })
		h.InlineProblem = v.Problem(err)
	})
	return h
}

// detachChosen detaches the policies of the field "policy".
func (k *kind) detachChosen(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Path("name")
	arns, err := chosen(v, "policy", "Choose the policies to detach.")
	if err != nil {
		return nil, err
	}
	for _, arn := range arns {
		if err := k.detach(ctx, v.AWS.IAM(), name, arn); err != nil {
			return nil, err
		}
	}
	return &page.Done{To: page.Query(k.path(name), "tab", "permissions"), Note: "Detached from the " + k.Word + " " + name + "."}, nil
}

// chosen returns the values of a field of which one is needed.
func chosen(v *page.Visit, field, otherwise string) ([]string, error) {
	values := v.Forms(field)
	if len(values) == 0 && !v.Dry() {
		return nil, page.Invalid("%s", otherwise)
	}
	slices.Sort(values)
	return slices.Compact(values), nil
}

// strip takes away all policies, which IAM wants before it deletes one of the kind.
func (k *kind) strip(ctx context.Context, v *page.Visit, name string) error {
	c := v.AWS.IAM()
	inline, err := whole(func(marker *string) ([]string, *string, error) { return k.inline(ctx, c, name, marker) })
	if err != nil {
		return err
	}
	attached, err := whole(func(marker *string) ([]types.AttachedPolicy, *string, error) { return k.attached(ctx, c, name, marker) })
	if err != nil {
		return err
	}
	for _, policy := range inline {
		if err := k.remove(ctx, c, name, policy); err != nil {
			return err
		}
	}
	for _, policy := range attached {
		if err := k.detach(ctx, c, name, aws.ToString(policy.PolicyArn)); err != nil {
			return err
		}
	}
	return nil
}
