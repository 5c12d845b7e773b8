package access

import (
	"testing"

	"crossgrant/internal/keys"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/records"
)

// asking is a cache that lets a request in as soon as it has forgotten, before the caches after it have.
type asking struct {
	forgetter
	ask func()
}

func (a asking) forget(written []string) {
	a.forgetter.forget(written)
	a.ask()
}

// TestRequestBetweenCachesKeepsNothingOld lets a request in at each moment of a change's becoming known.
// It may still be decided by what was before, but must not keep that for the requests after it.
func TestRequestBetweenCachesKeepsNothingOld(t *testing.T) {
	t.Parallel()
	f := newTree(t)
	for i, c := range f.access.caches {
		f.access.caches[i] = asking{c, func() {
			if _, err := f.ask(); err != nil {
				t.Error(err)
			}
		}}
	}
	user := &records.User{Name: "ann", Id: "AIDAANN", Path: "/", Groups: []string{"devs"}}
	group := &records.Group{Name: "devs", Id: "AGPADEVS", Path: "/", Attached: []string{"arn:aws:iam::aws:policy/AmazonS3FullAccess"}}
	account := &records.Account{Id: string(accountID), CanonicalId: "aa", Name: "A"}
	f.mustAllow(true)

	f.put(keys.Entity(accountID, keys.GroupKind, "devs"), &records.Group{Name: "devs", Id: "AGPADEVS", Path: "/"})
	f.mustAllow(false)
	f.put(keys.Entity(accountID, keys.GroupKind, "devs"), group)
	f.mustAllow(true)

	f.put(keys.Entity(accountID, keys.UserKind, "ann"), &records.User{Name: "ann", Id: "AIDAANN", Path: "/"})
	f.mustAllow(false)
	f.put(keys.Entity(accountID, keys.UserKind, "ann"), user)
	f.mustAllow(true)

	f.member.Scps = []string{managed.FullAWSAccess, "p-denyput"}
	f.put(keys.Membership(accountID), f.member)
	f.mustAllow(false)
	f.member.Scps = []string{managed.FullAWSAccess}
	f.put(keys.Membership(accountID), f.member)
	f.mustAllow(true)

	f.member.Scps = []string{managed.FullAWSAccess, "p-denyput"}
	f.put(keys.Membership(accountID), f.member)
	f.put(keys.OrganizationPolicy(orgID, "p-denyput"), &records.OrganizationPolicy{Id: "p-denyput", Type: managed.SCP, Content: allowAll})
	f.mustAllow(true)
	f.put(keys.OrganizationPolicy(orgID, "p-denyput"), &records.OrganizationPolicy{Id: "p-denyput", Type: managed.SCP, Content: denyPut})
	f.mustAllow(false)

	account.PublicAccessBlock = &records.PublicAccessBlock{IgnorePublicAcls: true}
	f.put(keys.Account(accountID), account)
	if b, err := f.access.Bucket(f.Context(), "b"); err != nil || !b.Block.IgnorePublicAcls {
		t.Errorf("the bucket is %+v, %v, want that it ignores public ACLs as its account says", b, err)
	}
}

// allowAll is a service control policy that denies nothing.
const allowAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
