package organization

import (
	"cmp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// starter is a document to begin with.
type starter struct{ Name, Text, Document string }

// startersOf returns those of a type of policy, for an organization, whose ID may be empty, and a region.
//
// Sources: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples.html,
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_examples.html and
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_s3.html
func startersOf(policyType, organization, region string) []starter {
	all := serviceStarters
	switch types.PolicyType(policyType) {
	case types.PolicyTypeResourceControlPolicy:
		all = resourceStarters
	case types.PolicyTypeS3Policy:
		all = s3Starters
	}
	fill := strings.NewReplacer("o-EXAMPLE", cmp.Or(organization, "o-EXAMPLE"), "us-east-1", region)
	var out []starter
	for _, s := range all {
		s.Document = fill.Replace(s.Document)
		out = append(out, s)
	}
	return out
}

var serviceStarters = []starter{
	{"Keep accounts in", "No account can leave the organization by itself.", `{
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
	{"No root user", "The root users of the accounts can do nothing.", `{
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
	{"Chosen regions only", "Only services that belong to no region work elsewhere.", `{
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
	{"Protect the trail", "Nobody can stop, change or delete trails.", `{
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
	{"Keep public access blocked", "Nobody can turn the account's Block Public Access off, or a bucket's.", `{
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

var resourceStarters = []starter{
	{"Organization only", "Buckets and objects are for principals of the organization, and for services of AWS.", `{
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
	{"TLS only", "Buckets and objects are reached over TLS, or not at all.", `{
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
	{"Roles for the organization only", "Roles are assumed by principals of the organization, and by services of AWS.", `{
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

var s3Starters = []starter{
	{"Block all public access", "The four settings are on for every account.", `{
  "s3_attributes": {
    "public_access_block_configuration": {
      "@@assign": "all"
    }
  }
}`},
	{"Leave it to accounts below", "The settings are on, and policies further down may say otherwise.", `{
  "s3_attributes": {
    "public_access_block_configuration": {
      "@@operators_allowed_for_child_policies": ["@@assign"],
      "@@assign": "all"
    }
  }
}`},
}
