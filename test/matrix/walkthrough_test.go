package matrix_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/txtar"

	operators "crossgrant/internal/admin"
	"crossgrant/internal/bootstrap"
	"crossgrant/internal/questions"
	"crossgrant/test/servertest"
)

// The accounts of the walkthrough and who asks there. Administrators are IAM users with AdministratorAccess.
const (
	accountA = "111122223333"
	accountB = "380701114427"
	accountC = "444455556666" // a third one, which nothing is granted to

	canonicalA = "5df5b6014ae606808dcb64208aa09e4f19931b3123456e152c4dfa52d38bf8fd"
	canonicalB = "e280db54f21834544a8162b8fc5d23851972d31e1ae3560240156fa14d66b952"

	adminOfA = "arn:aws:iam::" + accountA + ":user/awssecadmin"
	userOfA  = "arn:aws:iam::" + accountA + ":user/plainuser" // without any policy
	adminOfB = "arn:aws:iam::" + accountB + ":user/awschild1admin"
	testUser = "arn:aws:iam::" + accountB + ":user/testuser"
	adminOfC = "arn:aws:iam::" + accountC + ":user/thirdadmin"
	unsigned = "anonymous"

	uploadRole = "arn:aws:iam::" + accountA + ":role/MyUploadRole"
	roleOfA    = "arn:aws:sts::" + accountA + ":assumed-role/MyUploadRole/testuser" // testuser through the role
)

// logs is the bucket of A. No answer is about the other keys in it: an object of A lies elsewhere, and nothing at vacant.
const (
	logs      = "awsseccookbook"
	elsewhere = "another/key.png"
	vacant    = "another/vacant.png"
)

const administrator = "arn:aws:iam::aws:policy/AdministratorAccess"

// walkthrough is a server that was started with one of the worlds of examples/checks, and whoever asks there.
type walkthrough struct {
	server   *servertest.Server
	operator *operators.Client
	clients  map[string]*client // by ARN
}

// newWalkthrough starts a server that ends with the test. A's administrator has uploaded an object elsewhere.
func newWalkthrough(t *testing.T, world string) *walkthrough {
	t.Helper()
	dir := t.TempDir()
	file, err := worldFile(dir, world)
	if err != nil {
		t.Fatal(err)
	}
	s := &walkthrough{server: startServer(t, "--bootstrap", file, "--record-allows", "100000"), clients: map[string]*client{}}
	if s.operator, err = operators.Dial(s.server.Data); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.signIn(t.Context()), s.fill(t.Context())); err != nil {
		t.Fatal(err)
	}
	return s
}

// worldFile writes the bootstrap file of a world of examples/checks with what the test adds to it: users of A, B and a
// third account whom the world may lack, and an access key for everyone.
func worldFile(dir, world string) (path string, err error) {
	if err := os.CopyFS(dir, os.DirFS("../../examples")); err != nil {
		return "", err
	}
	from := filepath.Join(dir, "checks", world)
	if archive, err := txtar.ParseFile(from + ".txtar"); err == nil {
		if err := errors.Join(os.Mkdir(from, 0o700), txtar.Write(archive, from)); err != nil {
			return "", err
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	file, err := bootstrap.Read(from)
	if err != nil {
		return "", err
	}
	file.Accounts = append(file.Accounts, bootstrap.Account{Name: "third", ID: accountC})
	for i := range file.Accounts {
		people(&file.Accounts[i])
	}
	text, err := yaml.MarshalWithOptions(file, yaml.OmitEmpty(), yaml.CustomMarshaler(cannedOrFile))
	path = filepath.Join(from, "accounts.yaml")
	return path, errors.Join(err, os.WriteFile(path, text, 0o600))
}

// cannedOrFile writes an ACL as bootstrap reads it: the worlds have canned ones, and files.
func cannedOrFile(a bootstrap.ACL) ([]byte, error) {
	if a.File != "" {
		return yaml.Marshal(map[string]string{"file": a.File})
	}
	return yaml.Marshal(a.Canned)
}

// people adds users to an account whom it lacks, and gives all of its users access keys.
func people(a *bootstrap.Account) {
	for _, who := range []string{adminOfA, userOfA, adminOfB, testUser, adminOfC} {
		account, name := ownerOf(who), who[strings.LastIndexByte(who, '/')+1:]
		there := false
		for i := range a.Users {
			there = there || a.Users[i].Name == name
		}
		if account != a.ID || there {
			continue
		}
		u := bootstrap.User{Name: name}
		if strings.HasSuffix(name, "admin") {
			u.Attach = []string{administrator}
		}
		a.Users = append(a.Users, u)
	}
	for i := range a.Users {
		a.Users[i].Profile = a.ID + "." + a.Users[i].Name
	}
}

// ownerOf returns the account of an ARN.
func ownerOf(name string) string { return strings.Split(name, ":")[4] }

// signIn makes the clients of everyone, and of testuser through A's role where there is one.
func (w *walkthrough) signIn(ctx context.Context) error {
	profiles, err := w.operator.Profiles(ctx)
	if err != nil {
		return err
	}
	for _, p := range profiles.Profiles {
		account, name, _ := strings.Cut(p.Name, ".")
		w.clients["arn:aws:iam::"+account+":user/"+name] = keyClient(w.server, p.AccessKeyID, p.SecretAccessKey)
	}
	w.clients[unsigned] = newClient(w.server, aws.AnonymousCredentials{})
	session, err := w.clients[testUser].sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(uploadRole), RoleSessionName: aws.String("testuser")})
	if err == nil {
		w.clients[roleOfA] = sessionClient(w.server, session.Credentials)
	}
	if denied, err := isDenied(err); err != nil || denied {
		return err
	}
	return nil
}

// fill has A's administrator upload an object.
func (w *walkthrough) fill(ctx context.Context) error {
	_, _, err := w.send(ctx, adminOfA, wish{action: "s3:PutObject", key: elsewhere})
	return err
}

// owner returns the canonical user ID of the account that owns an object.
func (w *walkthrough) owner(ctx context.Context, key string) (string, error) {
	page, err := w.clients[adminOfA].s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(logs), Prefix: &key, FetchOwner: aws.Bool(true)})
	if err != nil || len(page.Contents) != 1 {
		return "", fmt.Errorf("there is no object %s: %w", key, err)
	}
	return *page.Contents[0].Owner.ID, nil
}

// wish is a request that somebody can make.
type wish struct {
	action string // of IAM
	key    string // empty for what is about the bucket, or no bucket
	acl    string // the canned ACL that it is sent with
}

func (w wish) String() string {
	text := w.action
	if w.key != "" {
		text += " " + w.key
	}
	if w.acl != "" {
		text += " with " + w.acl
	}
	return text
}

// resource returns the ARN of what a wish is about.
func (w wish) resource() string {
	switch {
	case w.action == "sts:AssumeRole":
		return uploadRole
	case w.key == "":
		return "arn:aws:s3:::" + logs
	default:
		return "arn:aws:s3:::" + logs + "/" + w.key
	}
}

// send makes a request, and returns its ID and whether it was allowed. What is read is not looked at.
func (w *walkthrough) send(ctx context.Context, who string, request wish) (id string, allowed bool, err error) {
	c := w.clients[who]
	var metadata middleware.Metadata
	bucket := aws.String(logs)
	switch request.action {
	case "s3:PutObject":
		in := &s3.PutObjectInput{Bucket: bucket, Key: &request.key, Body: strings.NewReader("of " + who), ACL: s3types.ObjectCannedACL(request.acl)}
		out, failed := c.s3.PutObject(ctx, in)
		if err = failed; err == nil {
			metadata = out.ResultMetadata
		}
	case "s3:GetObject":
		out, failed := c.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &request.key})
		if err = failed; err == nil {
			metadata, err = out.ResultMetadata, out.Body.Close()
		}
	case "s3:DeleteObject":
		out, failed := c.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: &request.key})
		if err = failed; err == nil {
			metadata = out.ResultMetadata
		}
	case "s3:ListBucket":
		out, failed := c.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket})
		if err = failed; err == nil {
			metadata = out.ResultMetadata
		}
	case "s3:GetBucketAcl":
		out, failed := c.s3.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: bucket})
		if err = failed; err == nil {
			metadata = out.ResultMetadata
		}
	case "sts:AssumeRole":
		out, failed := c.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(uploadRole), RoleSessionName: aws.String("asked")})
		if err = failed; err == nil {
			metadata = out.ResultMetadata
		}
	default:
		return "", false, fmt.Errorf("%s is not a request that the test makes", request.action)
	}
	id, _ = awsmiddleware.GetRequestIDMetadata(metadata)
	var failed interface{ ServiceRequestID() string }
	if errors.As(err, &failed) {
		id = failed.ServiceRequestID()
	}
	var missing *s3types.NoSuchKey
	if errors.As(err, &missing) {
		return id, true, nil // who is told so is not denied
	}
	denied, err := isDenied(err)
	return id, !denied, err
}

// isDenied tells denials from other failures.
func isDenied(err error) (bool, error) {
	var answer interface{ HTTPStatusCode() int }
	switch {
	case err == nil:
		return false, nil
	case errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusForbidden:
		return true, nil
	default:
		return false, err
	}
}

// supposes returns whether a request would be allowed, without making it.
func (w *walkthrough) supposes(ctx context.Context, who string, request wish) (bool, error) {
	q := questions.Question{As: who, Action: request.action, Resource: request.resource()}
	if request.acl != "" {
		q.Context = append(q.Context, questions.Value{Key: "s3:x-amz-acl", Values: []string{request.acl}})
	}
	report, err := w.operator.Explain(ctx, q)
	return report.Allowed, err
}
