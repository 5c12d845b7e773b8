package iam

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

const secret = "Walnut-1"

// login gives a user that is new a password.
func (w *world) login(name string) {
	w.Helper()
	w.user(accountA, name)
	_, err := w.CreateLoginProfile(w.ctx, accountA, name, secret, false)
	w.must(err)
}

// userRecord returns the record of a user.
func (w *world) userRecord(account ids.AccountID, name string) *records.User {
	w.Helper()
	r := new(records.User)
	w.must(w.store.View(w.ctx, func(reader meta.Reader) error {
		return records.Get(reader, keys.Entity(account, keys.UserKind, name), r)
	}))
	return r
}

// change is ChangePassword for ann.
func (w *world) change(old, text string) error {
	return w.ChangePassword(w.ctx, accountA, "ann", old, text)
}

func TestLoginProfileLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.user(accountA, "Ann")
	p, err := w.CreateLoginProfile(w.ctx, accountA, "ann", secret, true)
	w.must(err)
	if p.UserName != "Ann" || p.Created.IsZero() || !p.ResetRequired {
		t.Errorf("made %+v", p)
	}
	_, err = w.CreateLoginProfile(w.ctx, accountA, "ANN", secret, true)
	w.refused(err, "EntityAlreadyExists", "Login Profile for user Ann already exists.")
	if got, err := w.LoginProfile(w.ctx, accountA, "ann"); err != nil || got != p {
		t.Errorf("profile %+v, %v, want %+v", got, err, p)
	}
	no := false
	w.must(w.UpdateLoginProfile(w.ctx, accountA, "ann", LoginUpdate{ResetRequired: &no}))
	in, err := w.verifyPassword(w.ctx, accountA, loginOwner{user: "ann"}, secret)
	w.must(err)
	if in.User.Name != "Ann" || in.ResetRequired || in.Expired {
		t.Errorf("signed in as %+v", in)
	}
	other := "Almond-2"
	w.must(w.UpdateLoginProfile(w.ctx, accountA, "ann", LoginUpdate{Password: &other}))
	if _, err := w.verifyPassword(w.ctx, accountA, loginOwner{user: "ann"}, secret); err != ErrPassword {
		t.Errorf("the old password: %v", err)
	}
	w.must(w.UpdateLoginProfile(w.ctx, accountA, "ann", LoginUpdate{}))
	if got, _ := w.LoginProfile(w.ctx, accountA, "ann"); got.ResetRequired || got.Created != p.Created {
		t.Errorf("profile %+v", got)
	}
	// The password goes with the user's name, and is in the way of its deletion.
	w.must(w.UpdateUser(w.ctx, accountA, "ann", "Zoe", ""))
	_, err = w.verifyPassword(w.ctx, accountA, loginOwner{user: "zoe"}, other)
	w.must(err)
	w.refused(w.DeleteUser(w.ctx, accountA, "zoe"), "DeleteConflict", "Cannot delete entity, must delete login profile first.")
	w.must(w.DeleteLoginProfile(w.ctx, accountA, "zoe"))
	const gone = "Login Profile for User Zoe cannot be found."
	_, err = w.LoginProfile(w.ctx, accountA, "zoe")
	w.refused(err, "NoSuchEntity", gone)
	w.refused(w.DeleteLoginProfile(w.ctx, accountA, "zoe"), "NoSuchEntity", gone)
	w.refused(w.UpdateLoginProfile(w.ctx, accountA, "zoe", LoginUpdate{Password: &other}), "NoSuchEntity", gone)
	w.refused(w.ChangePassword(w.ctx, accountA, "zoe", other, secret), "NoSuchEntity", gone)
	_, err = w.CreateLoginProfile(w.ctx, accountA, "nobody", secret, false)
	w.refused(err, "NoSuchEntity", "The user with name nobody cannot be found.")
	for _, user := range []string{"zoe", "nobody"} {
		if _, err := w.verifyPassword(w.ctx, accountA, loginOwner{user: user}, other); err != ErrPassword {
			t.Errorf("%s: %v", user, err)
		}
	}
	w.must(w.DeleteUser(w.ctx, accountA, "zoe"))
}

// TestPasswordsAreHashed: nothing that is stored contains a password, and the same password is stored in another way
// for each user.
func TestPasswordsAreHashed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.login("ann")
	w.login("bob")
	w.must(w.change(secret, "Almond-2"))
	w.must(w.change("Almond-2", secret))
	ann, bob := w.userRecord(accountA, "ann").Login, w.userRecord(accountA, "bob").Login
	if proto.Equal(ann.Password, bob.Password) || proto.Equal(ann.Password, ann.Earlier[1]) || len(ann.Password.Salt) != 16 || len(ann.Password.Hash) != 32 {
		t.Errorf("stored as %v and %v", ann.Password, bob.Password)
	}
	w.must(w.store.View(w.ctx, func(r meta.Reader) error {
		it := r.Scan([]byte{1}, nil)
		for it.Next() {
			if strings.Contains(string(it.Value()), secret) {
				t.Errorf("%q holds the password", it.Key())
			}
		}
		return it.Close()
	}))
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.user(accountA, "ann")
	_, err := w.CreateLoginProfile(w.ctx, accountA, "ann", secret, true)
	w.must(err)
	w.refused(w.change("walnut-1", "Almond-2"), "AccessDenied", "The old password was incorrect.")
	w.refused(w.change(secret, "almond"), "PasswordPolicyViolation", "")
	if p, _ := w.LoginProfile(w.ctx, accountA, "ann"); !p.ResetRequired {
		t.Error("a change that was refused counts as the reset")
	}
	w.must(w.change(secret, "Almond-2"))
	if p, _ := w.LoginProfile(w.ctx, accountA, "ann"); p.ResetRequired {
		t.Error("the reset is still required")
	}
	w.refused(w.change(secret, "Hazel-3!"), "AccessDenied", "")
	w.must(w.change("Almond-2", "Almond-2"))
}

// TestGuessing: after five wrong passwords none is looked at, for longer and longer.
func TestGuessing(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	w.login("ann")
	wrong := func() { w.refused(w.change("wrong", "Almond-2"), "AccessDenied", "") }
	paused := func() {
		t.Helper()
		w.refused(w.change(secret, "Almond-2"), "EntityTemporarilyUnmodifiable", "The password of user ann is not looked at for a while, because wrong ones were given too often.")
		if _, err := w.verifyPassword(w.ctx, accountA, loginOwner{user: "ann"}, secret); err != ErrPassword {
			t.Errorf("while paused: %v", err)
		}
	}
	for range freeFailures {
		wrong()
	}
	for pause := firstPause; pause <= longestPause; pause *= 2 {
		w.clock = w.clock.Add(pause - 1)
		paused()
		w.clock = w.clock.Add(1)
		wrong()
	}
	w.clock = w.clock.Add(longestPause - 1)
	paused()
	w.clock = w.clock.Add(1)
	w.must(w.change(secret, secret))
	wrong()
	w.must(w.change(secret, secret))
	// An administrator's new password ends the pause.
	for range freeFailures {
		wrong()
	}
	text := "Almond-2"
	w.must(w.UpdateLoginProfile(w.ctx, accountA, "ann", LoginUpdate{Password: &text}))
	w.must(w.change(text, secret))
}

// TestGuessingInParallel: guesses at once are no more than guesses one after another.
func TestGuessingInParallel(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	w.login("ann")
	var guesses sync.WaitGroup
	results := make([]error, 12)
	for i := range results {
		guesses.Go(func() { results[i] = w.guess(w.ctx, accountA, loginOwner{user: "ann"}, fmt.Sprint("guess ", i)) })
	}
	guesses.Wait()
	looked := 0
	for _, err := range results {
		if err == ErrPassword {
			looked++
		}
	}
	if looked != freeFailures {
		t.Errorf("%d guesses were looked at: %v", looked, results)
	}
}

// TestPasswordReuse: of the last passwords, the present one included, none may be set again.
func TestPasswordReuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.login("ann")
	texts := []string{secret, "Almond-2", "Hazel-3!", "Pecan-4!"}
	for i, text := range texts[1:] {
		w.must(w.change(texts[i], text))
	}
	const message = "Policy constraint violation with password reuse prevention during password change."
	for remembered, free := range map[int]string{1: "Hazel-3!", 3: secret} {
		w.must(w.SetPasswordPolicy(w.ctx, accountA, PasswordPolicy{MinimumLength: 6, ReusePrevention: remembered}))
		for _, text := range texts[len(texts)-remembered:] {
			w.refused(w.change("Pecan-4!", text), "PasswordPolicyViolation", message)
			w.refused(w.UpdateLoginProfile(w.ctx, accountA, "ann", LoginUpdate{Password: &text}), "PasswordPolicyViolation", message)
		}
		seen, err := w.replaceable(w.ctx, accountA, "ann", free)
		if err != nil || seen.policy == nil {
			t.Errorf("%d remembered: %s is refused: %v", remembered, free, err)
		}
	}
	w.must(w.DeletePasswordPolicy(w.ctx, accountA))
	w.must(w.changeLogin(w.ctx, accountA, loginOwner{user: "ann"}, func(l *records.Login) error {
		for len(l.Earlier) < MaxPasswordRemembered+5 {
			l.Earlier = append(l.Earlier, l.Password)
		}
		return nil
	}))
	w.must(w.change("Pecan-4!", secret))
	if l := w.userRecord(accountA, "ann").Login; len(l.Earlier) != MaxPasswordRemembered-1 {
		t.Errorf("%d earlier passwords are kept", len(l.Earlier))
	}
}

// TestPasswordExpires: the age of a password counts from when it was set.
func TestPasswordExpires(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	w.login("ann")
	hard := true
	w.must(w.SetPasswordPolicy(w.ctx, accountA, PasswordPolicy{MinimumLength: 6, MaxAge: 30, HardExpiry: &hard}))
	for _, c := range []struct {
		later   time.Duration
		expired bool
	}{{0, false}, {30*24*time.Hour - 1, false}, {1, true}, {24 * time.Hour, true}} {
		w.clock = w.clock.Add(c.later)
		in, err := w.verifyPassword(w.ctx, accountA, loginOwner{user: "ann"}, secret)
		w.must(err)
		if in.Expired != c.expired || !in.HardExpiry {
			t.Errorf("%v later: %+v", c.later, in)
		}
	}
	// Who has an access key and the permission can change it nevertheless.
	w.must(w.change(secret, "Almond-2"))
	in, err := w.verifyPassword(w.ctx, accountA, loginOwner{user: "ann"}, "Almond-2")
	w.must(err)
	if in.Expired {
		t.Error("the new password has expired")
	}
}

func TestPasswordPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	_, err := w.PasswordPolicy(w.ctx, accountA)
	w.refused(err, "NoSuchEntity", "The Password Policy with domain name 111111111111 cannot be found.")
	w.refused(w.DeletePasswordPolicy(w.ctx, accountA), "NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.")
	w.user(accountA, "ann")
	_, err = w.CreateLoginProfile(w.ctx, accountA, "ann", "walnut-1", false)
	w.must(err)
	w.refused(w.change("walnut-1", "walnutty"), "PasswordPolicyViolation",
		"Password should meet 2 more of the following requirements: Password should have at least one uppercase letter, Password should have at least one number, Password should have at least one symbol")
	no := false
	full := PasswordPolicy{MinimumLength: 10, Symbols: true, Numbers: true, Uppercase: true, Lowercase: true, UsersMayChange: true, MaxAge: 7, ReusePrevention: 24, HardExpiry: &no}
	w.must(w.SetPasswordPolicy(w.ctx, accountA, full))
	got, err := w.PasswordPolicy(w.ctx, accountA)
	if err != nil || got.HardExpiry == nil || *got.HardExpiry {
		t.Errorf("policy %+v, %v", got, err)
	}
	got.HardExpiry = full.HardExpiry
	if got != full {
		t.Errorf("policy %+v, want %+v", got, full)
	}
	may, err := w.UsersMayChangePassword(w.ctx, accountA)
	w.must(err)
	if other, _ := w.UsersMayChangePassword(w.ctx, accountB); !may || other {
		t.Errorf("users may change: %t, those of another account: %t", may, other)
	}
	w.refused(w.change("walnut-1", "walnut-12"), "PasswordPolicyViolation", "Password should have a minimum length of 10, Password should have at least one uppercase letter")
	// An update replaces all of it.
	w.must(w.SetPasswordPolicy(w.ctx, accountA, PasswordPolicy{MinimumLength: 6}))
	if got, _ := w.PasswordPolicy(w.ctx, accountA); got != (PasswordPolicy{MinimumLength: 6}) {
		t.Errorf("policy %+v", got)
	}
	w.must(w.change("walnut-1", "walnut"))
	w.must(w.DeletePasswordPolicy(w.ctx, accountA))
	for _, bad := range []PasswordPolicy{{}, {MinimumLength: 5}, {MinimumLength: 129}, {MinimumLength: 6, MaxAge: 1096}, {MinimumLength: 6, ReusePrevention: 25}, {MinimumLength: 6, MaxAge: -1}} {
		w.refused(w.SetPasswordPolicy(w.ctx, accountA, bad), "ValidationError", "")
	}
}
