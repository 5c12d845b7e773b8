package authz

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// denies reports whether some statement of the policies denies the case. A policy that cannot be read
// denies everything.
func (c *plainCase) denies(policies []*plainPolicy) bool {
	for _, p := range policies {
		if p.Unreadable {
			return true
		}
		for i := range p.Statements {
			if s := &p.Statements[i]; s.Deny && c.matches(p, s) != none {
				return true
			}
		}
	}
	return false
}

// allows returns the strongest grant of the policies' statements.
func (c *plainCase) allows(policies []*plainPolicy) int {
	best := none
	for _, p := range policies {
		for i := range p.Statements {
			if s := &p.Statements[i]; !s.Deny {
				best = max(best, c.matches(p, s))
			}
		}
	}
	return best
}

// matches returns how strongly the statement matches.
func (c *plainCase) matches(p *plainPolicy, s *plainStatement) int {
	variables := p.Version == "2012-10-17"
	action := slices.ContainsFunc(s.Actions, func(a string) bool { return matchAction(a, c.Action) })
	if action == s.NotAction {
		return none
	}
	if len(s.Resources) > 0 {
		resource := slices.ContainsFunc(s.Resources, func(r string) bool { return c.matchResource(r, variables) })
		if resource == s.NotResource {
			return none
		}
	}
	for i := range s.Conditions {
		if !c.holds(&s.Conditions[i], variables) {
			return none
		}
	}
	return c.matchPrincipal(s)
}

// matchAction compares the service and, as a glob, the name, both ignoring case.
func matchAction(pattern, action string) bool {
	if pattern == "*" {
		return true
	}
	service, name, _ := strings.Cut(strings.ToLower(pattern), ":")
	wantService, wantName, _ := strings.Cut(strings.ToLower(action), ":")
	return service == wantService && matchGlob(wild(name), wantName)
}

// matchResource compares the six parts of an ARN, each as a glob.
func (c *plainCase) matchResource(pattern string, variables bool) bool {
	if pattern == "*" {
		return true
	}
	parts, resource := strings.SplitN(pattern, ":", 6), strings.SplitN(c.Resource, ":", 6)
	for i := range 5 {
		if !matchGlob(wild(parts[i]), resource[i]) {
			return false
		}
	}
	last := wild(parts[5])
	if variables {
		var ok bool
		if last, ok = c.expand(last); !ok {
			return false
		}
	}
	return matchGlob(last, resource[5])
}

// In a pattern, these two are wildcards; '*' and '?' are themselves.
const anyRun, anyOne = "\x01", "\x02"

// wild turns what is written into a pattern. Escapes such as ${*} are left for expand, which knows
// them by the wildcard in them.
func wild(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "*", anyRun), "?", anyOne)
}

// expand replaces the variables of a pattern by their values, literally; ok is false if one has none.
func (c *plainCase) expand(s string) (expanded string, ok bool) {
	before, rest, found := strings.Cut(s, "${")
	if !found {
		return s, true
	}
	body, after, _ := strings.Cut(rest, "}")
	value := ""
	switch body {
	case anyRun, "*":
		value = "*"
	case anyOne, "?":
		value = "?"
	case "$":
		value = "$"
	default:
		key, def, hasDefault := strings.Cut(body, ",")
		v, present := c.Keys[strings.ToLower(strings.TrimSpace(key))]
		switch {
		case present && !v.Multi:
			value = v.Values[0]
		case hasDefault:
			value = strings.Trim(strings.TrimSpace(def), "'")
		default:
			return "", false
		}
	}
	after, ok = c.expand(after)
	return before + value + after, ok
}

// matchGlob compares the whole of s, which is ASCII, with a pattern.
func matchGlob(pattern, s string) bool {
	switch {
	case pattern == "":
		return s == ""
	case pattern[:1] == anyRun:
		return matchGlob(pattern[1:], s) || s != "" && matchGlob(pattern, s[1:])
	case s == "":
		return false
	}
	return (pattern[:1] == anyOne || pattern[0] == s[0]) && matchGlob(pattern[1:], s[1:])
}

// naiveFacet is one of the things that a caller is, with the names that policies have for it.
type naiveFacet struct {
	names    []string
	strength int
}

// facetsOf lists what a caller is.
func facetsOf(name string) []naiveFacet {
	if name == "anon" {
		return nil
	}
	who := naiveCallerOf(name)
	if who.account == "" {
		return []naiveFacet{{[]string{"Service " + name}, direct}}
	}
	id := strings.Repeat(strconv.Itoa(int(who.account[0]-'A')+1), 12)
	acct := naiveFacet{[]string{"AWS " + id, "AWS arn:aws:iam::" + id + ":root", "CanonicalUser " + strings.Repeat(strings.ToLower(who.account), 64)}, delegate}
	entity := func(prefix, kind, name string, strength int) naiveFacet {
		return naiveFacet{[]string{"AWS " + prefix + strings.ToUpper(name) + "EXAMPLE00000", "AWS arn:aws:iam::" + id + ":" + kind + "/" + name}, strength}
	}
	session := func(resource string) naiveFacet {
		return naiveFacet{[]string{"AWS arn:aws:sts::" + id + ":" + resource}, direct}
	}
	switch name[:2] {
	case "rt":
		return []naiveFacet{acct}
	case "ro":
		role, sessionName, found := strings.Cut(name, "/")
		if !found {
			sessionName = "session"
		}
		return []naiveFacet{acct, entity("AROA", "role", role, limited), session("assumed-role/" + role + "/" + sessionName)}
	case "fu":
		return []naiveFacet{acct, entity("AIDA", "user", "us"+name[2:], limited), session("federated-user/" + name)}
	default:
		return []naiveFacet{acct, entity("AIDA", "user", name, direct)}
	}
}

// matchPrincipal returns how strongly the statement names the caller; direct if it names nobody, as
// identity policies do.
func (c *plainCase) matchPrincipal(s *plainStatement) int {
	if s.Everyone || len(s.Names) == 0 {
		return direct
	}
	listed := func(name string) bool {
		kind, value, _ := strings.Cut(name, " ")
		return slices.Contains(s.Names, plainName{kind, value})
	}
	best, all := none, true
	facets := facetsOf(c.Caller)
	for _, f := range facets {
		if slices.ContainsFunc(f.names, listed) {
			best = max(best, f.strength)
		} else {
			all = false
		}
	}
	if s.NotPrincipal {
		if all && len(facets) > 0 && c.Boundary == nil {
			return none
		}
		return direct
	}
	if listed("AWS *") {
		return direct
	}
	return best
}

// holds reports whether the condition holds, by the text of section 2.1 of the IAM reference.
func (c *plainCase) holds(cond *plainCondition, variables bool) bool {
	base := cond.Operator
	base, forAll := strings.CutPrefix(base, "ForAllValues:")
	base, forAny := strings.CutPrefix(base, "ForAnyValue:")
	base, ifExists := strings.CutSuffix(base, "IfExists")
	v, present := c.Keys[strings.ToLower(cond.Key)]
	if base == "Null" {
		return !present && slices.Contains(cond.Values, "true") || len(v.Values) > 0 && slices.Contains(cond.Values, "false")
	}
	negated := base == "StringNotEquals"
	if len(v.Values) == 0 {
		return ifExists || forAll || negated && !forAny
	}
	if !forAll && !forAny {
		return !v.Multi && c.matchesSome(base, v.Values[0], cond.Values, variables) != negated
	}
	if forAll && len(v.Values) == 1 && v.Values[0] == "" {
		return true
	}
	passing := 0
	for _, value := range v.Values {
		if c.matchesSome(base, value, cond.Values, variables) != negated {
			passing++
		}
	}
	return forAny && passing > 0 || forAll && passing == len(v.Values)
}

// matchesSome reports whether the request's value matches one of the policy's.
func (c *plainCase) matchesSome(base, value string, wanted []string, variables bool) bool {
	return slices.ContainsFunc(wanted, func(want string) bool {
		switch base {
		case "NumericLessThan":
			a, err1 := strconv.ParseFloat(value, 64)
			b, err2 := strconv.ParseFloat(want, 64)
			return err1 == nil && err2 == nil && a < b
		case "IpAddress":
			if !strings.Contains(want, "/") {
				return value == want
			}
			block, address := netip.MustParsePrefix(want), netip.MustParseAddr(value)
			return block.Contains(address)
		}
		if base == "StringLike" {
			want = wild(want)
		}
		if variables {
			var ok bool
			if want, ok = c.expand(want); !ok {
				return false
			}
		}
		switch base {
		case "StringLike":
			return matchGlob(want, value)
		case "Bool":
			return strings.EqualFold(want, value)
		default:
			return want == value
		}
	})
}

// public reports whether the policy is public, by the text of section 4.4 of the S3 reference.
func (p *plainPolicy) public() bool {
	return slices.ContainsFunc(p.Statements, func(s plainStatement) bool {
		everyone := s.Everyone || slices.Contains(s.Names, plainName{"AWS", "*"})
		return !s.Deny && everyone && !slices.ContainsFunc(s.Conditions, func(cond plainCondition) bool {
			return cond.fixes(p.Version == "2012-10-17")
		})
	})
}

// fixes reports whether the condition holds only for fixed values of a key of the table.
func (cond *plainCondition) fixes(variables bool) bool {
	operator := strings.TrimPrefix(cond.Operator, "ForAnyValue:")
	if !slices.Contains([]string{"StringEquals", "StringLike", "IpAddress"}, operator) {
		return false
	}
	for _, v := range cond.Values {
		if strings.ContainsAny(v, "*?") || variables && strings.Contains(v, "${") {
			return false
		}
		switch strings.ToLower(cond.Key) {
		case "aws:principalorgid", "aws:principalarn":
		case "aws:principalaccount":
			if v == "anonymous" {
				return false
			}
		case "aws:sourceip":
			if _, bits, _ := strings.Cut(v, "/"); bits != "" && len(bits) == 1 && bits < "8" {
				return false
			}
		default:
			return false
		}
	}
	return true
}
