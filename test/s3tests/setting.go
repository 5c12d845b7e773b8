package main

import (
	"bytes"
	"context"
	"fmt"
	"net"

	"crossgrant/test/servertest"
)

// What the server and the suite have to agree on is in the two variables below, and only there.

// rounds are the servers that the tests run against, one after the other; each test runs in one round.
var rounds = []round{
	// A day of a lifecycle is as long as lc_debug_interval says, and lifecycles are carried out all the time.
	{tests: "not expiration_header", flags: []string{"--lifecycle-day", "10s", "--lifecycle-interval", "1s"}},
	// These tests count the days until the date that an answer tells.
	{tests: "expiration_header"},
}

// round is a server and what is tested with it.
type round struct {
	tests string // expression of pytest's -k
	flags []string
}

// sections are the suite's callers. Each of them is the root user of an account of its own.
//
// The storage classes of the suite are left out: it would make several times as many tests of them. So
// is the region (api_name), because the suite asks for it where us-east-1 is named by no request.
var sections = []section{
	{name: "s3 main", account: "main", keys: []string{"kms_keyid", "kms_keyid2"}, more: [][2]string{{"lc_debug_interval", "10"}}},
	{name: "s3 alt", account: "alt"},
	{name: "s3 tenant", account: "tenant", more: [][2]string{{"tenant", ""}}},
	{name: "iam", account: "iam"},
	{name: "iam root", account: "iam-root", byAccountID: true},
	{name: "iam alt root", account: "iam-alt-root", byAccountID: true},
}

// section is a section of the suite's configuration that names a caller.
type section struct {
	name, account string
	byAccountID   bool        // user_id is the account's ID, else its canonical user ID
	keys          []string    // settings that are the ARNs of KMS keys of the account
	more          [][2]string // further settings
}

// newSetting makes the accounts of a worker and returns its configuration file.
//
// Source: s3tests.conf.SAMPLE of the suite
func newSetting(ctx context.Context, server *servertest.Server, worker string) ([]byte, error) {
	host, port, err := net.SplitHostPort(server.Address)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "[DEFAULT]\nhost = %s\nport = %s\nis_secure = False\nssl_verify = False\n", host, port)
	fmt.Fprint(&out, "[fixtures]\nbucket prefix = s3tests-{random}-\n")
	for _, s := range sections {
		account, err := server.CreateAccount(ctx, s.account+"-"+worker)
		if err != nil {
			return nil, err
		}
		settings := append(s.settings(account), s.more...)
		for _, name := range s.keys {
			key, err := server.CreateKey(ctx, account.ID)
			if err != nil {
				return nil, err
			}
			settings = append(settings, [2]string{name, key})
		}
		fmt.Fprintf(&out, "[%s]\n", s.name)
		for _, setting := range settings {
			fmt.Fprintf(&out, "%s = %s\n", setting[0], setting[1])
		}
	}
	return out.Bytes(), nil
}

// settings returns the names and values that every section has.
func (s section) settings(a servertest.Account) [][2]string {
	user := a.CanonicalID
	if s.byAccountID {
		user = a.ID
	}
	return [][2]string{
		{"display_name", a.Name}, {"user_id", user}, {"email", a.Email},
		{"access_key", a.AccessKeyID}, {"secret_key", a.SecretAccessKey},
	}
}
