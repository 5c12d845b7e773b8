package orgs

import (
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/orgs/managed"
)

// TestPolicies makes, changes and deletes policies.
func TestPolicies(t *testing.T) {
	t.Parallel()
	quotas := DefaultQuotas()
	quotas.SCPs = 2
	w := newWorld(t, quotas)
	root := w.organization()
	create := func(policyType, name, content string) error {
		_, err := w.CreatePolicy(w.ctx, management, NewPolicy{Type: policyType, Name: name, Content: content})
		return err
	}
	for _, c := range []struct{ policyType, name, content, code, reason string }{
		{managed.SCP, "FullAWSAccess", denyDelete, "DuplicatePolicy", ""},
		{managed.SCP, "p", "{", "MalformedPolicyDocument", ""},
		{managed.SCP, "p", denyRCP, "MalformedPolicyDocument", ""},
		{managed.RCP, "p", denyDelete, "MalformedPolicyDocument", ""},
		{managed.RCP, "p", strings.Replace(denyRCP, "Deny", "Allow", 1), "MalformedPolicyDocument", ""},
		{managed.RCP, "p", strings.Replace(denyRCP, "s3:*", "iam:*", 1), "MalformedPolicyDocument", ""},
		{managed.SCP, "p", denyDelete + strings.Repeat(" ", 5121-len(denyDelete)), "ConstraintViolation", "POLICY_CONTENT_LIMIT_EXCEEDED"},
		{"TAG_POLICY", "p", denyDelete, "PolicyTypeNotAvailableForOrganization", ""},
		{managed.SCP, "", denyDelete, "InvalidInput", "MIN_LENGTH_EXCEEDED"},
	} {
		w.refused(create(c.policyType, c.name, c.content), c.code, c.reason)
	}
	id := w.policy(managed.SCP, "p", denyDelete+strings.Repeat(" ", 5120-len(denyDelete)))
	w.refused(create(managed.SCP, "p", denyDelete), "DuplicatePolicy", "")
	rcp := w.policy(managed.RCP, "p", denyRCP)
	w.policy(managed.SCP, "q", denyDelete)
	w.refused(create(managed.SCP, "r", denyDelete), "ConstraintViolation", "POLICY_NUMBER_LIMIT_EXCEEDED")
	all, err := w.Policies(w.ctx, management, managed.SCP, Page{})
	w.must(err)
	if len(all.Items) != 3 {
		t.Errorf("policies %+v", all.Items)
	}
	none, err := w.Policies(w.ctx, management, "TAG_POLICY", Page{})
	w.must(err)
	if len(none.Items) != 0 {
		t.Errorf("tag policies %+v", none.Items)
	}

	name, taken, content, wrong := "renamed", "q", denyDelete, "{"
	_, err = w.UpdatePolicy(w.ctx, management, id, PolicyChange{Name: &taken})
	w.refused(err, "DuplicatePolicy", "")
	_, err = w.UpdatePolicy(w.ctx, management, id, PolicyChange{Content: &wrong})
	w.refused(err, "MalformedPolicyDocument", "")
	p, err := w.UpdatePolicy(w.ctx, management, id, PolicyChange{Name: &name, Content: &content})
	w.must(err)
	if p.Name != name || p.Content != content || p.AWSManaged || !strings.HasSuffix(p.ARN, "/service_control_policy/"+id) {
		t.Errorf("updated %+v", p)
	}
	_, err = w.UpdatePolicy(w.ctx, management, managed.FullAWSAccess, PolicyChange{Name: &name})
	w.refused(err, "InvalidInput", "IMMUTABLE_POLICY")
	w.refused(w.DeletePolicy(w.ctx, management, managed.FullAWSAccess), "InvalidInput", "IMMUTABLE_POLICY")
	w.must(w.AttachPolicy(w.ctx, management, id, root))
	w.refused(w.DeletePolicy(w.ctx, management, id), "PolicyInUse", "")
	w.must(w.DetachPolicy(w.ctx, management, id, root))
	w.must(w.DeletePolicy(w.ctx, management, id))
	w.refused(w.DeletePolicy(w.ctx, management, id), "PolicyNotFound", "")
	w.must(w.DeletePolicy(w.ctx, management, rcp))
}

// TestAttachments holds the limits of attaching and detaching.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DetachPolicy.html
func TestAttachments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	root := w.organization()
	w.join(member)
	unit := w.unit(root, "unit")
	w.refused(w.AttachPolicy(w.ctx, management, managed.FullAWSAccess, unit), "DuplicatePolicyAttachment", "")
	w.refused(w.AttachPolicy(w.ctx, management, "p-none123456", unit), "PolicyNotFound", "")
	w.refused(w.AttachPolicy(w.ctx, management, managed.FullAWSAccess, string(outsider)), "TargetNotFound", "")
	w.refused(w.DetachPolicy(w.ctx, management, managed.FullAWSAccess, unit), "ConstraintViolation", "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
	var policies []string
	for i := range 5 {
		policies = append(policies, w.policy(managed.SCP, fmt.Sprint(i), denyDelete))
	}
	for _, id := range policies[:4] {
		w.must(w.AttachPolicy(w.ctx, management, id, string(member)))
	}
	w.refused(w.AttachPolicy(w.ctx, management, policies[4], string(member)), "ConstraintViolation", "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
	w.refused(w.DetachPolicy(w.ctx, management, policies[4], string(member)), "PolicyNotAttached", "")
	w.must(w.DetachPolicy(w.ctx, management, managed.FullAWSAccess, string(member)))
	targets, err := w.TargetsForPolicy(w.ctx, management, managed.FullAWSAccess, Page{})
	w.must(err)
	var found []string
	for _, target := range targets.Items {
		found = append(found, target.ID+" "+target.Name+" "+target.Kind)
	}
	if got, want := strings.Join(found, ", "), "111111111111 account 1 ACCOUNT, "+unit+" unit ORGANIZATIONAL_UNIT, "+root+" Root ROOT"; got != want {
		t.Errorf("targets %s\nwant    %s", got, want)
	}
	// What is attached to an account ends with its membership.
	w.must(w.RemoveAccount(w.ctx, management, member))
	w.must(w.DeletePolicy(w.ctx, management, policies[0]))
}

// TestPolicyTypes enables and disables types: AWS's policies come and go with them.
func TestPolicyTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	root := w.organization()
	w.join(member)
	unit := w.unit(root, "before")
	rcp := w.policy(managed.RCP, "p", denyRCP)
	w.refused(w.AttachPolicy(w.ctx, management, rcp, root), "PolicyTypeNotEnabled", "")
	_, err := w.EnablePolicyType(w.ctx, management, root, managed.SCP)
	w.refused(err, "PolicyTypeAlreadyEnabled", "")
	_, err = w.EnablePolicyType(w.ctx, management, unit, managed.RCP)
	w.refused(err, "RootNotFound", "")
	enabled, err := w.EnablePolicyType(w.ctx, management, root, managed.RCP)
	w.must(err)
	if fmt.Sprint(enabled.PolicyTypes) != "[SERVICE_CONTROL_POLICY RESOURCE_CONTROL_POLICY]" {
		t.Errorf("enabled %v", enabled.PolicyTypes)
	}
	later := w.unit(unit, "later")
	w.join(outsider)
	for _, target := range []string{root, unit, later, string(management), string(member), string(outsider)} {
		if got := w.attached(target, managed.RCP); got != managed.RCPFullAWSAccess {
			t.Errorf("%s has %q attached", target, got)
		}
		w.refused(w.DetachPolicy(w.ctx, management, managed.RCPFullAWSAccess, target), "InvalidInput", "NON_DETACHABLE_POLICY")
	}
	w.must(w.AttachPolicy(w.ctx, management, rcp, root))
	_, err = w.DisablePolicyType(w.ctx, management, root, managed.RCP)
	w.must(err)
	_, err = w.DisablePolicyType(w.ctx, management, root, managed.RCP)
	w.refused(err, "PolicyTypeNotEnabled", "")
	w.must(w.DeletePolicy(w.ctx, management, rcp))
	_, err = w.EnablePolicyType(w.ctx, management, root, managed.RCP)
	w.must(err)
	if got := w.attached(root, managed.RCP); got != managed.RCPFullAWSAccess {
		t.Errorf("after enabling again the root has %q attached", got)
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	quotas := DefaultQuotas()
	quotas.Tags = 2
	w := newWorld(t, quotas)
	root := w.organization()
	id := w.policy(managed.SCP, "p", denyDelete)
	for _, resource := range []string{root, id, string(management)} {
		w.must(w.Tag(w.ctx, management, resource, []Tag{{"a", "1"}}))
		w.must(w.Tag(w.ctx, management, resource, []Tag{{"A", "2"}}))
		w.must(w.Tag(w.ctx, management, resource, []Tag{{"a", "3"}}))
		w.refused(w.Tag(w.ctx, management, resource, []Tag{{"b", ""}}), "ConstraintViolation", "MAX_TAG_LIMIT_EXCEEDED")
		w.must(w.Untag(w.ctx, management, resource, []string{"A", "none"}))
		tags, err := w.Tags(w.ctx, management, resource, Page{})
		w.must(err)
		if fmt.Sprint(tags.Items) != "[{a 3}]" {
			t.Errorf("tags of %s: %v", resource, tags.Items)
		}
	}
	w.refused(w.Tag(w.ctx, management, root, []Tag{{"aws:x", ""}}), "InvalidInput", "INVALID_SYSTEM_TAGS_PARAMETER")
	w.refused(w.Tag(w.ctx, management, root, []Tag{{"x", ""}, {"x", ""}}), "InvalidInput", "DUPLICATE_TAG_KEY")
	w.refused(w.Tag(w.ctx, management, root, []Tag{{"x", ""}, {"X", ""}}), "InvalidInput", "DUPLICATE_TAG_KEY")
	w.refused(w.Tag(w.ctx, management, managed.FullAWSAccess, []Tag{{"x", ""}}), "TargetNotFound", "")
	w.refused(w.Tag(w.ctx, management, string(outsider), []Tag{{"x", ""}}), "TargetNotFound", "")
}

// TestTargets holds the ARNs that actions are authorized on.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
func TestTargets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	root := w.organization()
	o, err := w.Organization(w.ctx, management)
	w.must(err)
	w.must(w.Tag(w.ctx, management, root, []Tag{{"k", "v"}}))
	rcp := w.policy(managed.RCP, "p", denyRCP)
	h, err := w.Invite(w.ctx, management, Invitation{Target: string(member), TargetType: AccountParty})
	w.must(err)
	begin := "arn:aws:organizations::111111111111:"
	in := "/" + string(o.ID) + "/"
	refs := []Ref{
		Existing(root), Existing("ou-none-12345678"), Existing("222222222222"), Existing(rcp), Existing("p-none123456"),
		Existing(managed.FullAWSAccess), Existing(h.ID), Existing("h-none12345"), NewUnit(), NewMember(), NewPolicyOf(managed.RCP),
	}
	want := []string{
		begin + "root" + in + root, begin + "ou" + in + "ou-none-12345678", begin + "account" + in + "222222222222",
		begin + "policy" + in + "resource_control_policy/" + rcp, begin + "policy" + in + "service_control_policy/p-none123456",
		"arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess",
		begin + "handshake" + in + "invite/" + h.ID, "*", begin + "ou" + in + "ou-*", begin + "account" + in + "*",
		begin + "policy" + in + "resource_control_policy/p-*",
	}
	got, err := w.Targets(w.ctx, management, refs)
	w.must(err)
	for i := range want {
		if got[i].ARN != want[i] {
			t.Errorf("target %d is %s, want %s", i, got[i].ARN, want[i])
		}
	}
	if fmt.Sprint(got[0].Tags) != "[{k v}]" || got[3].PolicyType != managed.RCP {
		t.Errorf("root %+v, policy %+v", got[0], got[3])
	}
	// The invited account sees the handshake and nothing else.
	got, err = w.Targets(w.ctx, member, refs)
	w.must(err)
	for i := range refs {
		expected := "*"
		if i == 6 {
			expected = want[6]
		}
		if got[i].ARN != expected {
			t.Errorf("from outside, target %d is %s, want %s", i, got[i].ARN, expected)
		}
	}
}
