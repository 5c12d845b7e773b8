package access

import (
	"testing"

	"crossgrant/internal/authz"
	"crossgrant/internal/keys"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/records"
)

// TestOrganizationBlock: the S3 policies of an organization set Block Public Access of an account's buckets, and
// what the account has set itself counts only where they set nothing.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_s3.html
func TestOrganizationBlock(t *testing.T) {
	t.Parallel()
	f := newTree(t)
	on := authz.PublicAccessBlock{BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true}
	own := authz.PublicAccessBlock{IgnorePublicAcls: true, RestrictPublicBuckets: true}
	off := authz.PublicAccessBlock{RestrictPublicBuckets: true}
	f.put(keys.Account(accountID), &records.Account{Id: string(accountID), CanonicalId: "aa", Name: "A", PublicAccessBlock: &records.PublicAccessBlock{IgnorePublicAcls: true}})
	f.put(keys.Bucket("b"), &records.Bucket{Name: "b", Id: make([]byte, 8), Account: string(accountID), CanonicalId: "aa", PublicAccessBlock: &records.PublicAccessBlock{RestrictPublicBuckets: true}})
	holds := func(want authz.PublicAccessBlock, byOrganization bool) {
		t.Helper()
		b, err := f.access.Bucket(f.Context(), "b")
		if err != nil || b.Block != want {
			t.Errorf("got %+v, %v, want %+v", b.Block, err, want)
		}
		_, set, err := f.access.AccountBlock(f.Context(), accountID)
		if err != nil || set != byOrganization {
			t.Errorf("the organization sets it: %v, %v, want %v", set, err, byOrganization)
		}
	}
	put := func(id, content string) {
		f.put(keys.OrganizationPolicy(orgID, id), &records.OrganizationPolicy{Id: id, Type: managed.S3, Content: content})
	}
	put("p-all", `{"s3_attributes":{"public_access_block_configuration":{"@@assign":"all"}}}`)
	put("p-none", `{"s3_attributes":{"public_access_block_configuration":{"@@assign":"none"}}}`)
	holds(own, false)
	f.root.S3Policies = []string{"p-all"}
	f.save()
	holds(own, false) // the type is not enabled
	f.root.PolicyTypes = append(f.root.PolicyTypes, managed.S3)
	f.save()
	holds(on, true)
	f.unit.S3Policies = []string{"p-none"}
	f.save()
	holds(off, true)
	f.member.S3Policies = []string{"p-all"}
	f.save()
	holds(on, true)
	f.member.S3Policies = nil
	f.save()
	holds(off, true)

	// The text changes where it is attached; what cannot be read, or is not there, blocks.
	put("p-none", `{"s3_attributes":{"public_access_block_configuration":{"@@operators_allowed_for_child_policies":["@@all"]}}}`)
	holds(on, true)
	put("p-none", `{"s3_attributes":{"public_access_block_configuration":{"@@assign":"none"}}}`)
	holds(off, true)
	for _, content := range []string{"{", denyPut, ""} {
		put("p-none", content)
		holds(on, true)
	}
	f.root.S3Policies, f.unit.S3Policies, f.member.S3Policies = []string{"p-gone"}, nil, nil
	f.save()
	holds(on, true)
	f.root.S3Policies = []string{"p-denyput"} // of another type
	f.save()
	holds(on, true)
	f.root.S3Policies = nil
	f.save()
	holds(own, false)

	// The management account is not exempt.
	f.put(keys.Organization(orgID), &records.Organization{Id: string(orgID), ManagementAccount: string(accountID), Root: rootID})
	f.root.S3Policies = []string{"p-all"}
	f.save()
	holds(on, true)
}
