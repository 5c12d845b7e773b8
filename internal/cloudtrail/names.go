package cloudtrail

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of names, in characters.
const (
	minName   = 3
	maxName   = 128
	maxPrefix = 200
)

// checkName refuses a name that no trail can have. Where texts are known they are AWS's, errors in them included.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trail-naming-requirements.html
func checkName(name string) error {
	invalid := func(format string, args ...any) error { return Error("InvalidTrailName", format, args...) }
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return invalid("Trail name cannot be blank!")
	case n < minName:
		return invalid("Trail name too short. Minimum allowed length: %d characters. Specified name length: %d characters.", minName, n)
	case n > maxName:
		return invalid("Trail name too long. Maximum allowed length: %d characters. Specified name length: %d characters.", maxName, n)
	}
	for i := range len(name) {
		if !isAlphanumeric(name[i]) && !isJoint(name[i]) {
			return invalid("Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).")
		}
	}
	switch {
	case !isAlphanumeric(name[0]):
		return invalid("Trail name must starts with a letter or number.")
	case !isAlphanumeric(name[len(name)-1]):
		return invalid("Trail name must ends with a letter or number.")
	}
	for i := range len(name) - 1 {
		if isJoint(name[i]) && isJoint(name[i+1]) {
			return invalid("Trail name can not have adjacent periods, underscores or dashes.")
		}
	}
	if isAddress(name) {
		return invalid("Trail name can not be in IP address format.")
	}
	return nil
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func isJoint(c byte) bool { return c == '.' || c == '_' || c == '-' }

func isAddress(text string) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && a.Is4()
}

// checkBucket refuses a name that no bucket for log files can have.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-s3-bucket-naming-requirements.html
func checkBucket(name string) error {
	if name == "" {
		return Error("InvalidS3BucketName", "Bucket name cannot be blank!")
	}
	valid := len(name) >= 3 && len(name) <= 63 && !isAddress(name)
	for _, label := range strings.Split(name, ".") {
		valid = valid && label != "" && label[0] != '-' && label[len(label)-1] != '-' && !strings.ContainsFunc(label, func(c rune) bool {
			return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-'
		})
	}
	if !valid {
		return Error("InvalidS3BucketName", "The bucket name is not valid.")
	}
	return nil
}

// checkPrefix refuses a prefix that no log files can have. AWS does not say what it makes of control characters; a line
// break could not be told from those of what is signed for a digest file, so that they are refused.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
func checkPrefix(prefix string) error {
	switch {
	case utf8.RuneCountInString(prefix) > maxPrefix:
		return Error("InvalidS3Prefix", "The prefix is longer than %d characters.", maxPrefix)
	case strings.Contains(prefix, "AWSLogs/"):
		return Error("InvalidS3Prefix", "The prefix must not contain AWSLogs/.")
	case strings.ContainsFunc(prefix, unicode.IsControl):
		return Error("InvalidS3Prefix", "The prefix must not contain control characters.")
	}
	return nil
}
