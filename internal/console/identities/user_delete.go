package identities

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/mfadevice"
	"crossgrant/internal/console/page"
)

// deleteUser deletes a user, and before it what IAM wants removed: the password, access keys, MFA devices, policies and
// memberships.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
func deleteUser(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, c := v.Path("name"), v.AWS.IAM()
	if err := v.Confirmed(name); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context, *page.Visit, string) error{dropPassword, dropKeys, dropMFA, users.strip, dropMemberships} {
		if err := step(ctx, v, name); err != nil {
			return nil, err
		}
	}
	if _, err := c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &name}); err != nil {
		return nil, err
	}
	return &page.Done{To: "/users", Note: "The user " + name + " is deleted."}, nil
}

func dropPassword(ctx context.Context, v *page.Visit, name string) error {
	if _, err := v.AWS.IAM().GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: &name}); err != nil {
		if absent(err) {
			return nil
		}
		return err
	}
	_, err := v.AWS.IAM().DeleteLoginProfile(ctx, &iam.DeleteLoginProfileInput{UserName: &name})
	return err
}

func dropKeys(ctx context.Context, v *page.Visit, name string) error {
	keys, err := keysOf(ctx, v, name)
	for _, key := range keys {
		if _, err := v.AWS.IAM().DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &name, AccessKeyId: key.AccessKeyId}); err != nil {
			return err
		}
	}
	return err
}

func dropMFA(ctx context.Context, v *page.Visit, name string) error {
	devices, err := devicesOf(ctx, v, name)
	for _, device := range devices {
		if err := mfadevice.Remove(ctx, v, name, aws.ToString(device.SerialNumber)); err != nil {
			return err
		}
	}
	return err
}

func dropMemberships(ctx context.Context, v *page.Visit, name string) error {
	in, err := groupsOfUser(ctx, v, name)
	for _, group := range in {
		if _, err := v.AWS.IAM().RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{UserName: &name, GroupName: group.GroupName}); err != nil {
			return err
		}
	}
	return err
}

// keysOf returns the access keys of a user.
func keysOf(ctx context.Context, v *page.Visit, name string) ([]types.AccessKeyMetadata, error) {
	return whole(func(marker *string) ([]types.AccessKeyMetadata, *string, error) {
		out, err := v.AWS.IAM().ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &name, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.AccessKeyMetadata, out.Marker, nil
	})
}

// devicesOf returns the MFA devices of a user.
func devicesOf(ctx context.Context, v *page.Visit, name string) ([]types.MFADevice, error) {
	return whole(func(marker *string) ([]types.MFADevice, *string, error) {
		out, err := v.AWS.IAM().ListMFADevices(ctx, &iam.ListMFADevicesInput{UserName: &name, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.MFADevices, out.Marker, nil
	})
}
