package organization

import (
	"cmp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"crossgrant/internal/console/page"
)

// starts returns the documents to begin with of a type of policy, for an organization, whose ID may be empty, and a region.
//
// Sources: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples.html,
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_examples.html and
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_s3.html
func starts(policyType, organization, region string) []page.Start {
	all := serviceStarts
	switch types.PolicyType(policyType) {
	case types.PolicyTypeResourceControlPolicy:
		all = resourceStarts
	case types.PolicyTypeS3Policy:
		all = s3Starts
	}
	fill := strings.NewReplacer("o-EXAMPLE", cmp.Or(organization, "o-EXAMPLE"), "us-east-1", region)
	var out []page.Start
	for _, s := range all {
		s.Document = fill.Replace(s.Document)
		out = append(out, s)
	}
	return out
}

var serviceStarts = []page.Start{
	{Name: "Keep accounts in", Text: "No account can leave the organization by itself.", Document: `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "DenyLeavingTheOrganization",
      "Effect": "Deny",
      "Action": "organizations:LeaveOrganization",
      "Resource": "*"
    }
  ]
}`},
	{Name: "No root user", Text: "The root users of the accounts can do nothing.", Document: `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "DenyRootUser",
      "Effect": "Deny",
      "Action": "*",
      "Resource": "*",
      "Condition": {
        "StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}
      }
    }
  ]
}`},
	{Name: "Chosen regions only", Text: "Only services that belong to no region work elsewhere.", Document: `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "DenyOtherRegions",
      "Effect": "Deny",
      "NotAction": ["iam:*", "sts:*", "organizations:*"],
      "Resource": "*",
      "Condition": {
        "StringNotEquals": {"aws:RequestedRegion": ["us-east-1"]}
      }
    }
  ]
}`},
	{Name: "Protect the trail", Text: "Nobody can stop, change or delete trails.", Document: `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ProtectCloudTrail",
      "Effect": "Deny",
      "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors"],
      "Resource": "*"
    }
  ]
}`},
	{Name: "Keep public access blocked", Text: "Nobody can turn the account's Block Public Access off, or a bucket's.", Document: `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "KeepPublicAccessBlocked",
      "Effect": "Deny",
      "Action": ["s3:PutAccountPublicAccessBlock", "s3:PutBucketPublicAccessBlock"],
      "Resource": "*"
    }
  ]
}`},
}

var resourceStarts = []page.Start{
	{Name: "Organization only", Text: "Buckets and objects are for principals of the organization, and for services of AWS.", Document: `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "EnforceOrganizationIdentities",
      "Effect": "Deny",
      "Principal": "*",
      "Action": "s3:*",
      "Resource": "*",
      "Condition": {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-EXAMPLE"},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}
      }
    }
  ]
}`},
	{Name: "TLS only", Text: "Buckets and objects are reached over TLS, or not at all.", Document: `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "EnforceTLS",
      "Effect": "Deny",
      "Principal": "*",
      "Action": "s3:*",
      "Resource": "*",
      "Condition": {
        "BoolIfExists": {"aws:SecureTransport": "false"}
      }
    }
  ]
}`},
	{Name: "Roles for the organization only", Text: "Roles are assumed by principals of the organization, and by services of AWS.", Document: `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "EnforceOrganizationIdentitiesForRoles",
      "Effect": "Deny",
      "Principal": "*",
      "Action": "sts:AssumeRole",
      "Resource": "*",
      "Condition": {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-EXAMPLE"},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}
      }
    }
  ]
}`},
}

var s3Starts = []page.Start{
	{Name: "Block all public access", Text: "The four settings are on for every account.", Document: `{
  "s3_attributes": {
    "public_access_block_configuration": {
      "@@assign": "all"
    }
  }
}`},
	{Name: "Leave it to accounts below", Text: "The settings are on, and policies further down may say otherwise.", Document: `{
  "s3_attributes": {
    "public_access_block_configuration": {
      "@@operators_allowed_for_child_policies": ["@@assign"],
      "@@assign": "all"
    }
  }
}`},
}
