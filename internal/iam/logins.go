package iam

import (
	"context"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// LoginProfile says that a user has a password. ResetRequired says that the user has to set another one at the
// next sign-in.
type LoginProfile struct {
	UserName      string
	Created       time.Time
	ResetRequired bool
}

func makeLoginProfile(r *records.User) LoginProfile {
	return LoginProfile{UserName: r.Name, Created: instant(r.Login.Created), ResetRequired: r.Login.ResetRequired}
}

// lastUsed returns when somebody signed in with a password; zero for nobody yet, and for no login profile.
func lastUsed(l *records.Login) time.Time {
	if l.GetLastUsed() == 0 {
		return time.Time{}
	}
	return instant(l.LastUsed)
}

// loginUser reads a user that has a password, or returns NoSuchEntity.
func (v view) loginUser(name string) (*records.User, error) {
	r := new(records.User)
	if err := v.get(keys.UserKind, name, r); err != nil {
		return nil, err
	}
	if r.Login == nil {
		return nil, noSuchEntity("Login Profile for User %s cannot be found.", r.Name)
	}
	return r, nil
}

// CreateLoginProfile gives a user a password.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
func (s *Service) CreateLoginProfile(ctx context.Context, account ids.AccountID, user, text string, resetRequired bool) (profile LoginProfile, err error) {
	hash, err := s.hash(ctx, text)
	if err != nil {
		return LoginProfile{}, err
	}
	err = s.write(ctx, account, func(c change) error {
		r := new(records.User)
		if err := c.get(keys.UserKind, user, r); err != nil {
			return err
		}
		if r.Login != nil {
			return alreadyExists("Login Profile for user %s already exists.", r.Name)
		}
		if err := c.obeysRules(text); err != nil {
			return err
		}
		now := s.timestamp()
		r.Login = &records.Login{Created: now, Password: hash, Changed: now, ResetRequired: resetRequired}
		profile = makeLoginProfile(r)
		return c.put(keys.UserKind, r)
	})
	return profile, err
}

// LoginProfile returns the login profile of a user, or NoSuchEntity.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetLoginProfile.html
func (s *Service) LoginProfile(ctx context.Context, account ids.AccountID, user string) (profile LoginProfile, err error) {
	err = s.read(ctx, account, func(v view) error {
		r, err := v.loginUser(user)
		if err == nil {
			profile = makeLoginProfile(r)
		}
		return err
	})
	return profile, err
}

// LoginUpdate is what UpdateLoginProfile changes; nil fields stay as they are.
type LoginUpdate struct {
	Password      *string
	ResetRequired *bool
}

// UpdateLoginProfile sets the password of a user, or whether the user has to set one. The password has to obey the
// password policy, its prevention of reuse included.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateLoginProfile.html
func (s *Service) UpdateLoginProfile(ctx context.Context, account ids.AccountID, user string, update LoginUpdate) error {
	reset := func(l *records.Login) {
		if update.ResetRequired != nil {
			l.ResetRequired = *update.ResetRequired
		}
	}
	if update.Password != nil {
		return s.replacePassword(ctx, account, user, *update.Password, reset)
	}
	return s.changeLogin(ctx, account, loginOwner{user: user}, func(l *records.Login) error {
		reset(l)
		return nil
	})
}

// loginOwner is who has a password: an IAM user, by its name, or the root user.
type loginOwner struct {
	user string
	root bool
}

// heldLogin is a login profile, with the record that it is in.
type heldLogin struct {
	*records.Login
	user    *records.User    // nil for the root user
	account *records.Account // nil for a user
}

// held reads the login profile of a holder, or returns NoSuchEntity.
func (v view) held(h loginOwner) (heldLogin, error) {
	if h.root {
		r, err := v.rootLogin()
		if err != nil {
			return heldLogin{}, err
		}
		return heldLogin{Login: r.RootLogin, account: r}, nil
	}
	r, err := v.loginUser(h.user)
	if err != nil {
		return heldLogin{}, err
	}
	return heldLogin{Login: r.Login, user: r}, nil
}

// putLogin stores the record of a login profile that was changed.
func (c change) putLogin(l heldLogin) error {
	if l.account != nil {
		return records.Put(c.tx, keys.Account(c.account), l.account)
	}
	return c.put(keys.UserKind, l.user)
}

// changeLogin runs edit on the login profile of a holder and stores it if edit returns nil.
func (s *Service) changeLogin(ctx context.Context, account ids.AccountID, h loginOwner, edit func(l *records.Login) error) error {
	return s.write(ctx, account, func(c change) error {
		l, err := c.held(h)
		if err != nil {
			return err
		}
		if err := edit(l.Login); err != nil {
			return err
		}
		return c.putLogin(l)
	})
}

// DeleteLoginProfile takes the password of a user away. What else the user can sign with stays.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteLoginProfile.html
func (s *Service) DeleteLoginProfile(ctx context.Context, account ids.AccountID, user string) error {
	return s.write(ctx, account, func(c change) error {
		r, err := c.loginUser(user)
		if err != nil {
			return err
		}
		r.Login = nil
		return c.put(keys.UserKind, r)
	})
}
