package main

import (
	"context"
	"strings"

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

// audience is the client that the tokens are for, and realms the path of the suite's issuers; a worker's
// realm is named as the worker.
const (
	audience = "s3tests"
	realms   = "/auth/realms/"
)

// thumbprint is that of no certificate: the issuer has none.
const thumbprint = "0000000000000000000000000000000000000000"

// identity makes the tokens of the worker and returns the settings of web identity. The last one is not
// the suite's but for s3tests_worker.py.
//
// The suite expects of its first token the claim app_id, and of the second one that the subject is of a
// department.
//
// Sources: s3tests.conf.SAMPLE and test_sts.py of the suite
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp
func (s *setting) identity() ([][2]string, error) {
	claims := map[string]any{"sub": "subject", "aud": audience, "azp": audience, "app_id": audience}
	token, err := s.issuer.Token(claims)
	if err != nil {
		return nil, err
	}
	claims["https://aws.amazon.com/tags"] = map[string]any{"principal_tags": map[string][]string{"Department": {"Engineering"}}}
	tagged, err := s.issuer.Token(claims)
	if err != nil {
		return nil, err
	}
	host := strings.TrimSuffix(strings.TrimPrefix(s.issuer.URL, "http://"), realms+s.worker)
	return [][2]string{
		{"token", token}, {"aud", audience}, {"sub", "subject"}, {"azp", audience}, {"user_token", tagged},
		{"thumbprint", thumbprint}, {"KC_REALM", s.worker}, {"issuer", host},
	}, nil
}
