package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// crossgrant runs one command and returns its exit status and what it printed.
func crossgrant(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	status = run(t.Context(), args, streams{&out, &err})
	return status, out.String(), err.String()
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"no command", nil, "expected one of"},
		{"unknown command", []string{"sevre"}, "unexpected argument sevre"},
		{"unknown flag", []string{"serve", "--lisen", "x"}, "unknown flag --lisen"},
		{"missing name", []string{"account", "create"}, "<name>"},
		{"unknown output", []string{"account", "list", "--output", "xml"}, "--output must be one of"},
		{"websites in place of buckets", []string{"serve", "--domain", "example.com", "--website-domain", "EXAMPLE.com."}, "--website-domain: example.com is the base domain of virtual-hosted buckets"},
		{"unknown defaults", []string{"serve", "--new-buckets", "open"}, "--new-buckets must be one of"},
		{"address without port", []string{"serve", "--listen", "localhost"}, "is not HOST:PORT"},
		{"region with a blank", []string{"serve", "--region", "us east"}, "is not the name of a region"},
		{"half of TLS", []string{"serve", "--tls-cert", "cert.pem"}, "--tls-cert and --tls-key go together"},
		{"engine of another world", []string{"serve", "--meta", "mysql://u:secret@host/db"}, `there is no engine "mysql"`},
		{"a database without a name", []string{"serve", "--meta", "postgres://u:secret@host:port/db"}, "--meta: "},
		{"half on the network", []string{"serve", "--meta", "postgres://u:secret@host/db"}, "go together"},
		{"blobs elsewhere", []string{"serve", "--blobs", "azblob://bucket"}, `there is no engine "azblob"`},
		{"half on the network, too", []string{"serve", "--blobs", "s3://bucket"}, "go together"},
		{"half in memory", []string{"serve", "--meta", "memory:"}, "go together"},
		{"secret without key", []string{"account", "create", "a", "--secret-access-key", "very-secret"}, "needs --access-key-id"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			args := test.args
			if len(args) > 1 {
				args = append(args, "--data", data)
			}
			status, stdout, stderr := crossgrant(t, args...)
			if status != exitUsage || stdout != "" || !strings.Contains(stderr, test.want) || strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, "secret@") {
				t.Errorf("status %d, stdout %q, stderr %q, want status 2 and one line with %q", status, stdout, stderr, test.want)
			}
		})
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("a usage error made a data folder")
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	status, stdout, _ := crossgrant(t, "serve", "--help")
	if status != 0 {
		t.Errorf("serve --help: status %d", status)
	}
	for _, want := range []string{"--data", "--listen", "--region", "--domain", "--website-domain", "--new-buckets", "--bootstrap", "--tls-cert", "--tls-key", "--meta", "--blobs", "$CROSSGRANT_NEW_BUCKETS"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("serve --help does not mention %s", want)
		}
	}
	if status, stdout, _ := crossgrant(t, "version"); status != 0 || !strings.HasPrefix(stdout, "crossgrant ") {
		t.Errorf("version: status %d, %q", status, stdout)
	}
}

func TestFlagsComeFromTheEnvironment(t *testing.T) {
	t.Setenv("CROSSGRANT_DATA", filepath.Join(t.TempDir(), "none"))
	status, _, stderr := crossgrant(t, "account", "list")
	if status != exitFailure || !strings.Contains(stderr, "there is no data folder "+os.Getenv("CROSSGRANT_DATA")) {
		t.Errorf("status %d, %q", status, stderr)
	}
}

// TestAccountsWhereTheServerKeepsThem: without a server, an account is made in the metadata that a server
// with the same --meta reads.
func TestAccountsWhereTheServerKeepsThem(t *testing.T) {
	t.Parallel()
	data, elsewhere := filepath.Join(t.TempDir(), "new", "data"), "pebble:"+filepath.Join(t.TempDir(), "meta")
	if status, _, stderr := crossgrant(t, "account", "create", "logs", "--data", data, "--meta", elsewhere); status != 0 {
		t.Fatal(stderr)
	}
	if _, stdout, stderr := crossgrant(t, "account", "list", "--data", data, "--meta", elsewhere); !strings.Contains(stdout, "logs") {
		t.Errorf("the account is not listed: %s%s", stdout, stderr)
	}
	if status, _, stderr := crossgrant(t, "account", "list", "--data", data, "--meta", "memory:"); status != exitUsage || !strings.Contains(stderr, "running server") {
		t.Errorf("status %d, %s", status, stderr)
	}
}
