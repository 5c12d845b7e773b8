package identities

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/mfadevice"
	"crossgrant/internal/console/page"
)

// newDevice is the page on which a virtual MFA device is made, and assigned.
type newDevice struct {
	Name string
	// Waiting are virtual devices that were made and never assigned. Nobody can see their secrets again.
	Waiting []string
	Made    *mfadevice.Device
}

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
	made, err := mfadevice.Create(ctx, v)
	if made == nil || err != nil {
		return nil, err
	}
	return &page.Done{View: mfaView(newDevice{Name: v.Path("name"), Made: made})}, nil
}

func enableMFA(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Path("name")
	again, err := mfadevice.Enable(ctx, v, name)
	if again != nil {
		return &page.Done{View: mfaView(newDevice{Name: name, Made: again})}, err
	}
	return &page.Done{To: credentialsTab(name), Note: "The MFA device is assigned. From now on " + name + " signs in with the password and a code."}, err
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
	one, two, err := mfadevice.Codes(v)
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
	if err := mfadevice.Remove(ctx, v, name, serial); err != nil {
		return nil, err
	}
	return &page.Done{To: credentialsTab(name), Note: "The MFA device is deactivated."}, nil
}
