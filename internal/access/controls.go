package access

import (
	"context"

	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
)

// ResourceControls returns the resource control policies that bear on the resources of an account, one layer for each
// level of its organization, the root first; nil where none do. It must not be changed.
func (a *Access) ResourceControls(ctx context.Context, account ids.AccountID) ([]authz.Layer, error) {
	m, err := a.member(ctx, account, nil)
	if err != nil {
		return nil, err
	}
	return m.rcps, nil
}
