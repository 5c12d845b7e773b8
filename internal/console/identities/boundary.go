package identities

import (
	"context"

	"crossgrant/internal/console/page"
)

// setBoundary sets the permissions boundary, or removes it if the field is empty.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
func (k *kind) setBoundary(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, arn := v.Path("name"), v.Text("boundary")
	if arn == "" {
		return nil, page.Invalid("Type the ARN of a managed policy.")
	}
	if err := k.bind(ctx, v.AWS.IAM(), name, arn); err != nil {
		return nil, err
	}
	return &page.Done{To: k.path(name), Note: "The permissions boundary of the " + k.Word + " " + name + " is set."}, nil
}

func (k *kind) removeBoundary(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Path("name")
	if err := k.unbind(ctx, v.AWS.IAM(), name); err != nil {
		return nil, err
	}
	return &page.Done{To: k.path(name), Note: "The " + k.Word + " " + name + " has no permissions boundary now."}, nil
}
