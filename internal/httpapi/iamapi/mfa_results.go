package iamapi

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"net/url"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/wire/query"
)

type mfaDeviceShape struct {
	UserName     string `xml:",omitempty"`
	SerialNumber string
	EnableDate   string
}

type virtualMFADeviceShape struct {
	SerialNumber     string
	Base32StringSeed string                `xml:",omitempty"`
	QRCodePNG        string                `xml:",omitempty"`
	User             *userShape            `xml:",omitempty"`
	EnableDate       string                `xml:",omitempty"`
	Tags             *query.List[tagShape] `xml:",omitempty"`
}

// virtualMFADeviceResult is the answer of CreateVirtualMFADevice.
type virtualMFADeviceResult struct{ VirtualMFADevice virtualMFADeviceShape }

// mfaDeviceOf renders an enabled device. One of the root user has no UserName.
func mfaDeviceOf(d iam.MFADevice) mfaDeviceShape {
	return mfaDeviceShape{UserName: d.Owner.Name, SerialNumber: d.SerialNumber, EnableDate: query.Time(d.Enabled)}
}

// virtualMFADeviceOf renders a device in a list, which does not tell its tags.
func virtualMFADeviceOf(d iam.MFADevice) virtualMFADeviceShape {
	s := virtualMFADeviceShape{SerialNumber: d.SerialNumber}
	if d.Owner != nil {
		user := listedUser(*d.Owner)
		s.User, s.EnableDate = &user, query.Time(d.Enabled)
	}
	return s
}

// createdMFADevice renders a new device with its seed, as text and as a picture for the camera of the
// device. Both are blobs, which the protocol writes in base 64.
func createdMFADevice(account ids.AccountID, name string, d iam.MFADevice, seed string) (*virtualMFADeviceResult, error) {
	picture, err := qrCode(otpauth(account, name, seed))
	if err != nil {
		return nil, fmt.Errorf("draw the QR code of an MFA device: %w", err)
	}
	return &virtualMFADeviceResult{virtualMFADeviceShape{
		SerialNumber: d.SerialNumber, Tags: tagsOf(d.Tags),
		Base32StringSeed: base64.StdEncoding.EncodeToString([]byte(seed)),
		QRCodePNG:        base64.StdEncoding.EncodeToString(picture),
	}}, nil
}

// otpauth returns the URI that tells a device its seed. A new device is no user's yet, so that what follows
// the name is the account.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_VirtualMFADevice.html
func otpauth(account ids.AccountID, name, seed string) string {
	return "otpauth://totp/" + url.PathEscape(name+"@"+string(account)) + "?secret=" + seed
}

// Of a QR code: the width of a module, in pixels, and of the margin on each side, in modules, which the
// standard demands.
const (
	moduleWidth = 4
	margin      = 4
)

// qrCode draws text as a QR code in PNG.
func qrCode(text string) ([]byte, error) {
	code, err := qr.EncodeWithColor(text, qr.M, qr.Auto, barcode.ColorScheme8)
	if err != nil {
		return nil, err
	}
	// What is left over of the side when the modules are drawn is the margin.
	side := (code.Bounds().Dx() + 2*margin) * moduleWidth
	scaled, err := barcode.Scale(code, side, side)
	if err != nil {
		return nil, err
	}
	var picture bytes.Buffer
	err = png.Encode(&picture, scaled)
	return picture.Bytes(), err
}
