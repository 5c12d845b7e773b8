package policy

import (
	"strings"
	"unicode/utf8"
)

// Limits on the size of a document, as Size counts it, that no account can have raised. Those of
// IAM's own policies and of Organizations' are quotas, which the caller knows.
const (
	// MaxText is the size in bytes of any policy parameter on the wire.
	//
	// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
	MaxText = 131072
	// MaxBucketSize is the size of a bucket policy.
	//
	// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
	MaxBucketSize = 20480
	// MaxSessionSize is the size of a session policy together with the ARNs of managed policies
	// that are passed beside it.
	//
	// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
	MaxSessionSize = 2048
)

// Size returns how much of its limit a document of this type takes:
//
//	Identity, Trust    characters, of which white space does not count
//	Session, SCP, RCP  characters
//	Bucket             bytes, of which white space outside strings does not count
//
// The text need not be a valid document.
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
// https://github.com/MIT-LCP/physionet-build/issues/2094 (S3, observed)
func (t Type) Size(text string) int {
	switch t {
	case Session, SCP, RCP:
		return utf8.RuneCountInString(text)
	case Bucket:
		return compactSize(text)
	default:
		return utf8.RuneCountInString(text) - strings.Count(text, " ") -
			strings.Count(text, "\t") - strings.Count(text, "\n") - strings.Count(text, "\r")
	}
}

// compactSize returns the number of bytes of a JSON text without the white space between its parts.
func compactSize(text string) int {
	n, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\' && i+1 < len(text):
			n++ // and the character that is escaped below
			i++
		case c == '"':
			inString = !inString
		case !inString && (c == ' ' || c == '\t' || c == '\n' || c == '\r'):
			continue
		}
		n++
	}
	return n
}
