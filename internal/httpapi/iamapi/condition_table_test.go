package iamapi_test

import (
	"slices"

	"crossgrant/internal/httpapi/keytest"
)

const (
	tagged     = "&Tags.member.1.Key=class&Tags.member.1.Value=open"
	written    = "&PolicyName=p" + documented
	documented = "&PolicyDocument=%7B%22Version%22:%222012-10-17%22,%22Statement%22:%5B%5D%7D"
	trusted    = "&AssumeRolePolicyDocument=%7B%7D"
	attached   = "&PolicyArn=arn:aws:iam::aws:policy/ReadOnlyAccess"
	bounds     = "&PermissionsBoundary=arn:aws:iam::111111111111:policy/boundary"
	accessKey  = "&AccessKeyId=AKIAIOSFODNN7EXAMPLE"
	input      = "&PolicyInputList.member.1=%7B%7D"
	simulation = input + "&ActionNames.member.1=s3:GetObject"
	ofPolicy   = "PolicyArn=arn:aws:iam::111111111111:policy/"
	profile    = "InstanceProfileName="
	serial     = "SerialNumber=arn:aws:iam::111111111111:mfa/"
	codes      = "&" + serial + "full&AuthenticationCode1=123456&AuthenticationCode2=654321"
	tagKey     = "&TagKeys.member.1=class"
	sourceARN  = "PolicySourceArn=arn:aws:iam::111111111111:"
)

// unmade are the keys that a user or role has not before it is made, and untagged those of a policy.
var (
	unmade   = map[string]string{"aws:ResourceTag/class": "what is being made has no tags yet", "iam:ResourceTag/class": "the same"}
	untagged = map[string]string{"aws:ResourceTag/class": "it has no tags, or none yet"}
)

// operationKeys is the table of all operations.
var operationKeys = slices.Concat(
	[]keytest.Case{
		{Operation: "CreateUser", Full: []string{"UserName=new" + tagged + bounds}, Bare: "UserName=new", Actions: []string{"iam:CreateUser", "iam:TagUser"}, Absent: unmade},
		{Operation: "CreateGroup", Full: []string{"GroupName=new&Path=/a/"}, Bare: "GroupName=new"},
		{
			Operation: "CreateRole", Full: []string{"RoleName=new" + trusted + tagged + bounds}, Bare: "RoleName=new" + trusted,
			Actions: []string{"iam:CreateRole", "iam:TagRole"}, Absent: unmade,
		},
		{
			Operation: "CreatePolicy", Full: []string{"Path=/a/" + written + tagged}, Bare: written,
			Actions: []string{"iam:CreatePolicy", "iam:TagPolicy"}, Absent: untagged,
		},
		{
			Operation: "CreateVirtualMFADevice", Full: []string{"Path=/a/&VirtualMFADeviceName=new" + tagged}, Bare: "VirtualMFADeviceName=new",
			Actions: []string{"iam:CreateVirtualMFADevice", "iam:TagMFADevice"}, Absent: untagged,
		},
	},
	about("UserName=", "", "GetUser", "DeleteUser", "CreateAccessKey", "ListAccessKeys", "ListGroupsForUser", "ListUserPolicies", "ListAttachedUserPolicies"),
	about("UserName=", "", "DeleteUserPermissionsBoundary"),
	about("UserName=", "&NewUserName=other&NewPath=/a/", "UpdateUser"),
	about("UserName=", accessKey, "DeleteAccessKey"),
	about("UserName=", accessKey+"&Status=Inactive", "UpdateAccessKey"),
	about("UserName=", attached, "AttachUserPolicy", "DetachUserPolicy"),
	about("UserName=", written, "PutUserPolicy"),
	about("UserName=", "&PolicyName=p", "GetUserPolicy", "DeleteUserPolicy"),
	about("UserName=", bounds, "PutUserPermissionsBoundary"),

	about("GroupName=", "", "GetGroup", "DeleteGroup", "ListGroupPolicies", "ListAttachedGroupPolicies"),
	about("GroupName=", "&NewGroupName=other&NewPath=/a/", "UpdateGroup"),
	about("GroupName=", "&UserName=full", "AddUserToGroup", "RemoveUserFromGroup"),
	about("GroupName=", attached, "AttachGroupPolicy", "DetachGroupPolicy"),
	about("GroupName=", written, "PutGroupPolicy"),
	about("GroupName=", "&PolicyName=p", "GetGroupPolicy", "DeleteGroupPolicy"),

	about("RoleName=", "", "GetRole", "DeleteRole", "UpdateRole", "ListRolePolicies", "ListAttachedRolePolicies", "DeleteRolePermissionsBoundary"),
	about("RoleName=", "&Description=d", "UpdateRoleDescription"),
	about("RoleName=", documented, "UpdateAssumeRolePolicy"),
	about("RoleName=", written, "PutRolePolicy"),
	about("RoleName=", attached, "AttachRolePolicy", "DetachRolePolicy"),
	about("RoleName=", "&PolicyName=p", "GetRolePolicy", "DeleteRolePolicy"),
	about("RoleName=", bounds, "PutRolePermissionsBoundary"),

	about(ofPolicy, "", "GetPolicy", "DeletePolicy", "ListEntitiesForPolicy", "ListPolicyVersions"),
	about(ofPolicy, documented, "CreatePolicyVersion"),
	about(ofPolicy, "&VersionId=v1", "GetPolicyVersion", "DeletePolicyVersion", "SetDefaultPolicyVersion"),

	about("UserName=", codes, "EnableMFADevice", "ResyncMFADevice"),
	about("UserName=", "&"+serial+"full", "DeactivateMFADevice"),
	about("UserName=", "", "ListMFADevices"),
	about(serial, "", "DeleteVirtualMFADevice"),
	about("", "AssignmentStatus=Any", "ListVirtualMFADevices"),

	about("UserName=", tagged, "TagUser"), about("UserName=", tagKey, "UntagUser"), about("UserName=", "", "ListUserTags"),
	about("RoleName=", tagged, "TagRole"), about("RoleName=", tagKey, "UntagRole"), about("RoleName=", "", "ListRoleTags"),
	about(ofPolicy, tagged, "TagPolicy"), about(ofPolicy, tagKey, "UntagPolicy"), about(ofPolicy, "", "ListPolicyTags"),
	about(serial, tagged, "TagMFADevice"), about(serial, tagKey, "UntagMFADevice"), about(serial, "", "ListMFADeviceTags"),

	[]keytest.Case{
		{
			Operation: "CreateInstanceProfile", Full: []string{"InstanceProfileName=new&Path=/a/" + tagged}, Bare: "InstanceProfileName=new",
			Actions: []string{"iam:CreateInstanceProfile", "iam:TagInstanceProfile"}, Absent: untagged,
		},
		{
			Operation: "AddRoleToInstanceProfile", Full: []string{"InstanceProfileName=full&RoleName=full"}, Bare: "InstanceProfileName=bare&RoleName=bare",
			Actions: []string{"iam:AddRoleToInstanceProfile", "iam:PassRole"}, Needed: []string{"iam:PassedToService", "iam:AssociatedResourceArn"},
		},
	},
	about(profile, "", "GetInstanceProfile", "DeleteInstanceProfile", "ListInstanceProfileTags"),
	about(profile, "&RoleName=full", "RemoveRoleFromInstanceProfile"),
	about(profile, tagged, "TagInstanceProfile"), about(profile, tagKey, "UntagInstanceProfile"),
	about("RoleName=", "", "ListInstanceProfilesForRole"),

	[]keytest.Case{
		{Operation: "CreateServiceLinkedRole", Full: []string{"AWSServiceName=organizations.amazonaws.com"}, Absent: unmade},
		{
			Operation: "GetServiceLinkedRoleDeletionStatus",
			Full:      []string{"DeletionTaskId=task/aws-service-role/organizations.amazonaws.com/AWSServiceRoleForOrganizations/0f5dd8d2-5a3e-4b7a-9d3c-0a9a3b6f2f10"},
			Absent:    unmade,
		},
	},
	about("RoleName=", "", "DeleteServiceLinkedRole"),

	about("PathPrefix=/", "", "ListUsers", "ListGroups", "ListRoles", "ListPolicies", "ListInstanceProfiles"),
	about("", simulation, "SimulateCustomPolicy"),
	about("", input, "GetContextKeysForCustomPolicy"),
	about(sourceARN+"user/", simulation, "SimulatePrincipalPolicy"),
	about(sourceARN+"user/", input, "GetContextKeysForPrincipalPolicy"),
	about(sourceARN+"role/", simulation, "SimulatePrincipalPolicy"),
	about(sourceARN+"role/", input, "GetContextKeysForPrincipalPolicy"),
	about(sourceARN+"group/", simulation, "SimulatePrincipalPolicy"),
	about(sourceARN+"group/", input, "GetContextKeysForPrincipalPolicy"),

	// The root user stands for itself, and has neither tags nor a boundary.
	[]keytest.Case{{Operation: "GetUser", Full: []string{""}}, {Operation: "CreateAccessKey", Full: []string{""}}, {Operation: "ListAccessKeys", Full: []string{""}},
		{Operation: "UpdateAccessKey", Full: []string{accessKey + "&Status=Active"}}, {Operation: "DeleteAccessKey", Full: []string{accessKey}}},
	[]keytest.Case{{Operation: "ListMFADevices", Full: []string{""}}, {Operation: "DeactivateMFADevice", Full: []string{serial + "full"}},
		{Operation: "EnableMFADevice", Full: []string{codes[1:]}}, {Operation: "ResyncMFADevice", Full: []string{codes[1:]}}},
	// Policies of AWS have no tags here, and can be changed by nobody.
	[]keytest.Case{
		{Operation: "GetPolicy", Full: []string{attached}, Absent: untagged}, {Operation: "DeletePolicy", Full: []string{attached}, Absent: untagged},
	},
)

// about returns the cases of operations that take name, the name of what they are about, and parameters.
func about(name, parameters string, operations ...string) (cases []keytest.Case) {
	for _, operation := range operations {
		c := keytest.Case{Operation: operation, Full: []string{name + "full" + parameters}, Bare: name + "bare" + parameters}
		switch name {
		case "":
			c.Full[0], c.Bare = parameters, parameters
		case "PathPrefix=/":
			c.Full[0], c.Bare = name, parameters
		}
		switch parameters {
		case attached:
			c.Needed = []string{"iam:PolicyARN"}
		case bounds:
			c.Needed = []string{"iam:PermissionsBoundary"}
		case tagged:
			c.Bare = name + "bare&Tags="
		case tagKey:
			c.Bare = name + "bare&TagKeys="
		}
		cases = append(cases, c)
	}
	return cases
}
