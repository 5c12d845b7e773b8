package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sourceFolder makes a data folder with an account, in which a server could have run.
func sourceFolder(t *testing.T) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "source")
	if status, _, stderr := crossgrant(t, "account", "create", "walnut", "--data", data); status != 0 {
		t.Fatal(stderr)
	}
	e, err := parseEngines("pebble:", "files:")
	if err != nil {
		t.Fatal(err)
	}
	folder, err := openFolder(data, e, false)
	if err != nil {
		t.Fatal(err)
	}
	shut(t, folder)
	return data
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	from := sourceFolder(t)
	to := filepath.Join(t.TempDir(), "target")
	status, stdout, stderr := crossgrant(t, "migrate", "--data", from, "--to-data", to, "--output", "json")
	var report struct {
		Result   string
		Accounts int
		Details  []any
	}
	if err := json.Unmarshal([]byte(stdout), &report); status != 0 || err != nil || report.Result != "equal" || report.Accounts != 1 || report.Details == nil {
		t.Fatalf("status %d, %v, %s%s", status, err, stdout, stderr)
	}
	for _, stage := range []string{"count", "copy", "compare"} {
		if !strings.Contains(stderr, "crossgrant: migrate: "+stage+": ") {
			t.Errorf("the progress does not tell of stage %s: %s", stage, stderr)
		}
	}
	if _, stdout, _ := crossgrant(t, "account", "list", "--data", to); !strings.Contains(stdout, "walnut") {
		t.Errorf("the account is not in the target: %s", stdout)
	}
	for _, command := range [][]string{{"account", "list"}, {"fsck"}, {"backup", "--to", filepath.Join(t.TempDir(), "b")}} {
		status, _, stderr := crossgrant(t, append(command, "--data", from)...)
		if status != exitFailure || !strings.Contains(stderr, "was moved to "+to) {
			t.Errorf("%s of what was moved: status %d, %s", command[0], status, stderr)
		}
	}
	if status, _, stderr := crossgrant(t, "migrate", "--data", from, "--to-data", to); status != 0 {
		t.Errorf("again, when it is done: %s", stderr)
	}
	if status, stdout, stderr := crossgrant(t, "migrate", "--give-up", "--data", from, "--to-data", to); status != 0 || !strings.Contains(stdout, "one of the two only") {
		t.Errorf("give up: %s%s", stdout, stderr)
	}
	if status, _, stderr := crossgrant(t, "account", "create", "hazel", "--data", from); status != 0 {
		t.Errorf("what was given up cannot be used: %s", stderr)
	}
	status, stdout, _ = crossgrant(t, "migrate", "--verify-only", "--data", from, "--to-data", to)
	if status != exitFailure || !strings.Contains(stdout, "record 'A' account") || !strings.Contains(stdout, "different") {
		t.Errorf("what is not equal: status %d, %s", status, stdout)
	}
}

func TestMigrateRefused(t *testing.T) {
	t.Parallel()
	from := sourceFolder(t)
	other := sourceFolder(t)
	empty := t.TempDir()
	key := filepath.Join(other, masterFile)
	tests := []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"no target", nil, exitUsage, "--to-data: name the data folder"},
		{"itself", []string{"--to-data", from + "/."}, exitUsage, "is the data folder of the source"},
		{"the same metadata", []string{"--to-data", empty, "--to-meta", "pebble:" + from + "/meta"}, exitUsage, "--to-meta: that is the metadata of the source"},
		{"the same blobs", []string{"--to-data", empty, "--to-blobs", "files:" + from + "/blobs"}, exitUsage, "--to-blobs: those are the large objects"},
		{"in memory", []string{"--to-data", empty, "--to-meta", "memory:", "--to-blobs", "memory:"}, exitUsage, "keeps nothing"},
		{"an unknown engine", []string{"--to-data", empty, "--to-meta", "mysql://u:secret@host/db"}, exitUsage, `--to-meta: there is no engine "mysql"`},
		{"half on the network", []string{"--to-data", empty, "--to-meta", "postgres://u:secret@host/db"}, exitUsage, "--to-meta and --to-blobs go together"},
		{"two things at once", []string{"--to-data", empty, "--give-up", "--verify-only"}, exitUsage, "can't be used together"},
		{"nothing at a time", []string{"--to-data", empty, "--parallel", "0"}, exitUsage, "--parallel: 0"},
		{"too slow", []string{"--to-data", empty, "--rate", "NaN"}, exitUsage, "--rate: NaN"},
		{"a target in use", []string{"--to-data", other}, exitFailure, "is another master key than"},
		{"another master key", []string{"--to-data", empty, "--master-key", key}, exitFailure, "is not the master key of the source"},
		{"no master key", []string{"--to-data", empty, "--master-key", key + "x"}, exitFailure, "name the master key of the source"},
		{"no source", []string{"--data", empty, "--to-data", empty + "/x"}, exitFailure, "there is no "},
		{"nothing to give up", []string{"--give-up"}, exitFailure, "there is no migration from"},
		{"nothing to compare with", []string{"--verify-only", "--to-data", empty + "/x"}, exitFailure, "there is no data folder"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { // each opens the source
			status, stdout, stderr := crossgrant(t, append([]string{"migrate", "--data", from}, test.args...)...)
			if status != test.status || stdout != "" || !strings.Contains(stderr, test.want) || strings.Contains(stderr, "secret") {
				t.Errorf("status %d, stdout %q, stderr %q, want status %d and %q", status, stdout, stderr, test.status, test.want)
			}
		})
	}
	if status, _, stderr := crossgrant(t, "account", "list", "--data", from); status != 0 {
		t.Errorf("the source cannot be used: %s", stderr)
	}
	if entries, err := os.ReadDir(empty); err != nil || len(entries) > 0 {
		t.Errorf("what was refused has made something: %v, %v", entries, err)
	}
}

// TestEndName: what people are told of an engine has no secrets in it.
func TestEndName(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"postgres://u:secret@host:5432/db?password=secret": "postgres://host:5432/db",
		"s3://bucket?endpoint=http://h&prefix=secret":      "s3://bucket",
		"postgres:secret": "postgres:",
		"pebble:/a/b":     "pebble:/a/b",
	} {
		if got := withoutSecrets(url); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
}
