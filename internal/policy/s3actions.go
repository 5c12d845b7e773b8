package policy

import "strings"

//go:generate go run ./gen

// ResourceKind is what an S3 action is about.
type ResourceKind uint8

// The kinds of resource of S3 actions.
const (
	OnNothing ResourceKind = iota // no resource type: its resource is "*"
	OnBucket                      // a bucket; for some actions an access point as well
	OnObject                      // an object, likewise
	OnOther                       // jobs, access points and the like, which bucket policies cannot name
)

// S3ActionInfo describes an action of S3.
type S3ActionInfo struct {
	// Name is with its prefix and in AWS's spelling, such as "s3:GetObject".
	Name string
	// Resource is the kind of resource it is authorized on.
	Resource ResourceKind
}

// s3Action is a row of the table made ready for look-ups.
type s3Action struct {
	S3ActionInfo
	lower string // the name in lower case
	keys  string // of s3KeySets
}

var (
	s3ByName = map[string]*s3Action{} // by the name in lower case
	s3All    []*s3Action              // in alphabetic order
)

func init() {
	for i := range s3Table {
		row := &s3Table[i]
		name := "s3:" + row.name
		a := &s3Action{S3ActionInfo{name, row.resource}, strings.ToLower(name), s3KeySets[row.keys]}
		s3ByName[a.lower] = a
		s3All = append(s3All, a)
	}
}

// S3Action returns the action of this name, which compares ignoring case; ok is false if S3 has none.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
func S3Action(name string) (info S3ActionInfo, ok bool) {
	a, ok := s3ByName[strings.ToLower(name)]
	if !ok {
		return S3ActionInfo{}, false
	}
	return a.S3ActionInfo, true
}

// matchS3 returns all actions of S3 that match a pattern of an Action element, in alphabetic order.
func matchS3(pattern string) []*s3Action {
	p := newActionPattern(pattern)
	var out []*s3Action
	for _, a := range s3All {
		if p.match(a.lower) {
			out = append(out, a)
		}
	}
	return out
}

// s3Key returns a condition key of S3 as the key sets have it: without prefix and in lower case, and
// of a tag's key only what precedes the tag. ok is false if S3 has no such key.
func s3Key(key string) (name string, ok bool) {
	name, ok = strings.CutPrefix(strings.ToLower(key), "s3:")
	if !ok {
		return "", false
	}
	if i := strings.IndexByte(name, '/'); i >= 0 {
		if i == len(name)-1 {
			return "", false
		}
		name = name[:i+1]
	}
	return name, inSet(s3AllKeys, name)
}

// takes reports whether the action takes the condition key, named as s3Key does. The keys of access
// points and tags of buckets belong to resources, not actions, and go with every action on them:
// AWS's own policy for delegating to access points tests one with all actions at once.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html#access-points-delegating-control
func (a *s3Action) takes(key string) bool { return inSet(a.keys, key) || inSet(s3ResourceKeys, key) }

// inSet reports whether name is one of the words of set.
func inSet(set, name string) bool {
	for word := range strings.FieldsSeq(set) {
		if word == name {
			return true
		}
	}
	return false
}

// S3ActionTakes reports whether an action of S3, given by its name, takes a condition key of S3, such as
// "s3:x-amz-acl" or "s3:ExistingObjectTag/team". It is false of what is neither.
func S3ActionTakes(action, key string) bool {
	a, ok := s3ByName[strings.ToLower(action)]
	name, known := s3Key(key)
	return ok && known && a.takes(name)
}
