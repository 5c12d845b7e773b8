package arn

import (
	"strings"

	"crossgrant/internal/ids"
)

// AWSOwner stands in the place of the account ID in the ARN of a policy that AWS made.
const AWSOwner ids.AccountID = "aws"

// Organization returns the ARN of an organization; management is its management account, as for
// everything that belongs to an organization.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
func Organization(management ids.AccountID, org ids.OrganizationID) ARN {
	return organizations(management, "organization/"+string(org))
}

// OrganizationRoot returns the ARN of the root of an organization.
func OrganizationRoot(management ids.AccountID, org ids.OrganizationID, root string) ARN {
	return organizations(management, "root/"+string(org)+"/"+root)
}

// OrganizationalUnit returns the ARN of an OU.
func OrganizationalUnit(management ids.AccountID, org ids.OrganizationID, unit string) ARN {
	return organizations(management, "ou/"+string(org)+"/"+unit)
}

// OrganizationAccount returns the ARN of an account as a member of an organization.
func OrganizationAccount(management ids.AccountID, org ids.OrganizationID, account ids.AccountID) ARN {
	return organizations(management, "account/"+string(org)+"/"+string(account))
}

// OrganizationPolicy returns the ARN of a policy of this type, such as SERVICE_CONTROL_POLICY, that an
// organization made.
func OrganizationPolicy(management ids.AccountID, org ids.OrganizationID, policyType, policy string) ARN {
	return organizations(management, "policy/"+string(org)+"/"+strings.ToLower(policyType)+"/"+policy)
}

// OrganizationResourcePolicy returns the ARN of the resource policy of an organization.
func OrganizationResourcePolicy(management ids.AccountID, org ids.OrganizationID, policy string) ARN {
	return organizations(management, "resourcepolicy/"+string(org)+"/"+policy)
}

// AWSOrganizationPolicy returns the ARN of a policy of this type that AWS made.
func AWSOrganizationPolicy(policyType, policy string) ARN {
	return organizations(AWSOwner, "policy/"+strings.ToLower(policyType)+"/"+policy)
}

// Handshake returns the ARN of a handshake of this action, such as INVITE, that an organization began.
func Handshake(management ids.AccountID, org ids.OrganizationID, action, handshake string) ARN {
	return organizations(management, "handshake/"+string(org)+"/"+strings.ToLower(action)+"/"+handshake)
}

// ResponsibilityTransfer returns the ARN of a transfer of responsibilities, of a type such as BILLING, that is
// inbound or outbound.
func ResponsibilityTransfer(management ids.AccountID, org ids.OrganizationID, transferType, direction, transfer string) ARN {
	return organizations(management, "transfer/"+string(org)+"/"+strings.ToLower(transferType+"/"+direction)+"/"+transfer)
}

func organizations(account ids.AccountID, resource string) ARN {
	return ARN{Partition, "organizations", "", string(account), resource}
}
