package objects

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxKey is the largest length of an object key, in bytes.
const maxKey = 1024

// Beginnings and endings that general purpose buckets may not have.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var (
	reservedPrefixes = []string{"xn--", "sthree-", "amzn-s3-demo-"}
	reservedSuffixes = []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}
)

// checkBucketName returns InvalidBucketName if name is not the name of a general purpose bucket: 3 to
// 63 lower-case letters, digits, dots and hyphens, a letter or digit at both ends, no two dots side by
// side, not of the form of an IPv4 address, and nothing reserved.
func checkBucketName(name string) error {
	if !validBucketName(name) {
		return invalidBucketName(name)
	}
	return nil
}

func validBucketName(name string) bool {
	if len(name) < 3 || len(name) > 63 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		edge := i == 0 || i == len(name)-1
		if !isLetterOrDigit(c) && (edge || c != '.' && c != '-') {
			return false
		}
	}
	if strings.Contains(name, "..") || looksLikeIPv4(name) {
		return false
	}
	has := func(test func(s, affix string) bool) func(string) bool {
		return func(affix string) bool { return test(name, affix) }
	}
	return !slices.ContainsFunc(reservedPrefixes, has(strings.HasPrefix)) &&
		!slices.ContainsFunc(reservedSuffixes, has(strings.HasSuffix))
}

func isLetterOrDigit(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// looksLikeIPv4 reports whether name is four groups of one to three digits. Groups above 255 or with leading zeros
// count: they are formatted as an address, whether or not they are one.
func looksLikeIPv4(name string) bool {
	groups := strings.Split(name, ".")
	return len(groups) == 4 && !slices.ContainsFunc(groups, func(g string) bool {
		return g == "" || len(g) > 3 || strings.Trim(g, "0123456789") != ""
	})
}

// checkKey returns an error if key is not an object key: 1 to 1024 bytes of UTF-8. Any character is
// allowed, control characters included; a key is never a path, so that "../" means nothing.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
func checkKey(key string) error {
	switch {
	case key == "":
		return invalidArgument("key", "", "User key must have a length greater than 0.")
	case len(key) > maxKey:
		return keyTooLong(key)
	case !utf8.ValidString(key):
		return invalidURI()
	}
	return nil
}
