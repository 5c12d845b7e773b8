// Package declarative is the declarative policies of organizations, which set something in the accounts that
// they are attached to: how their text is read, and which setting an account inherits from those above it.
// Of the types that AWS has it knows the S3 policy, which switches Block Public Access of all accounts.
//
// An S3 policy is
//
//	{"s3_attributes": {"public_access_block_configuration": {"@@assign": "all"}}}
//
// "all" turns the four settings of Block Public Access on, "none" off. Beside @@assign, and beside
// public_access_block_configuration, there may be @@operators_allowed_for_child_policies, which says what
// policies further down may do: ["@@all"], ["@@none"], or the operators that they may use.
//
// Reading is strict: what is not known is refused, and so is a member that is there twice. The package does no
// I/O.
//
// Sources: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_s3_syntax.html
// https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html
package declarative

import (
	"errors"
	"fmt"
	"slices"
)

// Setting is what S3 policies set: Block Public Access of an account.
type Setting uint8

// The settings. Unset is that of an account for which no policy says anything.
const (
	Unset Setting = iota
	None          // all four settings are off
	All           // all four settings are on
)

// String returns the setting as it is written.
func (s Setting) String() string {
	switch s {
	case None:
		return "none"
	case All:
		return "all"
	default:
		return ""
	}
}

// S3 is an S3 policy.
type S3 struct {
	// Assign is what the policy sets; Unset if it only says what policies further down may do.
	Assign Setting
	// Closed says that policies further down cannot set it.
	Closed bool
}

const (
	attributes    = "s3_attributes"
	configuration = "public_access_block_configuration"
	assign        = "@@assign"
	children      = "@@operators_allowed_for_child_policies"
)

// ParseS3 reads the text of an S3 policy. The error says what is wrong with it.
func ParseS3(text string) (S3, error) {
	root, err := parse(text)
	if err != nil {
		return S3{}, err
	}
	outer, err := root.only(attributes).object(attributes)
	if err != nil {
		return S3{}, err
	}
	inner, err := outer.only(configuration, children).object(configuration)
	if err != nil {
		return S3{}, err
	}
	inner.only(assign, children)
	if err := errors.Join(root.err, outer.err, inner.err); err != nil {
		return S3{}, err
	}
	var p S3
	for _, o := range []*object{outer, inner} {
		open, err := o.mayAssign()
		if err != nil {
			return S3{}, err
		}
		p.Closed = p.Closed || !open
	}
	switch value := inner.members[assign]; value {
	case nil:
		if inner.members[children] == nil {
			return S3{}, fmt.Errorf("%s is empty", configuration)
		}
	case "all":
		p.Assign = All
	case "none":
		p.Assign = None
	default:
		return S3{}, fmt.Errorf("%s of %s is neither \"all\" nor \"none\"", assign, configuration)
	}
	return p, nil
}

// mayAssign reports whether an object leaves @@assign to policies further down. The operators that add to a
// list and take from it are accepted, though nothing here is a list.
func (o *object) mayAssign() (bool, error) {
	value, given := o.members[children]
	if !given {
		return true, nil
	}
	list, ok := value.([]any)
	if !ok || len(list) == 0 {
		return false, fmt.Errorf("%s is not a list of operators", children)
	}
	for _, operator := range list {
		name, _ := operator.(string)
		if !slices.Contains([]string{"@@all", "@@none", assign, "@@append", "@@remove"}, name) {
			return false, fmt.Errorf("%s has an unknown operator", children)
		}
		if len(list) > 1 && (name == "@@all" || name == "@@none") {
			return false, fmt.Errorf("%s has %s among others", children, name)
		}
	}
	return slices.Contains(list, any("@@all")) || slices.Contains(list, any(assign)), nil
}

// Effective returns what an account is set to by the policies above it and its own: levels has those that are
// attached to each node, the root first and the account last. A policy overrides those above it, unless one of
// them leaves nothing to it. Of several at one node, of which AWS does not say which one counts, the stricter
// does.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_inheritance_mgmt.html
func Effective(levels [][]S3) Setting {
	effective, closed := Unset, false
	for _, level := range levels {
		if closed {
			break
		}
		here := Unset
		for _, p := range level {
			here = max(here, p.Assign)
			closed = closed || p.Closed
		}
		if here != Unset {
			effective = here
		}
	}
	return effective
}

// Content returns the text of the effective S3 policy that sets this.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_effective.html
func (s Setting) Content() string {
	return fmt.Sprintf(`{"%s":{"%s":"%s"}}`, attributes, configuration, s)
}
