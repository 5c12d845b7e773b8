package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net"

	"crossgrant/test/oidcissuer"
	"crossgrant/test/servertest"
)

// What the server and the suite have to agree on is in the variables below, and only there.

// rounds are the servers that the tests run against, one after the other; each test runs in one round.
var rounds = []round{
	// A day of a lifecycle is as long as lc_debug_interval says, and lifecycles are carried out all the time.
	{
		files: storageFiles, tests: "not expiration_header", sections: storageSections,
		flags: []string{"--lifecycle-day", "10s", "--lifecycle-interval", "1s"},
	},
	// These tests count the days until the date that an answer tells.
	{files: storageFiles, tests: "expiration_header", sections: storageSections},
	{files: identityFiles, sections: identitySections},
}

// The files of the suite whose tests are run.
var (
	storageFiles  = []string{"test_s3.py", "test_headers.py"}
	identityFiles = []string{"test_iam.py", "test_sts.py"}
)

// round is a server and what is tested with it.
type round struct {
	files    []string
	tests    string // expression of pytest's -k; empty: all
	sections []section
	flags    []string
}

// storageSections are the suite's callers in the tests of S3. Each of them is the root user of an account
// of its own.
//
// The storage classes of the suite are left out: it would make several times as many tests of them. So
// is the region (api_name), because the suite asks for it where us-east-1 is named by no request.
var storageSections = append([]section{
	{name: "s3 main", account: "main", keys: []string{"kms_keyid", "kms_keyid2"}, more: [][2]string{{"lc_debug_interval", "10"}}},
	{name: "s3 alt", account: "alt"},
}, commonSections...)

// identitySections are its callers in the tests of IAM and STS: there, [s3 alt] is a user of the account
// of [iam], who may use S3, and whose user_id is a user name, and [s3 main] owns what the roles of [iam] reach.
var identitySections = append([]section{
	{name: "s3 main", account: "iam"},
	{name: "s3 alt", account: "iam", user: "alt"},
}, commonSections...)

var commonSections = []section{
	{name: "s3 tenant", account: "tenant", more: [][2]string{{"tenant", ""}}},
	{name: "iam", account: "iam"},
	{name: "iam root", account: "iam-root", byAccountID: true},
	{name: "iam alt root", account: "iam-alt-root", byAccountID: true},
}

// section is a section of the suite's configuration that names a caller.
type section struct {
	name, account string
	user          string      // name of the user; empty: the root user
	byAccountID   bool        // user_id is the account's ID, else the user's name, else its canonical user ID
	keys          []string    // settings that are the ARNs of KMS keys of the account
	more          [][2]string // further settings
}

// setting makes what the configuration of one worker names.
type setting struct {
	server   *servertest.Server
	issuer   *oidcissuer.Issuer
	worker   string
	accounts map[string]servertest.Account
}

// newSetting makes the accounts of a worker and returns its configuration file.
//
// Source: s3tests.conf.SAMPLE of the suite
func newSetting(ctx context.Context, server *servertest.Server, from *oidcissuer.Issuer, sections []section, worker string) ([]byte, error) {
	host, port, err := net.SplitHostPort(server.Address)
	if err != nil {
		return nil, err
	}
	s := &setting{server: server, issuer: from, worker: worker, accounts: map[string]servertest.Account{}}
	var out bytes.Buffer
	fmt.Fprintf(&out, "[DEFAULT]\nhost = %s\nport = %s\nis_secure = False\nssl_verify = False\n", host, port)
	fmt.Fprint(&out, "[fixtures]\nbucket prefix = s3tests-{random}-\n")
	for _, section := range sections {
		settings, err := s.settings(ctx, section)
		if err != nil {
			return nil, err
		}
		write(&out, section.name, settings)
	}
	settings, err := s.identity()
	if err != nil {
		return nil, err
	}
	write(&out, "webidentity", settings)
	return out.Bytes(), nil
}

// write writes a section of a configuration file.
func write(out *bytes.Buffer, name string, settings [][2]string) {
	fmt.Fprintf(out, "[%s]\n", name)
	for _, setting := range settings {
		fmt.Fprintf(out, "%s = %s\n", setting[0], setting[1])
	}
}

// account returns the account of a name, which it makes if need be.
func (s *setting) account(ctx context.Context, name string) (servertest.Account, error) {
	if a, made := s.accounts[name]; made {
		return a, nil
	}
	a, err := s.server.CreateAccount(ctx, name+"-"+s.worker)
	s.accounts[name] = a
	return a, err
}

// settings makes the caller of a section and returns the section's settings.
func (s *setting) settings(ctx context.Context, section section) ([][2]string, error) {
	a, err := s.account(ctx, section.account)
	if err != nil {
		return nil, err
	}
	settings := section.caller(a)
	if section.user != "" {
		key, err := newUser(ctx, s.server, a, section.user)
		if err != nil {
			return nil, err
		}
		settings = append(settings, [2]string{"access_key", *key.AccessKeyId}, [2]string{"secret_key", *key.SecretAccessKey})
	} else {
		settings = append(settings, [2]string{"access_key", a.AccessKeyID}, [2]string{"secret_key", a.SecretAccessKey})
	}
	for _, name := range section.keys {
		key, err := s.server.CreateKey(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		settings = append(settings, [2]string{name, key})
	}
	return append(settings, section.more...), nil
}

// caller returns the settings that say who the caller is. The last two are not the suite's but for
// s3tests_worker.py.
func (s section) caller(a servertest.Account) [][2]string {
	user := cmp.Or(s.user, a.CanonicalID)
	if s.byAccountID {
		user = a.ID
	}
	return [][2]string{{"display_name", a.Name}, {"user_id", user}, {"email", a.Email}, {"account_id", a.ID}, {"canonical_id", a.CanonicalID}}
}
