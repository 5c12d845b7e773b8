package iamapi

import (
	"context"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/sts"
	"crossgrant/internal/wire/query"
)

type mfaDevicesResult struct {
	MFADevices query.List[mfaDeviceShape]
	pageShape
}

type virtualMFADevicesResult struct {
	VirtualMFADevices query.List[virtualMFADeviceShape]
	pageShape
}

// mfaDevices returns the rows for virtual MFA devices. What says whose a device is, is about that user.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_cliapi.html
func (a *api) mfaDevices() []httpapi.Operation {
	return []httpapi.Operation{
		a.createVirtualMFADevice(),
		a.deleteVirtualMFADevice(),
		a.entity(entityRow{
			name: "EnableMFADevice", kind: keys.UserKind, anyone: true, decode: decodePair,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.EnableMFADevice(ctx, account, in.mfa)
			},
		}),
		a.entity(entityRow{
			name: "ResyncMFADevice", kind: keys.UserKind, anyone: true, decode: decodePair,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.ResyncMFADevice(ctx, account, in.mfa)
			},
		}),
		a.entity(entityRow{
			name: "DeactivateMFADevice", kind: keys.UserKind, anyone: true,
			decode: func(c *httpapi.Call, q *query.Reader, in *entityInput) error {
				err := decodeUserOrSelf(c, q, in)
				decodeAssignment(c, q, in)
				return err
			},
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.DeactivateMFADevice(ctx, account, in.mfa)
			},
		}),
		a.entity(entityRow{
			name: "GetMFADevice", kind: keys.UserKind, anyone: true,
			decode: func(c *httpapi.Call, q *query.Reader, in *entityInput) error {
				in.mfa.SerialNumber = q.Required("SerialNumber", serialNumberRules...)
				err := decodeUserOrSelf(c, q, in)
				in.everything = in.name == ""
				return err
			},
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				device, err := a.iam.EnabledMFADevice(ctx, account, in.name, in.mfa.SerialNumber)
				if err != nil {
					return nil, err
				}
				shape := mfaDeviceOf(device)
				return &shape, nil
			},
		}),
		a.entity(entityRow{
			name: "ListMFADevices", kind: keys.UserKind, anyone: true, decode: decodeListMFADevices,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				list, err := a.iam.MFADevices(ctx, account, in.name, in.page)
				return &mfaDevicesResult{listOf(list.Items, mfaDeviceOf), pageOf(list.Marker)}, err
			},
		}),
		a.list(listRow{
			name: "ListVirtualMFADevices", resource: underType("mfa"),
			decode: func(q *query.Reader, in *listInput) {
				in.pathPrefix = "/"
				in.status = iam.AssignmentStatus(q.StringOr("AssignmentStatus", string(iam.Any), assignmentRules...))
			},
			run: func(ctx context.Context, account ids.AccountID, in *listInput) (any, error) {
				list, err := a.iam.VirtualMFADevices(ctx, account, in.status, in.page)
				return &virtualMFADevicesResult{listOf(list.Items, virtualMFADeviceOf), pageOf(list.Marker)}, err
			},
		}),
	}
}

// createVirtualMFADevice is the row of CreateVirtualMFADevice.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateVirtualMFADevice.html
func (a *api) createVirtualMFADevice() httpapi.Operation {
	return queryapi.Row[iam.NewMFADevice]{
		Name: "CreateVirtualMFADevice",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*iam.NewMFADevice, error) {
			return &iam.NewMFADevice{
				Name: q.Required("VirtualMFADeviceName", deviceNameRules...), Path: q.StringOr("Path", "/", pathRules...), Tags: tags(q),
			}, nil
		},
		Checks: func(c *httpapi.Call, in *iam.NewMFADevice) []access.Check {
			return creation("iam:CreateVirtualMFADevice", "iam:TagMFADevice", arn.MFADevice(c.Caller.Account, in.Path, in.Name).String(), "", in.Tags)
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *iam.NewMFADevice) (any, error) {
			device, seed, err := a.iam.CreateVirtualMFADevice(ctx, c.Caller.Account, *in)
			if err != nil {
				return nil, err
			}
			return createdMFADevice(c.Caller.Account, in.Name, device, seed)
		},
	}.Operation(protocol)
}

// deviceInput is the input of an operation on a virtual MFA device.
type deviceInput struct {
	arn    arn.ARN
	target iam.Target
}

// deleteVirtualMFADevice is the row of DeleteVirtualMFADevice.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteVirtualMFADevice.html
func (a *api) deleteVirtualMFADevice() httpapi.Operation {
	return queryapi.Row[deviceInput]{
		Name: "DeleteVirtualMFADevice",
		Decode: func(_ *httpapi.Call, q *query.Reader) (in *deviceInput, err error) {
			in = new(deviceInput)
			in.arn, err = iam.ParseSerialNumber(q.Required("SerialNumber", serialNumberRules...))
			return in, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *deviceInput) (err error) {
			in.target, err = a.iam.MFADeviceTarget(ctx, c.Caller.Account, in.arn.String())
			if err == nil && rootSession(c) && in.arn.Account == string(c.Caller.Account) {
				err = a.onRoot(ctx, c.Caller.Account, in)
			}
			return err
		},
		Checks: func(_ *httpapi.Call, in *deviceInput) []access.Check {
			return []access.Check{{
				Action: "iam:DeleteVirtualMFADevice", Resource: in.target.ARN, Owner: ids.AccountID(in.arn.Account),
				Keys: func(k *policy.Context) { resourceTags(k, in.target.Tags, keys.PolicyKind) }, // like those of a policy
			}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *deviceInput) (any, error) {
			return nil, a.iam.DeleteVirtualMFADevice(ctx, c.Caller.Account, in.arn.String())
		},
	}.Operation(protocol)
}

// onRoot makes the question of a session of AssumeRoot one about the root user, which is what its task policy is
// about, unless the device is a user's. Whose a device was that nobody has any more is not known: AWS does not say how
// it knows.
func (a *api) onRoot(ctx context.Context, account ids.AccountID, in *deviceInput) error {
	taken, err := a.iam.MFADeviceOfUser(ctx, account, in.arn.String())
	if err == nil && !taken {
		in.target.ARN = arn.Root(account).String()
	}
	return err
}

// decodePair reads the parameters of an operation that needs two codes. AWS lets nobody but its console
// leave UserName out, which stands for the root user there; here, where there is none, the root user does so.
func decodePair(c *httpapi.Call, q *query.Reader, in *entityInput) error {
	if c.Caller.Kind != policy.Root || q.Has("UserName") {
		in.name = q.Required("UserName", existingUserRules...)
	}
	in.mfa.Code1 = q.Required("AuthenticationCode1", codeRules...)
	in.mfa.Code2 = q.Required("AuthenticationCode2", codeRules...)
	decodeAssignment(c, q, in)
	return nil
}

// decodeAssignment reads which device the operation is about, once the name of its user was read. What the
// root user does to its own devices is asked for on "*", as error messages of AWS show; but in a session of
// AssumeRoot on the root user, which is what the task policies are about.
//
// Source: https://github.com/aws-samples/aws-secure-environment-accelerator/issues/1102
func decodeAssignment(c *httpapi.Call, q *query.Reader, in *entityInput) {
	in.mfa.User, in.everything = in.name, in.name == "" && !rootSession(c)
	in.mfa.SerialNumber = q.Required("SerialNumber", serialNumberRules...)
	in.mfa.WithoutMFA = c.Caller.Kind == policy.User && c.Caller.MFA().IsZero() && strings.EqualFold(c.Caller.Name, in.name)
}

// decodeListMFADevices reads the parameters of ListMFADevices. If it names no user, the action is asked for
// on "*", though what is listed is the caller's.
//
// Source: https://github.com/aws/aws-cli/issues/6947
func decodeListMFADevices(c *httpapi.Call, q *query.Reader, in *entityInput) error {
	in.page = page(q)
	in.everything = !q.Has("UserName") && !rootSession(c)
	return decodeUserOrSelf(c, q, in)
}

// rootSession reports whether the caller is in a session of AssumeRoot.
func rootSession(c *httpapi.Call) bool {
	return c.Caller.Session != nil && c.Caller.Session.Kind == sts.AssumedRoot
}
