package iam

import (
	"context"
	"fmt"
	"unicode/utf8"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/password"
	"crossgrant/internal/records"
)

// rootUserName stands for the root user's name in its login profile. AWS does not say what does there.
const rootUserName = "root"

func rootProfile(l *records.Login) LoginProfile {
	return LoginProfile{UserName: rootUserName, Created: instant(l.Created), ResetRequired: l.ResetRequired}
}

// accountRecord reads the record of the account.
func (v view) accountRecord() (*records.Account, error) {
	r := new(records.Account)
	if err := records.Get(v, keys.Account(v.account), r); err != nil {
		return nil, fmt.Errorf("read account %s: %w", v.account, err)
	}
	return r, nil
}

// rootLogin reads an account whose root user has a login profile, or returns NoSuchEntity.
func (v view) rootLogin() (*records.Account, error) {
	r, err := v.accountRecord()
	if err == nil && r.RootLogin == nil {
		err = noSuchEntity("Login Profile for User %s cannot be found.", rootUserName)
	}
	return r, err
}

// CreateRootLogin gives the root user a login profile. Without a password, which text may leave out, it is no more
// than the permission to have one: AWS lets the root user recover it by e-mail from then on. The account's
// password policy is not about the root user.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
func (s *Service) CreateRootLogin(ctx context.Context, account ids.AccountID, text *string) (profile LoginProfile, err error) {
	login := &records.Login{Created: s.timestamp(), ResetRequired: text == nil}
	if text != nil {
		login.Changed = login.Created
		if login.Password, err = s.hash(ctx, *text); err != nil {
			return LoginProfile{}, err
		}
	}
	err = s.write(ctx, account, func(c change) error {
		r, err := c.accountRecord()
		if err != nil {
			return err
		}
		if r.RootLogin != nil {
			return alreadyExists("Login Profile for user %s already exists.", rootUserName)
		}
		r.RootLogin = login
		profile = rootProfile(login)
		return records.Put(c.tx, keys.Account(account), r)
	})
	return profile, err
}

// RootLogin returns the login profile of the root user, or NoSuchEntity.
func (s *Service) RootLogin(ctx context.Context, account ids.AccountID) (profile LoginProfile, err error) {
	err = s.read(ctx, account, func(v view) error {
		r, err := v.rootLogin()
		if err == nil {
			profile = rootProfile(r.RootLogin)
		}
		return err
	})
	return profile, err
}

// DeleteRootLogin takes the login profile of the root user away.
func (s *Service) DeleteRootLogin(ctx context.Context, account ids.AccountID) error {
	return s.write(ctx, account, func(c change) error {
		r, err := c.rootLogin()
		if err != nil {
			return err
		}
		r.RootLogin = nil
		return records.Put(c.tx, keys.Account(account), r)
	})
}

// SetRootPassword gives the root user a password, in place of the one that it may have. Whoever may call it has been
// decided: it is the operator, or the root user itself. The error is PasswordPolicyViolation for one that AWS would not
// take, whatever the account's password policy says.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-password.html
func (s *Service) SetRootPassword(ctx context.Context, account ids.AccountID, text string) error {
	hash, err := s.hash(ctx, text)
	if err != nil {
		return err
	}
	return s.write(ctx, account, func(c change) error {
		r, err := c.accountRecord()
		if err != nil {
			return err
		}
		if err := obeysRootRules(r, text); err != nil {
			return err
		}
		now := s.timestamp()
		if r.RootLogin == nil {
			r.RootLogin = &records.Login{Created: now}
		}
		l := r.RootLogin
		l.Password, l.Changed, l.ResetRequired, l.Failures, l.LastFailure = hash, now, false, 0, 0
		return records.Put(c.tx, keys.Account(account), r)
	})
}

// obeysRootRules refuses a password that the root user of an account cannot have.
func obeysRootRules(r *records.Account, text string) error {
	rules := password.Default(r.Name, r.Email)
	lacks := rules.Violation(text)
	if lacks == "" && utf8.RuneCountInString(text) > MaxPasswordLength {
		lacks = fmt.Sprintf("Password should have a maximum length of %d", MaxPasswordLength)
	}
	if lacks != "" {
		return passwordPolicyViolation(lacks)
	}
	return nil
}

// MFADeviceOfUser reports whether a device is enabled for an IAM user, and so neither for the root user nor for
// nobody. A device that does not exist is nobody's.
func (s *Service) MFADeviceOfUser(ctx context.Context, account ids.AccountID, serial string) (taken bool, err error) {
	err = s.read(ctx, account, func(v view) error {
		d, err := v.mfaDevice(serial)
		if apierr.Is(err, "NoSuchEntity") {
			return nil
		}
		taken = err == nil && d.Enabled != 0 && d.Owner != string(account)
		return err
	})
	return taken, err
}
