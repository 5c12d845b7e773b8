package event

import (
	"bytes"
	"encoding/json"
	"slices"

	"crossgrant/internal/audit"
	"crossgrant/internal/ids"
)

// Username returns who made r as LookupEvents tells recipient: the name of a user, of a role session, of a federated
// user or of whoever a provider vouches for, "root" for a root user. It is empty for callers of other accounts, for
// services and for anonymous callers.
//
// Sources: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Event.html and the example of
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-cli.html
func Username(r *audit.Record, recipient ids.AccountID) string {
	c := callerOf(r)
	if s := r.SignIn; s != nil {
		switch {
		case s.Root:
			return "root"
		case s.UserName == "":
			return hiddenName
		}
		return s.UserName
	}
	switch {
	case c.kind == samlUser, c.kind == webUser:
		return c.name
	case c.kind == awsService, recipient != r.CallerAccount:
		return ""
	}
	return c.name
}

// Resource is a resource that an event refers to, as LookupEvents tells it: a type such as "AWS::S3::Bucket", and a
// name, an ID or an ARN.
type Resource struct{ Type, Name string }

// Resources returns the resources that the event of r for recipient refers to, each once: the bucket and the object of
// a request to S3; of one to IAM, STS or CloudTrail what its parameters and its answer name.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Resource.html. AWS has published no list of
// what it takes for a resource: the names and types here are those of its types in CloudFormation.
func Resources(r *audit.Record, recipient ids.AccountID) []Resource {
	o := operationOf(r)
	if o == nil {
		return nil
	}
	if isS3(r) {
		return bucketResources(r, o)
	}
	var found []Resource
	for _, text := range [][]byte{asked(r), answered(r, o)} {
		var v any
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if len(text) <= maxObject && d.Decode(&v) == nil {
			found = named(found, r.Service, "", v, 0)
		}
	}
	if r.Service == "sts" && recipient != r.CallerAccount {
		// The session's access key is its holder's.
		found = slices.DeleteFunc(found, func(f Resource) bool { return f.Type == "AWS::IAM::AccessKey" })
	}
	return found
}

func bucketResources(r *audit.Record, o *operation) []Resource {
	if r.Bucket == "" {
		return nil
	}
	if o.on == onObject && r.Key != "" {
		return []Resource{{objectType, objectARN(r, onObject)}, {bucketType, r.Bucket}}
	}
	return []Resource{{bucketType, r.Bucket}}
}

// maxResources is how many resources of an event are told.
const maxResources = 50

// named adds the resources that a value names, which is a member of that name.
func named(found []Resource, service, name string, v any, depth int) []Resource {
	if depth > maxDepth || len(found) >= maxResources {
		return found
	}
	switch v := v.(type) {
	case string:
		kind := types[service][name]
		if res := (Resource{kind, v}); kind != "" && v != "" && !slices.Contains(found, res) {
			found = append(found, res)
		}
	case []any:
		for _, each := range v {
			found = named(found, service, name, each, depth+1)
		}
	case map[string]any:
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			inner := key
			if key == "arn" {
				inner = name + ".arn" // of what is named around it
			}
			found = named(found, service, inner, v[key], depth+1)
		}
	}
	return found
}

// types are the types of what members of parameters and answers name, by service.
var types = map[string]map[string]string{
	"iam": {
		"userName": "AWS::IAM::User", "userId": "AWS::IAM::User", "user.arn": "AWS::IAM::User",
		"roleName": roleType, "roleId": roleType, "roleArn": roleType, "role.arn": roleType,
		"groupName": "AWS::IAM::Group", "groupId": "AWS::IAM::Group", "group.arn": "AWS::IAM::Group",
		"policyArn": "AWS::IAM::Policy", "policyId": "AWS::IAM::Policy", "policyName": "AWS::IAM::Policy", "policy.arn": "AWS::IAM::Policy",
		"instanceProfileName": "AWS::IAM::InstanceProfile", "instanceProfileId": "AWS::IAM::InstanceProfile", "instanceProfile.arn": "AWS::IAM::InstanceProfile",
		"accessKeyId": "AWS::IAM::AccessKey", "serialNumber": "AWS::IAM::VirtualMFADevice",
		"sAMLProviderArn": "AWS::IAM::SAMLProvider", "openIDConnectProviderArn": "AWS::IAM::OIDCProvider",
	},
	"sts": {
		"roleArn": roleType, "accessKeyId": "AWS::IAM::AccessKey", "assumedRoleId": "AWS::STS::AssumedRole",
		"assumedRoleUser.arn": "AWS::STS::AssumedRole", "federatedUserId": "AWS::STS::FederatedUser", "federatedUser.arn": "AWS::STS::FederatedUser",
	},
	"cloudtrail": {
		"name": "AWS::CloudTrail::Trail", "trailName": "AWS::CloudTrail::Trail", "trailARN": "AWS::CloudTrail::Trail",
		"trailNameList": "AWS::CloudTrail::Trail", "s3BucketName": bucketType,
	},
}
