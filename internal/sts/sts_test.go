package sts

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
)

const (
	account  ids.AccountID = "111111111111"
	closed   ids.AccountID = "333333333333"
	roleARN                = "arn:aws:iam::111111111111:role/path/R"
	allowAll               = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
	ownARN                 = "arn:aws:iam::111111111111:policy/mine"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 987, time.UTC)

func newService(t *testing.T) *Service {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	store := meta.New(memory.New())
	t.Cleanup(func() { store.Close() })
	trust := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}`
	role := &records.Role{Name: "R", Id: "AROAR", Path: "/path/", Trust: trust, MaxSessionSeconds: 7200, Tags: []*records.Tag{{Key: "k", Value: "v"}}}
	err = store.Update(context.Background(), func(tx meta.Tx) error {
		return errors.Join(
			records.Put(tx, keys.Account(account), &records.Account{Id: string(account)}),
			records.Put(tx, keys.Account(closed), &records.Account{Id: string(closed), Closed: 1}),
			records.Put(tx, keys.Entity(account, keys.RoleKind, "R"), role),
			records.Put(tx, keys.Entity(closed, keys.RoleKind, "R"), role),
			records.Put(tx, keys.Entity(account, keys.RoleKind, "broken"), &records.Role{Name: "broken", Path: "/", Trust: "{"}),
			records.Put(tx, keys.Entity(account, keys.PolicyKind, "mine"), &records.ManagedPolicy{Name: "mine", Path: "/"}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	return New(store, box, Options{Now: func() time.Time { return now }})
}

func findRole(t *testing.T, s *Service) *Role {
	t.Helper()
	r, err := readRole(s, roleARN)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func readRole(s *Service, roleARN string) (role *Role, err error) {
	err = s.store.View(context.Background(), func(r meta.Reader) error {
		role, err = ReadRole(r, roleARN)
		return err
	})
	return role, err
}

func code(err error) string {
	var e *apierr.Error
	if errors.As(err, &e) {
		return e.Code + ": " + e.Message
	}
	return fmt.Sprint(err)
}

func TestReadRole(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := findRole(t, s)
	if r.Account != account || r.ID != "AROAR" || r.MaxSession != 2*time.Hour || len(r.Tags) != 1 || r.Trust.Document == nil || len(r.Trust.Document.Statements) != 1 {
		t.Errorf("found %+v", r)
	}
	for _, missing := range []string{
		"arn:aws:iam::111111111111:role/R",       // without its path
		"arn:aws:iam::111111111111:role/path/r",  // in another case
		"arn:aws:iam::111111111111:role/path/S",  // another name
		"arn:aws:iam::222222222222:role/path/R",  // no such account
		"arn:aws:iam::333333333333:role/path/R",  // a closed one
		"arn:aws:iam::111111111111:role//path/R", // another path
	} {
		if r, err := readRole(s, missing); r != nil || !errors.Is(err, meta.ErrNotFound) {
			t.Errorf("%s: role %v, error %v", missing, r, err)
		}
	}
	for _, other := range []string{"", "R", "arn:aws:iam::111111111111:user/R", "arn:aws:sts::111111111111:role/R", "arn:aws:iam::1:role/R", "arn:aws:iam::111111111111:role/"} {
		if _, err := readRole(s, other); code(err) != "ValidationError: "+other+" is invalid" {
			t.Errorf("%q: %v", other, err)
		}
	}
	broken, err := readRole(s, "arn:aws:iam::111111111111:role/broken")
	if err != nil || broken.Trust.Document != nil || broken.Trust.Fault == nil {
		t.Errorf("a trust policy that cannot be read is %+v (%v), want a fault", broken, err)
	}
	if d := NoTrust(roleARN).Document; d == nil || len(d.Statements) != 0 {
		t.Errorf("no trust is %+v", d)
	}
}

func TestIssueAndOpen(t *testing.T) {
	t.Parallel()
	s := newService(t)
	c, err := s.Issue(context.Background(), Request{
		Role: findRole(t, s), SessionName: "sess", Duration: 15 * time.Minute, Chained: true,
		Policy: allowAll, PolicyARNs: []string{ownARN, "arn:aws:iam::aws:policy/ReadOnlyAccess"},
	})
	if err != nil {
		t.Fatal(err)
	}
	issued := now.Truncate(time.Second)
	if !strings.HasPrefix(string(c.AccessKeyID), "ASIA") || len(c.Secret) != 40 || !c.Expires.Equal(issued.Add(15*time.Minute)) ||
		c.AssumedRoleID != "AROAR:sess" || c.ARN != "arn:aws:sts::111111111111:assumed-role/R/sess" || c.PackedSize < 1 || c.PackedSize > 100 {
		t.Errorf("issued %+v", c)
	}
	got, err := s.Open(c.AccessKeyID, c.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	want := Session{
		AccessKeyID: c.AccessKeyID, Secret: c.Secret, Account: account, RoleName: "R", RoleID: "AROAR", SessionName: "sess",
		Policies: []string{allowAll}, PolicyARNs: []string{ownARN, "arn:aws:iam::aws:policy/ReadOnlyAccess"},
		Issued: issued, Expires: c.Expires,
	}
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("opened %#v", got)
	}
	for _, text := range []string{fmt.Sprintf("%v", got), fmt.Sprintf("%+v", *got), fmt.Sprintf("%#v", got), fmt.Sprint(*got)} {
		if strings.Contains(text, c.Secret) {
			t.Errorf("the secret is printed: %s", text)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	s, other := newService(t), newService(t)
	c, err := s.Issue(context.Background(), Request{Role: findRole(t, s), SessionName: "sess"})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := s.box.Seal([]byte(`{}`), sealContext(c.AccessKeyID))
	if err != nil {
		t.Fatal(err)
	}
	future, err := s.box.Seal([]byte("\x01"+`{"AccessKeyID":"`+string(c.AccessKeyID)+`","NewLimit":1}`), sealContext(c.AccessKeyID))
	if err != nil {
		t.Fatal(err)
	}
	changed := []byte(c.SessionToken)
	changed[len(changed)/2] ^= 1
	for name, try := range map[string]struct {
		service *Service
		id      ids.AccessKeyID
		token   string
	}{
		"another key":      {s, "ASIAIOSFODNN7EXAMPLE", c.SessionToken},
		"another server":   {other, c.AccessKeyID, c.SessionToken},
		"changed":          {s, c.AccessKeyID, string(changed)},
		"shortened":        {s, c.AccessKeyID, c.SessionToken[:len(c.SessionToken)-4]},
		"empty":            {s, c.AccessKeyID, ""},
		"not base64":       {s, c.AccessKeyID, "!"},
		"another format":   {s, c.AccessKeyID, base64.StdEncoding.EncodeToString(plain)},
		"an unknown field": {s, c.AccessKeyID, base64.StdEncoding.EncodeToString(future)},
	} {
		if got, err := try.service.Open(try.id, try.token); err != ErrInvalidToken {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := s.Open(c.AccessKeyID, c.SessionToken); err != nil {
		t.Error(err)
	}
}

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	s := newService(t)
	role := findRole(t, s)
	missing := func(arn string) string {
		return "MalformedPolicyDocument: The policy " + arn + " does not exist or is not attachable."
	}
	for name, c := range map[string]struct {
		in   Request
		want string
	}{
		"longest":                      {Request{Duration: 2 * time.Hour}, "<nil>"},
		"longer than the role allows":  {Request{Duration: 2*time.Hour + time.Second}, "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		"longest chained":              {Request{Duration: time.Hour, Chained: true}, "<nil>"},
		"chained too long":             {Request{Duration: time.Hour + time.Second, Chained: true}, "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."},
		"policy is not JSON":           {Request{Policy: "x"}, "MalformedPolicyDocument: Syntax errors in policy."},
		"policy with a principal":      {Request{Policy: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}`}, "MalformedPolicyDocument: Policy document should not specify a principal."},
		"largest policies":             {Request{Policy: allowAll + strings.Repeat(" ", MaxPolicies-len(allowAll)-len(ownARN)), PolicyARNs: []string{ownARN}}, "<nil>"},
		"policies too large":           {Request{Policy: allowAll + strings.Repeat(" ", MaxPolicies-len(allowAll)-len(ownARN)+1), PolicyARNs: []string{ownARN}}, "PackedPolicyTooLarge: Packed policy consumes 101% of allotted space, please use smaller policy."},
		"policy that does not exist":   {Request{PolicyARNs: []string{ownARN + "x"}}, missing(ownARN + "x")},
		"policy under another path":    {Request{PolicyARNs: []string{"arn:aws:iam::111111111111:policy/x/mine"}}, missing("arn:aws:iam::111111111111:policy/x/mine")},
		"policy of another account":    {Request{PolicyARNs: []string{"arn:aws:iam::333333333333:policy/mine"}}, missing("arn:aws:iam::333333333333:policy/mine")},
		"policy that is none":          {Request{PolicyARNs: []string{"mine"}}, missing("mine")},
		"more policies than there may": {Request{PolicyARNs: slicesOf(ownARN, 11)}, "ValidationError: At most 10 session policies can be passed by ARN."},
	} {
		t.Run(name, func(t *testing.T) {
			c.in.Role, c.in.SessionName = role, "sess"
			if _, err := s.Issue(context.Background(), c.in); code(err) != c.want {
				t.Errorf("got %s\nwant %s", code(err), c.want)
			}
		})
	}
}

func slicesOf(s string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = s
	}
	return out
}

// FuzzOpen: nothing that was not issued is opened.
func FuzzOpen(f *testing.F) {
	box, err := seal.New()
	if err != nil {
		f.Fatal(err)
	}
	s := New(meta.New(memory.New()), box, Options{})
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, token string) {
		if session, err := s.Open("ASIAIOSFODNN7EXAMPLE", token); err != ErrInvalidToken {
			t.Errorf("opened %v (%v)", session, err)
		}
	})
}
