package iam

import (
	"context"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/password"
	"crossgrant/internal/records"
)

// Bounds of a password policy; the length is what it is if nobody says.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
const (
	MinPasswordLength     = 6
	MaxPasswordLength     = 128
	MaxPasswordAge        = 1095 // days
	MaxPasswordRemembered = 24
)

// PasswordPolicy is what the passwords of an account's users have to be like. It takes effect when a password is
// set, but for MaxAge, which is about those that there are.
type PasswordPolicy struct {
	// MinimumLength is in characters.
	MinimumLength int
	// Symbols, Numbers, Uppercase and Lowercase each ask for one character of the kind.
	Symbols, Numbers, Uppercase, Lowercase bool
	// UsersMayChange gives each user iam:ChangePassword on itself, and iam:GetAccountPasswordPolicy.
	UsersMayChange bool
	// MaxAge is how long a password may be used, in days; 0 means for ever.
	MaxAge int
	// ReusePrevention is how many passwords back, from the present one, none may be set again; 0 means that any may.
	ReusePrevention int
	// HardExpiry says that at the console nobody may replace a password that has expired; nil: nobody has said.
	HardExpiry *bool
}

// SetPasswordPolicy replaces the password policy of an account as a whole.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
func (s *Service) SetPasswordPolicy(ctx context.Context, account ids.AccountID, p PasswordPolicy) error {
	switch {
	case p.MinimumLength < MinPasswordLength || p.MinimumLength > MaxPasswordLength:
		return validationError("The minimum length of passwords must be between %d and %d.", MinPasswordLength, MaxPasswordLength)
	case p.MaxAge < 0 || p.MaxAge > MaxPasswordAge:
		return validationError("The maximum age of passwords must be between 1 and %d days.", MaxPasswordAge)
	case p.ReusePrevention < 0 || p.ReusePrevention > MaxPasswordRemembered:
		return validationError("The number of passwords to remember must be between 1 and %d.", MaxPasswordRemembered)
	}
	return s.changeAccount(ctx, account, func(_ change, r *records.Account) error {
		r.PasswordPolicy = &records.PasswordPolicy{
			MinimumLength: int32(p.MinimumLength), Symbols: p.Symbols, Numbers: p.Numbers, Uppercase: p.Uppercase, Lowercase: p.Lowercase,
			UsersMayChange: p.UsersMayChange, MaxAge: int32(p.MaxAge), ReusePrevention: int32(p.ReusePrevention), HardExpiry: p.HardExpiry,
		}
		return nil
	})
}

// PasswordPolicy returns the password policy of an account, or NoSuchEntity if it has none but the default one.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountPasswordPolicy.html
func (s *Service) PasswordPolicy(ctx context.Context, account ids.AccountID) (p PasswordPolicy, err error) {
	err = s.read(ctx, account, func(v view) error {
		r, err := v.root()
		if err != nil {
			return err
		}
		if r.PasswordPolicy == nil {
			return noSuchEntity("The Password Policy with domain name %s cannot be found.", account)
		}
		p = makePasswordPolicy(r.PasswordPolicy)
		return nil
	})
	return p, err
}

func makePasswordPolicy(r *records.PasswordPolicy) PasswordPolicy {
	return PasswordPolicy{
		MinimumLength: int(r.MinimumLength), Symbols: r.Symbols, Numbers: r.Numbers, Uppercase: r.Uppercase, Lowercase: r.Lowercase,
		UsersMayChange: r.UsersMayChange, MaxAge: int(r.MaxAge), ReusePrevention: int(r.ReusePrevention), HardExpiry: r.HardExpiry,
	}
}

// DeletePasswordPolicy gives an account the default password policy back.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccountPasswordPolicy.html
func (s *Service) DeletePasswordPolicy(ctx context.Context, account ids.AccountID) error {
	return s.changeAccount(ctx, account, func(_ change, r *records.Account) error {
		if r.PasswordPolicy == nil {
			return noSuchEntity("The account policy with name PasswordPolicy cannot be found.")
		}
		r.PasswordPolicy = nil
		return nil
	})
}

// UsersMayChangePassword reports whether the password policy of an account lets its users change their own
// passwords. Authorization asks it.
func (s *Service) UsersMayChangePassword(ctx context.Context, account ids.AccountID) (may bool, err error) {
	err = s.read(ctx, account, func(v view) error {
		r, err := v.root()
		may = r.GetPasswordPolicy().GetUsersMayChange()
		return err
	})
	return may, err
}

// passwordRules returns what a new password of the account has to be like.
func passwordRules(r *records.Account) password.Rules {
	p := r.PasswordPolicy
	if p == nil {
		return password.Default(r.Name, r.Email)
	}
	return password.Rules{MinimumLength: int(p.MinimumLength), Symbols: p.Symbols, Numbers: p.Numbers, Uppercase: p.Uppercase, Lowercase: p.Lowercase}
}

// passwordExpires returns when a password that was set at changed expires; zero means never.
func passwordExpires(p *records.PasswordPolicy, changed int64) time.Time {
	if p.GetMaxAge() == 0 {
		return time.Time{}
	}
	return instant(changed).AddDate(0, 0, int(p.MaxAge))
}
