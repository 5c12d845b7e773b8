package iam

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// enter is SignIn for a user of account A; an empty name stands for the root user.
func (w *world) enter(user, text, code string) (SignIn, error) {
	return w.SignIn(w.ctx, accountA, Claim{User: user, Password: text, Code: code})
}

// answers holds what a sign-in answers.
func (w *world) answers(what string, err, want error) {
	w.Helper()
	if err != want {
		w.Errorf("%s: %v, want %v", what, err, want)
	}
}

// TestSignInAsksForACode: whoever has a device does not get in without a code of one of them, which is good once.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/console_sign-in-mfa.html
func TestSignInAsksForACode(t *testing.T) {
	t.Parallel()
	for _, user := range []string{"ann", ""} {
		w := newMFAWorld(t, Quotas{})
		w.login("ann")
		w.must(w.SetRootPassword(w.ctx, accountA, secret))
		in, err := w.enter(user, secret, "")
		if err != nil || in.MFADevice != "" || in.User.Name != user {
			t.Fatalf("%q signs in as %+v, %v", user, in, err)
		}
		first, second, other := w.device(accountA, "first"), w.device(accountA, "second"), w.device(accountA, "other")
		w.user(accountA, "bob")
		w.enable(first, accountA, user)
		w.enable(second, accountA, user)
		w.enable(other, accountA, "bob")
		w.later(2)
		_, err = w.enter(user, secret, "")
		w.answers("no code", err, ErrMFARequired)
		_, err = w.enter(user, "wrong", "")
		w.answers("no code and a wrong password", err, ErrPassword)
		_, err = w.enter(user, "wrong", first.code(w.clock, 0))
		w.answers("a code and a wrong password", err, ErrPassword)
		_, err = w.enter(user, secret, other.code(w.clock, 0))
		w.answers("the code of another one", err, ErrMFACode)
		for _, p := range []phone{first, second} {
			in, err := w.enter(user, secret, p.code(w.clock, 0))
			if err != nil || in.MFADevice != p.serial {
				t.Errorf("%q with %s: %+v, %v", user, p.serial, in, err)
			}
			_, err = w.enter(user, secret, p.code(w.clock, 0))
			w.answers("the same code again", err, ErrMFACode)
		}
	}
}

// TestSignInWithOneCodeOnce: of those who show the same code at once one gets in.
func TestSignInWithOneCodeOnce(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	w.login("ann")
	p := w.device(accountA, "phone")
	w.enable(p, accountA, "ann")
	w.later(2)
	var all sync.WaitGroup
	results := make([]error, 5)
	for i := range results {
		all.Go(func() {
			_, results[i] = w.verifyAnyMFA(w.ctx, accountA, w.userRecord(accountA, "ann").Id, p.code(w.clock, 0), w.clock)
		})
	}
	all.Wait()
	in := 0
	for _, err := range results {
		if err == nil {
			in++
		} else if err != ErrMFACode {
			t.Error(err)
		}
	}
	if in != 1 {
		t.Errorf("%d got in: %v", in, results)
	}
}

// TestSignInGuessesOfCodes: after a few wrong codes none is looked at, and the devices of a user are guessed at together.
func TestSignInGuessesOfCodes(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	w.login("ann")
	first, second := w.device(accountA, "first"), w.device(accountA, "second")
	w.enable(first, accountA, "ann")
	w.enable(second, accountA, "ann")
	w.later(2)
	for range freeFailures {
		_, err := w.enter("ann", secret, "000000")
		w.answers("a wrong code", err, ErrMFACode)
	}
	for _, p := range []phone{first, second} {
		_, err := w.enter("ann", secret, p.code(w.clock, 0))
		w.answers("a right code in the pause", err, ErrMFACode)
	}
	w.clock = w.clock.Add(firstPause)
	_, err := w.enter("ann", secret, second.code(w.clock, 0))
	w.answers("a right code after the pause", err, nil)
}

// TestSignInReplacesThePassword: a password that is due is replaced before anything else, with the code that was shown.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
func TestSignInReplacesThePassword(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	w.login("ann")
	replace := func(user, text, next, code string) error {
		_, err := w.SignIn(w.ctx, accountA, Claim{User: user, Password: text, Code: code, NewPassword: &next})
		return err
	}
	w.answers("one that is not due", replace("ann", secret, "Almond-2", ""), ErrPasswordNotDue)
	yes := true
	w.must(w.UpdateLoginProfile(w.ctx, accountA, "ann", LoginUpdate{ResetRequired: &yes}))
	p := w.device(accountA, "phone")
	w.enable(p, accountA, "ann")
	w.later(2)
	code := p.code(w.clock, 0)
	_, err := w.enter("ann", secret, "")
	w.answers("without a code", err, ErrMFARequired)
	w.answers("replaced without a code", replace("ann", secret, "Almond-2", ""), ErrMFARequired)
	_, err = w.enter("ann", secret, code)
	w.answers("reset", err, ErrPasswordReset)
	w.refused(replace("ann", secret, "short", code), "PasswordPolicyViolation", "")
	w.answers("a wrong old one", replace("ann", "wrong", "Almond-2", code), ErrPassword)
	w.answers("a wrong code", replace("ann", secret, "Almond-2", "000000"), ErrMFACode)
	w.answers("replaced", replace("ann", secret, "Almond-2", code), nil)
	w.later(1)
	_, err = w.enter("ann", secret, p.code(w.clock, 0))
	w.answers("the old one", err, ErrPassword)
	_, err = w.enter("ann", "Almond-2", p.code(w.clock, 0))
	w.answers("the new one", err, nil)

	w.must(w.SetPasswordPolicy(w.ctx, accountA, PasswordPolicy{MinimumLength: 6, MaxAge: 1, ReusePrevention: 1}))
	w.clock = w.clock.AddDate(0, 0, 2)
	_, err = w.enter("ann", "Almond-2", p.code(w.clock, 0))
	w.answers("expired", err, ErrPasswordReset)
	w.must(w.SetPasswordPolicy(w.ctx, accountA, PasswordPolicy{MinimumLength: 6, MaxAge: 1, HardExpiry: &yes}))
	_, err = w.enter("ann", "Almond-2", p.code(w.clock, 0))
	w.answers("expired for good", err, ErrPasswordExpired)
	w.answers("replaced when expired for good", replace("ann", "Almond-2", "Hazel-3!", p.code(w.clock, 0)), ErrPasswordExpired)
	w.must(w.SetPasswordPolicy(w.ctx, accountA, PasswordPolicy{MinimumLength: 6, MaxAge: 1, ReusePrevention: 1}))
	w.answers("replaced when expired", replace("ann", "Almond-2", "Hazel-3!", p.code(w.clock, 0)), nil)

	// The root user replaces its password at any time; the account's policy is not about it.
	w.must(w.SetRootPassword(w.ctx, accountA, secret))
	w.refused(replace("", secret, "abcdefgh", ""), "PasswordPolicyViolation", "")
	w.refused(replace("", secret, strings.Repeat("Aa1", 43), ""), "PasswordPolicyViolation", "Password should have a maximum length of 128")
	w.answers("the root user's", replace("", secret, "Almond-2", ""), nil)
	_, err = w.enter("", "Almond-2", "")
	w.answers("the root user's new one", err, nil)
}

// TestSignInOfTheRootUser: a login profile without a password lets nobody in, nor does a closed account; guesses are
// counted as those at users' passwords.
func TestSignInOfTheRootUser(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	_, err := w.enter("", "", "")
	w.answers("no login profile", err, ErrPassword)
	_, err = w.CreateRootLogin(w.ctx, accountA, nil)
	w.must(err)
	_, err = w.enter("", "", "")
	w.answers("no password", err, ErrPassword)
	w.must(w.SetRootPassword(w.ctx, accountA, secret))
	for range freeFailures {
		_, err = w.enter("", "wrong", "")
		w.answers("a wrong one", err, ErrPassword)
	}
	_, err = w.enter("", secret, "")
	w.answers("the right one in the pause", err, ErrPassword)
	w.clock = w.clock.Add(firstPause)
	_, err = w.enter("", secret, "")
	w.answers("the right one", err, nil)

	w.must(w.SetRootPassword(w.ctx, closed, secret))
	_, err = w.SignIn(w.ctx, closed, Claim{Password: secret})
	w.answers("of a closed account", err, ErrPassword)
	for _, nowhere := range []ids.AccountID{"", "999999999999"} {
		for _, user := range []string{"", "ann"} {
			_, err = w.SignIn(w.ctx, nowhere, Claim{User: user, Password: secret})
			w.answers("of no account", err, ErrPassword)
		}
	}
}

func TestClaimed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.user(accountA, "Ann")
	w.must(w.CreateAccountAlias(w.ctx, accountA, "walnut"))
	w.must(w.store.Update(w.ctx, func(tx meta.Tx) error { return tx.Put(keys.Email("root@a.example"), []byte(accountA)) }))
	for _, c := range []struct{ account, user, want string }{
		{"111111111111", "ann", "111111111111 Ann"}, {"walnut", "ANN", "111111111111 Ann"}, {"walnut", "bob", "111111111111 -"},
		{"999999999999", "ann", " -"}, {"hazel", "ann", " -"}, {"", "ann", " -"}, {"Walnut", "ann", " -"},
	} {
		got, err := w.ClaimedUser(w.ctx, c.account, c.user)
		name := "-"
		if got.User != nil {
			name = got.User.Name
		}
		if text := string(got.Account) + " " + name; err != nil || text != c.want {
			t.Errorf("%v: %s, %v", c, text, err)
		}
	}
	got, err := w.ClaimedRoot(w.ctx, "ROOT@a.example")
	if err != nil || got.Account != accountA || got.User == nil || got.User.Name != "" || string(got.User.ID) != string(accountA) || got.Alias != "walnut" || got.Name != "A" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := w.ClaimedRoot(w.ctx, "nobody@a.example"); err != nil || got.Account != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestPasswordsWithoutAHash: a login that was damaged lets nobody in.
func TestPasswordsWithoutAHash(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	w.login("ann")
	w.must(w.changeLogin(w.ctx, accountA, loginOwner{user: "ann"}, func(l *records.Login) error { l.Password = &records.Password{}; return nil }))
	for _, text := range []string{"", secret} {
		if _, err := w.enter("ann", text, ""); !errors.Is(err, ErrPassword) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
