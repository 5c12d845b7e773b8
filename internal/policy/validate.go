package policy

import (
	"slices"
	"strings"
)

// validate applies the rules of the document's type. The order of checks decides which message a
// document with several faults gets. For IAM's policies it is the order in which moto, whose authors
// compared with AWS, reports: grammar, version, principal, "legacy parsing", Sids, missing elements,
// resources, actions.
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_policies.html
// https://github.com/getmoto/moto/blob/master/tests/test_iam/test_iam_policies.py
func (r *reader) validate(o *options) error {
	switch r.typ {
	case Bucket:
		return r.validateBucket(o)
	case Trust:
		return r.validateTrust()
	case Resource:
		return r.validateResource()
	}
	checks := []func(*Statement, *raw) error{
		r.checkPrincipalAbsent, r.checkLegacy, r.checkSid, r.checkActionsPresent,
		r.checkResourcesPresent, r.checkResources, r.checkActions,
	}
	if r.typ == RCP {
		checks[0] = func(s *Statement, w *raw) error { return r.checkRCP(s, w, o) }
	}
	if r.typ != Session && r.doc.Version != version2012 {
		return refuse(Position{1, 1}, "Policy document must be version 2012-10-17 or greater.", r.doc.Version)
	}
	for i, check := range checks {
		for j := range r.doc.Statements {
			if err := check(&r.doc.Statements[j], &r.raws[j]); err != nil {
				return err
			}
		}
		if i == 2 {
			if err := r.checkSidsUnique(); err != nil {
				return err
			}
		}
	}
	return nil
}

func refuse(pos Position, message, detail string) *Error {
	return &Error{Message: message, Detail: detail, Line: pos.Line, Column: pos.Column}
}

func (r *reader) checkPrincipalAbsent(s *Statement, w *raw) error {
	if s.Principals == nil {
		return nil
	}
	return refuse(w.json.pos, "Policy document should not specify a principal.", "")
}

const legacyMessage = "The policy failed legacy parsing"

// checkLegacy checks what IAM reports as a failure of legacy parsing.
func (r *reader) checkLegacy(s *Statement, w *raw) error {
	if w.effect != s.Effect.String() {
		return refuse(w.at("Effect", 0), legacyMessage, w.effect)
	}
	if err := r.checkValues(s, w, legacyMessage, legacyMessage); err != nil {
		return err
	}
	for i, v := range s.Resources {
		if v == "*" || checkResource(v) != "" {
			continue // refused later, in other words
		}
		parts := strings.Split(v, ":")
		if len(parts) < 6 && strings.Contains(v, "::") || parts[2] == "" {
			return refuse(w.at(s.resourceElement(), i), legacyMessage, v)
		}
	}
	return nil
}

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func (r *reader) checkSid(s *Statement, w *raw) error {
	if onlyOf(s.Sid, alphanumeric) {
		return nil
	}
	return refuse(w.at("Sid", 0), "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*", s.Sid)
}

// checkSidsUnique allows any number of empty Sids.
func (r *reader) checkSidsUnique() error {
	seen := map[string]bool{"": false}
	for i := range r.doc.Statements {
		sid := r.doc.Statements[i].Sid
		if seen[sid] {
			return refuse(r.raws[i].at("Sid", 0), "Statement IDs (SID) in a single policy must be unique.", sid)
		}
		seen[sid] = sid != ""
	}
	return nil
}

func (r *reader) checkActionsPresent(s *Statement, w *raw) error {
	if len(s.Actions) > 0 {
		return nil
	}
	return refuse(w.json.pos, "Policy statement must contain actions.", "")
}

func (r *reader) checkResourcesPresent(s *Statement, w *raw) error {
	if len(s.Resources) > 0 {
		return nil
	}
	return refuse(w.json.pos, "Policy statement must contain resources.", "")
}

func (r *reader) checkResources(s *Statement, w *raw) error {
	for i, v := range s.Resources {
		if message := checkResource(v); message != "" {
			return refuse(w.at(s.resourceElement(), i), message, v)
		}
	}
	return nil
}

func (s *Statement) resourceElement() string {
	if s.NotResource {
		return "NotResource"
	}
	return "Resource"
}

func (s *Statement) actionElement() string {
	if s.NotAction {
		return "NotAction"
	}
	return "Action"
}

// partitions are those of AWS. Only the first is served; the others are accepted, as by AWS, and
// match nothing.
var partitions = []string{"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"}

// iamTypes are what the resource part of an IAM ARN may begin with according to IAM's message, and
// those that came later.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
var iamTypes = []string{
	"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/",
	"policy/", "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/",
	"assumed-role/", "delegation-request/", "role-template/", "contextProvider/",
}

// checkResource returns IAM's message for a resource that has not the form of an ARN pattern; empty
// if it has. Short ARNs and unknown services have it.
func checkResource(v string) string {
	if v == "*" {
		return ""
	}
	parts := strings.SplitN(v, ":", 6)
	if len(parts) < 2 {
		return "Resource " + v + ` must be in ARN format or "*".`
	}
	if p := parts[1]; !slices.Contains(partitions, p) && !hasWildcard(p) {
		padded := append(slices.Clone(parts[2:]), "*", "*", "*", "*")[:4]
		if len(parts) == 3 && parts[2] == "" {
			padded[0] = "*"
		}
		return `Partition "` + p + `" is not valid for resource "arn:` + p + ":" + strings.Join(padded, ":") + `".`
	}
	switch {
	case parts[0] != "arn":
		return "Resource " + v + ` must be in ARN format or "*".`
	case len(parts) < 3 || hasWildcard(parts[2]):
		return "Resource vendor must be fully qualified and cannot contain regexes."
	case len(parts) < 4:
		return ""
	}
	service, region := parts[2], parts[3]
	if service == "iam" && region != "" {
		return "IAM resource " + v + " cannot contain region information."
	}
	if service == "s3" && region != "" && !s3Regional(parts) {
		return "Resource " + v + " can not contain region information."
	}
	if service == "iam" && len(parts) == 6 && !iamResource(parts[5]) {
		return `IAM resource path must either be "*" or start with ` + strings.Join(iamTypes[:13], ", ") + "."
	}
	return ""
}

// s3Regional reports whether an S3 ARN that has a region names something that has one, such as an
// access point or a job.
func s3Regional(parts []string) bool {
	if len(parts) < 6 {
		return false
	}
	resource := parts[5]
	if resource == "*" {
		return true
	}
	kind, _, ok := strings.Cut(resource, "/")
	return ok && slices.Contains([]string{
		"accesspoint", "access-grants", "job", "storage-lens", "storage-lens-group", "async-request",
	}, kind)
}

// iamResource reports whether the resource part of an IAM ARN is one that IAM accepts. It may be the
// account itself, which sts:AssumeRoot acts on.
func iamResource(resource string) bool {
	return resource == "*" || resource == "root" ||
		slices.ContainsFunc(iamTypes, func(t string) bool { return strings.HasPrefix(resource, t) })
}

func (r *reader) checkActions(s *Statement, w *raw) error {
	for i, v := range s.Actions {
		if message := checkAction(v); message != "" {
			return refuse(w.at(s.actionElement(), i), message, v)
		}
	}
	return nil
}

// checkAction returns IAM's message for an action that is ill-formed; empty if it is not. Services
// and actions need not exist.
func checkAction(v string) string {
	vendor, _, ok := strings.Cut(v, ":")
	switch {
	case v == "*":
		return ""
	case !ok:
		return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	case strings.Count(v, ":") > 1:
		return "Actions/Condition can contain only one colon."
	case vendor != "*" && !onlyOf(vendor, alphanumeric+"-."):
		return "Vendor " + vendor + " is not valid"
	}
	return ""
}

// checkRCP checks what only resource control policies are bound to: they deny, to everyone, actions
// of the services they cover. AWS's own policy is free to allow everything. The principal is the
// bare "*"; {"AWS":"*"}, which says the same, is not in the page and is refused.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
func (r *reader) checkRCP(s *Statement, w *raw, o *options) error {
	if s.NotPrincipal || !s.Principals.Any {
		return refuse(w.json.pos, `The principal of a resource control policy must be "*".`, "")
	}
	if o.managed {
		return nil
	}
	if s.Effect == Allow {
		return refuse(w.at("Effect", 0), "A resource control policy can only deny.", "")
	}
	if s.NotAction {
		return refuse(w.at("NotAction", 0), "A resource control policy cannot have NotAction.", "")
	}
	for i, v := range s.Actions {
		service, _, ok := strings.Cut(strings.ToLower(v), ":")
		if v == "*" || ok && !slices.Contains(o.rcpServices, service) {
			return refuse(w.at("Action", i), "Resource control policies do not cover this action.", v)
		}
	}
	return nil
}

// validateTrust applies the rules of role trust policies. That their Sids are those of IAM's other
// policies is what the page on Sids says of IAM, and what moto does.
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
func (r *reader) validateTrust() error {
	for i := range r.doc.Statements {
		s, w := &r.doc.Statements[i], &r.raws[i]
		if err := r.checkSid(s, w); err != nil {
			return err
		}
		for _, name := range []string{"Resource", "NotResource", "NotPrincipal"} {
			if w.has(name) {
				return refuse(w.at(name, 0), "Has prohibited field "+name, name)
			}
		}
		if s.Principals.Any {
			// Observed by https://github.com/aws/aws-cdk/issues/5732; {"AWS":"*"} is accepted.
			return refuse(w.at("Principal", 0), `AssumeRolepolicy contained an invalid principal: "STAR":"*".`, "*")
		}
		for _, n := range s.Principals.Names {
			if !validPrincipal(n) {
				return invalidPrincipal(Trust, n, w.at("Principal", 0))
			}
		}
		for j, v := range s.Actions {
			if service, _, _ := strings.Cut(v, ":"); !strings.EqualFold(service, "sts") || strings.Count(v, ":") != 1 {
				return refuse(w.at(s.actionElement(), j), "Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity", v)
			}
		}
		if err := r.checkValues(s, w, legacyMessage, legacyMessage); err != nil {
			return err
		}
	}
	return r.checkSidsUnique()
}
