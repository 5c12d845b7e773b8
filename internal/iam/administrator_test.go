package iam

import (
	"testing"

	"crossgrant/internal/keys"
)

// TestCreateAdministratorRole makes the role twice, as after a crash.
func TestCreateAdministratorRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, DefaultQuotas())
	for range 2 {
		w.must(w.CreateAdministratorRole(w.ctx, accountA, "Access", accountB))
	}
	role, err := w.Role(w.ctx, accountA, "Access")
	w.must(err)
	if want := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"sts:AssumeRole"}]}`; role.Trust != want {
		t.Errorf("trust %s", role.Trust)
	}
	list, err := w.AttachedPolicies(w.ctx, accountA, keys.RoleKind, "Access", "/", Page{})
	w.must(err)
	if len(list.Items) != 1 || list.Items[0].ARN != administratorAccess {
		t.Errorf("attached %v", list.Items)
	}
}

// TestNobodyMakesServiceLinkedRoles: policies of organizations would not bind them.
func TestNobodyMakesServiceLinkedRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	_, err := w.CreateRole(w.ctx, accountA, NewRole{Name: "r", Path: "/aws-service-role/x.amazonaws.com/", Trust: trustB})
	w.refused(err, "InvalidInput", "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles")
	_, err = w.CreateRole(w.ctx, accountA, NewRole{Name: "r", Path: "/service-role/", Trust: trustB})
	w.must(err)
}
