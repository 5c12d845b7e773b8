package keys

import (
	"crossgrant/internal/ids"
)

// MFADevice is the key of a virtual MFA device. device is its path and its name, which are unique in the
// account together, and are compared as they are written.
func MFADevice(account ids.AccountID, device string) []byte {
	return append(iam(account, 'd'), device...)
}

// MFADevices is the range of an account's virtual MFA devices, by path and name.
func MFADevices(account ids.AccountID) (from, to []byte) { return prefix(iam(account, 'd')) }

// EnabledMFADevice is the key that records that a device is enabled for owner: the unique ID of a user, or
// the account ID for the root user.
func EnabledMFADevice(account ids.AccountID, owner, device string) []byte {
	return append(escape(iam(account, 'e'), owner), device...)
}

// EnabledMFADevices is the range of the devices that are enabled for owner, by path and name.
func EnabledMFADevices(account ids.AccountID, owner string) (from, to []byte) {
	return prefix(escape(iam(account, 'e'), owner))
}

// ParseEnabledMFADevice returns path and name of the device from a key of EnabledMFADevices.
func ParseEnabledMFADevice(key []byte) (device string, err error) {
	if len(key) < 14 || key[0] != 'I' || key[13] != 'e' {
		return "", errKey
	}
	_, rest, err := unescape(key[14:])
	if err != nil || len(rest) == 0 {
		return "", errKey
	}
	return string(rest), nil
}
