package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"crossgrant/bench/sign"
	"crossgrant/test/servertest"
)

// logRequests makes a trail of the account that is measured, which logs all management and data events into a bucket of
// another account, with digest files.
func (s *started) logRequests(ctx context.Context) error {
	keeper, err := s.CreateAccount(ctx, "keeper")
	if err != nil {
		return err
	}
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},` +
		`"Action":["s3:GetBucketAcl","s3:PutObject"],"Resource":["arn:aws:s3:::s3bench-logs","arn:aws:s3:::s3bench-logs/*"]}]}`
	selectors := `{"TrailName":"all","EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":true,` +
		`"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}]}`
	theirs := trailCaller{s.Server, sign.Identity{AccessKeyID: keeper.AccessKeyID, SecretAccessKey: keeper.SecretAccessKey, Region: s.endpoint.Identity.Region}}
	ours := trailCaller{s.Server, s.endpoint.Identity}
	for _, step := range []func() error{
		func() error { return theirs.send(ctx, "s3", http.MethodPut, "/s3bench-logs", "", "") },
		func() error { return theirs.send(ctx, "s3", http.MethodPut, "/s3bench-logs?policy=", "", policy) },
		func() error {
			return ours.trail(ctx, "CreateTrail", `{"Name":"all","S3BucketName":"s3bench-logs","EnableLogFileValidation":true}`)
		},
		func() error { return ours.trail(ctx, "PutEventSelectors", selectors) },
		func() error { return ours.trail(ctx, "StartLogging", `{"Name":"all"}`) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("make a trail of account %s: %w", s.account, err)
		}
	}
	return nil
}

// trailCaller sends requests of one identity.
type trailCaller struct {
	server *servertest.Server
	id     sign.Identity
}

// trail calls an operation of CloudTrail.
func (c *trailCaller) trail(ctx context.Context, operation, body string) error {
	return c.send(ctx, "cloudtrail", http.MethodPost, "/", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."+operation, body)
}

func (c *trailCaller) send(ctx context.Context, service, method, path, target, body string) error {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+c.server.Address+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	hash := sign.PayloadHash([]byte(body))
	r.Header.Set("X-Amz-Content-Sha256", hash)
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	}
	credentials := aws.Credentials{AccessKeyID: c.id.AccessKeyID, SecretAccessKey: c.id.SecretAccessKey}
	if err := v4.NewSigner().SignHTTP(ctx, credentials, r, hash, service, c.id.Region, time.Now()); err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s %s: %s: %s", service, path, target, answer.Status, text)
	}
	return err
}
