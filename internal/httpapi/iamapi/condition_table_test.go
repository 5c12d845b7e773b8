package iamapi_test

import (
	"slices"
	"strings"

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
	publicKey  = "&SSHPublicKeyId=APKAIOSFODNN7EXAMPLE"
	named      = "ServerCertificateName="
	secret     = "&Password=Walnut-1"
	tagKey     = "&TagKeys.member.1=class"
	ofOIDC     = "OpenIDConnectProviderArn=arn:aws:iam::111111111111:oidc-provider/"
	ofSAML     = "SAMLProviderArn=arn:aws:iam::111111111111:saml-provider/"
	namedARN   = "Arn=arn:aws:iam::111111111111:"
	someJob    = "01234567-89ab-4def-8123-456789abcdef"
	entityPath = "EntityPath=o-0123456789/r-0123/111111111111"
	sourceARN  = "PolicySourceArn=arn:aws:iam::111111111111:"
)

// longDocument is a document of the length that metadata has; what is in it is looked at later.
var longDocument = "&SAMLMetadataDocument=" + strings.Repeat("x", 1000)

// unmade are the keys that a user or role has not before it is made, and untagged those of a policy.
var (
	unmade   = map[string]string{"aws:ResourceTag/class": "what is being made has no tags yet", "iam:ResourceTag/class": "the same"}
	untagged = map[string]string{"aws:ResourceTag/class": "it has no tags, or none yet"}
)

// unowned are the keys that a delegation request has not that is not there.
var unowned = map[string]string{"iam:DelegationRequestOwner": "there are no delegation requests"}

func unownedRequest(operation string) keytest.Case {
	return keytest.Case{Operation: operation, Full: []string{"DelegationRequestId=0123456789abcdef"}, Absent: unowned}
}

// withoutCredential is the case of an operation on a credential, whose service is not known as it is not there.
func withoutCredential(operation, parameters string) keytest.Case {
	return keytest.Case{
		Operation: operation, Full: []string{"UserName=full&ServiceSpecificCredentialId=ACCAIOSFODNN7EXAMPLE" + parameters},
		Absent: map[string]string{"iam:ServiceSpecificCredentialServiceName": "there are no such credentials"},
	}
}

// absentlyTagged returns the cases with no tags on what they are about.
func absentlyTagged(cases ...[]keytest.Case) []keytest.Case {
	all := slices.Concat(cases...)
	for i := range all {
		all[i].Absent = untagged
	}
	return all
}

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

	[]keytest.Case{
		{
			Operation: "CreateOpenIDConnectProvider", Full: []string{"Url=https://new" + tagged}, Bare: "Url=https://new",
			Actions: []string{"iam:CreateOpenIDConnectProvider", "iam:TagOpenIDConnectProvider"}, Absent: untagged,
		},
		{
			Operation: "CreateSAMLProvider", Full: []string{"Name=new" + longDocument + tagged}, Bare: "Name=new" + longDocument,
			Actions: []string{"iam:CreateSAMLProvider", "iam:TagSAMLProvider"}, Absent: untagged,
		},
		{Operation: "ListOpenIDConnectProviders", Full: []string{""}}, {Operation: "ListSAMLProviders", Full: []string{""}},
	},
	about(ofOIDC, "", "GetOpenIDConnectProvider", "DeleteOpenIDConnectProvider", "ListOpenIDConnectProviderTags"),
	about(ofOIDC, "&ClientID=c", "AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider"),
	about(ofOIDC, "&ThumbprintList.member.1=0123456789012345678901234567890123456789", "UpdateOpenIDConnectProviderThumbprint"),
	about(ofOIDC, tagged, "TagOpenIDConnectProvider"), about(ofOIDC, tagKey, "UntagOpenIDConnectProvider"),
	about(ofSAML, tagged, "TagSAMLProvider"), about(ofSAML, tagKey, "UntagSAMLProvider"),
	about(ofSAML, "", "GetSAMLProvider", "DeleteSAMLProvider", "UpdateSAMLProvider", "ListSAMLProviderTags"),
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
	about("", "", "EnableOrganizationsRootCredentialsManagement", "DisableOrganizationsRootCredentialsManagement", "EnableOrganizationsRootSessions",
		"DisableOrganizationsRootSessions", "ListOrganizationsFeatures"),

	about("UserName=", secret, "CreateLoginProfile", "UpdateLoginProfile"),
	about("UserName=", "", "GetLoginProfile", "DeleteLoginProfile"),
	[]keytest.Case{{Operation: "ChangePassword", Full: []string{"Old" + secret[1:] + "&New" + secret[1:]}}},
	about("", "MinimumPasswordLength=9&HardExpiry=true", "UpdateAccountPasswordPolicy"),
	about("", "", "GetAccountPasswordPolicy", "DeleteAccountPasswordPolicy", "ListAccountAliases"),
	about("", "AccountAlias=walnut", "CreateAccountAlias", "DeleteAccountAlias"),
	about("", "GlobalEndpointTokenVersion=v2Token", "SetSecurityTokenServicePreferences"),
	about("UserName=", "&"+serial+"full", "GetMFADevice"),
	[]keytest.Case{{Operation: "GetMFADevice", Full: []string{serial + "full"}}},

	// What is not offered is asked for like the rest.
	about("UserName=", "", "ListSSHPublicKeys", "ListSigningCertificates", "ListServiceSpecificCredentials"),
	about("UserName=", publicKey, "DeleteSSHPublicKey"),
	about("UserName=", publicKey+"&Encoding=PEM", "GetSSHPublicKey"),
	about("UserName=", publicKey+"&Status=Active", "UpdateSSHPublicKey"),
	about("UserName=", "&SSHPublicKeyBody=ssh-rsa", "UploadSSHPublicKey"),
	about("UserName=", "&CertificateId=AAAABBBBCCCCDDDDEEEEFFFF&Status=Active", "UpdateSigningCertificate"),
	about("UserName=", "&CertificateId=AAAABBBBCCCCDDDDEEEEFFFF", "DeleteSigningCertificate"),
	about("UserName=", "&CertificateBody=PEM", "UploadSigningCertificate"),
	about("", "PathPrefix=/a/", "ListServerCertificates"),
	absentlyTagged(about(named, "", "GetServerCertificate", "UpdateServerCertificate", "DeleteServerCertificate", "ListServerCertificateTags"),
		about(named, tagged, "TagServerCertificate"), about(named, tagKey, "UntagServerCertificate"),
		[]keytest.Case{{
			Operation: "UploadServerCertificate", Full: []string{named + "full&Path=/a/&CertificateBody=PEM&PrivateKey=PEM" + tagged},
			Bare: named + "bare&CertificateBody=PEM&PrivateKey=PEM",
		}}),
	[]keytest.Case{
		{
			Operation: "CreateServiceSpecificCredential", Full: []string{"UserName=full&ServiceName=codecommit.amazonaws.com&CredentialAgeDays=7"},
			Bare: "UserName=bare&ServiceName=s", Needed: []string{"iam:ServiceSpecificCredentialServiceName"},
		},
		withoutCredential("ResetServiceSpecificCredential", ""), withoutCredential("UpdateServiceSpecificCredential", "&Status=Active"),
		withoutCredential("DeleteServiceSpecificCredential", ""),
		{Operation: "ListServiceSpecificCredentials", Full: []string{"AllUsers=true"}},
		{Operation: "ListDelegationRequests", Full: []string{"OwnerId=arn:aws:iam::111111111111:user/full"}, Bare: ""},
		{
			Operation: "CreateDelegationRequest", Absent: unowned,
			Full: []string{"Description=d&RequestorWorkflowId=flow1&NotificationChannel=sns&SessionDuration=300&Permissions.PolicyTemplateArn=arn:aws:iam::aws:policy-template/t"},
			Bare: "Description=d&RequestorWorkflowId=flow1&NotificationChannel=sns&SessionDuration=300", Needed: []string{"iam:NotificationChannel", "iam:DelegationDuration"},
		},
		unownedRequest("GetDelegationRequest"), unownedRequest("AcceptDelegationRequest"), unownedRequest("AssociateDelegationRequest"),
		unownedRequest("RejectDelegationRequest"), unownedRequest("SendDelegationToken"),
		{Operation: "GetHumanReadableSummary", Full: []string{"EntityArn=arn:aws:iam::111111111111:delegation-request/0123456789abcdef"}, Absent: unowned},
	},
	about("", "", "GetOutboundWebIdentityFederationInfo", "EnableOutboundWebIdentityFederation", "DisableOutboundWebIdentityFederation"),

	about("PathPrefix=/", "", "ListUsers", "ListGroups", "ListRoles", "ListPolicies", "ListInstanceProfiles"),
	about("", "", "GetAccountSummary", "GetAccountAuthorizationDetails", "GenerateCredentialReport", "GetCredentialReport"),
	about("", "JobId="+someJob, "GetServiceLastAccessedDetails", "GetOrganizationsAccessReport"),
	about("", "JobId="+someJob+"&ServiceNamespace=s3", "GetServiceLastAccessedDetailsWithEntities"),
	about(namedARN+"user/", "", "GenerateServiceLastAccessedDetails"),
	about(namedARN+"role/", "", "GenerateServiceLastAccessedDetails"),
	about(namedARN+"group/", "", "GenerateServiceLastAccessedDetails"),
	about(namedARN+"policy/", "", "GenerateServiceLastAccessedDetails"),
	about(namedARN+"user/", "&ServiceNamespaces.member.1=s3", "ListPoliciesGrantingServiceAccess"),
	about(namedARN+"role/", "&ServiceNamespaces.member.1=s3", "ListPoliciesGrantingServiceAccess"),
	about(namedARN+"group/", "&ServiceNamespaces.member.1=s3", "ListPoliciesGrantingServiceAccess"),
	[]keytest.Case{
		{
			Operation: "GenerateOrganizationsAccessReport", Full: []string{entityPath + "&OrganizationsPolicyId=p-FullAWSAccess"}, Bare: entityPath,
			Elsewhere: []string{
				"organizations:DescribePolicy", "organizations:ListChildren", "organizations:ListParents", "organizations:ListPoliciesForTarget",
				"organizations:ListRoots", "organizations:ListTargetsForPolicy",
			},
		},
		{Operation: "GetAccessKeyLastUsed", Full: []string{"AccessKeyId=AKIAFULLFULLFULLFULL", accessKey}, Bare: "AccessKeyId=AKIABAREBAREBAREBARE"},
	},

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
