package matrix_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// writers is the number of those who change other things of the account.
const writers = 2

// disturb starts writers that change users, policies, groups and buckets of the account home, none of
// which a way uses, so that what the server has cached of the account is forgotten and read again all
// the time. The function that it returns stops them.
func (h *theater) disturb(t *testing.T) (stop func()) {
	var (
		stopped atomic.Bool
		running sync.WaitGroup
		rounds  atomic.Int64
	)
	for i := range writers {
		running.Go(func() {
			name := fmt.Sprintf("writer-%d", i)
			for !stopped.Load() {
				if err := h.change(t.Context(), name); err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				rounds.Add(1)
			}
		})
	}
	return func() {
		stopped.Store(true)
		running.Wait()
		t.Logf("the writers made %d rounds", rounds.Load())
	}
}

// change makes things of this name, changes them, and removes them.
func (h *theater) change(ctx context.Context, name string) error {
	c := h.home.root
	arn := ptr(h.home.arn("iam", "policy/"+name))
	allow := document(allowActions)
	return all(
		step(ctx, c.iam.CreateUser, &iam.CreateUserInput{UserName: &name}),
		step(ctx, c.iam.CreateGroup, &iam.CreateGroupInput{GroupName: &name}),
		step(ctx, c.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: allow}),
		step(ctx, c.s3.CreateBucket, &s3.CreateBucketInput{Bucket: &name}),
		step(ctx, c.iam.AttachUserPolicy, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: arn}),
		step(ctx, c.iam.AddUserToGroup, &iam.AddUserToGroupInput{UserName: &name, GroupName: &name}),
		step(ctx, c.iam.PutUserPolicy, &iam.PutUserPolicyInput{UserName: &name, PolicyName: &name, PolicyDocument: allow}),
		step(ctx, c.iam.CreatePolicyVersion, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: document(denyActions), SetAsDefault: true}),
		step(ctx, c.s3.PutBucketPolicy, &s3.PutBucketPolicyInput{Bucket: &name, Policy: document(statement{
			Effect: "Allow", Principal: awsPrincipal(h.home.arn("iam", "user/"+name)), Action: "s3:ListBucket", Resource: "arn:aws:s3:::" + name,
		})}),
		step(ctx, c.s3.PutObject, &s3.PutObjectInput{Bucket: &name, Key: &name, Body: strings.NewReader(name)}),
		step(ctx, c.s3.DeleteObject, &s3.DeleteObjectInput{Bucket: &name, Key: &name}),
		step(ctx, c.s3.DeleteBucket, &s3.DeleteBucketInput{Bucket: &name}),
		step(ctx, c.iam.DeleteUserPolicy, &iam.DeleteUserPolicyInput{UserName: &name, PolicyName: &name}),
		step(ctx, c.iam.RemoveUserFromGroup, &iam.RemoveUserFromGroupInput{UserName: &name, GroupName: &name}),
		step(ctx, c.iam.DetachUserPolicy, &iam.DetachUserPolicyInput{UserName: &name, PolicyArn: arn}),
		step(ctx, c.iam.DeletePolicyVersion, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: ptr("v1")}),
		step(ctx, c.iam.DeletePolicy, &iam.DeletePolicyInput{PolicyArn: arn}),
		step(ctx, c.iam.DeleteGroup, &iam.DeleteGroupInput{GroupName: &name}),
		step(ctx, c.iam.DeleteUser, &iam.DeleteUserInput{UserName: &name}),
	)
}
