package clients_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/test/servertest"
)

// caller is the root user of an account, who has the SDK and may run programs.
type caller struct {
	servertest.Account
	server *servertest.Server
	s3     *s3.Client
}

// newCaller makes an account.
func newCaller(ctx context.Context, server *servertest.Server, name string) (caller, error) {
	account, err := server.CreateAccount(ctx, name)
	if err != nil {
		return caller{}, err
	}
	client := s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + server.Address), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(account.AccessKeyID, account.SecretAccessKey, ""),
		HTTPClient:  &http.Client{Timeout: 15 * time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		Retryer:     aws.NopRetryer{},
	})
	return caller{Account: account, server: server, s3: client}, nil
}

// endpoint returns the address of the server as clients want it.
func (c *caller) endpoint() string { return "http://" + c.server.Address }

var bucketCount atomic.Int32

// bucketName returns a name that no bucket has.
func bucketName() string { return fmt.Sprintf("bucket-%d", bucketCount.Add(1)) }

// newBucket makes a bucket and returns its name.
func (c *caller) newBucket(t *testing.T) string {
	t.Helper()
	bucket := bucketName()
	if _, err := c.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	return bucket
}

// objects returns the content of all objects whose keys begin with prefix, by the rest of the key. It
// checks what is listed of each.
func (c *caller) objects(t *testing.T, bucket, prefix string) files {
	t.Helper()
	found := files{}
	pages := s3.NewListObjectsV2Paginator(c.s3, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix, MaxKeys: aws.Int32(3)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			content := c.object(t, bucket, *o.Key)
			if *o.Size != int64(len(content)) {
				t.Errorf("%s is listed with %d bytes and has %d", *o.Key, *o.Size, len(content))
			}
			found[strings.TrimPrefix(*o.Key, prefix)] = content
		}
	}
	return found
}

// object returns the content of an object.
func (c *caller) object(t *testing.T, bucket, key string) []byte {
	t.Helper()
	out, err := c.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatalf("GetObject %s: %v", key, err)
	}
	defer out.Body.Close()
	content, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	return content
}

// put makes an object.
func (c *caller) put(t *testing.T, bucket, key string, content []byte) {
	t.Helper()
	_, err := c.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(content)})
	if err != nil {
		t.Fatal(err)
	}
}

// shell runs programs, with nothing of the user's own settings.
type shell struct {
	dir string
	env []string
}

// newShell returns a shell in an empty folder, with the caller's keys as programs for AWS look for them.
func (c *caller) newShell(t *testing.T, env ...string) *shell {
	dir := t.TempDir()
	return &shell{dir: dir, env: append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "NO_PROXY=127.0.0.1", "LANG=C.UTF-8",
		"AWS_ACCESS_KEY_ID=" + c.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + c.SecretAccessKey, "AWS_DEFAULT_REGION=us-east-1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1",
	}, env...)}
}

// run runs a program that has to succeed and returns what it printed.
func (s *shell) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := s.try(t, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// try runs a program and returns what it printed.
func (s *shell) try(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir, command.Env = s.dir, s.env
	out, err := command.CombinedOutput()
	return string(out), err
}

// get requests a URL without any credentials.
func get(t *testing.T, url string) (status int, content []byte) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if content, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, content
}
