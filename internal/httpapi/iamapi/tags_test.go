package iamapi_test

import (
	"strings"
	"testing"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

// taggedThings are things of account A that have tags, each with its kind as operations name it, and the
// parameters that name it.
var taggedThings = []struct {
	kind, resource string
	made           []string // operation, and parameters
	named          []string
}{
	{"User", "user/x/t", []string{"CreateUser", "UserName", "t", "Path", "/x/"}, []string{"UserName", "t"}},
	{"Role", "role/x/t", []string{"CreateRole", "RoleName", "t", "Path", "/x/", "AssumeRolePolicyDocument", trustAnn}, []string{"RoleName", "t"}},
	{"Policy", "policy/x/t", []string{"CreatePolicy", "PolicyName", "t", "Path", "/x/", "PolicyDocument", allowAll}, []string{"PolicyArn", "arn:aws:iam::111111111111:policy/x/t"}},
	{"InstanceProfile", "instance-profile/x/t", []string{"CreateInstanceProfile", "InstanceProfileName", "t", "Path", "/x/"}, []string{"InstanceProfileName", "t"}},
	{"MFADevice", "mfa/x/t", []string{"CreateVirtualMFADevice", "VirtualMFADeviceName", "t", "Path", "/x/"}, []string{"SerialNumber", "arn:aws:iam::111111111111:mfa/x/t"}},
	{"OpenIDConnectProvider", "oidc-provider/x/t", []string{"CreateOpenIDConnectProvider", "Url", "https://x/t"}, []string{"OpenIDConnectProviderArn", "arn:aws:iam::111111111111:oidc-provider/x/t"}},
}

// tagging returns the parameters of a request that names a thing and gives it tags.
func tagging(named []string, tags ...string) []string {
	params := append([]string{}, named...)
	for i, tag := range tags {
		key, value, _ := strings.Cut(tag, "=")
		member := "Tags.member." + string(rune('1'+i))
		params = append(params, member+".Key", key, member+".Value", value)
	}
	return params
}

// TestTags goes through the operations on tags, for each kind of things.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
func TestTags(t *testing.T) {
	t.Parallel()
	for _, thing := range taggedThings {
		t.Run(thing.kind, func(t *testing.T) {
			t.Parallel()
			w := querytest.New(t)
			root := w.Account(accountA)
			ann := w.User(accountA, "ann")
			w.IAMCall(root, thing.made[0], thing.made[1:]...).OK()
			tag, untag, list := "Tag"+thing.kind, "Untag"+thing.kind, "List"+thing.kind+"Tags"
			if answer := w.IAMCall(root, tag, tagging(thing.named, "team=blue", "cost=1")...).OK(); strings.Contains(answer.Body, "Result>") {
				t.Errorf("a void operation answers %s", answer.Body)
			}
			got := w.IAMCall(root, list, thing.named...).OK()
			if keys := got.All("Tags>member>Key"); strings.Join(keys, " ") != "cost team" || got.Get("IsTruncated") != "false" || got.Has("Marker") {
				t.Errorf("tags %s", got.Body)
			}
			first := w.IAMCall(root, list, append(thing.named, "MaxItems", "1")...).OK()
			second := w.IAMCall(root, list, append(thing.named, "Marker", first.Get("Marker"))...).OK()
			if first.Get("IsTruncated") != "true" || second.Get("Tags>member>Value") != "blue" {
				t.Errorf("pages %s\n%s", first.Body, second.Body)
			}
			w.IAMCall(root, untag, append(thing.named, "TagKeys.member.1", "cost", "TagKeys.member.2", "cost")...).OK()

			on := " on resource: arn:aws:iam::111111111111:" + thing.resource + " because no identity-based policy allows the iam:"
			for _, c := range [][]string{tagging(thing.named, "team=blue"), append(thing.named, "TagKeys.member.1", "team"), thing.named} {
				action := tag
				if len(c) == len(thing.named) {
					action = list
				} else if c[len(c)-1] == "team" {
					action = untag
				}
				w.IAMCall(ann, action, c...).Refused(403, "AccessDenied", "User: arn:aws:iam::111111111111:user/ann is not authorized to perform: iam:"+action+on+action+" action")
			}
			// The conditions of tags: those of the request, and those that the thing has.
			w.IAMCall(root, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", allow(`["iam:`+tag+`","iam:`+untag+`"]`, "*",
				`{"StringEquals":{"aws:ResourceTag/team":"blue"},"StringEqualsIfExists":{"aws:RequestTag/team":"blue"},"ForAllValues:StringEquals":{"aws:TagKeys":["team","cost"]}}`)).OK()
			w.IAMCall(ann, tag, tagging(thing.named, "team=red")...).Refused(403, "AccessDenied", "")
			w.IAMCall(ann, tag, tagging(thing.named, "other=1")...).Refused(403, "AccessDenied", "")
			w.IAMCall(ann, untag, append(thing.named, "TagKeys.member.1", "other")...).Refused(403, "AccessDenied", "")
			w.IAMCall(ann, tag, tagging(thing.named, "cost=2", "team=blue")...).OK()
			w.IAMCall(ann, untag, append(thing.named, "TagKeys.member.1", "team")...).OK()
			w.IAMCall(ann, tag, tagging(thing.named, "team=blue")...).Refused(403, "AccessDenied", "")

			null := func(field string) string {
				return "1 validation error detected: Value at '" + field + "' failed to satisfy constraint: Member must not be null"
			}
			w.IAMCall(root, tag, thing.named...).Refused(400, "ValidationError", null("tags"))
			w.IAMCall(root, untag, thing.named...).Refused(400, "ValidationError", null("tagKeys"))
			w.IAMCall(root, tag, tagging(thing.named, "aws:x=")...).Refused(400, "InvalidInput", "")
		})
	}
}

// TestTagOfAnotherAccount: what is named by an ARN belongs to the account in it.
func TestTagOfAnotherAccount(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	rootA, rootB := w.Account(accountA), w.Account(accountB)
	for _, thing := range taggedThings {
		if !strings.HasPrefix(thing.named[1], "arn:") {
			continue
		}
		w.IAMCall(rootA, thing.made[0], thing.made[1:]...).OK()
		w.IAMCall(rootB, "Tag"+thing.kind, tagging(thing.named, "team=blue")...).Refused(403, "AccessDenied", "")
		w.IAMCall(rootB, "List"+thing.kind+"Tags", thing.named...).Refused(403, "AccessDenied", "")
	}
	const aws = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	w.IAMCall(rootA, "TagPolicy", tagging([]string{"PolicyArn", aws}, "team=blue")...).Refused(403, "AccessDenied", "Policy is outside your own account.")
	w.IAMCall(rootA, "ListPolicyTags", "PolicyArn", aws).OK()
}

// TestTagsOfPrincipals: the next request of a user, and of a session of a role, is judged with the tags that
// they have by then.
func TestTagsOfPrincipals(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	ann := w.User(accountA, "ann", admin)
	w.IAMCall(root, "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trustAnn).OK()
	blue := allow(`"iam:ListUsers"`, "*", `{"StringEquals":{"aws:PrincipalTag/team":"blue"}}`)
	w.IAMCall(root, "PutRolePolicy", "RoleName", "r", "PolicyName", "p", "PolicyDocument", blue).OK()
	assumed := w.STSCall(ann, "AssumeRole", "RoleArn", "arn:aws:iam::111111111111:role/r", "RoleSessionName", "session").OK()
	session := querytest.Key{ID: assumed.Get("AccessKeyId"), Secret: assumed.Get("SecretAccessKey"), Token: assumed.Get("SessionToken")}
	w.IAMCall(root, "DetachUserPolicy", "UserName", "ann", "PolicyArn", "arn:aws:iam::aws:policy/"+admin).OK()
	w.IAMCall(root, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", blue).OK()
	for _, c := range []struct {
		kind, name string
		key        querytest.Key
	}{{"User", "ann", ann}, {"Role", "r", session}} {
		named := []string{c.kind + "Name", c.name}
		w.IAMCall(c.key, "ListUsers").Refused(403, "AccessDenied", "")
		w.IAMCall(root, "Tag"+c.kind, tagging(named, "Team=blue")...).OK()
		w.IAMCall(c.key, "ListUsers").OK()
		w.IAMCall(root, "Tag"+c.kind, tagging(named, "team=red")...).OK()
		w.IAMCall(c.key, "ListUsers").Refused(403, "AccessDenied", "")
		w.IAMCall(root, "Tag"+c.kind, tagging(named, "team=blue")...).OK()
		w.IAMCall(c.key, "ListUsers").OK()
		w.IAMCall(root, "Untag"+c.kind, append(named, "TagKeys.member.1", "TEAM")...).OK()
		w.IAMCall(c.key, "ListUsers").Refused(403, "AccessDenied", "")
	}
}
