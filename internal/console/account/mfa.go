package account

import (
	"context"

	"crossgrant/internal/console/mfadevice"
	"crossgrant/internal/console/page"
)

// device is the page on which the visitor makes a virtual MFA device, and assigns it.
type device struct {
	// Name is a name for the device.
	Name string
	Made *mfadevice.Device
}

func showNewMFA(_ context.Context, v *page.Visit) (*page.View, error) {
	_, name := kindOf(v.Session.Current().ARN)
	return mfaView(device{Name: name}), nil
}

func mfaView(d device) *page.View {
	return &page.View{Title: "MFA device", Crumbs: []page.Crumb{{Text: "Security credentials", To: "/me"}, {Text: "MFA device"}}, Template: "my-mfa", Data: d}
}

func createMFA(ctx context.Context, v *page.Visit) (*page.Done, error) {
	made, err := mfadevice.Create(ctx, v)
	if made == nil || err != nil {
		return nil, err
	}
	return &page.Done{View: mfaView(device{Made: made})}, nil
}

// own is the visitor's name as a user; empty for the root user.
func own(v *page.Visit) string {
	kind, name := kindOf(v.Session.Current().ARN)
	if kind == "root" {
		return ""
	}
	return name
}

func enableMFA(ctx context.Context, v *page.Visit) (*page.Done, error) {
	again, err := mfadevice.Enable(ctx, v, own(v))
	if again != nil {
		return &page.Done{View: mfaView(device{Made: again})}, err
	}
	return &page.Done{To: "/me", Note: "The MFA device is yours. From now on you sign in with the password and a code."}, err
}

func deactivateMFA(ctx context.Context, v *page.Visit) (*page.Done, error) {
	serial := v.Form("serial")
	if err := v.Confirmed(serial); err != nil {
		return nil, err
	}
	if err := mfadevice.Remove(ctx, v, own(v), serial); err != nil {
		return nil, err
	}
	return &page.Done{To: "/me", Note: "The MFA device is not yours any more."}, nil
}
