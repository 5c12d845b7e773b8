package orgs

import (
	"strings"
	"testing"

	"crossgrant/internal/ids"
	"crossgrant/internal/orgs/managed"
)

const (
	blockAll  = `{"s3_attributes":{"public_access_block_configuration":{"@@assign":"all"}}}`
	blockNone = `{"s3_attributes":{"public_access_block_configuration":{"@@assign":"none"}}}`
)

// TestS3Policies makes S3 policies, attaches them, and asks what they come to.
//
// Sources: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_s3.html
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeEffectivePolicy.html
func TestS3Policies(t *testing.T) {
	t.Parallel()
	quotas := DefaultQuotas()
	quotas.Declarative, quotas.DeclarativeAttached = 3, 2
	w := newWorld(t, quotas)
	root := w.organization()
	w.join(member)
	effective := func(caller ids.AccountID, target string) string {
		t.Helper()
		p, err := w.EffectivePolicy(w.ctx, caller, target, managed.S3)
		if err != nil {
			w.refused(err, "EffectivePolicyNotFound", "")
			return ""
		}
		if !p.Updated.Equal(w.clock) || p.Type != managed.S3 {
			t.Errorf("effective policy %+v", p)
		}
		return strings.TrimSuffix(p.Content[strings.LastIndexByte(p.Content, ':')+1:], "}}")
	}
	create := func(content string) error {
		_, err := w.CreatePolicy(w.ctx, management, NewPolicy{Type: managed.S3, Name: "p", Content: content})
		return err
	}
	w.refused(create(denyDelete), "MalformedPolicyDocument", "")
	w.refused(create(blockAll+strings.Repeat(" ", 10000)), "ConstraintViolation", "POLICY_CONTENT_LIMIT_EXCEEDED")
	all, none, third := w.policy(managed.S3, "FullAWSAccess", blockAll), w.policy(managed.S3, "none", blockNone), w.policy(managed.S3, "third", blockNone)
	w.refused(create(blockAll), "ConstraintViolation", "POLICY_NUMBER_LIMIT_EXCEEDED")
	w.refused(w.AttachPolicy(w.ctx, management, all, root), "PolicyTypeNotEnabled", "")
	enabled, err := w.EnablePolicyType(w.ctx, management, root, managed.S3)
	w.must(err)
	if got := strings.Join(enabled.PolicyTypes, " "); got != managed.SCP+" "+managed.S3 || w.attached(root, managed.S3) != "" {
		t.Errorf("enabled %s, attached %s", got, w.attached(root, managed.S3))
	}
	if got := effective(member, ""); got != "" {
		t.Errorf("nothing attached: %s", got)
	}
	w.must(w.AttachPolicy(w.ctx, management, all, root))
	for caller, target := range map[ids.AccountID]string{management: string(member), member: ""} {
		if got := effective(caller, target); got != `"all"` {
			t.Errorf("%s about %q: %s", caller, target, got)
		}
	}
	if got := effective(management, ""); got != `"all"` {
		t.Errorf("of the management account: %s", got)
	}
	w.must(w.AttachPolicy(w.ctx, management, none, string(member)))
	if got := effective(member, string(member)); got != `"none"` {
		t.Errorf("below: %s", got)
	}
	w.must(w.AttachPolicy(w.ctx, management, third, string(member)))
	w.refused(w.AttachPolicy(w.ctx, management, all, string(member)), "ConstraintViolation", "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
	for _, id := range []string{none, third} {
		w.must(w.DetachPolicy(w.ctx, management, id, string(member)))
	}

	_, err = w.EffectivePolicy(w.ctx, member, string(management), managed.S3)
	w.refused(err, "AccessDenied", "")
	_, err = w.EffectivePolicy(w.ctx, outsider, "", managed.S3)
	w.refused(err, "AWSOrganizationsNotInUse", "")
	_, err = w.EffectivePolicy(w.ctx, management, string(outsider), managed.S3)
	w.refused(err, "TargetNotFound", "")
	_, err = w.EffectivePolicy(w.ctx, management, root, managed.S3)
	w.refused(err, "InvalidInput", "TARGET_NOT_SUPPORTED")
	_, err = w.EffectivePolicy(w.ctx, management, "", "TAG_POLICY")
	w.refused(err, "EffectivePolicyNotFound", "")

	invalid, err := w.InvalidAccounts(w.ctx, management, managed.S3, Page{})
	w.must(err)
	if len(invalid.Items) != 0 {
		t.Errorf("invalid: %+v", invalid.Items)
	}
	_, err = w.InvalidAccounts(w.ctx, management, "TAG_POLICY", Page{})
	w.refused(err, "EffectivePolicyNotFound", "")
	valid, err := w.ValidateEffective(w.ctx, management, member, managed.S3, Page{})
	w.must(err)
	if !strings.HasSuffix(valid.Path, root+"/222222222222/") || valid.Account != member {
		t.Errorf("validated %+v", valid)
	}
	_, err = w.ValidateEffective(w.ctx, management, outsider, managed.S3, Page{})
	w.refused(err, "AccountNotFound", "")

	_, err = w.DisablePolicyType(w.ctx, management, root, managed.S3)
	w.must(err)
	if got := effective(member, ""); got != "" || w.attached(root, managed.S3) != "" {
		t.Errorf("disabled, and yet %s", got)
	}
	w.must(w.DeletePolicy(w.ctx, management, all))
}

// TestTypesThatAreNotThere: policies of what is not here can be neither made nor enabled, and there are none.
func TestTypesThatAreNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	root := w.organization()
	for _, policyType := range managed.Types() {
		if managed.Available(policyType) {
			continue
		}
		_, err := w.EnablePolicyType(w.ctx, management, root, policyType)
		w.refused(err, "PolicyTypeNotAvailableForOrganization", "")
		_, err = w.DisablePolicyType(w.ctx, management, root, policyType)
		w.refused(err, "PolicyTypeNotEnabled", "")
		_, err = w.CreatePolicy(w.ctx, management, NewPolicy{Type: policyType, Name: "p", Content: "{}"})
		w.refused(err, "PolicyTypeNotAvailableForOrganization", "")
		list, err := w.Policies(w.ctx, management, policyType, Page{})
		w.must(err)
		if len(list.Items) != 0 {
			t.Errorf("%s: %+v", policyType, list.Items)
		}
	}
}
