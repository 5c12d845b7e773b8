package selector

import (
	"slices"
	"strings"

	"crossgrant/internal/arn"
)

// The types of resources that basic selectors know, with the beginning of the ARNs of all resources of the type.
var basicTypes = map[string]string{
	objectType: "arn:aws:s3", "AWS::Lambda::Function": "arn:aws:lambda", "AWS::DynamoDB::Table": "arn:aws:dynamodb",
}

// excludable are the sources whose management events can be left out.
var excludable = []string{"kms.amazonaws.com", "rdsdata.amazonaws.com"}

// checkBasic refuses basic selectors that are not valid.
func checkBasic(basic []Basic) error {
	if len(basic) > maxBasic {
		return invalid("A trail can have up to %d event selectors.", maxBasic)
	}
	resources := 0
	for i := range basic {
		b := &basic[i]
		if !slices.Contains([]string{All, ReadOnly, WriteOnly}, b.ReadWriteType) {
			return invalid("Value %s for ReadWriteType is invalid.", clip(b.ReadWriteType))
		}
		// AWS was seen to refuse a selector that chooses nothing (https://github.com/aws/aws-cdk/issues/13966).
		if !b.IncludeManagementEvents && len(b.DataResources) == 0 {
			return invalid("An event selector that does not include management events must have data resources.")
		}
		for _, source := range b.ExcludeManagementEventSources {
			if !slices.Contains(excludable, source) {
				return invalid("Value %s for ExcludeManagementEventSources is invalid.", clip(source))
			}
		}
		for _, r := range b.DataResources {
			if err := r.check(); err != nil {
				return err
			}
			resources += r.count()
		}
	}
	if resources > maxResources {
		return invalid("A trail can have up to %d data resources in all of its event selectors.", maxResources)
	}
	return nil
}

// check refuses a type that basic selectors do not know, and values that are not ARNs of that type.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DataResource.html
func (r *Resource) check() error {
	all, known := basicTypes[r.Type]
	if !known {
		return invalid("Value %s for DataResources.Type is invalid.", clip(r.Type))
	}
	if len(r.Values) == 0 {
		return invalid("Specify 1 to %d values for DataResources.Values.", maxResources)
	}
	for _, value := range r.Values {
		if value == all || value == all+":::" && r.Type == objectType {
			continue
		}
		if !validResource(r.Type, value) {
			// The text is AWS's: https://github.com/aws/aws-cdk/issues/3450
			return invalid("Value %s for DataResources.Values is invalid.", clip(value))
		}
	}
	return nil
}

// count returns how many values count against the quota: those that choose all resources do not.
func (r *Resource) count() (n int) {
	for _, value := range r.Values {
		if value != basicTypes[r.Type] && value != allObjects {
			n++
		}
	}
	return n
}

// allObjects is the other way to write that the objects of all buckets are chosen.
const allObjects = "arn:aws:s3:::"

// validResource reports whether text is the ARN of a resource of a type that basic selectors know: for objects that of
// a bucket with a slash and the beginning of a key, which may be empty.
func validResource(kind, text string) bool {
	name, err := arn.Parse(text)
	if err != nil || name.Partition != arn.Partition || len(text) > maxValue {
		return false
	}
	switch kind {
	case objectType:
		bucket, _, found := strings.Cut(name.Resource, "/")
		return found && name.Service == "s3" && name.Region == "" && name.Account == "" && validBucket(bucket)
	case "AWS::Lambda::Function":
		return name.Service == "lambda" && name.Region != "" && name.Account != "" && strings.HasPrefix(name.Resource, "function:")
	default:
		return name.Service == "dynamodb" && name.Region != "" && name.Account != "" && strings.HasPrefix(name.Resource, "table/")
	}
}

// validBucket reports whether text could be the name of a bucket; wildcards are none.
func validBucket(text string) bool {
	return len(text) >= 3 && len(text) <= 255 && !strings.ContainsFunc(text, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_'
	})
}

// clip shortens what is repeated to the caller.
func clip(text string) string {
	if len(text) > 200 {
		return strings.ToValidUTF8(text[:200], "") + "..."
	}
	return text
}
