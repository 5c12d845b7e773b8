package iam

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/arn"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// TestPrincipalsOf holds whose the policies of something are.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateServiceLastAccessedDetails.html
func TestPrincipalsOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	for _, name := range []string{"ann", "bob", "cid"} {
		w.user(accountA, name)
	}
	w.group(accountA, "devs")
	w.must(w.AddUserToGroup(w.ctx, accountA, "devs", "ann"))
	w.must(w.AddUserToGroup(w.ctx, accountA, "devs", "bob"))
	w.must(w.AttachPolicy(w.ctx, accountA, keys.GroupKind, "devs", s3Full))
	w.must(w.AttachPolicy(w.ctx, accountA, keys.UserKind, "ann", s3Full)) // twice, and listed once
	w.must(w.AttachPolicy(w.ctx, accountA, keys.UserKind, "cid", s3Full))
	for name, want := range map[string]string{
		s3Full: "ann bob cid", arn.Group(accountA, "/", "devs").String(): "ann bob", arn.User(accountA, "/", "cid").String(): "cid",
		arn.User(accountA, "/", "CID").String(): "NoSuchEntity", arn.User(accountA, "/a/", "cid").String(): "NoSuchEntity",
		arn.Policy(accountA, "/", "none").String(): "NoSuchEntity", arn.MFADevice(accountA, "/", "d").String(): "InvalidInput",
	} {
		a, err := arn.Parse(name)
		w.must(err)
		all, err := w.PrincipalsOf(w.ctx, accountA, a)
		if err != nil {
			w.refused(err, want, "")
			continue
		}
		var names []string
		for _, p := range all {
			names = append(names, p.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// TestLongDetails holds that a page ends early where documents are long, and that nothing is left out.
func TestLongDetails(t *testing.T) {
	t.Parallel()
	quotas := DefaultQuotas()
	quotas.InlineUser = 1 << 20
	w := newWorld(t, quotas)
	long := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/` + strings.Repeat("x", 100_000) + `"}}`
	const n = 12
	for i := range n {
		name := fmt.Sprintf("u%02d", i)
		w.user(accountA, name)
		for j := range 5 {
			w.must(w.PutInlinePolicy(w.ctx, accountA, keys.UserKind, name, fmt.Sprint("p", j), long))
		}
	}
	got, pages := 0, 0
	for page := (Page{Max: 1000}); ; {
		d, err := w.Details(w.ctx, accountA, nil, page)
		w.must(err)
		got, pages = got+len(d.Users), pages+1
		if page.Marker = d.Marker; d.Marker == "" {
			break
		}
	}
	if got != n || pages != 2 {
		t.Errorf("%d users are in %d pages", got, pages)
	}
}

// TestVersionsThatWereNeverCounted holds the number of policy versions in an account that a program made that
// kept none.
func TestVersionsThatWereNeverCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	p, err := w.CreatePolicy(w.ctx, accountA, NewPolicy{Name: "p", Document: allowAll})
	w.must(err)
	_, err = w.CreatePolicyVersion(w.ctx, accountA, p.ARN, allowAll, false)
	w.must(err)
	forget := func() {
		t.Helper()
		w.must(w.store.Update(w.ctx, func(tx meta.Tx) error {
			return errors.Join(tx.Delete(keys.EntityCount(accountA, keys.PolicyVersionKind)), tx.Delete(keys.EntityCount(accountA, keys.EnabledMFADeviceKind)))
		}))
	}
	versions := func(want int) {
		t.Helper()
		summary, err := w.Summary(w.ctx, accountA)
		w.must(err)
		if got := summary["PolicyVersionsInUse"]; got != want {
			t.Errorf("%d versions are counted, want %d", got, want)
		}
	}
	versions(2)
	forget()
	versions(2)
	_, err = w.CreatePolicyVersion(w.ctx, accountA, p.ARN, allowAll, true)
	w.must(err)
	versions(3)
	forget()
	w.must(w.DeletePolicyVersion(w.ctx, accountA, p.ARN, "v1"))
	versions(2)
}
