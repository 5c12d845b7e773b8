package iam

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// Bounds of a role's longest session, and what it is if nobody says.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
const (
	MinMaxSession     = time.Hour
	MaxMaxSession     = 12 * time.Hour
	DefaultMaxSession = time.Hour
)

// Role is an IAM role. Boundary is the ARN of its permissions boundary, or empty.
type Role struct {
	Name string
	ID   ids.UniqueID
	Path string
	ARN  string
	// Trust is the trust policy, with principals that exist as ARNs and deleted ones as unique IDs.
	Trust       string
	Description string
	// MaxSession is how long a session of the role may last.
	MaxSession time.Duration
	Created    time.Time
	Boundary   string
	Tags       []Tag
}

// NewRole is what CreateRole makes a role of. An empty Path means "/", a MaxSession of 0 an hour, an
// empty Boundary none.
type NewRole struct {
	Name        string
	Path        string
	Trust       string
	Description string
	MaxSession  time.Duration
	Boundary    string
	Tags        []Tag
}

func (v view) makeRole(r *records.Role) (Role, error) {
	trust, err := shownTrust(v, r)
	return Role{
		Name: r.Name, ID: ids.UniqueID(r.Id), Path: r.Path, ARN: v.entityARN(keys.RoleKind, r), Trust: trust,
		Description: r.Description, MaxSession: time.Duration(r.MaxSessionSeconds) * time.Second,
		Created: instant(r.Created), Boundary: r.Boundary, Tags: fromTags(r.Tags),
	}, err
}

// CreateRole makes a role, without rights, that those whom its trust policy names can assume.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
func (s *Service) CreateRole(ctx context.Context, account ids.AccountID, in NewRole) (Role, error) {
	if in.MaxSession == 0 {
		in.MaxSession = DefaultMaxSession
	}
	path, err := checkPath(in.Path, pathRegexp)
	if err == nil {
		err = checkName("roleName", in.Name, MaxRoleName)
	}
	if err == nil {
		err = s.checkTags(in.Tags)
	}
	if err == nil {
		err = checkRole(in.Description, in.MaxSession)
	}
	if err == nil && strings.HasPrefix(path, serviceLinkedPath) {
		err = invalidInput("Path prefix '%s' can only be used for AWS Service linked Roles", serviceLinkedPath)
	}
	if err != nil {
		return Role{}, err
	}
	trust, err := s.parseTrust(ctx, account, in.Trust)
	if err != nil {
		return Role{}, err
	}
	id, err := ids.NewUniqueID(s.rand, ids.Role)
	if err != nil {
		return Role{}, err
	}
	var role Role
	err = s.write(ctx, account, func(c change) error {
		r := &records.Role{
			Name: in.Name, Id: string(id), Path: path, Created: s.timestamp(),
			Description: in.Description, MaxSessionSeconds: int32(in.MaxSession / time.Second),
			Tags: recordTags(in.Tags), Boundary: in.Boundary,
		}
		if err := c.setTrust(r, trust, in.Trust); err != nil {
			return err
		}
		if err := c.useBoundary(keys.RoleKind, in.Name, "", in.Boundary); err != nil {
			return err
		}
		if err := c.create(keys.RoleKind, r, s.quotas.Roles, "RolesPerAccount", alreadyExists("Role with name %s already exists.", in.Name)); err != nil {
			return err
		}
		role, err = c.makeRole(r)
		return err
	})
	return role, err
}

// checkRole refuses a description or session length that a role cannot have.
func checkRole(description string, maxSession time.Duration) error {
	if utf8.RuneCountInString(description) > 1000 {
		return invalidInput("The description is longer than 1000 characters.")
	}
	if maxSession < MinMaxSession || maxSession > MaxMaxSession {
		return invalidInput("The maximum session duration must be between %d and %d seconds.", MinMaxSession/time.Second, MaxMaxSession/time.Second)
	}
	return nil
}

// parseTrust parses a document that a client wants to store as a trust policy.
func (s *Service) parseTrust(ctx context.Context, account ids.AccountID, text string) (*policy.Document, error) {
	quota, err := s.quotaOf(ctx, account, quotas.TrustPolicySize, s.quotas.TrustSize)
	if err != nil {
		return nil, err
	}
	if policy.Trust.Size(text) > quota {
		return nil, exceeded(quotas.TrustPolicySize, quota)
	}
	trust, err := policy.Parse(policy.Trust, []byte(text))
	if err != nil {
		return nil, malformed(err)
	}
	return trust, nil
}

// Role returns a role, or NoSuchEntity.
func (s *Service) Role(ctx context.Context, account ids.AccountID, name string) (role Role, err error) {
	err = s.read(ctx, account, func(v view) error {
		r := new(records.Role)
		if err := v.get(keys.RoleKind, name, r); err != nil {
			return err
		}
		role, err = v.makeRole(r)
		return err
	})
	return role, err
}

// Roles returns the roles whose paths begin with pathPrefix, by name.
func (s *Service) Roles(ctx context.Context, account ids.AccountID, pathPrefix string, p Page) (list List[Role], err error) {
	err = s.read(ctx, account, func(v view) error {
		list, err = scan(v, keys.RoleKind, p, func() *records.Role { return new(records.Role) },
			func(r *records.Role) (Role, bool, error) {
				if !strings.HasPrefix(r.Path, pathPrefix) {
					return Role{}, false, nil
				}
				role, err := v.makeRole(r)
				return role, true, err
			})
		return err
	})
	return list, err
}

// UpdateRole sets the description of a role and, unless maxSession is 0, how long a session may last.
// Sessions that exist keep their end. Of a service-linked role only the description can be changed.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
func (s *Service) UpdateRole(ctx context.Context, account ids.AccountID, name, description string, maxSession time.Duration) (Role, error) {
	return s.changeRole(ctx, account, name, func(_ change, r *records.Role) error {
		if maxSession != 0 {
			if err := modifiable(r); err != nil {
				return err
			}
		}
		longest := maxSession
		if longest == 0 {
			longest = time.Duration(r.MaxSessionSeconds) * time.Second
		}
		if err := checkRole(description, longest); err != nil {
			return err
		}
		r.Description = description
		r.MaxSessionSeconds = int32(longest / time.Second)
		return nil
	})
}

// UpdateTrust replaces the trust policy of a role.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html
func (s *Service) UpdateTrust(ctx context.Context, account ids.AccountID, name, document string) error {
	trust, err := s.parseTrust(ctx, account, document)
	if err != nil {
		return err
	}
	_, err = s.changeRole(ctx, account, name, func(c change, r *records.Role) error {
		if err := modifiable(r); err != nil {
			return err
		}
		return c.setTrust(r, trust, document)
	})
	return err
}

// changeRole runs edit on a role and stores it if edit returns nil.
func (s *Service) changeRole(ctx context.Context, account ids.AccountID, name string, edit func(c change, r *records.Role) error) (role Role, err error) {
	err = s.write(ctx, account, func(c change) error {
		r := new(records.Role)
		if err := c.get(keys.RoleKind, name, r); err != nil {
			return err
		}
		if err := edit(c, r); err != nil {
			return err
		}
		if role, err = c.makeRole(r); err != nil {
			return err
		}
		return c.put(keys.RoleKind, r)
	})
	return role, err
}

// DeleteRole deletes a role that has no policies left and is in no instance profile. Its sessions end with it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html
func (s *Service) DeleteRole(ctx context.Context, account ids.AccountID, name string) error {
	return s.write(ctx, account, func(c change) error {
		r := new(records.Role)
		if err := c.get(keys.RoleKind, name, r); err != nil {
			return err
		}
		if err := modifiable(r); err != nil {
			return err
		}
		if err := removable(r); err != nil {
			return err
		}
		if len(r.InstanceProfiles) > 0 {
			return deleteConflict("Cannot delete entity, must remove roles from instance profile first.")
		}
		if err := c.useBoundary(keys.RoleKind, r.Name, r.Boundary, ""); err != nil {
			return err
		}
		return c.remove(keys.RoleKind, r)
	})
}
