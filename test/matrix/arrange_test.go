package matrix_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func (c *configuration) String() string {
	return fmt.Sprintf("grant %q, deny %q, object of %s", c.grant.name, c.deny.name, c.objectOwner)
}

// stage is a configuration that is in place.
type stage struct {
	*configuration
	world   *world
	bucket  string
	role    string // ARN of the role to assume
	callers []*caller
}

const (
	groups = "http://acs.amazonaws.com/groups/global/"
	// sharedKey is the object that is read, and whose ACL is put. No request changes it.
	sharedKey = "shared"
	// keptKey is the object that is asked to be replaced or deleted by those who may not.
	keptKey = "kept"
)

// arrange makes a bucket, its objects and a role, with all that the configuration says of them.
func (w *world) arrange(ctx context.Context, c *configuration) (*stage, error) {
	w.count++
	s := &stage{
		configuration: c, world: w, bucket: fmt.Sprintf("matrix-%s-%d", w.name, w.count), callers: callersFor(c, w.accounts()),
	}
	s.role = w.members[owner].arn("iam", "role/"+s.bucket)
	return s, all(
		func() error {
			_, err := s.owner().s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &s.bucket})
			return err
		},
		func() error { return s.putObjects(ctx) },
		func() error { return s.putBucketACL(ctx, c.grant.bucketACL) },
		func() error { return s.putPolicy(ctx) },
		func() error { return s.putSetting(ctx) },
		func() error { return s.createRole(ctx) },
	)
}

func (s *stage) owner() *client { return s.world.members[owner].root }

// grantHeader returns the header that grants something to a grantee, or nil.
func (w *world) grantHeader(g grantee) *string {
	switch g {
	case accounts:
		var ids []string
		for _, a := range w.accounts() {
			ids = append(ids, `id="`+w.members[a].canonicalID+`"`)
		}
		return ptr(strings.Join(ids, ", "))
	case allUsers:
		return ptr(`uri="` + groups + `AllUsers"`)
	case authenticatedUsers:
		return ptr(`uri="` + groups + `AuthenticatedUsers"`)
	default:
		return nil
	}
}

// cannedUnless returns the canned ACL private for a grantee that is nobody.
func cannedUnless[T ~string](g grantee, private T) T {
	if g == noGrantee {
		return private
	}
	return ""
}

func (s *stage) putBucketACL(ctx context.Context, g grantee) error {
	header := s.world.grantHeader(g)
	_, err := s.owner().s3.PutBucketAcl(ctx, &s3.PutBucketAclInput{
		Bucket: &s.bucket, ACL: cannedUnless(g, types.BucketCannedACLPrivate), GrantRead: header, GrantWrite: header,
	})
	return err
}

// putObjects has the objects' owner upload them: the one that is read, the one that is not to be
// replaced or deleted, and one for each caller that may.
func (s *stage) putObjects(ctx context.Context) error {
	if s.objectOwner != owner {
		if err := s.putBucketACL(ctx, accounts); err != nil {
			return err
		}
	}
	writer := s.world.members[s.objectOwner].root.s3
	header := s.world.grantHeader(s.grant.objectACL)
	_, err := writer.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &s.bucket, Key: ptr(sharedKey), Body: strings.NewReader("read me"), GrantRead: header, GrantWriteACP: header,
	})
	for _, key := range s.ownKeys() {
		if err == nil {
			_, err = writer.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: strings.NewReader("replace me")})
		}
	}
	return err
}

// ownKeys returns the keys that requests will replace or delete, and keptKey.
func (s *stage) ownKeys() []string {
	keys := []string{keptKey}
	for _, who := range s.callers {
		for _, a := range []action{overwriteObject, deleteObject} {
			if slices.Contains(s.actions, a) && judge(s.configuration, who, a).allowed {
				keys = append(keys, s.ownKey(who, a))
			}
		}
	}
	return keys
}

// ownKey is the key that a caller writes, replaces or deletes.
func (s *stage) ownKey(who *caller, a action) string {
	if a != putObject && !judge(s.configuration, who, a).allowed {
		return keptKey
	}
	return fmt.Sprintf("%s/%d/%d", a, who.account, who.kind)
}

// putPolicy puts the bucket's policy, if grant or deny has a statement.
func (s *stage) putPolicy(ctx context.Context) error {
	resources := []string{"arn:aws:s3:::" + s.bucket, "arn:aws:s3:::" + s.bucket + "/*"}
	statements := s.statements("s3:*", resources)
	if len(statements) == 0 {
		return nil
	}
	_, err := s.owner().s3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &s.bucket, Policy: document(statements...)})
	return err
}

// statements returns those of the bucket policy or trust policy.
func (s *stage) statements(action string, resource any) []statement {
	var out []statement
	if p := s.grant.policy; p != noStatement {
		out = append(out, statement{Effect: "Allow", Principal: s.world.allowed(p), Action: action, Resource: resource})
	}
	if p := s.deny.policy; p != noStatement {
		out = append(out, statement{Effect: "Deny", Principal: s.world.denied(p), Action: action, Resource: resource})
	}
	return out
}

// putSetting changes the setting that the deny is about.
func (s *stage) putSetting(ctx context.Context) (err error) {
	var block types.PublicAccessBlockConfiguration
	switch s.deny.setting {
	case noSetting:
		return nil
	case enforced:
		_, err = s.owner().s3.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{
			Bucket: &s.bucket, OwnershipControls: &types.OwnershipControls{
				Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}},
			},
		})
		return err
	case ignorePublicACLs:
		block.IgnorePublicAcls = ptr(true)
	case restrictPublicBuckets:
		block.RestrictPublicBuckets = ptr(true)
	}
	_, err = s.owner().s3.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: &s.bucket, PublicAccessBlockConfiguration: &block})
	return err
}

// createRole makes the role to assume. A trust policy has to name somebody: without a grant it is a
// service.
func (s *stage) createRole(ctx context.Context) error {
	if !slices.Contains(s.actions, assumeRole) {
		return nil
	}
	statements := s.statements("sts:AssumeRole", nil)
	if s.grant.policy == noStatement {
		statements = append(statements, statement{
			Effect: "Allow", Principal: map[string]string{"Service": "ec2.amazonaws.com"}, Action: "sts:AssumeRole",
		})
	}
	_, err := s.owner().iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &s.bucket, AssumeRolePolicyDocument: document(statements...)})
	return err
}

// impose puts in place what a deny says of principals and accounts, and returns what takes it away.
func (w *world) impose(ctx context.Context, d *deny) (lift func() error, err error) {
	var steps, lifts []func() error
	for _, a := range w.accounts() {
		m := w.members[a]
		if d.identity == denyPolicy {
			steps = append(steps, func() error { return m.denyPrincipals(ctx) })
			lifts = append(lifts, func() error { return m.undenyPrincipals(ctx) })
		}
		if d.boundary != noPolicy {
			steps = append(steps, func() error { return m.bindPrincipals(ctx, m.boundaries[d.boundary]) })
			lifts = append(lifts, func() error { return m.unbindPrincipals(ctx) })
		}
		if d.scp != noPolicy && a != outsider {
			steps = append(steps, func() error { return w.tree.control(ctx, m, d.scp) })
			lifts = append(lifts, func() error { return w.tree.uncontrol(ctx, m, d.scp) })
		}
		if d.rcp != noPolicy && a == owner {
			steps = append(steps, func() error { return w.tree.guard(ctx, m) })
			lifts = append(lifts, func() error { return w.tree.unguard(ctx, m) })
		}
	}
	return func() error { return all(lifts...) }, all(steps...)
}

var (
	userNames = []string{adminName, plainName, workerName}
	roleNames = []string{roleName, bareName}
)

func (m *member) denyPrincipals(ctx context.Context) error {
	for _, name := range userNames {
		if _, err := m.root.iam.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: ptr("deny"), PolicyDocument: document(denyActions)}); err != nil {
			return err
		}
	}
	for _, name := range roleNames {
		if _, err := m.root.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: ptr("deny"), PolicyDocument: document(denyActions)}); err != nil {
			return err
		}
	}
	return nil
}

func (m *member) undenyPrincipals(ctx context.Context) error {
	for _, name := range userNames {
		if _, err := m.root.iam.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &name, PolicyName: ptr("deny")}); err != nil {
			return err
		}
	}
	for _, name := range roleNames {
		if _, err := m.root.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: ptr("deny")}); err != nil {
			return err
		}
	}
	return nil
}

func (m *member) bindPrincipals(ctx context.Context, boundary string) error {
	for _, name := range userNames {
		if _, err := m.root.iam.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: &name, PermissionsBoundary: &boundary}); err != nil {
			return err
		}
	}
	for _, name := range roleNames {
		if _, err := m.root.iam.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &name, PermissionsBoundary: &boundary}); err != nil {
			return err
		}
	}
	return nil
}

func (m *member) unbindPrincipals(ctx context.Context) error {
	for _, name := range userNames {
		if _, err := m.root.iam.DeleteUserPermissionsBoundary(ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: &name}); err != nil {
			return err
		}
	}
	for _, name := range roleNames {
		if _, err := m.root.iam.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &name}); err != nil {
			return err
		}
	}
	return nil
}
