package iam

import (
	"context"
	"strings"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// User is an IAM user. Boundary is the ARN of its permissions boundary, or empty.
type User struct {
	Name     string
	ID       ids.UniqueID
	Path     string
	ARN      string
	Created  time.Time
	Boundary string
	Tags     []Tag
	// PasswordLastUsed is when the user last signed in with its password; zero if it did not, or has none any more.
	PasswordLastUsed time.Time
}

// NewUser is what CreateUser makes a user of. An empty Path means "/", an empty Boundary none.
type NewUser struct {
	Name     string
	Path     string
	Boundary string
	Tags     []Tag
}

func (v view) makeUser(r *records.User) User {
	return User{
		Name: r.Name, ID: ids.UniqueID(r.Id), Path: r.Path, ARN: v.entityARN(keys.UserKind, r),
		Created: instant(r.Created), Boundary: r.Boundary, Tags: fromTags(r.Tags), PasswordLastUsed: lastUsed(r.Login),
	}
}

func userExists(name string) error { return alreadyExists("User with name %s already exists.", name) }

// CreateUser makes a user, without rights and without credentials.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
func (s *Service) CreateUser(ctx context.Context, account ids.AccountID, in NewUser) (User, error) {
	path, err := checkPath(in.Path, pathRegexp)
	if err == nil {
		err = checkName("userName", in.Name, MaxUserName)
	}
	if err == nil {
		err = s.checkTags(in.Tags)
	}
	if err != nil {
		return User{}, err
	}
	id, err := ids.NewUniqueID(s.rand, ids.User)
	if err != nil {
		return User{}, err
	}
	var user User
	err = s.write(ctx, account, func(c change) error {
		r := &records.User{
			Name: in.Name, Id: string(id), Path: path, Created: s.timestamp(),
			Tags: recordTags(in.Tags), Boundary: in.Boundary,
		}
		if err := c.useBoundary(keys.UserKind, in.Name, "", in.Boundary); err != nil {
			return err
		}
		user = c.makeUser(r)
		return c.create(keys.UserKind, r, s.quotas.Users, "UsersPerAccount", userExists(in.Name))
	})
	return user, err
}

// User returns a user, or NoSuchEntity.
func (s *Service) User(ctx context.Context, account ids.AccountID, name string) (user User, err error) {
	err = s.read(ctx, account, func(v view) error {
		r := new(records.User)
		if err := v.get(keys.UserKind, name, r); err != nil {
			return err
		}
		user = v.makeUser(r)
		return nil
	})
	return user, err
}

// Users returns the users whose paths begin with pathPrefix, by name.
func (s *Service) Users(ctx context.Context, account ids.AccountID, pathPrefix string, p Page) (list List[User], err error) {
	err = s.read(ctx, account, func(v view) error {
		list, err = scan(v, keys.UserKind, p, func() *records.User { return new(records.User) },
			func(r *records.User) (User, bool, error) {
				return v.makeUser(r), strings.HasPrefix(r.Path, pathPrefix), nil
			})
		return err
	})
	return list, err
}

// UpdateUser changes name and path of a user; an empty newName or newPath keeps what it is. The user
// stays the same user: its unique ID, keys, groups and policies, and what others granted to it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_rename.html
func (s *Service) UpdateUser(ctx context.Context, account ids.AccountID, name, newName, newPath string) error {
	if newName != "" {
		if err := checkName("newUserName", newName, MaxUserName); err != nil {
			return err
		}
	}
	if _, err := checkPath(newPath, pathRegexp); err != nil {
		return err
	}
	return s.write(ctx, account, func(c change) error {
		r := new(records.User)
		if err := c.get(keys.UserKind, name, r); err != nil {
			return err
		}
		if newPath != "" {
			r.Path = newPath
		}
		if newName == "" {
			return c.put(keys.UserKind, r)
		}
		old := r.Name
		r.Name = newName
		for _, group := range r.Groups {
			if err := c.tx.Delete(keys.Member(account, group, old)); err != nil {
				return err
			}
			if err := c.tx.Put(keys.Member(account, group, newName), []byte(newName)); err != nil {
				return err
			}
		}
		for _, id := range r.AccessKeys {
			key, err := c.accessKey(ids.AccessKeyID(id))
			if err != nil {
				return err
			}
			key.UserName = newName
			if err := records.Put(c.tx, keys.AccessKey(ids.AccessKeyID(id)), key); err != nil {
				return err
			}
		}
		return c.move(keys.UserKind, r, old, userExists(newName))
	})
}

// DeleteUser deletes a user that has no access keys, policies, groups, password or enabled MFA devices left.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
func (s *Service) DeleteUser(ctx context.Context, account ids.AccountID, name string) error {
	return s.write(ctx, account, func(c change) error {
		r := new(records.User)
		if err := c.get(keys.UserKind, name, r); err != nil {
			return err
		}
		if err := removable(r); err != nil {
			return err
		}
		if len(r.AccessKeys) > 0 {
			return deleteConflict("Cannot delete entity, must delete access keys first.")
		}
		if len(r.Groups) > 0 {
			return deleteConflict("Cannot delete entity, must remove referenced objects first.")
		}
		if r.Login != nil {
			return deleteConflict("Cannot delete entity, must delete login profile first.")
		}
		from, to := keys.EnabledMFADevices(account, r.Id)
		if devices, err := c.count(from, to, 1); err != nil {
			return err
		} else if devices > 0 {
			return deleteConflict("Cannot delete entity, must delete MFA device first.")
		}
		if err := c.useBoundary(keys.UserKind, r.Name, r.Boundary, ""); err != nil {
			return err
		}
		return c.remove(keys.UserKind, r)
	})
}
