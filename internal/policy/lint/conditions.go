package lint

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"crossgrant/internal/policy"
)

// conditions checks the Condition element.
func (l *linter) conditions(s spot) {
	c := s.in("Condition")
	if c.Node == nil || !l.is(c, policy.ObjectNode, "object") {
		return
	}
	if len(c.Members) == 0 {
		l.report(Suggestion, "empty-object-condition", c, "This condition block is empty and it does not affect the policy. Specify conditions.")
	}
	for i := range c.Members {
		m := &c.Members[i]
		block := c.in(m.Name)
		if !l.is(block, policy.ObjectNode, "object") {
			continue
		}
		l.operator(s, c, m, block)
	}
}

// operator is an operator taken apart.
type operator struct {
	name     string // as written
	base     string
	set      string // ForAllValues, ForAnyValue or empty
	ifExists bool
}

// bases are the operators without set operator and IfExists, and the types of keys that they compare.
var bases = map[string]policy.KeyKind{
	"StringEquals": policy.StringKey, "StringNotEquals": policy.StringKey, "StringEqualsIgnoreCase": policy.StringKey, "StringNotEqualsIgnoreCase": policy.StringKey,
	"StringLike": policy.StringKey, "StringNotLike": policy.StringKey,
	"NumericEquals": policy.NumericKey, "NumericNotEquals": policy.NumericKey, "NumericLessThan": policy.NumericKey, "NumericLessThanEquals": policy.NumericKey,
	"NumericGreaterThan": policy.NumericKey, "NumericGreaterThanEquals": policy.NumericKey,
	"DateEquals": policy.DateKey, "DateNotEquals": policy.DateKey, "DateLessThan": policy.DateKey, "DateLessThanEquals": policy.DateKey,
	"DateGreaterThan": policy.DateKey, "DateGreaterThanEquals": policy.DateKey,
	"Bool": policy.BoolKey, "BinaryEquals": policy.BinaryKey, "IpAddress": policy.IPKey, "NotIpAddress": policy.IPKey,
	"ArnEquals": policy.ARNKey, "ArnLike": policy.ARNKey, "ArnNotEquals": policy.ARNKey, "ArnNotLike": policy.ARNKey, "Null": policy.BoolKey,
}

// operator checks an operator with its keys.
func (l *linter) operator(s, c spot, m *policy.Member, block spot) {
	op := operator{name: m.Name, base: m.Name}
	if set, rest, ok := strings.Cut(op.base, ":"); ok && (set == "ForAllValues" || set == "ForAnyValue") {
		op.set, op.base = set, rest
	}
	op.base, op.ifExists = strings.CutSuffix(op.base, "IfExists")
	if _, known := bases[op.base]; !known {
		l.reportKey(Error, "invalid-condition-operator", c, m, "The condition operator %s is not valid. Use a valid condition operator.", m.Name)
		return
	}
	if op.base == "Null" && op.ifExists {
		l.reportKey(Error, "null-with-if-exists", c, m, "The Null condition operator cannot be used with the IfExists suffix. Update the operator or the suffix.")
	}
	if op.base == "Null" && op.set != "" {
		l.reportKey(Suggestion, "null-with-qualifier", c, m, "Avoid using the Null condition operator with the ForAllValues or ForAnyValue qualifiers because they always return a true or false respectively.")
	}
	seen := map[string]bool{}
	for i := range block.Members {
		key := &block.Members[i]
		lower := strings.ToLower(key.Name)
		if seen[lower] {
			l.reportKey(Error, "duplicate-keys-with-different-case", block, key, "The condition key %s appears more than once with different capitalization in the same condition block. Remove the duplicate condition keys.", key.Name)
		}
		seen[lower] = true
		l.key(op, block, key)
		l.values(op, key.Name, block.in(key.Name))
	}
}

// key checks the name of a condition key.
func (l *linter) key(op operator, block spot, m *policy.Member) {
	vendor, name, ok := strings.Cut(m.Name, ":")
	lower := strings.ToLower(m.Name)
	info, known := policy.KeyInfo(m.Name)
	switch {
	case !ok || vendor == "" || name == "":
		l.reportKey(Error, "invalid-condition-key-format", block, m, "The condition key format is not valid. Use the format service:keyname.")
		return
	case lower == "aws:arn":
		l.reportKey(Warning, "deprecated-global-condition-key", block, m, "We recommend that you update aws:ARN to use the newer condition key aws:PrincipalArn.")
		return
	case !known && slices.ContainsFunc(tagPrefixes, func(p string) bool { return lower == p || lower == p+"/" }):
		l.reportKey(Error, "missing-tag-key-in-condition", block, m, "The condition key %s must include a tag key to control access based on tags. Use the format %s/tag-key and specify a key name for tag-key.", m.Name, strings.TrimSuffix(m.Name, "/"))
		return
	case !known && strings.EqualFold(vendor, "aws"):
		l.reportKey(Error, "invalid-global-condition-key", block, m, "The condition key %s does not exist. Use a valid condition key.", m.Name)
		return
	case !known && slices.Contains(knownServices, strings.ToLower(vendor)):
		l.reportKey(Error, "invalid-service-condition-key", block, m, "The condition key %s does not exist in the service %s. Use a valid condition key.", m.Name, vendor)
		return
	case !known:
		return
	}
	switch {
	case info.Multivalued && op.set == "" && op.base != "Null":
		l.reportKey(Error, "missing-qualifier", block, m, "The request context key %s has multiple values. Use the ForAllValues or ForAnyValue condition key qualifiers in your policy.", m.Name)
	case !info.Multivalued && op.set == "ForAllValues" && !strings.HasSuffix(lower, ":aud"):
		l.reportKey(SecurityWarning, "forallvalues-with-single-valued-key", block, m, "Using ForAllValues qualifier with the single-valued condition key %s can be overly permissive. We recommend that you remove ForAllValues:.", m.Name)
	}
	want := info.Kind()
	have := bases[op.base]
	if op.base != "Null" && have != want && !(want == policy.ARNKey && have == policy.StringKey) && !(want == policy.StringKey && have == policy.ARNKey) {
		l.reportKey(Warning, "type-mismatch", block, m, "Use the operator type %s instead of operator %s for the condition key %s.", typeNames[want], op.name, m.Name)
	}
}

// tagPrefixes are the condition keys that need the key of a tag.
var tagPrefixes = []string{"aws:requesttag", "aws:resourcetag", "aws:principaltag", "s3:existingobjecttag", "s3:requestobjecttag", "s3:buckettag", "iam:resourcetag"}

var typeNames = map[policy.KeyKind]string{
	policy.StringKey: "String", policy.ARNKey: "ARN", policy.BoolKey: "Bool", policy.NumericKey: "Numeric", policy.DateKey: "Date",
	policy.IPKey: "IP address", policy.BinaryKey: "Binary",
}

// values checks the values of a condition key.
func (l *linter) values(op operator, key string, list spot) {
	if list.Kind == policy.ArrayNode && len(list.Items) == 0 {
		l.emptyValues(op, key, list)
		return
	}
	scalars, kinds := 0, map[policy.NodeKind]bool{}
	for _, v := range list.each() {
		kinds[v.Kind] = true
		switch v.Kind {
		case policy.StringNode, policy.NumberNode, policy.BoolNode:
			scalars++
		default:
			l.report(Error, "data-type-mismatch", v, "The text does not match the expected JSON data type %s.", "string")
		}
	}
	if scalars != len(list.each()) {
		return
	}
	if len(kinds) > 1 {
		l.report(Error, "invalid-condition-data-type", list, "The condition value data types do not match. Use condition values of the same JSON data type.")
	}
	if kind := bases[op.base]; kind == policy.BoolKey && scalars > 1 {
		l.report(Error, "invalid-condition-multiple-boolean", list, "The condition key does not support multiple Boolean values. Use a single Boolean value.")
	}
	for _, v := range list.each() {
		l.variables(v, bases[op.base] == policy.StringKey || bases[op.base] == policy.ARNKey || op.base == "Bool")
		if !strings.Contains(v.Text, "${") {
			l.value(op, key, v)
		}
	}
	if strings.EqualFold(key, "aws:SourceIp") && bases[op.base] == policy.IPKey {
		l.private(op, list)
	}
	l.redundantNumbers(op, key, list)
}

func (l *linter) emptyValues(op operator, key string, list spot) {
	switch {
	case op.set == "ForAllValues":
		l.report(Suggestion, "empty-array-condition-forallvalues", list, "The ForAllValues prefix with an empty condition key matches only if the key %s is missing from the request context. To determine if the request context is empty, we recommend that you use the Null condition operator with the value of true instead.", key)
	case op.set == "ForAnyValue":
		l.report(Suggestion, "empty-array-condition-foranyvalue", list, "The ForAnyValue prefix with an empty condition key %s never matches the request context and it does not affect the policy. Specify conditions.", key)
	case op.ifExists:
		l.report(Suggestion, "empty-array-condition-ifexists", list, "The IfExists suffix with an empty condition key matches only if the key %s is missing from the request context. To determine if the request context is empty, we recommend that you use the Null condition operator with the value of true instead.", key)
	default:
		l.report(Suggestion, "empty-array-condition", list, "There are no values for the condition key %s and it does not affect the policy. Specify conditions.", key)
	}
}

// value checks one value.
func (l *linter) value(op operator, key string, v spot) {
	switch bases[op.base] {
	case policy.BoolKey:
		if !policy.BooleanValue.Accepts(v.Text) {
			l.report(Warning, "type-mismatch-boolean", v, "Add a valid Boolean value (true or false) for the condition operator %s.", op.name)
		}
	case policy.NumericKey:
		if !policy.NumericValue.Accepts(v.Text) {
			l.report(Warning, "type-mismatch-number", v, "Add a valid numeric value for the condition operator %s.", op.name)
		}
	case policy.DateKey:
		if !policy.DateValue.Accepts(v.Text) {
			l.report(Warning, "type-mismatch-date", v, "The date condition operator is used with an invalid value. Specify a valid date using YYYY-MM-DD or other ISO 8601 date/time format.")
		}
	case policy.BinaryKey:
		if !policy.BinaryValue.Accepts(v.Text) {
			l.report(Warning, "type-mismatch-string", v, "Add a valid base64-encoded string value for the condition operator %s.", op.name)
		}
	case policy.IPKey:
		l.network(op, v)
	case policy.StringKey:
		if !strings.Contains(op.base, "Like") && strings.ContainsAny(v.Text, "*?") {
			l.report(Warning, "wildcard-without-like-operator", v, "Your condition value includes a * or ? character. If you meant to use a wildcard (*, ?), update the condition operator to include Like.")
		}
	}
	switch lower := strings.ToLower(key); {
	case lower == "aws:sourcevpc" && !strings.ContainsAny(v.Text, "*?") && !endpointID(v.Text, "vpc-"):
		l.report(Error, "invalid-vpc-format", v, "The VPC identifier in the condition key value is not valid. Use the prefix 'vpc-' followed by 8 or 17 alphanumeric characters.")
	case lower == "aws:sourcevpce" && !strings.ContainsAny(v.Text, "*?") && !endpointID(v.Text, "vpce-"):
		l.report(Error, "invalid-vpce-format", v, "The VPCE identifier in the condition key value is not valid.  Use the prefix 'vpce-' followed by 8 or 17 alphanumeric characters.")
	case lower == github+":sub" && githubWild(v.Text):
		l.report(Warning, "specific-github-repo-and-branch-recommended", v, "Using a wildcard (*) in token.actions.githubusercontent.com:sub can allow requests from more sources than you intended. Specify the value of token.actions.githubusercontent.com:sub with the repository and branch name.")
	}
}

// githubWild reports whether a subject of GitHub leaves the owner or the repository open.
func githubWild(v string) bool {
	parts := strings.SplitN(strings.TrimPrefix(v, "repo:"), ":", 2)
	return strings.ContainsAny(parts[0], "*?")
}

// endpointID reports whether a value has the form of the ID of a VPC, or of an endpoint of one.
func endpointID(v, prefix string) bool {
	id, ok := strings.CutPrefix(v, prefix)
	return ok && (len(id) == 8 || len(id) == 17) && strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}

// network checks a block of addresses.
func (l *linter) network(op operator, v spot) {
	if _, ok := policy.ParseNetwork(v.Text); !ok {
		l.report(Warning, "type-mismatch-ip-range", v, "The condition operator %s is used with an invalid IP range value. Specify the IP range in standard CIDR format.", op.name)
		return
	}
	if p, err := netip.ParsePrefix(v.Text); err == nil && p.Masked().Addr() != p.Addr() {
		l.report(Suggestion, "improve-ip-range", v, "The non-zero bits in the IP address after the masked bits are ignored. Replace address with %s.", p.Masked())
	}
}

// private notes private addresses among those that a request may come from.
func (l *linter) private(op operator, list spot) {
	private, public := 0, 0
	for _, v := range list.each() {
		p, ok := policy.ParseNetwork(v.Text)
		switch {
		case !ok:
			return
		case p.Addr().IsPrivate() && !policyWider(p):
			private++
		default:
			public++
		}
	}
	not := strings.HasPrefix(op.base, "Not")
	switch {
	case private == 0:
	case public == 0 && not:
		l.report(Error, "private-not-ip-address", list, "The values for condition key aws:SourceIp include only private IP addresses and has no effect. aws:SourceIp works only for public IP address ranges. Update the value to include only public IP addresses.")
	case public == 0:
		l.report(Error, "private-ip-address", list, "aws:SourceIp works only for public IP address ranges. The values for condition key aws:SourceIp include only private IP addresses and will not have the desired effect. Update the value to include only public IP addresses.")
	case not:
		l.report(Suggestion, "private-not-ip-address-subset", list, "The values for condition key aws:SourceIp include a mix of private and public IP addresses. The private addresses have no effect. aws:SourceIp works only for public IP address ranges. To define permissions for private IP ranges, use aws:VpcSourceIp.")
	default:
		l.report(Suggestion, "private-ip-address-subset", list, "The values for condition key aws:SourceIp include a mix of private and public IP addresses. The private addresses will not have the desired effect. aws:SourceIp works only for public IP address ranges. To define permissions for private IP ranges, use aws:VpcSourceIp.")
	}
}

// policyWider reports whether a block that begins with a private address has public ones as well.
func policyWider(p netip.Prefix) bool {
	for _, private := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"} {
		if block := netip.MustParsePrefix(private); block.Contains(p.Addr()) {
			return p.Bits() < block.Bits()
		}
	}
	return true
}

// redundantNumbers notes numbers of which only one matters.
func (l *linter) redundantNumbers(op operator, key string, list spot) {
	least := strings.Contains(op.base, "NumericGreaterThan")
	if !least && !strings.Contains(op.base, "NumericLessThan") || len(list.each()) < 2 {
		return
	}
	best, count := 0.0, 0
	for _, v := range list.each() {
		n, err := strconv.ParseFloat(v.Text, 64)
		if err != nil {
			return
		}
		if count == 0 || least && n < best || !least && n > best {
			best = n
		}
		count++
	}
	which := "greatest"
	if least {
		which = "least"
	}
	l.report(Suggestion, "redundant-condition-value-num", list, "Multiple values in %s are redundant. Replace with the %s single value for %s.", op.name, which, key)
}
