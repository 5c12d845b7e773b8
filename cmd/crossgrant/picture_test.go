package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crossgrant/internal/reach"
)

func TestAccessPicture(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	stdout, _ := must(t, "account", "create", "logs", "--data", data)
	id := strings.TrimPrefix(row(stdout, "AccountId"), "AccountId ")
	all, _ := must(t, "access", "--svg", "-", "--data", data)
	for _, want := range []string{"<svg ", "Who can reach what", "0 accounts"} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is not in %s", want, all)
		}
	}
	file := filepath.Join(dir, "picture.svg")
	if stdout, _ := must(t, "access", "--outside", id, "--svg", file, "--data", data); stdout != "" {
		t.Errorf("%q", stdout)
	}
	svg, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(svg, []byte("What anyone outside "+id+" can reach in it")) {
		t.Errorf("%v, %s", err, svg)
	}
	for want, args := range map[string][]string{
		"give one of --svg and --json":                      {"--svg", file, "--json"},
		"give one of a bucket, --principal and --outside":   {"--svg", file, "b", "--outside", id},
		"give one of a bucket, --principal and --outside\n": {},
	} {
		status, _, stderr := crossgrant(t, append([]string{"access", "--data", data}, args...)...)
		if status != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%q: status %d, %s", args, status, stderr)
		}
	}
}

// TestDrawAccess writes a picture in place of another one, and to the output.
func TestDrawAccess(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "picture.svg")
	r := &reach.Result{
		Accounts:   []reach.Account{{ID: "111122223333", Name: "shop"}},
		Principals: []reach.Principal{{ID: "arn:aws:iam::111122223333:user/ann", Kind: reach.User, Account: "111122223333", Name: "ann"}},
	}
	var out bytes.Buffer
	for _, to := range []string{file, file, "-"} {
		if err := drawAccess(&out, to, r); err != nil {
			t.Fatal(err)
		}
	}
	svg, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(svg, out.Bytes()) || !bytes.Contains(svg, []byte("user/ann")) {
		t.Errorf("%v, %s", err, svg)
	}
}
