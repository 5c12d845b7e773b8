// Package lint tells what is wrong with the text of a policy, what makes it more permissive than it looks, and what
// could be written better: the policy checks of IAM Access Analyzer.
//
// A check has the code and the text that AWS documents. Done are those that are about the grammar, and those that need
// to know no more than S3, IAM, STS and the global condition keys. Not done are those about the actions, regions and
// resource types of other services, and those that AWS documents with conditions of its own that are not told.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
package lint

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/policy"
)

// The types of policy.
const (
	IdentityPolicy        = "IDENTITY_POLICY"
	ResourcePolicy        = "RESOURCE_POLICY"
	ServiceControlPolicy  = "SERVICE_CONTROL_POLICY"
	ResourceControlPolicy = "RESOURCE_CONTROL_POLICY"
)

// The types of resource that a policy may be for.
const (
	bucketType = "AWS::S3::Bucket"
	trustType  = "AWS::IAM::AssumeRolePolicyDocument"
)

// Kind is the type of a finding.
type Kind string

// The types of finding.
const (
	Error           Kind = "ERROR"
	SecurityWarning Kind = "SECURITY_WARNING"
	Warning         Kind = "WARNING"
	Suggestion      Kind = "SUGGESTION"
)

// anchors are the parts of links that name the types of finding.
var anchors = map[Kind]string{Error: "error", SecurityWarning: "security-warning", Warning: "general-warning", Suggestion: "suggestion"}

// Finding is what a check found.
type Finding struct {
	Kind    Kind
	Code    string // such as "EMPTY_SID_VALUE"
	Details string
	Link    string
	Path    []Step
	// Start and End are where it is in the text; End is behind the last character.
	Start, End policy.Place
}

// Step leads from a JSON value to one in it: exactly one field is set. Key is the name of a member, as opposed to Value,
// which is what the member has.
type Step struct {
	Index *int
	Key   string
	Value string
}

// Check checks the text of a policy of a type, for a type of resource or empty for any. Findings come in the order of
// their places.
func Check(text, policyType, resourceType string) []Finding {
	l := &linter{text: text, policyType: policyType, resourceType: resourceType}
	l.document()
	l.refusal()
	slices.SortStableFunc(l.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Start.Offset, b.Start.Offset), cmp.Compare(a.Code, b.Code))
	})
	return l.found
}

// linter is one run of Check.
type linter struct {
	text                     string
	policyType, resourceType string
	version                  string
	root                     policy.Node
	sids                     map[string]bool
	found                    []Finding
}

// resourceBased reports whether the policy names principals.
func (l *linter) resourceBased() bool {
	return l.policyType == ResourcePolicy || l.policyType == ResourceControlPolicy
}

// trust reports whether the policy is a role's trust policy.
func (l *linter) trust() bool { return l.resourceType == trustType }

// spot is a JSON value with the way that leads to it.
type spot struct {
	*policy.Node
	path []Step
}

// in returns the spot of a member's value, or one without a node.
func (s spot) in(name string) spot {
	return spot{s.Member(name), append(slices.Clip(s.path), Step{Value: name})}
}

// item returns the spot of an item of an array.
func (s spot) item(i int) spot {
	return spot{&s.Items[i], append(slices.Clip(s.path), Step{Index: &i})}
}

// each returns the spots of the items of an array, or s itself if it is none.
func (s spot) each() (all []spot) {
	if s.Node == nil {
		return nil
	}
	if s.Kind != policy.ArrayNode {
		return []spot{s}
	}
	for i := range s.Items {
		all = append(all, s.item(i))
	}
	return all
}

// texts is each, for those that are strings.
func (s spot) texts() []spot {
	return slices.DeleteFunc(s.each(), func(s spot) bool { return s.Kind != policy.StringNode })
}

// report notes a finding about a value; slug is its code as AWS's links write it.
func (l *linter) report(kind Kind, slug string, at spot, details string, args ...any) {
	l.note(kind, slug, at.path, at.Start, at.End, fmt.Sprintf(details, args...))
}

// reportKey notes a finding about the name of a member of an object.
func (l *linter) reportKey(kind Kind, slug string, object spot, m *policy.Member, details string, args ...any) {
	l.note(kind, slug, append(slices.Clip(object.path), Step{Key: m.Name}), m.Start, m.End, fmt.Sprintf(details, args...))
}

func (l *linter) note(kind Kind, slug string, path []Step, start, end policy.Place, details string) {
	if path == nil {
		path = []Step{}
	}
	l.found = append(l.found, Finding{
		Kind: kind, Code: strings.ToUpper(strings.ReplaceAll(slug, "-", "_")), Details: details, Path: path, Start: start, End: end,
		Link: "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-" + anchors[kind] + "-" + slug,
	})
}

// refusal adds what the parser refuses and no check has found, so that no policy passes that could not be put.
func (l *linter) refusal() {
	if slices.ContainsFunc(l.found, func(f Finding) bool { return f.Kind == Error }) {
		return
	}
	t := policy.Identity
	switch {
	case l.policyType == ServiceControlPolicy:
		t = policy.SCP
	case l.policyType == ResourceControlPolicy:
		t = policy.RCP
	case l.trust():
		t = policy.Trust
	case l.resourceType == bucketType:
		t = policy.Bucket
	case l.policyType == ResourcePolicy:
		t = policy.Resource
	}
	_, err := policy.Parse(t, []byte(l.text), policy.Stored())
	var refused *policy.Error
	if errors.As(err, &refused) {
		l.note(Error, "invalid-policy-element", []Step{}, l.root.Start, l.root.End, strings.TrimSpace("The policy is not valid: "+refused.Message+" "+refused.Detail))
	}
}
