package iam

import (
	"context"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// Group is an IAM group of users.
type Group struct {
	Name    string
	ID      ids.UniqueID
	Path    string
	ARN     string
	Created time.Time
}

func (v view) makeGroup(r *records.Group) Group {
	return Group{
		Name: r.Name, ID: ids.UniqueID(r.Id), Path: r.Path, ARN: v.entityARN(keys.GroupKind, r),
		Created: instant(r.Created),
	}
}

func groupExists(name string) error { return alreadyExists("Group with name %s already exists.", name) }

// CreateGroup makes a group without members and without rights. An empty path means "/".
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html
func (s *Service) CreateGroup(ctx context.Context, account ids.AccountID, name, path string) (Group, error) {
	path, err := checkPath(path, pathRegexp)
	if err == nil {
		err = checkName("groupName", name, MaxGroupName)
	}
	if err != nil {
		return Group{}, err
	}
	id, err := ids.NewUniqueID(s.rand, ids.Group)
	if err != nil {
		return Group{}, err
	}
	var group Group
	err = s.write(ctx, account, func(c change) error {
		r := &records.Group{Name: name, Id: string(id), Path: path, Created: s.timestamp()}
		group = c.makeGroup(r)
		return c.create(keys.GroupKind, r, s.quotas.Groups, "GroupsPerAccount", groupExists(name))
	})
	return group, err
}

// Group returns a group with one page of its members, by name.
func (s *Service) Group(ctx context.Context, account ids.AccountID, name string, p Page) (group Group, members List[User], err error) {
	err = s.read(ctx, account, func(v view) error {
		r := new(records.Group)
		if err := v.get(keys.GroupKind, name, r); err != nil {
			return err
		}
		group = v.makeGroup(r)
		names, err := v.members(name)
		if err != nil {
			return err
		}
		page, err := paginate(names, strings.ToLower, p)
		if err != nil {
			return err
		}
		members = List[User]{Marker: page.Marker}
		for _, member := range page.Items {
			u := new(records.User)
			if err := v.known(keys.UserKind, member, u); err != nil {
				return err
			}
			members.Items = append(members.Items, v.makeUser(u))
		}
		return nil
	})
	return group, members, err
}

// Groups returns the groups whose paths begin with pathPrefix, by name.
func (s *Service) Groups(ctx context.Context, account ids.AccountID, pathPrefix string, p Page) (list List[Group], err error) {
	err = s.read(ctx, account, func(v view) error {
		list, err = scan(v, keys.GroupKind, p, func() *records.Group { return new(records.Group) },
			func(r *records.Group) (Group, bool, error) {
				return v.makeGroup(r), strings.HasPrefix(r.Path, pathPrefix), nil
			})
		return err
	})
	return list, err
}

// UpdateGroup changes name and path of a group; an empty newName or newPath keeps what it is.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateGroup.html
func (s *Service) UpdateGroup(ctx context.Context, account ids.AccountID, name, newName, newPath string) error {
	if newName != "" {
		if err := checkName("newGroupName", newName, MaxGroupName); err != nil {
			return err
		}
	}
	if _, err := checkPath(newPath, pathRegexp); err != nil {
		return err
	}
	return s.write(ctx, account, func(c change) error {
		r := new(records.Group)
		if err := c.get(keys.GroupKind, name, r); err != nil {
			return err
		}
		if newPath != "" {
			r.Path = newPath
		}
		if newName == "" {
			return c.put(keys.GroupKind, r)
		}
		old := r.Name
		r.Name = newName
		members, err := c.members(old)
		if err != nil {
			return err
		}
		for _, member := range members {
			if err := c.renameGroupOf(member, old, newName); err != nil {
				return err
			}
		}
		return c.move(keys.GroupKind, r, old, groupExists(newName))
	})
}

// renameGroupOf rewrites what a member of a renamed group knows of it.
func (c change) renameGroupOf(member, old, newName string) error {
	u := new(records.User)
	if err := c.known(keys.UserKind, member, u); err != nil {
		return err
	}
	for i, g := range u.Groups {
		if strings.EqualFold(g, old) {
			u.Groups[i] = newName
		}
	}
	if err := c.put(keys.UserKind, u); err != nil {
		return err
	}
	if err := c.tx.Delete(keys.Member(c.account, old, member)); err != nil {
		return err
	}
	return c.tx.Put(keys.Member(c.account, newName, member), []byte(u.Name))
}

// DeleteGroup deletes a group that has no members and no policies left.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html
func (s *Service) DeleteGroup(ctx context.Context, account ids.AccountID, name string) error {
	return s.write(ctx, account, func(c change) error {
		r := new(records.Group)
		if err := c.get(keys.GroupKind, name, r); err != nil {
			return err
		}
		if err := removable(r); err != nil {
			return err
		}
		from, to := keys.Members(account, name)
		n, err := c.count(from, to, 1)
		if err != nil {
			return err
		}
		if n > 0 {
			return deleteConflict("Cannot delete entity, must remove users from group first.")
		}
		return c.remove(keys.GroupKind, r)
	})
}

// AddUserToGroup makes a user a member of a group; it is no error if it is one already.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddUserToGroup.html
func (s *Service) AddUserToGroup(ctx context.Context, account ids.AccountID, group, user string) error {
	return s.write(ctx, account, func(c change) error {
		g, u, err := c.membership(group, user)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(u.Groups, sameName(g.Name)) {
			return nil
		}
		if err := c.within(len(u.Groups), quotas.GroupsPerUser, s.quotas.GroupsPerUser); err != nil {
			return err
		}
		u.Groups = append(u.Groups, g.Name)
		if err := c.tx.Put(keys.Member(account, g.Name, u.Name), []byte(u.Name)); err != nil {
			return err
		}
		return c.put(keys.UserKind, u)
	})
}

// RemoveUserFromGroup ends a membership; it is no error if there is none.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveUserFromGroup.html
func (s *Service) RemoveUserFromGroup(ctx context.Context, account ids.AccountID, group, user string) error {
	return s.write(ctx, account, func(c change) error {
		g, u, err := c.membership(group, user)
		if err != nil {
			return err
		}
		u.Groups = slices.DeleteFunc(u.Groups, sameName(g.Name))
		if err := c.tx.Delete(keys.Member(account, g.Name, u.Name)); err != nil {
			return err
		}
		return c.put(keys.UserKind, u)
	})
}

// GroupsForUser returns the groups that a user is in, by name.
func (s *Service) GroupsForUser(ctx context.Context, account ids.AccountID, user string, p Page) (list List[Group], err error) {
	err = s.read(ctx, account, func(v view) error {
		u := new(records.User)
		if err := v.get(keys.UserKind, user, u); err != nil {
			return err
		}
		page, err := paginate(u.Groups, strings.ToLower, p)
		if err != nil {
			return err
		}
		list = List[Group]{Marker: page.Marker}
		for _, name := range page.Items {
			g := new(records.Group)
			if err := v.known(keys.GroupKind, name, g); err != nil {
				return err
			}
			list.Items = append(list.Items, v.makeGroup(g))
		}
		return nil
	})
	return list, err
}

// membership reads both sides of a membership, group first.
func (c change) membership(group, user string) (*records.Group, *records.User, error) {
	g, u := new(records.Group), new(records.User)
	if err := c.get(keys.GroupKind, group, g); err != nil {
		return nil, nil, err
	}
	return g, u, c.get(keys.UserKind, user, u)
}

// members returns the names of a group's members.
func (v view) members(group string) ([]string, error) {
	from, to := keys.Members(v.account, group)
	it := v.Scan(from, to)
	var names []string
	for it.Next() {
		names = append(names, string(it.Value()))
	}
	return names, it.Close()
}

// sameName returns a test for a name, ignoring case.
func sameName(name string) func(string) bool {
	return func(other string) bool { return strings.EqualFold(name, other) }
}
