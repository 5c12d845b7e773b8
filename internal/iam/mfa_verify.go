package iam

import (
	"context"
	"errors"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Errors of VerifyMFA. The service that asked for a code words them.
var (
	// ErrNoMFADevice says that the serial number names no device that is enabled for the user.
	ErrNoMFADevice = errors.New("iam: no such MFA device of the user")
	// ErrMFACode says that the code is wrong, was used before, or is not looked at because there were too
	// many wrong ones.
	ErrMFACode = errors.New("iam: invalid MFA code")
)

const (
	// freeFailures is how many wrong codes in a row cost nothing; each further one doubles the time for
	// which no code is looked at, from firstPause up to longestPause. A guess is right with a chance of
	// three in a million, so that at one guess an hour it takes decades.
	freeFailures = 5
	firstPause   = 30 * time.Second
	longestPause = time.Hour
)

// VerifyMFA takes a code of an MFA device of the account's root user: serial is the device's serial number,
// code what it shows. It is nil if the device is enabled for the root user and the code is valid at now,
// and then the code is used up. Otherwise the error is ErrNoMFADevice or ErrMFACode; any other error is
// internal.
//
// Wrong codes are counted and, after a few in a row, the device takes none for a while, as the standard
// demands of whoever checks codes of six digits. What AWS does is not published. The caller should
// therefore have been authorized before its code is looked at.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html and
// https://www.rfc-editor.org/rfc/rfc4226#section-7.3
func (s *Service) VerifyMFA(ctx context.Context, account ids.AccountID, serial, code string, now time.Time) error {
	return s.VerifyUserMFA(ctx, account, "", serial, code, now)
}

// VerifyUserMFA is VerifyMFA for the device of the user with this unique ID, or of the root user if it is empty.
// Whoever can ask it for another user's device could make that device take no codes: callers ask for their own.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
func (s *Service) VerifyUserMFA(ctx context.Context, account ids.AccountID, user ids.UniqueID, serial, code string, now time.Time) error {
	owner := string(user)
	if owner == "" {
		owner = string(account)
	}
	var verdict error
	err := s.store.Update(ctx, func(tx meta.Tx) (err error) {
		verdict, err = s.verifyMFA(change{view{tx, account}, tx}, owner, serial, code, now)
		return err
	})
	if err != nil {
		return err
	}
	return verdict
}

// verifyMFA is VerifyUserMFA in a transaction, which commits whatever the verdict is.
func (s *Service) verifyMFA(c change, owner, serial, code string, now time.Time) (verdict, err error) {
	d, err := c.mfaDevice(serial)
	if isNoSuchEntity(err) || err == nil && (d.Enabled == 0 || d.Owner != owner) {
		return ErrNoMFADevice, nil
	}
	if err != nil {
		return nil, err
	}
	if now.Before(d.pausedUntil()) {
		return ErrMFACode, nil
	}
	accepted, err := s.accept(d, now, window, code)
	if err != nil {
		return nil, err
	}
	if !accepted {
		verdict = ErrMFACode
	}
	return verdict, c.judged(d, accepted, now)
}

// judged notes that a device has shown a code at now, which was accepted or not.
func (c change) judged(d mfaDevice, accepted bool, now time.Time) error {
	if accepted {
		d.Failures, d.LastFailure = 0, 0
	} else {
		d.Failures, d.LastFailure = d.Failures+1, now.UnixNano()
	}
	return records.Put(c.tx, d.key, d.MFADevice)
}

// pausedUntil returns when the next code is looked at.
func (d mfaDevice) pausedUntil() time.Time { return pausedUntil(d.Failures, d.LastFailure) }

// pausedUntil returns when whoever guessed wrong so many times in a row, the last time then, may guess again.
func pausedUntil(failures int32, last int64) time.Time {
	if failures < freeFailures {
		return time.Time{}
	}
	pause := longestPause
	if doublings := failures - freeFailures; doublings < 8 {
		pause = min(pause, firstPause<<doublings)
	}
	return instant(last).Add(pause)
}

func isNoSuchEntity(err error) bool { return apierr.Is(err, "NoSuchEntity") }
