package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	"crossgrant/internal/accounts"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/orgs"
	"crossgrant/internal/quotas"
)

// countingEngine counts the keys that are read from it: each that is asked for, and each that a scan comes to.
type countingEngine struct {
	meta.Engine
	read *atomic.Int64
}

func (e countingEngine) View(ctx context.Context, fn func(meta.Reader) error) error {
	return e.Engine.View(ctx, func(r meta.Reader) error { return fn(countingReader{r, e.read}) })
}

func (e countingEngine) Update(ctx context.Context, fn func(meta.Tx) error) error {
	return e.Engine.Update(ctx, func(tx meta.Tx) error { return fn(countingTx{countingReader{tx, e.read}, tx}) })
}

type countingReader struct {
	meta.Reader
	read *atomic.Int64
}

func (r countingReader) Get(key []byte) ([]byte, error) { r.read.Add(1); return r.Reader.Get(key) }

func (r countingReader) GetMany(keys [][]byte) ([][]byte, error) {
	r.read.Add(int64(len(keys)))
	return r.Reader.GetMany(keys)
}

func (r countingReader) Scan(from, to []byte) meta.Iterator {
	return countingIterator{r.Reader.Scan(from, to), r.read}
}

type countingIterator struct {
	meta.Iterator
	read *atomic.Int64
}

func (i countingIterator) Next() bool { i.read.Add(1); return i.Iterator.Next() }

func (i countingIterator) SeekGE(key []byte) bool { i.read.Add(1); return i.Iterator.SeekGE(key) }

type countingTx struct {
	countingReader
	tx meta.Tx
}

func (t countingTx) Put(key, value []byte) error { return t.tx.Put(key, value) }
func (t countingTx) Delete(key []byte) error     { return t.tx.Delete(key) }

// newCountingServer is a scaleServer in memory of which is known how many keys it reads.
func newCountingServer(t *testing.T) (*scaleServer, *atomic.Int64) {
	t.Helper()
	e, err := parseEngines("memory:", "memory:")
	check(t, err)
	read := new(atomic.Int64)
	e.meta = func(string, int64, *slog.Logger) (meta.Engine, error) { return countingEngine{memory.New(), read}, nil }
	folder, err := openFolder(filepath.Join(t.TempDir(), "data"), e, true)
	check(t, err)
	t.Cleanup(func() { folder.close() })
	return serveScale(t, folder), read
}

// TestRequestsReadNoMoreOfMore: how many keys a request reads does not depend on how many users, roles and accounts
// there are, if it lists none of them, or a page.
func TestRequestsReadNoMoreOfMore(t *testing.T) {
	t.Parallel()
	requests := map[string]func(s *scaleServer, i int){
		"CreateUser": func(s *scaleServer, i int) {
			s.query(t, &s.root, "iam", fmt.Sprintf("Action=CreateUser&Version=2010-05-08&UserName=new-%d", i))
		},
		"CreateRole": func(s *scaleServer, i int) {
			s.query(t, &s.root, "iam", fmt.Sprintf("Action=CreateRole&Version=2010-05-08&RoleName=new-%d&AssumeRolePolicyDocument=%s", i, escapedTrust))
		},
		"GetUser": func(s *scaleServer, _ int) {
			s.query(t, &s.root, "iam", "Action=GetUser&Version=2010-05-08&UserName=user-000007")
		},
		"ListUsers": func(s *scaleServer, _ int) {
			s.query(t, &s.root, "iam", "Action=ListUsers&Version=2010-05-08&MaxItems=10")
		},
		"ListRoles": func(s *scaleServer, _ int) {
			s.query(t, &s.root, "iam", "Action=ListRoles&Version=2010-05-08&MaxItems=10")
		},
		"GetAccountSummary": func(s *scaleServer, _ int) {
			s.query(t, &s.root, "iam", "Action=GetAccountSummary&Version=2010-05-08")
		},
		"DeleteUser": func(s *scaleServer, i int) {
			s.query(t, &s.root, "iam", fmt.Sprintf("Action=DeleteUser&Version=2010-05-08&UserName=new-%d", i))
		},
		"AssumeRole": func(s *scaleServer, _ int) {
			s.query(t, &s.users[3], "sts", "Action=AssumeRole&Version=2011-06-15&RoleSessionName=session&RoleArn=arn:aws:iam::111111111111:role/role-000005")
		},
		"Authenticate": func(s *scaleServer, i int) {
			s.query(t, &s.users[20+i], "sts", "Action=GetCallerIdentity&Version=2011-06-15")
		},
		"CreateAccount": func(s *scaleServer, i int) {
			s.organizations(t, &s.root, "CreateAccount", fmt.Sprintf(`{"AccountName":"new-%d","Email":"new-%d@example.com"}`, i, i))
		},
		"ListAccounts": func(s *scaleServer, _ int) { s.organizations(t, &s.root, "ListAccounts", `{"MaxResults":5}`) },
		"CreateBucket": func(s *scaleServer, i int) { s.send(t, &s.root, "s3", "PUT", fmt.Sprintf("/bucket-%d", i), nil, "") },
	}
	// In an order: what is deleted is made before.
	names := []string{
		"CreateUser", "CreateRole", "GetUser", "ListUsers", "ListRoles", "GetAccountSummary", "DeleteUser", "AssumeRole", "Authenticate",
		"CreateAccount", "ListAccounts", "CreateBucket",
	}
	measure := func(users, accounts int) map[string]int64 {
		s, read := newCountingServer(t)
		s.addAccounts(t, accounts)
		s.addUsers(t, users)
		s.addRoles(t, users)
		out := map[string]int64{}
		for _, name := range names {
			for i := range 3 { // the last one is measured: what every request needs is kept by then
				before := read.Load()
				requests[name](s, i)
				out[name] = read.Load() - before
			}
		}
		return out
	}
	few, lots := measure(40, 10), measure(400, 100)
	for _, name := range names {
		if few[name] != lots[name] {
			t.Errorf("%s reads %d keys of few and %d of many", name, few[name], lots[name])
		}
	}
}

// serveScale is a server over an open folder, with one account that may have as much as there is to be.
func serveScale(t testing.TB, folder *dataFolder) *scaleServer {
	t.Helper()
	command := &serveCommand{Region: "us-east-1"}
	wired, err := command.wire(t.Context(), new(config), folder, slog.New(slog.DiscardHandler))
	check(t, err)
	s := &scaleServer{wired: wired, orgs: orgs.New(folder.store, orgs.Options{Accounts: wired.accounts, Roles: wired.bootstrap.IAM})}
	_, key, err := wired.accounts.Create(t.Context(), accounts.NewAccount{Name: "scale", ID: string(scaleAccount)})
	check(t, err)
	s.root = caller{id: string(key.ID), secret: key.Secret}
	check(t, wired.accounts.SetQuotas(t.Context(), scaleAccount, map[string]int{quotas.Users: 1_000_000, quotas.Roles: 1_000_000, quotas.Accounts: 1_000_000}, nil))
	s.Server = httptest.NewServer(wired.pipeline)
	t.Cleanup(s.Close)
	return s
}
