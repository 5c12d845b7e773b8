package explain

import (
	"strings"

	"crossgrant/internal/policy"
)

// side tells whose facts give the value of a condition key.
type side uint8

const (
	unknownSide side = iota
	requestSide
	callerSide
	resourceSide
)

// callersKeys and resourcesKeys begin, in lower case, the condition keys that tell of the caller and its account
// beyond who it is, and of the resource and its account.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var (
	callersKeys = strings.Fields("aws:principaltag/ aws:principalorgid aws:principalorgpaths aws:username aws:userid aws:sourceidentity " +
		"aws:federatedprovider aws:tokenissuetime aws:multifactorauth aws:assumedroot aws:chatbotsourcearn aws:ec2instancesource " +
		"saml: identitystore: ec2: glue: lambda: ssm:")
	resourcesKeys = strings.Fields("aws:resource s3:resourceaccount s3:existing s3:buckettag/ s3:accesspoint s3:dataaccesspoint s3:accessgrant " +
		"s3:object-lock-event-hold iam:resourcetag/")
)

// sideOf returns whose facts give the value of a condition key. That the caller is who it is, by ARN and
// account, belongs to the request: access logs tell it to the owner of a bucket. Keys that AWS does not describe
// are of no side, but for those of identity providers, which are the caller's.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html (Requester)
func sideOf(key string) side {
	key = strings.ToLower(key)
	begins := func(prefixes []string) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(key, p) {
				return true
			}
		}
		return false
	}
	vendor, _, _ := strings.Cut(key, ":")
	_, known := policy.KeyInfo(key)
	switch {
	case begins(callersKeys), strings.Contains(vendor, "."):
		return callerSide
	case begins(resourcesKeys):
		return resourceSide
	case known:
		return requestSide
	default:
		return unknownSide
	}
}
