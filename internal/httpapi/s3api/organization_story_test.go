package s3api_test

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/ids"
	"crossgrant/internal/orgs"
	"crossgrant/internal/orgs/managed"
)

// runOrganization runs the commands that are about an organization; done is false for any other:
//
//	organization account=… [member=…]      it becomes the management account; all types of policy are enabled
//	join account=…                         it joins the organization
//	leave account=…                        it is removed
//	attach to=root|ACCOUNT type=scp|rcp|s3  the input is the policy
//	detach to=root|ACCOUNT                 the policy that was attached by the last attach
func (w *world) runOrganization(t *testing.T, d *datadriven.TestData, account string) (done bool, err error) {
	t.Helper()
	ctx, id := t.Context(), w.ids[account]
	switch d.Cmd {
	case "organization":
		w.management = id
		if d.HasArg("member") {
			return false, nil // see runRoot
		}
		if _, err := w.orgs.CreateOrganization(ctx, id, orgs.AllFeatures); err != nil {
			return true, err
		}
		for _, policyType := range []string{managed.RCP, managed.S3} {
			if _, err := w.orgs.EnablePolicyType(ctx, id, w.root(t), policyType); err != nil {
				return true, err
			}
		}
	case "join":
		h, err := w.orgs.Invite(ctx, w.management, orgs.Invitation{Target: string(id), TargetType: orgs.AccountParty})
		if err != nil {
			return true, err
		}
		_, err = w.orgs.Accept(ctx, id, h.ID)
		return true, err
	case "leave":
		return true, w.orgs.RemoveAccount(ctx, w.management, id)
	case "attach":
		var policyType string
		d.ScanArgs(t, "type", &policyType)
		kind := map[string]string{"scp": managed.SCP, "rcp": managed.RCP, "s3": managed.S3}[policyType]
		p, err := w.orgs.CreatePolicy(ctx, w.management, orgs.NewPolicy{Type: kind, Name: fmt.Sprint(w.clock.Load()), Content: d.Input})
		if err != nil {
			return true, err
		}
		w.attached = p.ID
		return true, w.orgs.AttachPolicy(ctx, w.management, p.ID, w.target(t, d))
	case "detach":
		return true, w.orgs.DetachPolicy(ctx, w.management, w.attached, w.target(t, d))
	default:
		return false, nil
	}
	return true, nil
}

// root returns the ID of the organization's root.
func (w *world) root(t *testing.T) string {
	t.Helper()
	roots, err := w.orgs.Roots(t.Context(), w.management, orgs.Page{})
	if err != nil {
		t.Fatal(err)
	}
	return roots.Items[0].ID
}

// target returns the ID of what a policy is attached to.
func (w *world) target(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	var to string
	if d.ScanArgs(t, "to", &to); to == "root" {
		return w.root(t)
	}
	return string(w.ids[to])
}

// organizations is the part of a world that is about an organization.
type organizations struct {
	management ids.AccountID
	attached   string // the policy that was attached last
}
