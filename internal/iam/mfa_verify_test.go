package iam

import (
	"errors"
	"sync"
	"testing"
	"time"

	"crossgrant/internal/ids"
)

// TestVerifyMFA: which codes of which devices are good for MFA delete.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html
func TestVerifyMFA(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	w.user(accountA, "ann")
	ofRoot, ofAnn, ofNobody := w.device(accountA, "root-account-mfa-device"), w.device(accountA, "ann"), w.device(accountA, "spare")
	ofOther := w.device(accountB, "root-account-mfa-device")
	w.enable(ofRoot, accountA, "")
	w.enable(ofAnn, accountA, "ann")
	w.enable(ofOther, accountB, "")
	verify := func(p phone, code string, want error) {
		t.Helper()
		if err := w.VerifyMFA(w.ctx, accountA, p.serial, code, w.clock); !errors.Is(err, want) {
			t.Errorf("%s, %s: %v, want %v", p.serial, code, err, want)
		}
	}
	w.later(10)
	for _, p := range []phone{ofAnn, ofNobody, ofOther, {serial: "arn:aws:iam::111111111111:mfa/none"}, {serial: "GAHT12345678"}, {}} {
		verify(p, p.code(w.clock, 0), ErrNoMFADevice)
	}
	verify(ofRoot, "", ErrMFACode)
	verify(ofRoot, ofAnn.code(w.clock, 0), ErrMFACode)
	verify(ofRoot, ofRoot.code(w.clock, -2), ErrMFACode)
	verify(ofRoot, ofRoot.code(w.clock, 2), ErrMFACode)
	verify(ofRoot, ofRoot.code(w.clock, -1), nil)
	verify(ofRoot, ofRoot.code(w.clock, -1), ErrMFACode) // only once
	verify(ofRoot, ofRoot.code(w.clock, 1), nil)
	verify(ofRoot, ofRoot.code(w.clock, 0), ErrMFACode) // older than one that was taken
	w.later(2)
	verify(ofRoot, ofRoot.code(w.clock, 0), nil)
	w.must(w.DeactivateMFADevice(w.ctx, accountA, MFAAssignment{SerialNumber: ofRoot.serial}))
	w.later(1)
	verify(ofRoot, ofRoot.code(w.clock, 0), ErrNoMFADevice)
}

// TestVerifyUserMFA: a user's code is good for that user and for nobody else.
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
func TestVerifyUserMFA(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	ann, bob := w.user(accountA, "ann"), w.user(accountA, "bob")
	ofAnn, ofRoot := w.device(accountA, "ann"), w.device(accountA, "root-account-mfa-device")
	w.enable(ofAnn, accountA, "ann")
	w.enable(ofRoot, accountA, "")
	w.later(10)
	verify := func(user ids.UniqueID, p phone, want error) {
		t.Helper()
		if err := w.VerifyUserMFA(w.ctx, accountA, user, p.serial, p.code(w.clock, 0), w.clock); !errors.Is(err, want) {
			t.Errorf("%s of %q: %v, want %v", p.serial, user, err, want)
		}
	}
	verify(bob.ID, ofAnn, ErrNoMFADevice)
	verify("", ofAnn, ErrNoMFADevice)
	verify("AIDANOBODY", ofAnn, ErrNoMFADevice)
	verify(ann.ID, ofRoot, ErrNoMFADevice)
	verify(ann.ID, ofAnn, nil)
	verify(ann.ID, ofAnn, ErrMFACode) // only once
	verify("", ofRoot, nil)
}

// TestWrongMFACodes: after a few wrong codes no code is looked at for a while, which doubles.
// Source: https://www.rfc-editor.org/rfc/rfc4226#section-7.3
func TestWrongMFACodes(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	p := w.device(accountA, "phone")
	w.enable(p, accountA, "")
	w.later(10)
	guess := func() { _ = w.VerifyMFA(w.ctx, accountA, p.serial, "no", w.clock) }
	right := func() error { return w.VerifyMFA(w.ctx, accountA, p.serial, p.code(w.clock, 0), w.clock) }
	for range freeFailures {
		guess()
	}
	for _, minutes := range []float64{0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60} {
		pause := time.Duration(minutes * float64(time.Minute))
		w.clock = w.clock.Add(pause - time.Second)
		if err := right(); !errors.Is(err, ErrMFACode) {
			t.Fatalf("a second before %v are over: %v", pause, err)
		}
		guess() // is not looked at either, and does not count
		w.clock = w.clock.Add(time.Second)
		guess()
	}
	w.clock = w.clock.Add(longestPause)
	w.must(right())
	w.later(1)
	for range freeFailures - 1 { // it begins anew
		guess()
	}
	w.must(right())
}

// TestOneCodeForOneOfMany: of many requests with the same code one is let through.
func TestOneCodeForOneOfMany(t *testing.T) {
	t.Parallel()
	w := newMFAWorld(t, Quotas{})
	p := w.device(accountA, "phone")
	w.enable(p, accountA, "")
	w.later(10)
	results := make([]error, 4)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() { results[i] = w.VerifyMFA(w.ctx, accountA, p.serial, p.code(w.clock, 0), w.clock) })
	}
	group.Wait()
	let := 0
	for _, err := range results {
		if err == nil {
			let++
		} else if !errors.Is(err, ErrMFACode) {
			t.Error(err)
		}
	}
	if let != 1 {
		t.Errorf("%d of %d were let through: %v", let, len(results), results)
	}
}
