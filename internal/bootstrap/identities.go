package bootstrap

import (
	"context"
	"fmt"
	"slices"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
)

// identities makes an account's managed policies, groups and users.
func (r *run) identities(ctx context.Context, account ids.AccountID, a *Account) error {
	for i := range a.Policies {
		if err := r.policy(ctx, account, &a.Policies[i]); err != nil {
			return fmt.Errorf("policy %s: %w", a.Policies[i].Name, err)
		}
	}
	for i := range a.Groups {
		if err := r.group(ctx, account, &a.Groups[i]); err != nil {
			return fmt.Errorf("group %s: %w", a.Groups[i].Name, err)
		}
	}
	for i := range a.Users {
		if err := r.user(ctx, account, &a.Users[i]); err != nil {
			return fmt.Errorf("user %s: %w", a.Users[i].Name, err)
		}
	}
	return nil
}

// roles makes an account's roles.
func (r *run) roles(ctx context.Context, account ids.AccountID, a *Account) error {
	for i := range a.Roles {
		if err := r.role(ctx, account, &a.Roles[i]); err != nil {
			return fmt.Errorf("role %s: %w", a.Roles[i].Name, err)
		}
	}
	return nil
}

// made says what was made, and takes no offence at what was there.
func (r *run) made(err error, format string, args ...any) error {
	if apierr.Is(err, "EntityAlreadyExists") {
		return nil
	}
	if err == nil {
		r.say("made "+format, args...)
	}
	return err
}

func (r *run) policy(ctx context.Context, account ids.AccountID, p *Policy) error {
	document, err := r.file.document(p.Content)
	if err != nil {
		return err
	}
	_, err = r.IAM.CreatePolicy(ctx, account, iam.NewPolicy{
		Name: p.Name, Path: p.Path, Description: p.Description, Document: document,
	})
	return r.made(err, "policy %s of account %s", p.Name, account)
}

func (r *run) group(ctx context.Context, account ids.AccountID, g *Group) error {
	_, err := r.IAM.CreateGroup(ctx, account, g.Name, g.Path)
	if err := r.made(err, "group %s of account %s", g.Name, account); err != nil {
		return err
	}
	return r.permissions(ctx, account, keys.GroupKind, g.Name, g.Attach, g.Inline)
}

func (r *run) user(ctx context.Context, account ids.AccountID, u *User) error {
	_, err := r.IAM.CreateUser(ctx, account, iam.NewUser{Name: u.Name, Path: u.Path, Boundary: u.Boundary, Tags: u.Tags.iam()})
	if err := r.made(err, "user %s of account %s", u.Name, account); err != nil {
		return err
	}
	for _, group := range u.Groups {
		if err := r.IAM.AddUserToGroup(ctx, account, group, u.Name); err != nil {
			return err
		}
	}
	if err := r.permissions(ctx, account, keys.UserKind, u.Name, u.Attach, u.Inline); err != nil {
		return err
	}
	if err := r.password(ctx, account, u); err != nil {
		return err
	}
	return r.credentials(ctx, account, u)
}

// password gives a user its password, if it has none.
func (r *run) password(ctx context.Context, account ids.AccountID, u *User) error {
	if u.Password == "" {
		return nil
	}
	_, err := r.IAM.CreateLoginProfile(ctx, account, u.Name, u.Password, false)
	return r.made(err, "password of user %s of account %s", u.Name, account)
}

// rootPassword gives the root user of an account its password, if it has none.
func (r *run) rootPassword(ctx context.Context, account ids.AccountID, a *Account) error {
	if a.Root.Password == "" {
		return nil
	}
	_, err := r.IAM.RootLogin(ctx, account)
	if err == nil || !apierr.Is(err, "NoSuchEntity") {
		return err
	}
	return r.made(r.IAM.SetRootPassword(ctx, account, a.Root.Password), "password of the root user of account %s", account)
}

func (r *run) role(ctx context.Context, account ids.AccountID, role *Role) error {
	trust, err := r.file.document(role.Trust)
	if err != nil {
		return err
	}
	_, err = r.IAM.CreateRole(ctx, account, iam.NewRole{
		Name: role.Name, Path: role.Path, Description: role.Description, Trust: trust,
		MaxSession: time.Duration(role.MaxSessionDuration) * time.Second, Boundary: role.Boundary, Tags: role.Tags.iam(),
	})
	if err := r.made(err, "role %s of account %s", role.Name, account); err != nil {
		return err
	}
	return r.permissions(ctx, account, keys.RoleKind, role.Name, role.Attach, role.Inline)
}

// permissions attaches managed policies to an entity and writes inline policies into it. An inline
// policy that is there is not replaced.
func (r *run) permissions(ctx context.Context, account ids.AccountID, k keys.Kind, name string, attach []string, inline []Inline) error {
	for _, arn := range attach {
		if err := r.IAM.AttachPolicy(ctx, account, k, name, arn); err != nil {
			return fmt.Errorf("attach %s: %w", arn, err)
		}
	}
	for _, p := range inline {
		_, err := r.IAM.InlinePolicy(ctx, account, k, name, p.Name)
		if err == nil {
			continue
		}
		if !apierr.Is(err, "NoSuchEntity") {
			return err
		}
		document, err := r.file.document(p.Content)
		if err != nil {
			return err
		}
		if err := r.IAM.PutInlinePolicy(ctx, account, k, name, p.Name, document); err != nil {
			return fmt.Errorf("inline policy %s: %w", p.Name, err)
		}
	}
	return nil
}

// credentials gives a user its access keys: those that the file fixes, and one that is drawn if its
// profile would have none.
func (r *run) credentials(ctx context.Context, account ids.AccountID, u *User) error {
	list, err := r.IAM.AccessKeys(ctx, account, u.Name, iam.Page{})
	if err != nil {
		return err
	}
	var there []ids.AccessKeyID
	for _, key := range list.Items {
		there = append(there, key.ID)
	}
	for _, key := range u.AccessKeys {
		id := ids.AccessKeyID(key.AccessKeyID)
		if slices.Contains(there, id) {
			continue
		}
		if _, err := r.IAM.AddAccessKey(ctx, account, u.Name, id, key.SecretAccessKey); err != nil {
			return err
		}
		there = append(there, id)
	}
	if u.Profile == "" {
		return nil
	}
	if len(there) == 0 {
		key, _, err := r.IAM.CreateAccessKey(ctx, account, u.Name)
		if err != nil {
			return err
		}
		there = append(there, key.ID)
	}
	return r.profile(ctx, u.Profile, there[0])
}
