package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/accounts"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/kms"
	"crossgrant/internal/sigv4"
)

// caller signs requests with some credentials.
type caller struct {
	id, secret, token string
}

// closingServer is a whole server over an open folder.
type closingServer struct {
	*closureWorld
	*httptest.Server
}

// send sends one request, signed by c unless that is nil, and returns status and body of the answer.
func (s *closingServer) send(c *caller, service, method, target, host string, headers map[string]string, body string) (int, string) {
	s.Helper()
	r, err := http.NewRequest(method, s.URL+target, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	if c != nil {
		hash := sha256.Sum256([]byte(body))
		payload := hex.EncodeToString(hash[:])
		signer := c.signer(service)
		neutral := &sigv4.Request{Method: method, RawPath: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.URL.Host, Header: map[string][]string(r.Header.Clone())}
		signer.Sign(neutral, payload, time.Now())
		r.Header = neutral.Header
	}
	answer, err := s.Client().Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func (c *caller) signer(service string) sigv4.Signer {
	signer := sigv4.Signer{AccessKeyID: c.id, Secret: sigv4.NewSecret(c.secret), SessionToken: c.token, Region: "us-east-1", Service: service}
	if service != "s3" {
		signer.Dialect = sigv4.Query
	}
	return signer
}

// s3 sends a request to S3.
func (s *closingServer) s3(c *caller, method, target string, headers map[string]string, body string) (int, string) {
	s.Helper()
	return s.send(c, "s3", method, target, "", headers, body)
}

// assume assumes a role and returns the credentials of the session, or the answer that refuses it.
func (s *closingServer) assume(c *caller, role string) (*caller, string) {
	s.Helper()
	return s.temporary(c, "AssumeRole", url.Values{"RoleArn": {role}, "RoleSessionName": {"session"}})
}

// temporary asks STS for temporary credentials.
func (s *closingServer) temporary(c *caller, action string, form url.Values) (*caller, string) {
	s.Helper()
	form.Set("Action", action)
	form.Set("Version", "2011-06-15")
	status, text := s.send(c, "sts", "POST", "/", "", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, form.Encode())
	if status != http.StatusOK {
		return nil, text
	}
	var out struct {
		Result struct {
			ID     string `xml:"Credentials>AccessKeyId"`
			Secret string `xml:"Credentials>SecretAccessKey"`
			Token  string `xml:"Credentials>SessionToken"`
		} `xml:",any"`
	}
	s.must(xml.NewDecoder(bytes.NewReader([]byte(text))).Decode(&out))
	return &caller{out.Result.ID, out.Result.Secret, out.Result.Token}, ""
}

// presign returns the target of a presigned URL.
func (s *closingServer) presign(c *caller, target string) string {
	s.Helper()
	u, err := url.Parse(s.URL)
	s.must(err)
	r := &sigv4.Request{Method: "GET", RawPath: target, Host: u.Host, Header: map[string][]string{}}
	signer := c.signer("s3")
	signer.Presign(r, "UNSIGNED-PAYLOAD", time.Now(), time.Hour)
	return target + "?" + r.RawQuery
}

func newClosingServer(t *testing.T) *closingServer {
	t.Helper()
	w := newClosureWorld(t, filepath.Join(t.TempDir(), "data"))
	s := &closingServer{w, httptest.NewServer(w.wired.pipeline)}
	t.Cleanup(func() { s.Server.Close(); w.close() })
	return s
}

// account makes an account and returns its root user.
func (s *closingServer) account(name string, id ids.AccountID) *caller {
	s.Helper()
	_, key, err := s.wired.accounts.Create(s.Context(), accounts.NewAccount{Name: name, ID: string(id)})
	s.must(err)
	return &caller{id: string(key.ID), secret: key.Secret}
}

// TestClosingLeavesNothingReachable tries every way into an account before it is closed, when all of them are open, and
// afterwards; and once more after it was opened again.
func TestClosingLeavesNothingReachable(t *testing.T) {
	t.Parallel()
	s := newClosingServer(t)
	ctx := t.Context()
	root, theirs := s.account("victim", victim), s.account("other", other)
	const all = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	trust := func(account ids.AccountID) string {
		return fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}}`, account)
	}
	user := func(account ids.AccountID) *caller {
		_, err := s.iam.CreateUser(ctx, account, iam.NewUser{Name: "u"})
		s.must(err)
		s.must(s.iam.PutInlinePolicy(ctx, account, 'u', "u", "all", all))
		key, secret, err := s.iam.CreateAccessKey(ctx, account, "u")
		s.must(err)
		return &caller{id: string(key.ID), secret: secret}
	}
	role := func(account, trusted ids.AccountID) {
		_, err := s.iam.CreateRole(ctx, account, iam.NewRole{Name: "r", Trust: trust(trusted)})
		s.must(err)
		s.must(s.iam.PutInlinePolicy(ctx, account, 'r', "r", "all", all))
	}
	mine, stranger := user(victim), user(other)
	role(victim, other)
	role(other, victim)
	key, err := s.wired.kms.Create(ctx, kms.NewKey{Account: victim, Policy: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}}`})
	s.must(err)
	ok := func(status int, text string) {
		t.Helper()
		if status/100 != 2 {
			t.Fatalf("%d %s", status, text)
		}
	}
	ok(s.s3(root, "PUT", "/public-bucket", nil, ""))
	ok(s.s3(root, "PUT", "/public-bucket/index.html", map[string]string{"x-amz-acl": "public-read"}, "hello"))
	ok(s.s3(root, "PUT", "/public-bucket?policy", nil, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::public-bucket","arn:aws:s3:::public-bucket/*"]}}`))
	ok(s.s3(root, "PUT", "/public-bucket?website", nil, `<WebsiteConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>`))
	ok(s.s3(theirs, "PUT", "/shared-bucket", nil, ""))
	ok(s.s3(theirs, "PUT", "/shared-bucket/k", nil, "hello"))
	ok(s.s3(theirs, "PUT", "/shared-bucket?policy", nil, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/u"},"Action":"s3:*","Resource":["arn:aws:s3:::shared-bucket","arn:aws:s3:::shared-bucket/*"]}}`))
	sealed := map[string]string{"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": key.ARN()}
	ok(s.s3(stranger, "PUT", "/shared-bucket/sealed", sealed, "hello"))
	session, refusal := s.assume(stranger, "arn:aws:iam::111111111111:role/r")
	if session == nil {
		t.Fatal(refusal)
	}
	userSession, refusal := s.temporary(mine, "GetSessionToken", url.Values{})
	if userSession == nil {
		t.Fatal(refusal)
	}
	federated, refusal := s.temporary(mine, "GetFederationToken", url.Values{"Name": {"fred"}, "Policy": {all}})
	if federated == nil {
		t.Fatal(refusal)
	}
	link := s.presign(mine, "/public-bucket/index.html")
	ways := []struct {
		name, want string // want is the error once the account is closed
		try        func() (int, string)
	}{
		{"root user", "InvalidAccessKeyId", func() (int, string) { return s.s3(root, "GET", "/public-bucket/index.html", nil, "") }},
		{"user", "InvalidAccessKeyId", func() (int, string) { return s.s3(mine, "GET", "/public-bucket/index.html", nil, "") }},
		{"role session", "InvalidAccessKeyId", func() (int, string) { return s.s3(session, "GET", "/public-bucket/index.html", nil, "") }},
		{"session of its user", "InvalidAccessKeyId", func() (int, string) {
			return s.s3(userSession, "GET", "/public-bucket/index.html", nil, "")
		}},
		{"federated user", "InvalidAccessKeyId", func() (int, string) {
			return s.s3(federated, "GET", "/public-bucket/index.html", nil, "")
		}},
		{"presigned URL", "InvalidAccessKeyId", func() (int, string) { return s.s3(nil, "GET", link, nil, "") }},
		{"anonymous", "AllAccessDisabled", func() (int, string) { return s.s3(nil, "GET", "/public-bucket/index.html", nil, "") }},
		{"anonymous listing", "AllAccessDisabled", func() (int, string) { return s.s3(nil, "GET", "/public-bucket", nil, "") }},
		{"anonymous upload", "AllAccessDisabled", func() (int, string) { return s.s3(nil, "PUT", "/public-bucket/new", nil, "x") }},
		{"another account", "AllAccessDisabled", func() (int, string) { return s.s3(stranger, "GET", "/public-bucket/index.html", nil, "") }},
		{"copy from it", "AllAccessDisabled", func() (int, string) {
			return s.s3(stranger, "PUT", "/shared-bucket/copy", map[string]string{"x-amz-copy-source": "/public-bucket/index.html"}, "")
		}},
		{"website", "AllAccessDisabled", func() (int, string) {
			return s.send(nil, "s3", "GET", "/", "public-bucket.s3-website.localhost", nil, "")
		}},
		{"its user in a bucket of another account", "InvalidAccessKeyId", func() (int, string) { return s.s3(mine, "GET", "/shared-bucket/k", nil, "") }},
		{"role of it", "is not authorized to perform: sts:AssumeRole", func() (int, string) {
			c, text := s.assume(stranger, "arn:aws:iam::111111111111:role/r")
			return map[bool]int{true: 200, false: 403}[c != nil], text
		}},
		{"role that trusts it", "InvalidClientTokenId", func() (int, string) {
			c, text := s.assume(mine, "arn:aws:iam::222222222222:role/r")
			return map[bool]int{true: 200, false: 403}[c != nil], text
		}},
		{"IAM", "InvalidClientTokenId", func() (int, string) {
			return s.send(mine, "iam", "POST", "/", "", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "Action=ListUsers&Version=2010-05-08")
		}},
		{"its KMS key", "is disabled", func() (int, string) { return s.s3(stranger, "GET", "/shared-bucket/sealed", nil, "") }},
		{"its KMS key, to write", "is disabled", func() (int, string) { return s.s3(stranger, "PUT", "/shared-bucket/sealed2", sealed, "x") }},
	}
	open := func(when string) {
		t.Helper()
		for _, way := range ways {
			if status, text := way.try(); status/100 != 2 {
				t.Errorf("%s, %s: %d %s", when, way.name, status, text)
			}
		}
	}
	open("before")
	_, err = s.wired.accounts.Close(ctx, victim)
	s.must(err)
	for _, way := range ways {
		if status, text := way.try(); status != 403 && status != 400 || !strings.Contains(text, way.want) {
			t.Errorf("closed, %s: %d %s, want %s", way.name, status, text, way.want)
		}
	}
	_, err = s.wired.accounts.Reopen(ctx, victim)
	s.must(err)
	open("opened again")
	_, err = s.wired.accounts.Close(ctx, victim)
	s.must(err)
	s.must(s.service.Begin(ctx, victim))
	for finished := false; !finished; {
		p, err := s.service.Continue(ctx, victim)
		s.must(err)
		finished = p.Finished
	}
	for _, way := range ways {
		if status, text := way.try(); status/100 == 2 || status >= 500 {
			t.Errorf("deleted, %s: %d %s", way.name, status, text)
		}
	}
	// The policy of the other account names its user by an ID that nobody has, and names nobody else.
	status, text := s.s3(theirs, "GET", "/shared-bucket?policy", nil, "")
	if status != 200 || !strings.Contains(text, `"AIDA`) {
		t.Errorf("%d %s", status, text)
	}
	ok(s.s3(theirs, "GET", "/shared-bucket?acl", nil, ""))
	ok(s.s3(theirs, "GET", "/shared-bucket?list-type=2&fetch-owner=true", nil, ""))
	ok(s.s3(theirs, "DELETE", "/shared-bucket/sealed", nil, ""))
}
