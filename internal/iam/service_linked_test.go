package iam

import (
	"strings"
	"testing"
	"time"

	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

const (
	organizationsService = "organizations.amazonaws.com"
	organizationsRole    = "AWSServiceRoleForOrganizations"
	// protected is AWS's text, as many users report it.
	protected = "Cannot perform the operation on the protected role 'AWSServiceRoleForOrganizations' - this role is only modifiable by AWS"
)

// linked makes a service-linked role.
func (w *world) linked(account ids.AccountID, service string) Role {
	w.Helper()
	r, err := w.CreateServiceLinkedRole(w.ctx, account, NewServiceLinkedRole{Service: service})
	w.must(err)
	return r
}

func TestCreateServiceLinkedRole(t *testing.T) {
	t.Parallel()
	quotas := DefaultQuotas()
	quotas.Roles = 1
	w := newWorld(t, quotas)
	w.role(accountA, "r") // the quota is used, and does not matter
	made := w.linked(accountA, organizationsService)
	if made.ARN != "arn:aws:iam::111111111111:role/aws-service-role/organizations.amazonaws.com/AWSServiceRoleForOrganizations" ||
		made.MaxSession != time.Hour || !strings.Contains(made.Trust, `"Service":"organizations.amazonaws.com"`) {
		t.Errorf("made %+v", made)
	}
	attached, err := w.AttachedPolicies(w.ctx, accountA, keys.RoleKind, organizationsRole, "/", Page{})
	w.must(err)
	if len(attached.Items) != 1 || attached.Items[0].ARN != "arn:aws:iam::aws:policy/aws-service-role/AWSOrganizationsServiceTrustPolicy" {
		t.Errorf("attached %+v", attached.Items)
	}
	policy, err := w.Policy(w.ctx, accountA, attached.Items[0].ARN)
	w.must(err)
	if policy.Attachments != 1 {
		t.Errorf("policy %+v", policy)
	}
	_, err = w.CreateServiceLinkedRole(w.ctx, accountA, NewServiceLinkedRole{Service: organizationsService})
	w.refused(err, "InvalidInput", "Service role name AWSServiceRoleForOrganizations has been taken in this account, please try a different suffix.")
	_, err = w.CreateServiceLinkedRole(w.ctx, accountA, NewServiceLinkedRole{Service: "cloudtrail.amazonaws.com", Suffix: "x"})
	w.refused(err, "InvalidInput", "Custom suffix is not allowed for cloudtrail.amazonaws.com")
	for _, service := range []string{"ec2.example.com", "s3.amazonaws.com", "ORGANIZATIONS.amazonaws.com", "replication.s3.amazonaws.com"} {
		_, err = w.CreateServiceLinkedRole(w.ctx, accountA, NewServiceLinkedRole{Service: service})
		w.refused(err, "InvalidInput", "")
	}
	_, err = w.CreateRole(w.ctx, accountA, NewRole{Name: "mine", Path: "/aws-service-role/x/", Trust: trustB})
	w.refused(err, "InvalidInput", "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles")
}

func TestServiceLinkedRolesWithSuffixes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.linked(accountA, "autoscaling.amazonaws.com")
	r, err := w.CreateServiceLinkedRole(w.ctx, accountA, NewServiceLinkedRole{Service: "autoscaling.amazonaws.com", Suffix: "blue", Description: "d"})
	w.must(err)
	if r.Name != "AWSServiceRoleForAutoScaling_blue" || r.Path != "/aws-service-role/autoscaling.amazonaws.com/" || r.Description != "d" {
		t.Errorf("made %+v", r)
	}
	_, err = w.CreateServiceLinkedRole(w.ctx, accountA, NewServiceLinkedRole{Service: "autoscaling.amazonaws.com", Suffix: strings.Repeat("x", 64)})
	w.refused(err, "InvalidInput", "")
}

// TestEveryServiceLinkedRole holds that each has its policy.
func TestEveryServiceLinkedRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	for _, service := range strings.Fields(`access-analyzer autoscaling backup cks.kms cloudtrail config context.cloudtrail elasticbeanstalk
		macie mrk.kms organizations ram s3-outposts sso storage-lens.s3`) {
		r := w.linked(accountB, service+".amazonaws.com")
		role, _ := managed.ServiceLinkedRole(service + ".amazonaws.com")
		p, ok := managed.Lookup(role.PolicyARN())
		if !ok || p.Path != managed.ServiceRolePath || !strings.HasPrefix(r.Name, "AWSServiceRoleFor") {
			t.Errorf("%s: role %+v, policy %s", service, r, role.PolicyARN())
		}
	}
}

// TestServiceLinkedRolesAreProtected tries every change of a role. Its description and tags are the account's.
func TestServiceLinkedRolesAreProtected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.linked(accountA, organizationsService)
	_, err := w.CreateInstanceProfile(w.ctx, accountA, NewInstanceProfile{Name: "p"})
	w.must(err)
	const policyARN = "arn:aws:iam::aws:policy/aws-service-role/AWSOrganizationsServiceTrustPolicy"
	_, longer := w.UpdateRole(w.ctx, accountA, organizationsRole, "", 2*time.Hour)
	for name, err := range map[string]error{
		"attach":                w.AttachPolicy(w.ctx, accountA, keys.RoleKind, organizationsRole, s3Full),
		"detach":                w.DetachPolicy(w.ctx, accountA, keys.RoleKind, organizationsRole, policyARN),
		"put inline":            w.PutInlinePolicy(w.ctx, accountA, keys.RoleKind, organizationsRole, "p", allowAll),
		"delete inline":         w.DeleteInlinePolicy(w.ctx, accountA, keys.RoleKind, organizationsRole, "p"),
		"boundary":              w.SetBoundary(w.ctx, accountA, keys.RoleKind, organizationsRole, s3Full),
		"no boundary":           w.ClearBoundary(w.ctx, accountA, keys.RoleKind, organizationsRole),
		"trust":                 w.UpdateTrust(w.ctx, accountA, organizationsRole, trustB),
		"longer sessions":       longer,
		"delete":                w.DeleteRole(w.ctx, accountA, organizationsRole),
		"into instance profile": w.AddRoleToInstanceProfile(w.ctx, accountA, "p", organizationsRole),
	} {
		t.Log(name)
		w.refused(err, "UnmodifiableEntity", protected)
	}
	updated, err := w.UpdateRole(w.ctx, accountA, organizationsRole, "ours", 0)
	w.must(err)
	if updated.Description != "ours" {
		t.Errorf("updated %+v", updated)
	}
	w.must(w.Tag(w.ctx, accountA, Tagged{Kind: TaggedRole, Name: organizationsRole}, []Tag{{Key: "a", Value: "b"}}))
}

func TestDeleteServiceLinkedRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.linked(accountA, organizationsService)
	w.role(accountA, "r")
	_, err := w.DeleteServiceLinkedRole(w.ctx, accountA, "none")
	w.refused(err, "NoSuchEntity", "The role with name none cannot be found.")
	_, err = w.DeleteServiceLinkedRole(w.ctx, accountA, "r")
	w.refused(err, "NoSuchEntity", "")

	w.member(true)
	task, err := w.DeleteServiceLinkedRole(w.ctx, accountA, organizationsRole)
	w.must(err)
	d, err := w.ServiceLinkedRoleDeletion(w.ctx, accountA, task)
	w.must(err)
	if d.Status != DeletionFailed || d.Reason == "" || len(d.Resources) != 1 || d.Resources[0] != "arn:aws:organizations::222222222222:organization/o-aaaaaaaaaa" {
		t.Errorf("in an organization: %+v", d)
	}
	w.member(false)
	second, err := w.DeleteServiceLinkedRole(w.ctx, accountA, organizationsRole)
	w.must(err)
	if role, err := DeletionRole(accountA, second); err != nil || role.Name() != organizationsRole || second == task {
		t.Errorf("task %s of role %s, %v", second, role, err)
	}
	d, err = w.ServiceLinkedRoleDeletion(w.ctx, accountA, second)
	w.must(err)
	if d.Status != DeletionSucceeded || d.Reason != "" || len(d.Resources) != 0 {
		t.Errorf("deleted: %+v", d)
	}
	_, err = w.Role(w.ctx, accountA, organizationsRole)
	w.refused(err, "NoSuchEntity", "")
	_, err = w.ServiceLinkedRoleDeletion(w.ctx, accountB, second)
	w.refused(err, "NoSuchEntity", "")
	w.linked(accountA, organizationsService) // again
}

// member makes account A a member of B's organization, or takes it out.
func (w *world) member(in bool) {
	w.Helper()
	w.must(w.store.Update(w.ctx, func(tx meta.Tx) error {
		if !in {
			return tx.Delete(keys.Membership(accountA))
		}
		if err := records.Put(tx, keys.Organization("o-aaaaaaaaaa"), &records.Organization{Id: "o-aaaaaaaaaa", ManagementAccount: string(accountB)}); err != nil {
			return err
		}
		return records.Put(tx, keys.Membership(accountA), &records.Membership{Organization: "o-aaaaaaaaaa"})
	}))
}

func TestDeletionsAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.linked(accountA, organizationsService)
	old, err := w.DeleteServiceLinkedRole(w.ctx, accountA, organizationsRole)
	w.must(err)
	now := w.now
	w.now = func() time.Time { return now().Add(keepDeletions + time.Hour) }
	w.linked(accountA, organizationsService)
	task, err := w.DeleteServiceLinkedRole(w.ctx, accountA, organizationsRole)
	w.must(err)
	_, err = w.ServiceLinkedRoleDeletion(w.ctx, accountA, task)
	w.must(err)
	_, err = w.ServiceLinkedRoleDeletion(w.ctx, accountA, old)
	w.refused(err, "NoSuchEntity", "")
}

// TestDeletionsAreFew: a role that its service needs can be asked to be deleted again and again.
func TestDeletionsAreFew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.linked(accountA, organizationsService)
	w.member(true)
	var tasks []string
	for range maxDeletions + 1 {
		task, err := w.DeleteServiceLinkedRole(w.ctx, accountA, organizationsRole)
		w.must(err)
		tasks = append(tasks, task)
	}
	_, err := w.ServiceLinkedRoleDeletion(w.ctx, accountA, tasks[0])
	w.refused(err, "NoSuchEntity", "")
	for _, task := range tasks[1:] {
		_, err := w.ServiceLinkedRoleDeletion(w.ctx, accountA, task)
		w.must(err)
	}
}

func TestDeletionRole(t *testing.T) {
	t.Parallel()
	const unique = "/0f5dd8d2-5a3e-4b7a-9d3c-0a9a3b6f2f10"
	for _, task := range []string{
		"", "task", "task/aws-service-role/", "task/aws-service-role/a.amazonaws.com" + unique, "aws-service-role/a/b" + unique,
		"task/aws-service-role/a/b/c", "task/aws-service-role/a/b/c" + unique, "task/aws-service-role/a/*" + unique, "task/aws-service-role//b" + unique,
	} {
		if role, err := DeletionRole(accountA, task); err == nil {
			t.Errorf("%q is of %s", task, role)
		}
	}
}
