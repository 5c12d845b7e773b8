package objects

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

func TestCreateBucket(t *testing.T) {
	const legacy = "us-east-1"
	for _, test := range []struct {
		name          string
		account       ids.AccountID
		region, again string
		code, message string
	}{
		{"another account's", bob, legacy, legacy, "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."},
		{"own", alice, "eu-west-1", "eu-west-1", "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it."},
		{"own in another region", alice, "eu-west-1", legacy, "BucketAlreadyOwnedByYou", ""},
		{"own in us-east-1", alice, legacy, legacy, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			grants := []*records.Grant{{GroupUri: "everybody", Permission: "WRITE"}}
			b := NewBucket{Name: "pecan", Account: alice, Canonical: canonical(alice), Region: test.region, Ownership: "ObjectWriter", ACL: grants}
			if err := f.CreateBucket(ctx(t), b); err != nil {
				t.Fatal(err)
			}
			id := f.bucketID("pecan")
			b.Account, b.Canonical, b.Region, b.Ownership = test.account, canonical(test.account), test.again, "BucketOwnerEnforced"
			e := wantCode(t, f.CreateBucket(ctx(t), b), test.code)
			if e != nil {
				wantDetail(t, e, "BucketName", "pecan")
			}
			if test.message != "" && e.Message != test.message {
				t.Errorf("message %q, want %q", e.Message, test.message)
			}
			if f.bucketID("pecan") != id {
				t.Error("the bucket has another ID")
			}
			var acl string
			err := f.UpdateBucket(ctx(t), "pecan", func(b *records.Bucket, _ *records.Account) error {
				acl = fmt.Sprintln(b.Acl[0].CanonicalId == string(canonical(alice)), b.Acl[0].Permission, b.Ownership)
				return nil
			})
			want := "false WRITE ObjectWriter\n"
			if test.code == "" {
				want = "true FULL_CONTROL ObjectWriter\n" // reset, and only that
			}
			if err != nil || acl != want {
				t.Errorf("bucket has %q, %v; want %q", acl, err, want)
			}
		})
	}
}

func TestListBuckets(t *testing.T) {
	f := newFixture(t)
	f.createBucket("cashew", bob)
	f.createBucket("almond", alice)
	list, err := f.ListBuckets(ctx(t), alice)
	if err != nil || len(list) != 2 || list[0].Name != "almond" || list[1].Name != "walnut" {
		t.Errorf("got %v, %v; want almond and walnut", list, err)
	}
	if list[0].Region != "eu-west-1" || !list[0].Created.After(list[1].Created) {
		t.Errorf("got %v", list)
	}
	if list, err := f.ListBuckets(ctx(t), "333333333333"); len(list) != 0 || err != nil {
		t.Errorf("got %v, %v; want none", list, err)
	}
}

func TestTooManyBuckets(t *testing.T) {
	f := newFixture(t)
	f.opts.MaxBuckets = 2
	almond := f.createBucket("almond", alice)
	wantCode(t, f.CreateBucket(ctx(t), NewBucket{Name: "pecan", Account: alice}), "TooManyBuckets")
	f.createBucket("pecan", bob)
	if err := f.DeleteBucket(ctx(t), almond, "almond"); err != nil {
		t.Fatal(err)
	}
	f.createBucket("hazel", alice)
}

// TestBucketQuotaOfAnAccount is about what the operator set, and about accounts that are closed meanwhile.
func TestBucketQuotaOfAnAccount(t *testing.T) {
	f := newFixture(t)
	change := func(change func(*records.Account)) {
		t.Helper()
		err := f.store.Update(ctx(t), func(tx meta.Tx) error {
			a := new(records.Account)
			if err := records.Get(tx, keys.Account(alice), a); err != nil {
				return err
			}
			change(a)
			return records.Put(tx, keys.Account(alice), a)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	change(func(a *records.Account) { a.Quotas = map[string]int64{"BucketsPerAccount": 2} })
	f.createBucket("almond", alice)
	wantCode(t, f.CreateBucket(ctx(t), NewBucket{Name: "pecan", Account: alice}), "TooManyBuckets")
	change(func(a *records.Account) { a.Quotas = map[string]int64{"BucketsPerAccount": 3} })
	f.createBucket("pecan", alice)
	change(func(a *records.Account) { a.Quotas, a.Closed = nil, 1 })
	wantCode(t, f.CreateBucket(ctx(t), NewBucket{Name: "hazel", Account: alice}), "AccessDenied")
	wantCode(t, f.CreateBucket(ctx(t), NewBucket{Name: "hazel", Account: "333333333333"}), "AccessDenied")
}

func TestDeleteBucket(t *testing.T) {
	f := newFixture(t)
	wantDetail(t, wantCode(t, f.DeleteBucket(ctx(t), f.bucket, "absent"), "NoSuchBucket"), "BucketName", "absent")
	wantCode(t, f.DeleteBucket(ctx(t), f.bucket, strings.Repeat("long", 3000)), "NoSuchBucket")

	f.put("k", "x")
	wantDetail(t, wantCode(t, f.DeleteBucket(ctx(t), f.bucket, bucketName), "BucketNotEmpty"), "BucketName", bucketName)
	if _, err := f.Delete(ctx(t), Deletion{Bucket: f.bucket, BucketName: bucketName, Key: "k"}); err != nil {
		t.Fatal(err)
	}
	id := f.upload("k")
	f.part("k", id, 1, big("one", 500))
	f.part("k", id, 2, "small")
	f.part("other", f.upload("other"), 1, big("other", 500))
	if err := f.DeleteBucket(ctx(t), f.bucket, bucketName); err != nil {
		t.Fatal(err)
	}
	f.checkClean()
	if err := f.store.View(ctx(t), func(r meta.Reader) error {
		it := r.Scan([]byte{0}, nil)
		for it.Next() {
			if it.Key()[0] == 'A' {
				continue // the accounts themselves
			}
			t.Errorf("key %q is left", it.Key())
		}
		return it.Close()
	}); err != nil {
		t.Error(err)
	}
}

// TestRecreatedBucket wants that a bucket that was deleted and created again is another one.
func TestRecreatedBucket(t *testing.T) {
	f := newFixture(t)
	old := f.object("k")
	if err := f.DeleteBucket(ctx(t), f.bucket, bucketName); err != nil {
		t.Fatal(err)
	}
	f.bucket = f.createBucket(bucketName, bob)
	if bytes.Equal(old.Bucket[:], f.bucket[:]) {
		t.Fatal("the new bucket has the old ID")
	}
	_, err := f.Put(ctx(t), old, strings.NewReader(big("x", 500)))
	wantCode(t, err, "NoSuchBucket")
	_, err = f.Delete(ctx(t), Deletion{Bucket: old.Bucket, BucketName: bucketName, Key: "k"})
	wantCode(t, err, "NoSuchBucket")
	wantCode(t, f.CreateUpload(ctx(t), old.Bucket, bucketName, &records.Upload{Key: "k"}), "NoSuchBucket")
	wantDetail(t, wantCode(t, f.DeleteBucket(ctx(t), old.Bucket, bucketName), "NoSuchBucket"), "BucketName", bucketName)
	_, err = f.CompleteUpload(ctx(t), old, "id", []CompletedPart{{Number: 1}})
	wantCode(t, err, "NoSuchBucket")
	f.checkClean()
}

func TestUpdateBucket(t *testing.T) {
	f := newFixture(t)
	wantCode(t, f.UpdateBucket(ctx(t), "absent", nil), "NoSuchBucket")
	set := func(fail error) error {
		return f.UpdateBucket(ctx(t), bucketName, func(b *records.Bucket, owner *records.Account) error {
			if owner.Id != string(alice) {
				t.Errorf("the bucket belongs to account %q, want %s", owner.Id, alice)
			}
			b.Policy += "p"
			return fail
		})
	}
	if err := set(errInjected); err != errInjected {
		t.Errorf("got %v, want the error of change", err)
	}
	if err := set(nil); err != nil {
		t.Error(err)
	}
	if err := f.UpdateBucket(ctx(t), bucketName, func(b *records.Bucket, _ *records.Account) error {
		if b.Policy != "p" || keys.BucketID(b.Id) != f.bucket {
			t.Errorf("got %v", b)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
