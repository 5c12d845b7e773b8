package matrix_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// readControls are policies of the organization that take reading away and nothing that writers need.
type readControls struct {
	scp    string // denies
	others string // service control policy that does not allow it
	rcp    string // denies
	unit   string // organizational unit with scp
}

var (
	denyRead = statement{Effect: "Deny", Action: "s3:GetObject", Resource: "*"}
	// allowWriting is what writers and ways do.
	allowWriting = statement{Effect: "Allow", Action: []string{"iam:*", "s3:Create*", "s3:Put*", "s3:Delete*"}, Resource: "*"}
)

// control makes the theater's organization, in which its home is.
func (h *theater) control(ctx context.Context) (err error) {
	if h.tree, err = newOrganization(ctx, h.server); err != nil {
		return err
	}
	const scp, rcp = types.PolicyTypeServiceControlPolicy, types.PolicyTypeResourceControlPolicy
	denyReadOfAll := denyRead
	denyReadOfAll.Principal = "*"
	return all(
		func() error { return h.tree.join(ctx, h.home) },
		func() (err error) { h.controls.scp, err = h.tree.create(ctx, "scp-read", scp, denyRead); return err },
		func() (err error) {
			h.controls.others, err = h.tree.create(ctx, "scp-others", scp, allowWriting)
			return err
		},
		func() (err error) {
			h.controls.rcp, err = h.tree.create(ctx, "rcp-read", rcp, denyReadOfAll)
			return err
		},
		func() error {
			unit, err := h.tree.management.CreateOrganizationalUnit(ctx, &organizations.CreateOrganizationalUnitInput{
				ParentId: &h.tree.root, Name: ptr("no reading"),
			})
			if err != nil {
				return err
			}
			h.controls.unit = *unit.OrganizationalUnit.Id
			return h.tree.attachTo(ctx, h.controls.unit, h.controls.scp)
		},
	)
}

// organizationWays are those of the management account.
var organizationWays = []way{
	{"attach a service control policy", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.attachControl(ctx, s.controls.scp), s.detachControl(ctx, s.controls.scp), s.letUserRead(ctx)
	}},
	{"replace FullAWSAccess", func(ctx context.Context, s *scene) (steps, steps, error) {
		take := func() error { return all(s.attachControl(ctx, s.controls.others), s.detachControl(ctx, fullAccess)) }
		giveBack := func() error { return all(s.attachControl(ctx, fullAccess), s.detachControl(ctx, s.controls.others)) }
		return take, giveBack, s.letUserRead(ctx)
	}},
	{"move the account into a unit", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.move(ctx, s.tree.root, s.controls.unit), s.move(ctx, s.controls.unit, s.tree.root), s.letUserRead(ctx)
	}},
	{"attach a resource control policy", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.attachControl(ctx, s.controls.rcp), s.detachControl(ctx, s.controls.rcp),
			all(s.readAs(s.abroad.root), s.putObjectACL(ctx, s.abroad.canonicalID))
	}},
}

// letUserRead makes the scene's user, who may read.
func (s *scene) letUserRead(ctx context.Context) error {
	return all(s.createUser(ctx), s.putUserPolicy(ctx, "read", s.allowRead()))
}

func (s *scene) attachControl(ctx context.Context, policy string) steps {
	return func() error { return s.tree.attach(ctx, s.home, policy) }
}

func (s *scene) detachControl(ctx context.Context, policy string) steps {
	return func() error { return s.tree.detach(ctx, s.home, policy) }
}

func (s *scene) move(ctx context.Context, from, to string) steps {
	return step(ctx, s.tree.management.MoveAccount, &organizations.MoveAccountInput{
		AccountId: &s.home.id, SourceParentId: &from, DestinationParentId: &to,
	})
}
