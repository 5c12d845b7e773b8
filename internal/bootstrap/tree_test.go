package bootstrap

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
)

func files(names ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for _, name := range names {
		name, text, _ := strings.Cut(name, "=")
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestDirectoriesAreRead(t *testing.T) {
	t.Parallel()
	const a, b = "111122223333/", "444455556666/"
	f, err := ReadFS(files(
		"w/README.md=not part of it", "w/tests.yaml=", "w/other/x=",
		"w/"+a+"name=the first account\n", "w/"+a+"canonical-id="+canonicalA+"\n", "w/"+a+"email=a@example.com", "w/"+a+".gitignore=",
		"w/"+a+"public-access-block.json={}",
		"w/"+a+"policies/P.json={}",
		"w/"+a+"groups/g/attach=arn:aws:iam::aws:policy/ReadOnlyAccess # and\narn:aws:iam::111122223333:policy/P\n", "w/"+a+"groups/g/path=/x/", "w/"+a+"groups/g/In.json={}",
		"w/"+a+"users/u/groups=g\n", "w/"+a+"users/u/boundary=arn:aws:iam::111122223333:policy/P", "w/"+a+"users/u/In.json={}", "w/"+a+"users/v/attach=",
		"w/"+a+"roles/r/trust.json={}", "w/"+a+"roles/r/In.json={}", "w/"+a+"roles/r/boundary=arn:aws:iam::111122223333:policy/P",
		"w/"+a+"buckets/bkt/policy.json={}", "w/"+a+"buckets/bkt/acl.json={}", "w/"+a+"buckets/bkt/public-access-block.json={}", "w/"+a+"buckets/bkt/ownership=ObjectWriter\n",
		"w/"+a+"buckets/bkt/objects/k=x", "w/"+a+"buckets/bkt/objects/dir/k.json=x",
		"w/"+b+"name=second",
	), "w")
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) Content { return Content{File: a + name} }
	want := []Account{
		{
			Name: "the first account", ID: "111122223333", CanonicalID: canonicalA, Email: "a@example.com", Block: &Block{File: a + "public-access-block.json"},
			Policies: []Policy{{Name: "P", Content: at("policies/P.json")}},
			Groups: []Group{{Name: "g", Path: "/x/", Attach: []string{"arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::111122223333:policy/P"},
				Inline: []Inline{{"In", at("groups/g/In.json")}}}},
			Users: []User{{Name: "u", Groups: []string{"g"}, Boundary: "arn:aws:iam::111122223333:policy/P", Inline: []Inline{{"In", at("users/u/In.json")}}}, {Name: "v"}},
			Roles: []Role{{Name: "r", Trust: at("roles/r/trust.json"), Boundary: "arn:aws:iam::111122223333:policy/P", Inline: []Inline{{"In", at("roles/r/In.json")}}}},
			Buckets: []Bucket{{
				Name: "bkt", Ownership: "ObjectWriter", ACL: ACL{File: a + "buckets/bkt/acl.json"}, Policy: &Content{File: a + "buckets/bkt/policy.json"},
				Block:   &Block{File: a + "buckets/bkt/public-access-block.json"},
				Objects: []Object{{Key: "dir/k.json", File: a + "buckets/bkt/objects/dir/k.json"}, {Key: "k", File: a + "buckets/bkt/objects/k"}},
			}},
		},
		{Name: "second", ID: "444455556666"},
	}
	if diff := cmp.Diff(want, f.Accounts, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if text, err := f.document(at("policies/P.json")); err != nil || text != "{}" {
		t.Errorf("document = %s, %v", text, err)
	}
}

func TestDirectoriesAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ file, want string }{
		{"x=", "it has neither accounts.yaml nor a directory"},
		{"111122223333/polices/P.json={}", "111122223333/polices has no meaning there"},
		{"111122223333/policies/P.txt={}", "111122223333/policies/P.txt has no meaning there"},
		{"111122223333/policies/.json={}", "it has neither"}, // begins with a dot, and so leaves an account with nothing
		{"111122223333/users/u=", "111122223333/users/u has no meaning there"},
		{"111122223333/users/u/x/y.json={}", "111122223333/users/u/x has no meaning there"},
		{"111122223333/users/u/trust=", "111122223333/users/u/trust has no meaning there"},
		{"111122223333/groups/g/boundary=x", "111122223333/groups/g/boundary has no meaning there"},
		{"111122223333/roles/r/groups=x", "111122223333/roles/r/groups has no meaning there"},
		{"111122223333/roles/r/In.json={}", "role r: trust needs a document or a file"},
		{"111122223333/buckets/b/policy=x", "111122223333/buckets/b/policy has no meaning there"},
		{"111122223333/buckets/b/ownership=a b", "has 2 words, and not one"},
		{"111122223333/canonical-id=", "has 0 words, and not one"},
	} {
		f, err := ReadFS(files(test.file), ".")
		if strings.HasPrefix(test.want, "it has neither") && strings.HasPrefix(test.file, "1") {
			if err != nil || len(f.Accounts) != 1 || len(f.Accounts[0].Policies) != 0 {
				t.Errorf("%s = %v, %v", test.file, f, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "bootstrap directory .: ") {
			t.Errorf("%s = %v, want %q", test.file, err, test.want)
		}
	}
}

// TestDirectoryIsApplied applies a directory of the system, by its convention and by its accounts.yaml.
func TestDirectoryIsApplied(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, files(
		"111122223333/canonical-id="+canonicalA,
		`111122223333/users/u/In.json={"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`,
		`111122223333/buckets/bkt/policy.json={"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/u"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::bkt/*"}}`,
		`111122223333/buckets/bkt/acl.json={"Owner":{"ID":"`+canonicalA+`"},"Grants":[]}`,
		"111122223333/buckets/bkt/objects/a/b=content",
	)); err != nil {
		t.Fatal(err)
	}
	read := func() *fixture {
		t.Helper()
		file, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		f := newFixture(t)
		if err := Apply(t.Context(), f.Services, file, &strings.Builder{}); err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := read()
	r := &run{Services: f.Services}
	b, err := r.find(t.Context(), "bkt")
	if err != nil || b.Policy == "" || len(b.Acl) != 0 {
		t.Fatalf("bucket = %v, %v", b, err)
	}
	if o, err := f.Objects.Get(t.Context(), keys.BucketID(b.Id), "a/b", ""); err != nil || o.Size != 7 {
		t.Errorf("object = %v, %v", o, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "accounts.yaml"), []byte("accounts: [{name: only, id: \"444455556666\"}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	page, err := read().Accounts.List(t.Context(), ids.AccountID(""), 10)
	if err != nil || len(page.Accounts) != 1 || page.Accounts[0].Name != "only" {
		t.Errorf("accounts of accounts.yaml = %v, %v", page, err)
	}
	if _, err := Read(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("Read of nothing = %v", err)
	}
}

// FuzzReadFS reads a directory with one file.
func FuzzReadFS(f *testing.F) {
	f.Add("111122223333/users/u/groups", "a b # c")
	f.Add("accounts.yaml", "accounts: [{name: a, buckets: [{name: b, acl: {Grants: [{Grantee: {Type: Group, URI: x:y}}]}}]}]")
	f.Fuzz(func(t *testing.T, name, text string) {
		file, err := ReadFS(fstest.MapFS{name: &fstest.MapFile{Data: []byte(text)}}, ".")
		if err == nil && len(file.Accounts) == 0 {
			t.Error("a directory without accounts was read")
		}
	})
}
