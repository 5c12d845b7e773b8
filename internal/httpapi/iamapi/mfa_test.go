package iamapi_test

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/boombuler/barcode/qr"

	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/totp"
)

const serialOfPhone = "arn:aws:iam::111111111111:mfa/phone"

// phone is a device with the codes that it shows one after the other.
type phone struct {
	w    *querytest.World
	seed []byte
}

// newPhone makes a device as key, and returns what shows its codes.
func newPhone(w *querytest.World, key querytest.Key, name string, params ...string) phone {
	w.Helper()
	made := w.IAMCall(key, "CreateVirtualMFADevice", append([]string{"VirtualMFADeviceName", name}, params...)...).OK()
	text, err := base64.StdEncoding.DecodeString(made.Get("Base32StringSeed"))
	if err != nil {
		w.Fatal(err)
	}
	seed, err := base32.StdEncoding.DecodeString(string(text))
	if err != nil {
		w.Fatal(err)
	}
	return phone{w, seed}
}

// pair waits for two codes and returns them as parameters, together with others.
func (p phone) pair(params ...string) []string {
	first := totp.Code(p.seed, totp.StepAt(p.w.Now))
	p.w.Now = p.w.Now.Add(totp.Step)
	second := totp.Code(p.seed, totp.StepAt(p.w.Now))
	p.w.Now = p.w.Now.Add(totp.Step)
	return append(params, "AuthenticationCode1", first, "AuthenticationCode2", second)
}

func TestMFA(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	w.User(accountA, "ann")
	p := newPhone(w, root, "phone")
	w.IAMCall(root, "CreateVirtualMFADevice", "VirtualMFADeviceName", "phone").Refused(409, "EntityAlreadyExists", "MFADevice entity at the same path and name already exists.")
	device := []string{"UserName", "ann", "SerialNumber", serialOfPhone}
	w.IAMCall(root, "EnableMFADevice", append(device, "AuthenticationCode1", "000000", "AuthenticationCode2", "000000")...).
		Refused(403, "InvalidAuthenticationCode", "Authentication code for device is not valid.")
	w.IAMCall(root, "EnableMFADevice", append(device, "AuthenticationCode1", "0000000", "AuthenticationCode2", "00000a")...).Refused(400, "ValidationError", "")
	if got := w.IAMCall(root, "EnableMFADevice", p.pair(device...)...).OK(); strings.Contains(got.Body, "Result>") {
		t.Errorf("a void operation answers %s", got.Body)
	}
	got := w.IAMCall(root, "ListMFADevices", "UserName", "ann").OK()
	if got.Get("MFADevices>member>UserName") != "ann" || got.Get("member>SerialNumber") != serialOfPhone || got.Get("member>EnableDate") != "2026-01-02T03:05:05Z" || got.Get("IsTruncated") != "false" {
		t.Errorf("ann's devices: %s", got.Body)
	}
	if got := w.IAMCall(root, "GetMFADevice", device...).OK(); got.Get("GetMFADeviceResult>UserName") != "ann" || got.Get("SerialNumber") != serialOfPhone || got.Get("EnableDate") != "2026-01-02T03:05:05Z" {
		t.Errorf("device %s", got.Body)
	}
	w.IAMCall(root, "GetMFADevice", "SerialNumber", serialOfPhone).Refused(404, "NoSuchEntity", "MFA Device invalid for user.")
	w.IAMCall(root, "GetMFADevice", "SerialNumber", serialOfPhone+"2", "UserName", "ann").Refused(404, "NoSuchEntity", "VirtualMFADevice with serial number "+serialOfPhone+"2 doesn't exist.")
	w.IAMCall(root, "DeleteUser", "UserName", "ann").Refused(409, "DeleteConflict", "")
	w.IAMCall(root, "ResyncMFADevice", p.pair(device...)...).OK()
	w.IAMCall(root, "DeleteVirtualMFADevice", "SerialNumber", serialOfPhone).Refused(409, "DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.")
	w.IAMCall(root, "DeactivateMFADevice", device...).OK()
	w.IAMCall(root, "DeactivateMFADevice", device...).Refused(404, "NoSuchEntity", "MFA Device invalid for user.")
	w.IAMCall(root, "DeleteVirtualMFADevice", "SerialNumber", serialOfPhone).OK()
	w.IAMCall(root, "DeleteVirtualMFADevice", "SerialNumber", serialOfPhone).Refused(404, "NoSuchEntity", "VirtualMFADevice with serial number "+serialOfPhone+" doesn't exist.")
	w.IAMCall(root, "DeleteVirtualMFADevice", "SerialNumber", "GAHT12345678").Refused(404, "NoSuchEntity", "VirtualMFADevice with serial number GAHT12345678 doesn't exist.")
}

// TestMFAOfRoot: the root user leaves the name of the user out, and nobody else can mean it.
func TestMFAOfRoot(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	admin := w.User(accountA, "admin", admin)
	newPhone(w, root, "spare")
	newPhone(w, root, "tagged", "Path", "/x/", "Tags.member.1.Key", "k", "Tags.member.1.Value", "v")
	p := newPhone(w, root, "phone")
	w.IAMCall(admin, "EnableMFADevice", p.pair("SerialNumber", serialOfPhone)...).Refused(400, "ValidationError",
		"1 validation error detected: Value at 'userName' failed to satisfy constraint: Member must not be null")
	w.IAMCall(root, "EnableMFADevice", p.pair("SerialNumber", serialOfPhone)...).OK()
	w.IAMCall(admin, "DeactivateMFADevice", "SerialNumber", serialOfPhone).Refused(404, "NoSuchEntity", "MFA Device invalid for user.")
	if got := w.IAMCall(root, "ListMFADevices").OK(); got.Has("UserName") || got.Get("member>SerialNumber") != serialOfPhone {
		t.Errorf("root's devices: %s", got.Body)
	}
	got := w.IAMCall(admin, "ListVirtualMFADevices", "AssignmentStatus", "Assigned").OK()
	want := `<VirtualMFADevices><member><SerialNumber>` + serialOfPhone + `</SerialNumber><User><UserId>111111111111</UserId><Arn>arn:aws:iam::111111111111:root</Arn>` +
		`<CreateDate>2026-01-02T03:04:05Z</CreateDate></User><EnableDate>2026-01-02T03:06:05Z</EnableDate></member></VirtualMFADevices><IsTruncated>false</IsTruncated>`
	if !strings.Contains(got.Body, want) {
		t.Errorf("got  %s\nwant %s", got.Body, want)
	}
	first := w.IAMCall(admin, "ListVirtualMFADevices", "AssignmentStatus", "Unassigned", "MaxItems", "1").OK()
	rest := w.IAMCall(admin, "ListVirtualMFADevices", "AssignmentStatus", "Unassigned", "Marker", first.Get("Marker")).OK()
	if first.Get("SerialNumber") != "arn:aws:iam::111111111111:mfa/spare" || rest.Get("SerialNumber") != "arn:aws:iam::111111111111:mfa/x/tagged" ||
		rest.Has("Tags") || rest.Has("User") || rest.Has("EnableDate") || rest.Has("Base32StringSeed") || rest.Get("IsTruncated") != "false" {
		t.Errorf("unassigned: %s\n%s", first.Body, rest.Body)
	}
	w.IAMCall(admin, "ListVirtualMFADevices", "AssignmentStatus", "Lost").Refused(400, "ValidationError", "")
	w.IAMCall(root, "ResyncMFADevice", p.pair("SerialNumber", serialOfPhone)...).OK()
	w.IAMCall(root, "DeactivateMFADevice", "SerialNumber", serialOfPhone).OK()
}

// TestMFAOfOneself: whoever has a device needs it for what is done about devices; others may do it.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_cliapi.html
func TestMFAOfOneself(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	ann := w.User(accountA, "Ann", admin)
	p, q := newPhone(w, ann, "phone"), newPhone(w, ann, "second")
	w.IAMCall(ann, "EnableMFADevice", p.pair("UserName", "ann", "SerialNumber", serialOfPhone)...).OK()
	const message = "To complete this action, please ensure that you are authenticated with an MFA device that is enabled for this user."
	second := []string{"UserName", "ann", "SerialNumber", "arn:aws:iam::111111111111:mfa/second"}
	w.IAMCall(ann, "EnableMFADevice", q.pair(second...)...).Refused(403, "AccessDenied", message)
	w.IAMCall(ann, "DeactivateMFADevice", "SerialNumber", serialOfPhone).Refused(403, "AccessDenied", message)
	w.IAMCall(root, "EnableMFADevice", q.pair(second...)...).OK()
	w.IAMCall(root, "DeactivateMFADevice", second...).OK()
}

// TestMFAPermissions: which resources are asked for.
func TestMFAPermissions(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	w.Account(accountB)
	ann := w.User(accountA, "ann")
	refused := func(action, resource string, params ...string) {
		t.Helper()
		w.IAMCall(ann, action, params...).Refused(403, "AccessDenied", "User: arn:aws:iam::111111111111:user/ann is not authorized to perform: iam:"+
			action+" on resource: "+resource+" because no identity-based policy allows the iam:"+action+" action")
	}
	const of, wrong = "arn:aws:iam::111111111111:", "123456"
	about := []string{"UserName", "bob", "SerialNumber", serialOfPhone}
	codes := append(about, "AuthenticationCode1", wrong, "AuthenticationCode2", wrong)
	refused("CreateVirtualMFADevice", of+"mfa/x/phone", "Path", "/x/", "VirtualMFADeviceName", "phone")
	refused("DeleteVirtualMFADevice", of+"mfa/x/phone", "SerialNumber", of+"mfa/x/phone")
	refused("EnableMFADevice", of+"user/bob", codes...)
	refused("ResyncMFADevice", of+"user/bob", codes...)
	refused("DeactivateMFADevice", of+"user/bob", about...)
	refused("DeactivateMFADevice", of+"user/ann", "SerialNumber", serialOfPhone)
	refused("ListMFADevices", of+"user/ann", "UserName", "ann")
	refused("ListMFADevices", "*")
	refused("ListVirtualMFADevices", of+"mfa/")
	// A device of another account is that account's, for the root user too.
	w.IAMCall(root, "DeleteVirtualMFADevice", "SerialNumber", "arn:aws:iam::222222222222:mfa/phone").Refused(403, "AccessDenied", "")

	put := func(document string) {
		t.Helper()
		w.IAMCall(root, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", document).OK()
	}
	put(allow(`"iam:CreateVirtualMFADevice"`, of+"mfa/${aws:username}", ""))
	w.IAMCall(ann, "CreateVirtualMFADevice", "VirtualMFADeviceName", "bob").Refused(403, "AccessDenied", "")
	w.IAMCall(ann, "CreateVirtualMFADevice", "VirtualMFADeviceName", "ann", "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue").Refused(403, "AccessDenied", "")
	w.IAMCall(ann, "CreateVirtualMFADevice", "VirtualMFADeviceName", "ann").OK()
	put(allow(`["iam:*MFADevice"]`, "*", `{"StringEqualsIfExists":{"aws:RequestTag/team":"blue"},"StringEquals":{"aws:ResourceTag/team":"blue"}}`))
	w.IAMCall(root, "CreateVirtualMFADevice", "VirtualMFADeviceName", "blue", "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue").OK()
	w.IAMCall(ann, "DeleteVirtualMFADevice", "SerialNumber", of+"mfa/ann").Refused(403, "AccessDenied", "")
	w.IAMCall(ann, "DeleteVirtualMFADevice", "SerialNumber", of+"mfa/blue").OK()
}

// TestMFAPresent: that a user has a device does not make its requests authenticated with it.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
func TestMFAPresent(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	ann := w.User(accountA, "ann", admin)
	w.IAMCall(root, "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", strings.ReplaceAll(trustB, accountB, accountA)).OK()
	newPhone(w, root, "root")
	p := newPhone(w, root, "phone")
	w.IAMCall(root, "EnableMFADevice", p.pair("UserName", "ann", "SerialNumber", serialOfPhone)...).OK()
	assumed := w.STSCall(ann, "AssumeRole", "RoleArn", "arn:aws:iam::111111111111:role/r", "RoleSessionName", "session").OK()
	session := querytest.Key{ID: assumed.Get("AccessKeyId"), Secret: assumed.Get("SecretAccessKey"), Token: assumed.Get("SessionToken")}
	for _, c := range []struct {
		name, want string
		key        querytest.Key
	}{{"root", "", root}, {"ann", "", ann}, {"a session", "false", session}} {
		w.Asking.Taken()
		w.IAMCall(c.key, "ListUsers")
		asked := w.Asking.Taken()
		values, _, found := asked[0].Keys.Lookup("aws:MultiFactorAuthPresent")
		if found != (c.want != "") || found && values[0] != c.want {
			t.Errorf("%s: aws:MultiFactorAuthPresent is %q, want %q", c.name, values, c.want)
		}
	}
}

// TestQRCode: the picture says what the model of the API says that it does.
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_VirtualMFADevice.html
func TestQRCode(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	for name, escaped := range map[string]string{"phone": "phone", "a+b,c=d@e": "a+b%2Cc=d@e", strings.Repeat("p", 226): strings.Repeat("p", 226)} {
		w.Now = w.Now.Add(time.Second)
		made := w.IAMCall(root, "CreateVirtualMFADevice", "VirtualMFADeviceName", name).OK()
		seed, _ := base64.StdEncoding.DecodeString(made.Get("Base32StringSeed"))
		encoded, _ := base64.StdEncoding.DecodeString(made.Get("QRCodePNG"))
		picture, err := png.Decode(bytes.NewReader(encoded))
		if err != nil {
			t.Fatal(err)
		}
		want, err := qr.Encode("otpauth://totp/"+escaped+"@111111111111?secret="+string(seed), qr.M, qr.Auto)
		if err != nil {
			t.Fatal(err)
		}
		side := want.Bounds().Dx()
		if got := picture.Bounds().Dx(); got != (side+8)*4 {
			t.Fatalf("%s: the picture is %d pixels wide, for %d modules", name, got, side)
		}
		for y := -4; y < side+4; y++ {
			for x := -4; x < side+4; x++ {
				dark := false
				if x >= 0 && x < side && y >= 0 && y < side {
					r, _, _, _ := want.At(x, y).RGBA()
					dark = r == 0
				}
				if r, _, _, _ := picture.At((x+4)*4+1, (y+4)*4+2).RGBA(); (r == 0) != dark {
					t.Fatalf("%s: module %d, %d is wrong", name, x, y)
				}
			}
		}
	}
}
