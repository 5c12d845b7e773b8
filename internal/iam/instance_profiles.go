package iam

import (
	"context"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// InstanceProfile is a container for a role that an EC2 instance would get. There are no instances here: it is
// a record, for the programs that make one beside each role. It has at most one role, and is never renamed.
type InstanceProfile struct {
	Name    string
	ID      ids.UniqueID
	Path    string
	ARN     string
	Created time.Time
	Role    *Role // nil: none
	Tags    []Tag
}

// NewInstanceProfile is what CreateInstanceProfile makes an instance profile of. An empty Path means "/".
type NewInstanceProfile struct {
	Name string
	Path string
	Tags []Tag
}

func (v view) makeInstanceProfile(r *records.InstanceProfile) (InstanceProfile, error) {
	p := InstanceProfile{
		Name: r.Name, ID: ids.UniqueID(r.Id), Path: r.Path, ARN: v.entityARN(keys.InstanceProfileKind, r),
		Created: instant(r.Created), Tags: fromTags(r.Tags),
	}
	if r.Role == "" {
		return p, nil
	}
	record := new(records.Role)
	if err := v.known(keys.RoleKind, r.Role, record); err != nil {
		return InstanceProfile{}, err
	}
	role, err := v.makeRole(record)
	p.Role = &role
	return p, err
}

// instanceProfile reads the record of an instance profile, or returns NoSuchEntity.
func (v view) instanceProfile(name string) (*records.InstanceProfile, error) {
	r := new(records.InstanceProfile)
	return r, v.get(keys.InstanceProfileKind, name, r)
}

// CreateInstanceProfile makes an instance profile without a role.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html
func (s *Service) CreateInstanceProfile(ctx context.Context, account ids.AccountID, in NewInstanceProfile) (profile InstanceProfile, err error) {
	path, err := checkPath(in.Path, pathRegexp)
	if err == nil {
		err = checkName("instanceProfileName", in.Name, MaxInstanceProfileName)
	}
	if err == nil {
		err = s.checkTags(in.Tags)
	}
	if err != nil {
		return InstanceProfile{}, err
	}
	id, err := ids.NewUniqueID(s.rand, ids.InstanceProfile)
	if err != nil {
		return InstanceProfile{}, err
	}
	err = s.write(ctx, account, func(c change) (err error) {
		r := &records.InstanceProfile{Name: in.Name, Id: string(id), Path: path, Created: s.timestamp(), Tags: recordTags(in.Tags)}
		if profile, err = c.makeInstanceProfile(r); err != nil {
			return err
		}
		return c.create(keys.InstanceProfileKind, r, s.quotas.InstanceProfiles, "InstanceProfilesPerAccount",
			alreadyExists("Instance Profile %s already exists.", in.Name))
	})
	return profile, err
}

// InstanceProfile returns an instance profile, or NoSuchEntity.
func (s *Service) InstanceProfile(ctx context.Context, account ids.AccountID, name string) (profile InstanceProfile, err error) {
	err = s.read(ctx, account, func(v view) error {
		r, err := v.instanceProfile(name)
		if err != nil {
			return err
		}
		profile, err = v.makeInstanceProfile(r)
		return err
	})
	return profile, err
}

// InstanceProfiles returns the instance profiles whose paths begin with pathPrefix, by name.
func (s *Service) InstanceProfiles(ctx context.Context, account ids.AccountID, pathPrefix string, p Page) (list List[InstanceProfile], err error) {
	err = s.read(ctx, account, func(v view) error {
		list, err = scan(v, keys.InstanceProfileKind, p, func() *records.InstanceProfile { return new(records.InstanceProfile) },
			func(r *records.InstanceProfile) (InstanceProfile, bool, error) {
				if !strings.HasPrefix(r.Path, pathPrefix) {
					return InstanceProfile{}, false, nil
				}
				profile, err := v.makeInstanceProfile(r)
				return profile, true, err
			})
		return err
	})
	return list, err
}

// instanceProfiles returns the instance profiles of these names, which are known to exist, in their order.
func (v view) instanceProfiles(names []string) ([]InstanceProfile, error) {
	var all []InstanceProfile
	for _, name := range names {
		record := new(records.InstanceProfile)
		if err := v.known(keys.InstanceProfileKind, name, record); err != nil {
			return nil, err
		}
		profile, err := v.makeInstanceProfile(record)
		if err != nil {
			return nil, err
		}
		all = append(all, profile)
	}
	return all, nil
}

// InstanceProfilesForRole returns the instance profiles that a role is in, by name.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfilesForRole.html
func (s *Service) InstanceProfilesForRole(ctx context.Context, account ids.AccountID, role string, p Page) (list List[InstanceProfile], err error) {
	err = s.read(ctx, account, func(v view) error {
		r := new(records.Role)
		if err := v.get(keys.RoleKind, role, r); err != nil {
			return err
		}
		names, err := paginate(r.InstanceProfiles, strings.ToLower, p)
		if err != nil {
			return err
		}
		list.Marker = names.Marker
		list.Items, err = v.instanceProfiles(names.Items)
		return err
	})
	return list, err
}

// AddRoleToInstanceProfile puts a role into an instance profile that has none; a role can be in several. To add
// the role that is there already exceeds the quota too, as scripts that are run twice have seen.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html and, for the
// message, https://github.com/hashicorp/terraform/issues/3851
func (s *Service) AddRoleToInstanceProfile(ctx context.Context, account ids.AccountID, profile, role string) error {
	return s.write(ctx, account, func(c change) error {
		p, r, err := c.profileAndRole(profile, role)
		if err != nil {
			return err
		}
		if p.Role != "" {
			return limitExceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: %d", 1)
		}
		p.Role = r.Name
		r.InstanceProfiles = append(r.InstanceProfiles, p.Name)
		return c.putProfileAndRole(p, r)
	})
}

// RemoveRoleFromInstanceProfile takes a role out of an instance profile. AWS does not say what it answers for a
// role that is not in it: here that is NoSuchEntity, as for policies that are not attached.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveRoleFromInstanceProfile.html
func (s *Service) RemoveRoleFromInstanceProfile(ctx context.Context, account ids.AccountID, profile, role string) error {
	return s.write(ctx, account, func(c change) error {
		p, r, err := c.profileAndRole(profile, role)
		if err != nil {
			return err
		}
		if p.Role != r.Name {
			return noSuchEntity("The role with name %s is not in the instance profile with name %s.", r.Name, p.Name)
		}
		p.Role = ""
		r.InstanceProfiles = slices.DeleteFunc(r.InstanceProfiles, func(name string) bool { return name == p.Name })
		return c.putProfileAndRole(p, r)
	})
}

func (v view) profileAndRole(profile, role string) (*records.InstanceProfile, *records.Role, error) {
	p, err := v.instanceProfile(profile)
	if err != nil {
		return nil, nil, err
	}
	r := new(records.Role)
	if err := v.get(keys.RoleKind, role, r); err != nil {
		return nil, nil, err
	}
	return p, r, modifiable(r)
}

func (c change) putProfileAndRole(p *records.InstanceProfile, r *records.Role) error {
	if err := c.put(keys.InstanceProfileKind, p); err != nil {
		return err
	}
	return c.put(keys.RoleKind, r)
}

// DeleteInstanceProfile deletes an instance profile that has no role.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteInstanceProfile.html
func (s *Service) DeleteInstanceProfile(ctx context.Context, account ids.AccountID, name string) error {
	return s.write(ctx, account, func(c change) error {
		r, err := c.instanceProfile(name)
		if err != nil {
			return err
		}
		if r.Role != "" {
			return deleteConflict("Cannot delete entity, must remove roles from instance profile first.")
		}
		return c.remove(keys.InstanceProfileKind, r)
	})
}
