package policy

import (
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
)

// IsPublic reports whether S3 counts a bucket policy as public: some statement allows everyone, and
// no condition of it limits that to fixed values of one of the keys that tell who or what is
// calling. Deny statements never matter.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
func (d *Document) IsPublic() bool { return d.public }

// isPublic is IsPublic before it is kept.
func (d *Document) isPublic() bool {
	for i := range d.Statements {
		if d.Statements[i].public(d.Version == version2012) {
			return true
		}
	}
	return false
}

// PublicStatement reports whether statement i is one that makes a bucket policy public.
func (d *Document) PublicStatement(i int) bool {
	return d.Statements[i].public(d.Version == version2012)
}

func (s *Statement) public(variables bool) bool {
	if s.Effect == Deny || s.Principals == nil || !s.Principals.everyone() && !s.NotPrincipal {
		return false
	}
	for i := range s.Conditions {
		if s.Conditions[i].fixes(variables) {
			return false
		}
	}
	return true
}

// everyone reports whether "*" is among the principals.
func (ps *Principals) everyone() bool {
	if ps.Any {
		return true
	}
	for _, n := range ps.Names {
		if n.Kind == PrincipalAWS && n.Value == "*" {
			return true
		}
	}
	return false
}

// fixes reports whether the condition limits a statement for everyone to fixed callers. Operators
// that an absent key passes do not: IfExists, ForAllValues, Null and the negated ones. Of the keys
// that may have several values, those without a set operator never match and are left out of account.
func (c *Condition) fixes(variables bool) bool {
	op, _ := parseOperator(c.Operator)
	switch op.family {
	case famString, famStringFold, famStringLike, famARN, famIP:
	default:
		return false
	}
	fixed := fixedValue(strings.ToLower(c.Key))
	if fixed == nil || op.negated || op.ifExists || op.quantifier == forAllValues {
		return false
	}
	if multivalued(c.Key) && op.quantifier == noQuantifier {
		return false
	}
	for _, v := range c.Values {
		if variables && strings.Contains(v, "${") || !fixed(v) {
			return false
		}
	}
	return true
}

// multivalued reports whether a key of fixedValue is.
func multivalued(key string) bool {
	return strings.EqualFold(key, "aws:PrincipalOrgPaths") || strings.EqualFold(key, "aws:PrincipalServiceNamesList")
}

// fixedValue returns what tells whether a value of the key, in lower case, is fixed; nil if no value
// of it makes a policy non-public. AWS names "an AWS principal, user, role, or service principal";
// the keys of that kind beside aws:PrincipalOrgID are our reading of it.
func fixedValue(key string) func(string) bool {
	switch key {
	case "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths",
		"aws:principalservicename", "aws:principalservicenameslist",
		"aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount",
		"s3:dataaccesspointaccount":
		return func(v string) bool { return !hasWildcard(v) }
	case "aws:principalaccount":
		// For anonymous callers the key holds "anonymous", which is fixed but means everyone.
		return func(v string) bool { _, err := ids.ParseAccountID(v); return err == nil }
	case "aws:userid":
		return fixedUserID
	case "aws:sourceip":
		return fixedNetwork
	case "s3:dataaccesspointarn":
		return fixedAccessPoint
	default:
		return nil
	}
}

// fixedUserID takes a fixed user ID, or every session of one role, as fixed. Anonymous callers have
// the ID "anonymous", which StringEqualsIgnoreCase finds in any case.
func fixedUserID(v string) bool {
	if role, ok := strings.CutSuffix(v, ":*"); ok {
		return strings.HasPrefix(role, string(ids.Role)) && isUniqueID(role)
	}
	return !hasWildcard(v) && !strings.EqualFold(v, "anonymous")
}

// fixedNetwork takes a block as fixed unless it is broader than /8, or /32 in IPv6. AWS excepts the
// private ranges of RFC 1918 from that, of which none is so broad.
func fixedNetwork(v string) bool {
	p, ok := parseNetwork(v)
	if !ok {
		return false
	}
	if p.Addr().Is4() {
		return p.Bits() >= 8
	}
	return p.Bits() >= 32
}

// fixedAccessPoint takes an access point's ARN as fixed if nothing but the name has wildcards and
// the account is there.
func fixedAccessPoint(v string) bool {
	a, err := arn.Parse(v)
	if err != nil || hasWildcard(a.Partition+a.Service+a.Region) {
		return false
	}
	_, err = ids.ParseAccountID(a.Account)
	return err == nil && strings.HasPrefix(a.Resource, "accesspoint/")
}
