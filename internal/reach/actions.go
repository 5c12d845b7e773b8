package reach

import (
	"math/bits"
	"slices"
	"strings"

	"crossgrant/internal/acl"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// set is a set of actions: bit i stands for actions[i].
type set [4]uint64

func (s set) and(t set) set {
	for i := range s {
		s[i] &= t[i]
	}
	return s
}

func (s set) without(t set) set {
	for i := range s {
		s[i] &^= t[i]
	}
	return s
}

func (s set) or(t set) set {
	for i := range s {
		s[i] |= t[i]
	}
	return s
}

func (s set) empty() bool { return s == set{} }

func (s set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func (s *set) add(i int) { s[i/64] |= 1 << (i % 64) }

// names returns the actions of the set, in the order of their names.
func (s set) names() []string {
	var out []string
	for _, i := range s.places() {
		out = append(out, actions[i])
	}
	return out
}

func (s set) places() []int {
	var out []int
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			out = append(out, 64*i+bits.TrailingZeros64(word))
		}
	}
	return out
}

// actions are all that are looked at, in the order of their names: those of S3 on buckets and objects, and those by
// which roles are assumed. s3:CreateBucket is not about a bucket that there is.
var actions = func() []string {
	var out []string
	for _, name := range policy.MatchingActions("s3:*") {
		info, ok := policy.S3Action(name)
		if ok && (info.Resource == policy.OnBucket || info.Resource == policy.OnObject) && name != "s3:CreateBucket" {
			out = append(out, name)
		}
	}
	out = append(out, assume, "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
	if len(out) > 64*len(set{}) {
		panic("reach: there are more actions than a set holds")
	}
	slices.Sort(out)
	return out
}()

const assume = "sts:AssumeRole"

var (
	bucketActions  = those(func(a string) bool { return onKind(a, policy.OnBucket) })
	objectActions  = those(func(a string) bool { return onKind(a, policy.OnObject) })
	versionActions = those(func(a string) bool { return onKind(a, policy.OnObject) && strings.Contains(a, "Version") })
	roleActions    = those(func(a string) bool { return strings.HasPrefix(a, "sts:") })
)

func onKind(action string, kind policy.ResourceKind) bool {
	info, ok := policy.S3Action(action)
	return ok && info.Resource == kind
}

func those(take func(string) bool) set {
	var s set
	for i, a := range actions {
		if take(a) {
			s.add(i)
		}
	}
	return s
}

// actionsLike returns the actions that a pattern of an Action element matches; all for an empty one.
func actionsLike(pattern string) set {
	if pattern == "" {
		return those(func(string) bool { return true })
	}
	matching := policy.MatchingActions(pattern)
	return those(func(a string) bool { return slices.Contains(matching, a) })
}

// may returns the actions that a caller can ask for of a target at all: a role is assumed in one way by whoever has
// credentials, and in others by whom an identity provider vouches for.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html
func (c *Caller) may(t *target) set {
	switch {
	case !t.trust:
		return those(func(string) bool { return true })
	case c.Kind == Root || c.Kind == Anonymous:
		return set{} // roles may not be assumed by root users, see API_AssumeRole
	case c.Kind != Provider:
		return those(func(a string) bool { return a == assume })
	case strings.Contains(c.As.Provider, ":saml-provider/"):
		return those(func(a string) bool { return a == assume+"WithSAML" })
	default:
		return those(func(a string) bool { return a == assume+"WithWebIdentity" })
	}
}

// refine cuts a set along others: of each part, either all actions are in the other or none.
func refine(s set, others []set) []set {
	parts := []set{s}
	for _, o := range others {
		for i := range parts {
			in, out := parts[i].and(o), parts[i].without(o)
			if !in.empty() && !out.empty() {
				parts[i] = in
				parts = append(parts, out)
			}
		}
	}
	return parts
}

func private(owner ids.CanonicalUserID) acl.ACL { return acl.Private(owner) }
