package matrix_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/explain"
)

const bucketACLLayer = "bucket ACL"

// addedPolicy is the name of the inline policy that a remedy adds.
const addedPolicy = "Suggested"

// administratorOf returns the ARN of the administrator of an account.
func administratorOf(account string) string {
	return map[string]string{accountA: adminOfA, accountB: adminOfB, accountC: adminOfC}[account]
}

// resend returns a request as an edit says that it is to be sent.
func resend(request wish, e *explain.Edit) (wish, error) {
	for _, k := range e.Keys {
		if k.Name != "s3:x-amz-acl" || len(k.Values) != 1 {
			return request, fmt.Errorf("%s is not something that the test can send", k.Name)
		}
		request.acl = k.Values[0]
	}
	return request, nil
}

// addPolicy has the administrator of a user's or role's account write a policy into it.
func (w *walkthrough) addPolicy(ctx context.Context, e *explain.Edit) error {
	c := w.clients[administratorOf(ownerOf(e.On))].iam
	text, err := edited("", e)
	if err != nil {
		return err
	}
	name := aws.String(e.On[strings.LastIndexByte(e.On, '/')+1:])
	if strings.Contains(e.On, ":role/") {
		_, err = c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String(addedPolicy), PolicyDocument: &text})
	} else {
		_, err = c.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: name, PolicyName: aws.String(addedPolicy), PolicyDocument: &text})
	}
	return err
}

// bucketPolicy returns the bucket's policy, or an empty string.
func (w *walkthrough) bucketPolicy(ctx context.Context) (string, error) {
	got, err := w.clients[adminOfA].s3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String(logs)})
	var answer interface{ HTTPStatusCode() int }
	switch {
	case err == nil:
		return *got.Policy, nil
	case errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusNotFound:
		return "", nil
	default:
		return "", err
	}
}

// editBucketPolicy has A's administrator edit the bucket's policy, or make one.
func (w *walkthrough) editBucketPolicy(ctx context.Context, e *explain.Edit) error {
	before, err := w.bucketPolicy(ctx)
	if err != nil {
		return err
	}
	after, err := edited(before, e)
	if err != nil {
		return err
	}
	_, err = w.clients[adminOfA].s3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String(logs), Policy: &after})
	return err
}

// grantOnBucket has A's administrator add a grant to the bucket's ACL.
func (w *walkthrough) grantOnBucket(ctx context.Context, g *explain.Grant) error {
	c := w.clients[adminOfA].s3
	list, err := c.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: aws.String(logs)})
	if err != nil {
		return err
	}
	_, err = c.PutBucketAcl(ctx, &s3.PutBucketAclInput{
		Bucket: aws.String(logs), AccessControlPolicy: &s3types.AccessControlPolicy{Owner: list.Owner, Grants: append(list.Grants, granted(g))},
	})
	return err
}

// grantOnObject has the administrator of the account that owns an object add a grant to its ACL.
func (w *walkthrough) grantOnObject(ctx context.Context, key string, g *explain.Grant) error {
	for _, who := range []string{adminOfA, adminOfB} {
		c := w.clients[who].s3
		list, err := c.GetObjectAcl(ctx, &s3.GetObjectAclInput{Bucket: aws.String(logs), Key: &key})
		if denied, err := isDenied(err); err != nil {
			return err
		} else if denied {
			continue // the object is another account's
		}
		_, err = c.PutObjectAcl(ctx, &s3.PutObjectAclInput{
			Bucket: aws.String(logs), Key: &key,
			AccessControlPolicy: &s3types.AccessControlPolicy{Owner: list.Owner, Grants: append(list.Grants, granted(g))},
		})
		return err
	}
	return fmt.Errorf("neither account owns %s", key)
}

func granted(g *explain.Grant) s3types.Grant {
	to := &s3types.Grantee{Type: s3types.TypeCanonicalUser, ID: &g.ID}
	if g.Group != "" {
		to = &s3types.Grantee{Type: s3types.TypeGroup, URI: &g.Group}
	}
	return s3types.Grant{Grantee: to, Permission: s3types.Permission(g.Permission)}
}
