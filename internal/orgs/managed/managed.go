// Package managed holds the organization policies of AWS: one of each type of which some policy has to
// allow, that allows everything, attached wherever the type is enabled, so that what denies can be added
// beside it. It knows the types of policy, and the services of AWS that an organization can trust.
//
// Sources:
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
package managed

import (
	"slices"

	"crossgrant/internal/arn"
	"crossgrant/internal/policy"
)

// Types of policy that are there: service and resource control policies, which bear on authorization, and S3
// policies, which set Block Public Access.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies.html
const (
	SCP = "SERVICE_CONTROL_POLICY"
	RCP = "RESOURCE_CONTROL_POLICY"
	S3  = "S3_POLICY"
)

// Available reports whether policies of a type are there. What the others are about is not.
func Available(policyType string) bool {
	return policyType == SCP || policyType == RCP || policyType == S3
}

// types are all types of policy, of which most are about services that are not here.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html
var types = []string{
	SCP, RCP, "TAG_POLICY", "BACKUP_POLICY", "AISERVICES_OPT_OUT_POLICY", "CHATBOT_POLICY", "DECLARATIVE_POLICY_EC2", "SECURITYHUB_POLICY",
	"INSPECTOR_POLICY", "UPGRADE_ROLLOUT_POLICY", "BEDROCK_POLICY", S3, "NETWORK_SECURITY_DIRECTOR_POLICY",
}

// Types returns the names of all types of policy that AWS has.
func Types() []string { return slices.Clone(types) }

// IDs of AWS's policies.
const (
	FullAWSAccess    = "p-FullAWSAccess"
	RCPFullAWSAccess = "p-RCPFullAWSAccess"
)

// Policy is a policy of AWS. It is shared and must not be changed.
type Policy struct {
	ID          string
	Type        string
	Name        string
	Description string
	// Content is the text of the document, Document the same compiled.
	Content  string
	Document *policy.Document
}

// ARN returns the policy's ARN.
func (p *Policy) ARN() string { return arn.AWSOrganizationPolicy(p.Type, p.ID).String() }

var (
	fullAWSAccess = mustParse(policy.SCP, Policy{
		ID: FullAWSAccess, Type: SCP, Name: "FullAWSAccess", Description: "Allows access to every operation",
		Content: "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}",
	})
	rcpFullAWSAccess = mustParse(policy.RCP, Policy{
		ID: RCPFullAWSAccess, Type: RCP, Name: "RCPFullAWSAccess", Description: "Allows access to every resource",
		Content: "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Principal\": \"*\",\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}",
	})
)

func mustParse(t policy.Type, p Policy) *Policy {
	document, err := policy.Parse(t, []byte(p.Content), policy.Managed())
	if err != nil {
		panic(p.Name + ": " + err.Error())
	}
	p.Document = document
	return &p
}

// Lookup returns the policy of AWS with this ID.
func Lookup(id string) (p *Policy, ok bool) {
	switch id {
	case FullAWSAccess:
		return fullAWSAccess, true
	case RCPFullAWSAccess:
		return rcpFullAWSAccess, true
	}
	return nil, false
}

// Full returns the policy of AWS that allows everything, of a type; nil if the type has none.
func Full(policyType string) *Policy {
	switch policyType {
	case SCP:
		return fullAWSAccess
	case RCP:
		return rcpFullAWSAccess
	default:
		return nil
	}
}

// DocumentType returns what documents of a type of policy are parsed as; ok is false for a type that
// does not bear on authorization.
func DocumentType(policyType string) (t policy.Type, ok bool) {
	switch policyType {
	case SCP:
		return policy.SCP, true
	case RCP:
		return policy.RCP, true
	}
	return 0, false
}
