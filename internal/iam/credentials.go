package iam

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// Credentials are what a user, or the root user, signs in and signs with.
type Credentials struct {
	User string // empty: the root user
	ARN  string
	// Created is when the user was made, for the root user its account.
	Created time.Time
	MFA     bool // whether an MFA device is enabled
	Keys    []AccessKey
	// Password tells of the password of a user; nil: there is none. Reports do not tell whether a root user has one.
	Password *PasswordState
	// PasswordLastUsed is when a password was last used to sign in, also that of the root user; zero: never.
	PasswordLastUsed time.Time
}

// PasswordState is what is told of a password.
type PasswordState struct {
	Changed time.Time // when it was set
	// Expires is when the password policy wants another one; zero: never.
	Expires time.Time
}

// Credentials returns a page of the credentials in an account: those of its root user, then those of its
// users by name.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
func (s *Service) Credentials(ctx context.Context, account ids.AccountID, p Page) (list List[Credentials], err error) {
	err = s.read(ctx, account, func(v view) error {
		owner := new(records.Account)
		if err := records.Get(v, keys.Account(account), owner); err != nil {
			return fmt.Errorf("read account %s: %w", account, err)
		}
		users, err := scan(v, keys.UserKind, p, func() *records.User { return new(records.User) },
			func(r *records.User) (Credentials, bool, error) {
				c, err := v.credentials(r.Name, r.Id, r.AccessKeys)
				c.ARN, c.Created = v.entityARN(keys.UserKind, r), instant(r.Created)
				c.PasswordLastUsed = lastUsed(r.Login)
				if r.Login != nil {
					c.Password = &PasswordState{instant(r.Login.Changed), passwordExpires(owner.PasswordPolicy, r.Login.Changed)}
				}
				return c, true, err
			})
		if err != nil {
			return err
		}
		list = users
		if p.Marker != "" {
			return nil
		}
		root, err := v.rootCredentials(owner)
		list.Items = append([]Credentials{root}, list.Items...)
		return err
	})
	return list, err
}

func (v view) rootCredentials(r *records.Account) (Credentials, error) {
	c, err := v.credentials("", r.Id, r.AccessKeys)
	c.ARN, c.Created, c.PasswordLastUsed = arn.Root(v.account).String(), instant(r.Created), lastUsed(r.RootLogin)
	return c, err
}

// credentials returns what the owner of an ID has.
func (v view) credentials(user, id string, accessKeys []string) (Credentials, error) {
	from, to := keys.EnabledMFADevices(v.account, id)
	devices, err := v.count(from, to, 1)
	c := Credentials{User: user, MFA: devices > 0}
	for _, accessKey := range accessKeys {
		r, keyErr := v.accessKey(ids.AccessKeyID(accessKey))
		if err = errors.Join(err, keyErr); err == nil {
			c.Keys = append(c.Keys, makeAccessKey(r))
		}
	}
	return c, err
}
