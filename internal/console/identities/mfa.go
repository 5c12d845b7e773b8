package identities

import (
	"context"
	"encoding/base64"
	"html/template"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// newDevice is the page on which a virtual MFA device is made, and assigned.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_virtual.html
type newDevice struct {
	Name string
	// Waiting are virtual devices that were made and never assigned. Nobody can see their secrets again.
	Waiting []string
	Made    *madeDevice
	// Sealed is Made, which IAM shows once, for the next try.
	Sealed string
}

// madeDevice is a virtual MFA device that waits for its first codes.
type madeDevice struct {
	Serial, Seed string
	PNG          []byte
}

// Picture is the QR code, as a URL of its content.
func (d *madeDevice) Picture() template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(d.PNG))
}

// assigning is how long a device that was made may be assigned on the same page.
const assigning = 15 * time.Minute

func showNewMFA(ctx context.Context, v *page.Visit) (*page.View, error) {
	name := v.Path("name")
	n := newDevice{Name: name}
	out, err := v.AWS.IAM().ListVirtualMFADevices(ctx, &iam.ListVirtualMFADevicesInput{AssignmentStatus: types.AssignmentStatusTypeUnassigned, MaxItems: aws.Int32(20)})
	if err == nil { // or else the visitor may not know of them
		for _, device := range out.VirtualMFADevices {
			n.Waiting = append(n.Waiting, aws.ToString(device.SerialNumber))
		}
	}
	return mfaView(n), nil
}

func mfaView(n newDevice) *page.View {
	return &page.View{Title: "MFA device", Crumbs: users.crumbs(n.Name, "MFA device"), Template: "mfa", Data: n}
}

func createMFA(ctx context.Context, v *page.Visit) (*page.Done, error) {
	device := v.Text("device")
	if device == "" {
		return nil, page.Invalid("Type a name for the device.")
	}
	out, err := v.AWS.IAM().CreateVirtualMFADevice(ctx, &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: &device})
	if err != nil || v.Dry() {
		return nil, err
	}
	made := &madeDevice{aws.ToString(out.VirtualMFADevice.SerialNumber), string(out.VirtualMFADevice.Base32StringSeed), out.VirtualMFADevice.QRCodePNG}
	return assign(v, made)
}

// assign shows a device that was made, and asks for its first codes.
func assign(v *page.Visit, made *madeDevice) (*page.Done, error) {
	n := newDevice{Name: v.Path("name"), Made: made}
	var err error
	if n.Sealed, err = v.Seal("mfa", made, assigning); err != nil {
		return nil, err
	}
	return &page.Done{View: mfaView(n)}, nil
}

func enableMFA(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Path("name")
	var made madeDevice
	if err := v.Unseal("mfa", v.Form("sealed"), &made); err != nil {
		return nil, page.Invalid("That took too long. Delete the device that was made, and begin again.")
	}
	one, two, err := twoCodes(v)
	if err == nil {
		_, err = v.AWS.IAM().EnableMFADevice(ctx, &iam.EnableMFADeviceInput{UserName: &name, SerialNumber: &made.Serial, AuthenticationCode1: &one, AuthenticationCode2: &two})
	}
	if err != nil && !v.Dry() {
		// The same secret is shown for the next try.
		v.Failed = v.Problem(err)
		return assign(v, &made)
	}
	return &page.Done{To: credentialsTab(name), Note: "The MFA device is assigned. From now on " + name + " signs in with the password and a code."}, err
}

// twoCodes returns the codes of a form.
func twoCodes(v *page.Visit) (one, two string, err error) {
	one, two = v.Text("code1"), v.Text("code2")
	if one == "" || two == "" {
		return "", "", page.Invalid("Type two codes that follow each other.")
	}
	return one, two, nil
}

// discardMFA deletes a device that was made and not assigned.
func discardMFA(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Path("name")
	serials, err := chosen(v, "serial", "Choose the devices to delete.")
	if err != nil {
		return nil, err
	}
	for _, serial := range serials {
		if _, err := v.AWS.IAM().DeleteVirtualMFADevice(ctx, &iam.DeleteVirtualMFADeviceInput{SerialNumber: &serial}); err != nil {
			return nil, err
		}
	}
	return &page.Done{To: users.path(name, "mfa"), Note: "Deleted."}, nil
}

func resyncMFA(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, serial := v.Path("name"), v.Form("serial")
	one, two, err := twoCodes(v)
	if err != nil {
		return nil, err
	}
	if _, err := v.AWS.IAM().ResyncMFADevice(ctx, &iam.ResyncMFADeviceInput{UserName: &name, SerialNumber: &serial, AuthenticationCode1: &one, AuthenticationCode2: &two}); err != nil {
		return nil, err
	}
	return &page.Done{To: credentialsTab(name), Note: "The MFA device is in step again."}, nil
}

func deactivateMFA(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, serial := v.Path("name"), v.Form("serial")
	if err := v.Confirmed(name); err != nil {
		return nil, err
	}
	if err := removeDevice(ctx, v, name, serial); err != nil {
		return nil, err
	}
	return &page.Done{To: credentialsTab(name), Note: "The MFA device is deactivated."}, nil
}
