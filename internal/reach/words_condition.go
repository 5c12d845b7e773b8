package reach

import (
	"strings"

	"crossgrant/internal/policy"
)

// conditionText tells in words when a condition holds.
func conditionText(c *policy.Condition) string {
	o := operatorOf(c.Operator)
	values := listOf(c.Values, "or")
	key := strings.ToLower(c.Key)
	if o.base == "Bool" && len(c.Values) == 1 && !o.ifExists && o.set == "" {
		if s, ok := boolText[key+"="+strings.ToLower(c.Values[0])]; ok {
			return s
		}
	}
	if o.base == "Null" {
		if len(c.Values) == 1 && strings.EqualFold(c.Values[0], "true") {
			return "without " + c.Key
		}
		return "with " + c.Key
	}
	with := keyText(c.Key)
	var out string
	switch {
	case o.base == "IpAddress" && key == "aws:sourceip":
		out = "from " + values
	case o.base == "NotIpAddress" && key == "aws:sourceip":
		out = "not from " + values
	case o.text() && !o.negated() && o.set == "":
		out = with + " " + values
		if strings.HasSuffix(with, "=") {
			out = with + values
		}
	default:
		out = "if " + setText[o.set] + c.Key + " " + relationText(o) + " " + values
	}
	if o.ifExists {
		out += " (or no such key)"
	}
	return out
}

var boolText = map[string]string{
	"aws:securetransport=true": "over TLS", "aws:securetransport=false": "without TLS",
	"aws:multifactorauthpresent=true": "with MFA", "aws:multifactorauthpresent=false": "without MFA in the session",
}

var setText = map[string]string{"ForAnyValue": "some value of ", "ForAllValues": "every value of "}

// keyTexts are what precedes the value of a key.
var keyTexts = map[string]string{
	"s3:prefix": "listing the prefix", "aws:principalorgid": "from organization", "aws:principalaccount": "from account",
	"aws:principalarn": "as", "sts:externalid": "with external ID", "aws:sourcevpce": "through VPC endpoint", "aws:sourcevpc": "from VPC",
	"aws:sourceaccount": "for account", "aws:sourcearn": "for", "s3:versionid": "of version", "aws:username": "as user",
}

func keyText(key string) string {
	lower := strings.ToLower(key)
	if s, ok := keyTexts[lower]; ok {
		return s
	}
	for _, prefix := range []struct{ key, words string }{
		{"s3:existingobjecttag/", "for objects tagged "}, {"s3:requestobjecttag/", "with tag "}, {"aws:principaltag/", "with principal tag "},
		{"s3:x-amz-", "with x-amz-"},
	} {
		if strings.HasPrefix(lower, prefix.key) {
			if prefix.key == "s3:x-amz-" {
				return prefix.words + key[len(prefix.key):]
			}
			return prefix.words + key[len(prefix.key):] + "="
		}
	}
	return "with " + key
}

func relationText(o operator) string {
	for _, r := range []struct{ suffix, words string }{
		{"NotEqualsIgnoreCase", "is not"}, {"EqualsIgnoreCase", "is"}, {"NotEquals", "is not"}, {"LessThanEquals", "is at most"}, {"GreaterThanEquals", "is at least"},
		{"LessThan", "is less than"}, {"GreaterThan", "is more than"}, {"NotLike", "is not like"}, {"Like", "is like"}, {"Equals", "is"},
		{"NotIpAddress", "is not in"}, {"IpAddress", "is in"},
	} {
		if strings.HasSuffix(o.base, r.suffix) {
			return r.words
		}
	}
	return "is"
}
