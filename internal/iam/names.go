package iam

import (
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
)

// Patterns of names, as the API model gives them; each has to match the whole name.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
const (
	NamePattern       = `[\w+=,.@-]+`
	PathPattern       = `(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`
	PolicyPathPattern = `((/[A-Za-z0-9\.,\+@=_-]+)*)/`
	TagKeyPattern     = `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`
	TagValuePattern   = `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`
)

// Lengths of names, in characters; the shortest name has one.
const (
	MaxUserName            = 64
	MaxGroupName           = 128
	MaxRoleName            = 64
	MaxPolicyName          = 128
	MaxInstanceProfileName = 128
	MaxPath                = 512
	MaxTagKey              = 128
	MaxTagValue            = 256
)

var (
	nameRegexp       = regexp.MustCompile(`^[\w+=,.@-]+$`)
	pathRegexp       = regexp.MustCompile(`^(?:/|/[\x21-\x7E]+/)$`)
	policyPathRegexp = regexp.MustCompile(`^(?:(?:/[A-Za-z0-9.,+@=_-]+)*)/$`)
	tagKeyRegexp     = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$`)
	tagValueRegexp   = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)

// checkName refuses a name that a new entity cannot have. field is the parameter's name in the API.
func checkName(field, name string, most int) error {
	if len(name) > most || !nameRegexp.MatchString(name) {
		return validationError("The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", field)
	}
	return nil
}

// checkPath returns the path, "/" for an empty one, or refuses it.
func checkPath(path string, valid *regexp.Regexp) (string, error) {
	if path == "" {
		return "/", nil
	}
	if len(path) > MaxPath || !valid.MatchString(path) {
		return "", validationError("The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return path, nil
}

// checkTags refuses tags that a request cannot give an entity. No two keys of one request may be equal ignoring case,
// which AWS refuses only for users and roles: the condition key of a tag ignores case, so that of two such tags a
// policy would see one, and the other, which nothing was asked about, could be left as the only one.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules
func (s *Service) checkTags(tags []Tag) error {
	if len(tags) > s.quotas.Tags {
		return errTooManyTags
	}
	seen := map[string]bool{}
	for _, tag := range tags {
		key := strings.ToLower(tag.Key)
		switch {
		case seen[key]:
			return invalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		case strings.HasPrefix(strings.ToLower(tag.Key), "aws:"):
			return invalidInput("Tag keys that begin with aws: are reserved.")
		case utf8.RuneCountInString(tag.Key) > MaxTagKey || !tagKeyRegexp.MatchString(tag.Key):
			return invalidInput("The tag key %q is invalid.", tag.Key)
		case utf8.RuneCountInString(tag.Value) > MaxTagValue || !tagValueRegexp.MatchString(tag.Value):
			return invalidInput("The value of tag %q is invalid.", tag.Key)
		}
		seen[key] = true
	}
	return nil
}

// ParsePolicyARN returns the parts of the ARN of a managed policy, an account's own or one of AWS. The
// error is a ValidationError for what is no ARN and InvalidInput for the ARN of something else. It
// does not say whether the policy exists.
func ParsePolicyARN(text string) (arn.ARN, error) {
	a, err := arn.Parse(text)
	if err != nil {
		return arn.ARN{}, validationError("Invalid ARN:  Could not be parsed!")
	}
	_, idErr := ids.ParseAccountID(a.Account)
	own := a.Account == managed.Owner || idErr == nil
	valid := nameRegexp.MatchString(a.Name()) && policyPathRegexp.MatchString(a.Path())
	if a.Partition != arn.Partition || a.Service != "iam" || a.Region != "" || a.Type() != "policy" || !own || !valid {
		return arn.ARN{}, invalidInput("ARN %s is not valid.", text)
	}
	return a, nil
}

// ParseEntityARN returns the parts of the ARN of a user, group or role, and which of them it names. The
// error is InvalidInput. It does not say whether the entity exists.
//
// Source: the message is one that users report, https://github.com/newrelic/newrelic-lambda-cli/issues/96
func ParseEntityARN(text string) (a arn.ARN, k keys.Kind, err error) {
	a, err = arn.Parse(text)
	kinds := map[string]keys.Kind{"user": keys.UserKind, "group": keys.GroupKind, "role": keys.RoleKind}
	k, known := kinds[a.Type()]
	_, idErr := ids.ParseAccountID(a.Account)
	named := len(a.Name()) <= MaxGroupName && nameRegexp.MatchString(a.Name()) && len(a.Path()) <= MaxPath && pathRegexp.MatchString(a.Path())
	if err != nil || a.Partition != arn.Partition || a.Service != "iam" || a.Region != "" || idErr != nil || !known || !named {
		return arn.ARN{}, 0, invalidInput("Invalid Entity Arn: %s does not clearly define entity type and name.", text)
	}
	return a, k, nil
}

var errTooManyTags = limitExceeded("The number of tags has reached the maximum limit.")

// errOutside refuses to change a policy that the account does not own.
var errOutside = &apierr.Error{Code: "AccessDenied", Status: http.StatusForbidden, Message: "Policy is outside your own account."}
