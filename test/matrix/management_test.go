package matrix_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestManagementAccount attaches a service and a resource control policy that deny to the root of an
// organization: they bind the principals and the buckets of its members, and neither those of the
// management account nor principals from outside, but on the buckets of members.
//
// Sources: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html and
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
func TestManagementAccount(t *testing.T) {
	ctx := t.Context()
	server := startServer(t)
	tree, err := newOrganization(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	joined, err := newAccount(ctx, server, "joined")
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := newAccount(ctx, server, "foreign")
	if err != nil {
		t.Fatal(err)
	}
	anonymous := newClient(server, aws.AnonymousCredentials{})
	const managed, members = "bucket-of-management", "bucket-of-member"
	if err := all(
		func() error { return tree.join(ctx, joined) },
		func() error { return publish(ctx, tree.account.root, managed) },
		func() error { return publish(ctx, joined.root, members) },
	); err != nil {
		t.Fatal(err)
	}
	scp, rcp := tree.scps[denyPolicy], tree.rcp
	for _, attached := range [][]string{nil, {scp}, {rcp}, {scp, rcp}} {
		for _, policy := range attached {
			if err := tree.attachTo(ctx, tree.root, policy); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			name   string
			who    *client
			bucket string
			bound  []string // the policies that bind the request
		}{
			{"management account, own bucket", tree.account.root, managed, nil},
			{"management account, member's bucket", tree.account.root, members, []string{rcp}},
			{"member, own bucket", joined.root, members, []string{scp, rcp}},
			{"member, management account's bucket", joined.root, managed, []string{scp}},
			{"outsider, management account's bucket", foreign.root, managed, nil},
			{"outsider, member's bucket", foreign.root, members, []string{rcp}},
			{"anonymous, management account's bucket", anonymous, managed, nil},
			{"anonymous, member's bucket", anonymous, members, []string{rcp}},
		} {
			want := "ok"
			if slices.ContainsFunc(c.bound, func(policy string) bool { return slices.Contains(attached, policy) }) {
				want = "403 AccessDenied"
			}
			if got, message := answerOf(c.who.get(ctx, c.bucket, objectKey)); got != want {
				t.Errorf("%s, attached to the root: %v: got %s: %s, want %s", c.name, attached, got, message, want)
			}
		}
		for _, policy := range attached {
			if err := tree.detachFrom(ctx, tree.root, policy); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// publish makes a bucket with an object that everybody may read.
func publish(ctx context.Context, c *client, bucket string) error {
	return all(
		step(ctx, c.s3.CreateBucket, &s3.CreateBucketInput{Bucket: &bucket}),
		step(ctx, c.s3.PutObject, &s3.PutObjectInput{Bucket: &bucket, Key: ptr(objectKey), Body: strings.NewReader("read me")}),
		step(ctx, c.s3.PutBucketPolicy, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: document(statement{
			Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::" + bucket + "/*",
		})}),
	)
}
