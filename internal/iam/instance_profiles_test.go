package iam

import (
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

func (w *world) profile(name string) InstanceProfile {
	w.Helper()
	p, err := w.CreateInstanceProfile(w.ctx, accountA, NewInstanceProfile{Name: name})
	w.must(err)
	return p
}

func TestInstanceProfileLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	role := w.role(accountA, "Reader")
	p, err := w.CreateInstanceProfile(w.ctx, accountA, NewInstanceProfile{Name: "Server", Path: "/x/", Tags: []Tag{{"team", "blue"}}})
	w.must(err)
	if p.ARN != "arn:aws:iam::111111111111:instance-profile/x/Server" || !strings.HasPrefix(string(p.ID), "AIPA") || len(p.ID) != 21 || p.Role != nil || len(p.Tags) != 1 {
		t.Errorf("made %+v", p)
	}
	_, err = w.CreateInstanceProfile(w.ctx, accountA, NewInstanceProfile{Name: "server"})
	w.refused(err, "EntityAlreadyExists", "Instance Profile server already exists.")

	w.must(w.AddRoleToInstanceProfile(w.ctx, accountA, "SERVER", "reader"))
	for _, other := range []string{"Reader", w.role(accountA, "Writer").Name} {
		w.refused(w.AddRoleToInstanceProfile(w.ctx, accountA, "Server", other), "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
	}
	got, err := w.InstanceProfile(w.ctx, accountA, "server")
	w.must(err)
	if got.Role == nil || got.Role.ID != role.ID || got.Name != "Server" {
		t.Errorf("profile %+v", got)
	}
	const first = "Cannot delete entity, must remove roles from instance profile first."
	w.refused(w.DeleteInstanceProfile(w.ctx, accountA, "Server"), "DeleteConflict", first)
	w.refused(w.DeleteRole(w.ctx, accountA, "Reader"), "DeleteConflict", first)
	w.refused(w.RemoveRoleFromInstanceProfile(w.ctx, accountA, "Server", "Writer"), "NoSuchEntity", "The role with name Writer is not in the instance profile with name Server.")
	w.must(w.RemoveRoleFromInstanceProfile(w.ctx, accountA, "server", "READER"))
	w.must(w.DeleteRole(w.ctx, accountA, "Reader"))
	w.must(w.DeleteInstanceProfile(w.ctx, accountA, "server"))
	_, err = w.InstanceProfile(w.ctx, accountA, "Server")
	w.refused(err, "NoSuchEntity", "Instance Profile Server cannot be found.")
	again := w.profile("Server")
	if again.ID == p.ID || len(again.Tags) != 0 {
		t.Errorf("made again as %+v", again)
	}
	// An ID of a profile is no principal.
	w.must(w.store.View(w.ctx, func(r meta.Reader) error {
		if shown, err := show(r, string(again.ID)); err != nil || shown != string(again.ID) {
			t.Errorf("%s is shown as %s: %v", again.ID, shown, err)
		}
		return nil
	}))
}

func TestInstanceProfileLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{Roles: 5, TrustSize: 2048, InstanceProfiles: 5})
	w.role(accountA, "r")
	for _, name := range []string{"c", "B", "a", "D"} {
		w.profile(name)
	}
	for _, name := range []string{"D", "B", "c"} {
		w.must(w.AddRoleToInstanceProfile(w.ctx, accountA, name, "r"))
	}
	_, err := w.CreateInstanceProfile(w.ctx, accountA, NewInstanceProfile{Name: "p", Path: "/x/"})
	w.must(err)
	_, err = w.CreateInstanceProfile(w.ctx, accountA, NewInstanceProfile{Name: "q"})
	w.refused(err, "LimitExceeded", "Cannot exceed quota for InstanceProfilesPerAccount: 5")
	names := func(list List[InstanceProfile], err error) string {
		w.must(err)
		var names []string
		for _, p := range list.Items {
			names = append(names, p.Name)
		}
		return fmt.Sprint(names, list.Marker != "")
	}
	for what, got := range map[string]string{
		"[a B] true":        names(w.InstanceProfiles(w.ctx, accountA, "/", Page{Max: 2})),
		"[a B c D p] false": names(w.InstanceProfiles(w.ctx, accountA, "/", Page{})),
		"[p] false":         names(w.InstanceProfiles(w.ctx, accountA, "/x/", Page{})),
		"[B c D] false":     names(w.InstanceProfilesForRole(w.ctx, accountA, "R", Page{})),
		"[B c] true":        names(w.InstanceProfilesForRole(w.ctx, accountA, "r", Page{Max: 2})),
		"[D] false":         names(w.InstanceProfilesForRole(w.ctx, accountA, "r", Page{Marker: marker("c")})),
		"[] false":          names(w.InstanceProfiles(w.ctx, accountB, "/", Page{})),
	} {
		if got != what {
			t.Errorf("got %s, want %s", got, what)
		}
	}
	_, err = w.InstanceProfilesForRole(w.ctx, accountA, "nobody", Page{})
	w.refused(err, "NoSuchEntity", "The role with name nobody cannot be found.")
	w.refused(w.AddRoleToInstanceProfile(w.ctx, accountA, "a", "nobody"), "NoSuchEntity", "The role with name nobody cannot be found.")
	w.refused(w.AddRoleToInstanceProfile(w.ctx, accountA, "nothing", "r"), "NoSuchEntity", "Instance Profile nothing cannot be found.")
	for name, in := range map[string]NewInstanceProfile{"no name": {}, "bad name": {Name: "a b"}, "long": {Name: strings.Repeat("p", 129)}, "path": {Name: "ok", Path: "x"}} {
		t.Run(name, func(t *testing.T) {
			_, err := w.CreateInstanceProfile(w.ctx, accountA, in)
			w.refused(err, "ValidationError", "")
		})
	}
	// A role keeps its profiles when it is changed otherwise.
	_, err = w.UpdateRole(w.ctx, accountA, "r", "d", 0)
	w.must(err)
	w.must(w.store.View(w.ctx, func(r meta.Reader) error {
		record := new(records.Role)
		err := records.Get(r, keys.Entity(accountA, keys.RoleKind, "r"), record)
		if len(record.InstanceProfiles) != 3 {
			t.Errorf("the role is in %q", record.InstanceProfiles)
		}
		return err
	}))
}
