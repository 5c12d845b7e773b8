package orgs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
)

// ResolvePrincipal implements Principals: there are the accounts of the world, and the user ann in the member.
func (w *world) ResolvePrincipal(_ context.Context, value string) (string, error) {
	if id, err := ids.ParseAccountID(value); err == nil {
		return arn.Root(id).String(), nil
	}
	switch value {
	case "arn:aws:iam::222222222222:user/ann":
		return "AIDAANNANNANNANNANNAN", nil
	case "arn:aws:iam::111111111111:root", "arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:root":
		return value, nil
	}
	return "", errors.New("nobody: " + value)
}

// PrincipalARN implements Principals.
func (w *world) PrincipalARN(_ context.Context, stored string) (string, error) {
	if stored == "AIDAANNANNANNANNANNAN" {
		return "arn:aws:iam::222222222222:user/ann", nil
	}
	return stored, nil
}

// delegating returns a resource policy with these elements of its statement.
func delegating(elements string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` + elements + `}}`
}

const toMember = `"Principal":{"AWS":"222222222222"}`

// TestResourcePolicy puts, changes and deletes the resource policy.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_PutResourcePolicy.html
func TestResourcePolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.organization()
	w.join(member)
	_, err := w.ResourcePolicy(w.ctx, management)
	w.refused(err, "ResourcePolicyNotFound", "")
	w.refused(w.DeleteResourcePolicy(w.ctx, management), "ResourcePolicyNotFound", "")
	content := delegating(`"Principal":{"AWS":["222222222222","arn:aws:iam::222222222222:user/ann"]},"Action":"organizations:CreatePolicy","Resource":"*"`)
	_, err = w.PutResourcePolicy(w.ctx, member, content, nil)
	w.refused(err, "AccessDenied", "")
	put, err := w.PutResourcePolicy(w.ctx, management, content, []Tag{{"k", "v"}})
	w.must(err)
	o, err := w.Organization(w.ctx, management)
	w.must(err)
	if want := "arn:aws:organizations::111111111111:resourcepolicy/" + string(o.ID) + "/" + put.ID; put.ARN != want {
		t.Errorf("ARN %s, want %s", put.ARN, want)
	}
	got, err := w.ResourcePolicy(w.ctx, management)
	w.must(err)
	for _, want := range []string{`"arn:aws:iam::222222222222:root"`, `"arn:aws:iam::222222222222:user/ann"`} {
		if got.ID != put.ID || !strings.Contains(got.Content, want) {
			t.Errorf("%s of %s lacks %s", got.Content, got.ID, want)
		}
	}
	tags, err := w.Tags(w.ctx, management, put.ID, Page{})
	w.must(err)
	w.must(w.Untag(w.ctx, management, put.ID, []string{"k"}))
	if fmt.Sprint(tags.Items) != "[{k v}]" {
		t.Errorf("tags %v", tags.Items)
	}
	_, err = w.Tags(w.ctx, management, "rp-another1", Page{})
	w.refused(err, "TargetNotFound", "")
	_, err = w.PutResourcePolicy(w.ctx, management, content, []Tag{{"k", "v"}})
	w.refused(err, "InvalidInput", "TARGET_NOT_SUPPORTED")
	again, err := w.PutResourcePolicy(w.ctx, management, delegating(toMember+`,"Action":"organizations:List*","Resource":"*"`), nil)
	w.must(err)
	if again.ID != put.ID {
		t.Errorf("another ID: %s, %s", again.ID, put.ID)
	}
	w.refused(w.DeleteResourcePolicy(w.ctx, member), "AccessDenied", "")
	w.must(w.DeleteResourcePolicy(w.ctx, management))
	w.refused(w.DeleteResourcePolicy(w.ctx, management), "ResourcePolicyNotFound", "")
}

// TestResourcePolicyRefused holds what a resource policy may not say.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs-policy-delegate.html
func TestResourcePolicyRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.organization()
	w.join(member)
	const describe = `,"Action":"organizations:DescribePolicy"`
	for elements, reason := range map[string]string{
		toMember + `,"Action":["organizations:Describe*","ORGANIZATIONS:list*","organizations:AttachPolicy"],"Resource":"arn:aws:organizations::111111111111:*"`:           "",
		toMember + describe + `,"Resource":"arn:aws:organizations::aws:policy/*","Condition":{"StringLikeIfExists":{"organizations:PolicyType":["S3_POLICY","BACKUP_*"]}}`: "",
		toMember + describe:                        "UNSUPPORTED_RESOURCE_IN_RESOURCE_POLICY",
		toMember + describe + `,"NotResource":"*"`: "UNSUPPORTED_RESOURCE_IN_RESOURCE_POLICY",
		toMember + describe + `,"Resource":"arn:aws:organizations::222222222222:*"`:                                   "UNSUPPORTED_RESOURCE_IN_RESOURCE_POLICY",
		toMember + describe + `,"Resource":"arn:aws:s3:::b"`:                                                          "UNSUPPORTED_RESOURCE_IN_RESOURCE_POLICY",
		toMember + `,"Action":"organizations:MoveAccount","Resource":"*"`:                                             "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY",
		toMember + `,"Action":"organizations:*","Resource":"*"`:                                                       "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY",
		toMember + `,"Action":"*","Resource":"*"`:                                                                     "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY",
		toMember + `,"Action":"s3:GetObject","Resource":"*"`:                                                          "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY",
		toMember + `,"Action":"organizations:None","Resource":"*"`:                                                    "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY",
		toMember + `,"NotAction":"organizations:DescribePolicy","Resource":"*"`:                                       "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY",
		`"Principal":"*"` + describe + `,"Resource":"*"`:                                                              "INVALID_PRINCIPAL",
		`"Principal":{"AWS":"*"}` + describe + `,"Resource":"*"`:                                                      "INVALID_PRINCIPAL",
		`"NotPrincipal":{"AWS":"222222222222"}` + describe + `,"Resource":"*"`:                                        "INVALID_RESOURCE_POLICY_JSON",
		`"Principal":{"Service":"s3.amazonaws.com"}` + describe + `,"Resource":"*"`:                                   "INVALID_PRINCIPAL",
		`"Principal":{"AWS":"333333333333"}` + describe + `,"Resource":"*"`:                                           "INVALID_PRINCIPAL",
		`"Principal":{"AWS":"111111111111"}` + describe + `,"Resource":"*"`:                                           "INVALID_PRINCIPAL",
		`"Principal":{"AWS":"arn:aws:iam::222222222222:user/bob"}` + describe + `,"Resource":"*"`:                     "INVALID_PRINCIPAL",
		`"Principal":{"AWS":"nobody"}` + describe + `,"Resource":"*"`:                                                 "INVALID_PRINCIPAL",
		toMember + describe + `,"Resource":"*","Condition":{"StringEquals":{"organizations:PolicyType":"OTHER"}}`:     "UNSUPPORTED_POLICY_TYPE_IN_RESOURCE_POLICY",
		toMember + describe + `,"Resource":"*","Condition":{"StringEquals":{"aws:username":"ann"}}`:                   "INVALID_RESOURCE_POLICY_JSON",
		toMember + describe + `,"Resource":"*","Other":1`:                                                             "INVALID_RESOURCE_POLICY_JSON",
		toMember + describe + `,"Resource":"` + strings.Repeat("arn:aws:organizations::111111111111:", 1112) + `"`:    "MAX_LENGTH_EXCEEDED",
		toMember + describe + `,"Resource":["*","` + `arn:aws:organizations::111111111111:policy/o-a/*"],"Sid":"a b"`: "",
	} {
		_, err := w.PutResourcePolicy(w.ctx, management, delegating(elements), nil)
		if reason == "" {
			if err != nil {
				t.Errorf("%s: %v", elements, err)
			}
			continue
		}
		t.Run(elements[:min(len(elements), 80)], func(*testing.T) { w.refused(err, "InvalidInput", reason) })
	}
}

// TestTagsOfNoResourcePolicy names a resource policy that is not there.
func TestTagsOfNoResourcePolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.organization()
	w.refused(w.Tag(w.ctx, management, "rp-example", []Tag{{"k", "v"}}), "TargetNotFound", "")
	w.refused(w.Untag(w.ctx, management, "rp-example", []string{"k"}), "TargetNotFound", "")
	_, err := w.Tags(w.ctx, management, "rp-example", Page{})
	w.refused(err, "TargetNotFound", "")
}
