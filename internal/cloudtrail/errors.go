package cloudtrail

import (
	"net/http"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
)

// Error returns an error of the API. code is without "Exception". All of them have the same status.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html#API_CreateTrail_Errors
func Error(code, format string, args ...any) *apierr.Error {
	return apierr.New(http.StatusBadRequest, code+"Exception", format, args...)
}

// The texts in this file were seen on AWS where a source is named, else they are ours.

// errUnknown is the answer about a trail that is not there.
//
// Source: https://github.com/aws/aws-sdk-go-v2/issues/1957
func errUnknown(trailARN string, account ids.AccountID) error {
	return Error("TrailNotFound", "Unknown trail: %s for the user: %s", trailARN, account)
}

// errOtherAccount is the answer about an ARN of an account that is none of the caller's business.
//
// Source: https://github.com/cloudquery/cq-provider-aws/issues/405
func errOtherAccount(account ids.AccountID) error {
	return Error("CloudTrailARNInvalid", "AccountID in ARN is wrong, you can only access resources with AccountID %s.", account)
}

// errOtherRegion is the answer about an ARN of a Region that no trail here has its home in.
//
// Source: https://github.com/aws/aws-sdk-java/issues/1309
func errOtherRegion(region string) error {
	return Error("CloudTrailARNInvalid", "Region in ARN is wrong, you can only access resources in region %s.", region)
}

func errHome(region string) error {
	return Error("InvalidHomeRegion", "The home Region of the trail is %s. The operation must be called from there.", region)
}

func errExists(name string, account ids.AccountID) error {
	return Error("TrailAlreadyExists", "Trail %s already exists for customer: %s", name, account)
}

// errTooMany has the text of https://github.com/linz/geostore/issues/1450.
func errTooMany(account ids.AccountID, region string) error {
	return Error("MaximumNumberOfTrailsExceeded", "User: %s already has %d trails in %s.", account, maxTrails, region)
}

// Errors about organizations.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html#API_CreateTrail_Errors
var (
	errNoOrganization = Error("OrganizationsNotInUse", "The account is not a member of an organization.")
	errNotManagement  = Error("NotOrganizationMasterAccount", "The account is neither the management account nor a delegated administrator of CloudTrail.")
	errConvert        = Error("NotOrganizationMasterAccount", "Only the management account can make an organization trail of a trail, or a trail of one.")
	errNotAllFeatures = Error("OrganizationNotInAllFeaturesMode", "The organization has not enabled all features.")
	errNotTrusted     = Error("CloudTrailAccessNotEnabled", "Trusted access of CloudTrail is not enabled in the organization.")
)

// errGlobal has the text of https://github.com/hashicorp/terraform/issues/4723.
var errGlobal = Error("InvalidParameterCombination", "Multi-Region trail must include global service events.")

var errConcurrent = Error("Conflict", "The trail was changed by another request. Try again.")
