package access

import (
	"errors"
	"testing"
	"time"

	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/orgs"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/sts"
)

const (
	listOnly = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}}`
	putOnly  = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}}`
)

// sessionsFixture is a fixture with the role r, and ann without any policy.
func sessionsFixture(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t)
	f.user(&records.User{})
	f.put(keys.Entity(accountID, keys.RoleKind, "r"), &records.Role{Name: "r", Id: "AROARAAAAAAAAAAAAAAAA", Path: "/"})
	return f
}

// user makes ann what u says, under her name and ID.
func (f *fixture) user(u *records.User) {
	f.Helper()
	u.Name, u.Id, u.Path = "ann", "AIDAANNAAAAAAAAAAAAAA", "/"
	f.put(keys.Entity(accountID, keys.UserKind, "ann"), u)
	if err := f.store.Update(f.Context(), func(tx meta.Tx) error {
		return tx.Put(keys.UniqueID(accountID, "AIDAANNAAAAAAAAAAAAAA"), append([]byte{byte(keys.UserKind)}, "ann"...))
	}); err != nil {
		f.Fatal(err)
	}
}

// session issues credentials of a kind of session of the account.
func (f *fixture) session(kind sts.Kind, sessionPolicy string) *sts.Credentials {
	f.Helper()
	s := sts.Session{Kind: kind, Account: accountID}
	switch kind {
	case sts.RoleSession:
		s.EntityName, s.EntityID, s.SessionName = "r", "AROARAAAAAAAAAAAAAAAA", "sess"
	case sts.UserSession:
		s.EntityName, s.EntityID = "ann", "AIDAANNAAAAAAAAAAAAAA"
	case sts.FederatedUser:
		s.EntityName, s.EntityID, s.SessionName = "ann", "AIDAANNAAAAAAAAAAAAAA", "fay"
	case "root-federated":
		s.Kind, s.SessionName = sts.FederatedUser, "fay"
	}
	c, err := f.sts.Issue(f.Context(), sts.Request{Session: s, Duration: time.Hour, Policy: sessionPolicy})
	if err != nil {
		f.Fatal(err)
	}
	return c
}

func (f *fixture) caller(c *sts.Credentials) *Caller {
	f.Helper()
	caller, err := f.access.Caller(f.Context(), c.Session.AccessKeyID, c.SessionToken, c.Session.Issued)
	if err != nil {
		f.Fatal(err)
	}
	return caller
}

// put decides s3:PutObject in the bucket b.
func (f *fixture) decide(caller *Caller) authz.Decision {
	f.Helper()
	bucket, err := f.access.Bucket(f.Context(), "b")
	if err != nil {
		f.Fatal(err)
	}
	request := caller.Context()
	d, err := f.access.Authorize(f.Context(), caller, &Check{Action: "s3:PutObject", Resource: "arn:aws:s3:::b/k", Bucket: bucket}, &request)
	if err != nil {
		f.Fatal(err)
	}
	return d.Decision
}

// bucketPolicy gives the bucket b, of the account owner, a policy that grants to principal; none if it is empty.
func (f *fixture) bucketPolicy(owner ids.AccountID, canonical, principal, condition string) {
	f.Helper()
	text := ""
	if principal != "" {
		text = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":` + principal + `,"Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"` + condition + `}}`
	}
	f.put(keys.Bucket("b"), &records.Bucket{Name: "b", Id: make([]byte, 8), Account: string(owner), CanonicalId: canonical, Policy: text})
}

// TestSessionCallers: who each kind of session is, and the condition keys that it has.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
func TestSessionCallers(t *testing.T) {
	t.Parallel()
	f := sessionsFixture(t)
	f.rootAccess(orgs.RootCredentials, orgs.RootSessions)
	tags := []*records.Tag{{Key: "Team", Value: "blue"}, {Key: "floor", Value: "1"}}
	f.user(&records.User{Tags: tags})
	f.put(keys.Entity(accountID, keys.RoleKind, "r"), &records.Role{Name: "r", Id: "AROARAAAAAAAAAAAAAAAA", Path: "/path/", Tags: tags})
	issue := func(s sts.Session, policyARNs ...string) *Caller {
		t.Helper()
		s.Account = accountID
		c, err := f.sts.Issue(t.Context(), sts.Request{Session: s, Duration: time.Hour, PolicyARNs: policyARNs, Tags: sts.Tags{Passed: []sts.Tag{{Key: "team", Value: "red"}}}})
		if err != nil {
			t.Fatal(err)
		}
		return f.caller(c)
	}
	mfa := time.Now().Add(-time.Minute)
	for name, c := range map[string]struct {
		caller *Caller
		kind   policy.Kind
		want   map[string]string
	}{
		"role": {issue(sts.Session{Kind: sts.RoleSession, EntityName: "r", EntityID: "AROARAAAAAAAAAAAAAAAA", SessionName: "sess", SourceIdentity: "ann", Provider: "arn:aws:iam::111111111111:saml-provider/p",
			ProviderKeys: []sts.ProviderKey{{Name: "saml:sub", Values: []string{"s"}}, {Name: "example.com:amr", Values: []string{"a", "b"}, Multi: true}}}), policy.RoleSession, map[string]string{
			"aws:userid": "AROARAAAAAAAAAAAAAAAA:sess", "aws:PrincipalArn": "arn:aws:iam::111111111111:role/path/r", "aws:PrincipalType": "AssumedRole", "aws:MultiFactorAuthPresent": "false",
			"aws:SourceIdentity": "ann", "aws:FederatedProvider": "arn:aws:iam::111111111111:saml-provider/p", "saml:sub": "s", "example.com:amr": "a|b",
			"aws:PrincipalTag/TEAM": "red", "aws:PrincipalTag/floor": "1",
		}},
		"user": {issue(sts.Session{Kind: sts.UserSession, EntityName: "ann", EntityID: "AIDAANNAAAAAAAAAAAAAA", MFA: mfa}), policy.User, map[string]string{
			"aws:userid": "AIDAANNAAAAAAAAAAAAAA", "aws:username": "ann", "aws:PrincipalArn": "arn:aws:iam::111111111111:user/ann", "aws:PrincipalType": "User",
			"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "90", "aws:PrincipalTag/team": "red", "aws:PrincipalTag/floor": "1",
		}},
		"root": {issue(sts.Session{Kind: sts.RootUserSession, MFA: mfa}), policy.Root, map[string]string{
			"aws:userid": string(accountID), "aws:PrincipalArn": "arn:aws:iam::111111111111:root", "aws:PrincipalType": "Account",
			"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "90", "aws:PrincipalTag/team": "red",
		}},
		"federated": {issue(sts.Session{Kind: sts.FederatedUser, EntityName: "ann", EntityID: "AIDAANNAAAAAAAAAAAAAA", SessionName: "fay"}), policy.FederatedUser, map[string]string{
			"aws:userid": string(accountID) + ":fay", "aws:PrincipalArn": "arn:aws:sts::111111111111:federated-user/fay", "aws:PrincipalType": "FederatedUser",
			"aws:MultiFactorAuthPresent": "false", "aws:PrincipalTag/team": "red", "aws:PrincipalTag/floor": "1",
		}},
		"federated by root": {issue(sts.Session{Kind: sts.FederatedUser, SessionName: "fay"}), policy.FederatedUser, map[string]string{
			"aws:userid": string(accountID) + ":fay", "aws:PrincipalArn": "arn:aws:sts::111111111111:federated-user/fay", "aws:PrincipalType": "FederatedUser",
			"aws:MultiFactorAuthPresent": "false", "aws:PrincipalTag/team": "red",
		}},
		"assumed root": {issue(sts.Session{Kind: sts.AssumedRoot, IssuedTo: operator}, "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"), policy.Root, map[string]string{
			"aws:userid": string(accountID), "aws:PrincipalArn": "arn:aws:iam::111111111111:root", "aws:PrincipalType": "Account", "aws:AssumedRoot": "true",
			"aws:MultiFactorAuthPresent": "false", "aws:PrincipalTag/team": "red",
		}},
	} {
		k := c.caller.Context()
		c.caller.RequestKeys(&k, mfa.Add(90*time.Second))
		if c.caller.Kind != c.kind {
			t.Errorf("%s is of kind %v", name, c.caller.Kind)
		}
		always := map[string]bool{
			"aws:principalaccount": true, "aws:principalisawsservice": true, "aws:tokenissuetime": true,
			"aws:principalorgid": true, "aws:principalorgpaths": true,
		}
		found := 0
		for _, key := range k.Keys() {
			if !always[key] {
				found++
			}
		}
		if found != len(c.want) {
			t.Errorf("%s has the keys %v, want %v", name, k.Keys(), c.want)
		}
		for key, want := range c.want {
			values, _, _ := k.Lookup(key)
			got := ""
			for i, v := range values {
				if i > 0 {
					got += "|"
				}
				got += v
			}
			if got != want {
				t.Errorf("%s: %s is %q, want %q", name, key, got, want)
			}
		}
	}
	// What its task policy does not deny an assumed root user may do, and no more.
	if d := f.decide(issue(sts.Session{Kind: sts.AssumedRoot, IssuedTo: operator}, "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy")); d.Allowed() {
		t.Errorf("allowed by %s", d.By.Layer)
	}
}

// colliding opens every token as a session of one access key, as if several had drawn it.
type colliding struct{ sessions map[string]*sts.Session }

func (c colliding) Open(_ ids.AccessKeyID, token string) (*sts.Session, error) {
	if s := c.sessions[token]; s != nil {
		return s, nil
	}
	return nil, sts.ErrInvalidToken
}

// TestCollidingSessions: two sessions with one access key ID, of which only a part is random, are told apart by
// their tokens, and neither is taken for the other.
func TestCollidingSessions(t *testing.T) {
	t.Parallel()
	f := sessionsFixture(t)
	const id = "ASIAQNZGKIQY56JQ7WML"
	one, two := f.session(sts.RoleSession, "").Session, f.session(sts.UserSession, "").Session
	expired := *one
	expired.Expires = one.Issued
	f.access.sessions = colliding{map[string]*sts.Session{"one": one, "two": two, "expired": &expired}}
	for range 2 {
		for token, want := range map[string]string{"one": "arn:aws:sts::111111111111:assumed-role/r/sess", "two": "arn:aws:iam::111111111111:user/ann"} {
			c, err := f.access.Caller(t.Context(), id, token, one.Issued)
			if err != nil || c.ARN != want {
				t.Errorf("%s: %v, %v", token, c, err)
			}
		}
		if c, err := f.access.Caller(t.Context(), id, "other", one.Issued); !errors.Is(err, ErrInvalidToken) {
			t.Errorf("%v, %v", c, err)
		}
		if c, err := f.access.Caller(t.Context(), id, "expired", one.Issued); !errors.Is(err, ErrExpiredToken) {
			t.Errorf("%v, %v", c, err)
		}
		if c, err := f.access.Caller(t.Context(), id, "", one.Issued); !errors.Is(err, ErrUnknownKey) {
			t.Errorf("%v, %v", c, err)
		}
	}
}

// TestSessionsOfWhoIsGone: nothing is left of a session whose user, role or account is gone, also if another has
// the name or the index is wrong.
func TestSessionsOfWhoIsGone(t *testing.T) {
	t.Parallel()
	kinds := []sts.Kind{sts.UserSession, sts.FederatedUser, sts.RoleSession, sts.RootUserSession, "root-federated"}
	index := func(f *fixture, value string) {
		if err := f.store.Update(f.Context(), func(tx meta.Tx) error {
			return tx.Put(keys.UniqueID(accountID, "AIDAANNAAAAAAAAAAAAAA"), []byte(value))
		}); err != nil {
			f.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		gone func(f *fixture)
		live map[sts.Kind]bool
	}{
		"nothing": {func(*fixture) {}, map[sts.Kind]bool{sts.UserSession: true, sts.FederatedUser: true, sts.RoleSession: true, sts.RootUserSession: true, "root-federated": true}},
		"other IDs": {func(f *fixture) {
			f.put(keys.Entity(accountID, keys.UserKind, "ann"), &records.User{Name: "ann", Id: "AIDAOTHERAAAAAAAAAAAA", Path: "/"})
			f.put(keys.Entity(accountID, keys.RoleKind, "r"), &records.Role{Name: "r", Id: "AROAOTHER", Path: "/"})
		}, map[sts.Kind]bool{sts.RootUserSession: true, "root-federated": true}},
		"no such user": {func(f *fixture) { index(f, "unobody") }, map[sts.Kind]bool{sts.RoleSession: true, sts.RootUserSession: true, "root-federated": true}},
		"a role":       {func(f *fixture) { index(f, "rr") }, map[sts.Kind]bool{sts.RoleSession: true, sts.RootUserSession: true, "root-federated": true}},
		"no index":     {func(f *fixture) { index(f, "") }, map[sts.Kind]bool{sts.RoleSession: true, sts.RootUserSession: true, "root-federated": true}},
		"closed": {func(f *fixture) {
			f.put(keys.Account(accountID), &records.Account{Id: string(accountID), CanonicalId: "aa", Name: "A", Closed: 1})
		}, nil},
	} {
		f := sessionsFixture(t)
		var issued []*sts.Credentials
		for _, kind := range kinds {
			issued = append(issued, f.session(kind, ""))
			f.caller(issued[len(issued)-1])
		}
		c.gone(f)
		for i, kind := range kinds {
			s := issued[i]
			if caller, err := f.access.Caller(t.Context(), s.Session.AccessKeyID, s.SessionToken, s.Session.Issued); (err == nil) != c.live[kind] {
				t.Errorf("%s: %s: %v, %v", name, kind, caller, err)
			}
		}
	}
}
