package lint

import (
	"slices"
	"strings"

	"crossgrant/internal/policy"
)

// version2012 is the version of the language that has policy variables.
const version2012 = "2012-10-17"

// document checks the whole text.
func (l *linter) document() {
	root, at, ok := policy.ReadTree(l.text)
	if !ok {
		l.note(Error, "json-syntax-error", nil, at, at, sprint("Fix the JSON syntax error at index %d line %d column %d.", at.Offset, at.Line, at.Column))
		return
	}
	l.root = root
	top := spot{&l.root, []Step{}}
	if !l.is(top, policy.ObjectNode, "object") {
		return
	}
	l.size(top)
	for i := range top.Members {
		switch m := &top.Members[i]; m.Name {
		case "Version", "Id", "Statement":
		default:
			l.reportKey(Error, "invalid-policy-element", top, m, "The policy element %s is not valid.", m.Name)
		}
	}
	l.versionOf(top)
	if id := top.in("Id"); id.Node != nil {
		l.is(id, policy.StringNode, "string")
	}
	l.statements(top)
}

// is reports whether a value is of a kind, and notes that it is not.
func (l *linter) is(s spot, kind policy.NodeKind, name string) bool {
	if s.Kind != kind {
		l.report(Error, "data-type-mismatch", s, "The text does not match the expected JSON data type %s.", name)
		return false
	}
	return true
}

func (l *linter) versionOf(top spot) {
	v := top.in("Version")
	switch {
	case v.Node == nil:
		l.note(Warning, "missing-version", top.path, top.Start, top.End, "We recommend that you specify the Version element to help you with debugging permission issues.")
	case !l.is(v, policy.StringNode, "string"):
	case v.Text != version2012 && v.Text != "2008-10-17":
		l.report(Error, "invalid-version", v, "The version %s is not valid. Use one of the following versions: 2012-10-17, 2008-10-17", v.Text)
	default:
		l.version = v.Text
	}
}

// Sizes that a policy may have, in characters; those of identity policies and trust policies without white space.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	identityQuota = 6144
	scpQuota      = 5120
	trustQuota    = 2048
)

func (l *linter) size(top spot) {
	switch {
	case l.policyType == IdentityPolicy:
		if n := policy.Identity.Size(l.text); n > identityQuota {
			l.report(Warning, "policy-size-exceeds-identity-policy-quota", top, "The %d characters in the identity policy, excluding whitespace, exceed the %d character maximum for inline and managed policies. We recommend that you use multiple granular policies.", n, identityQuota)
		}
	case l.policyType == ServiceControlPolicy:
		if n := policy.SCP.Size(l.text); n > scpQuota {
			l.report(Error, "policy-size-exceeds-scp-quota", top, "The %d characters in the service control policy (SCP) exceed the %d character maximum for SCPs. We recommend that you use multiple granular policies.", n, scpQuota)
		}
	case l.trust():
		if policy.Trust.Size(l.text) > trustQuota {
			l.report(Warning, "policy-size-exceeds-role-trust-policy-quota", top, "The characters in the role trust policy, excluding whitespace, exceed the character maximum. We recommend that you request a role trust policy length quota increase using Service Quotas and AWS Support Center. If the quotas have already been increased, then you can ignore this warning.")
		}
	case l.policyType == ResourcePolicy:
		if n := policy.Bucket.Size(l.text); n > policy.MaxBucketSize {
			l.report(Warning, "policy-size-exceeds-resource-policy-quota", top, "The %d characters in the resource policy exceed the %d character maximum for resource policies. We recommend that you use multiple granular policies.", n, policy.MaxBucketSize)
		}
	}
}

// statements checks the Statement element.
func (l *linter) statements(top spot) {
	s := top.in("Statement")
	if s.Node == nil || s.Kind == policy.ArrayNode && len(s.Items) == 0 {
		at := top
		if s.Node != nil {
			at = s
		}
		l.report(Error, "missing-statement", at, "Add a statement to the policy")
		return
	}
	if s.Kind != policy.ArrayNode && !l.is(s, policy.ObjectNode, "object") {
		return
	}
	l.sids = map[string]bool{}
	var bodies []string
	for _, statement := range s.each() {
		if !l.is(statement, policy.ObjectNode, "object") {
			continue
		}
		l.statement(statement)
		body := l.body(statement)
		if slices.Contains(bodies, body) {
			l.report(Suggestion, "redundant-statement", statement, "The statements are redundant because they provide identical permissions. Update the policy to remove the redundant statement.")
		}
		bodies = append(bodies, body)
	}
}

// body is the same for statements that say the same: their elements but the Sid, in the order of their names.
func (l *linter) body(statement spot) string {
	var parts []string
	for i := range statement.Members {
		if m := &statement.Members[i]; m.Name != "Sid" {
			parts = append(parts, m.Name+flat(&m.Value))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "\x00")
}

// flat is the same for values that are the same but for white space.
func flat(n *policy.Node) string {
	text := n.Text
	for i := range n.Items {
		text += "\x01" + flat(&n.Items[i])
	}
	for i := range n.Members {
		text += "\x02" + n.Members[i].Name + "\x03" + flat(&n.Members[i].Value)
	}
	return text + "\x04"
}

// elements are those that a statement may have.
var elements = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}

// statement checks one statement.
func (l *linter) statement(s spot) {
	for i := range s.Members {
		if m := &s.Members[i]; !slices.Contains(elements, m.Name) {
			l.reportKey(Error, "invalid-policy-element", s, m, "The policy element %s is not valid.", m.Name)
		}
	}
	for _, name := range []string{"Principal", "Action", "Resource"} {
		if s.in(name).Node != nil && s.in("Not"+name).Node != nil {
			l.report(Error, "unsupported-element-combination", s, "The policy elements %s and Not%s can not be used in the same statement. Remove one of these elements.", name, name)
		}
	}
	l.sid(s)
	l.effect(s)
	l.principal(s)
	l.actions(s)
	l.resources(s)
	l.conditions(s)
	l.whole(s)
}

// sid checks the Sid element.
func (l *linter) sid(s spot) {
	sid := s.in("Sid")
	switch {
	case sid.Node == nil || !l.is(sid, policy.StringNode, "string"):
		return
	case sid.Text == "":
		l.report(Suggestion, "empty-sid-value", sid, "Add a value to the empty string in the Sid element.")
		return
	case (l.policyType != ResourcePolicy || l.trust()) && strings.Trim(sid.Text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "":
		l.report(Error, "unsupported-sid", sid, "Update the characters in the Sid element to use one of the following character types: [a-z, A-Z, 0-9]")
	case l.sids[sid.Text] && (l.policyType != ResourcePolicy || l.trust()):
		l.report(Error, "unique-sids-required", sid, "Duplicate statement IDs are not supported for this policy type. Update the Sid value.")
	case l.sids[sid.Text]:
		l.report(Warning, "unique-sids-recommended", sid, "We recommend that you use statement IDs that are unique to your policy. Update the Sid value.")
	}
	l.sids[sid.Text] = true
	l.noVariables(sid)
}

func (l *linter) effect(s spot) {
	e := s.in("Effect")
	switch {
	case e.Node == nil:
		l.report(Error, "missing-effect", s, "Add an Effect element to the policy statement with a value of Allow or Deny.")
	case !l.is(e, policy.StringNode, "string"):
	case e.Text != "Allow" && e.Text != "Deny":
		l.report(Error, "invalid-effect", e, "The effect %s is not valid. Use Allow or Deny.", e.Text)
	}
}

// allows reports whether a statement has the effect Allow.
func allows(s spot) bool {
	e := s.in("Effect")
	return e.Node != nil && e.Text == "Allow"
}
