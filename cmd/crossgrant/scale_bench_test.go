package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crossgrant/internal/accounts"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/orgs"
	"crossgrant/internal/sigv4"
)

// scaleServer is a whole server over embedded storage on this machine's disk, with so many users and roles in one
// account, or so many accounts in one organization.
type scaleServer struct {
	*httptest.Server
	wired *wired
	orgs  *orgs.Service
	root  caller
	users []caller // with an access key each, or root users of accounts
	next  atomic.Int64
}

const scaleAccount = ids.AccountID("111111111111")

func newScaleServer(b *testing.B) *scaleServer {
	b.Helper()
	e, err := parseEngines("pebble:", "files:")
	check(b, err)
	folder, err := openFolder(b.TempDir(), e, true)
	check(b, err)
	b.Cleanup(func() { folder.close() })
	return serveScale(b, folder)
}

func check(b testing.TB, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// many calls do for 0 to n-1, some at a time.
func many(n int, do func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	all.Wait()
}

const (
	scaleDocument = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	scaleTrust    = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}}`
)

var escapedTrust = url.QueryEscape(scaleTrust)

// addUsers makes n users that may do everything, with an access key each.
func (s *scaleServer) addUsers(b testing.TB, n int) {
	b.Helper()
	ctx, service := b.Context(), s.wired.bootstrap.IAM
	s.users = make([]caller, n)
	many(n, func(i int) {
		name := fmt.Sprintf("user-%06d", i)
		_, err := service.CreateUser(ctx, scaleAccount, iam.NewUser{Name: name})
		if err == nil {
			err = service.PutInlinePolicy(ctx, scaleAccount, keys.UserKind, name, "all", scaleDocument)
		}
		key, secret, keyErr := service.CreateAccessKey(ctx, scaleAccount, name)
		if err != nil || keyErr != nil {
			b.Error(err, keyErr)
		}
		s.users[i] = caller{id: string(key.ID), secret: secret}
	})
}

// addRoles makes n roles.
func (s *scaleServer) addRoles(b testing.TB, n int) {
	b.Helper()
	many(n, func(i int) {
		_, err := s.wired.bootstrap.IAM.CreateRole(b.Context(), scaleAccount, iam.NewRole{Name: fmt.Sprintf("role-%06d", i), Trust: scaleTrust})
		if err != nil {
			b.Error(err)
		}
	})
}

// addAccounts makes n accounts, which join an organization of the first one.
func (s *scaleServer) addAccounts(b testing.TB, n int) {
	b.Helper()
	_, err := s.orgs.CreateOrganization(b.Context(), scaleAccount, orgs.AllFeatures)
	check(b, err)
	s.users = make([]caller, n)
	many(n, func(i int) {
		a, key, err := s.wired.accounts.Create(b.Context(), accounts.NewAccount{Name: fmt.Sprintf("account-%06d", i)})
		if err != nil {
			b.Error(err)
			return
		}
		s.users[i] = caller{id: string(key.ID), secret: key.Secret}
		h, err := s.orgs.Invite(b.Context(), scaleAccount, orgs.Invitation{Target: string(a.ID), TargetType: orgs.AccountParty})
		if err == nil {
			_, err = s.orgs.Accept(b.Context(), a.ID, h.ID)
		}
		if err != nil {
			b.Error(err)
		}
	})
}

// user returns another one of the users each time.
func (s *scaleServer) user() *caller { return &s.users[int(s.next.Add(1))%len(s.users)] }

// warm lets every user make a request, so that the server keeps all of them.
func (s *scaleServer) warm(b testing.TB) {
	many(len(s.users), func(i int) { s.query(b, &s.users[i], "sts", "Action=GetCallerIdentity&Version=2011-06-15") })
}

// send sends one signed request, which must succeed.
func (s *scaleServer) send(b testing.TB, c *caller, service, method, path string, headers map[string]string, body string) {
	answer, err := s.Client().Do(s.signed(b, c, service, method, path, headers, body))
	check(b, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode/100 != 2 {
		b.Fatalf("%s %s: %d %.300s, %v", service, body, answer.StatusCode, text, err)
	}
}

// signed returns a signed request.
func (s *scaleServer) signed(b testing.TB, c *caller, service, method, path string, headers map[string]string, body string) *http.Request {
	b.Helper()
	r, err := http.NewRequest(method, s.URL+path, bytes.NewReader([]byte(body)))
	check(b, err)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	hash := sha256.Sum256([]byte(body))
	neutral := &sigv4.Request{Method: method, RawPath: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.URL.Host, Header: map[string][]string(r.Header)}
	signer := c.signer(service)
	signer.Sign(neutral, hex.EncodeToString(hash[:]), time.Now())
	r.Header = neutral.Header
	return r
}

// query sends a request to IAM or STS.
func (s *scaleServer) query(b testing.TB, c *caller, service, body string) {
	s.send(b, c, service, "POST", "/", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, body)
}

// organizations sends a request to Organizations.
func (s *scaleServer) organizations(b testing.TB, c *caller, operation, body string) {
	s.send(b, c, "organizations", "POST", "/", map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSOrganizationsV20161128." + operation,
	}, body)
}

// compare measures the same request on a small and on a large server, in turn, so that what else the machine does is
// the same for both. It reports the medians, and the ratio of the large one to the small one.
func compare(b *testing.B, small, large *scaleServer, prepare, request func(s *scaleServer)) {
	servers := []*scaleServer{small, large}
	var times [2][]time.Duration
	for _, s := range servers {
		for range 20 { // warm what every request reads
			prepare(s)
			request(s)
		}
	}
	b.ResetTimer()
	for i := range b.N {
		for j := range servers {
			side := (i + j) % 2
			prepare(servers[side])
			began := time.Now()
			request(servers[side])
			times[side] = append(times[side], time.Since(began))
		}
	}
	median := func(side int) float64 {
		slices.Sort(times[side])
		return float64(times[side][len(times[side])/2].Nanoseconds())
	}
	b.ReportMetric(0, "ns/op") // of both and of what prepares them: no figure
	b.ReportMetric(median(0)/1e3, "small-µs")
	b.ReportMetric(median(1)/1e3, "large-µs")
	b.ReportMetric(median(1)/median(0), "ratio")
}

func nothing(*scaleServer) {}

// BenchmarkUsers compares an account with 100 users and 100 roles to one with 10,000 users and 1,000 roles: whole
// requests over loopback, those that write made durable on disk.
func BenchmarkUsers(b *testing.B) {
	small, large := newScaleServer(b), newScaleServer(b)
	small.addUsers(b, 100)
	small.addRoles(b, 100)
	large.addUsers(b, 10_000)
	large.addRoles(b, 1000)
	for _, s := range []*scaleServer{small, large} {
		s.send(b, &s.root, "s3", "PUT", "/scale-bucket", nil, "")
		s.warm(b)
	}
	var made atomic.Int64
	run := func(name string, prepare, request func(s *scaleServer)) {
		b.Run(name, func(b *testing.B) { compare(b, small, large, prepare, request) })
	}
	run("CreateUser", nothing, func(s *scaleServer) {
		s.query(b, &s.root, "iam", fmt.Sprintf("Action=CreateUser&Version=2010-05-08&UserName=new-%d", made.Add(1)))
	})
	run("CreateRole", nothing, func(s *scaleServer) {
		s.query(b, &s.root, "iam", fmt.Sprintf("Action=CreateRole&Version=2010-05-08&RoleName=new-%d&AssumeRolePolicyDocument=%s", made.Add(1), escapedTrust))
	})
	run("CreateAccessKey", func(s *scaleServer) {
		_, err := s.wired.bootstrap.IAM.CreateUser(b.Context(), scaleAccount, iam.NewUser{Name: fmt.Sprintf("key-%d", made.Add(1))})
		check(b, err)
	}, func(s *scaleServer) {
		s.query(b, &s.root, "iam", fmt.Sprintf("Action=CreateAccessKey&Version=2010-05-08&UserName=key-%d", made.Load()))
	})
	run("GetUser", nothing, func(s *scaleServer) {
		s.query(b, &s.root, "iam", fmt.Sprintf("Action=GetUser&Version=2010-05-08&UserName=user-%06d", int(s.next.Add(1))%len(s.users)))
	})
	run("ListUsers/page=100", nothing, func(s *scaleServer) {
		s.query(b, &s.root, "iam", "Action=ListUsers&Version=2010-05-08&MaxItems=100")
	})
	run("ListRoles/page=100", nothing, func(s *scaleServer) {
		s.query(b, &s.root, "iam", "Action=ListRoles&Version=2010-05-08&MaxItems=100")
	})
	run("GetAccountSummary", nothing, func(s *scaleServer) {
		s.query(b, &s.root, "iam", "Action=GetAccountSummary&Version=2010-05-08")
	})
	run("AssumeRole", nothing, func(s *scaleServer) {
		s.query(b, s.user(), "sts", "Action=AssumeRole&Version=2011-06-15&RoleSessionName=session&RoleArn=arn:aws:iam::111111111111:role/role-000050")
	})
	// Each request is by another user, whose key, policies and account the server keeps.
	run("Authenticate/warm", nothing, func(s *scaleServer) { s.query(b, s.user(), "sts", "Action=GetCallerIdentity&Version=2011-06-15") })
	run("Decide/HeadBucket", nothing, func(s *scaleServer) {
		s.send(b, s.user(), "s3", "HEAD", "/scale-bucket", nil, "")
	})
	// The user was changed, so that it has to be read and its policies compiled.
	run("Authenticate/cold", func(s *scaleServer) {
		i := int(s.next.Load()+1) % len(s.users)
		check(b, s.wired.bootstrap.IAM.PutInlinePolicy(b.Context(), scaleAccount, keys.UserKind, fmt.Sprintf("user-%06d", i), "all", scaleDocument))
	}, func(s *scaleServer) { s.query(b, s.user(), "sts", "Action=GetCallerIdentity&Version=2011-06-15") })
}

// BenchmarkAccounts compares an organization of 10 accounts to one of 1,000.
func BenchmarkAccounts(b *testing.B) {
	small, large := newScaleServer(b), newScaleServer(b)
	small.addAccounts(b, 10)
	large.addAccounts(b, 1000)
	small.warm(b)
	large.warm(b)
	var made atomic.Int64
	run := func(name string, prepare, request func(s *scaleServer)) {
		b.Run(name, func(b *testing.B) { compare(b, small, large, prepare, request) })
	}
	run("CreateAccount", nothing, func(s *scaleServer) {
		n := made.Add(1)
		s.organizations(b, &s.root, "CreateAccount", fmt.Sprintf(`{"AccountName":"new-%d","Email":"new-%d@example.com"}`, n, n))
	})
	run("ListAccounts/page=20", nothing, func(s *scaleServer) { s.organizations(b, &s.root, "ListAccounts", `{}`) })
	run("DescribeOrganization", nothing, func(s *scaleServer) { s.organizations(b, s.user(), "DescribeOrganization", `{}`) })
	run("Authenticate/warm", nothing, func(s *scaleServer) { s.query(b, s.user(), "sts", "Action=GetCallerIdentity&Version=2011-06-15") })
	run("ListBuckets", nothing, func(s *scaleServer) { s.send(b, s.user(), "s3", "GET", "/", nil, "") })
	run("CreateBucket", nothing, func(s *scaleServer) {
		s.send(b, s.user(), "s3", "PUT", fmt.Sprintf("/bucket-%d", made.Add(1)), nil, "")
	})
}
