package matrix_test

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// ways are all ways.
var ways = []way{
	{"detach the user's managed policy", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.detach(ctx), s.attach(ctx), all(s.createUser(ctx), s.createPolicy(ctx), s.attach(ctx))
	}},
	{"delete the user's inline policy", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.deleteUserPolicy(ctx, "read"), s.putUserPolicy(ctx, "read", s.allowRead()), all(s.createUser(ctx), s.putUserPolicy(ctx, "read", s.allowRead()))
	}},
	{"put an inline policy that denies", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.putUserPolicy(ctx, "deny", denyActions), s.deleteUserPolicy(ctx, "deny"), all(s.createUser(ctx), s.putUserPolicy(ctx, "read", s.allowRead()))
	}},
	{"remove the user from the group", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.leaveGroup(ctx), s.joinGroup(ctx), all(s.createUser(ctx), s.createGroup(ctx), s.putGroupPolicy(ctx), s.joinGroup(ctx))
	}},
	{"delete the group's inline policy", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.deleteGroupPolicy(ctx), s.putGroupPolicy(ctx), all(s.createUser(ctx), s.createGroup(ctx), s.putGroupPolicy(ctx), s.joinGroup(ctx))
	}},
	{"detach the group's managed policy", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.detachGroup(ctx), s.attachGroup(ctx), all(s.createUser(ctx), s.createPolicy(ctx), s.createGroup(ctx), s.attachGroup(ctx), s.joinGroup(ctx))
	}},
	{"make another version of the policy the default", func(ctx context.Context, s *scene) (steps, steps, error) {
		other := ""
		back := func() error { return all(s.setVersion(ctx, ptr("v1")), s.deleteVersion(ctx, &other)) }
		return s.createVersion(ctx, &other, allowOthers), back, all(s.createUser(ctx), s.createPolicy(ctx), s.attach(ctx))
	}},
	{"set a permissions boundary", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.putBoundary(ctx), s.deleteBoundary(ctx), all(s.createUser(ctx), s.putUserPolicy(ctx, "read", s.allowRead()))
	}},
	{"deactivate the access key", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.updateKey(ctx, iamtypes.StatusTypeInactive), s.updateKey(ctx, iamtypes.StatusTypeActive), all(s.createUser(ctx), s.putUserPolicy(ctx, "read", s.allowRead()))
	}},
	{"delete the access key", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.deleteKey(ctx), s.createKey(ctx), all(s.createUser(ctx), s.putUserPolicy(ctx, "read", s.allowRead()))
	}},
	{"delete the bucket policy", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.deleteBucketPolicy(ctx), s.putBucketPolicy(ctx, s.allowUser()), all(s.createUser(ctx), s.putBucketPolicy(ctx, s.allowUser()))
	}},
	{"replace the bucket policy", func(ctx context.Context, s *scene) (steps, steps, error) {
		other := s.bucketStatement("Allow", awsPrincipal(s.home.arn("iam", "user/"+plainName)))
		return s.putBucketPolicy(ctx, other), s.putBucketPolicy(ctx, s.allowUser()), all(s.createUser(ctx), s.putBucketPolicy(ctx, s.allowUser()))
	}},
	{"deny in the bucket policy", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.putBucketPolicy(ctx, s.bucketStatement("Deny", awsPrincipal(s.home.id))), s.deleteBucketPolicy(ctx),
			all(s.createUser(ctx), s.putUserPolicy(ctx, "read", s.allowRead()))
	}},
	{"delete the bucket policy for another account", func(ctx context.Context, s *scene) (steps, steps, error) {
		put := s.putBucketPolicy(ctx, s.bucketStatement("Allow", awsPrincipal(s.abroad.id)))
		return s.deleteBucketPolicy(ctx), put, all(s.readAs(s.abroad.callers[worker]), put)
	}},
	{"put a private ACL on the object", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.putObjectACL(ctx, ""), s.putObjectACL(ctx, s.abroad.canonicalID), all(s.readAs(s.abroad.root), s.putObjectACL(ctx, s.abroad.canonicalID))
	}},
	{"put a private ACL on the bucket", func(ctx context.Context, s *scene) (steps, steps, error) {
		s.read = s.listIt
		return s.putBucketACL(ctx, ""), s.putBucketACL(ctx, s.abroad.canonicalID), all(s.readAs(s.abroad.root), s.putBucketACL(ctx, s.abroad.canonicalID))
	}},
	{"put a private ACL on a public object", func(ctx context.Context, s *scene) (steps, steps, error) {
		s.reading = aws.AnonymousCredentials{}
		return s.putObjectACL(ctx, ""), s.publishObject(ctx), s.publishObject(ctx)()
	}},
	{"enforce the bucket owner's ownership", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.own(ctx, types.ObjectOwnershipBucketOwnerEnforced), s.own(ctx, types.ObjectOwnershipObjectWriter),
			all(s.readAs(s.abroad.root), s.putObjectACL(ctx, s.abroad.canonicalID))
	}},
	{"ignore public ACLs", func(ctx context.Context, s *scene) (steps, steps, error) {
		s.reading, s.blocks = aws.AnonymousCredentials{}, true
		return s.block(ctx, &types.PublicAccessBlockConfiguration{IgnorePublicAcls: ptr(true)}), s.unblock(ctx), s.publishObject(ctx)()
	}},
	{"restrict public buckets", func(ctx context.Context, s *scene) (steps, steps, error) {
		s.reading, s.blocks = aws.AnonymousCredentials{}, true
		return s.block(ctx, &types.PublicAccessBlockConfiguration{RestrictPublicBuckets: ptr(true)}), s.unblock(ctx),
			s.putBucketPolicy(ctx, s.bucketStatement("Allow", "*"))()
	}},
	{"delete the role's inline policy", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.deleteRolePolicy(ctx), s.putRolePolicy(ctx, s.allowRead()), all(s.createRole(ctx), s.putRolePolicy(ctx, s.allowRead()))
	}},
	{"revoke older sessions of the role", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.putRolePolicy(ctx, s.allowRead(), issuedBefore(time.Now().Add(time.Hour))),
			s.putRolePolicy(ctx, s.allowRead(), issuedBefore(time.Now().Add(-time.Hour))),
			all(s.createRole(ctx), s.putRolePolicy(ctx, s.allowRead()))
	}},
	{"set a permissions boundary of the role", func(ctx context.Context, s *scene) (steps, steps, error) {
		return s.bindRole(ctx), s.unbindRole(ctx), all(s.createRole(ctx), s.putRolePolicy(ctx, s.allowRead()))
	}},
	{"delete the role", func(ctx context.Context, s *scene) (steps, steps, error) {
		put := s.putBucketPolicy(ctx, s.bucketStatement("Allow", awsPrincipal(s.home.arn("iam", "role/"+s.name))))
		create := func() error { return all(s.createRole(ctx), put) }
		return s.deleteRole(ctx), s.keepingOut(ctx, create), create()
	}},
}

// issuedBefore is the statement by which the console revokes the sessions of a role.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
func issuedBefore(t time.Time) statement {
	return statement{
		Effect: "Deny", Action: "*", Resource: "*",
		Condition: map[string]any{"DateLessThan": map[string]string{"aws:TokenIssueTime": t.UTC().Format("2006-01-02T15:04:05.000Z")}},
	}
}
