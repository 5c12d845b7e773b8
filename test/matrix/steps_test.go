package matrix_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// steps is one or more calls, not made yet.
type steps = func() error

// allowRead is a statement of an identity policy, bucketStatement one of a bucket policy, and allowUser
// one that names the scene's user.
func (s *scene) allowRead() statement {
	return statement{Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::" + s.name + "/*"}
}

func (s *scene) bucketStatement(effect string, principal any) statement {
	return statement{Effect: effect, Principal: principal, Action: "s3:GetObject", Resource: "arn:aws:s3:::" + s.name + "/*"}
}

func (s *scene) allowUser() statement {
	return s.bucketStatement("Allow", awsPrincipal(s.home.arn("iam", "user/"+s.name)))
}

// readAs has the readers sign as a caller does.
func (s *scene) readAs(c *client) steps {
	return func() error { s.reading = c.s3.Options().Credentials; return nil }
}

// readWith has them use credentials from the next request on.
func (s *scene) readWith(c aws.Credentials) {
	if now, ok := s.reading.(*current); ok {
		now.Store(&c)
		return
	}
	now := &current{}
	now.Store(&c)
	s.reading = now
}

// keyID is the access key ID that the readers use.
func (s *scene) keyID() *string { return &s.reading.(*current).Load().AccessKeyID }

// step makes a step of a call whose output does not matter.
func step[In, Out, Option any](ctx context.Context, call func(context.Context, *In, ...Option) (*Out, error), in *In) steps {
	return func() error { _, err := call(ctx, in); return err }
}

func (s *scene) createUser(ctx context.Context) steps {
	return func() error {
		return all(step(ctx, s.home.root.iam.CreateUser, &iam.CreateUserInput{UserName: &s.name}), s.createKey(ctx))
	}
}

func (s *scene) createKey(ctx context.Context) steps {
	return func() error {
		made, err := s.home.root.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &s.name})
		if err == nil {
			s.readWith(aws.Credentials{AccessKeyID: *made.AccessKey.AccessKeyId, SecretAccessKey: *made.AccessKey.SecretAccessKey})
		}
		return err
	}
}

func (s *scene) deleteKey(ctx context.Context) steps {
	return func() error {
		return step(ctx, s.home.root.iam.DeleteAccessKey, &iam.DeleteAccessKeyInput{UserName: &s.name, AccessKeyId: s.keyID()})()
	}
}

func (s *scene) updateKey(ctx context.Context, status iamtypes.StatusType) steps {
	return func() error {
		return step(ctx, s.home.root.iam.UpdateAccessKey, &iam.UpdateAccessKeyInput{UserName: &s.name, AccessKeyId: s.keyID(), Status: status})()
	}
}

func (s *scene) policyARN() *string { return ptr(s.home.arn("iam", "policy/"+s.name)) }

func (s *scene) createPolicy(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: &s.name, PolicyDocument: document(s.allowRead())})
}

// createVersion makes a version of the policy the default and sets id to its ID.
func (s *scene) createVersion(ctx context.Context, id *string, statements ...statement) steps {
	return func() error {
		made, err := s.home.root.iam.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{
			PolicyArn: s.policyARN(), PolicyDocument: document(statements...), SetAsDefault: true,
		})
		if err == nil {
			*id = *made.PolicyVersion.VersionId
		}
		return err
	}
}

func (s *scene) setVersion(ctx context.Context, id *string) steps {
	return step(ctx, s.home.root.iam.SetDefaultPolicyVersion, &iam.SetDefaultPolicyVersionInput{PolicyArn: s.policyARN(), VersionId: id})
}

func (s *scene) deleteVersion(ctx context.Context, id *string) steps {
	return step(ctx, s.home.root.iam.DeletePolicyVersion, &iam.DeletePolicyVersionInput{PolicyArn: s.policyARN(), VersionId: id})
}

func (s *scene) attach(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.AttachUserPolicy, &iam.AttachUserPolicyInput{UserName: &s.name, PolicyArn: s.policyARN()})
}

func (s *scene) detach(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.DetachUserPolicy, &iam.DetachUserPolicyInput{UserName: &s.name, PolicyArn: s.policyARN()})
}

func (s *scene) putUserPolicy(ctx context.Context, name string, statements ...statement) steps {
	return step(ctx, s.home.root.iam.PutUserPolicy, &iam.PutUserPolicyInput{UserName: &s.name, PolicyName: &name, PolicyDocument: document(statements...)})
}

func (s *scene) deleteUserPolicy(ctx context.Context, name string) steps {
	return step(ctx, s.home.root.iam.DeleteUserPolicy, &iam.DeleteUserPolicyInput{UserName: &s.name, PolicyName: &name})
}

func (s *scene) putBoundary(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.PutUserPermissionsBoundary, &iam.PutUserPermissionsBoundaryInput{
		UserName: &s.name, PermissionsBoundary: ptr(s.home.boundaries[silentPolicy]),
	})
}

func (s *scene) deleteBoundary(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.DeleteUserPermissionsBoundary, &iam.DeleteUserPermissionsBoundaryInput{UserName: &s.name})
}

func (s *scene) createGroup(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.CreateGroup, &iam.CreateGroupInput{GroupName: &s.name})
}

func (s *scene) joinGroup(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.AddUserToGroup, &iam.AddUserToGroupInput{GroupName: &s.name, UserName: &s.name})
}

func (s *scene) leaveGroup(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.RemoveUserFromGroup, &iam.RemoveUserFromGroupInput{GroupName: &s.name, UserName: &s.name})
}

func (s *scene) putGroupPolicy(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.PutGroupPolicy, &iam.PutGroupPolicyInput{GroupName: &s.name, PolicyName: ptr("read"), PolicyDocument: document(s.allowRead())})
}

func (s *scene) deleteGroupPolicy(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.DeleteGroupPolicy, &iam.DeleteGroupPolicyInput{GroupName: &s.name, PolicyName: ptr("read")})
}

func (s *scene) attachGroup(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.AttachGroupPolicy, &iam.AttachGroupPolicyInput{GroupName: &s.name, PolicyArn: s.policyARN()})
}

func (s *scene) detachGroup(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.DetachGroupPolicy, &iam.DetachGroupPolicyInput{GroupName: &s.name, PolicyArn: s.policyARN()})
}

// createRole makes the scene's role and has the readers use a session of it.
func (s *scene) createRole(ctx context.Context) steps {
	return func() error {
		if err := s.home.addRole(ctx, s.name); err != nil {
			return err
		}
		session, err := s.home.assume(ctx, s.name, workName, nil)
		if err != nil {
			return err
		}
		c, err := session.s3.Options().Credentials.Retrieve(ctx)
		s.readWith(c)
		return err
	}
}

// keepingOut makes a role anew, and fails if that lets in a session of the role that was deleted.
func (s *scene) keepingOut(ctx context.Context, create steps) steps {
	return func() error {
		old := *s.reading.(*current).Load()
		if err := create(); err != nil {
			return err
		}
		session := credentials.StaticCredentialsProvider{Value: old}
		if answer, _ := answerOf(s.read(ctx, newClient(s.server, session))); !strings.HasPrefix(answer, "403 ") {
			return fmt.Errorf("a session of the deleted role is answered %s", answer)
		}
		return nil
	}
}

func (s *scene) deleteRole(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.DeleteRole, &iam.DeleteRoleInput{RoleName: &s.name})
}

func (s *scene) putRolePolicy(ctx context.Context, statements ...statement) steps {
	return step(ctx, s.home.root.iam.PutRolePolicy, &iam.PutRolePolicyInput{RoleName: &s.name, PolicyName: ptr("read"), PolicyDocument: document(statements...)})
}

func (s *scene) deleteRolePolicy(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: &s.name, PolicyName: ptr("read")})
}

func (s *scene) bindRole(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.PutRolePermissionsBoundary, &iam.PutRolePermissionsBoundaryInput{
		RoleName: &s.name, PermissionsBoundary: ptr(s.home.boundaries[silentPolicy]),
	})
}

func (s *scene) unbindRole(ctx context.Context) steps {
	return step(ctx, s.home.root.iam.DeleteRolePermissionsBoundary, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &s.name})
}

func (s *scene) putBucketPolicy(ctx context.Context, statements ...statement) steps {
	return step(ctx, s.home.root.s3.PutBucketPolicy, &s3.PutBucketPolicyInput{Bucket: &s.name, Policy: document(statements...)})
}

func (s *scene) deleteBucketPolicy(ctx context.Context) steps {
	return step(ctx, s.home.root.s3.DeleteBucketPolicy, &s3.DeleteBucketPolicyInput{Bucket: &s.name})
}

// putObjectACL lets an account read the object; none if id is empty.
func (s *scene) putObjectACL(ctx context.Context, id string) steps {
	in := &s3.PutObjectAclInput{Bucket: &s.name, Key: ptr(objectKey), ACL: types.ObjectCannedACLPrivate}
	if id != "" {
		in.ACL, in.GrantRead = "", ptr("id="+id)
	}
	return step(ctx, s.home.root.s3.PutObjectAcl, in)
}

func (s *scene) publishObject(ctx context.Context) steps {
	return step(ctx, s.home.root.s3.PutObjectAcl, &s3.PutObjectAclInput{Bucket: &s.name, Key: ptr(objectKey), ACL: types.ObjectCannedACLPublicRead})
}

// putBucketACL lets an account list the bucket; none if id is empty.
func (s *scene) putBucketACL(ctx context.Context, id string) steps {
	in := &s3.PutBucketAclInput{Bucket: &s.name, ACL: types.BucketCannedACLPrivate}
	if id != "" {
		in.ACL, in.GrantRead = "", ptr("id="+id)
	}
	return step(ctx, s.home.root.s3.PutBucketAcl, in)
}

func (s *scene) own(ctx context.Context, ownership types.ObjectOwnership) steps {
	return step(ctx, s.home.root.s3.PutBucketOwnershipControls, &s3.PutBucketOwnershipControlsInput{
		Bucket: &s.name, OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: ownership}}},
	})
}

func (s *scene) block(ctx context.Context, b *types.PublicAccessBlockConfiguration) steps {
	return step(ctx, s.home.root.s3.PutPublicAccessBlock, &s3.PutPublicAccessBlockInput{Bucket: &s.name, PublicAccessBlockConfiguration: b})
}

func (s *scene) unblock(ctx context.Context) steps {
	return step(ctx, s.home.root.s3.DeletePublicAccessBlock, &s3.DeletePublicAccessBlockInput{Bucket: &s.name})
}
