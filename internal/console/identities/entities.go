package identities

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// entities is whom a managed policy is attached to.
type entities struct {
	// All are those that have its permissions; Bounded those whose boundary it is.
	All, Bounded []entity
}

// entity is a user, group or role.
type entity struct {
	kind *kind
	Name string
}

// Word is what it is called.
func (e entity) Word() string { return e.kind.Word }

// Page is the path of its page.
func (e entity) Page() string { return e.kind.path(e.Name) }

// Field is what a form names it by.
func (e entity) Field() string { return e.kind.Area + "/" + e.Name }

// entitiesOf asks for whom a policy is attached to, and for those whose boundary it is.
func entitiesOf(ctx context.Context, v *page.Visit, arn string) (*entities, *page.Problem) {
	out := &entities{}
	var attachedErr, boundErr error
	v.Together(
		func() { out.All, attachedErr = entitiesBy(ctx, v, arn, types.PolicyUsageTypePermissionsPolicy) },
		func() { out.Bounded, boundErr = entitiesBy(ctx, v, arn, types.PolicyUsageTypePermissionsBoundary) },
	)
	if attachedErr != nil {
		return out, v.Problem(attachedErr)
	}
	return out, v.Problem(boundErr)
}

func entitiesBy(ctx context.Context, v *page.Visit, arn string, usage types.PolicyUsageType) ([]entity, error) {
	return whole(func(marker *string) ([]entity, *string, error) {
		out, err := v.AWS.IAM().ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: &arn, PolicyUsageFilter: usage, Marker: marker, MaxItems: aws.Int32(1000)})
		if err != nil {
			return nil, nil, err
		}
		var found []entity
		for _, u := range out.PolicyUsers {
			found = append(found, entity{users, aws.ToString(u.UserName)})
		}
		for _, g := range out.PolicyGroups {
			found = append(found, entity{groups, aws.ToString(g.GroupName)})
		}
		for _, r := range out.PolicyRoles {
			found = append(found, entity{roles, aws.ToString(r.RoleName)})
		}
		return found, out.Marker, nil
	})
}

// detachEntities detaches the policy from those that were chosen.
func detachEntities(ctx context.Context, v *page.Visit) (*page.Done, error) {
	arn := v.Query("arn")
	from, err := chosen(v, "entity", "Choose whom to detach the policy from.")
	if err != nil {
		return nil, err
	}
	for _, each := range from {
		area, name, _ := strings.Cut(each, "/")
		for _, k := range []*kind{users, groups, roles} {
			if k.Area != area {
				continue
			}
			if err := k.detach(ctx, v.AWS.IAM(), name, arn); err != nil {
				return nil, err
			}
		}
	}
	return &page.Done{To: policyPath(arn, "tab", "attached"), Note: "The policy is detached."}, nil
}
