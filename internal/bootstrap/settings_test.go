package bootstrap

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

const canonicalA, canonicalB = "5df5b6014ae606808dcb64208aa09e4f19931b3123456e152c4dfa52d38bf8fd", "e280db54f21834544a8162b8fc5d23851972d31e1ae3560240156fa14d66b952"

// world is a file with what the accounts of a world have beside setting.
const world = `
accounts:
  - name: a
    id: "111122223333"
    canonical-id: ` + canonicalA + `
    public-access-block: {RestrictPublicBuckets: true}
    policies: [{name: Limit, document: {Version: "2012-10-17", Statement: {Effect: Allow, Action: s3:*, Resource: "*"}}}]
    users:
      - {name: u, boundary: arn:aws:iam::111122223333:policy/Limit, tags: {team: red, cost: 7}}
    roles:
      - name: r
        trust: {document: {Version: "2012-10-17", Statement: {Effect: Allow, Principal: {AWS: "444455556666"}, Action: sts:AssumeRole}}}
        boundary: arn:aws:iam::111122223333:policy/Limit
        tags: {team: red}
    buckets:
      - name: bucket
        ownership: ObjectWriter
        acl:
          Owner: {ID: ` + canonicalA + `, DisplayName: a}
          Grants:
            - {Grantee: {Type: CanonicalUser, ID: ` + canonicalB + `}, Permission: WRITE}
            - {Grantee: {Type: Group, URI: http://acs.amazonaws.com/groups/global/AllUsers}, Permission: READ}
        policy: {document: {Version: "2012-10-17", Statement: {Effect: Allow, Principal: {AWS: arn:aws:iam::444455556666:user/v}, Action: s3:GetObject, Resource: arn:aws:s3:::bucket/*}}}
        public-access-block: {IgnorePublicAcls: true}
        tags: {b: 2, a: 1}
        objects:
          - {key: own, text: x, acl: public-read, tags: {secret: no}}
          - {key: other, text: x, owner: "444455556666", acl: bucket-owner-read}
          - {key: granted, text: x, owner: "444455556666", acl: {Grants: [{Grantee: {Type: CanonicalUser, ID: ` + canonicalA + `}, Permission: READ}]}}
      - {name: empty, acl: {Grants: []}}
  - name: b
    id: "444455556666"
    canonical-id: ` + canonicalB + `
    users: [{name: v}]
`

func TestApplyMakesWorlds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	if _, err := f.apply(t, world); err != nil {
		t.Fatal(err)
	}
	u, err := f.IAM.User(ctx, owner, "u")
	if err != nil || u.Boundary != "arn:aws:iam::111122223333:policy/Limit" || len(u.Tags) != 2 || u.Tags[0].Key != "cost" || u.Tags[0].Value != "7" {
		t.Errorf("user = %+v, %v", u, err)
	}
	if r, err := f.IAM.Role(ctx, owner, "r"); err != nil || r.Boundary != u.Boundary || len(r.Tags) != 1 {
		t.Errorf("role = %+v, %v", r, err)
	}
	account := new(records.Account)
	if err := f.Store.View(ctx, func(r meta.Reader) error { return records.Get(r, keys.Account(owner), account) }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&records.PublicAccessBlock{RestrictPublicBuckets: true}, account.PublicAccessBlock, protocmp.Transform()); diff != "" {
		t.Errorf("block of the account: %s", diff)
	}
	r := &run{Services: f.Services}
	b, err := r.find(ctx, "bucket")
	if err != nil {
		t.Fatal(err)
	}
	v, err := f.IAM.User(ctx, "444455556666", "v")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.Policy, string(v.ID)) || strings.Contains(b.Policy, "user/v") {
		t.Errorf("the policy does not keep its principal by what it is: %s", b.Policy)
	}
	want := &records.Bucket{
		Acl: []*records.Grant{
			{CanonicalId: canonicalB, Permission: "WRITE"}, {GroupUri: "http://acs.amazonaws.com/groups/global/AllUsers", Permission: "READ"},
		},
		PublicAccessBlock: &records.PublicAccessBlock{IgnorePublicAcls: true},
		Tags:              []*records.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}},
	}
	if diff := cmp.Diff(want, &records.Bucket{Acl: b.Acl, PublicAccessBlock: b.PublicAccessBlock, Tags: b.Tags}, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if empty, err := r.find(ctx, "empty"); err != nil || len(empty.Acl) != 0 {
		t.Errorf("a bucket without grants has %v, %v", empty.GetAcl(), err)
	}
	for key, want := range map[string]*records.Object{
		"own":     {Owner: canonicalA, OwnerAccount: "111122223333", Tags: []*records.Tag{{Key: "secret", Value: "no"}}, Acl: []*records.Grant{{CanonicalId: canonicalA, Permission: "FULL_CONTROL"}, {GroupUri: "http://acs.amazonaws.com/groups/global/AllUsers", Permission: "READ"}}},
		"other":   {Owner: canonicalB, OwnerAccount: "444455556666", Acl: []*records.Grant{{CanonicalId: canonicalB, Permission: "FULL_CONTROL"}, {CanonicalId: canonicalA, Permission: "READ"}}},
		"granted": {Owner: canonicalB, OwnerAccount: "444455556666", Acl: []*records.Grant{{CanonicalId: canonicalA, Permission: "READ"}}},
	} {
		o, err := f.Objects.Get(ctx, keys.BucketID(b.Id), key, "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, &records.Object{Owner: o.Owner, OwnerAccount: o.OwnerAccount, Acl: o.Acl, Tags: o.Tags}, protocmp.Transform()); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
	before := f.dump(t)
	if progress, err := f.apply(t, world); err != nil || progress != "" || cmp.Diff(before, f.dump(t)) != "" {
		t.Errorf("a second Apply said %q, %v", progress, err)
	}
}

func TestWorldsAreRefused(t *testing.T) {
	t.Parallel()
	const bucket = "accounts:\n- name: a\n  id: \"111122223333\"\n  canonical-id: " + canonicalA + "\n  buckets: [{name: bbb, %}]\n- name: b\n  id: \"444455556666\"\n"
	const public = "policy: {document: {Version: \"2012-10-17\", Statement: {Effect: Allow, Principal: \"*\", Action: s3:GetObject, Resource: arn:aws:s3:::bbb/*}}}"
	grant := func(grantee string) string { return "acl: {Grants: [{Grantee: {" + grantee + "}, Permission: READ}]}" }
	for _, test := range []struct{ name, text, want string }{
		{"policy of another bucket", `policy: {document: {Version: "2012-10-17", Statement: {Effect: Allow, Principal: "*", Action: s3:GetObject, Resource: arn:aws:s3:::other/*}}}`, "bucket bbb: policy: "},
		{"policy for nobody", `policy: {document: {Version: "2012-10-17", Statement: {Effect: Allow, Principal: {AWS: arn:aws:iam::444455556666:user/none}, Action: s3:GetObject, Resource: arn:aws:s3:::bbb/*}}}`, "nvalid principal"},
		{"policy with an unknown element", `policy: {document: {Version: "2012-10-17", Statement: {Effect: Allow, Principal: "*", Action: s3:GetObject, Resource: arn:aws:s3:::bbb/*, Conditions: {Bool: {aws:SecureTransport: true}}}}}`, "bucket bbb: policy: "},
		{"grant to nobody", grant("Type: CanonicalUser, ID: " + canonicalB), "bucket bbb: acl: InvalidArgument: Invalid id"},
		{"grant to an unknown group", grant("Type: Group, URI: x"), "Invalid group uri"},
		{"grant by e-mail", grant("Type: AmazonCustomerByEmail, EmailAddress: a@example.com"), "MethodNotAllowed"},
		{"grant of another type", grant("Type: User, ID: " + canonicalA), "MalformedACLError"},
		{"unknown permission", "acl: {Grants: [{Grantee: {Type: CanonicalUser, ID: " + canonicalA + "}, Permission: DELETE}]}", "MalformedACLError"},
		{"another owner", "acl: {Owner: {ID: " + canonicalB + "}, Grants: []}", "to another owner"},
		{"ACL without ACLs", grant("Type: Group, URI: http://acs.amazonaws.com/groups/global/AllUsers") + ", ownership: BucketOwnerEnforced", "needs an ownership"},
		{"missing policy", "policy: {file: none.json}", "none.json"},
		{"reserved tag", "tags: {aws:x: y}", "System tags"},
		{"object of nobody", `objects: [{key: k, owner: "999999999999"}]`, "object k: owner: "},
		{"object of no account", `objects: [{key: k, owner: b}]`, "object k: owner: "},
		{"object of another, where there is none", `ownership: BucketOwnerEnforced, objects: [{key: k, owner: "444455556666"}]`, "it belongs to the account of the bucket"},
		{"object that is handed over", `ownership: BucketOwnerPreferred, objects: [{key: k, owner: "444455556666", acl: bucket-owner-full-control}]`, "it belongs to the account of the bucket"},
		{"object with an ACL without ACLs", `ownership: BucketOwnerEnforced, objects: [{key: k, acl: public-read}]`, "object k: acl: it needs an ownership"},
		{"too many tags", "objects: [{key: k, tags: {a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1, k: 1}}]", "Object tags cannot be greater than 10"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			if _, err := f.apply(t, strings.Replace(bucket, "%", test.text, 1)); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Apply = %v, want %q", err, test.want)
			}
		})
	}
	blocked := newFixture(t)
	blocked.Block = true
	if _, err := blocked.apply(t, strings.Replace(bucket, "%", public, 1)); err == nil || !strings.Contains(err.Error(), "its policy is public") {
		t.Errorf("a public policy where new buckets block public access = %v", err)
	}
	if _, err := blocked.apply(t, strings.Replace(bucket, "%", public+", public-access-block: {RestrictPublicBuckets: true}", 1)); err != nil {
		t.Errorf("a public policy where the file says what is blocked = %v", err)
	}
	for _, text := range []string{
		"accounts: [{name: a, public-access-block: {BlockPublicAcl: true}}]",
		"accounts: [{name: a, public-access-block: {blockPublicAcls: true}}]",
		"accounts: [{name: a, public-access-block: {file: f, BlockPublicAcls: true}}]",
		"accounts: [{name: a, buckets: [{name: bbb, acl: {}}]}]",
		"accounts: [{name: a, buckets: [{name: bbb, acl: [private]}]}]",
		"accounts: [{name: a, buckets: [{name: bbb, acl: {file: f, Grants: []}}]}]",
		"accounts: [{name: a, buckets: [{name: bbb, acl: {Grants: [{Grantee: {Type: Group, Uri: x}}]}}]}]",
		"accounts: [{name: a, buckets: [{name: bbb, policy: {}}]}]",
		"accounts: [{name: a, buckets: [{name: bbb, policy: {document: {}, file: f}}]}]",
		"accounts: [{name: a, users: [{name: u, tags: [x]}]}]",
	} {
		if _, err := parse([]byte(text)); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("parse(%s) = %v", text, err)
		}
	}
}

// TestConfigurationsAreStrict reads JSON files, as AWS's command line takes them.
func TestConfigurationsAreStrict(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := &File{source: folder(dir)}
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "c.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("{\n\t\"BlockPublicAcls\": true,\n\t\"RestrictPublicBuckets\":\ttrue\n}\n")
	if got, err := f.settings(&Block{File: "c.json"}); err != nil || !got.BlockPublicAcls || got.IgnorePublicAcls || !got.RestrictPublicBuckets {
		t.Errorf("settings = %v, %v", got, err)
	}
	for _, text := range []string{
		"", "BlockPublicAcls: true", `{"BlockPublicAcl":true}`, `{"blockpublicacls":true}`, `{"BlockPublicAcls":true,"BlockPublicAcls":false}`, `{"BlockPublicAcls":"yes"}`, `{"file":"c.json"}`, `[]`,
	} {
		write(text)
		if got, err := f.settings(&Block{File: "c.json"}); err == nil || !strings.Contains(err.Error(), "c.json") {
			t.Errorf("settings of %q = %v, %v", text, got, err)
		}
	}
	write(`{"Owner":{"ID":"` + canonicalA + `","DisplayName":"a:b"},"Grants":[{"Grantee":{"Type":"Group","URI":"http://acs.amazonaws.com/groups/global/AllUsers"},"Permission":"WRITE"}]}`)
	if got, err := f.list(ACL{File: "c.json"}, true, canonicalA, canonicalA); err != nil || len(got.Grants) != 1 || !got.Public() {
		t.Errorf("list = %v, %v", got, err)
	}
	for _, text := range []string{`{}`, `"private"`, `{"Grants":[],"Grants":[]}`, `{"Grants":[],"file":"x"}`, `{"Grants":[{"Grantee":{"Type":"Group","URI":"x","Id":"y"}}]}`} {
		write(text)
		if got, err := f.list(ACL{File: "c.json"}, true, canonicalA, canonicalA); err == nil {
			t.Errorf("list of %q = %v", text, got)
		}
	}
}
