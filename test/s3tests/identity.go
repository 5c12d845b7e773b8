package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/test/servertest"
)

// newUser makes a user of an account, who may use S3, and returns its access key.
func newUser(ctx context.Context, server *servertest.Server, a servertest.Account, name string) (*types.AccessKey, error) {
	client := iam.New(iam.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + server.Address),
		Credentials: credentials.NewStaticCredentialsProvider(a.AccessKeyID, a.SecretAccessKey, ""),
	})
	if _, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: &name}); err != nil {
		return nil, err
	}
	_, err := client.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{
		UserName: &name, PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonS3FullAccess"),
	})
	if err != nil {
		return nil, err
	}
	made, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		return nil, err
	}
	return made.AccessKey, nil
}

// audience is the client that the tokens are for.
const audience = "s3tests"

// identity makes the tokens of the worker and returns the settings of web identity. The worker's realm is
// named as the worker; issuer is not a setting of the suite but for s3tests_worker.py.
//
// The suite expects of the first token the claim app_id, and of the second one that its subject is of
// departments.
//
// Sources: s3tests.conf.SAMPLE and test_sts.py of the suite
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp
func (s *setting) identity() ([][2]string, error) {
	realm := "/auth/realms/" + s.worker
	claims := map[string]any{"sub": "subject", "aud": audience, "azp": audience, "app_id": audience}
	token, err := s.issuer.Token(realm, claims)
	if err != nil {
		return nil, err
	}
	claims["https://aws.amazon.com/tags"] = map[string]any{"principal_tags": map[string][]string{"Department": {"Engineering"}}}
	tagged, err := s.issuer.Token(realm, claims)
	if err != nil {
		return nil, err
	}
	return [][2]string{
		{"token", token}, {"aud", audience}, {"sub", "subject"}, {"azp", audience}, {"user_token", tagged},
		{"thumbprint", s.issuer.Thumbprint()}, {"KC_REALM", s.worker}, {"issuer", s.issuer.Host()},
	}, nil
}
