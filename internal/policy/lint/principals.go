package lint

import (
	"slices"
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/policy"
)

// principal checks the Principal or NotPrincipal element.
func (l *linter) principal(s spot) {
	e, negated := either(s, "Principal")
	switch {
	case e.Node == nil && l.resourceBased():
		l.report(Error, "missing-principal", s, "Add a Principal element to the policy statement.")
		return
	case e.Node == nil:
		return
	case l.policyType == ServiceControlPolicy:
		l.report(Error, "scp-syntax-error-principal", e, "SCPs do not support specifying principals. Remove the Principal or NotPrincipal element.")
		return
	case l.policyType == IdentityPolicy:
		l.report(Error, "unsupported-principal", e, "The policy type %s does not support the Principal element. Remove the Principal element.", l.policyType)
		return
	case l.trust() && negated:
		l.report(Error, "role-trust-policy-syntax-error-notprincipal", e, "Role trust policies do not support NotPrincipal. Update the policy to use a Principal element instead.")
	}
	switch e.Kind {
	case policy.StringNode:
		if e.Text != "*" {
			l.report(Error, "invalid-principal-format", e, "The Principal element contents are not valid. Specify a key-value pair in the Principal element.")
		} else if l.trust() {
			l.report(Error, "role-trust-policy-unsupported-wildcard-in-principal", e, `"Principal:" "*" is not supported in the principal element of a role trust policy. Replace the wildcard with a valid principal value.`)
		}
	case policy.ObjectNode:
		l.principals(s, e)
	default:
		l.report(Error, "invalid-principal-format", e, "The Principal element contents are not valid. Specify a key-value pair in the Principal element.")
	}
}

// principals checks the members of a Principal element.
func (l *linter) principals(statement, e spot) {
	if len(e.Members) == 0 {
		l.report(Suggestion, "empty-object-principal", e, "This statement includes no principals and does not affect the policy. Specify principals.")
	}
	for i := range e.Members {
		m := &e.Members[i]
		list := e.in(m.Name)
		if !slices.Contains([]string{"AWS", "Federated", "Service", "CanonicalUser"}, m.Name) {
			l.reportKey(Error, "invalid-principal-key", e, m, "The principal key %s is not valid.", m.Name)
			continue
		}
		if !l.strings(list, "principal") {
			continue
		}
		for _, p := range list.texts() {
			l.noVariables(p)
			l.named(m.Name, p)
		}
		if m.Name == "AWS" && l.trust() {
			l.sessions(list)
		}
		if l.trust() {
			l.mismatched(statement, m.Name, list)
		}
	}
}

// named checks one principal.
func (l *linter) named(kind string, p spot) {
	value := p.Text
	switch {
	case strings.ContainsAny(value, "*?") && !(kind == "AWS" && value == "*"):
		l.report(Error, "unsupported-wildcard-in-principal", p, "Wildcards (*, ?) are not supported with the principal key %s. Replace the wildcard with a valid principal value.", kind)
	case kind == "AWS" && strings.HasPrefix(value, "AROA"):
		l.report(Warning, "invalid-role-reference", p, "The Principal element includes the IAM role ID %s. We recommend that you use a role ARN instead.", value)
	case kind == "AWS" && strings.HasPrefix(value, "AIDA"):
		l.report(Warning, "invalid-user-reference", p, "The Principal element includes the IAM user ID %s. We recommend that you use a user ARN instead.", value)
	case kind == "Service" && !strings.HasSuffix(value, ".amazonaws.com") && !strings.HasSuffix(value, ".amazonaws.com.cn"):
		l.report(Error, "invalid-service-principal-format", p, "The service principal does not match the expected format. Use the format %s.amazonaws.com.", strings.SplitN(value, ".", 2)[0])
	case kind == "Federated" && l.resourceType == bucketType:
		l.report(Error, "federated-principal-not-supported", p, "The policy type does not support a federated identity provider in the principal element. Use a supported principal.")
	case kind == "Federated" && l.trust() && !strings.Contains(value, "."):
		a, err := arn.Parse(value)
		if err != nil || a.Service != "iam" || a.Type() != "saml-provider" && a.Type() != "oidc-provider" {
			l.report(Error, "invalid-federated-principal-syntax-in-role-trust-policy", p, "The principal value specifies a federated principal that does not match the expected format. Update the federated principal to a domain name or a SAML metadata ARN.")
		}
	}
}

// sessions notes sessions of roles that are trusted as well.
func (l *linter) sessions(list spot) {
	all := names(list)
	for _, p := range list.texts() {
		a, err := arn.Parse(p.Text)
		if err != nil || a.Service != "sts" || a.Type() != "assumed-role" {
			continue
		}
		role, _, _ := strings.Cut(strings.TrimPrefix(a.Resource, "assumed-role/"), "/")
		for _, other := range all {
			if r, err := arn.Parse(other); err == nil && r.Type() == "role" && r.Account == a.Account && r.Name() == role {
				l.report(Suggestion, "redundant-principal-in-role-trust-policy", p, "The assumed-role principal %s is redundant with its parent role %s. Remove the assumed-role principal.", p.Text, other)
			}
		}
	}
}

// mismatched notes actions of a trust policy by which its principals cannot assume a role.
func (l *linter) mismatched(s spot, kind string, list spot) {
	actions, negated := either(s, "Action")
	if actions.Node == nil || negated || !allows(s) {
		return
	}
	for _, a := range actions.texts() {
		saml, web := strings.EqualFold(a.Text, "sts:AssumeRoleWithSAML"), strings.EqualFold(a.Text, "sts:AssumeRoleWithWebIdentity")
		if !saml && !web {
			continue
		}
		var wrong []string
		for _, p := range names(list) {
			ofSAML := strings.Contains(p, ":saml-provider/")
			if kind != "Federated" || saml != ofSAML {
				wrong = append(wrong, p)
			}
		}
		if len(wrong) > 0 {
			l.report(Error, "mismatched-action-for-principal", a, "The %s action is invalid with the following principal(s): %s. Use a SAML provider principal with the sts:AssumeRoleWithSAML action or use an OIDC provider principal with the sts:AssumeRoleWithWebIdentity action. Ensure the provider is Federated if you use either of the two options.", a.Text, strings.Join(wrong, ", "))
		}
	}
}

// members returns the values of a kind of principal of a statement.
func members(s spot, kind string) spot {
	p := s.in("Principal")
	if p.Node == nil || p.Kind != policy.ObjectNode {
		return spot{}
	}
	return p.in(kind)
}

// sources are the condition keys that tell for whom a service acts.
var sources = []string{"aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths"}

// services notes services that are let in for whomever they act. Those that assume a role act for its account.
func (l *linter) services(s spot) {
	list := members(s, "Service")
	if list.Node == nil || l.trust() || slices.ContainsFunc(sources, func(key string) bool { return l.conditioned(s, key) }) {
		return
	}
	for _, p := range list.texts() {
		l.report(SecurityWarning, "restrict-access-to-service-principal", p, "Granting access to a service principal without specifying a source is overly permissive. Use aws:SourceArn or aws:SourceAccount condition key and scope access to a specific source to grant fine-grained access.")
	}
}

// github is the host of GitHub's identity provider.
const github = "token.actions.githubusercontent.com"

// providers notes identity providers all of whose tokens are let in.
func (l *linter) providers(s spot) {
	list := members(s, "Federated")
	if list.Node == nil || !l.trust() {
		return
	}
	keys := conditionKeys(s)
	for _, p := range list.texts() {
		if strings.Contains(p.Text, ":saml-provider/") {
			continue
		}
		host := p.Text
		if _, name, ok := strings.Cut(host, ":oidc-provider/"); ok {
			host = name
		}
		limited := slices.ContainsFunc(keys, func(k string) bool { return strings.HasPrefix(strings.ToLower(k), strings.ToLower(host)+":") })
		switch {
		case !limited:
			l.report(SecurityWarning, "missing-condition-key-for-oidc-principal", p, "Using an Open ID Connect principal without a condition can be overly permissive. Add condition keys with a prefix that matches your federated OIDC principals to ensure that only the intended identity provider assumes the role.")
		case host == github && !slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, github+":sub") }):
			l.report(SecurityWarning, "missing-github-repo-condition-key", p, "Granting a federated GitHub principal permissions without a condition key can allow more sources to assume the role than you intended. Add the token.actions.githubusercontent.com:sub condition key and specify the branch and repository name in the value.")
		}
	}
}
