package trailjson

import "strings"

// reads are the beginnings of the names of operations that change nothing. CloudTrail tells the answers of none of
// them.
var reads = []string{
	"Batch", "Check", "Decode", "Describe", "Explain", "Generate", "Get", "List", "Lookup", "Preview", "Search", "Simulate", "Validate",
}

// issues are the operations of STS that give out credentials. They change nothing, but CloudTrail tells whose
// credentials they gave out, and which ones.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html#cloudtrail-integration_examples-sts-api
var issues = map[string]bool{"GetFederationToken": true, "GetSessionToken": true}

// Tells reports whether the answer of an operation is told: if it changes something, or gives out credentials.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
// (responseElements)
func Tells(operation string) bool {
	if issues[operation] {
		return true
	}
	for _, verb := range reads {
		if strings.HasPrefix(operation, verb) {
			return false
		}
	}
	return true
}
