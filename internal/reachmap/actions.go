package reachmap

import (
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/picture"
	"crossgrant/internal/policy"
)

// class is a sort of actions, in a word or two.
type class struct {
	access picture.Access
	word   string
	takes  func(name string, on policy.ResourceKind) bool // name is without the service
}

// classes are all sorts; an action is of the first that takes it. What AWS lists as permissions management, and
// what changes a bucket for all who use it, is to administer.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
var classes = []class{
	{picture.Assume, "assume", func(name string, _ policy.ResourceKind) bool { return strings.HasPrefix(name, "AssumeRole") }},
	{picture.Administer, "change policy", oneOf("PutBucketPolicy", "DeleteBucketPolicy", "PutBucketPublicAccessBlock", "PutBucketOwnershipControls")},
	{picture.Administer, "change ACLs", oneOf("PutBucketAcl", "PutObjectAcl", "PutObjectVersionAcl", "ObjectOwnerOverrideToBucketOwner")},
	{picture.Administer, "bypass retention", oneOf("BypassGovernanceRetention")},
	{picture.Administer, "delete bucket", oneOf("DeleteBucket")},
	{picture.Write, "delete", oneOf("DeleteObject", "DeleteObjectVersion", "ReplicateDelete")},
	{picture.Read, "read", func(name string, on policy.ResourceKind) bool { return on == policy.OnObject && reads(name) }},
	{picture.Write, "write", func(_ string, on policy.ResourceKind) bool { return on == policy.OnObject }},
	{picture.Read, "list", func(name string, _ policy.ResourceKind) bool { return strings.HasPrefix(name, "ListBucket") }},
	{picture.Read, "read settings", func(name string, _ policy.ResourceKind) bool { return reads(name) }},
	{picture.Administer, "change settings", func(string, policy.ResourceKind) bool { return true }},
}

func oneOf(names ...string) func(string, policy.ResourceKind) bool {
	return func(name string, _ policy.ResourceKind) bool { return slices.Contains(names, name) }
}

func reads(name string) bool {
	return strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List")
}

// classOf returns the place of an action in classes.
func classOf(action string) int {
	_, name, _ := strings.Cut(action, ":")
	info, _ := policy.S3Action(action)
	return slices.IndexFunc(classes, func(c class) bool { return c.takes(name, info.Resource) })
}

// words is how many sorts of actions a label names.
const words = 3

// summarize returns the strongest access of some actions, and what they are in a few words, the strongest first.
func summarize(actions []string) (picture.Access, string) {
	has := make([]bool, len(classes))
	for _, a := range actions {
		has[classOf(a)] = true
	}
	access, named := picture.Read, []string(nil)
	for _, a := range picture.Accesses {
		for i, c := range slices.Backward(classes) {
			if has[i] && c.access == a {
				access, named = a, append([]string{c.word}, named...)
			}
		}
	}
	switch n := len(named); {
	case n == len(classes)-1 && !has[0]:
		return access, "everything"
	case n > words:
		return access, fmt.Sprintf("%s and %d more", strings.Join(named[:words-1], ", "), n-words+1)
	}
	return access, strings.Join(named, ", ")
}
