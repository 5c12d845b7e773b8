package matrix_test

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"crossgrant/test/servertest"
)

// client is the SDK's clients of one caller.
type client struct {
	s3            *s3.Client
	iam           *iam.Client
	sts           *sts.Client
	organizations *organizations.Client
}

// transport keeps a connection for every goroutine that asks.
var transport = &http.Client{
	Timeout:   time.Minute,
	Transport: &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256},
}

// newClient returns clients that sign with credentials and never try again.
func newClient(server *servertest.Server, provider aws.CredentialsProvider) *client {
	config := aws.Config{
		Region: "us-east-1", Credentials: provider, HTTPClient: transport,
		BaseEndpoint: aws.String("http://" + server.Address),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
	return &client{
		s3:  s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true }),
		iam: iam.NewFromConfig(config), sts: sts.NewFromConfig(config), organizations: organizations.NewFromConfig(config),
	}
}

func keyClient(server *servertest.Server, id, secret string) *client {
	return newClient(server, credentials.NewStaticCredentialsProvider(id, secret, ""))
}

func sessionClient(server *servertest.Server, c *ststypes.Credentials) *client {
	return newClient(server, credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken))
}

// get reads an object.
func (c *client) get(ctx context.Context, bucket, key string) error {
	out, err := c.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return err
	}
	return out.Body.Close()
}

// newAccount has an operator make an account.
func newAccount(ctx context.Context, server *servertest.Server, name string) (*member, error) {
	made, err := server.CreateAccount(ctx, name)
	if err != nil {
		return nil, err
	}
	return &member{
		server: server, id: made.ID, canonicalID: made.CanonicalID,
		root: keyClient(server, made.AccessKeyID, made.SecretAccessKey),
	}, nil
}

// all runs steps until one fails.
func all(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
