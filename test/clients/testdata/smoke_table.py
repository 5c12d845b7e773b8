"""What smoke.py has to know beside the models of botocore: who calls what in which order, the values of
members that name something, and what an answer may leave out.

A value may refer to what was saved before, as $name. $world is the name of the world, $account the ID of its
management account.
"""

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"

ALLOW_ALL = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
ALLOW_S3 = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'
DENY_S3 = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}'
BUCKET_POLICY = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::bucket/*"}}'
TRUST = """{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Principal":{"AWS":"$account"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]},
{"Effect":"Allow","Principal":{"Federated":"$oidc"},"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"]},
{"Effect":"Allow","Principal":{"Federated":"$saml"},"Action":["sts:AssumeRoleWithSAML","sts:TagSession"]}]}"""
DELEGATION = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"$member"},
"Action":"organizations:ListRoots","Resource":"*"}}"""

# Values by member, and by operation and member where they differ.
VALUES = {
    "iam": {
        "UserName": "ann", "GroupName": "staff", "RoleName": "worker", "PolicyName": "inline", "Path": "/smoke/",
        "PathPrefix": "/", "PolicyArn": "$policy", "PolicyDocument": ALLOW_ALL, "AssumeRolePolicyDocument": TRUST,
        "PermissionsBoundary": ADMINISTRATOR, "Tags": [{"Key": "team", "Value": "red"}], "TagKeys": ["team"],
        "InstanceProfileName": "machine", "Password": "Correct-Horse-9", "SerialNumber": "$phone",
        "VirtualMFADeviceName": "phone", "OpenIDConnectProviderArn": "$oidc", "SAMLProviderArn": "$saml",
        "ClientID": "another", "AccountAlias": "smoke-$world", "AccessKeyId": "$ann_key", "Arn": "$ann",
        "MaxSessionDuration": 7200, "DurationSeconds": 3600, "VersionId": "v1", "ServiceNamespaces": ["s3"],
        "ServiceNamespace": "s3", "JobId": "$job", "MaxItems": 1, "AWSServiceName": "access-analyzer.amazonaws.com",
        "OwnerAccountId": "$account", "OwnerId": "$ann", "ServiceName": "codecommit.amazonaws.com",
        "CredentialAgeDays": 30, "Status": "Active", "Locale": "en", "EntityArn": "$ann",
        "NewServerCertificateName": "other", "ServerCertificateName": "site", "NewPath": "/new/",
        "CreateRole.Description": "works", "UpdateRole.Description": "still works",
        "UpdateRoleDescription.Description": "works no more", "CreatePolicy.PolicyName": "everything",
        "UpdateAssumeRolePolicy.PolicyDocument": TRUST,
        "CreateOpenIDConnectProvider.Url": "$issuer", "CreateOpenIDConnectProvider.ClientIDList": ["first"],
        "ThumbprintList": ["0123456789abcdef0123456789abcdef01234567"], "CreateSAMLProvider.Name": "directory",
        "SAMLMetadataDocument": "$metadata", "AssertionEncryptionMode": "Allowed", "AddPrivateKey": "$private_key",
        "GetContextKeysForCustomPolicy.PolicyInputList": [ALLOW_S3], "PolicyInputList": [ALLOW_S3],
        "PermissionsBoundaryPolicyInputList": [ALLOW_ALL], "ActionNames": ["s3:GetObject"],
        "ResourceArns": ["arn:aws:s3:::bucket/key"], "ResourcePolicy": BUCKET_POLICY,
        "ResourceOwner": "arn:aws:iam::$account:root", "CallerArn": "$ann", "PolicySourceArn": "$ann",
        "ContextEntries": [{"ContextKeyName": "aws:SourceIp", "ContextKeyType": "ip", "ContextKeyValues": ["192.0.2.1"]}],
        "EntityPath": "$org/$root", "OrganizationsPolicyId": "$scp",
        "NewPassword": "Battery-Staple-8", "OldPassword": "Correct-Horse-9",
        "AllowUsersToChangePassword": True, "HardExpiry": False, "MaxPasswordAge": 90, "PasswordReusePrevention": 5,
        "MinimumPasswordLength": 10, "GlobalEndpointTokenVersion": "v2Token", "DeletionTaskId": "$deletion",
        "SSHPublicKeyBody": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ== ann", "RemovePrivateKey": "A" * 22,
        "RedirectUrl": "https://example.com/", "NotificationChannel": "arn:aws:sns:us-east-1:$account:topic", "RequestorWorkflowId": "workflow",
        "CertificateBody": "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----",
        "CertificateChain": "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----",
        "UploadServerCertificate.PrivateKey": "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----",
    },
    "sts": {
        "RoleArn": "$worker", "RoleSessionName": "smoke", "Policy": ALLOW_S3, "DurationSeconds": 1200,
        "PolicyArns": [{"arn": ADMINISTRATOR}], "Tags": [{"Key": "team", "Value": "red"}], "TransitiveTagKeys": ["team"],
        "SourceIdentity": "ann", "ExternalId": "external", "WebIdentityToken": "$token", "PrincipalArn": "$saml",
        "SAMLAssertion": "$assertion", "Name": "visitor", "AccessKeyId": "$ann_key", "EncodedMessage": "$message",
        "TargetPrincipal": "$member", "TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"},
        "AssumeRoot.DurationSeconds": 900, "SigningAlgorithm": "RS256", "Audience": ["https://example.com"],
        "GetWebIdentityToken.DurationSeconds": 60,
    },
    "organizations": {
        "ParentId": "$root", "RootId": "$root", "TargetId": "$unit", "OrganizationalUnitId": "$unit", "PolicyId": "$scp",
        "AccountId": "$member", "ChildId": "$unit", "ChildType": "ACCOUNT", "ResourceId": "$unit",
        "Tags": [{"Key": "team", "Value": "red"}], "TagKeys": ["team"], "Content": DENY_S3, "Description": "no S3",
        "Name": "unit", "CreatePolicy.Name": "NoS3", "UpdatePolicy.Name": "StillNoS3", "UpdateOrganizationalUnit.Name": "renamed",
        "Type": "SERVICE_CONTROL_POLICY", "Filter": "SERVICE_CONTROL_POLICY", "PolicyType": "RESOURCE_CONTROL_POLICY",
        "Email": "smoke-$world@example.com", "AccountName": "Smoke $world", "RoleName": "Enter", "IamUserAccessToBilling": "ALLOW",
        "CreateAccountRequestId": "$request", "HandshakeId": "$handshake", "Notes": "welcome",
        "Target": {"Id": "$second", "Type": "ACCOUNT"}, "ServicePrincipal": "iam.amazonaws.com", "MaxResults": 1,
        "States": ["SUCCEEDED"], "FeatureSet": "ALL", "PutResourcePolicy.Content": DELEGATION, "SourceName": "source",
        "ListHandshakesForAccount.Filter": {"ActionType": "INVITE"},
        "ListHandshakesForOrganization.Filter": {"ActionType": "INVITE"},
        "InviteOrganizationToTransferResponsibility.Type": "BILLING", "Id": "rt-12345678",
        "ListInboundResponsibilityTransfers.Type": "BILLING", "ListOutboundResponsibilityTransfers.Type": "BILLING",
        "DescribeEffectivePolicy.PolicyType": "TAG_POLICY", "DescribeEffectivePolicy.TargetId": "$member",
        "ListAccountsWithInvalidEffectivePolicy.PolicyType": "TAG_POLICY",
        "ListEffectivePolicyValidationErrors.PolicyType": "TAG_POLICY",
    },
}

# Members that are not sent even where all are, and why.
OMITTED = {
    # They come from an answer: smoke.py asks for the next page with them.
    "Marker", "NextToken",
    # For the two providers of OAuth 2.0 that have no provider in IAM.
    "AssumeRoleWithWebIdentity.ProviderId",
    # A context assertion of IAM Identity Center.
    "AssumeRole.ProvidedContexts",
    # Users and roles keep their names, so that the other steps find them.
    "UpdateUser.NewUserName", "UpdateGroup.NewGroupName",
    # There is no private key yet that could be removed.
    "UpdateSAMLProvider.RemovePrivateKey",
    # Of a principal that is itself the caller.
    "ListServiceSpecificCredentials.UserName",
    # For instances of EC2.
    "ResourceHandlingOption",
    # Only few services have roles with suffixes.
    "CreateServiceLinkedRole.CustomSuffix",
    # Filter says which handshakes; ParentHandshakeId is for those of EnableAllFeatures.
    "HandshakeFilter.ParentHandshakeId",
}

# Members that an answer need not have, by the shape that they are in or wherever they are.
OPTIONAL = {
    "iam": {
        "Marker", "Tags", "PermissionsBoundary", "Description",
        # A list says of a user, role or policy less than the Get of it.
        "Role.MaxSessionDuration", "Role.RoleLastUsed", "RoleLastUsed.LastUsedDate", "RoleLastUsed.Region",
        "User.PasswordLastUsed", "AccessKeyLastUsed.LastUsedDate", "PolicyVersion.Document",
        # The seed is told once, and a device without owner has none.
        "VirtualMFADevice.Base32StringSeed", "VirtualMFADevice.QRCodePNG", "VirtualMFADevice.User", "VirtualMFADevice.EnableDate",
        # What nobody has used or set.
        "ServiceLastAccessed.LastAuthenticated", "ServiceLastAccessed.LastAuthenticatedEntity",
        "ServiceLastAccessed.LastAuthenticatedRegion",
        "ServiceLastAccessed.TrackedActionsLastAccessed", "EntityDetails.LastAuthenticated", "Error",
        "AccessDetail.Region", "AccessDetail.EntityPath", "AccessDetail.LastAuthenticatedTime",
        "GetOrganizationsAccessReportResponse.ErrorDetails", "PasswordPolicy.MaxPasswordAge", "PasswordPolicy.PasswordReusePrevention",
        "PasswordPolicy.HardExpiry", "GetServiceLinkedRoleDeletionStatusResponse.Reason",
        # Managed policies are nobody's.
        "PolicyGrantingServiceAccess.EntityType", "PolicyGrantingServiceAccess.EntityName",
        # An account in no organization, a simulation without boundary, one resource alone.
        "OrganizationsDecisionDetail", "PermissionsBoundaryDecisionDetail", "EvalDecisionDetails", "ResourceSpecificResults",
        "MissingContextValues",
        # Private keys of SAML, and certifications of MFA devices, are for those who have them.
        "GetSAMLProviderResponse.AssertionEncryptionMode", "GetSAMLProviderResponse.PrivateKeyList", "GetMFADeviceResponse.Certifications",
    },
    "sts": {
        # Only where something was packed, named or said.
        "PackedPolicySize", "SourceIdentity",
    },
    "organizations": {
        "NextToken", "FailureReason", "GovCloudAccountId", "CompletedTimestamp", "CreateAccountStatus.AccountId",
        "HandshakeResource.Resources",
    },
}

# A seed, and the step of a code that counts from the present one.
FIRST, SECOND, THIRD, FOURTH = -1, 0, 1, 2


class Call:
    """One call of an operation.

    by: who calls. save: names that are made of the answer, by where they are in it. login: who the keys in the
    answer are of. until: a member and the value that it has in the end; the call is made again until then.
    refused: the error codes that are answers as well. only: the world in which the call is made. values: members
    that are sent in both worlds.
    """

    def __init__(self, name, by="admin", save=None, login=None, until=None, refused=(), only=None, **values):
        self.service, self.operation = name.split()
        self.by, self.save, self.login, self.until = by, save or {}, login, until
        self.refused, self.only, self.values = refused, only, values


def code(seed, step):
    """Returns a value that is a code of an MFA device: when it is sent."""
    return ("code", seed, step)


def device(name, user):
    """Returns the calls that give a user an MFA device for the calls of the world that have all members."""
    seed = name + "_seed"
    return [
        Call("iam CreateVirtualMFADevice", only="all", VirtualMFADeviceName=name,
             save={name: "VirtualMFADevice.SerialNumber", seed: "VirtualMFADevice.Base32StringSeed"}),
        Call("iam EnableMFADevice", only="all", UserName=user, SerialNumber="$" + name,
             AuthenticationCode1=code(seed, FIRST), AuthenticationCode2=code(seed, SECOND)),
    ]


def tags(entity, **values):
    """Returns the calls about the tags of an entity."""
    return [Call("iam Tag" + entity, **values), Call(f"iam List{entity}Tags", **values), Call("iam Untag" + entity, **values)]


def inline(entity, **values):
    """Returns the calls about the inline policies of an entity."""
    return [
        Call(f"iam Put{entity}Policy", **values), Call(f"iam Get{entity}Policy", **values),
        Call(f"iam List{entity}Policies", **values), Call(f"iam Delete{entity}Policy", **values),
    ]


BEGINNING = [
    Call("iam CreateUser", by="root_user", UserName="admin"),
    Call("iam AttachUserPolicy", by="root_user", UserName="admin", PolicyArn=ADMINISTRATOR),
    Call("iam CreateAccessKey", by="root_user", UserName="admin", login="admin"),
]

ORGANIZATION = [
    Call("organizations CreateOrganization", save={"org": "Organization.Id"}),
    Call("organizations DescribeOrganization"),
    Call("organizations ListRoots", save={"root": "Roots.0.Id"}),
    Call("organizations EnablePolicyType"),
    Call("organizations DisablePolicyType"),
    Call("organizations CreateOrganizationalUnit", save={"unit": "OrganizationalUnit.Id"}),
    Call("organizations UpdateOrganizationalUnit"),
    Call("organizations DescribeOrganizationalUnit"),
    Call("organizations ListOrganizationalUnitsForParent"),
    Call("organizations ListParents"),
    Call("organizations CreateAccount", save={"request": "CreateAccountStatus.Id"}),
    Call("organizations DescribeCreateAccountStatus", until=("CreateAccountStatus.State", "SUCCEEDED"),
         save={"member": "CreateAccountStatus.AccountId"}),
    Call("organizations ListCreateAccountStatus"),
    Call("organizations DescribeAccount"),
    Call("organizations ListAccounts"),
    Call("organizations MoveAccount", SourceParentId="$root", DestinationParentId="$unit"),
    Call("organizations ListAccountsForParent", ParentId="$unit"),
    Call("organizations ListChildren", ParentId="$unit"),
    Call("organizations CreatePolicy", save={"scp": "Policy.PolicySummary.Id"}),
    Call("organizations UpdatePolicy"),
    Call("organizations DescribePolicy"),
    Call("organizations AttachPolicy"),
    Call("organizations ListPolicies"),
    Call("organizations ListPoliciesForTarget"),
    Call("organizations ListTargetsForPolicy"),
    Call("organizations TagResource"),
    Call("organizations ListTagsForResource"),
    Call("organizations UntagResource"),
    Call("organizations DescribeEffectivePolicy", refused=["EffectivePolicyNotFoundException"]),
    Call("organizations ListAccountsWithInvalidEffectivePolicy", refused=["EffectivePolicyNotFoundException"]),
    Call("organizations ListEffectivePolicyValidationErrors", refused=["EffectivePolicyNotFoundException"]),
    Call("organizations PutResourcePolicy"),
    Call("organizations DescribeResourcePolicy"),
    Call("organizations DeleteResourcePolicy"),
    Call("organizations EnableAWSServiceAccess"),
    Call("organizations ListAWSServiceAccessForOrganization"),
    Call("organizations RegisterDelegatedAdministrator"),
    Call("organizations ListDelegatedAdministrators"),
    Call("organizations ListDelegatedServicesForAccount"),
]

HANDSHAKES = [
    Call("organizations InviteAccountToOrganization", save={"handshake": "Handshake.Id"}),
    Call("organizations ListHandshakesForOrganization"),
    Call("organizations DescribeHandshake"),
    Call("organizations CancelHandshake"),
    Call("organizations InviteAccountToOrganization", save={"handshake": "Handshake.Id"}),
    Call("organizations ListHandshakesForAccount", by="second_user"),
    Call("organizations DeclineHandshake", by="second_user"),
    Call("organizations InviteAccountToOrganization", save={"handshake": "Handshake.Id"}),
    Call("organizations AcceptHandshake", by="second_user"),
    Call("organizations LeaveOrganization", by="second_user"),
    Call("organizations InviteAccountToOrganization", save={"handshake": "Handshake.Id"}),
    Call("organizations AcceptHandshake", by="second_user"),
    Call("organizations RemoveAccountFromOrganization", AccountId="$second"),
    Call("organizations CreateOrganization", by="second_user"),
    Call("organizations DeleteOrganization", by="second_user"),
    # All features are enabled already.
    Call("organizations EnableAllFeatures", refused=["HandshakeConstraintViolationException", "ConstraintViolationException"]),
    Call("organizations CreateGovCloudAccount", refused=["ConstraintViolationException"]),
    Call("organizations InviteOrganizationToTransferResponsibility"),
    Call("organizations ListInboundResponsibilityTransfers"),
    Call("organizations ListOutboundResponsibilityTransfers"),
    Call("organizations DescribeResponsibilityTransfer", refused=["ResponsibilityTransferNotFoundException"]),
    Call("organizations UpdateResponsibilityTransfer", refused=["ResponsibilityTransferNotFoundException"]),
    Call("organizations TerminateResponsibilityTransfer", refused=["ResponsibilityTransferNotFoundException"]),
]

IDENTITIES = [
    Call("iam CreateUser", save={"ann": "User.Arn"}),
    Call("iam GetUser"), Call("iam ListUsers"), *tags("User"), *inline("User"),
    Call("iam CreateGroup"), Call("iam AddUserToGroup"), Call("iam GetGroup"), Call("iam ListGroups"),
    Call("iam ListGroupsForUser"), *inline("Group"),
    Call("iam CreatePolicy", save={"policy": "Policy.Arn"}), *tags("Policy"),
    Call("iam CreatePolicyVersion"), Call("iam SetDefaultPolicyVersion", VersionId="v2"), Call("iam GetPolicy"),
    Call("iam GetPolicyVersion"), Call("iam ListPolicyVersions"), Call("iam DeletePolicyVersion"),
    Call("iam ListPolicies", Scope="Local"),
    Call("iam CreateOpenIDConnectProvider", save={"oidc": "OpenIDConnectProviderArn"}),
    Call("iam AddClientIDToOpenIDConnectProvider", ClientID="$audience"),
    Call("iam AddClientIDToOpenIDConnectProvider"), Call("iam RemoveClientIDFromOpenIDConnectProvider"),
    Call("iam UpdateOpenIDConnectProviderThumbprint"), *tags("OpenIDConnectProvider"),
    Call("iam GetOpenIDConnectProvider"), Call("iam ListOpenIDConnectProviders"),
    Call("iam CreateSAMLProvider", save={"saml": "SAMLProviderArn"}), *tags("SAMLProvider"),
    Call("iam UpdateSAMLProvider", SAMLMetadataDocument="$metadata"), Call("iam GetSAMLProvider"), Call("iam ListSAMLProviders"),
    Call("iam CreateRole", save={"worker": "Role.Arn"}), *tags("Role"), *inline("Role"),
    Call("iam GetRole"), Call("iam ListRoles"), Call("iam UpdateRole"), Call("iam UpdateRoleDescription"),
    Call("iam UpdateAssumeRolePolicy"), Call("iam PutRolePermissionsBoundary"), Call("iam DeleteRolePermissionsBoundary"),
    Call("iam PutUserPermissionsBoundary"), Call("iam DeleteUserPermissionsBoundary"),
    Call("iam AttachUserPolicy"), Call("iam ListAttachedUserPolicies"), Call("iam AttachGroupPolicy"),
    Call("iam ListAttachedGroupPolicies"), Call("iam AttachRolePolicy"), Call("iam ListAttachedRolePolicies"),
    Call("iam ListEntitiesForPolicy"),
    Call("iam CreateInstanceProfile"), Call("iam AddRoleToInstanceProfile"), *tags("InstanceProfile"),
    Call("iam GetInstanceProfile"), Call("iam ListInstanceProfiles"), Call("iam ListInstanceProfilesForRole"),
    Call("iam CreateAccountAlias"), Call("iam ListAccountAliases"), Call("iam DeleteAccountAlias"),
    Call("iam SetSecurityTokenServicePreferences"),
]

CREDENTIALS = [
    Call("iam CreateAccessKey", UserName="ann", login="ann", save={"ann_key": "AccessKey.AccessKeyId"}),
    Call("iam ListAccessKeys", UserName="ann"), Call("iam UpdateAccessKey", UserName="ann"), Call("iam GetAccessKeyLastUsed"),
    Call("iam UpdateAccountPasswordPolicy"), Call("iam GetAccountPasswordPolicy"),
    Call("iam CreateLoginProfile", UserName="ann", Password="Correct-Horse-9"), Call("iam GetLoginProfile", UserName="ann"),
    Call("iam ChangePassword", by="ann"), Call("iam UpdateLoginProfile", Password="Third-Password-7"),
    Call("iam DeleteLoginProfile", UserName="ann"), Call("iam DeleteAccountPasswordPolicy"),
    Call("iam CreateVirtualMFADevice", save={"phone": "VirtualMFADevice.SerialNumber", "phone_seed": "VirtualMFADevice.Base32StringSeed"}),
    *tags("MFADevice"),
    Call("iam EnableMFADevice", AuthenticationCode1=code("phone_seed", FIRST), AuthenticationCode2=code("phone_seed", SECOND)),
    Call("iam ResyncMFADevice", AuthenticationCode1=code("phone_seed", THIRD), AuthenticationCode2=code("phone_seed", FOURTH)),
    Call("iam ListMFADevices", UserName="ann"), Call("iam GetMFADevice", UserName="ann"), Call("iam ListVirtualMFADevices"),
    Call("iam DeactivateMFADevice", UserName="ann"), Call("iam DeleteVirtualMFADevice"),
]

# There is nothing here that these are about, or they are answered as documented for what is not there.
ABSENT = [
    Call("iam UploadSSHPublicKey"), Call("iam GetSSHPublicKey"), Call("iam ListSSHPublicKeys"), Call("iam UpdateSSHPublicKey"),
    Call("iam DeleteSSHPublicKey"),
    Call("iam UploadServerCertificate"), Call("iam GetServerCertificate"), Call("iam ListServerCertificates"),
    Call("iam UpdateServerCertificate"), *tags("ServerCertificate"), Call("iam DeleteServerCertificate"),
    Call("iam UploadSigningCertificate"), Call("iam ListSigningCertificates"), Call("iam UpdateSigningCertificate"),
    Call("iam DeleteSigningCertificate"),
    Call("iam CreateServiceSpecificCredential"), Call("iam ListServiceSpecificCredentials"),
    Call("iam ResetServiceSpecificCredential"), Call("iam UpdateServiceSpecificCredential"), Call("iam DeleteServiceSpecificCredential"),
    Call("iam CreateDelegationRequest"), Call("iam GetDelegationRequest"), Call("iam ListDelegationRequests"),
    Call("iam UpdateDelegationRequest"), Call("iam AssociateDelegationRequest"), Call("iam AcceptDelegationRequest"),
    Call("iam RejectDelegationRequest"), Call("iam SendDelegationToken"), Call("iam GetHumanReadableSummary"),
    Call("iam EnableOutboundWebIdentityFederation"), Call("iam GetOutboundWebIdentityFederationInfo"),
    Call("iam DisableOutboundWebIdentityFederation"),
]

REPORTS = [
    Call("iam GetAccountSummary"), Call("iam GetAccountAuthorizationDetails"),
    Call("iam GenerateCredentialReport", until=("State", "COMPLETE")), Call("iam GetCredentialReport"),
    Call("iam GenerateServiceLastAccessedDetails", save={"job": "JobId"}),
    Call("iam GetServiceLastAccessedDetails", until=("JobStatus", "COMPLETED")), Call("iam GetServiceLastAccessedDetailsWithEntities"),
    Call("iam GenerateOrganizationsAccessReport", save={"job": "JobId"}),
    Call("iam GetOrganizationsAccessReport", until=("JobStatus", "COMPLETED")),
    Call("iam ListPoliciesGrantingServiceAccess"), Call("iam SimulateCustomPolicy"), Call("iam SimulatePrincipalPolicy"),
    Call("iam GetContextKeysForCustomPolicy"), Call("iam GetContextKeysForPrincipalPolicy"),
]

ROOT = [
    Call("iam EnableOrganizationsRootCredentialsManagement"), Call("iam EnableOrganizationsRootSessions"),
    Call("iam ListOrganizationsFeatures"), Call("sts AssumeRoot"),
    Call("iam DisableOrganizationsRootCredentialsManagement"), Call("iam DisableOrganizationsRootSessions"),
    Call("iam CreateServiceLinkedRole", save={"linked": "Role.RoleName"}),
    Call("iam DeleteServiceLinkedRole", RoleName="$linked", save={"deletion": "DeletionTaskId"}),
    Call("iam GetServiceLinkedRoleDeletionStatus", until=("Status", "SUCCEEDED")),
]

SESSIONS = [
    *device("tablet", "admin"), *device("laptop", "ann"),
    Call("sts GetCallerIdentity"), Call("sts GetAccessKeyInfo"),
    Call("sts AssumeRole", only="required"), Call("sts GetSessionToken", only="required"),
    Call("sts AssumeRole", only="all", SerialNumber="$tablet", TokenCode=code("tablet_seed", THIRD)),
    Call("sts GetSessionToken", only="all", by="ann", SerialNumber="$laptop", TokenCode=code("laptop_seed", THIRD)),
    Call("sts GetFederationToken"),
    Call("sts AssumeRoleWithWebIdentity"), Call("sts AssumeRoleWithSAML"),
    # The message about a denial comes with it, in a header.
    Call("iam CreateUser", UserName="nobody"), Call("iam CreateAccessKey", UserName="nobody", login="nobody", save={"nobody_key": "AccessKey.AccessKeyId"}),
    Call("iam ListUsers", by="nobody", refused=["AccessDenied"],
         save={"message": "ResponseMetadata.HTTPHeaders.x-crossgrant-authorization-message"}),
    Call("iam DeleteAccessKey", UserName="nobody", AccessKeyId="$nobody_key"), Call("iam DeleteUser", UserName="nobody"),
    Call("sts DecodeAuthorizationMessage"),
    Call("sts GetWebIdentityToken"), Call("sts GetDelegatedAccessToken"),
]

END = [
    Call("iam RemoveRoleFromInstanceProfile"), Call("iam DeleteInstanceProfile"), Call("iam RemoveUserFromGroup"),
    Call("iam DetachUserPolicy"), Call("iam DetachGroupPolicy"), Call("iam DetachRolePolicy"),
    Call("iam DeleteAccessKey", UserName="ann"), Call("iam DeactivateMFADevice", only="all", UserName="ann", SerialNumber="$laptop"),
    Call("iam UpdateUser"), Call("iam DeleteUser"), Call("iam UpdateGroup"), Call("iam DeleteGroup"), Call("iam DeleteRole"),
    Call("iam DeletePolicy"), Call("iam DeleteOpenIDConnectProvider"), Call("iam DeleteSAMLProvider"),
    Call("organizations DeregisterDelegatedAdministrator"), Call("organizations DisableAWSServiceAccess"),
    Call("organizations DetachPolicy"), Call("organizations DeletePolicy"),
    Call("organizations MoveAccount", SourceParentId="$unit", DestinationParentId="$root"),
    Call("organizations DeleteOrganizationalUnit"), Call("organizations CloseAccount"),
    Call("organizations DeleteOrganization", refused=["OrganizationNotEmptyException"]),
]

CALLS = [
    *BEGINNING, *ORGANIZATION, *HANDSHAKES, *IDENTITIES, *CREDENTIALS, *ABSENT, *REPORTS, *ROOT, *SESSIONS, *END,
]
