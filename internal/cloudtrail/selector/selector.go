// Package selector is the event selectors of CloudTrail: which of them are valid, and which events they choose.
//
// Basic selectors choose management events, and data events by type and ARN of the resource:
//
//	{"ReadWriteType":"WriteOnly","IncludeManagementEvents":true,
//	 "DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::bucket/prefix"]}]}
//
// Advanced selectors are conditions on fields of events, all of which have to be met:
//
//	{"Name":"uploads","FieldSelectors":[
//	 {"Field":"eventCategory","Equals":["Data"]},
//	 {"Field":"resources.type","Equals":["AWS::S3::Object"]},
//	 {"Field":"eventName","Equals":["PutObject","CompleteMultipartUpload"]}]}
//
// An event is chosen if any selector of a trail chooses it. The package knows no trail and no request.
//
// Sources: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/filtering-data-events.html
package selector

import "crossgrant/internal/apierr"

// Values of ReadWriteType.
const (
	All       = "All"
	ReadOnly  = "ReadOnly"
	WriteOnly = "WriteOnly"
)

// Basic is a basic event selector, with the defaults of what a request leaves out filled in.
type Basic struct {
	ReadWriteType                 string
	IncludeManagementEvents       bool
	DataResources                 []Resource
	ExcludeManagementEventSources []string // such as kms.amazonaws.com
}

// Resource is the resources of one type whose data events a basic selector chooses.
type Resource struct {
	Type   string
	Values []string // ARNs, or their beginnings
}

// Advanced is an advanced event selector.
type Advanced struct {
	Name           string `json:",omitempty"` // empty: none
	FieldSelectors []Field
}

// Field is the conditions on one field: the value has to fit one of the first three lists, if any has something, and
// nothing of the last three.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/filtering-data-events.html#filtering-data-events-conditions
type Field struct {
	Field         string
	Equals        []string `json:",omitempty"`
	StartsWith    []string `json:",omitempty"`
	EndsWith      []string `json:",omitempty"`
	NotEquals     []string `json:",omitempty"`
	NotStartsWith []string `json:",omitempty"`
	NotEndsWith   []string `json:",omitempty"`
}

// Default is the selector of a trail that was given none: all management events, and no data events.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
func Default() []Basic { return []Basic{{ReadWriteType: All, IncludeManagementEvents: true}} }

// Quotas of one trail. They cannot be raised on AWS either.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
const (
	maxBasic     = 5
	maxResources = 250
	maxValues    = 500
)

// Check refuses selectors that no trail can have, with InvalidEventSelectorsException. A trail has selectors of one
// kind.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
func Check(basic []Basic, advanced []Advanced) error {
	switch {
	case len(basic) > 0 && len(advanced) > 0:
		return invalid("You can specify either EventSelectors or AdvancedEventSelectors, but not both.")
	case len(advanced) > 0:
		return checkAdvanced(advanced)
	case len(basic) == 0:
		return invalid("Specify EventSelectors or AdvancedEventSelectors.")
	}
	return checkBasic(basic)
}

// invalid is the error of all selectors that are not valid.
func invalid(format string, args ...any) *apierr.Error {
	return apierr.New(400, "InvalidEventSelectorsException", format, args...)
}
