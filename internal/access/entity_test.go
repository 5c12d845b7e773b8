package access

import (
	"errors"
	"testing"

	"crossgrant/internal/arn"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

func TestEntity(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(keys.Entity(accountID, keys.RoleKind, "r"), &records.Role{
		Name: "r", Id: "AROAR", Path: "/x/", Boundary: "arn:aws:iam::aws:policy/ReadOnlyAccess", Tags: []*records.Tag{{Key: "team", Value: "blue"}},
	})
	entity := func(resource string) (*Entity, error) {
		return f.access.Entity(t.Context(), arn.ARN{Partition: "aws", Service: "iam", Account: string(accountID), Resource: resource})
	}
	for _, c := range []struct {
		resource   string
		kind       policy.Kind
		arn        string
		policies   int
		bounded    bool
		key, value string
	}{
		{"user/ann", policy.User, "arn:aws:iam::111111111111:user/ann", 1, false, "aws:userid", "AIDAANN"},
		{"group/devs", policy.User, "", 1, false, "", ""},
		{"role/x/r", policy.RoleSession, "", 0, true, "aws:PrincipalTag/team", "blue"},
	} {
		e, err := entity(c.resource)
		if err != nil {
			t.Fatalf("%s: %v", c.resource, err)
		}
		if e.Principal.Kind != c.kind || e.Principal.ARN != c.arn || len(e.Policies) != c.policies || (e.Boundary != nil) != c.bounded {
			t.Errorf("%s is %+v", c.resource, e)
		}
		if v, _, ok := e.Keys.Lookup(c.key); c.key != "" && (!ok || v[0] != c.value) {
			t.Errorf("%s has %s %q", c.resource, c.key, v)
		}
	}
	// The name of the session is not known, so the user ID is not either.
	if e, _ := entity("role/x/r"); e != nil {
		if v, _, ok := e.Keys.Lookup("aws:userid"); ok {
			t.Errorf("aws:userid of a role is %q", v)
		}
	}
	for _, resource := range []string{"user/bob", "user/x/ann", "user/ANN", "group/ann", "group/x/devs", "role/r", "policy/ann"} {
		if e, err := entity(resource); !errors.Is(err, meta.ErrNotFound) {
			t.Errorf("%s is %+v, %v", resource, e, err)
		}
	}
	if _, err := f.access.Entity(t.Context(), arn.User("999999999999", "/", "ann")); !errors.Is(err, meta.ErrNotFound) {
		t.Errorf("a user of an account that does not exist: %v", err)
	}
}
