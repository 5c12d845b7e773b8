package iam

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"crossgrant/internal/apierr"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// serviceLinkedPath begins the paths of service-linked roles, which AWS's services make. Policies of
// organizations do not bind such roles, so that nobody else may make one: the text is AWS's, observed in
// https://github.com/tilfin/aws-iam-policy-tool/pull/9.
const serviceLinkedPath = managed.ServiceRolePath

// NewServiceLinkedRole is what CreateServiceLinkedRole makes a role of.
type NewServiceLinkedRole struct {
	// Service is the principal of the service, such as "organizations.amazonaws.com".
	Service     string
	Description string
	// Suffix follows the role's name behind an underscore; empty: none.
	Suffix string
}

// Role returns path and name of the role. The error is InvalidInput for a service that is not known to have a
// service-linked role, for a suffix that it does not take, and for one that makes the name too long. AWS's
// text is known for suffixes.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html
func (n NewServiceLinkedRole) Role() (path, name string, err error) {
	service, ok := managed.ServiceLinkedRole(n.Service)
	if !ok {
		return "", "", invalidInput("%s is not the principal of a service with a service-linked role.", n.Service)
	}
	name = service.Role
	if n.Suffix != "" {
		if !service.Suffixes {
			return "", "", invalidInput("Custom suffix is not allowed for %s", n.Service)
		}
		name += "_" + n.Suffix
	}
	if len(name) > MaxRoleName {
		return "", "", invalidInput("The name of the role would be longer than %d characters.", MaxRoleName)
	}
	return serviceLinkedPath + n.Service + "/", name, nil
}

// CreateServiceLinkedRole makes the role that a service of AWS acts by in the account. It counts among the
// account's roles, and can be made when there are as many as can be.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html (Methods to create one)
func (s *Service) CreateServiceLinkedRole(ctx context.Context, account ids.AccountID, in NewServiceLinkedRole) (role Role, err error) {
	path, name, err := in.Role()
	if err != nil {
		return Role{}, err
	}
	if utf8.RuneCountInString(in.Description) > 1000 {
		return Role{}, invalidInput("The description is longer than 1000 characters.")
	}
	id, err := ids.NewUniqueID(s.rand, ids.Role)
	if err != nil {
		return Role{}, err
	}
	service, _ := managed.ServiceLinkedRole(in.Service)
	err = s.write(ctx, account, func(c change) error {
		r := &records.Role{
			Name: name, Id: string(id), Path: path, Created: s.timestamp(), Description: in.Description,
			Trust:             `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + in.Service + `"},"Action":"sts:AssumeRole"}]}`,
			MaxSessionSeconds: int32(DefaultMaxSession / time.Second), Attached: []string{service.PolicyARN()},
		}
		taken := invalidInput("Service role name %s has been taken in this account, please try a different suffix.", name)
		if err := c.create(keys.RoleKind, r, maxRoles, "RolesPerAccount", taken); err != nil {
			return err
		}
		if err := c.countManaged(service.PolicyARN(), 1, 0); err != nil {
			return err
		}
		if err := c.tx.Put(keys.Attachment(account, service.PolicyARN(), keys.RoleKind, name), []byte(name)); err != nil {
			return err
		}
		role, err = c.makeRole(r)
		return err
	})
	return role, err
}

// maxRoles stands for no quota.
const maxRoles = 1<<31 - 1

// isServiceLinked reports whether a role is one that a service of AWS made.
func isServiceLinked(e entity) bool {
	_, role := e.(*records.Role)
	return role && strings.HasPrefix(e.GetPath(), serviceLinkedPath)
}

// modifiable refuses to change a service-linked role, or to delete it as any other: only its description and its
// tags can be changed.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html (UnmodifiableEntity) and,
// for the message, https://docs.aws.amazon.com/singlesignon/latest/userguide/troubleshooting.html
func modifiable(e entity) error {
	if !isServiceLinked(e) {
		return nil
	}
	return apierr.New(http.StatusBadRequest, "UnmodifiableEntity", "Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", e.GetName())
}
