package iam

import (
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// AssignmentStatus says which virtual MFA devices a list is about.
type AssignmentStatus string

// The assignment statuses.
const (
	Assigned   AssignmentStatus = "Assigned"
	Unassigned AssignmentStatus = "Unassigned"
	Any        AssignmentStatus = "Any"
)

// MFADevices returns the devices that are enabled for a user, or for the root user if user is empty, by
// serial number.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html
func (s *Service) MFADevices(ctx context.Context, account ids.AccountID, user string, p Page) (list List[MFADevice], err error) {
	err = s.read(ctx, account, func(v view) error {
		owner, err := v.mfaOwner(user)
		if err != nil {
			return err
		}
		devices, err := v.devicesOf(owner)
		if err != nil {
			return err
		}
		var all []MFADevice
		for _, d := range devices {
			all = append(all, MFADevice{SerialNumber: d.serial, Enabled: instant(d.Enabled), Owner: owner})
		}
		list, err = paginate(all, func(d MFADevice) string { return d.SerialNumber }, p)
		return err
	})
	return list, err
}

// EnabledMFADevice returns a device that is enabled for a user, or for the root user if user is empty, or
// NoSuchEntity. On AWS the operation is for security keys; here, where there are none, it is for virtual devices.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetMFADevice.html
func (s *Service) EnabledMFADevice(ctx context.Context, account ids.AccountID, user, serial string) (device MFADevice, err error) {
	err = s.read(ctx, account, func(v view) error {
		d, err := v.enabledFor(MFAAssignment{User: user, SerialNumber: serial})
		if err != nil {
			return err
		}
		device, err = v.makeMFADevice(d.MFADevice)
		return err
	})
	return device, err
}

// VirtualMFADevices returns the account's virtual MFA devices of a status, by path and name.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListVirtualMFADevices.html
func (s *Service) VirtualMFADevices(ctx context.Context, account ids.AccountID, status AssignmentStatus, p Page) (list List[MFADevice], err error) {
	err = s.read(ctx, account, func(v view) error {
		list, err = v.virtualMFADevices(status, p)
		return err
	})
	return list, err
}

func (v view) virtualMFADevices(status AssignmentStatus, p Page) (list List[MFADevice], err error) {
	after, err := p.after()
	if err != nil {
		return list, err
	}
	from, to := keys.MFADevices(v.account)
	if after != "" {
		from = append(keys.MFADevice(v.account, after), 0)
	}
	it := v.Scan(from, to)
	defer func() { err = errors.Join(err, it.Close()) }()
	var last string
	for it.Next() {
		r := new(records.MFADevice)
		if err := records.Unmarshal(it.Value(), r); err != nil {
			return List[MFADevice]{}, err
		}
		if status == Assigned && r.Enabled == 0 || status == Unassigned && r.Enabled != 0 {
			continue
		}
		if len(list.Items) == p.size() {
			list.Marker = marker(last)
			break
		}
		device, err := v.makeMFADevice(r)
		if err != nil {
			return List[MFADevice]{}, err
		}
		list.Items, last = append(list.Items, device), r.Path+r.Name
	}
	return list, nil
}

func (v view) makeMFADevice(r *records.MFADevice) (MFADevice, error) {
	device := MFADevice{SerialNumber: arn.MFADevice(v.account, r.Path, r.Name).String(), Tags: fromTags(r.Tags)}
	if r.Enabled == 0 {
		return device, nil
	}
	owner, err := v.mfaOwnerByID(r.Owner)
	device.Enabled, device.Owner = instant(r.Enabled), owner
	return device, err
}

// devicesOf returns the devices that are enabled for owner, by path and name.
func (v view) devicesOf(owner *User) (devices []mfaDevice, err error) {
	it := v.Scan(keys.EnabledMFADevices(v.account, string(owner.ID)))
	defer func() { err = errors.Join(err, it.Close()) }()
	for it.Next() {
		name, err := keys.ParseEnabledMFADevice(it.Key())
		if err != nil {
			return nil, err
		}
		d, err := v.readMFADevice(name)
		if err != nil {
			return nil, err
		}
		devices = append(devices, d)
	}
	return devices, nil
}

// mfaOwner returns the user of a name, or the root user if it is empty, as the owner of devices.
func (v view) mfaOwner(user string) (*User, error) {
	if user == "" {
		return v.mfaOwnerByID(string(v.account))
	}
	r := new(records.User)
	if err := v.get(keys.UserKind, user, r); err != nil {
		return nil, err
	}
	owner := v.makeUser(r)
	return &owner, nil
}

// mfaOwnerByID returns the owner that a record of a device names.
func (v view) mfaOwnerByID(id string) (*User, error) {
	if id == string(v.account) {
		r := new(records.Account)
		if err := records.Get(v, keys.Account(v.account), r); err != nil {
			return nil, fmt.Errorf("read account %s: %w", v.account, err)
		}
		return &User{ID: ids.UniqueID(id), ARN: arn.Root(v.account).String(), Created: instant(r.Created)}, nil
	}
	entry, err := v.Get(keys.UniqueID(v.account, ids.UniqueID(id)))
	if err != nil || len(entry) < 2 || keys.Kind(entry[0]) != keys.UserKind {
		return nil, fmt.Errorf("read index of %s: %w", id, errors.Join(err, meta.ErrCorrupt))
	}
	r := new(records.User)
	if err := v.known(keys.UserKind, string(entry[1:]), r); err != nil {
		return nil, err
	}
	owner := v.makeUser(r)
	return &owner, nil
}
