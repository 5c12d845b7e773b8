package iam

import (
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/iam/managed"
	"crossgrant/internal/keys"
)

// TestWalkthroughPolicy is the policy of the founding walkthrough: created, attached to a group, and
// cleaned up in the order that IAM enforces.
func TestWalkthroughPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.group(accountB, "testusergroup")
	p, err := w.CreatePolicy(w.ctx, accountB, NewPolicy{Name: "MyS3PutObjAndAclPolicy", Document: allowAll, Description: "d"})
	w.must(err)
	if p.ARN != "arn:aws:iam::222222222222:policy/MyS3PutObjAndAclPolicy" || p.DefaultVersion != "v1" || p.Attachments != 0 || !strings.HasPrefix(string(p.ID), "ANPA") {
		t.Errorf("created %+v", p)
	}
	w.must(w.AttachPolicy(w.ctx, accountB, keys.GroupKind, "testusergroup", p.ARN))
	w.must(w.AttachPolicy(w.ctx, accountB, keys.GroupKind, "testusergroup", p.ARN)) // again is no error
	got, err := w.Policy(w.ctx, accountB, p.ARN)
	w.must(err)
	if got.Attachments != 1 || got.Description != "d" {
		t.Errorf("after attaching %+v", got)
	}
	w.refused(w.DeletePolicy(w.ctx, accountB, p.ARN), "DeleteConflict", "Cannot delete a policy attached to entities.")
	w.must(w.DetachPolicy(w.ctx, accountB, keys.GroupKind, "testusergroup", p.ARN))
	w.refused(w.DetachPolicy(w.ctx, accountB, keys.GroupKind, "testusergroup", p.ARN), "NoSuchEntity", "Policy "+p.ARN+" was not found.")
	w.must(w.DeletePolicy(w.ctx, accountB, p.ARN))
	w.refused(w.DeletePolicy(w.ctx, accountB, p.ARN), "NoSuchEntity", "Policy "+p.ARN+" was not found.")
}

func TestPolicyRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.user(accountA, "ann")
	w.policy(accountA, "mine")
	foreign := w.policy(accountB, "p").ARN
	big := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::` + strings.Repeat("x", 6144) + `"}}`
	for name, c := range map[string]struct {
		in   NewPolicy
		code string
		text string
	}{
		"same name, other case and path": {NewPolicy{Name: "MINE", Path: "/x/", Document: allowAll}, "EntityAlreadyExists", "A policy called MINE already exists. Duplicate names are not allowed."},
		"not JSON":                       {NewPolicy{Name: "p", Document: "{"}, "MalformedPolicyDocument", "Syntax errors in policy."},
		"principal":                      {NewPolicy{Name: "p", Document: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}`}, "MalformedPolicyDocument", "Policy document should not specify a principal."},
		"too large":                      {NewPolicy{Name: "p", Document: big}, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144"},
		"path that policies cannot have": {NewPolicy{Name: "p", Path: "/a!b/", Document: allowAll}, "ValidationError", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.CreatePolicy(w.ctx, accountA, c.in)
			w.refused(err, c.code, c.text)
		})
	}
	// White space does not count: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
	_, err := w.CreatePolicy(w.ctx, accountA, NewPolicy{Name: "spacious", Document: allowAll + strings.Repeat(" \n", 5000)})
	w.must(err)

	attach := func(arn string) error { return w.AttachPolicy(w.ctx, accountA, keys.UserKind, "ann", arn) }
	missing := "arn:aws:iam::111111111111:policy/none"
	w.refused(attach("longer-than-twenty-characters"), "ValidationError", "Invalid ARN:  Could not be parsed!")
	w.refused(attach("arn:aws:iam::111111111111:user/ann"), "InvalidInput", "ARN arn:aws:iam::111111111111:user/ann is not valid.")
	w.refused(attach(missing), "NoSuchEntity", "Policy "+missing+" does not exist or is not attachable.")
	w.refused(attach(foreign), "NoSuchEntity", "Policy "+foreign+" does not exist or is not attachable.")
	w.refused(attach("arn:aws:iam::aws:policy/NoSuchPolicy"), "NoSuchEntity", "")
	w.refused(attach("arn:aws:iam::111111111111:policy/x/mine"), "NoSuchEntity", "") // the path is part of the ARN
	w.refused(attach("arn:aws:iam::111111111111:policy/Mine"), "NoSuchEntity", "")   // and so is the case

	// Nobody changes a policy of AWS, or of another account.
	for _, arn := range []string{s3Full, foreign} {
		_, err := w.CreatePolicyVersion(w.ctx, accountA, arn, allowAll, true)
		w.refused(err, "AccessDenied", "Policy is outside your own account.")
		w.refused(w.DeletePolicy(w.ctx, accountA, arn), "AccessDenied", "")
		w.refused(w.SetDefaultPolicyVersion(w.ctx, accountA, arn, "v1"), "AccessDenied", "")
		w.refused(w.DeletePolicyVersion(w.ctx, accountA, arn, "v1"), "AccessDenied", "")
	}
	_, err = w.Policy(w.ctx, accountA, foreign)
	w.refused(err, "NoSuchEntity", "")
	_, err = w.PolicyVersion(w.ctx, accountA, foreign, "v1")
	w.refused(err, "NoSuchEntity", "")
	_, err = w.EntitiesForPolicy(w.ctx, accountA, foreign, EntityFilter{}, Page{})
	w.refused(err, "NoSuchEntity", "")
}

// TestPolicyVersions: five at most, numbers only grow, the default one stays.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
func TestPolicyVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	p := w.policy(accountA, "p")
	for i := 2; i <= 5; i++ {
		v, err := w.CreatePolicyVersion(w.ctx, accountA, p.ARN, allowAll, i == 3)
		w.must(err)
		if v.ID != fmt.Sprintf("v%d", i) || v.Default != (i == 3) {
			t.Errorf("created %+v", v)
		}
	}
	_, err := w.CreatePolicyVersion(w.ctx, accountA, p.ARN, allowAll, false)
	w.refused(err, "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
	w.refused(w.DeletePolicyVersion(w.ctx, accountA, p.ARN, "v3"), "DeleteConflict", "Cannot delete the default version of a policy.")
	w.must(w.DeletePolicyVersion(w.ctx, accountA, p.ARN, "v5"))
	v, err := w.CreatePolicyVersion(w.ctx, accountA, p.ARN, allowAll, false)
	w.must(err)
	if v.ID != "v6" {
		t.Errorf("after deleting v5 comes %s, want v6", v.ID)
	}
	w.must(w.SetDefaultPolicyVersion(w.ctx, accountA, p.ARN, "v1"))
	w.refused(w.SetDefaultPolicyVersion(w.ctx, accountA, p.ARN, "v5"), "NoSuchEntity", "")
	list, err := w.PolicyVersions(w.ctx, accountA, p.ARN, Page{Max: 2})
	w.must(err)
	rest, err := w.PolicyVersions(w.ctx, accountA, p.ARN, Page{Max: 3, Marker: list.Marker})
	w.must(err)
	var ids []string
	for _, v := range append(list.Items, rest.Items...) {
		ids = append(ids, v.ID)
		if v.Default != (v.ID == "v1") {
			t.Errorf("version %+v", v)
		}
	}
	if got := strings.Join(ids, " "); got != "v6 v4 v3 v2 v1" || rest.Marker != "" {
		t.Errorf("versions %s, marker %q", got, rest.Marker)
	}
	w.refused(w.DeletePolicy(w.ctx, accountA, p.ARN), "DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
	aws, err := w.PolicyVersions(w.ctx, accountA, s3Full, Page{})
	w.must(err)
	if len(aws.Items) != 1 || aws.Items[0].ID != "v2" || !strings.Contains(aws.Items[0].Document, "s3-object-lambda") {
		t.Errorf("versions of AWS's policy: %+v", aws.Items)
	}
}

func TestListPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.user(accountA, "ann")
	w.policy(accountA, "b")
	w.policy(accountA, "A")
	x, err := w.CreatePolicy(w.ctx, accountA, NewPolicy{Name: "c", Path: "/x/", Document: allowAll})
	w.must(err)
	w.must(w.AttachPolicy(w.ctx, accountA, keys.UserKind, "ann", x.ARN))
	w.must(w.AttachPolicy(w.ctx, accountA, keys.UserKind, "ann", s3Full))
	w.must(w.SetBoundary(w.ctx, accountA, keys.UserKind, "ann", "arn:aws:iam::aws:policy/PowerUserAccess"))
	var names []string
	for _, p := range managed.All() {
		names = append(names, p.Name)
	}
	aws := strings.Join(names, " ")
	for _, c := range []struct {
		name   string
		filter PolicyFilter
		want   string
	}{
		{"all", PolicyFilter{}, "A b c " + aws},
		{"all, said", PolicyFilter{Scope: "All"}, "A b c " + aws},
		{"local", PolicyFilter{Scope: "Local"}, "A b c"},
		{"AWS", PolicyFilter{Scope: "AWS"}, aws},
		{"path", PolicyFilter{PathPrefix: "/x/"}, "c"},
		{"path of AWS", PolicyFilter{PathPrefix: "/root-task/"}, "IAMAuditRootUserCredentials IAMCreateRootUserPassword IAMDeleteRootUserCredentials S3UnlockBucketPolicy SQSUnlockQueuePolicy"},
		{"used", PolicyFilter{OnlyAttached: true}, "c AmazonS3FullAccess PowerUserAccess"},
		{"attached", PolicyFilter{Usage: "PermissionsPolicy"}, "c AmazonS3FullAccess"},
		{"boundaries", PolicyFilter{Usage: "PermissionsBoundary"}, "PowerUserAccess"},
		{"used, of AWS", PolicyFilter{OnlyAttached: true, Scope: "AWS"}, "AmazonS3FullAccess PowerUserAccess"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, size := range []int{1, 2, 3, 4, 100} {
				var names []string
				p := Page{Max: size}
				for {
					list, err := w.Policies(w.ctx, accountA, c.filter, p)
					w.must(err)
					for _, item := range list.Items {
						names = append(names, item.Name)
					}
					if len(list.Items) > size || len(names) > 200 {
						t.Fatalf("pages of %d: %q", size, names)
					}
					if p.Marker = list.Marker; p.Marker == "" {
						break
					}
				}
				if got := strings.Join(names, " "); got != c.want {
					t.Errorf("pages of %d: got %s, want %s", size, got, c.want)
				}
			}
		})
	}
}

func TestEntitiesForPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.user(accountA, "ann")
	w.user(accountA, "Bob")
	w.group(accountA, "devs")
	w.role(accountA, "r")
	p := w.policy(accountA, "p").ARN
	for _, e := range []EntityRef{{Kind: keys.UserKind, Name: "ann"}, {Kind: keys.GroupKind, Name: "devs"}, {Kind: keys.RoleKind, Name: "r"}} {
		w.must(w.AttachPolicy(w.ctx, accountA, e.Kind, e.Name, p))
	}
	w.must(w.SetBoundary(w.ctx, accountA, keys.UserKind, "bob", p))
	w.must(w.SetBoundary(w.ctx, accountA, keys.UserKind, "ann", p))
	w.must(w.UpdateUser(w.ctx, accountA, "bob", "", "/x/"))
	for _, c := range []struct {
		filter EntityFilter
		want   string
	}{
		{EntityFilter{}, "g:devs r:r u:ann u:Bob"},
		{EntityFilter{Usage: "PermissionsPolicy"}, "g:devs r:r u:ann"},
		{EntityFilter{Usage: "PermissionsBoundary"}, "u:ann u:Bob"},
		{EntityFilter{Kind: keys.UserKind}, "u:ann u:Bob"},
		{EntityFilter{PathPrefix: "/x/"}, "u:Bob"},
	} {
		for _, size := range []int{1, 2, 100} {
			var got []string
			page := Page{Max: size}
			for {
				list, err := w.EntitiesForPolicy(w.ctx, accountA, p, c.filter, page)
				w.must(err)
				for _, e := range list.Items {
					got = append(got, string(e.Kind)+":"+e.Name)
				}
				if page.Marker = list.Marker; page.Marker == "" {
					break
				}
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("%+v in pages of %d: got %s, want %s", c.filter, size, text, c.want)
			}
		}
	}
}

func TestInlinePolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.user(accountA, "ann")
	w.group(accountA, "devs")
	w.role(accountA, "r")
	for k, quota := range map[keys.Kind]int{keys.UserKind: 2048, keys.GroupKind: 5120, keys.RoleKind: 10240} {
		name := map[keys.Kind]string{keys.UserKind: "ann", keys.GroupKind: "devs", keys.RoleKind: "r"}[k]
		put := func(policyName, document string) error {
			return w.PutInlinePolicy(w.ctx, accountA, k, name, policyName, document)
		}
		w.must(put("one", allowAll))
		w.must(put("two", allowAll+" "))
		w.must(put("one", allowAll+"\n")) // replaces
		got, err := w.InlinePolicy(w.ctx, accountA, k, name, "one")
		w.must(err)
		if got != allowAll+"\n" {
			t.Errorf("read %q, want what was stored", got)
		}
		list, err := w.InlinePolicies(w.ctx, accountA, k, name, Page{Max: 1})
		w.must(err)
		next, err := w.InlinePolicies(w.ctx, accountA, k, name, Page{Marker: list.Marker})
		w.must(err)
		if len(list.Items) != 1 || list.Items[0] != "one" || len(next.Items) != 1 || next.Items[0] != "two" || next.Marker != "" {
			t.Errorf("listed %+v and %+v", list, next)
		}
		// A document that fills the room that the other two leave.
		form := strings.Replace(allowAll, `"*"`, `"arn:aws:s3:::x"`, 1)
		fits := strings.Replace(form, ":::x", ":::"+strings.Repeat("x", quota-2*len(allowAll)-len(form)+1), 1)
		w.must(put("big", fits))
		w.refused(put("big", strings.Replace(fits, ":::x", ":::xx", 1)), "LimitExceeded", fmt.Sprintf("Maximum policy size of %d bytes exceeded for %s %s", quota, kindName(k), name))
		w.refused(put("bad", `{}`), "MalformedPolicyDocument", "Syntax errors in policy.")
		w.refused(put("a b", allowAll), "ValidationError", "")
		w.must(w.DeleteInlinePolicy(w.ctx, accountA, k, name, "big"))
		w.refused(w.DeleteInlinePolicy(w.ctx, accountA, k, name, "big"), "NoSuchEntity", fmt.Sprintf("The %s policy with name big cannot be found.", kindName(k)))
		_, err = w.InlinePolicy(w.ctx, accountA, k, name, "big")
		w.refused(err, "NoSuchEntity", "")
		_, err = w.InlinePolicies(w.ctx, accountA, k, "none", Page{})
		w.refused(err, "NoSuchEntity", "")
	}
}

func TestAttachQuotaAndList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.user(accountA, "ann")
	for i := range 11 {
		p, err := w.CreatePolicy(w.ctx, accountA, NewPolicy{Name: fmt.Sprintf("p%02d", i), Path: fmt.Sprintf("/%d/", i%2), Document: allowAll})
		w.must(err)
		err = w.AttachPolicy(w.ctx, accountA, keys.UserKind, "ann", p.ARN)
		if i < 10 {
			w.must(err)
		} else {
			w.refused(err, "LimitExceeded", "Cannot exceed quota for PoliciesPerUser: 10")
		}
	}
	list, err := w.AttachedPolicies(w.ctx, accountA, keys.UserKind, "ann", "/1/", Page{Max: 3})
	w.must(err)
	rest, err := w.AttachedPolicies(w.ctx, accountA, keys.UserKind, "ann", "/1/", Page{Marker: list.Marker})
	w.must(err)
	var names []string
	for _, p := range append(list.Items, rest.Items...) {
		names = append(names, p.Name)
	}
	if got := strings.Join(names, " "); got != "p01 p03 p05 p07 p09" {
		t.Errorf("attached under /1/: %s", got)
	}
}

func TestBoundaries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.role(accountA, "r")
	p, q := w.policy(accountA, "p").ARN, w.policy(accountA, "q").ARN
	uses := func(arn string) int {
		got, err := w.Policy(w.ctx, accountA, arn)
		w.must(err)
		return got.BoundaryUses
	}
	w.must(w.SetBoundary(w.ctx, accountA, keys.RoleKind, "r", p))
	w.must(w.SetBoundary(w.ctx, accountA, keys.RoleKind, "r", p))
	w.must(w.SetBoundary(w.ctx, accountA, keys.RoleKind, "r", q))
	if uses(p) != 0 || uses(q) != 1 {
		t.Errorf("uses %d and %d, want 0 and 1", uses(p), uses(q))
	}
	w.refused(w.DeletePolicy(w.ctx, accountA, q), "DeleteConflict", "")
	w.must(w.SetBoundary(w.ctx, accountA, keys.RoleKind, "r", s3Full))
	if uses(q) != 0 || uses(s3Full) != 1 {
		t.Errorf("uses %d and %d, want 0 and 1", uses(q), uses(s3Full))
	}
	w.refused(w.SetBoundary(w.ctx, accountA, keys.RoleKind, "r", "arn:aws:iam::111111111111:policy/none"), "NoSuchEntity", "Scope ARN: arn:aws:iam::111111111111:policy/none does not exist or is not attachable.")
	w.must(w.ClearBoundary(w.ctx, accountA, keys.RoleKind, "r"))
	w.must(w.ClearBoundary(w.ctx, accountA, keys.RoleKind, "r"))
	if uses(s3Full) != 0 {
		t.Error("the use was not counted down")
	}
}
