package iam

import (
	"context"
	"math"
	"net/http"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
	"crossgrant/internal/totp"
)

const (
	// window is how many steps a code may be away from the present one, to either side.
	window = 1
	// resyncWindow is the same for ResyncMFADevice, for which AWS tells no number: ten minutes. Two codes
	// that are right by chance are nevertheless as good as impossible.
	resyncWindow = 20
)

// MFAAssignment names a device and whose it is to be, or is: a user's, or the root user's if User is
// empty.
type MFAAssignment struct {
	User         string
	SerialNumber string
	// Code1 and Code2 are two codes of the device that follow one another; DeactivateMFADevice needs none.
	Code1, Code2 string
	// WithoutMFA says that it is the user itself that asks, and that it has not been authenticated with an
	// MFA device.
	WithoutMFA bool
}

var (
	errAuthenticationCode = apierr.New(http.StatusForbidden, "InvalidAuthenticationCode", "Authentication code for device is not valid.")
	errWithoutMFA         = apierr.New(http.StatusForbidden, "AccessDenied", "To complete this action, please ensure that you are authenticated with an MFA device that is enabled for this user.")
)

// EnableMFADevice makes a device a user's, or the root user's, who shows with two codes to have it. Codes
// that were used before are refused, and so are codes outside the window: AWS takes older ones and leaves
// a device behind that is out of sync.
//
// A user that has a device may enable another one, or deactivate one, only in a session that was had with
// MFA.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableMFADevice.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_cliapi.html
func (s *Service) EnableMFADevice(ctx context.Context, account ids.AccountID, in MFAAssignment) error {
	return s.write(ctx, account, func(c change) error {
		owner, err := c.mfaOwner(in.User)
		if err != nil {
			return err
		}
		d, err := c.mfaDevice(in.SerialNumber)
		if err != nil {
			return err
		}
		if err := c.enableable(d, owner, in, s.quotas.MFADevices); err != nil {
			return err
		}
		if _, err := s.acceptPair(d, in, window); err != nil {
			return err
		}
		if _, err := quotas.Enter(c.tx, c.account, keys.EnabledMFADeviceKind, math.MaxInt); err != nil {
			return err
		}
		d.Owner, d.Enabled = string(owner.ID), s.timestamp()
		if err := c.tx.Put(keys.EnabledMFADevice(c.account, d.Owner, d.Path+d.Name), nil); err != nil {
			return err
		}
		return records.Put(c.tx, d.key, d.MFADevice)
	})
}

// maxMFADevices is more than any user has.
const maxMFADevices = 1 << 16

// enableable refuses to make d one of owner's devices.
func (v view) enableable(d mfaDevice, owner *User, in MFAAssignment, quota int) error {
	if d.Enabled != 0 {
		return alreadyExists("MFA Device is already in use.")
	}
	from, to := keys.EnabledMFADevices(v.account, string(owner.ID))
	n, err := v.count(from, to, maxMFADevices)
	switch {
	case err != nil:
		return err
	case n > 0 && in.WithoutMFA:
		return errWithoutMFA
	}
	return v.within(n, quotas.MFADevicesPerUser, quota)
}

// ResyncMFADevice learns from two codes how far the clock of an enabled device is from the server's.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ResyncMFADevice.html and
// https://www.rfc-editor.org/rfc/rfc6238#section-6
func (s *Service) ResyncMFADevice(ctx context.Context, account ids.AccountID, in MFAAssignment) error {
	return s.write(ctx, account, func(c change) error {
		d, err := c.enabledFor(in)
		if err != nil {
			return err
		}
		d.Drift = 0
		drift, err := s.acceptPair(d, in, resyncWindow)
		if err != nil {
			return err
		}
		d.Drift, d.Failures, d.LastFailure = drift, 0, 0
		return records.Put(c.tx, d.key, d.MFADevice)
	})
}

// DeactivateMFADevice makes an enabled device nobody's again. It is not deleted.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeactivateMFADevice.html
func (s *Service) DeactivateMFADevice(ctx context.Context, account ids.AccountID, in MFAAssignment) error {
	return s.write(ctx, account, func(c change) error {
		d, err := c.enabledFor(in)
		if err != nil {
			return err
		}
		if in.WithoutMFA {
			return errWithoutMFA
		}
		if err := c.countOut(keys.EnabledMFADeviceKind); err != nil {
			return err
		}
		if err := c.tx.Delete(keys.EnabledMFADevice(c.account, d.Owner, d.Path+d.Name)); err != nil {
			return err
		}
		d.Owner, d.Enabled, d.Drift, d.Failures, d.LastFailure = "", 0, 0, 0, 0
		return records.Put(c.tx, d.key, d.MFADevice)
	})
}

// enabledFor reads a device that is enabled for the user of the assignment, or returns NoSuchEntity.
func (v view) enabledFor(in MFAAssignment) (mfaDevice, error) {
	owner, err := v.mfaOwner(in.User)
	if err != nil {
		return mfaDevice{}, err
	}
	d, err := v.mfaDevice(in.SerialNumber)
	if err != nil {
		return mfaDevice{}, err
	}
	if d.Enabled == 0 || d.Owner != string(owner.ID) {
		return mfaDevice{}, noSuchEntity("MFA Device invalid for user.")
	}
	return d, nil
}

// acceptPair takes the two codes of the assignment, and returns how many steps the second one is ahead of
// the present step, or InvalidAuthenticationCode.
func (s *Service) acceptPair(d mfaDevice, in MFAAssignment, window int64) (ahead int64, err error) {
	now := s.now()
	accepted, err := s.accept(d, now, window, in.Code1, in.Code2)
	if err == nil && !accepted {
		err = errAuthenticationCode
	}
	return d.LastStep - totp.StepAt(now), err
}

// accept looks for codes that follow one another in the window around the step that the device is at by
// now. It takes them only after every code that was taken before, and remembers them in the record,
// which the caller stores: a code is good once.
func (s *Service) accept(d mfaDevice, now time.Time, window int64, codes ...string) (accepted bool, err error) {
	seed, err := s.box.Open(d.SealedSeed, []byte(d.serial))
	if err != nil {
		return false, err
	}
	present := totp.StepAt(now) + d.Drift
	first := max(present-window, d.LastStep+int64(len(codes)))
	step, found := totp.Find(seed, first, present+window, codes...)
	if found {
		d.LastStep = step
	}
	return found, nil
}
