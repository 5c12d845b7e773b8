package lint

import (
	"slices"
	"strings"

	"crossgrant/internal/ids"
)

// resources checks the Resource or NotResource element.
func (l *linter) resources(s spot) {
	e, _ := either(s, "Resource")
	switch {
	case e.Node == nil && l.trust():
	case e.Node == nil:
		if !l.resourceBased() || l.resourceType == bucketType {
			l.report(Error, "missing-resource", s, "Add a Resource or NotResource element to the policy statement.")
		}
	case l.trust():
		l.report(Error, "role-trust-policy-syntax-error-resource", e, "Role trust policies apply to the role that they are attached to. You cannot specify a resource. Remove the Resource or NotResource element.")
	case l.strings(e, "resource"):
		for _, r := range e.texts() {
			l.variables(r, true)
			l.resource(r)
		}
		l.redundant(e, "redundant-resource", covers, func(n int, _ string) string {
			return sprint("The %d resource ARN(s) are redundant because they reference the same resource. Review the use of wildcards (*)", n)
		})
	}
}

// partitions are those of AWS.
var partitions = []string{"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"}

// resource checks the ARN of a resource.
func (l *linter) resource(r spot) {
	if r.Text == "*" {
		if l.resourceType == bucketType {
			l.report(Error, "unsupported-resource-arn-in-policy", r, "The resource ARN is not supported for the resource-based policy attached to the resource type %s.", l.resourceType)
		}
		return
	}
	parts := strings.SplitN(r.Text, ":", 6)
	if parts[0] != "arn" {
		l.report(Error, "invalid-arn-prefix", r, "Add the required prefix (arn) to the resource ARN.")
		return
	}
	if len(parts) < 6 {
		l.report(Error, "missing-arn-field", r, "Resource ARNs must include at least 6 fields in the following structure: arn:partition:service:region:account:resource")
		return
	}
	partition, service, region, account, name := parts[1], parts[2], parts[3], parts[4], parts[5]
	if !wild(partition) && !slices.Contains(partitions, partition) {
		l.report(Error, "invalid-partition", r, "The resource ARN for the service %s does not support the partition %s. Use the supported values: %s", service, partition, strings.Join(partitions, ", "))
	}
	if service != strings.ToLower(service) {
		l.report(Error, "invalid-arn-service-case", r, "Update the service name %s in the resource ARN to use all lowercase letters.", service)
	}
	if account != "" && account != "aws" && !wild(account) {
		if _, err := ids.ParseAccountID(account); err != nil {
			l.report(Error, "invalid-arn-account", r, "The resource ARN account ID %s is not valid. Provide a 12-digit account ID.", account)
		}
	}
	l.ofService(r, service, region, account, name)
}

// wild reports whether a part of an ARN has a wildcard or a policy variable.
func wild(part string) bool { return strings.ContainsAny(part, "*?$") }

// ofService checks what ARNs of S3, IAM and Organizations have.
func (l *linter) ofService(r spot, service, region, account, name string) {
	kind, _, _ := strings.Cut(name, "/")
	bucket := service == "s3" && !slices.Contains([]string{"accesspoint", "access-grants", "job", "storage-lens", "storage-lens-group", "async-request"}, kind)
	if region != "" && (service == "iam" || bucket && region != "*") {
		l.report(Error, "arn-region-not-allowed", r, "The service %s does not support specifying a Region in the resource ARN.", service)
	}
	if account != "" && bucket && account != "*" {
		l.report(Error, "arn-account-not-allowed", r, "The service %s does not support specifying an account ID in the resource ARN.", service)
	}
	if name == "" || service == "iam" && !wild(kind) && kind != "root" && !slices.Contains(iamTypes, kind) {
		l.report(Error, "invalid-arn-resource", r, "Resource ARN does not match the expected ARN format. Update the resource portion of the ARN.")
	}
	if l.resourceType == bucketType && (!bucket || wild(strings.SplitN(name, "/", 2)[0])) {
		l.report(Error, "unsupported-resource-arn-in-policy", r, "The resource ARN is not supported for the resource-based policy attached to the resource type %s.", l.resourceType)
	}
}

// iamTypes are the types of resource of IAM.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
var iamTypes = []string{
	"user", "federated-user", "role", "group", "instance-profile", "mfa", "server-certificate", "policy", "sms-mfa", "saml-provider",
	"oidc-provider", "report", "access-report", "assumed-role", "delegation-request", "role-template", "contextProvider",
}

// noVariables notes policy variables where none can be.
func (l *linter) noVariables(s spot) {
	if l.version != version2012 {
		return
	}
	if _, rest, ok := strings.Cut(s.Text, "${"); ok {
		name, _, _ := strings.Cut(rest, "}")
		l.report(Error, "variable-unsupported-in-element", s, "Policy variables are supported in the Resource and Condition elements. Remove the policy variable ${%s} from this element.", name)
	}
}

// variables checks the policy variables in a text; takes says that there may be any.
func (l *linter) variables(s spot, takes bool) {
	for rest := s.Text; ; {
		_, after, ok := strings.Cut(rest, "${")
		if !ok {
			return
		}
		body, behind, closed := strings.Cut(after, "}")
		switch {
		case l.version != version2012:
			l.report(Error, "variable-unsupported-in-version", s, "To include variables in your policy, use the policy version 2012-10-17 or later.")
			return
		case !closed:
			l.report(Error, "missing-brace-in-variable", s, "The policy variable is missing a closing curly brace. Add } after the variable text.")
			return
		case strings.TrimSpace(body) == "":
			l.report(Error, "empty-variable", s, "Empty policy variable. Remove the ${ } variable structure or provide a variable within the structure.")
		case !takes:
			l.report(Error, "invalid-variable-for-operator", s, "Policy variables can only be used with String and ARN operators.")
			return
		default:
			l.variable(s, body)
		}
		rest = behind
	}
}

// variable checks what stands between the braces of a policy variable.
func (l *linter) variable(s spot, body string) {
	name, value, defaulted := strings.Cut(body, ",")
	if strings.Contains(strings.TrimSpace(name), " ") {
		l.report(Error, "unsupported-space-in-variable", s, "A space is not supported within the policy variable text. Remove the space.")
	}
	if value = strings.TrimSpace(value); defaulted && (len(value) < 2 || value[0] != '\'' || value[len(value)-1] != '\'') {
		l.report(Error, "missing-quote-in-variable", s, "The policy variable default value must begin and end with a single quote. Add the missing quote.")
	}
}

// names returns the texts of an element's values.
func names(e spot) (out []string) {
	for _, s := range e.texts() {
		out = append(out, s.Text)
	}
	return out
}

// matchesAction reports whether an element of actions, which may be negated, is about an action; named tells whether a
// value without wildcards is.
func matchesAction(e spot, negated bool, action string) (matched, named bool) {
	for _, pattern := range names(e) {
		if matches(strings.ToLower(pattern), strings.ToLower(action)) || pattern == "*" {
			matched, named = true, named || !strings.ContainsAny(pattern, "*?")
		}
	}
	return matched != negated, named && !negated
}

// whole checks what elements of a statement say together.
func (l *linter) whole(s spot) {
	if !allows(s) {
		return
	}
	if not := s.in("NotPrincipal"); not.Node != nil && !l.trust() {
		l.report(SecurityWarning, "allow-with-not-principal", not, "Using Allow with NotPrincipal can be overly permissive. We recommend that you use Principal instead.")
	}
	if l.policyType == IdentityPolicy {
		l.broad(s, "iam:PassRole", "iam:PassedToService", passRole)
		l.broad(s, "iam:CreateServiceLinkedRole", "iam:AWSServiceName", createRole)
	}
	if l.policyType == ResourcePolicy {
		l.services(s)
		l.providers(s)
	}
}

// wording are the findings about an action that should be allowed on few resources, by how it is allowed on many.
type wording struct {
	kind   Kind
	prefix string
	texts  map[string]string // by the rest of the slug
}

var passRole = wording{SecurityWarning, "pass-role-with-", map[string]string{
	"not-resource":                    "Using the iam:PassRole action with NotResource can be overly permissive because it can allow iam:PassRole permissions on multiple resources. We recommend that you specify resource ARNs instead.",
	"star-in-action-and-not-resource": "Using an action with a wildcard(*) and NotResource can be overly permissive because it can allow iam:PassRole permissions on multiple resources. We recommend that you specify resource ARNs instead.",
	"not-action-and-not-resource":     "Using NotAction with NotResource can be overly permissive because it can allow iam:PassRole permissions on multiple resources.. We recommend that you specify resource ARNs instead.",
	"star-in-resource":                "Using the iam:PassRole action with wildcards (*) in the resource can be overly permissive because it allows iam:PassRole permissions on multiple resources. We recommend that you specify resource ARNs or add the iam:PassedToService condition key to your statement.",
	"star-in-action-and-resource":     "Using wildcards (*) in the action and the resource can be overly permissive because it allows iam:PassRole permissions on all resources. We recommend that you specify resource ARNs or add the iam:PassedToService condition key to your statement.",
	"star-in-resource-and-not-action": "Using a resource with wildcards (*) and NotAction can be overly permissive because it allows iam:PassRole permissions on all resources. We recommend that you specify resource ARNs or add the iam:PassedToService condition key to your statement.",
}}

var createRole = wording{Warning, "create-slr-with-", map[string]string{
	"not-resource":                    "Using the iam:CreateServiceLinkedRole action with NotResource can allow creation of unintended service-linked roles for multiple resources. We recommend that you specify resource ARNs instead.",
	"star-in-action-and-not-resource": "Using an action with a wildcard(*) and NotResource can allow creation of unintended service-linked roles because it can allow iam:CreateServiceLinkedRole permissions on multiple resources. We recommend that you specify resource ARNs instead.",
	"not-action-and-not-resource":     "Using NotAction with NotResource can allow creation of unintended service-linked roles because it allows iam:CreateServiceLinkedRole permissions on multiple resources. We recommend that you specify resource ARNs instead.",
	"star-in-resource":                "Using the iam:CreateServiceLinkedRole action with wildcards (*) in the resource can allow creation of unintended service-linked roles. We recommend that you specify resource ARNs instead.",
	"star-in-action-and-resource":     "Using wildcards (*) in the action and the resource can allow creation of unintended service-linked roles because it allows iam:CreateServiceLinkedRole permissions on all resources. We recommend that you specify resource ARNs instead.",
	"star-in-resource-and-not-action": "Using a resource with wildcards (*) and NotAction can allow creation of unintended service-linked roles because it allows iam:CreateServiceLinkedRole permissions on all resources. We recommend that you specify resource ARNs instead.",
}}

// broad notes that an action is allowed on resources that are not listed, unless a condition on key limits it.
func (l *linter) broad(s spot, action, key string, w wording) {
	actions, notAction := either(s, "Action")
	resources, notResource := either(s, "Resource")
	if actions.Node == nil || resources.Node == nil {
		return
	}
	matched, named := matchesAction(actions, notAction, action)
	star := slices.ContainsFunc(names(resources), func(r string) bool {
		return r == "*" || strings.HasSuffix(r, ":role/*") || strings.HasSuffix(r, ":iam::*:*")
	})
	slug := ""
	switch {
	case !matched || !notResource && (!star || l.conditioned(s, key)):
		return
	case notResource && notAction:
		slug = "not-action-and-not-resource"
	case notResource && named:
		slug = "not-resource"
	case notResource:
		slug = "star-in-action-and-not-resource"
	case notAction:
		slug = "star-in-resource-and-not-action"
	case named:
		slug = "star-in-resource"
	default:
		slug = "star-in-action-and-resource"
	}
	l.report(w.kind, w.prefix+slug, s, "%s", w.texts[slug])
}

// conditioned reports whether a condition of a statement is about a key.
func (l *linter) conditioned(s spot, key string) bool {
	return slices.ContainsFunc(conditionKeys(s), func(k string) bool { return strings.EqualFold(k, key) })
}

// conditionKeys returns the condition keys of a statement.
func conditionKeys(s spot) (keys []string) {
	c := s.in("Condition")
	if c.Node == nil {
		return nil
	}
	for i := range c.Members {
		for j := range c.Members[i].Value.Members {
			keys = append(keys, c.Members[i].Value.Members[j].Name)
		}
	}
	return keys
}
