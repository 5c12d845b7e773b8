package iam

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"crossgrant/internal/apierr"
	"crossgrant/internal/keys"
)

// TestRandomOperations runs random operations on few names, most of which are refused, and holds that
// none fails for an internal reason and that the indexes stay right. The seed is printed if it fails.
func TestRandomOperations(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, Quotas{})
			r := rand.New(rand.NewPCG(seed, 0))
			for range 600 {
				var refusal *apierr.Error
				if err := w.random(r); err != nil && (!errors.As(err, &refusal) || refusal.Status >= 500) {
					t.Fatal(err)
				}
			}
		})
	}
}

// random runs one operation.
func (w *world) random(r *rand.Rand) error {
	name := func() string { return []string{"a", "A", "b", "c"}[r.IntN(4)] }
	path := func() string { return []string{"", "/", "/x/"}[r.IntN(3)] }
	kind := []keys.Kind{keys.UserKind, keys.GroupKind, keys.RoleKind}[r.IntN(3)]
	arn := []string{s3Full, "arn:aws:iam::111111111111:policy/a", "arn:aws:iam::111111111111:policy/x/b"}[r.IntN(3)]
	bounded := []keys.Kind{keys.UserKind, keys.RoleKind}[r.IntN(2)]
	var err error
	switch r.IntN(22) {
	case 0, 1:
		_, err = w.CreateUser(w.ctx, accountA, NewUser{Name: name(), Path: path()})
	case 2:
		_, err = w.CreateGroup(w.ctx, accountA, name(), path())
	case 3:
		trusted := []string{`"222222222222"`, `"arn:aws:iam::111111111111:user/a"`}[r.IntN(2)]
		_, err = w.CreateRole(w.ctx, accountA, NewRole{Name: name(), Path: path(), Trust: trust(`{"AWS":` + trusted + `}`)})
	case 4:
		_, err = w.CreatePolicy(w.ctx, accountA, NewPolicy{Name: name(), Path: path(), Document: allowAll})
	case 5, 6:
		err = w.UpdateUser(w.ctx, accountA, name(), name(), path())
	case 7, 8:
		err = w.UpdateGroup(w.ctx, accountA, name(), name(), path())
	case 9:
		err = w.DeleteUser(w.ctx, accountA, name())
	case 10:
		err = w.DeleteGroup(w.ctx, accountA, name())
	case 11:
		err = w.DeleteRole(w.ctx, accountA, name())
	case 12:
		err = w.DeletePolicy(w.ctx, accountA, arn)
	case 13, 14:
		err = w.AddUserToGroup(w.ctx, accountA, name(), name())
	case 15:
		err = w.RemoveUserFromGroup(w.ctx, accountA, name(), name())
	case 16, 17:
		err = w.AttachPolicy(w.ctx, accountA, kind, name(), arn)
	case 18:
		err = w.DetachPolicy(w.ctx, accountA, kind, name(), arn)
	case 19:
		_, _, err = w.CreateAccessKey(w.ctx, accountA, name())
	case 20:
		err = w.SetBoundary(w.ctx, accountA, bounded, name(), arn)
	case 21:
		err = w.ClearBoundary(w.ctx, accountA, bounded, name())
	}
	if err == nil {
		_, err = w.Roles(w.ctx, accountA, "/", Page{})
	}
	return err
}
