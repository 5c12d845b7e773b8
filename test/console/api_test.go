package console_test

import (
	"encoding/base32"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/internal/totp"
)

// What a test arranges, or asks for afterwards, it does through the APIs, as a profile.

func (w *world) s3(profile string) *s3.Client {
	return s3.NewFromConfig(w.config(profile), func(o *s3.Options) { o.UsePathStyle = true })
}

func (w *world) iam(profile string) *iam.Client { return iam.NewFromConfig(w.config(profile)) }

func (w *world) organizations(profile string) *organizations.Client {
	return organizations.NewFromConfig(w.config(profile))
}

func (w *world) cloudTrail(profile string) *cloudtrail.Client {
	return cloudtrail.NewFromConfig(w.config(profile))
}

// done fails the test if a call failed.
func done[T any](t *testing.T) func(T, error) T {
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// phoneOf gives a user an MFA device, and returns what shows its codes. The codes up to the current one are used up.
func (w *world) phoneOf(t *testing.T, profile, user string) (code func(steps int64) string) {
	t.Helper()
	client := w.iam(profile)
	device := done[*iam.CreateVirtualMFADeviceOutput](t)(client.CreateVirtualMFADevice(t.Context(), &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String(user + "-phone")})).VirtualMFADevice
	seed, err := base32.StdEncoding.DecodeString(string(device.Base32StringSeed))
	if err != nil {
		t.Fatal(err)
	}
	code = func(steps int64) string { return totp.Code(seed, totp.StepAt(time.Now())+steps) }
	done[*iam.EnableMFADeviceOutput](t)(client.EnableMFADevice(t.Context(), &iam.EnableMFADeviceInput{
		UserName: &user, SerialNumber: device.SerialNumber, AuthenticationCode1: aws.String(code(-1)), AuthenticationCode2: aws.String(code(0)),
	}))
	return code
}
