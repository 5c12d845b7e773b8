package access

import (
	"context"
	"errors"

	"crossgrant/internal/meta"
	"crossgrant/internal/sts"
)

// Role returns the role of this ARN with its trust policy, compiled, or nil if there is none: it must not be
// told apart from one that refuses the caller. A ValidationError says that roleARN is not the ARN of a role.
func (a *Access) Role(ctx context.Context, roleARN string) (*sts.Role, error) {
	role, err := a.roles.get(ctx, roleARN, nil, func(l *load) (role *sts.Role, err error) {
		err = l.view(ctx, func(r meta.Reader) error {
			role, err = sts.ReadRole(r, roleARN)
			return err
		})
		return role, err
	})
	if errors.Is(err, meta.ErrNotFound) {
		return nil, nil
	}
	return role, err
}
