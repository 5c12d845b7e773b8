package iam

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Errors of SignIn, beside ErrPassword and ErrMFACode. With each of them the password was right.
var (
	// ErrMFARequired says that the user has MFA devices, and showed no code.
	ErrMFARequired = errors.New("iam: MFA code required")
	// ErrPasswordReset says that the password has to be replaced first, which SignIn does as well.
	ErrPasswordReset = errors.New("iam: password has to be replaced")
	// ErrPasswordExpired says that the password has expired, and only an administrator can set another one.
	ErrPasswordExpired = errors.New("iam: password has expired")
	// ErrPasswordNotDue says that the password of an IAM user need not be replaced, for which the user needs permission.
	ErrPasswordNotDue = errors.New("iam: password need not be replaced")
)

// Claim is who somebody says to be, and what shows it.
type Claim struct {
	User     string // name of an IAM user; empty for the root user
	Password string
	Code     string // that one of the MFA devices shows; empty for none
	// NewPassword replaces the password; nil leaves it as it is.
	NewPassword *string
}

// SignIn is how a person signs in: with a password, with a code of one of the MFA devices if any is enabled, and with
// another password where the present one has been reset or has expired. An IAM user can replace no other one here: for
// that there is ChangePassword, and the permission to call it. The root user always can.
//
// The error is ErrPassword, ErrMFACode, one of those above, PasswordPolicyViolation for the new password, or internal.
// Which code it was is looked at last, as it is used up then: a user who is told that a password is due replaces it with
// the same code. An empty account stands for one that there is not: it costs as much as a wrong password.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_sign-in.html,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html and, for several devices,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/console_sign-in-mfa.html
func (s *Service) SignIn(ctx context.Context, account ids.AccountID, c Claim) (SignIn, error) {
	h := loginOwner{user: c.User, root: c.User == ""}
	in, err := s.verifyPassword(ctx, account, h, c.Password)
	if err != nil {
		return SignIn{}, err
	}
	var devices []mfaDevice
	err = s.read(ctx, account, func(v view) (err error) {
		devices, err = v.devicesOf(&in.User)
		return err
	})
	due := in.ResetRequired || in.Expired
	switch {
	case err != nil:
		return in, err
	case len(devices) > 0 && c.Code == "":
		return in, ErrMFARequired
	case in.Expired && in.HardExpiry:
		return in, ErrPasswordExpired
	case c.NewPassword == nil && due:
		return in, ErrPasswordReset
	case c.NewPassword != nil && !due && !h.root:
		return in, ErrPasswordNotDue
	}
	if c.NewPassword != nil {
		if err := s.obeysRules(ctx, account, h, *c.NewPassword); err != nil {
			return in, err
		}
	}
	if len(devices) > 0 {
		if in.MFADevice, err = s.verifyAnyMFA(ctx, account, string(in.User.ID), c.Code, s.now()); err != nil {
			return in, err
		}
	}
	switch {
	case c.NewPassword == nil:
	case h.root:
		err = s.SetRootPassword(ctx, account, *c.NewPassword)
	default:
		err = s.replacePassword(ctx, account, c.User, *c.NewPassword, func(l *records.Login) { l.ResetRequired = false })
	}
	if err != nil {
		return in, err
	}
	err = s.changeLogin(ctx, account, h, func(l *records.Login) error {
		l.LastUsed = s.timestamp()
		return nil
	})
	if isNoSuchEntity(err) {
		err = ErrPassword // it was taken away meanwhile
	}
	return in, err
}

// obeysRules refuses a new password that is not as that of its holder has to be.
func (s *Service) obeysRules(ctx context.Context, account ids.AccountID, h loginOwner, text string) error {
	return s.read(ctx, account, func(v view) error {
		if !h.root {
			return v.obeysRules(text)
		}
		r, err := v.accountRecord()
		if err != nil {
			return err
		}
		return obeysRootRules(r, text)
	})
}

// verifyAnyMFA takes a code of any device that is enabled for owner, and returns the serial number of the one that showed
// it. The error is ErrMFACode, also if there is no device any more, or internal. Devices that take no codes for a while
// are not asked; a wrong code counts for each of the others.
func (s *Service) verifyAnyMFA(ctx context.Context, account ids.AccountID, owner, code string, now time.Time) (serial string, err error) {
	err = s.store.Update(ctx, func(tx meta.Tx) (err error) {
		serial, err = s.acceptAny(change{view{tx, account}, tx}, owner, code, now)
		return err
	})
	if err == nil && serial == "" {
		err = ErrMFACode
	}
	return serial, err
}

// acceptAny is verifyAnyMFA in a transaction, which commits also if no device accepts the code: serial is empty then.
func (s *Service) acceptAny(c change, owner, code string, now time.Time) (serial string, err error) {
	devices, err := c.devicesOf(&User{ID: ids.UniqueID(owner)})
	if err != nil {
		return "", err
	}
	var wrong []mfaDevice
	for _, d := range devices {
		if now.Before(d.pausedUntil()) {
			continue
		}
		accepted, err := s.accept(d, now, window, code)
		if err != nil {
			return "", err
		}
		if accepted {
			return d.serial, c.judged(d, true, now)
		}
		wrong = append(wrong, d)
	}
	for _, d := range wrong {
		if err := c.judged(d, false, now); err != nil {
			return "", err
		}
	}
	return "", nil
}

// Claimed is the account that somebody wants to sign in to, and the user.
type Claimed struct {
	Account ids.AccountID // empty if there is none
	Name    string        // of the account
	Alias   string
	// User is nil if there is none of that name; for the root user it has the ID of the account and no name.
	User *User
}

// ClaimedUser finds the IAM user of a name in the account of an ID or an alias. That there is none is no error. It is not
// for whoever asks to know.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/console_account-alias.html
func (s *Service) ClaimedUser(ctx context.Context, account, user string) (claimed Claimed, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		id, err := ids.ParseAccountID(account)
		if err != nil {
			if !ValidAccountAlias(account) {
				return nil
			}
			text, err := r.Get(keys.AccountAlias(account))
			if errors.Is(err, meta.ErrNotFound) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read account alias: %w", err)
			}
			id = ids.AccountID(text)
		}
		claimed, err = claimedIn(view{r, id}, user)
		return err
	})
	return claimed, err
}

// ClaimedRoot finds the account whose root user has an e-mail address, in whatever letters.
func (s *Service) ClaimedRoot(ctx context.Context, email string) (claimed Claimed, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		text, err := r.Get(keys.Email(email))
		if errors.Is(err, meta.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read index of e-mail addresses: %w", err)
		}
		claimed, err = claimedIn(view{r, ids.AccountID(text)}, "")
		return err
	})
	return claimed, err
}

func claimedIn(v view, user string) (Claimed, error) {
	r, err := v.accountRecord()
	if errors.Is(err, meta.ErrNotFound) {
		return Claimed{}, nil
	}
	if err != nil {
		return Claimed{}, err
	}
	claimed := Claimed{Account: v.account, Name: r.Name, Alias: r.Alias}
	claimed.User, err = v.mfaOwner(user)
	if isNoSuchEntity(err) {
		claimed.User, err = nil, nil
	}
	return claimed, err
}
