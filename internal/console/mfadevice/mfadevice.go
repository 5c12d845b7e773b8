// Package mfadevice is how a virtual MFA device is made, assigned and taken away, for the pages of a user and those of the
// visitor alike.
//
// IAM shows the secret of a device once, when it is made. Until two codes have assigned the device, its secret goes from
// page to page sealed.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_virtual.html
package mfadevice

import (
	"context"
	"embed"
	"encoding/base64"
	"html/template"
	"io/fs"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go/middleware"

	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// Templates has the templates
//
//   - "mfa-name", a form with the action "mfa-create": (dict "V" .V "Name" …), which may have Back, an address;
//   - "mfa-assign", a form with the action "mfa-enable", for (frame .V device);
//   - "mfa-codes", the fields that Codes reads.
func Templates() fs.FS { return page.Templates(files) }

// Device is a virtual MFA device that waits for its first codes.
type Device struct {
	Serial, Seed string
	PNG          []byte
	// Sealed is the device, for the form that assigns it.
	Sealed string `json:"-"`
}

// Picture is the QR code, as a URL of its content.
func (d *Device) Picture() template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(d.PNG))
}

// assigning is how long a device that was made may be assigned on the same page.
const assigning = 15 * time.Minute

// purpose is what devices are sealed for.
const purpose = "mfa-device"

func (d *Device) seal(v *page.Visit) (*Device, error) {
	var err error
	d.Sealed, err = v.Seal(purpose, d, assigning)
	return d, err
}

// Create makes a device with the name of the form. It returns nil if the form is only tried.
func Create(ctx context.Context, v *page.Visit) (*Device, error) {
	name := v.Text("device")
	if name == "" {
		return nil, page.Invalid("Type a name for the device.")
	}
	out, err := v.AWS.IAM().CreateVirtualMFADevice(ctx, &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: &name})
	if err != nil || v.Dry() {
		return nil, err
	}
	made := out.VirtualMFADevice
	return (&Device{Serial: aws.ToString(made.SerialNumber), Seed: string(made.Base32StringSeed), PNG: made.QRCodePNG}).seal(v)
}

// Enable assigns the device of the form to a user, or to the root user if the name is empty. A device that is returned
// was not assigned, for the reason in v.Failed: it is to be shown again, for the next try with the same secret.
func Enable(ctx context.Context, v *page.Visit, user string) (again *Device, err error) {
	var d Device
	if err := v.Unseal(purpose, v.Form("sealed"), &d); err != nil {
		return nil, page.Invalid("That took too long: nobody can see the secret of the device again. Make another device, and delete this one.")
	}
	one, two, err := Codes(v)
	if err == nil {
		in := &iam.EnableMFADeviceInput{SerialNumber: &d.Serial, AuthenticationCode1: &one, AuthenticationCode2: &two}
		var options []func(*iam.Options)
		if user == "" {
			options = append(options, withoutUser)
		} else {
			in.UserName = &user
		}
		_, err = v.AWS.IAM().EnableMFADevice(ctx, in, options...)
	}
	if err != nil && !v.Dry() {
		v.Failed = v.Problem(err)
		return d.seal(v)
	}
	return nil, err
}

// withoutUser lets the root user leave UserName out, which stands for it there. The model of the API has it required,
// and AWS's console leaves it out.
func withoutUser(o *iam.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		_, err := stack.Initialize.Remove("OperationInputValidation")
		return err
	})
}

// Codes returns two codes of a form that follow each other.
func Codes(v *page.Visit) (one, two string, err error) {
	one, two = v.Text("code1"), v.Text("code2")
	if one == "" || two == "" {
		return "", "", page.Invalid("Type two codes that follow each other.")
	}
	return one, two, nil
}

// Remove deactivates a device of a user, or of the root user if the name is empty. A virtual one is worth nothing
// afterwards, and is deleted.
func Remove(ctx context.Context, v *page.Visit, user, serial string) error {
	in := &iam.DeactivateMFADeviceInput{SerialNumber: &serial}
	if user != "" {
		in.UserName = &user
	}
	if _, err := v.AWS.IAM().DeactivateMFADevice(ctx, in); err != nil {
		return err
	}
	if !strings.HasPrefix(serial, "arn:") {
		return nil
	}
	_, err := v.AWS.IAM().DeleteVirtualMFADevice(ctx, &iam.DeleteVirtualMFADeviceInput{SerialNumber: &serial})
	return err
}
