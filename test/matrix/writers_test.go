package matrix_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// writers is the number of those who change other things of the account.
const writers = 2

// disturb starts writers that change users, policies, groups and buckets of the account home, none of
// which a way uses. The function that it returns stops them.
func (h *theater) disturb(t *testing.T) (stop func()) {
	stops := make([]func(), writers)
	for i := range stops {
		name := fmt.Sprintf("writer-%d", i)
		stops[i] = repeat(t, name, func(int) error { return h.change(t.Context(), name) })
	}
	return func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// repeat does something again and again until it is stopped.
func repeat(t *testing.T, name string, do func(round int) error) (stop func()) {
	var (
		stopped atomic.Bool
		running sync.WaitGroup
		rounds  int
	)
	running.Go(func() {
		for !stopped.Load() {
			if err := do(rounds); err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			rounds++
		}
	})
	return func() {
		stopped.Store(true)
		running.Wait()
		t.Logf("%s made %d rounds", name, rounds)
	}
}

// touch changes what the readers' access depends on without changing their access: the user, group,
// policy or role of the scene, and its bucket. What the server has cached of them is forgotten and read
// again all the time, also while the way takes access away.
func (s *scene) touch(ctx context.Context, round int) error {
	c := s.home.root
	other := document(allowOthers)
	for _, change := range []steps{
		step(ctx, c.iam.PutUserPolicy, &iam.PutUserPolicyInput{UserName: &s.name, PolicyName: ptr("other"), PolicyDocument: other}),
		step(ctx, c.iam.PutGroupPolicy, &iam.PutGroupPolicyInput{GroupName: &s.name, PolicyName: ptr("other"), PolicyDocument: other}),
		step(ctx, c.iam.UpdateRole, &iam.UpdateRoleInput{RoleName: &s.name, Description: ptr(fmt.Sprint(round))}),
		s.addVersion(ctx, other),
		s.touchBucket(ctx, round%2 == 0),
	} {
		var missing *iamtypes.NoSuchEntityException // a way has some of these only
		if err := change(); err != nil && !errors.As(err, &missing) {
			return err
		}
	}
	return nil
}

// addVersion makes a version of the scene's policy that is not the default, and deletes it.
func (s *scene) addVersion(ctx context.Context, text *string) steps {
	return func() error {
		made, err := s.home.root.iam.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: s.policyARN(), PolicyDocument: text})
		if err != nil {
			return err
		}
		return s.deleteVersion(ctx, made.PolicyVersion.VersionId)()
	}
}

// touchBucket changes a setting that has no effect on who may read: whether policies may be public, or
// the bucket's ACL where the way is about public access blocks.
func (s *scene) touchBucket(ctx context.Context, on bool) steps {
	if s.blocks {
		id := ""
		if on {
			id = s.abroad.canonicalID
		}
		return s.putBucketACL(ctx, id)
	}
	return s.block(ctx, &types.PublicAccessBlockConfiguration{BlockPublicPolicy: &on})
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
