package iam

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// SerialNumberPattern is what the serial number of an MFA device has to match as a whole, and
// MaxSerialNumber how long it may be, in characters.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteVirtualMFADevice.html
const (
	SerialNumberPattern = `[\w+=/:,.@-]+`
	MaxSerialNumber     = 256
)

// seedSize is the length of a seed, in bytes. It has no padding in base 32, where it is 64 characters, as
// AWS's seeds are.
const seedSize = 40

var serialNumberRegexp = regexp.MustCompile(`^[\w+=/:,.@-]+$`)

// MFADevice is a virtual MFA device without its seed. Its serial number is its ARN. Enabled is the time
// at which it was enabled, zero if it is not. Owner is who it is enabled for, nil for nobody; the root
// user has no name and no path, and its ID is that of the account.
type MFADevice struct {
	SerialNumber string
	Enabled      time.Time
	Owner        *User
	Tags         []Tag
}

// NewMFADevice is what CreateVirtualMFADevice makes a device of. An empty Path means "/".
type NewMFADevice struct {
	Name string
	Path string
	Tags []Tag
}

// CreateVirtualMFADevice makes a virtual MFA device, which is nobody's until it is enabled. It is the only
// time that the seed is told, in base 32.
//
// An account may have as many devices as it may have users. That a device of the same name at another path
// is another device, and that names are told apart by case, is what AWS's messages say; its limit on
// names, 226, is what remains of a serial number's length.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateVirtualMFADevice.html,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html and
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-iam-virtualmfadevice.html
func (s *Service) CreateVirtualMFADevice(ctx context.Context, account ids.AccountID, in NewMFADevice) (device MFADevice, seed string, err error) {
	path, err := checkPath(in.Path, pathRegexp)
	if err == nil {
		err = checkSerialNumber(account, path, in.Name)
	}
	if err == nil {
		err = s.checkTags(in.Tags)
	}
	if err != nil {
		return MFADevice{}, "", err
	}
	secret := make([]byte, seedSize)
	if _, err := io.ReadFull(s.rand, secret); err != nil {
		return MFADevice{}, "", fmt.Errorf("make seed: %w", err)
	}
	serial := arn.MFADevice(account, path, in.Name).String()
	sealed, err := s.box.Seal(secret, []byte(serial))
	if err != nil {
		return MFADevice{}, "", err
	}
	err = s.write(ctx, account, func(c change) error {
		return c.createMFADevice(&records.MFADevice{
			Name: in.Name, Path: path, SealedSeed: sealed, Created: s.timestamp(), Tags: recordTags(in.Tags),
		}, s.quotas.Users)
	})
	return MFADevice{SerialNumber: serial, Tags: in.Tags}, base32.StdEncoding.EncodeToString(secret), err
}

// checkSerialNumber refuses names and paths of which no serial number can be made: the device could not be
// named by any other operation.
func checkSerialNumber(account ids.AccountID, path, name string) error {
	serial := arn.MFADevice(account, path, name).String()
	if !nameRegexp.MatchString(name) || len(serial) > MaxSerialNumber || !serialNumberRegexp.MatchString(serial) {
		return validationError("The specified value for virtualMFADeviceName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-, and its ARN at most %d characters.", MaxSerialNumber)
	}
	return nil
}

func (c change) createMFADevice(r *records.MFADevice, quota int) error {
	key := keys.MFADevice(c.account, r.Path+r.Name)
	if err := c.absent(key, alreadyExists("MFADevice entity at the same path and name already exists.")); err != nil {
		return err
	}
	if err := c.countIn(keys.MFADeviceKind, quota, quotas.VirtualMFADevices); err != nil {
		return err
	}
	return records.Put(c.tx, key, r)
}

// DeleteVirtualMFADevice deletes a device that is not enabled.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteVirtualMFADevice.html
func (s *Service) DeleteVirtualMFADevice(ctx context.Context, account ids.AccountID, serial string) error {
	return s.write(ctx, account, func(c change) error {
		d, err := c.mfaDevice(serial)
		if err != nil {
			return err
		}
		if d.Enabled != 0 {
			return deleteConflict("MFA VirtualDevice in use. Must deactivate first.")
		}
		if err := c.countOut(keys.MFADeviceKind); err != nil {
			return err
		}
		return c.tx.Delete(d.key)
	})
}

// MFADeviceTarget returns what authorization needs to know of the device that a serial number stands for.
// That there is no such device is no error.
func (s *Service) MFADeviceTarget(ctx context.Context, account ids.AccountID, serial string) (t Target, err error) {
	t.ARN = serial
	err = s.read(ctx, account, func(v view) error {
		d, err := v.mfaDevice(serial)
		if isNoSuchEntity(err) {
			return nil
		}
		if err != nil {
			return err
		}
		t.Tags = fromTags(d.Tags)
		return nil
	})
	return t, err
}

// ParseSerialNumber returns the parts of a serial number that can be a virtual MFA device's, of whatever
// account. The error is NoSuchEntity: there are no other devices. It does not say whether the device
// exists.
func ParseSerialNumber(serial string) (arn.ARN, error) {
	a, err := arn.Parse(serial)
	account, idErr := ids.ParseAccountID(a.Account)
	if err != nil || idErr != nil || a != arn.MFADevice(account, a.Path(), a.Name()) {
		return arn.ARN{}, noSuchMFADevice(serial)
	}
	return a, nil
}

func noSuchMFADevice(serial string) error {
	return noSuchEntity("VirtualMFADevice with serial number %s doesn't exist.", serial)
}

// mfaDevice is the record of a device, and where it lies.
type mfaDevice struct {
	*records.MFADevice
	serial string
	key    []byte
}

// mfaDevice reads the device of a serial number, or returns NoSuchEntity. A serial number that is not the
// ARN of a virtual device of this account names no device.
func (v view) mfaDevice(serial string) (mfaDevice, error) {
	a, err := ParseSerialNumber(serial)
	if err != nil || a.Account != string(v.account) {
		return mfaDevice{}, noSuchMFADevice(serial)
	}
	d, err := v.readMFADevice(a.Path() + a.Name())
	if errors.Is(err, meta.ErrNotFound) {
		return mfaDevice{}, noSuchMFADevice(serial)
	}
	return d, err
}

// readMFADevice reads a device by its path and name.
func (v view) readMFADevice(name string) (mfaDevice, error) {
	d := mfaDevice{MFADevice: new(records.MFADevice), key: keys.MFADevice(v.account, name)}
	if err := records.Get(v, d.key, d.MFADevice); err != nil {
		return mfaDevice{}, fmt.Errorf("read MFA device %s of account %s: %w", name, v.account, err)
	}
	d.serial = arn.MFADevice(v.account, d.Path, d.Name).String()
	return d, nil
}
