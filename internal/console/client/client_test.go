package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	control "github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

func newClient(h http.HandlerFunc, dry bool) *Client {
	return New(Options{
		API: h, Endpoint: "http://127.0.0.1:9000", Region: "us-east-1", Visitor: Visitor{RemoteAddr: "192.0.2.7:1234"},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""), Dry: dry,
	})
}

// TestDry holds that a dry client sends what reads, and nothing that writes, of any protocol.
func TestDry(t *testing.T) {
	t.Parallel()
	var sent []string
	c := newClient(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Method+" "+r.URL.Path)
		io.WriteString(w, `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>`)
	}, true)
	ctx := context.Background()
	for name, call := range map[string]func() error{
		"CreateUser": func() error {
			_, err := c.IAM().CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("ann")})
			return err
		},
		"AttachUserPolicy": func() error {
			_, err := c.IAM().AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: aws.String("ann"), PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")})
			return err
		},
		"CreateBucket": func() error {
			_, err := c.S3().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("b")})
			return err
		},
		"CopyObject": func() error {
			_, err := c.S3().CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), CopySource: aws.String("b/l")})
			return err
		},
		"DeleteObjects": func() error {
			_, err := c.S3().PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String("b"), Policy: aws.String("{}")})
			return err
		},
		"CreateAccount": func() error {
			_, err := c.Organizations().CreateAccount(ctx, &organizations.CreateAccountInput{AccountName: aws.String("n"), Email: aws.String("a@example.com")})
			return err
		},
		"CreateAnalyzer": func() error {
			_, err := c.Analyzer().CreateAnalyzer(ctx, &accessanalyzer.CreateAnalyzerInput{AnalyzerName: aws.String("n"), Type: types.TypeAccount})
			return err
		},
		"PutPublicAccessBlock": func() error {
			_, err := c.S3Control().PutPublicAccessBlock(ctx, &s3control.PutPublicAccessBlockInput{AccountId: aws.String("111122223333"), PublicAccessBlockConfiguration: &control.PublicAccessBlockConfiguration{}})
			return err
		},
		"AssumeRole": func() error {
			_, err := c.STS().AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::111122223333:role/r"), RoleSessionName: aws.String("s")})
			return err
		},
	} {
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(sent) != 0 {
		t.Errorf("a dry client sent %v", sent)
	}
	if _, err := c.S3().GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: aws.String("b")}); err != nil || len(sent) != 1 {
		t.Errorf("GetBucketLocation: %v, sent %v", err, sent)
	}
	if got := len(c.Commands()); got != 10 {
		t.Errorf("%d commands, want 10: %v", got, c.Commands())
	}
}

// TestTransport holds what requests carry, that bodies stream, and that errors are those of the API.
func TestTransport(t *testing.T) {
	t.Parallel()
	c := newClient(func(w http.ResponseWriter, r *http.Request) {
		if r.RemoteAddr != "192.0.2.7:1234" || r.Host != "127.0.0.1:9000" || !strings.Contains(r.UserAgent(), "crossgrant-console") {
			t.Errorf("request from %s to %s by %s", r.RemoteAddr, r.Host, r.UserAgent())
		}
		w.Header()["x-amz-request-id"] = []string{"REQUEST"}
		if strings.HasSuffix(r.URL.Path, "/missing") {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>REQUEST</RequestId></Error>")
			return
		}
		if strings.HasSuffix(r.URL.Path, "/cut") {
			io.WriteString(w, "half")
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, "content")
	}, false)
	ctx := context.Background()
	get := func(key string) (string, error) {
		out, err := c.S3().GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("b"), Key: &key})
		if err != nil {
			return "", err
		}
		defer out.Body.Close()
		text, err := io.ReadAll(out.Body)
		return string(text), err
	}
	if text, err := get("key"); text != "content" || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
	if text, err := get("cut"); err == nil {
		t.Errorf("half an answer was taken for a whole one: %q", text)
	}
	_, err := get("missing")
	var failure smithy.APIError
	if !errors.As(err, &failure) || failure.ErrorCode() != "AccessDenied" {
		t.Errorf("error %v, want AccessDenied", err)
	}
	var id interface{ ServiceRequestID() string }
	if !errors.As(err, &id) || id.ServiceRequestID() != "REQUEST" {
		t.Errorf("no request ID in %v", err)
	}
	link, err := s3.NewPresignClient(c.S3()).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
	if err != nil || !strings.HasPrefix(link.URL, "http://127.0.0.1:9000/b/k?") {
		t.Errorf("presigned %v, %v", link, err)
	}
	if got := len(c.Commands()); got != 3 {
		t.Errorf("commands %v: what is only signed is none", c.Commands())
	}
}
