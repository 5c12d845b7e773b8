package iam

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/password"
	"crossgrant/internal/records"
)

// ErrPassword says that a password is not the user's, that there is no such user or that it has no password: whoever
// guesses is not told which.
var ErrPassword = errors.New("iam: wrong password")

// errOldPassword is what ChangePassword answers to a wrong old password. AWS documents no error of the operation for
// it.
var errOldPassword = apierr.New(http.StatusForbidden, "AccessDenied", "The old password was incorrect.")

// SignIn is a user, or the root user, whose password was right.
type SignIn struct {
	// User has the ID of the account and no name for the root user.
	User User
	// ResetRequired says that the user has to set another password first, and Expired that the password is older than
	// the password policy lets it become. If HardExpiry is set as well, only an administrator can set it then.
	ResetRequired, Expired, HardExpiry bool
	// MFADevice is the serial number of the device of which a code was accepted; empty if none was asked for.
	MFADevice string
}

// verifyPassword returns who has a password, an IAM user or the root user, if it is right, and ErrPassword if not; any other
// error is internal.
//
// A guess is counted before it is looked at, so that guessing in parallel gains nothing. After a few wrong ones in a
// row nothing is looked at for a while, as with codes (VerifyMFA), and even the right one is ErrPassword. The answer does
// not tell whether there is such a user, and a hash is made in any case; but what is counted is written, which takes its
// time: whoever answers to strangers answers failures at even times.
func (s *Service) verifyPassword(ctx context.Context, account ids.AccountID, h loginOwner, text string) (SignIn, error) {
	err := s.guess(ctx, account, h, text)
	if isNoSuchEntity(err) || apierr.Is(err, "EntityTemporarilyUnmodifiable") {
		if _, err := s.hash(ctx, text); err != nil {
			return SignIn{}, err
		}
		return SignIn{}, ErrPassword
	}
	if err != nil {
		return SignIn{}, err
	}
	var in SignIn
	err = s.read(ctx, account, func(v view) error {
		l, err := v.held(h)
		if isNoSuchEntity(err) {
			return ErrPassword // it was taken away meanwhile
		}
		if err != nil {
			return err
		}
		in = SignIn{ResetRequired: l.ResetRequired}
		if h.root {
			// The account's password policy is not about the root user.
			owner, err := v.mfaOwner("")
			if err == nil {
				in.User = *owner
			}
			return err
		}
		root, err := v.root()
		if err != nil {
			return err
		}
		expires := passwordExpires(root.PasswordPolicy, l.Changed)
		in.User, in.HardExpiry = v.makeUser(l.user), root.GetPasswordPolicy().GetHardExpiry()
		in.Expired = !expires.IsZero() && !s.now().Before(expires)
		return nil
	})
	return in, err
}

// guess is nil if text is the password of its holder, ErrPassword if it is not, NoSuchEntity if there is none or the
// account is closed.
func (s *Service) guess(ctx context.Context, account ids.AccountID, h loginOwner, text string) error {
	nobody := noSuchEntity("Login Profile for User %s cannot be found.", h)
	if account == "" {
		return nobody
	}
	var stored *records.Password
	err := s.write(ctx, account, func(c change) error {
		l, err := c.held(h)
		if errors.Is(err, meta.ErrNotFound) {
			return nobody // there is no such account
		}
		if err != nil {
			return err
		}
		owner, err := c.accountRecord()
		if err != nil {
			return err
		}
		now := s.now()
		switch {
		case l.Password == nil || owner.Closed != 0:
			return nobody
		case now.Before(pausedUntil(l.Failures, l.LastFailure)):
			return temporarilyUnmodifiable("The password of user %s is not looked at for a while, because wrong ones were given too often.", h)
		}
		stored = l.Password
		l.Failures, l.LastFailure = l.Failures+1, now.UnixNano()
		return c.putLogin(l)
	})
	if err != nil {
		return err
	}
	right, err := s.matches(ctx, stored, text)
	if err != nil {
		return err
	}
	if !right {
		return ErrPassword
	}
	return s.changeLogin(ctx, account, h, func(l *records.Login) error {
		if !proto.Equal(l.Password, stored) {
			return ErrPassword // another one by now
		}
		l.Failures, l.LastFailure = 0, 0
		return nil
	})
}

// String returns the name of the holder.
func (h loginOwner) String() string {
	if h.root {
		return rootUserName
	}
	return h.user
}

// ChangePassword replaces the password of a user who knows it. That it has expired is no hindrance, whatever the
// password policy says: HardExpiry is about the console.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ChangePassword.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
func (s *Service) ChangePassword(ctx context.Context, account ids.AccountID, user, old, text string) error {
	if err := s.guess(ctx, account, loginOwner{user: user}, old); errors.Is(err, ErrPassword) {
		return errOldPassword
	} else if err != nil {
		return err
	}
	return s.replacePassword(ctx, account, user, text, func(l *records.Login) { l.ResetRequired = false })
}

// replacePassword sets the password of a user that has one, and does what edit says.
func (s *Service) replacePassword(ctx context.Context, account ids.AccountID, user, text string, edit func(*records.Login)) error {
	seen, err := s.replaceable(ctx, account, user, text)
	if err != nil {
		return err
	}
	hash, err := s.hash(ctx, text)
	if err != nil {
		return err
	}
	return s.write(ctx, account, func(c change) error {
		r, err := c.loginUser(user)
		if err != nil {
			return err
		}
		root, err := c.root()
		if err != nil {
			return err
		}
		// Hashes are compared outside of transactions, which they would hold up.
		if !proto.Equal(r.Login.Password, seen.password) || !proto.Equal(root.PasswordPolicy, seen.policy) {
			return temporarilyUnmodifiable("Login Profile for User %s cannot be modified while it is being changed.", r.Name)
		}
		l := r.Login
		l.Earlier = slices.Insert(l.Earlier, 0, l.Password)
		l.Earlier = l.Earlier[:min(len(l.Earlier), MaxPasswordRemembered-1)]
		l.Password, l.Changed, l.Failures, l.LastFailure = hash, s.timestamp(), 0, 0
		edit(l)
		return c.put(keys.UserKind, r)
	})
}

// seenLogin is what a new password was compared with.
type seenLogin struct {
	password *records.Password
	policy   *records.PasswordPolicy
}

// replaceable refuses a new password that the password policy forbids.
func (s *Service) replaceable(ctx context.Context, account ids.AccountID, user, text string) (seen seenLogin, err error) {
	var earlier []*records.Password
	err = s.read(ctx, account, func(v view) error {
		r, err := v.loginUser(user)
		if err != nil {
			return err
		}
		root, err := v.root()
		if err != nil {
			return err
		}
		seen = seenLogin{r.Login.Password, root.PasswordPolicy}
		earlier = append([]*records.Password{r.Login.Password}, r.Login.Earlier...)
		return v.obeysRules(text)
	})
	if err != nil {
		return seen, err
	}
	for _, p := range earlier[:min(len(earlier), int(seen.policy.GetReusePrevention()))] {
		if reused, err := s.matches(ctx, p, text); err != nil {
			return seen, err
		} else if reused {
			return seen, passwordPolicyViolation("Policy constraint violation with password reuse prevention during password change.")
		}
	}
	return seen, nil
}

// obeysRules refuses a password that is not what the password policy of the account asks for.
func (v view) obeysRules(text string) error {
	root, err := v.root()
	if err != nil {
		return err
	}
	rules := passwordRules(root)
	if lacks := rules.Violation(text); lacks != "" {
		return passwordPolicyViolation(lacks)
	}
	return nil
}

// hash returns the hash of a new password.
func (s *Service) hash(ctx context.Context, text string) (*records.Password, error) {
	salt := make([]byte, password.SaltSize)
	if _, err := io.ReadFull(s.rand, salt); err != nil {
		return nil, fmt.Errorf("make salt: %w", err)
	}
	var h password.Hash
	err := s.hashed(ctx, func() { h = password.New(text, salt, s.cost) })
	return &records.Password{
		Salt: h.Salt, Hash: h.Sum, Time: h.Cost.Time, Memory: h.Cost.Memory, Threads: uint32(h.Cost.Threads),
	}, err
}

// matches reports whether text is the password that r is the hash of.
func (s *Service) matches(ctx context.Context, r *records.Password, text string) (matches bool, err error) {
	if r.GetThreads() > 255 {
		return false, nil
	}
	h := password.Hash{Salt: r.GetSalt(), Sum: r.GetHash(), Cost: password.Cost{Time: r.GetTime(), Memory: r.GetMemory(), Threads: uint8(r.GetThreads())}}
	err = s.hashed(ctx, func() { matches = h.Matches(text) })
	return matches, err
}

// hashed runs fn, which makes a hash, once there is room among those that are being made: they take half of the
// processors at most, so that guessing leaves the rest to others.
func (s *Service) hashed(ctx context.Context, fn func()) error {
	select {
	case s.hashing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.hashing }()
	fn()
	return nil
}
