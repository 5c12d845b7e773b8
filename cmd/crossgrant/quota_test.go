package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// must runs a command that has to succeed and returns what it printed.
func must(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	status, stdout, stderr := crossgrant(t, args...)
	if status != 0 {
		t.Fatalf("%s: status %d, %s", strings.Join(args, " "), status, stderr)
	}
	return stdout, stderr
}

// row returns the line of a table that begins with name, its blanks made single.
func row(table, name string) string {
	for _, line := range strings.Split(table, "\n") {
		if fields := strings.Fields(line); len(fields) > 0 && fields[0] == name {
			return strings.Join(fields, " ")
		}
	}
	return ""
}

func TestAccountQuota(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	must(t, "account", "create", "logs", "--data", data)
	stdout, stderr := must(t, "account", "quota", "logs", "--data", data)
	if got := row(stdout, "GroupsPerAccount"); got != "GroupsPerAccount 300 300 500 0" || stderr != "" {
		t.Errorf("%q, %q", got, stderr)
	}
	if got := row(stdout, "PolicySize"); got != "PolicySize 6144 6144 - -" {
		t.Errorf("%q", got)
	}
	stdout, stderr = must(t, "account", "quota", "logs", "--set", "GroupsPerAccount=400", "--set", "PolicySize=10000", "--data", data)
	if got := row(stdout, "GroupsPerAccount"); got != "GroupsPerAccount 400 300 500 0" {
		t.Errorf("%q", got)
	}
	if want := "crossgrant: note: PolicySize is 10000, AWS gives at most 6144\n"; stderr != want {
		t.Errorf("%q, want %q", stderr, want)
	}
	stdout, _ = must(t, "account", "quota", "logs", "--reset", "PolicySize", "--output", "json", "--data", data)
	for _, want := range []string{`"Name": "PolicySize",` + "\n            \"Value\": 6144", `"Value": 400`, `"AWSMaximum": 500`, `"Used": 0`} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%s is not in %s", want, stdout)
		}
	}
	for want, args := range map[string][]string{
		`"PolicySize" is not Name=Value`: {"--set", "PolicySize"},
		`"PolicySize=x" is not`:          {"--set", "PolicySize=x"},
		`"=1" is not`:                    {"--set", "=1"},
		"PolicySize is named twice":      {"--set", "PolicySize=1", "--set", "PolicySize=2"},
	} {
		status, _, stderr := crossgrant(t, append([]string{"account", "quota", "logs", "--data", data}, args...)...)
		if status != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%v: status %d, %s", args, status, stderr)
		}
	}
	if status, _, stderr := crossgrant(t, "account", "quota", "logs", "--set", "Unicorns=1", "--data", data); status != exitFailure || !strings.Contains(stderr, `there is no quota "Unicorns"`) {
		t.Errorf("status %d, %s", status, stderr)
	}
}
