package access

import (
	"errors"
	"testing"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/orgs"
	"crossgrant/internal/records"
	"crossgrant/internal/sts"
)

// operator is who begins root sessions in the member account, and delegate who may do so too.
const (
	operator   = "arn:aws:iam::999999999999:user/ops"
	delegate   = "arn:aws:iam::333333333333:user/ops"
	delegateID = "333333333333"
)

// trusting returns the organization of management, which trusts IAM since a time.
func trusting(since int64, administrators ...*records.DelegatedAdministrator) *records.Organization {
	return &records.Organization{
		Id: string(orgID), ManagementAccount: string(managementID), Root: rootID, FeatureSet: orgs.AllFeatures,
		Services: []*records.TrustedService{{Principal: "iam.amazonaws.com", Enabled: since, Administrators: administrators}},
	}
}

// rootAccess makes the account a member of an organization that has features of root access enabled.
func (f *fixture) rootAccess(features ...string) {
	f.Helper()
	f.put(keys.Organization(orgID), trusting(1, &records.DelegatedAdministrator{Account: delegateID}))
	f.put(keys.OrganizationNode(orgID, rootID), &records.OrganizationNode{Id: rootID})
	for _, account := range []string{string(accountID), string(managementID), delegateID} {
		f.put(keys.Membership(ids.AccountID(account)), &records.Membership{Account: account, Organization: string(orgID), Parent: rootID})
	}
	f.put(keys.RootFeatures(orgID), &records.RootFeatures{Enabled: features, Trusted: 1})
}

// rootSession begins a session of the root user.
func (f *fixture) rootSession(issuedTo, task string) *sts.Credentials {
	f.Helper()
	made, err := f.sts.Issue(f.Context(), sts.Request{
		Session:  sts.Session{Kind: sts.AssumedRoot, Account: accountID, IssuedTo: issuedTo},
		Duration: 15 * time.Minute, PolicyARNs: []string{"arn:aws:iam::aws:policy/root-task/" + task},
	})
	if err != nil {
		f.Fatal(err)
	}
	return made
}

// remove deletes a record.
func (f *fixture) remove(key []byte) {
	f.Helper()
	if err := f.store.Update(f.Context(), func(tx meta.Tx) error { return tx.Delete(key) }); err != nil {
		f.Fatal(err)
	}
}

// TestRootSessionsEnd: a session of AssumeRoot that is kept warm ends with each of the things that let it begin.
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DisableOrganizationsRootSessions.html
func TestRootSessionsEnd(t *testing.T) {
	t.Parallel()
	const audit, unlock = "IAMAuditRootUserCredentials", "S3UnlockBucketPolicy"
	for name, c := range map[string]struct {
		issuedTo string
		end      func(f *fixture)
		// what is left of the sessions for tasks on credentials, and for others
		audit, unlock bool
	}{
		"nothing":     {operator, func(*fixture) {}, true, true},
		"sessions":    {operator, func(f *fixture) { f.rootAccess(orgs.RootCredentials) }, true, false},
		"credentials": {operator, func(f *fixture) { f.rootAccess(orgs.RootSessions) }, true, true},
		"both":        {operator, func(f *fixture) { f.rootAccess() }, false, false},
		"trust": {operator, func(f *fixture) {
			f.put(keys.Organization(orgID), &records.Organization{Id: string(orgID), ManagementAccount: string(managementID), Root: rootID, FeatureSet: orgs.AllFeatures})
		}, false, false},
		"trust anew":          {operator, func(f *fixture) { f.put(keys.Organization(orgID), trusting(2)) }, false, false},
		"the member leaves":   {operator, func(f *fixture) { f.remove(keys.Membership(accountID)) }, false, false},
		"the operator leaves": {delegate, func(f *fixture) { f.remove(keys.Membership(delegateID)) }, false, false},
		"another organization": {operator, func(f *fixture) {
			other := trusting(1)
			other.Id = "o-other"
			f.put(keys.Organization("o-other"), other)
			f.put(keys.OrganizationNode("o-other", rootID), &records.OrganizationNode{Id: rootID})
			f.put(keys.RootFeatures("o-other"), &records.RootFeatures{Enabled: []string{orgs.RootCredentials, orgs.RootSessions}, Trusted: 1})
			f.put(keys.Membership(accountID), &records.Membership{Account: string(accountID), Organization: "o-other", Parent: rootID})
		}, false, false},
		"no delegate any more": {delegate, func(f *fixture) { f.put(keys.Organization(orgID), trusting(1)) }, false, false},
		"still a delegate":     {delegate, func(*fixture) {}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.rootAccess(orgs.RootCredentials, orgs.RootSessions)
			audits, unlocks := f.rootSession(c.issuedTo, audit), f.rootSession(c.issuedTo, unlock)
			f.caller(audits)
			f.caller(unlocks)
			c.end(f)
			for task, s := range map[string]struct {
				*sts.Credentials
				want bool
			}{audit: {audits, c.audit}, unlock: {unlocks, c.unlock}} {
				_, err := f.access.Caller(t.Context(), s.Session.AccessKeyID, s.SessionToken, s.Session.Issued)
				if s.want && err != nil || !s.want && !errors.Is(err, ErrUnknownKey) {
					t.Errorf("%s: %v, want that it goes on: %v", task, err, s.want)
				}
			}
		})
	}
}

// TestRootSessionOfNobody refuses a session that does not tell who began it, or that no task limits.
func TestRootSessionOfNobody(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.rootAccess(orgs.RootSessions)
	for _, s := range []sts.Request{
		{PolicyARNs: []string{"arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"}},
		{Session: sts.Session{IssuedTo: operator}, Policy: listOnly},
		{Session: sts.Session{IssuedTo: operator}, PolicyARNs: []string{"arn:aws:iam::aws:policy/AmazonS3FullAccess"}},
	} {
		s.Session.Kind, s.Session.Account, s.Duration = sts.AssumedRoot, accountID, time.Minute
		made, err := f.sts.Issue(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.access.Caller(t.Context(), made.Session.AccessKeyID, made.SessionToken, made.Session.Issued); !errors.Is(err, ErrUnknownKey) {
			t.Errorf("%v, want %v", err, ErrUnknownKey)
		}
	}
}
