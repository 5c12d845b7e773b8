package acl

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"crossgrant/internal/ids"
)

const (
	idA = ids.CanonicalUserID("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	idB = ids.CanonicalUserID("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
	idC = ids.CanonicalUserID("cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc")
)

func to(id ids.CanonicalUserID, p Permission) Grant { return Grant{Grantee{ID: id}, p} }
func toGroup(g Group, p Permission) Grant           { return Grant{Grantee{Group: g}, p} }

// refusal returns err as an *Error; nil if err is nil.
func refusal(t *testing.T, err error) *Error {
	t.Helper()
	if err == nil {
		return nil
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is a %T", err)
	}
	return e
}

// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
func TestCanned(t *testing.T) {
	for name, c := range map[string]struct{ bucket, object []Grant }{
		"private":                   {nil, nil},
		"public-read":               {[]Grant{toGroup(AllUsers, Read)}, []Grant{toGroup(AllUsers, Read)}},
		"public-read-write":         {[]Grant{toGroup(AllUsers, Read), toGroup(AllUsers, Write)}, []Grant{toGroup(AllUsers, Read), toGroup(AllUsers, Write)}},
		"authenticated-read":        {[]Grant{toGroup(AuthenticatedUsers, Read)}, []Grant{toGroup(AuthenticatedUsers, Read)}},
		"aws-exec-read":             {[]Grant{to(awsExec, Read)}, []Grant{to(awsExec, Read)}},
		"bucket-owner-read":         {nil, []Grant{to(idB, Read)}},
		"bucket-owner-full-control": {nil, []Grant{to(idB, FullControl)}},
		"log-delivery-write": {
			[]Grant{toGroup(LogDelivery, Write), toGroup(LogDelivery, ReadACP)},
			[]Grant{toGroup(LogDelivery, Write), toGroup(LogDelivery, ReadACP)},
		},
	} {
		owner := to(idA, FullControl)
		for _, forBucket := range []bool{true, false} {
			want := append([]Grant{owner}, c.object...)
			if forBucket {
				want = append([]Grant{owner}, c.bucket...)
			}
			a, err := Canned(name, forBucket, idA, idB)
			if err != nil || a.Owner != idA || !reflect.DeepEqual(a.Grants, want) {
				t.Errorf("%s, bucket %v: got %v %v, want %v", name, forBucket, a, err, want)
			}
		}
	}
	// Owner and bucket owner are one: nothing is granted twice (unverified).
	for _, name := range []string{"bucket-owner-read", "bucket-owner-full-control"} {
		if a, err := Canned(name, false, idA, idA); err != nil || !reflect.DeepEqual(a, Private(idA)) {
			t.Errorf("%s: got %v %v", name, a, err)
		}
	}
	for _, name := range []string{"", "Private", "public", "bucket-owner-write"} {
		_, err := Canned(name, false, idA, idB)
		if got, want := refusal(t, err), (&Error{"InvalidArgument", "", "x-amz-acl", name}); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping
func TestGrants(t *testing.T) {
	bucket := map[Permission]string{
		Read:     "s3:ListBucket s3:ListBucketVersions s3:ListBucketMultipartUploads",
		Write:    "s3:PutObject",
		ReadACP:  "s3:GetBucketAcl",
		WriteACP: "s3:PutBucketAcl",
	}
	object := map[Permission]string{
		Read:     "s3:GetObject s3:GetObjectVersion",
		Write:    "",
		ReadACP:  "s3:GetObjectAcl s3:GetObjectVersionAcl",
		WriteACP: "s3:PutObjectAcl s3:PutObjectVersionAcl",
	}
	never := "s3:GetBucketPolicy s3:PutBucketPolicy s3:DeleteBucket s3:GetObjectTagging s3:PutObjectTagging s3:GetObjectRetention " +
		"s3:PutObjectLegalHold s3:GetBucketCORS s3:PutLifecycleConfiguration s3:GetObjectAttributes s3:DeleteObject s3:DeleteObjectVersion"
	permissions := []Permission{Read, Write, ReadACP, WriteACP, FullControl}
	for _, onBucket := range []bool{true, false} {
		own, other := bucket, object
		if !onBucket {
			own, other = object, bucket
		}
		for _, p := range permissions {
			for q, actions := range own {
				for _, action := range strings.Fields(actions) {
					if got, want := Grants(p, onBucket, action), p == q || p == FullControl; got != want {
						t.Errorf("%s, bucket %v, %s: got %v", p, onBucket, action, got)
					}
				}
			}
			for _, actions := range other {
				for _, action := range strings.Fields(actions) {
					if Grants(p, onBucket, action) {
						t.Errorf("%s, bucket %v, %s is granted", p, onBucket, action)
					}
				}
			}
			for _, action := range strings.Fields(never) {
				if Grants(p, onBucket, action) {
					t.Errorf("%s, bucket %v, %s is granted", p, onBucket, action)
				}
			}
		}
	}
}

// A grant to an account does not reach its principals by itself, a grant to a group does.
func TestEvaluate(t *testing.T) {
	a := ACL{Owner: idA, Grants: []Grant{
		to(idA, FullControl), to(idB, Read), toGroup(AuthenticatedUsers, ReadACP), toGroup(AllUsers, Read), toGroup(LogDelivery, Write), toGroup(AllUsers, Read),
	}}
	for _, c := range []struct {
		name  string
		r     Request
		index int // -1: none
		want  Strength
	}{
		{"owner's account", Request{Action: "s3:PutBucketAcl", OnBucket: true, Caller: idA}, 0, Account},
		{"the group is stronger than the account", Request{Action: "s3:ListBucket", OnBucket: true, Caller: idB}, 3, Direct},
		{"stranger", Request{Action: "s3:ListBucket", OnBucket: true, Caller: idC}, 3, Direct},
		{"anonymous", Request{Action: "s3:ListBucket", OnBucket: true}, 3, Direct},
		{"signed", Request{Action: "s3:GetBucketAcl", OnBucket: true, Caller: idC}, 2, Direct},
		{"not signed", Request{Action: "s3:GetBucketAcl", OnBucket: true}, -1, 0},
		{"log delivery", Request{Action: "s3:PutObject", OnBucket: true, LogDelivery: true}, 4, Direct},
		{"not log delivery", Request{Action: "s3:PutObject", OnBucket: true, Caller: idC}, -1, 0},
		{"not granted", Request{Action: "s3:PutBucketAcl", OnBucket: true, Caller: idB}, -1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := a.Evaluate(&c.r)
			if c.index < 0 {
				if got != (Match{}) {
					t.Fatalf("got %v", got)
				}
				return
			}
			if got.Grant != &a.Grants[c.index] || got.Strength != c.want {
				t.Errorf("got %v, want grant %d, %v", got, c.index, c.want)
			}
		})
	}
	if (ACL{}).Evaluate(&Request{Action: "s3:GetObject"}) != (Match{}) {
		t.Error("an empty ACL grants")
	}
}

// Who may overwrite and delete through WRITE on the bucket, which A owns: the documentation says the
// owners only, although Ceph's s3-tests let a grantee overwrite.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping
func TestEvaluateWrite(t *testing.T) {
	for _, p := range []Permission{Write, FullControl} {
		a := ACL{Owner: idA, Grants: []Grant{to(idA, p), to(idB, p), toGroup(AllUsers, p)}}
		for _, c := range []struct {
			action   string
			caller   ids.CanonicalUserID
			existing Existing
			want     bool
		}{
			{"s3:PutObject", idB, NoObject, true},
			{"s3:PutObject", idB, OwnObject, true},
			{"s3:PutObject", idB, ForeignObject, false},
			{"s3:PutObject", idA, ForeignObject, true},
			{"s3:PutObject", "", NoObject, true},
			{"s3:PutObject", "", OwnObject, true},
			{"s3:PutObject", "", ForeignObject, false},
			{"s3:DeleteObject", idB, OwnObject, true},
			{"s3:DeleteObject", idB, ForeignObject, false},
			{"s3:DeleteObject", idB, NoObject, false},
			{"s3:DeleteObject", idA, ForeignObject, true},
			{"s3:DeleteObject", idA, NoObject, true},
			{"s3:DeleteObject", "", OwnObject, true},
			{"s3:DeleteObject", "", NoObject, false},
			{"s3:DeleteObjectVersion", idA, ForeignObject, true},
			{"s3:DeleteObjectVersion", idB, OwnObject, false},
			{"s3:DeleteObjectVersion", "", OwnObject, false},
		} {
			got := a.Evaluate(&Request{Action: c.action, OnBucket: true, Caller: c.caller, Existing: c.existing})
			if (got.Grant != nil) != c.want {
				t.Errorf("%s: %s by %.1s, existing %d: got %v", p, c.action, c.caller, c.existing, got)
			}
		}
	}
	// In an object's ACL WRITE is stored and means nothing.
	a := ACL{Owner: idA, Grants: []Grant{to(idB, Write)}}
	for _, action := range []string{"s3:PutObject", "s3:DeleteObject", "s3:GetObject", "s3:PutObjectAcl"} {
		if got := a.Evaluate(&Request{Action: action, Caller: idB, Existing: OwnObject}); got.Grant != nil {
			t.Errorf("%s: got %v", action, got)
		}
	}
}

// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func TestPublic(t *testing.T) {
	for _, c := range []struct {
		grants []Grant
		public bool
		kept   int
	}{
		{nil, false, 0},
		{[]Grant{to(idA, FullControl), to(idB, Read)}, false, 2},
		{[]Grant{to(idA, FullControl), toGroup(LogDelivery, Write)}, false, 2},
		{[]Grant{to(idA, FullControl), toGroup(AllUsers, WriteACP)}, true, 1},
		{[]Grant{toGroup(AuthenticatedUsers, Read), to(idA, FullControl), toGroup(AllUsers, Read)}, true, 1},
	} {
		a := ACL{Owner: idA, Grants: c.grants}
		if got := a.Public(); got != c.public {
			t.Errorf("%v: public %v", c.grants, got)
		}
		b := a.IgnorePublic()
		if b.Public() || len(b.Grants) != c.kept || b.Owner != idA {
			t.Errorf("%v: without public grants %v", c.grants, b)
		}
	}
}

// Sources:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-ownership-error-responses.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
func TestOwnership(t *testing.T) {
	for _, c := range []struct {
		grants          []Grant
		only, bucketAll bool // A owns the object, B the bucket
	}{
		{nil, true, false},
		{[]Grant{to(idA, FullControl)}, true, false},
		{[]Grant{to(idA, FullControl), to(idA, Read)}, true, false},
		{[]Grant{to(idA, FullControl), to(idB, FullControl)}, false, true},
		{[]Grant{to(idB, FullControl)}, false, true},
		{[]Grant{to(idB, Read)}, false, false},
		{[]Grant{to(idB, FullControl), to(idA, Read)}, false, false},
		{[]Grant{to(idB, FullControl), to(idC, FullControl)}, false, false},
		{[]Grant{to(idB, FullControl), toGroup(AllUsers, FullControl)}, false, false},
		{[]Grant{to(idA, FullControl), toGroup(LogDelivery, Write)}, false, false},
	} {
		a := ACL{Owner: idA, Grants: c.grants}
		if got := a.OnlyOwner(idA); got != c.only {
			t.Errorf("%v: OnlyOwner %v", c.grants, got)
		}
		if got := a.IsBucketOwnerFullControl(idB); got != c.bucketAll {
			t.Errorf("%v: IsBucketOwnerFullControl %v", c.grants, got)
		}
	}
	canned, _ := Canned("bucket-owner-full-control", false, idA, idB)
	if !canned.IsBucketOwnerFullControl(idB) {
		t.Error("the canned ACL is not equal to itself")
	}
	if !Private(idB).IsBucketOwnerFullControl(idB) {
		t.Error("the bucket owner's own private object")
	}
}

func TestAccounts(t *testing.T) {
	a := ACL{Owner: idB, Grants: []Grant{to(idA, Read), to(idB, Read), toGroup(AllUsers, Read), to(awsExec, Read), to(idA, Write), to(idC, Read)}}
	if got, want := a.Accounts(), []ids.CanonicalUserID{idB, idA, idC}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	for source, name := range map[Source]string{Header: "id", Body: "CanonicalUser/ID"} {
		if got, want := UnknownAccount(idA, source), (&Error{"InvalidArgument", "Invalid id", name, string(idA)}); !reflect.DeepEqual(got, want) {
			t.Errorf("got %v", got)
		}
	}
}
