package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"crossgrant/internal/expect"
)

// exampleChecks returns the files of tests that are examples.
func exampleChecks(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"*.yaml", "*.txtar", "*/tests.yaml"} {
		found, err := filepath.Glob(filepath.Join("../../examples/checks", pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) != 7 {
		t.Fatalf("there are %d files: %q", len(files), files)
	}
	return files
}

// told is what --json prints of a run.
type told struct {
	Results []struct {
		File, Message, Outcome string
		Line                   int
	}
	Held, Failed, Errors int
}

// checked runs check with --json.
func checked(t *testing.T, wantStatus int, args ...string) (out told, text string) {
	t.Helper()
	status, stdout, stderr := crossgrant(t, append([]string{"check", "--json"}, args...)...)
	if status != wantStatus {
		t.Fatalf("check %q = %d, want %d: %s%s", args, status, wantStatus, stdout, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), &out); err != nil {
		t.Fatal(err)
	}
	return out, stdout
}

// serving starts a server in memory with a bootstrap file and returns its data folder.
func serving(t *testing.T, bootstrap string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cg") // short enough for the admin socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	var log strings.Builder
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{
			"serve", "--data", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0", "--meta", "memory:", "--blobs", "memory:", "--bootstrap", bootstrap,
		}, streams{w, &log})
		w.Close()
	}()
	t.Cleanup(func() {
		stop()
		if got := <-status; got != 0 {
			t.Errorf("the server ended with status %d", got)
		}
	})
	if _, err := bufio.NewReader(r).ReadString('\n'); err != nil {
		status <- <-status
		t.Fatalf("the server ended: %s", log.String())
	}
	return filepath.Join(dir, "data")
}

// bootstrapOf returns the bootstrap file or directory that is the world of a file of tests.
func bootstrapOf(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	suite, err := expect.Parse(file, string(text))
	if err != nil {
		t.Fatal(err)
	}
	if suite.Archive == nil {
		return filepath.Join(filepath.Dir(file), suite.World)
	}
	dir := t.TempDir()
	if err := txtar.Write(txtar.Parse(text), dir); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "accounts.yaml")
}

// TestExampleChecks holds that the examples hold of bare files, and that a server which was started with the same says
// the same.
func TestExampleChecks(t *testing.T) {
	t.Parallel()
	all := 0
	for _, file := range exampleChecks(t) {
		bare, want := checked(t, 0, file)
		all += bare.Held
		data := serving(t, bootstrapOf(t, file))
		if _, got := checked(t, 0, "--data", data, file); got != want {
			t.Errorf("%s: a server says something else: %s", file, cmp.Diff(want, got))
		}
	}
	if all < 50 {
		t.Errorf("the examples have %d checks", all)
	}
}

// flippable is a line with an expectation.
var flippable = regexp.MustCompile(`(?m)^( +)(allow|deny):`)

// TestFlippedExamples turns each expectation of the examples round, one after the other, and holds that exactly its
// checks fail, each in its line.
func TestFlippedExamples(t *testing.T) {
	t.Parallel()
	flipped := 0
	for _, file := range exampleChecks(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		suite, err := expect.Parse(file, string(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range flippable.FindAllSubmatchIndex(text, -1) {
			flipped++
			other := map[string]string{"allow": "deny", "deny": "allow"}[string(text[at[4]:at[5]])]
			wrong := string(text[:at[4]]) + other + string(text[at[5]:])
			begin := strings.Count(string(text[:at[4]]), "\n") + 1
			// The test ends where the next one begins.
			end := begin + strings.Count(wrong[at[4]:], "\n")
			if next := regexp.MustCompile(`(?m)^(  - name:|-- )`).FindStringIndex(wrong[at[4]:]); next != nil {
				end = begin + strings.Count(wrong[at[4]:at[4]+next[0]], "\n") - 1
			}
			first := begin
			for lines := strings.Split(wrong, "\n"); !strings.HasPrefix(lines[first-1], "  - name:"); {
				first--
			}
			var want []string
			for _, c := range suite.Checks {
				if c.Line >= first && c.Line <= end {
					want = append(want, fmt.Sprintf("%d: %s", c.Line, c.As))
				}
			}
			got := failures(t, file, wrong)
			if len(want) == 0 || !slices.Equal(got, want) {
				t.Errorf("%s with line %d turned round: failures %q, want %q", file, begin, got, want)
			}
		}
	}
	if flipped < 25 {
		t.Errorf("there were %d expectations", flipped)
	}
}

// failures runs check on another text of a file and returns the lines and principals of the failures that it prints.
func failures(t *testing.T, file, text string) []string {
	t.Helper()
	name := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"check", name}
	if !expect.IsArchive(name) {
		args = append(args, "--world", bootstrapOf(t, file))
	}
	status, stdout, stderr := crossgrant(t, args...)
	if status != exitFailure {
		t.Fatalf("check of a wrong expectation = %d: %s%s", status, stdout, stderr)
	}
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	var out []string
	for _, line := range lines[:len(lines)-1] { // without the summary
		rest, ok := strings.CutPrefix(line, name+":")
		if !ok || !strings.Contains(line, ", and must") {
			t.Errorf("a failure is told as %q", line)
		}
		words := strings.Fields(rest)
		out = append(out, words[0]+" "+words[1])
	}
	return out
}

// TestExamplesHaveTheWalkthroughsDocuments holds that what the examples have of the walkthrough's files is those.
func TestExamplesHaveTheWalkthroughsDocuments(t *testing.T) {
	t.Parallel()
	found := map[string]string{}
	for _, file := range exampleChecks(t) {
		if a, err := txtar.ParseFile(file); err == nil {
			for _, f := range a.Files {
				found[f.Name] = string(f.Data)
			}
		}
	}
	for path, name := range map[string]string{
		"111122223333/buckets/awsseccookbook/policy.json":   "bucket-policy-write-another-account-user.json",
		"380701114427/policies/MyS3PutObjAndAclPolicy.json": "iam-policy-s3-put-obj-and-acl.json",
	} {
		text, err := os.ReadFile(filepath.Join("../../examples/checks/answer-12-condition", path))
		if err != nil {
			t.Fatal(err)
		}
		found[name] = string(text)
	}
	for _, name := range []string{"acl-write-another-account.json", "bucket-policy-write-another-account-user.json", "iam-policy-s3-put-obj-and-acl.json"} {
		want, err := os.ReadFile(filepath.Join("../../examples/walkthrough/resources", name))
		if err != nil || found[name] != string(want) {
			t.Errorf("%s is %q, want %q, %v", name, found[name], want, err)
		}
	}
}

// smallWorld is an archive to which tests are added.
const smallWorld = `-- accounts.yaml --
accounts:
  - name: a
    id: "111122223333"
    users: [{name: u, attach: [arn:aws:iam::aws:policy/AdministratorAccess]}]
    buckets: [{name: bucket}]
-- tests.yaml --
names: {u: arn:aws:iam::111122223333:user/u}
tests:
`

// TestCheckErrors holds that what cannot be asked is an error whatever is expected.
func TestCheckErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ what, want string }{
		{"as: u, %s: s3:GetObject, on: arn:aws:s3:::none/k", "NoSuchBucket"},
		{"as: u, %s: s3:GetObjekt, on: arn:aws:s3:::bucket/k", "ValidationError"},
		{"as: u, %s: s3:GetObject, on: arn:aws:s3:::bucket", "ValidationError"},
		{"as: arn:aws:iam::111122223333:user/none, %s: s3:GetObject, on: arn:aws:s3:::bucket/k", "NoSuchEntity"},
		{"as: u, %s: s3:GetObject, on: arn:aws:s3:::bucket/k, with: {aws:SecureTransports: true}", "ValidationError"},
		{"as: u, %s: s3:GetObject, on: arn:aws:s3:::bucket/k, with: {aws:SecureTransport: perhaps}", "ValidationError"},
		{"as: u, %s: sts:AssumeRole, on: arn:aws:iam::111122223333:role/none", "NoSuchEntity: There is no role"},
		{"as: u, %s: sts:AssumeRole, on: arn:aws:iam::444455556666:role/none", "NoSuchEntity: There is no role"},
	} {
		name := filepath.Join(t.TempDir(), "t.txtar")
		text := smallWorld + "  - {" + fmt.Sprintf(test.what, "deny") + "}\n  - {" + fmt.Sprintf(test.what, "allow") + "}\n  - {as: u, allow: s3:ListAllMyBuckets}\n"
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		status, stdout, stderr := crossgrant(t, "check", name)
		lines := strings.Split(stdout, "\n")
		if status != exitFailure || len(lines) != 4 || lines[2] != "3 checks: 1 hold, 0 do not, 2 could not be asked" || stderr != "crossgrant: "+lines[2]+"\n" {
			t.Errorf("%s: status %d, %s%s", test.what, status, stdout, stderr)
		}
		for i, line := range lines[:2] {
			if !strings.HasPrefix(line, fmt.Sprintf("%s:%d: ", name, 10+i)) || !strings.Contains(line, "it cannot be asked: "+test.want) {
				t.Errorf("%s is told as %q, want %s", test.what, line, test.want)
			}
		}
	}
}

// TestCheckUsage holds that what keeps check from asking has a status of its own.
func TestCheckUsage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one := "tests: [{as: anonymous, deny: s3:GetObject, on: arn:aws:s3:::bucket/k}]\n"
	good := write("good.txtar", smallWorld+"  - {as: u, allow: s3:ListAllMyBuckets}\n")
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "<file>"},
		{[]string{filepath.Join(dir, "none.yaml")}, "none.yaml: no such file"},
		{[]string{good, write("bad.yaml", "tests:\n- as: x\n")}, "bad.yaml:2:3: "},
		{[]string{write("nowhere.yaml", one)}, "the world of " + filepath.Join(dir, "nowhere.yaml") + ": there is none: name one"},
		{[]string{write("lost.yaml", "world: none\n"+one)}, "no such file"},
		{[]string{write("broken.txtar", "-- accounts.yaml --\naccounts: [{name: a, idd: 1}]\n-- tests.yaml --\n"+one)}, `bootstrap file accounts.yaml: [1:22] unknown field "idd"`},
		{[]string{write("outside.txtar", "-- accounts.yaml --\naccounts: [{name: a, policies: [{name: p, file: ../good.txtar}]}]\n-- tests.yaml --\n"+one)}, "it is outside of the archive"},
		{[]string{write("escaped.txtar", "-- tests.yaml --\nworld: ../w\n"+one)}, "invalid argument"},
		{[]string{write("nothing.txtar", "-- readme --\n-- tests.yaml --\n"+one)}, "it has neither accounts.yaml nor a directory"},
		{[]string{"--data", dir, "--world", dir, good}, "do not go together"},
		{[]string{"--data", filepath.Join(dir, "none"), good}, "there is no data folder"},
		{[]string{"--junit", filepath.Join(dir, "none", "j.xml"), good}, "no such file"},
	} {
		status, stdout, stderr := crossgrant(t, append([]string{"check"}, test.args...)...)
		if status != exitUsage || stdout != "" || !strings.Contains(stderr, test.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("check %q: status %d, stdout %q, stderr %q, want status 2 and one line with %q", test.args, status, stdout, stderr, test.want)
		}
	}
}

// TestCheckManyAtOnce asks more than is asked at once, of a server and of a folder.
func TestCheckManyAtOnce(t *testing.T) {
	t.Parallel()
	var keys []string
	for i := range 2500 {
		keys = append(keys, fmt.Sprintf("arn:aws:s3:::bucket/%d", i))
	}
	text := smallWorld + "  - {as: u, allow: s3:GetObject, on: [" + strings.Join(keys, ", ") + "]}\n"
	name := filepath.Join(t.TempDir(), "t.txtar")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	bare, want := checked(t, 0, name)
	if bare.Held != 2500 {
		t.Errorf("%d checks hold", bare.Held)
	}
	data := serving(t, bootstrapOf(t, name))
	if _, got := checked(t, 0, "--data", data, name); got != want {
		t.Error("a server says something else")
	}
}

// TestCheckJUnit writes a report and prints everything.
func TestCheckJUnit(t *testing.T) {
	t.Parallel()
	junit := filepath.Join(t.TempDir(), "j.xml")
	file := exampleChecks(t)[0]
	status, stdout, stderr := crossgrant(t, "check", "-v", "--junit", junit, file)
	text, err := os.ReadFile(junit)
	if status != 0 || stderr != "" || err != nil {
		t.Fatalf("status %d, %s, %v", status, stderr, err)
	}
	if cases, lines := strings.Count(string(text), "<testcase "), strings.Count(stdout, ": holds: "); cases != lines || cases == 0 {
		t.Errorf("%d test cases for %d lines:\n%s", cases, lines, text)
	}
}

// TestCheckOrganization asks about a world with an organization.
func TestCheckOrganization(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "t.txtar")
	if err := os.WriteFile(name, []byte(`-- accounts.yaml --
accounts:
  - {name: m, id: "111122223333"}
  - name: a
    id: "444455556666"
    users: [{name: u, attach: [arn:aws:iam::aws:policy/AdministratorAccess]}]
    buckets: [{name: logs}]
organizations:
  - management: "111122223333"
    units: [{name: Logs, accounts: ["444455556666"]}]
    policies:
      - name: KeepLogs
        document: {Version: "2012-10-17", Statement: {Sid: Keep, Effect: Deny, Action: s3:DeleteObject, Resource: "*"}}
        targets: [Logs]
-- tests.yaml --
names: {u: arn:aws:iam::444455556666:user/u}
tests:
  - {as: u, allow: s3:PutObject, on: arn:aws:s3:::logs/today}
  - {as: [u, "444455556666"], deny: s3:DeleteObject, on: arn:aws:s3:::logs/today, because: {layer: service control policy, statement: Keep}}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, text := checked(t, 0, name); out.Held != 3 {
		t.Error(text)
	}
}
