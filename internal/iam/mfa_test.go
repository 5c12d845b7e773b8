package iam

import (
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/totp"
)

// phone is what shows the codes of a device.
type phone struct {
	serial string
	seed   []byte
}

// code returns what the phone shows steps after the step of now.
func (p phone) code(now time.Time, steps int64) string {
	return totp.Code(p.seed, totp.StepAt(now)+steps)
}

// mfaWorld is a world whose clock only the test moves.
type mfaWorld struct {
	*world
	clock time.Time
}

func newMFAWorld(t *testing.T, quotas Quotas) *mfaWorld {
	t.Helper()
	w := &mfaWorld{newWorld(t, quotas), time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)}
	w.now = func() time.Time { return w.clock }
	return w
}

func (w *mfaWorld) device(account ids.AccountID, name string) phone {
	w.Helper()
	d, seed, err := w.CreateVirtualMFADevice(w.ctx, account, NewMFADevice{Name: name})
	w.must(err)
	raw, err := base32.StdEncoding.DecodeString(seed)
	w.must(err)
	return phone{d.SerialNumber, raw}
}

// assignment gives p to a user, with the codes that it shows from steps after now on.
func (w *mfaWorld) assignment(p phone, user string, steps int64) MFAAssignment {
	return MFAAssignment{User: user, SerialNumber: p.serial, Code1: p.code(w.clock, steps), Code2: p.code(w.clock, steps+1)}
}

func (w *mfaWorld) enable(p phone, account ids.AccountID, user string) {
	w.Helper()
	w.must(w.EnableMFADevice(w.ctx, account, w.assignment(p, user, -1)))
}

// later moves the clock by whole steps.
func (w *mfaWorld) later(steps int64) { w.clock = w.clock.Add(time.Duration(steps) * totp.Step) }

func TestCreateVirtualMFADevice(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{Users: 3, Tags: 50, MFADevices: 8})
	d, seed, err := w.CreateVirtualMFADevice(w.ctx, accountA, NewMFADevice{Name: "Phone", Path: "/x/", Tags: []Tag{{"team", "blue"}}})
	w.must(err)
	if d.SerialNumber != "arn:aws:iam::111111111111:mfa/x/Phone" || !d.Enabled.IsZero() || d.Owner != nil || len(d.Tags) != 1 {
		t.Errorf("made %+v", d)
	}
	raw, err := base32.StdEncoding.DecodeString(seed)
	if err != nil || len(seed) != 64 {
		t.Errorf("a seed of %d characters: %v", len(seed), err)
	}
	// The seed is sealed for the serial number.
	w.must(w.store.View(w.ctx, func(r meta.Reader) error {
		value, err := r.Get(keys.MFADevice(accountA, "/x/Phone"))
		if err != nil || strings.Contains(string(value), string(raw)) || strings.Contains(string(value), seed) {
			t.Errorf("the record holds the seed, or: %v", err)
		}
		record := new(records.MFADevice)
		if err := records.Unmarshal(value, record); err != nil {
			return err
		}
		opened, err := w.box.Open(record.SealedSeed, []byte(d.SerialNumber))
		if string(opened) != string(raw) {
			t.Error("the seed in the record is another one")
		}
		return err
	}))
	_, _, err = w.CreateVirtualMFADevice(w.ctx, accountA, NewMFADevice{Name: "Phone", Path: "/x/"})
	w.refused(err, "EntityAlreadyExists", "MFADevice entity at the same path and name already exists.")
	// Another path, other letters and another account make another device.
	w.device(accountA, "Phone")
	w.device(accountB, "Phone")
	longest := 256 - len("arn:aws:iam::111111111111:mfa/")
	w.device(accountA, strings.Repeat("p", longest))
	_, _, err = w.CreateVirtualMFADevice(w.ctx, accountA, NewMFADevice{Name: "phone"})
	w.refused(err, "LimitExceeded", "Cannot exceed quota for VirtualMFADevicesPerAccount: 3")
	for name, in := range map[string]NewMFADevice{
		"no name":                      {},
		"bad name":                     {Name: "a b"},
		"name with a path":             {Name: "a/b"},
		"long name":                    {Name: strings.Repeat("p", longest+1)},
		"path without end":             {Name: "a", Path: "/x"},
		"path of no serial number":     {Name: "a", Path: "/!/"},
		"path longer than a serial is": {Name: "a", Path: "/" + strings.Repeat("x", 300) + "/"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := w.CreateVirtualMFADevice(w.ctx, accountA, in)
			w.refused(err, "ValidationError", "")
		})
	}
	_, _, err = w.CreateVirtualMFADevice(w.ctx, accountA, NewMFADevice{Name: "a", Tags: []Tag{{"k", ""}, {"k", ""}}})
	w.refused(err, "InvalidInput", "")
}

// TestMFALife is what becomes of a device: for a user, and for the root user.
func TestMFALife(t *testing.T) {
	t.Parallel()
	for _, user := range []string{"ann", ""} {
		w := newMFAWorld(t, Quotas{})
		w.user(accountA, "ann")
		w.user(accountA, "bob")
		p := w.device(accountA, "phone")
		w.refused(w.DeactivateMFADevice(w.ctx, accountA, MFAAssignment{User: user, SerialNumber: p.serial}), "NoSuchEntity", "MFA Device invalid for user.")
		w.enable(p, accountA, user)
		w.later(2)
		w.refused(w.EnableMFADevice(w.ctx, accountA, w.assignment(p, "bob", 0)), "EntityAlreadyExists", "MFA Device is already in use.")
		list, err := w.MFADevices(w.ctx, accountA, user, Page{})
		w.must(err)
		if len(list.Items) != 1 || list.Items[0].SerialNumber != p.serial || list.Items[0].Owner.Name != user || !list.Items[0].Enabled.Equal(w.clock.Add(-2*totp.Step)) {
			t.Errorf("%q has %+v", user, list.Items)
		}
		none, err := w.MFADevices(w.ctx, accountA, "bob", Page{})
		w.must(err)
		if len(none.Items) != 0 {
			t.Errorf("bob has %+v", none.Items)
		}
		w.refused(w.DeleteVirtualMFADevice(w.ctx, accountA, p.serial), "DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.")
		for _, other := range []string{"bob", map[string]string{"ann": "", "": "ann"}[user]} {
			w.refused(w.DeactivateMFADevice(w.ctx, accountA, MFAAssignment{User: other, SerialNumber: p.serial}), "NoSuchEntity", "MFA Device invalid for user.")
		}
		w.must(w.DeactivateMFADevice(w.ctx, accountA, MFAAssignment{User: user, SerialNumber: p.serial}))
		w.must(w.DeleteVirtualMFADevice(w.ctx, accountA, p.serial))
		w.refused(w.DeleteVirtualMFADevice(w.ctx, accountA, p.serial), "NoSuchEntity", "VirtualMFADevice with serial number "+p.serial+" doesn't exist.")
	}
}

// TestMFASerialNumbers: what does not name a device of the account names none.
func TestMFASerialNumbers(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	w.user(accountA, "ann")
	w.device(accountA, "phone")
	other := w.device(accountB, "phone")
	for _, serial := range []string{
		"", "phone", "GAHT12345678", other.serial, "arn:aws:iam::111111111111:mfa/Phone", "arn:aws:iam::111111111111:mfa/x/phone",
		"arn:aws:iam::111111111111:mfa/", "arn:aws:iam::111111111111:mfa", "arn:aws:iam::111111111111:mfa//phone",
		"arn:aws:iam::111111111111:user/phone", "arn:aws:iam:us-east-1:111111111111:mfa/phone", "arn:aws-cn:iam::111111111111:mfa/phone",
	} {
		in := w.assignment(other, "ann", 0)
		in.SerialNumber = serial
		for _, err := range []error{
			w.EnableMFADevice(w.ctx, accountA, in), w.ResyncMFADevice(w.ctx, accountA, in), w.DeactivateMFADevice(w.ctx, accountA, in),
			w.DeleteVirtualMFADevice(w.ctx, accountA, serial),
		} {
			w.refused(err, "NoSuchEntity", "VirtualMFADevice with serial number "+serial+" doesn't exist.")
		}
		if target, err := w.MFADeviceTarget(w.ctx, accountA, serial); err != nil || target.ARN != serial {
			t.Errorf("%s: target %+v, %v", serial, target, err)
		}
	}
	w.refused(w.EnableMFADevice(w.ctx, accountA, w.assignment(other, "nobody", 0)), "NoSuchEntity", "The user with name nobody cannot be found.")
}

// TestEnableCodes: two codes that follow one another, and of which the second is at most one step away.
func TestEnableCodes(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	w.user(accountA, "ann")
	other := w.device(accountA, "other")
	for first := int64(-4); first <= 3; first++ {
		p := w.device(accountA, fmt.Sprint("phone", first+4))
		in := w.assignment(p, "ann", first)
		for _, wrong := range []MFAAssignment{
			{User: "ann", SerialNumber: p.serial},
			{User: "ann", SerialNumber: p.serial, Code1: in.Code1, Code2: in.Code1},
			{User: "ann", SerialNumber: p.serial, Code1: in.Code2, Code2: in.Code1},
			{User: "ann", SerialNumber: p.serial, Code1: other.code(w.clock, first), Code2: other.code(w.clock, first+1)},
		} {
			w.refused(w.EnableMFADevice(w.ctx, accountA, wrong), "InvalidAuthenticationCode", "Authentication code for device is not valid.")
		}
		err := w.EnableMFADevice(w.ctx, accountA, in)
		if first < -2 || first > 0 {
			w.refused(err, "InvalidAuthenticationCode", "")
			continue
		}
		w.must(err)
		// The same codes do not enable it again.
		w.must(w.DeactivateMFADevice(w.ctx, accountA, MFAAssignment{User: "ann", SerialNumber: p.serial}))
		w.refused(w.EnableMFADevice(w.ctx, accountA, in), "InvalidAuthenticationCode", "")
	}
}

func TestMFAQuota(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{Users: 9, MFADevices: 2})
	w.user(accountA, "ann")
	for _, user := range []string{"ann", ""} {
		for i := range 2 {
			w.enable(w.device(accountA, fmt.Sprint(user, "phone", i)), accountA, user)
		}
		third := w.device(accountA, user+"third")
		w.refused(w.EnableMFADevice(w.ctx, accountA, w.assignment(third, user, -1)), "LimitExceeded", "Cannot exceed quota for MFADevicesPerUser: 2")
	}
	list, err := w.MFADevices(w.ctx, accountA, "ann", Page{Max: 1})
	w.must(err)
	rest, err := w.MFADevices(w.ctx, accountA, "ann", Page{Marker: list.Marker})
	w.must(err)
	if len(list.Items) != 1 || len(rest.Items) != 1 || rest.Marker != "" || !strings.HasSuffix(rest.Items[0].SerialNumber, "annphone1") {
		t.Errorf("pages %+v, %+v", list, rest)
	}
}

// TestWithoutMFA: a user that has a device needs it to enable another one, or to deactivate one.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_cliapi.html
func TestWithoutMFA(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	w.user(accountA, "ann")
	first, second := w.device(accountA, "first"), w.device(accountA, "second")
	in := w.assignment(first, "ann", -1)
	in.WithoutMFA = true
	w.must(w.EnableMFADevice(w.ctx, accountA, in))
	w.refused(w.DeactivateMFADevice(w.ctx, accountA, in), "AccessDenied", "To complete this action, please ensure that you are authenticated with an MFA device that is enabled for this user.")
	in = w.assignment(second, "ann", -1)
	in.WithoutMFA = true
	w.refused(w.EnableMFADevice(w.ctx, accountA, in), "AccessDenied", "")
	in.WithoutMFA = false
	w.must(w.EnableMFADevice(w.ctx, accountA, in))
}

func TestResync(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	w.user(accountA, "ann")
	p := w.device(accountA, "phone")
	w.enable(p, accountA, "")
	w.later(100)
	const ahead = 15 // the phone's clock, in steps
	verify := func(steps int64) error {
		return w.VerifyMFA(w.ctx, accountA, p.serial, p.code(w.clock, steps), w.clock)
	}
	if err := verify(ahead); !errors.Is(err, ErrMFACode) {
		t.Fatalf("a code of a wrong clock: %v", err)
	}
	w.refused(w.ResyncMFADevice(w.ctx, accountA, w.assignment(p, "ann", ahead)), "NoSuchEntity", "MFA Device invalid for user.")
	w.refused(w.ResyncMFADevice(w.ctx, accountA, w.assignment(p, "", 20)), "InvalidAuthenticationCode", "Authentication code for device is not valid.")
	in := w.assignment(p, "", ahead-1)
	w.must(w.ResyncMFADevice(w.ctx, accountA, in))
	w.refused(w.ResyncMFADevice(w.ctx, accountA, in), "InvalidAuthenticationCode", "")
	w.later(5)
	if err := verify(0); !errors.Is(err, ErrMFACode) {
		t.Errorf("a code of the clock before: %v", err)
	}
	w.must(verify(ahead))
	// The phone's clock is put right: what lies before the last code is not taken.
	w.refused(w.ResyncMFADevice(w.ctx, accountA, w.assignment(p, "", -1)), "InvalidAuthenticationCode", "")
	w.later(ahead + 2)
	w.must(w.ResyncMFADevice(w.ctx, accountA, w.assignment(p, "", -1)))
	w.later(1)
	w.must(verify(0))
}

func TestVirtualMFADevices(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	ann := w.user(accountA, "ann")
	w.device(accountB, "b")
	phones := map[string]phone{}
	for _, name := range []string{"a", "b", "c", "d"} {
		phones[name] = w.device(accountA, name)
	}
	w.enable(phones["b"], accountA, "ann")
	w.enable(phones["d"], accountA, "")
	w.must(w.UpdateUser(w.ctx, accountA, "ann", "zoe", "/x/")) // the devices go with the user
	for _, c := range []struct {
		status AssignmentStatus
		want   string
	}{
		{Any, "a b=zoe c d=root"}, {Assigned, "b=zoe d=root"}, {Unassigned, "a c"},
	} {
		for size := 1; size <= 5; size++ {
			var got []string
			for p := (Page{Max: size}); len(got) == 0 || p.Marker != ""; {
				list, err := w.VirtualMFADevices(w.ctx, accountA, c.status, p)
				w.must(err)
				for _, d := range list.Items {
					text := d.SerialNumber[strings.LastIndex(d.SerialNumber, "/")+1:]
					switch {
					case d.Owner == nil:
					case d.Owner.ID == ann.ID && d.Owner.ARN == "arn:aws:iam::111111111111:user/x/zoe" && d.Enabled.Equal(w.clock):
						text += "=zoe"
					case d.Owner.ARN == "arn:aws:iam::111111111111:root" && d.Owner.ID == "111111111111" && d.Owner.Name == "" && d.Owner.Path == "":
						text += "=root"
					default:
						t.Errorf("device %+v of %+v", d, d.Owner)
					}
					got = append(got, text)
				}
				p.Marker = list.Marker
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s, %d a page: %s, want %s", c.status, size, got, c.want)
			}
		}
	}
	_, err := w.VirtualMFADevices(w.ctx, accountA, Any, Page{Marker: "!"})
	w.refused(err, "ValidationError", "Invalid Marker.")
}

// TestDeleteUserWithMFA: a device has to be deactivated first, and then is nobody's.
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
func TestDeleteUserWithMFA(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	w.user(accountA, "ann")
	p := w.device(accountA, "phone")
	w.enable(p, accountA, "ann")
	w.refused(w.DeleteUser(w.ctx, accountA, "ann"), "DeleteConflict", "Cannot delete entity, must delete MFA device first.")
	w.must(w.DeactivateMFADevice(w.ctx, accountA, MFAAssignment{User: "ann", SerialNumber: p.serial}))
	w.must(w.DeleteUser(w.ctx, accountA, "ann"))
	w.user(accountA, "ann")
	if list, err := w.MFADevices(w.ctx, accountA, "ann", Page{}); err != nil || len(list.Items) != 0 {
		t.Errorf("a new user has %+v, %v", list.Items, err)
	}
}

// FuzzParseSerialNumber: what is taken is the ARN of a device of an account, and is written as it was read.
func FuzzParseSerialNumber(f *testing.F) {
	for _, serial := range []string{"arn:aws:iam::111111111111:mfa/x/phone", "arn:aws:iam::111111111111:mfa/", "arn:aws:iam::1:mfa/a", "GAHT12345678", "::::::"} {
		f.Add(serial)
	}
	f.Fuzz(func(t *testing.T, serial string) {
		a, err := ParseSerialNumber(serial)
		if err != nil {
			return
		}
		if a.String() != serial || !strings.HasPrefix(serial, "arn:aws:iam::"+a.Account+":mfa/") || len(a.Account) != 12 {
			t.Errorf("%q was taken for %q", serial, a)
		}
	})
}
