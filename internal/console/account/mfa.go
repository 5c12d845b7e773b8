package account

import (
	"context"
	"encoding/base64"
	"html/template"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go/middleware"

	"crossgrant/internal/console/page"
)

// device is the page on which the visitor makes a virtual MFA device, and assigns it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_virtual.html
type device struct {
	// Name is a name for the device.
	Name string
	Made *madeDevice
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

func showNewMFA(_ context.Context, v *page.Visit) (*page.View, error) {
	_, name := kindOf(v.Session.Current().ARN)
	return mfaView(device{Name: name}), nil
}

func mfaView(d device) *page.View {
	return &page.View{Title: "MFA device", Crumbs: []page.Crumb{{Text: "Security credentials", To: "/me"}, {Text: "MFA device"}}, Template: "my-mfa", Data: d}
}

func createMFA(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if v.Text("device") == "" {
		return nil, page.Invalid("Type a name for the device.")
	}
	out, err := v.AWS.IAM().CreateVirtualMFADevice(ctx, &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String(v.Text("device"))})
	if err != nil || v.Dry() {
		return nil, err
	}
	return assign(v, &madeDevice{aws.ToString(out.VirtualMFADevice.SerialNumber), string(out.VirtualMFADevice.Base32StringSeed), out.VirtualMFADevice.QRCodePNG})
}

// assign shows a device that was made, and asks for its first codes.
func assign(v *page.Visit, made *madeDevice) (*page.Done, error) {
	d := device{Made: made}
	var err error
	if d.Sealed, err = v.Seal("my-mfa", made, assigning); err != nil {
		return nil, err
	}
	return &page.Done{View: mfaView(d)}, nil
}

func enableMFA(ctx context.Context, v *page.Visit) (*page.Done, error) {
	var made madeDevice
	if err := v.Unseal("my-mfa", v.Form("sealed"), &made); err != nil {
		return nil, page.Invalid("That took too long: nobody can see the secret of the device again. Make another device.")
	}
	kind, name := kindOf(v.Session.Current().ARN)
	in := &iam.EnableMFADeviceInput{SerialNumber: &made.Serial, AuthenticationCode1: aws.String(v.Text("code1")), AuthenticationCode2: aws.String(v.Text("code2"))}
	var options []func(*iam.Options)
	if kind == "root" {
		options = append(options, withoutUser)
	} else {
		in.UserName = &name
	}
	_, err := v.AWS.IAM().EnableMFADevice(ctx, in, options...)
	if err != nil && !v.Dry() {
		// The same secret is shown for the next try.
		v.Failed = v.Problem(err)
		return assign(v, &made)
	}
	return &page.Done{To: "/me", Note: "The MFA device is yours. From now on you sign in with the password and a code."}, err
}

// withoutUser lets the root user leave UserName out, which stands for it there. The model of the API has it required,
// and AWS's console leaves it out.
func withoutUser(o *iam.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		_, err := stack.Initialize.Remove("OperationInputValidation")
		return err
	})
}

// deactivateMFA takes a device from the visitor, and deletes it if it is a virtual one, which nobody could use again.
func deactivateMFA(ctx context.Context, v *page.Visit) (*page.Done, error) {
	serial := v.Form("serial")
	if err := v.Confirmed(serial); err != nil {
		return nil, err
	}
	kind, name := kindOf(v.Session.Current().ARN)
	in := &iam.DeactivateMFADeviceInput{SerialNumber: &serial}
	if kind != "root" {
		in.UserName = &name
	}
	if _, err := v.AWS.IAM().DeactivateMFADevice(ctx, in); err != nil {
		return nil, err
	}
	if strings.HasPrefix(serial, "arn:") {
		if _, err := v.AWS.IAM().DeleteVirtualMFADevice(ctx, &iam.DeleteVirtualMFADeviceInput{SerialNumber: &serial}); err != nil {
			return nil, err
		}
	}
	return &page.Done{To: "/me", Note: "The MFA device is not yours any more."}, nil
}
