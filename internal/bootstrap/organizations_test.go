package bootstrap

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"crossgrant/internal/orgs"
	"crossgrant/internal/orgs/managed"
)

// organized is a file with an organization.
const organized = `
accounts:
  - {name: m, id: "111122223333"}
  - {name: a, id: "444455556666"}
  - {name: b, id: "777788889999"}
  - {name: outside, id: "999999999999"}
organizations:
  - management: "111122223333"
    policy-types: [RESOURCE_CONTROL_POLICY, SERVICE_CONTROL_POLICY]
    accounts: ["444455556666"]
    units:
      - name: Outer
        units: [{name: Inner, accounts: ["777788889999"]}]
    policies:
      - name: OnlyS3
        description: nothing else
        document: {Version: "2012-10-17", Statement: {Effect: Allow, Action: s3:*, Resource: "*"}}
        targets: [root, Outer, Outer/Inner, "444455556666"]
      - name: Secure
        type: RESOURCE_CONTROL_POLICY
        document: {Version: "2012-10-17", Statement: {Effect: Deny, Principal: "*", Action: s3:*, Resource: "*", Condition: {Bool: {aws:SecureTransport: false}}}}
        targets: [Outer]
    without-full-access: [Outer/Inner]
`

func TestApplyMakesOrganizations(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, err := f.apply(t, organized); err != nil {
		t.Fatal(err)
	}
	ctx, s := t.Context(), f.Organizations
	const management = owner
	roots, err := s.Roots(ctx, management, orgs.Page{})
	if err != nil || fmt.Sprint(roots.Items[0].PolicyTypes) != "[SERVICE_CONTROL_POLICY RESOURCE_CONTROL_POLICY]" {
		t.Fatalf("roots = %+v, %v", roots, err)
	}
	if members, err := s.Accounts(ctx, management, "", orgs.Page{}); err != nil || len(members.Items) != 3 {
		t.Errorf("accounts = %+v, %v", members, err)
	}
	below := func(parent string) orgs.Unit {
		t.Helper()
		units, err := s.Units(ctx, management, parent, orgs.Page{})
		if err != nil || len(units.Items) != 1 {
			t.Fatalf("units below %s = %+v, %v", parent, units, err)
		}
		return units.Items[0]
	}
	outer := below(roots.Items[0].ID)
	inner := below(outer.ID)
	if accounts, err := s.Accounts(ctx, management, inner.ID, orgs.Page{}); err != nil || len(accounts.Items) != 1 || accounts.Items[0].ID != "777788889999" {
		t.Errorf("accounts in the inner unit = %+v, %v", accounts, err)
	}
	for _, test := range []struct{ target, policyType, want string }{
		{roots.Items[0].ID, managed.SCP, "FullAWSAccess OnlyS3"},
		{outer.ID, managed.SCP, "FullAWSAccess OnlyS3"},
		{inner.ID, managed.SCP, "OnlyS3"},
		{"444455556666", managed.SCP, "FullAWSAccess OnlyS3"},
		{"777788889999", managed.SCP, "FullAWSAccess"},
		{outer.ID, managed.RCP, "RCPFullAWSAccess Secure"},
	} {
		attached, err := s.PoliciesForTarget(ctx, management, test.target, test.policyType, orgs.Page{})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range attached.Items {
			names = append(names, p.Name)
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%s has %s, want %s", test.target, got, test.want)
		}
	}
}

func TestOrganizationsAreRefused(t *testing.T) {
	t.Parallel()
	const base = "accounts:\n- {name: m, id: \"111122223333\"}\n- {name: a, id: \"444455556666\"}\norganizations:\n- {management: \"111122223333\", %}\n"
	for _, test := range []struct{ name, text, want string }{
		{"unknown type", "policy-types: [CONTROL_POLICY]", "policy type CONTROL_POLICY: "},
		{"unknown account", `accounts: ["999999999999"]`, "account 999999999999: "},
		{"unknown target", `policies: [{name: p, document: {Version: "2012-10-17", Statement: {Effect: Deny, Action: s3:*, Resource: "*"}}, targets: [None]}]`, `attach it to None: "None" is neither`},
		{"policy that is none", `policies: [{name: p, document: {Version: x}}]`, "policy p: "},
		{"nothing left", `without-full-access: [root]`, "detach FullAWSAccess from root: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := newFixture(t).apply(t, strings.Replace(base, "%", test.text, 1)); err == nil || !strings.HasPrefix(err.Error(), "bootstrap: organization of account 111122223333: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Apply = %v, want %q", err, test.want)
			}
		})
	}
	if _, err := newFixture(t).apply(t, strings.Replace(base, "%}", "accounts: [\"444455556666\"]}\n- {management: \"444455556666\"}", 1)); err == nil || !strings.Contains(err.Error(), "it is in the organization of account 111122223333") {
		t.Errorf("a member that manages = %v", err)
	}
	for _, text := range []string{
		"organizations: [{accounts: []}]",
		"organizations: [{management: a}, {management: a}]",
		"organizations: [{management: a, accounts: [b], units: [{name: u, accounts: [b]}]}]",
		"organizations: [{management: a, units: [{name: u}, {name: u}]}]",
		"organizations: [{management: a, units: [{name: u/v}]}]",
		"organizations: [{management: a, units: [{name: root}]}]",
		"organizations: [{management: a, policies: [{name: p}]}]",
		"organizations: [{management: a, polices: []}]",
	} {
		if _, err := parse([]byte("accounts: [{name: a}]\n" + text)); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("parse(%s) = %v", text, err)
		}
	}
}
