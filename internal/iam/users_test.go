package iam

import (
	"strings"
	"testing"

	"crossgrant/internal/keys"
)

func TestCreateUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	u, err := w.CreateUser(w.ctx, accountA, NewUser{Name: "Ann", Path: "/dept/", Boundary: s3Full, Tags: []Tag{{"team", "blue"}}})
	w.must(err)
	if u.ARN != "arn:aws:iam::111111111111:user/dept/Ann" || !strings.HasPrefix(string(u.ID), "AIDA") || len(u.ID) != 21 {
		t.Errorf("created %+v", u)
	}
	got, err := w.User(w.ctx, accountA, "aNN")
	w.must(err)
	if got.ID != u.ID || got.Name != "Ann" || got.Boundary != s3Full || len(got.Tags) != 1 || !got.Created.Equal(u.Created) {
		t.Errorf("read %+v, want %+v", got, u)
	}
	_, err = w.User(w.ctx, accountB, "Ann")
	w.refused(err, "NoSuchEntity", "The user with name Ann cannot be found.")
	for name, c := range map[string]struct {
		in   NewUser
		code string
	}{
		"same name, other case and path": {NewUser{Name: "ANN", Path: "/other/"}, "EntityAlreadyExists"},
		"bad name":                       {NewUser{Name: "a b"}, "ValidationError"},
		"long name":                      {NewUser{Name: strings.Repeat("a", 65)}, "ValidationError"},
		"no name":                        {NewUser{}, "ValidationError"},
		"name is not ASCII":              {NewUser{Name: "änn"}, "ValidationError"},
		"path without end":               {NewUser{Name: "b", Path: "/x"}, "ValidationError"},
		"path with a space":              {NewUser{Name: "b", Path: "/x y/"}, "ValidationError"},
		"same tag twice":                 {NewUser{Name: "b", Tags: []Tag{{"k", "1"}, {"K", "2"}}}, "InvalidInput"},
		"reserved tag":                   {NewUser{Name: "b", Tags: []Tag{{"aws:k", "1"}}}, "InvalidInput"},
		"tag with a bad character":       {NewUser{Name: "b", Tags: []Tag{{"k", "<"}}}, "InvalidInput"},
		"too many tags":                  {NewUser{Name: "b", Tags: make([]Tag, 51)}, "LimitExceeded"},
		"boundary that does not exist":   {NewUser{Name: "b", Boundary: "arn:aws:iam::111111111111:policy/none"}, "NoSuchEntity"},
		"boundary of another account":    {NewUser{Name: "b", Boundary: w.policy(accountB, "p").ARN}, "NoSuchEntity"},
		"boundary that is no policy":     {NewUser{Name: "b", Boundary: "arn:aws:iam::111111111111:user/Ann"}, "InvalidInput"},
		"boundary that is no ARN":        {NewUser{Name: "b", Boundary: "policy"}, "ValidationError"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.CreateUser(w.ctx, accountA, c.in)
			w.refused(err, c.code, "")
		})
	}
}

// TestRenameUser: the unique ID, keys, groups and policies go with the user.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_rename.html
func TestRenameUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	u := w.user(accountA, "ann")
	w.user(accountA, "bob")
	w.group(accountA, "devs")
	p := w.policy(accountA, "p")
	w.must(w.AddUserToGroup(w.ctx, accountA, "devs", "ann"))
	w.must(w.AttachPolicy(w.ctx, accountA, keys.UserKind, "ann", p.ARN))
	w.must(w.AttachPolicy(w.ctx, accountA, keys.UserKind, "ann", s3Full))
	_, _, err := w.CreateAccessKey(w.ctx, accountA, "ann")
	w.must(err)

	w.refused(w.UpdateUser(w.ctx, accountA, "ann", "BOB", ""), "EntityAlreadyExists", "User with name BOB already exists.")
	w.refused(w.UpdateUser(w.ctx, accountA, "cid", "dan", ""), "NoSuchEntity", "")
	w.refused(w.UpdateUser(w.ctx, accountA, "ann", "", "nopath"), "ValidationError", "")
	w.must(w.UpdateUser(w.ctx, accountA, "ann", "", "/x/"))
	w.must(w.UpdateUser(w.ctx, accountA, "ann", "Ann", "")) // only the case changes
	w.must(w.UpdateUser(w.ctx, accountA, "ann", "Zoe", "/y/"))
	got, err := w.User(w.ctx, accountA, "zoe")
	w.must(err)
	if got.ID != u.ID || got.ARN != "arn:aws:iam::111111111111:user/y/Zoe" {
		t.Errorf("renamed to %+v", got)
	}
	if _, err := w.User(w.ctx, accountA, "ann"); err == nil {
		t.Error("the old name still works")
	}
	_, members, err := w.Group(w.ctx, accountA, "devs", Page{})
	w.must(err)
	if len(members.Items) != 1 || members.Items[0].Name != "Zoe" {
		t.Errorf("members %+v", members.Items)
	}
	list, err := w.AccessKeys(w.ctx, accountA, "zoe", Page{})
	w.must(err)
	if len(list.Items) != 1 || list.Items[0].UserName != "Zoe" {
		t.Errorf("keys %+v", list.Items)
	}
}

func TestDeleteUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	first := w.user(accountA, "ann")
	w.group(accountA, "devs")
	boundary := w.policy(accountA, "boundary")
	w.must(w.SetBoundary(w.ctx, accountA, keys.UserKind, "ann", boundary.ARN))
	key, _, err := w.CreateAccessKey(w.ctx, accountA, "ann")
	w.must(err)
	w.must(w.AddUserToGroup(w.ctx, accountA, "devs", "ann"))
	w.must(w.PutInlinePolicy(w.ctx, accountA, keys.UserKind, "ann", "in", allowAll))
	w.must(w.AttachPolicy(w.ctx, accountA, keys.UserKind, "ann", s3Full))

	w.refused(w.DeleteUser(w.ctx, accountA, "ann"), "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	w.must(w.DetachPolicy(w.ctx, accountA, keys.UserKind, "ann", s3Full))
	w.refused(w.DeleteUser(w.ctx, accountA, "ann"), "DeleteConflict", "Cannot delete entity, must delete policies first.")
	w.must(w.DeleteInlinePolicy(w.ctx, accountA, keys.UserKind, "ann", "in"))
	w.refused(w.DeleteUser(w.ctx, accountA, "ann"), "DeleteConflict", "")
	w.must(w.DeleteAccessKey(w.ctx, accountA, "ann", key.ID))
	w.refused(w.DeleteUser(w.ctx, accountA, "ann"), "DeleteConflict", "")
	w.refused(w.DeleteGroup(w.ctx, accountA, "devs"), "DeleteConflict", "Cannot delete entity, must remove users from group first.")
	w.must(w.RemoveUserFromGroup(w.ctx, accountA, "devs", "ann"))
	w.must(w.DeleteUser(w.ctx, accountA, "ann")) // a boundary does not block
	w.must(w.DeleteGroup(w.ctx, accountA, "devs"))
	w.must(w.DeletePolicy(w.ctx, accountA, boundary.ARN)) // its use was counted down
	w.refused(w.DeleteUser(w.ctx, accountA, "ann"), "NoSuchEntity", "")
	// A user of the same name is another user.
	if again := w.user(accountA, "ann"); again.ID == first.ID {
		t.Error("a unique ID was used twice")
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{Users: 9, Groups: 4, GroupsPerUser: 2, Policies: 9, PoliciesPerGroup: 2, PolicySize: 6144, InlineGroup: 5120})
	w.user(accountA, "ann")
	w.user(accountA, "Bob")
	for _, g := range []string{"one", "Two", "three"} {
		w.group(accountA, g)
	}
	_, err := w.CreateGroup(w.ctx, accountA, "TWO", "/x/")
	w.refused(err, "EntityAlreadyExists", "Group with name TWO already exists.")
	w.must(w.AddUserToGroup(w.ctx, accountA, "ONE", "ANN"))
	w.must(w.AddUserToGroup(w.ctx, accountA, "one", "ann")) // twice is no error
	w.must(w.AddUserToGroup(w.ctx, accountA, "two", "ann"))
	w.must(w.AddUserToGroup(w.ctx, accountA, "one", "bob"))
	w.refused(w.AddUserToGroup(w.ctx, accountA, "three", "ann"), "LimitExceeded", "Cannot exceed quota for GroupsPerUser: 2")
	w.refused(w.AddUserToGroup(w.ctx, accountA, "none", "ann"), "NoSuchEntity", "The group with name none cannot be found.")
	w.refused(w.AddUserToGroup(w.ctx, accountA, "one", "none"), "NoSuchEntity", "The user with name none cannot be found.")
	w.must(w.RemoveUserFromGroup(w.ctx, accountA, "three", "ann")) // no error

	w.must(w.AttachPolicy(w.ctx, accountA, keys.GroupKind, "one", s3Full))
	w.refused(w.UpdateGroup(w.ctx, accountA, "one", "two", ""), "EntityAlreadyExists", "")
	w.must(w.UpdateGroup(w.ctx, accountA, "one", "ONE", ""))
	w.must(w.UpdateGroup(w.ctx, accountA, "one", "uno", "/p/"))
	list, err := w.GroupsForUser(w.ctx, accountA, "ann", Page{})
	w.must(err)
	if len(list.Items) != 2 || list.Items[0].Name != "Two" || list.Items[1].ARN != "arn:aws:iam::111111111111:group/p/uno" {
		t.Errorf("groups of ann: %+v", list.Items)
	}
	_, members, err := w.Group(w.ctx, accountA, "uno", Page{Max: 1})
	w.must(err)
	if len(members.Items) != 1 || members.Items[0].Name != "ann" || members.Marker == "" {
		t.Errorf("first member: %+v", members)
	}
	_, members, err = w.Group(w.ctx, accountA, "uno", Page{Max: 1, Marker: members.Marker})
	w.must(err)
	if len(members.Items) != 1 || members.Items[0].Name != "Bob" || members.Marker != "" {
		t.Errorf("second member: %+v", members)
	}
	w.refused(w.DeleteGroup(w.ctx, accountA, "uno"), "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	w.group(accountA, "four")
	_, err = w.CreateGroup(w.ctx, accountA, "five", "")
	w.refused(err, "LimitExceeded", "Cannot exceed quota for GroupsPerAccount: 4")
}

func TestLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	for _, name := range []string{"d", "B", "a", "C", "e"} {
		path := "/"
		if name == "B" || name == "e" {
			path = "/x/"
		}
		_, err := w.CreateUser(w.ctx, accountA, NewUser{Name: name, Path: path})
		w.must(err)
	}
	w.user(accountB, "other")
	walk := func(prefix string, size int) (names []string) {
		p := Page{Max: size}
		for {
			list, err := w.Users(w.ctx, accountA, prefix, p)
			w.must(err)
			if len(list.Items) > size {
				t.Errorf("a page of %d has %d", size, len(list.Items))
			}
			for _, u := range list.Items {
				names = append(names, u.Name)
			}
			if list.Marker == "" {
				return names
			}
			if len(list.Marker) > 320 {
				t.Errorf("the marker has %d characters", len(list.Marker))
			}
			p.Marker = list.Marker
		}
	}
	for size := 1; size <= 6; size++ {
		if got := strings.Join(walk("/", size), ""); got != "aBCde" {
			t.Errorf("pages of %d: %s", size, got)
		}
		if got := strings.Join(walk("/x/", size), ""); got != "Be" {
			t.Errorf("pages of %d under /x/: %s", size, got)
		}
	}
	_, err := w.Users(w.ctx, accountA, "/", Page{Marker: "!"})
	w.refused(err, "ValidationError", "Invalid Marker.")
}
