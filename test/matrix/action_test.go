package matrix_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// action is a request that callers try.
type action int

const (
	putObject       action = iota // of a key that does not exist
	overwriteObject               // PutObject of one that does
	getObject
	deleteObject
	listBucket
	putObjectACL
	getBucketPolicy
	assumeRole
)

func (a action) String() string {
	return [...]string{
		"PutObject", "PutObject (replacing)", "GetObject", "DeleteObject", "ListBucket", "PutObjectAcl", "GetBucketPolicy", "AssumeRole",
	}[a]
}

// try makes the request of an action.
func (s *stage) try(ctx context.Context, who *caller, a action) error {
	c := s.world.client(who, &s.deny)
	var err error
	switch a {
	case putObject, overwriteObject:
		_, err = c.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.bucket, Key: ptr(s.ownKey(who, a)), Body: strings.NewReader("written")})
	case getObject:
		err = c.get(ctx, s.bucket, sharedKey)
	case deleteObject:
		_, err = c.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: ptr(s.ownKey(who, a))})
	case listBucket:
		_, err = c.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &s.bucket, MaxKeys: ptr(int32(1))})
	case putObjectACL:
		// The ACL that the object has already.
		header := s.world.grantHeader(s.grant.objectACL)
		_, err = c.s3.PutObjectAcl(ctx, &s3.PutObjectAclInput{
			Bucket: &s.bucket, Key: ptr(sharedKey), ACL: cannedUnless(s.grant.objectACL, types.ObjectCannedACLPrivate),
			GrantRead: header, GrantWriteACP: header,
		})
	case getBucketPolicy:
		_, err = c.s3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &s.bucket})
	case assumeRole:
		_, err = c.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &s.role, RoleSessionName: ptr("asked")})
	}
	return err
}

// answerOf returns status and code of an answer, and its message. An error that is no answer is
// returned as it is.
func answerOf(err error) (answer, message string) {
	var (
		api      smithy.APIError
		response *awshttp.ResponseError
	)
	switch {
	case err == nil:
		return "ok", ""
	case errors.As(err, &api) && errors.As(err, &response):
		return fmt.Sprintf("%d %s", response.HTTPStatusCode(), api.ErrorCode()), api.ErrorMessage()
	default:
		return err.Error(), ""
	}
}

// askAll asks as every caller, all at once.
func (s *stage) askAll(ctx context.Context, asked *tally) {
	var running sync.WaitGroup
	for _, who := range s.callers {
		running.Go(func() {
			for _, a := range s.actions {
				s.askOne(ctx, who, a, asked)
			}
		})
	}
	running.Wait()
}

// askOne makes one request and compares the answer.
func (s *stage) askOne(ctx context.Context, who *caller, a action, asked *tally) {
	v := judge(s.configuration, who, a)
	want := s.answer(who, a, v)
	got, message := answerOf(s.try(ctx, who, a))
	fault := ""
	switch {
	case got != want:
		fault = "want " + want
	case got == "403 AccessDenied":
		fault = s.wording(who, a, v, message)
	}
	if fault != "" {
		fault = fmt.Sprintf("%s: %s of %s: %s: got %s: %s; %s", s.configuration, who.kind, who.account, a, got, message, fault)
	}
	asked.add(got == "ok", fault)
}

// wording returns what is wrong with the message of a denial. S3 gives a reason to signed callers of the
// owner's account and organization, and to nobody else. STS tells callers of other accounts about their
// own policies alone; whether those of the organization hear more is not documented.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func (s *stage) wording(who *caller, a action, v verdict, message string) string {
	related := who.account == sibling
	reason := "because no "
	if v.explicit {
		reason = "with an explicit deny in "
	}
	switch {
	case a == assumeRole && (who.kind == root || related):
	case a == assumeRole && who.account != owner:
		for _, policy := range []string{"trust policy", "resource control policy", "resource-based policy"} {
			if strings.Contains(message, policy) {
				return "the message tells of another account's " + policy
			}
		}
	case who.account == owner || related:
		if !strings.HasPrefix(message, "User: arn:aws:") || !strings.Contains(message, reason) {
			return fmt.Sprintf("want a message with %q", reason)
		}
	case message != "Access Denied":
		return "want no reason"
	}
	return ""
}
